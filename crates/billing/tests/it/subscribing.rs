use billing::Error;
use billing::checkout::Order;
use chrono::TimeDelta;
use domain::billing::{InvoiceStatus, SubscriptionRefusal, SubscriptionStatus};
use domain::money::Currency;
use platform::clock::Clock;
use sqlx::PgPool;

use crate::support::{World, empty, order_of};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_upgrade_costs_what_its_preview_said_and_begins_when_it_is_paid(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.clock.advance(TimeDelta::minutes(1));
    world.later(9);
    let preview = world.billing.preview_change(account, id, world.pro).await.unwrap();
    // 20 of 30 days are left: 9.99 / 30 * 20 = 6.66.
    assert_eq!((preview.proration.days_remaining, preview.proration.credit.minor), (20, 666));
    assert_eq!((preview.totals.subtotal.minor, preview.totals.total.minor), (2333, 2776));
    let changed = world.billing.upgrade(account, id, world.pro).await.unwrap();
    assert_eq!(changed.change, preview);
    assert_eq!(changed.subscription.plan.id, world.basic, "not paid yet");
    let end = preview.proration.until;
    assert_eq!(end, world.clock.now() + TimeDelta::days(30));
    assert_ne!(changed.subscription.state.expires_at(), Some(end), "not paid yet");

    // A change of mind before it is paid takes the first one back.
    let second = world.billing.upgrade(account, id, world.pro).await.unwrap();
    let first = world.billing.invoice(account, changed.invoice_id).await.unwrap();
    assert_eq!(first.status, InvoiceStatus::Cancelled);
    let late = world.billing.capture(changed.invoice_id, &crate::support::payment()).await;
    assert!(matches!(late, Err(Error::InvoiceState(_))), "{late:?}");

    world.later(2);
    world.pay(second.invoice_id).await;
    let subscription = world.billing.subscription(account, id).await.unwrap();
    let found = (subscription.plan.id, subscription.state.expires_at());
    assert_eq!(
        found,
        (world.pro, Some(end)),
        "a whole period of the better plan, from the day it was asked for"
    );
    let same = world.billing.upgrade(account, id, world.pro).await;
    assert!(matches!(same, Err(Error::Refused(SubscriptionRefusal::SamePlan))));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_downgrade_waits_for_the_renewal(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.pro).await;
    let scheduled = world.billing.downgrade(account, id, world.basic).await.unwrap();
    assert_eq!(scheduled.pending_plan.unwrap().0, world.basic);
    assert_eq!(scheduled.plan.id, world.pro);
    world.later(22);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 0, "eight days before the end");
    world.later(1);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 1);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 0, "it is asked for once");
    let invoice = world.open_invoice(account).await;
    assert_eq!((invoice.totals.total.minor, invoice.plan_id), (999, Some(world.basic)));
    world.pay(invoice.id).await;
    let renewed = world.billing.subscription(account, id).await.unwrap();
    assert_eq!((renewed.plan.id, renewed.pending_plan), (world.basic, None));
    assert_eq!(
        renewed.state.days_remaining(world.clock.now()),
        37,
        "the next period begins where this one ends"
    );
    assert_eq!(world.balance(&world.ada).await, 100, "with the tokens of the new plan");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_not_renewed_is_over_and_can_be_taken_up_again(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.later(25);
    world.billing.tick().await.unwrap();
    world.later(10);
    let ticked = world.billing.tick().await.unwrap();
    assert_eq!(ticked.ended, 1);
    let status = async || world.billing.subscription(account, id).await.unwrap().state.status();
    assert_eq!(status().await, SubscriptionStatus::Expired);
    let invoice = world.open_invoice(account).await;
    world.pay(invoice.id).await;
    assert_eq!(status().await, SubscriptionStatus::Active);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn pauses_and_cancellations_keep_what_was_paid_for(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.later(10);
    world.billing.pause(account, id).await.unwrap();
    let again = world.billing.pause(account, id).await;
    assert!(matches!(again, Err(Error::Refused(SubscriptionRefusal::AlreadyPaused))));
    world.later(100);
    world.billing.tick().await.unwrap();
    let resumed = world.billing.resume(account, id).await.unwrap();
    assert_eq!(resumed.state.days_remaining(world.clock.now()), 20);
    let cancelled = world.billing.cancel(account, id).await.unwrap();
    assert!(cancelled.state.gives_access(world.clock.now()));
    world.later(20);
    world.billing.tick().await.unwrap();
    let over = world.billing.subscription(account, id).await.unwrap();
    assert_eq!(
        over.state.status(),
        SubscriptionStatus::Cancelled,
        "the word stays, the access ends (DESIGN 5.3)"
    );
    assert!(!over.state.gives_access(world.clock.now()));
    assert_eq!(world.count("SELECT count(*) FROM invoices WHERE status = 'pending'").await, 0);
}

/// Ten years of a customer who pays in time: a period follows the other without a gap or an overlap, whatever the
/// months and clocks of those years do.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn ten_years_of_renewals_are_ten_years(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let begin = world.clock.now();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let mut paid = 1;
    for _ in 0..730 {
        world.later(5);
        if world.billing.tick().await.unwrap().renewals == 1 {
            let invoice = world.open_invoice(account).await;
            world.pay(invoice.id).await;
            paid += 1;
        }
    }
    let end = world.billing.subscription(account, id).await.unwrap().state.expires_at().unwrap();
    assert_eq!((end - begin).num_days(), i64::from(paid) * 30);
    assert_eq!(world.balance(&world.ada).await, i64::from(paid) * 100);
    let sold = world.count("SELECT sum(total_minor)::bigint FROM invoices WHERE status = 'paid'").await;
    assert_eq!(sold, i64::from(paid) * 999);
    let gaps = "SELECT count(*) FROM invoices WHERE number <> 'INV-' || to_char(created_at AT TIME ZONE 'UTC', 'YYYY') || '-' || lpad((
        SELECT count(*) FROM invoices b WHERE b.id <= invoices.id
          AND date_part('year', b.created_at AT TIME ZONE 'UTC') = date_part('year', invoices.created_at AT TIME ZONE 'UTC'))::text, 6, '0')";
    assert_eq!(world.count(gaps).await, 0, "numbers run without a gap within each year");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_subscription_goes_on_in_the_currency_in_which_it_was_bought(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    sqlx::query("INSERT INTO plan_prices VALUES ($1, 'USD', 1200)")
        .bind(uuid::Uuid::from(world.basic))
        .execute(&world.superuser)
        .await
        .unwrap();
    let order = Order { currency: "USD".into(), ..crate::support::order_of(world.basic) };
    let ordered = world.order(&world.ada, order).await;
    world.pay(ordered.invoice_id).await;
    let id = ordered.subscription_id.unwrap();
    let shown = async || {
        let plan = world.billing.subscription(account, id).await.unwrap().plan;
        (plan.price.minor, plan.price.currency)
    };
    assert_eq!(shown().await, (1200, Currency::USD), "as its renewal will be");
    world.later(15);
    // Its own price in dollars against the other plan's, which is converted: 29.99 at 1.08.
    let change = world.billing.preview_change(account, id, world.pro).await.unwrap();
    let (credit, due) = (change.proration.credit, change.proration.amount_due);
    assert_eq!((credit.minor, due.minor, due.currency), (600, 3239 - 600, Currency::USD));
    let changes = world.billing.preview_changes(account, id, &[world.pro]).await.unwrap();
    assert_eq!((changes[&world.pro].price.minor, changes[&world.pro].price.currency), (3239, Currency::USD));
    world.later(10);
    world.billing.tick().await.unwrap();
    let renewal = world.open_invoice(account).await;
    assert_eq!((renewal.totals.total.minor, renewal.totals.total.currency), (1200, Currency::USD));
    sqlx::query("DELETE FROM plan_prices").execute(&world.superuser).await.unwrap();
    assert_eq!(shown().await, (1079, Currency::USD), "converted");
    let listed = world.billing.subscriptions(account).await.unwrap();
    assert_eq!(listed[0].plan.price.minor, 1079);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_has_no_address_is_taxed_where_the_order_was(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    world.set_tax(&world.bob, "DE", 1900).await;
    let order = Order { country: Some("DE".into()), ..order_of(world.basic) };
    let ordered = world.order(&world.ada, order).await;
    world.pay(ordered.invoice_id).await;
    world.later(25);
    world.billing.tick().await.unwrap();
    assert_eq!(world.open_invoice(account).await.totals.total.minor, 1189, "9.99 and 19 percent");
}

/// An order that named no country, or that nobody paid, says nothing about where somebody lives.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn only_a_paid_order_that_names_a_country_changes_the_tax(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    world.set_tax(&world.bob, "DE", 1900).await;
    let order = Order { country: Some("DE".into()), ..order_of(world.basic) };
    let (id, ordered) = {
        let ordered = world.order(&world.ada, order).await;
        (ordered.subscription_id.unwrap(), ordered.invoice_id)
    };
    world.pay(ordered).await;
    let tokens = Order { bundle_ids: vec![world.tokens], ..empty() };
    let rate = async || {
        let change = world.billing.preview_change(account, id, world.pro).await.unwrap();
        change.tax_rate.hundredths()
    };
    world.later(1);
    let unnamed = world.order(&world.ada, tokens.clone()).await;
    world.pay(unnamed.invoice_id).await;
    assert_eq!(rate().await, 1900);
    let elsewhere = world.order(&world.ada, Order { country: Some("CH".into()), ..tokens }).await;
    assert_eq!(rate().await, 1900);
    world.pay(elsewhere.invoice_id).await;
    assert_eq!(rate().await, 0);
}

