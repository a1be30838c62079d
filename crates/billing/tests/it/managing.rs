//! What the admin changes, at the same time as others.

use billing::Error;
use billing::catalogue::categories::CategoryChange;
use billing::catalogue::plans::PlanChange;
use billing::settings::payment_methods::{PaymentMethodChange, Translation};
use billing::subscriptions::Subscription;
use billing::subscriptions::managed::NewSubscription;
use domain::access::Actor;
use domain::billing::{InvoiceStatus, SubscriptionStatus};
use domain::ids::{AccountId, InvoiceId, OrganisationId, PlanCategoryId, SubscriptionId};
use futures::future::join_all;
use sqlx::PgPool;

use crate::support::{World, order_of};

fn named(name: &str) -> CategoryChange {
    CategoryChange { name: Some(name.to_owned()), ..CategoryChange::default() }
}

/// Who has two plans cannot come to have two in a category that allows one; and who has one then holds its place.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_category_that_allows_one_never_holds_two(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    world.subscribe(&world.ada, world.basic).await;
    let ordered = world.order(&world.ada, order_of(world.yearly)).await;
    let category = world.billing.create_category(admin, &named("Everything")).await.unwrap();
    let both = world.billing.attach_plans(admin, category.id, &[world.basic, world.yearly]).await;
    assert!(matches!(both, Err(Error::Conflict(_))), "{both:?}");
    assert_eq!(world.billing.category(admin, category.id).await.unwrap().plan_count, 0, "nothing happened");

    let many = CategoryChange { is_single: Some(false), ..CategoryChange::default() };
    world.billing.change_category(admin, category.id, &many).await.unwrap();
    world.billing.attach_plans(admin, category.id, &[world.basic, world.yearly]).await.unwrap();
    let one = CategoryChange { is_single: Some(true), ..CategoryChange::default() };
    let refused = world.billing.change_category(admin, category.id, &one).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    world.billing.cancel(world.ada.own_account(), ordered.subscription_id.unwrap()).await.unwrap();
    world.billing.change_category(admin, category.id, &one).await.unwrap();
    let taken = world.billing.checkout(world.ada.own_account(), &order_of(world.yearly)).await.unwrap_err();
    assert_eq!(
        taken.to_string(),
        "User already has an active subscription in category 'Everything'. Please upgrade or downgrade instead."
    );
    world.billing.detach_plans(admin, category.id, &[world.basic]).await.unwrap();
    world.billing.checkout(world.ada.own_account(), &order_of(world.yearly)).await.unwrap();
}

/// What refuses the categories of a plan refuses all of its change.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_changes_with_its_categories_or_not_at_all(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    world.subscribe(&world.ada, world.basic).await;
    world.order(&world.ada, order_of(world.yearly)).await;
    let plan = async |id| world.billing.managed_plan(admin, id).await.unwrap().plan;
    let hosting = plan(world.basic).await.categories[0].id;
    let mut change = PlanChange {
        name: Some("Renamed".to_owned()),
        categories: Some(vec![hosting]),
        ..PlanChange::default()
    };
    let both = world.billing.change_plan(admin, world.yearly, &change).await;
    assert!(matches!(both, Err(Error::Conflict(_))), "{both:?}");
    let kept = plan(world.yearly).await;
    assert_eq!((kept.name.as_str(), kept.categories.len()), ("Yearly", 0));
    assert_eq!(world.count("SELECT count(*) FROM audit_log WHERE action = 'plan.changed'").await, 0);

    let other = world.billing.create_category(admin, &named("Other")).await.unwrap().id;
    for categories in [vec![other], vec![other], Vec::new()] {
        change.categories = Some(categories.clone());
        let changed = world.billing.change_plan(admin, world.yearly, &change).await.unwrap().plan;
        assert_eq!(changed.name, "Renamed");
        assert_eq!(changed.categories.iter().map(|it| it.id).collect::<Vec<_>>(), categories);
    }
    let moved = "SELECT count(*) FROM audit_log WHERE action IN ('plan_category.plans_attached', 'plan_category.plans_detached')";
    assert_eq!(world.count(moved).await, 2, "what stays is not moved");
    change.categories = None;
    world.billing.change_plan(admin, world.basic, &change).await.unwrap();
    assert_eq!(plan(world.basic).await.categories.len(), 1, "what is not said stays");
}

