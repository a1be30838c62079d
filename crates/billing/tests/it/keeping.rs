//! Changes of mind: a plan that is kept, a cancellation that is taken back, an order that is given up; and what is known of
//! an order before it is placed.

use billing::Error;
use billing::accounts::Profile;
use billing::checkout::Order;
use domain::access::Actor;
use domain::billing::{InvoiceStatus, SubscriptionRefusal, SubscriptionState, SubscriptionStatus};
use domain::ids::OrganisationId;
use domain::money::Currency;
use domain::problem::ProblemCode;
use sqlx::PgPool;

use crate::support::{World, empty, order_of};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_trial_is_known_beforehand_and_offered_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    let account = world.ada.own_account();
    let quote = world.billing.quote(account, &order_of(world.yearly)).await.unwrap();
    let trial = quote.trial.unwrap();
    assert_eq!((trial.days, trial.price.minor, trial.price), (14, 5831, quote.totals.total));
    let days = async || {
        let shop = world.billing.shop(account, None).await.unwrap();
        shop.plans.into_iter().find(|it| it.plan.id == world.yearly).unwrap().plan.trial_days
    };
    assert_eq!(days().await, 14);

    let ordered = world.order(&world.ada, order_of(world.yearly)).await;
    assert_eq!(ordered.trial_ends_at, Some(trial.ends_at));
    assert!(!ordered.is_complete);
    assert_eq!(days().await, 0, "it was used");
    assert!(world.billing.quote(account, &order_of(world.yearly)).await.unwrap().trial.is_none());
    let basic = world.order(&world.ada, order_of(world.basic)).await;
    assert_eq!(basic.trial_ends_at, None, "without a trial nothing is free");
}