/// An add-on lasts for its own period and is over then, whatever its subscription does; bought again it runs again. Three years
/// of it, a day at a time.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_addon_is_over_after_its_period_each_time_through_the_years(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (mut bought, mut over) = (0, 0);
    for _ in 0..3 * 365 {
        let own = world.billing.addon_subscriptions(account).await.unwrap();
        let now = platform::clock::Clock::now(&world.clock);
        let valid = own.iter().filter(|addon| addon.is_valid(now)).count();
        assert!(valid <= 1, "{own:?}");
        if valid == 0 {
            let order = Order { addon_ids: vec![world.support], ..empty() };
            let ordered = world.order(&world.ada, order).await;
            world.pay(ordered.invoice_id).await;
            bought += 1;
        }
        world.later(1);
        over += world.billing.tick().await.unwrap().addons;
    }
    // 1095 days in periods of 30.
    assert_eq!((bought, over), (37, 36));
    let expired = world.count("SELECT count(*) FROM addon_subscriptions WHERE status = 'expired'").await;
    assert_eq!(expired, 36);
}

/// Trials end, what is not paid for is over, a smaller plan comes with the next period: in every month of three years.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn trials_ends_and_smaller_plans_are_on_their_day_through_the_years(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    // Bob tries out once, and leaves it.
    world.order(&world.bob, order_of(world.yearly)).await;
    let mut id = world.subscribe(&world.ada, world.pro).await.0;
    for round in 0..36 {
        let wanted = if round % 2 == 0 { world.basic } else { world.pro };
        let before = world.billing.subscription(account, id).await.unwrap();
        if round % 6 == 5 {
            // Not paid for, it is over on its day; a new one begins.
            world.later(29);
            world.billing.tick().await.unwrap();
            assert_eq!(status(&world, id).await, SubscriptionStatus::Active, "round {round}");
            world.later(1);
            world.clock.advance(TimeDelta::minutes(1));
            world.billing.tick().await.unwrap();
            assert_eq!(status(&world, id).await, SubscriptionStatus::Expired, "round {round}");
            let open = world.open_invoice(account).await;
            world.billing.void_invoice(world.admin.admin().unwrap(), open.id).await.unwrap();
            id = world.subscribe(&world.ada, wanted).await.0;
            continue;
        }
        world.billing.downgrade(account, id, wanted).await.unwrap();
        world.later(23);
        world.billing.tick().await.unwrap();
        let pending = world.billing.subscription(account, id).await.unwrap();
        assert_eq!(pending.plan.id, before.plan.id, "the present period stays as it was paid for");
        let renewal = world.open_invoice(account).await;
        assert_eq!(renewal.plan_id, Some(wanted), "round {round}");
        world.pay(renewal.id).await;
        world.later(7);
        world.billing.tick().await.unwrap();
        let after = world.billing.subscription(account, id).await.unwrap();
        assert_eq!(
            (after.plan.id, status(&world, id).await),
            (wanted, SubscriptionStatus::Active),
            "round {round}"
        );
        let length = after.state.expires_at().unwrap() - before.state.expires_at().unwrap();
        assert_eq!(length, TimeDelta::days(30), "round {round}");
    }
    let tried = world.billing.subscriptions(world.bob.own_account()).await.unwrap();
    assert_eq!(tried[0].state.status(), SubscriptionStatus::Cancelled, "a trial ends for good");
}