/// Changes of plans and of categories at once wait for each other in one order.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn plans_and_categories_change_at_once_without_getting_stuck(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let other = world.billing.create_category(admin, &named("Other")).await.unwrap().id;
    for round in 0..10 {
        let into = if round % 2 == 0 { vec![other] } else { Vec::new() };
        let change = PlanChange { categories: Some(into), ..PlanChange::default() };
        let yearly = [world.yearly];
        let (changed, attached) = futures::join!(
            world.billing.change_plan(admin, world.yearly, &change),
            world.billing.attach_plans(admin, other, &yearly),
        );
        assert!(changed.is_ok() && attached.is_ok(), "round {round}: {changed:?} {attached:?}");
    }
}

/// Each of two categories goes under the other at once: one of them is told no, every time.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_changes_at_once_make_no_circle(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    for round in 0..10 {
        let make = async |name: String| {
            let made = world.billing.create_category(admin, &named(&name)).await;
            made.unwrap().id
        };
        let (left, right) = (make(format!("left {round}")).await, make(format!("right {round}")).await);
        let under = |parent: PlanCategoryId| CategoryChange {
            parent_id: Some(Some(parent)),
            ..CategoryChange::default()
        };
        let (under_right, under_left) = (under(right), under(left));
        let (one, other) = futures::join!(
            world.billing.change_category(admin, left, &under_right),
            world.billing.change_category(admin, right, &under_left),
        );
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?} {other:?}");
    }
}

/// Of many who change the same version one does.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn one_of_many_changes_of_one_version_happens(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let version = world.billing.managed_plan(admin, world.basic).await.unwrap().plan.version;
    let changes: Vec<PlanChange> = (0..8)
        .map(|price| PlanChange {
            price: Some(price.to_string()),
            version: Some(version),
            ..PlanChange::default()
        })
        .collect();
    let done =
        join_all(changes.iter().map(|change| world.billing.change_plan(admin, world.basic, change))).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    assert!(done.iter().all(|done| matches!(done, Ok(_) | Err(Error::ChangedMeanwhile))));
    assert_eq!(world.count("SELECT count(*) FROM audit_log WHERE action = 'plan.changed'").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn many_defaults_at_once_are_one(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let mut ids = Vec::new();
    for code in ["a", "b", "c", "d"] {
        let change = PaymentMethodChange {
            code: Some(code.to_owned()),
            name: Some(code.to_owned()),
            ..PaymentMethodChange::default()
        };
        ids.push(world.billing.create_payment_method(admin, &change).await.unwrap().id);
    }
    let done = join_all(ids.iter().map(|id| world.billing.set_default_payment_method(admin, *id))).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(world.count("SELECT count(*) FROM payment_methods WHERE is_default").await, 1);
}

/// What refuses a translation refuses all of the change it comes with.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_way_to_pay_changes_with_its_translation_or_not_at_all(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let new = PaymentMethodChange {
        code: Some("cash".to_owned()),
        name: Some("Cash".to_owned()),
        ..PaymentMethodChange::default()
    };
    let id = world.billing.create_payment_method(admin, &new).await.unwrap().id;
    let change = async |locale: &str, name: &str| {
        let translation = Translation {
            locale: locale.to_owned(),
            name: name.to_owned(),
            description: String::new(),
            instructions: String::new(),
        };
        let change = PaymentMethodChange {
            name: Some("Notes and coins".to_owned()),
            translation: Some(translation),
            ..PaymentMethodChange::default()
        };
        world.billing.change_payment_method(admin, id, &change).await
    };
    for (locale, name) in [("no language", "Bar"), ("de", "")] {
        let refused = change(locale, name).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let kept = world.billing.payment_method(admin, id).await.unwrap();
    assert_eq!((kept.name.as_str(), kept.translations.len()), ("Cash", 0));
    let changed = change("de", "Bar").await.unwrap();
    assert_eq!((changed.name.as_str(), changed.translations[0].name.as_str()), ("Notes and coins", "Bar"));
}