/// Who works for a company has an account of their own, too: what is settled at once belongs to nobody's organisation.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_works_for_a_company_buys_for_themselves(superuser: PgPool) {
    let world = World::new(superuser).await;
    let organisation: OrganisationId = platform::ids::new();
    sqlx::query("INSERT INTO organisations (id, code, name, created_at) VALUES ($1, '7', 'Harbour', now())")
        .bind(organisation)
        .execute(&world.superuser)
        .await
        .unwrap();
    sqlx::query("UPDATE plans SET price_minor = 0 WHERE id IN ($1, $2)")
        .bind(world.basic)
        .bind(world.pro)
        .execute(&world.superuser)
        .await
        .unwrap();
    let ada = Actor { organisation_id: Some(organisation), ..world.ada.clone() };
    let ordered = world.order(&ada, order_of(world.basic)).await;
    assert!(ordered.is_complete);
    let changed = world.billing.upgrade(ada.own_account(), ordered.subscription_id.unwrap(), world.pro).await;
    assert_eq!(changed.unwrap().subscription.plan.id, world.pro);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_add_on_is_offered_and_bought_with_the_plan_that_it_needs(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let shop = world.billing.shop(account, None).await.unwrap();
    assert_eq!(shop.currency, Currency::EUR);
    let offered: Vec<_> = shop.addons.iter().map(|(addon, _)| addon.id).collect();
    assert!(offered.contains(&world.analytics) && offered.contains(&world.support));
    let order = Order { addon_ids: vec![world.analytics], ..order_of(world.pro) };
    assert_eq!(world.billing.quote(account, &order).await.unwrap().totals.total.minor, 2999 + 2500);
    let ordered = world.order(&world.ada, order).await;

    // Who cancelled still has it; who ran out does not, even before anybody noticed.
    world.pay(ordered.invoice_id).await;
    let id = ordered.subscription_id.unwrap();
    world.billing.cancel(account, id).await.unwrap();
    let alone = Order { addon_ids: vec![world.analytics], ..empty() };
    assert_eq!(world.billing.quote(account, &alone).await.unwrap().totals.total.minor, 2500);
    let on_offer = async || {
        world.billing.addons(Some(world.ada.user_id)).await.unwrap().iter().any(|it| it.id == world.analytics)
    };
    assert!(on_offer().await);
    world.later(31);
    assert!(world.billing.quote(account, &alone).await.is_err() && !on_offer().await);
    // What a provider collects runs on until its word comes.
    sqlx::query("UPDATE subscriptions SET status = 'active', cancelled_at = NULL, provider_subscription_id = 'sub_1' WHERE id = $1")
        .bind(id)
        .execute(&world.superuser)
        .await
        .unwrap();
    assert!(world.billing.quote(account, &alone).await.is_ok() && on_offer().await);
    world.later(3);
    assert!(world.billing.quote(account, &alone).await.is_err() && !on_offer().await);

    // What goes with a plan that is not sold any more is not offered either.
    sqlx::query("UPDATE plans SET is_active = false WHERE id = $1")
        .bind(world.pro)
        .execute(&world.superuser)
        .await
        .unwrap();
    // Prices are shown in the currency in which somebody bought before.
    world.order(&world.bob, Order { currency: "USD".into(), ..order_of(world.basic) }).await;
    let shop = world.billing.shop(world.bob.own_account(), None).await.unwrap();
    assert_eq!(shop.currency.code(), "USD");
    assert!(!shop.addons.iter().any(|(addon, _)| addon.id == world.analytics));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_that_is_kept_is_renewed_at_its_own_price(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.pro).await;
    let nothing = world.billing.keep_plan(account, id).await;
    assert!(matches!(nothing, Err(Error::Refused(SubscriptionRefusal::NoPlanToCome))), "{nothing:?}");
    world.billing.downgrade(account, id, world.basic).await.unwrap();
    world.later(25);
    world.billing.tick().await.unwrap();
    let lesser = world.open_invoice(account).await;
    assert_eq!(lesser.totals.total.minor, 999);

    let stranger = world.billing.keep_plan(world.bob.own_account(), id).await;
    assert!(matches!(stranger, Err(Error::NoSubscription)), "{stranger:?}");
    let kept = world.billing.keep_plan(account, id).await.unwrap();
    assert_eq!((kept.plan.id, kept.pending_plan), (world.pro, None));
    let void = world.billing.invoice(account, lesser.id).await.unwrap();
    assert_eq!(void.status, InvoiceStatus::Cancelled);
    world.billing.tick().await.unwrap();
    assert_eq!(world.open_invoice(account).await.totals.total.minor, 2999);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_cancelled_is_kept_after_all_while_it_runs(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let before = world.billing.subscription(account, id).await.unwrap().state;
    sqlx::query(
        "UPDATE subscriptions SET provider = 'stripe', provider_subscription_id = 'sub_1' WHERE id = $1",
    )
    .bind(id)
    .execute(&world.superuser)
    .await
    .unwrap();
    world.billing.cancel(account, id).await.unwrap();
    let follows =
        "SELECT count(*) FROM jobs WHERE queue = 'billing.follow_subscription' AND status = 'waiting'";
    assert_eq!(world.count(follows).await, 1);
    sqlx::query("DELETE FROM jobs").execute(&world.superuser).await.unwrap();
    world.later(10);
    let kept = world.billing.resume(account, id).await.unwrap();
    assert_eq!(kept.state, before, "as if nothing had been said");
    assert_eq!(world.count(follows).await, 1, "the provider hears of it");
    let again = world.billing.resume(account, id).await;
    assert!(matches!(again, Err(Error::Refused(SubscriptionRefusal::NotPaused))), "{again:?}");

    world.billing.cancel(account, id).await.unwrap();
    world.later(40);
    let late = world.billing.resume(account, id).await;
    assert!(matches!(late, Err(Error::Refused(SubscriptionRefusal::NotPaused))), "{late:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_cancelled_trial_that_is_kept_is_a_trial(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let id = world.order(&world.ada, order_of(world.yearly)).await.subscription_id.unwrap();
    let before = world.billing.subscription(account, id).await.unwrap().state;
    assert!(matches!(before, SubscriptionState::Trialing { .. }));
    world.later(3);
    world.billing.cancel(account, id).await.unwrap();
    assert_eq!(world.billing.resume(account, id).await.unwrap().state, before, "nothing was paid");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_order_that_was_not_paid_is_given_up_with_all_that_is_on_it(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let order =
        Order { bundle_ids: vec![world.tokens], addon_ids: vec![world.support], ..order_of(world.basic) };
    let ordered = world.order(&world.ada, order).await;
    let stranger = world.billing.abandon_order(world.bob.own_account(), ordered.invoice_id).await;
    assert!(matches!(stranger, Err(Error::NoInvoice)), "{stranger:?}");
    world.billing.abandon_order(account, ordered.invoice_id).await.unwrap();
    let invoice = world.billing.invoice(account, ordered.invoice_id).await.unwrap();
    assert_eq!(invoice.status, InvoiceStatus::Cancelled);
    let subscription = world.billing.subscription(account, ordered.subscription_id.unwrap()).await.unwrap();
    assert_eq!(subscription.state.status(), SubscriptionStatus::Cancelled);
    assert_eq!(world.billing.addon_subscriptions(account).await.unwrap()[0].status, "cancelled");
    assert_eq!(world.count("SELECT count(*) FROM bundle_purchases WHERE status = 'cancelled'").await, 1);
    let twice = world.billing.abandon_order(account, ordered.invoice_id).await;
    assert!(matches!(twice, Err(Error::InvoiceState(_))), "{twice:?}");

    let (_, paid) = world.subscribe(&world.ada, world.basic).await;
    let paid = world.billing.abandon_order(account, paid).await;
    assert!(matches!(paid, Err(Error::InvoiceState(_))), "what was paid is refunded: {paid:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_order_knows_the_ways_that_it_can_be_paid(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    sqlx::query(
        "INSERT INTO payment_methods (id, code, name, position, min_minor, currencies, created_at, updated_at)
         SELECT gen_random_uuid(), code, code, -1, min_minor, currencies, now(), now()
         FROM (VALUES ('large', 100000, '{}'::text[]), ('dollars', NULL, '{USD}'), ('other', NULL, '{}')) AS t (code, min_minor, currencies)",
    )
    .execute(&world.superuser)
    .await
    .unwrap();
    let ways = async |order: Order| {
        let quote = world.billing.quote(account, &order).await.unwrap();
        quote.ways_to_pay.into_iter().map(|method| method.code).collect::<Vec<_>>()
    };
    assert_eq!(ways(order_of(world.basic)).await, ["invoice", "other"], "the default one is first");
    let many = Order { bundle_ids: vec![world.tokens; 49], ..order_of(world.pro) };
    assert_eq!(ways(many).await, ["invoice", "other"]);
    let dollars = Order { currency: "USD".to_owned(), ..order_of(world.basic) };
    assert_eq!(ways(dollars).await, ["invoice", "dollars", "other"]);
    let yearly = Order { addon_ids: vec![world.support; 50], ..empty() };
    assert!(world.billing.quote(account, &yearly).await.unwrap().totals.total.minor < 100_000);
}

#[test]
fn an_invoice_needs_a_name_an_address_and_a_country() {
    let fields = |profile: &Profile| {
        let lacks = profile.lacks();
        assert!(lacks.iter().all(|problem| problem.code == ProblemCode::Required));
        lacks.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(fields(&Profile::default()), ["last_name", "address_line_1", "city", "country"]);
    let company = Profile {
        company: text("Mill Inn"),
        address_line_1: text("Mill Lane 1"),
        city: text(" "),
        country: text("DE"),
        ..Profile::default()
    };
    assert_eq!(fields(&company), ["city"]);
    assert!(Profile { city: text("Bremen"), ..company }.lacks().is_empty());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_invoice_of_a_trial_is_not_given_up(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let ordered = world.order(&world.ada, order_of(world.yearly)).await;
    assert!(ordered.trial_ends_at.is_some());
    let refused = world.billing.abandon_order(account, ordered.invoice_id).await;
    assert!(
        matches!(refused, Err(Error::InvoiceState(_))),
        "the subscription is cancelled instead: {refused:?}"
    );
    world.billing.withdraw(account, ordered.invoice_id).await.unwrap();
    let invoice = world.billing.invoice(account, ordered.invoice_id).await.unwrap();
    assert_eq!(invoice.status, InvoiceStatus::Pending);
}