async fn status(world: &World, id: domain::ids::SubscriptionId) -> SubscriptionStatus {
    world.billing.subscription(world.ada.own_account(), id).await.unwrap().state.status()
}

/// Both may be open, since an upgrade may never be paid. Each was reckoned from the plan and the end that there were.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_a_renewal_and_an_upgrade_the_one_that_is_paid_voids_the_other(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (ada, bob) = (world.ada.own_account(), world.bob.own_account());
    let (of_ada, _) = world.subscribe(&world.ada, world.basic).await;
    let (of_bob, _) = world.subscribe(&world.bob, world.basic).await;
    let begin = world.clock.now();
    world.later(24);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 2);
    let (renewal_of_ada, renewal_of_bob) =
        (world.open_invoice(ada).await.id, world.open_invoice(bob).await.id);
    let upgrade_of_ada = world.billing.upgrade(ada, of_ada, world.pro).await.unwrap().invoice_id;
    let upgrade_of_bob = world.billing.upgrade(bob, of_bob, world.pro).await.unwrap().invoice_id;
    assert_eq!(world.billing.tick().await.unwrap().renewals, 0, "those are open still");

    world.pay(upgrade_of_ada).await;
    let renewal = world.billing.invoice(ada, renewal_of_ada).await.unwrap();
    assert_eq!(renewal.status, InvoiceStatus::Cancelled);
    let late = world.billing.capture(renewal_of_ada, &crate::support::payment()).await;
    assert!(matches!(late, Err(Error::InvoiceState(_))), "{late:?}");
    let upgraded = world.billing.subscription(ada, of_ada).await.unwrap();
    assert_eq!(
        (upgraded.plan.id, upgraded.state.expires_at()),
        (world.pro, Some(begin + TimeDelta::days(54)))
    );

    world.pay(renewal_of_bob).await;
    let upgrade = world.billing.invoice(bob, upgrade_of_bob).await.unwrap();
    assert_eq!(upgrade.status, InvoiceStatus::Cancelled);
    let renewed = world.billing.subscription(bob, of_bob).await.unwrap();
    assert_eq!(
        (renewed.plan.id, renewed.state.expires_at()),
        (world.basic, Some(begin + TimeDelta::days(60)))
    );

    // The next period is that of the plan which they have.
    world.later(23);
    world.billing.tick().await.unwrap();
    assert_eq!(world.open_invoice(ada).await.totals.total.minor, 2999);
    world.later(6);
    world.billing.tick().await.unwrap();
    assert_eq!(world.open_invoice(bob).await.totals.total.minor, 999);
}