/// The balance that the admin sets, and debits at the same time: the ledger adds up and is never below zero.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn adjustments_and_debits_add_up(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let account = AccountId(world.ada.user_id.into());
    world.billing.set_token_balance(admin, account, 50).await.unwrap();
    let adjust = async {
        for balance in [10, 90, 0, 40] {
            world.billing.set_token_balance(admin, account, balance).await.unwrap();
        }
    };
    let debit = async {
        for _ in 0..10 {
            match world.billing.debit_tokens(world.ada.own_account(), 7, None, "chat").await {
                Ok(_) | Err(Error::InsufficientTokens) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    futures::join!(adjust, debit);
    let summed = world.count("SELECT sum(amount)::bigint FROM token_entries").await;
    assert_eq!(summed, world.balance(&world.ada).await);
    let refused = world.billing.set_token_balance(admin, account, -1).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

/// Of many subscriptions that are made at once in a category that allows one, one is.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_makes_one_subscription_of_a_single_category(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let new = |plan_id| NewSubscription {
        account_id: AccountId(world.bob.user_id.into()),
        plan_id,
        started_at: None,
        is_trial: false,
        months: None,
    };
    let wanted: Vec<_> = (0..6).map(|n| new(if n % 2 == 0 { world.basic } else { world.pro })).collect();
    let made = join_all(wanted.iter().map(|new| world.billing.create_subscription(admin, new))).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    assert!(made.iter().all(|made| matches!(made, Ok(_) | Err(Error::Conflict(_)))));
    assert_eq!(world.count("SELECT count(*) FROM invoices").await, 1);
}

/// What the admin begins for Ada: it, and its invoice, which is open.
async fn begun(world: &World) -> (SubscriptionId, InvoiceId) {
    let new = NewSubscription {
        account_id: AccountId(world.ada.user_id.into()),
        plan_id: world.basic,
        started_at: None,
        is_trial: false,
        months: None,
    };
    let (made, first) = world.billing.create_subscription(world.admin.admin().unwrap(), &new).await.unwrap();
    (made.subscription.id, first.id)
}

/// The same, where Ada changes to the better plan and pays that, but not the first invoice.
async fn begun_and_upgraded(world: &World) -> (SubscriptionId, InvoiceId) {
    let (id, first) = begun(world).await;
    world.later(1);
    let upgrade = world.billing.upgrade(world.ada.own_account(), id, world.pro).await.unwrap().invoice_id;
    world.pay(upgrade).await;
    (id, first)
}

/// An upgrade credits nothing of a period that is not paid yet. What the admin gave counts.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_upgrade_credits_the_days_that_were_paid_for_or_given(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (admin, own) = (world.admin.admin().unwrap(), world.ada.own_account());
    let (id, first) = begun(&world).await;
    world.later(10);
    let costs = async || {
        let change = world.billing.preview_change(own, id, world.pro).await.unwrap();
        let changes = world.billing.preview_changes(own, id, &[world.pro]).await.unwrap();
        let (credit, due) = (change.proration.credit, change.proration.amount_due);
        assert_eq!((changes[&world.pro].credit, changes[&world.pro].totals), (credit, change.totals));
        (credit.minor, due.minor)
    };
    assert_eq!(costs().await, (0, 2999));
    let upgrade = world.billing.upgrade(own, id, world.pro).await.unwrap();
    assert_eq!(upgrade.change.totals.total.minor, 2999);

    // Once the days are paid for, that would be too much.
    world.pay(first).await;
    let asked = world.billing.invoice(own, upgrade.invoice_id).await.unwrap();
    assert_eq!(asked.status, InvoiceStatus::Cancelled);
    // 18 of 30 days, and 23: a month from 31 January is over on the 28th.
    assert_eq!(costs().await, (599, 2400));
    world.billing.extend_subscription(admin, id, 5).await.unwrap();
    assert_eq!(costs().await, (766, 2233));
    let upgrade = world.billing.upgrade(own, id, world.pro).await.unwrap();
    assert_eq!(upgrade.change.totals.total.minor, 2233);

    // A renewal that is open is for the next period.
    let bob = world.bob.own_account();
    let (id, _) = world.subscribe(&world.bob, world.basic).await;
    world.later(24);
    world.billing.tick().await.unwrap();
    assert_eq!(world.open_invoice(bob).await.reason, "renewal");
    let change = world.billing.preview_change(bob, id, world.pro).await.unwrap();
    assert_eq!(change.proration.credit.minor, 200, "six days");
}

/// A better plan that was paid for is paid for, whatever became of the first invoice.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_paid_for_an_upgrade_is_credited_while_the_first_invoice_is_open(superuser: PgPool) {
    let world = World::new(superuser).await;
    let large = world.other_plan("Large", 4999).await;
    let (id, _) = begun_and_upgraded(&world).await;
    world.later(10);
    let change = world.billing.preview_change(world.ada.own_account(), id, large).await.unwrap();
    assert_eq!((change.proration.credit.minor, change.proration.amount_due.minor), (1999, 3000), "20 days");
}