/// What costs nothing goes on by itself, but not before somebody had time to pay for a better plan.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_that_costs_nothing_waits_for_an_upgrade_that_is_open(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (ada, bob) = (world.ada.own_account(), world.bob.own_account());
    sqlx::query("UPDATE plans SET price_minor = 0 WHERE slug = 'basic'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let begin = world.clock.now();
    let of_ada = world.order(&world.ada, order_of(world.basic)).await.subscription_id.unwrap();
    let of_bob = world.order(&world.bob, order_of(world.basic)).await.subscription_id.unwrap();
    world.later(20);
    let upgrade = world.billing.upgrade(ada, of_ada, world.pro).await.unwrap().invoice_id;
    world.billing.upgrade(bob, of_bob, world.pro).await.unwrap();
    world.later(9);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 0);
    world.pay(upgrade).await;
    let upgraded = world.billing.subscription(ada, of_ada).await.unwrap();
    assert_eq!(
        (upgraded.plan.id, upgraded.state.expires_at()),
        (world.pro, Some(begin + TimeDelta::days(50)))
    );
    world.clock.advance(TimeDelta::hours(23));
    assert_eq!(world.billing.tick().await.unwrap().renewals, 1);
    let renewed = world.billing.subscription(bob, of_bob).await.unwrap();
    assert_eq!(
        (renewed.plan.id, renewed.state.expires_at()),
        (world.basic, Some(begin + TimeDelta::days(60)))
    );
    assert_eq!(world.count("SELECT count(*) FROM invoices WHERE status = 'pending'").await, 0);
}

/// The end moves by as much as the preview said: an interruption and what the admin gave until it is paid are kept.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_given_since_an_upgrade_was_asked_for_is_kept(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let begin = world.clock.now();
    world.later(1);
    let upgrade = world.billing.upgrade(account, id, world.pro).await.unwrap();
    assert_eq!(upgrade.change.proration.until, begin + TimeDelta::days(31));
    world.billing.pause(account, id).await.unwrap();
    world.later(40);
    world.billing.tick().await.unwrap();
    world.billing.resume(account, id).await.unwrap();
    world.billing.extend_subscription(admin, id, 5).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    let upgraded = world.billing.subscription(account, id).await.unwrap();
    let end = begin + TimeDelta::days(31 + 40 + 5);
    assert_eq!((upgraded.plan.id, upgraded.state.expires_at()), (world.pro, Some(end)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_upgrade_that_is_not_paid_is_void_once_its_period_is_over(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.yearly).await;
    let end = world.billing.subscription(account, id).await.unwrap().state.expires_at();
    world.later(200);
    let asked = world.clock.now();
    let upgrade = world.billing.upgrade(account, id, world.pro).await.unwrap();
    let invoice = async || world.billing.invoice(account, upgrade.invoice_id).await.unwrap();
    assert_eq!(invoice().await.due_at, Some(asked + TimeDelta::days(30)));
    world.later(29);
    world.billing.tick().await.unwrap();
    assert_eq!(invoice().await.status, InvoiceStatus::Pending);
    world.later(1);
    let late = world.billing.capture(upgrade.invoice_id, &crate::support::payment()).await;
    assert!(matches!(late, Err(Error::InvoiceState(_))), "{late:?}");
    world.billing.tick().await.unwrap();
    assert_eq!(invoice().await.status, InvoiceStatus::Cancelled);
    let subscription = world.billing.subscription(account, id).await.unwrap();
    assert_eq!((subscription.plan.id, subscription.state.expires_at()), (world.yearly, end));

    // Nor is it due after the present period, with which it is void, too.
    let (id, _) = world.subscribe(&world.bob, world.basic).await;
    world.later(24);
    let bob = world.bob.own_account();
    let upgrade = world.billing.upgrade(bob, id, world.pro).await.unwrap();
    let invoice = world.billing.invoice(bob, upgrade.invoice_id).await.unwrap();
    assert_eq!(invoice.due_at, upgrade.subscription.state.expires_at());
}

/// A plan that costs nothing is renewed by itself: not into a place for which somebody paid since.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_that_costs_nothing_ends_nothing_that_was_bought(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    sqlx::query("UPDATE plans SET price_minor = 0 WHERE slug = 'basic'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let small = world.other_plan("Small", 500).await;
    let (first, _) = world.subscribe(&world.ada, small).await;
    world.billing.downgrade(account, first, world.basic).await.unwrap();
    world.later(5);
    let (second, _) = world.subscribe(&world.ada, world.pro).await;
    world.later(20);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 0);
    assert_eq!(status(&world, second).await, SubscriptionStatus::Active);
    world.later(5);
    world.billing.tick().await.unwrap();
    assert_eq!(status(&world, first).await, SubscriptionStatus::Expired);
}