/// What the admin began, and its customer changed since, stays changed when the first invoice is paid: it runs already.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_first_invoice_takes_back_no_change_of_plan(superuser: PgPool) {
    let world = World::new(superuser).await;
    let own = world.ada.own_account();
    let (id, first) = begun_and_upgraded(&world).await;
    world.billing.downgrade(own, id, world.basic).await.unwrap();
    let before = world.billing.pause(own, id).await.unwrap();
    world.pay(first).await;
    let after = world.billing.subscription(own, id).await.unwrap();
    assert_eq!(after.plan.id, world.pro);
    assert_eq!((after.pending_plan, after.state), (before.pending_plan, before.state));
    assert_eq!(world.balance(&world.ada).await, 100, "what the first invoice brings");
}

/// What the admin began, and its customer cancelled since, ends when it would have: the first invoice brings back neither the plan
/// before nor the renewals, and ends nothing that was bought instead.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_first_invoice_takes_back_no_cancellation(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (admin, own) = (world.admin.admin().unwrap(), world.ada.own_account());
    let category = world.billing.create_category(admin, &named("Everything")).await.unwrap();
    world.billing.attach_plans(admin, category.id, &[world.basic, world.pro]).await.unwrap();
    let (id, first) = begun_and_upgraded(&world).await;
    let before = world.billing.cancel(own, id).await.unwrap();
    let (instead, _) = world.subscribe(&world.ada, world.basic).await;
    world.pay(first).await;
    let after = world.billing.subscription(own, id).await.unwrap();
    assert_eq!((after.plan.id, after.state), (world.pro, before.state));
    let instead = world.billing.subscription(own, instead).await.unwrap();
    assert_eq!(instead.state.status(), SubscriptionStatus::Active);
}

/// A trial that the admin gives is the one that there is.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_gives_no_second_trial_and_the_first_is_known(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let new = |who: &Actor, plan_id| NewSubscription {
        account_id: AccountId(who.user_id.into()),
        plan_id,
        started_at: None,
        is_trial: true,
        months: None,
    };
    let (ada, bob) = (world.ada.own_account(), world.bob.own_account());
    world.billing.create_subscription(admin, &new(&world.ada, world.yearly)).await.unwrap();
    assert!(world.billing.has_used_trial(ada).await.unwrap());
    world.later(14);
    world.billing.tick().await.unwrap();
    let again = world.order(&world.ada, order_of(world.yearly)).await;
    assert_eq!(again.trial_ends_at, None, "it is to be paid for");

    let tried = world.order(&world.bob, order_of(world.yearly)).await;
    world.billing.cancel(bob, tried.subscription_id.unwrap()).await.unwrap();
    let second = world.billing.create_subscription(admin, &new(&world.bob, world.yearly)).await.unwrap_err();
    assert!(matches!(second, Error::Conflict(_)));
    assert_eq!(second.to_string(), "User has already used a trial");
    let without = world.billing.create_subscription(admin, &new(&world.bob, world.basic)).await.unwrap_err();
    assert_eq!(without.to_string(), "Plan has no trial period");
    assert_eq!(world.billing.subscriptions(bob).await.unwrap().len(), 1, "nothing happened");
}

/// What was only ordered is no purchase, and a company that ordered without end takes nothing from the others.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_companies_bought_is_read_up_to_a_limit_for_each(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    sqlx::query("UPDATE plans SET module = 'hotel' WHERE slug = 'yearly'")
        .execute(&world.superuser)
        .await
        .unwrap();
    for (who, orders, periods) in [(&world.ada, 700, 600), (&world.bob, 1, 1)] {
        sqlx::query("INSERT INTO billing_accounts (id, user_id, created_at) VALUES ($1, $1, now())")
            .bind(who.user_id)
            .execute(&world.superuser)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO subscriptions (account_id, id, plan_id, status, started_at, expires_at, created_at, updated_at, currency)
             SELECT $1, gen_random_uuid(), $2, status, begun, begun, now(), now(), 'EUR'
             FROM (SELECT 'pending' AS status, NULL::timestamptz AS begun FROM generate_series(1, $3::int)
                   UNION ALL SELECT 'expired', now() FROM generate_series(1, $4::int)) AS made",
        )
        .bind(who.user_id)
        .bind(world.yearly)
        .bind(orders)
        .bind(periods)
        .execute(&world.superuser)
        .await
        .unwrap();
    }
    let companies = [&world.ada, &world.bob].map(|who| OrganisationId(who.user_id.into()));
    let found = world.billing.purchases_of(admin, &companies).await.unwrap();
    let of = |company| &found[&company].subscriptions;
    assert_eq!((of(companies[0]).len(), of(companies[1]).len()), (500, 1));
    let are_bought = |it: &Subscription| it.state.status() == SubscriptionStatus::Expired;
    assert!(found.values().all(|of| of.subscriptions.iter().all(are_bought)));
}