/// The admin's word stands for the period: without its renewal it is over at its end. A better plan begins a period of its own.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_that_the_admin_voided_is_not_asked_for_again(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (ada, bob) = (world.ada.own_account(), world.bob.own_account());
    let admin = world.admin.admin().unwrap();
    let (of_ada, _) = world.subscribe(&world.ada, world.basic).await;
    let (of_bob, _) = world.subscribe(&world.bob, world.basic).await;
    world.later(25);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 2);
    for account in [ada, bob] {
        let renewal = world.open_invoice(account).await;
        world.billing.void_invoice(admin, renewal.id).await.unwrap();
    }
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(world.billing.tick().await.unwrap().renewals, 0);
    let upgrade = world.billing.upgrade(bob, of_bob, world.pro).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    world.later(5);
    let ticked = world.billing.tick().await.unwrap();
    assert_eq!((ticked.renewals, ticked.ended), (0, 1));
    assert_eq!(status(&world, of_ada).await, SubscriptionStatus::Expired);
    world.later(19);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 1);
    assert_eq!(world.open_invoice(bob).await.totals.total.minor, 2999);
}

/// More than a batch of what waits does not keep what ends later waiting.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_is_asked_for_behind_a_batch_of_those_that_wait(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query("UPDATE plans SET price_minor = 0, trial_days = 0 WHERE slug = 'yearly'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let id = world.order(&world.ada, order_of(world.yearly)).await.subscription_id.unwrap();
    world.clock.advance(TimeDelta::hours(1));
    let later = world.order(&world.bob, order_of(world.yearly)).await.subscription_id.unwrap();
    world.later(360);
    let upgrade = world.billing.upgrade(world.ada.own_account(), id, world.pro).await.unwrap().invoice_id;
    sqlx::query(
        "WITH copied AS (
             INSERT INTO subscriptions (account_id, id, plan_id, status, currency, started_at, expires_at, created_at, updated_at)
             SELECT account_id, gen_random_uuid(), plan_id, status, currency, started_at, expires_at, created_at, updated_at
             FROM subscriptions, generate_series(1, 500) WHERE id = $1 RETURNING account_id, id
         )
         INSERT INTO invoices (account_id, id, number, reason, plan_id, subscription_id, from_plan_id, status, currency, subtotal_minor,
                               tax_minor, invoiced_at, created_at, updated_at, period_until, from_expires_at)
         SELECT i.account_id, gen_random_uuid(), copied.id, i.reason, i.plan_id, copied.id, i.from_plan_id, i.status, i.currency, 0, 0,
                i.invoiced_at, i.created_at, i.updated_at, i.period_until, i.from_expires_at
         FROM copied JOIN invoices i ON i.id = $2",
    )
    .bind(id)
    .bind(upgrade)
    .execute(&world.superuser)
    .await
    .unwrap();
    assert_eq!(world.billing.tick().await.unwrap().renewals, 1);
    let renewed = world.billing.subscription(world.bob.own_account(), later).await.unwrap();
    assert!(renewed.state.days_remaining(world.clock.now()) > 365);
}

/// What is wrong with one subscription is no reason to forget everybody else's.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_fails_for_one_is_done_for_the_others(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (of_ada, _) = world.subscribe(&world.ada, world.basic).await;
    world.clock.advance(TimeDelta::hours(1));
    world.subscribe(&world.bob, world.basic).await;
    let set_currency = async |currency: &'static str| {
        sqlx::query("UPDATE subscriptions SET currency = $2 WHERE id = $1")
            .bind(of_ada)
            .bind(currency)
            .execute(&world.superuser)
            .await
            .unwrap();
    };
    set_currency("QQQ").await;
    world.later(25);
    assert_eq!(world.billing.tick().await.unwrap().renewals, 1);
    world.later(10);
    assert_eq!(world.billing.tick().await.unwrap().ended, 1);
    set_currency("EUR").await;
    let ticked = world.billing.tick().await.unwrap();
    assert_eq!((ticked.renewals, ticked.ended), (1, 1));
}
