use billing::Error;
use billing::checkout::Order;
use chrono::TimeDelta;
use domain::billing::{InvoiceStatus, SubscriptionStatus};
use platform::clock::Clock;
use sqlx::PgPool;

use crate::support::{World, empty, payment};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refund_takes_everything_back_and_its_reversal_gives_it_again(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let order = Order {
        plan_id: Some(world.basic),
        bundle_ids: vec![world.tokens],
        addon_ids: vec![world.support],
        ..empty()
    };
    let ordered = world.order(&world.ada, order).await;
    world.pay(ordered.invoice_id).await;
    // The original forgets the plan's tokens when the subscription was cancelled first.
    world.billing.cancel(account, ordered.subscription_id.unwrap()).await.unwrap();
    let reversed = world.billing.refund(admin, ordered.invoice_id, "ADMIN_REFUND").await.unwrap();
    assert_eq!(
        (reversed.tokens, reversed.bundle_purchases.len(), reversed.addon_subscriptions.len()),
        (600, 1, 1)
    );
    assert_eq!(world.balance(&world.ada).await, 0);
    let subscription = world.billing.subscriptions(account).await.unwrap().remove(0);
    assert!(!subscription.state.gives_access(world.clock.now()));
    let again = world.billing.refund(admin, ordered.invoice_id, "ADMIN_REFUND").await.unwrap_err();
    assert_eq!(again.to_string(), "Cannot refund: invoice status is REFUNDED");

    world.later(2);
    let restored = world.billing.restored(ordered.invoice_id).await.unwrap();
    assert_eq!(restored.tokens, 600);
    assert_eq!(world.balance(&world.ada).await, 600);
    let subscription = world.billing.subscriptions(account).await.unwrap().remove(0);
    assert_eq!(subscription.state.status(), SubscriptionStatus::Active);
    assert_eq!(subscription.state.days_remaining(world.clock.now()), 30);
    assert!(world.billing.restored(ordered.invoice_id).await.is_err());
    assert_eq!(world.billing.refund(admin, ordered.invoice_id, "re_1").await.unwrap().tokens, 600);
    assert_eq!(world.balance(&world.ada).await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn tokens_that_were_spent_are_not_refunded(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let ordered = world.order(&world.ada, Order { bundle_ids: vec![world.tokens], ..empty() }).await;
    world.pay(ordered.invoice_id).await;
    assert_eq!(world.billing.debit_tokens(account, 1, None, "chat").await.unwrap(), 499);
    let refused = world.billing.refund(admin, ordered.invoice_id, "r").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Insufficient token balance for refund. User has 499 tokens but 500 need to be deducted. User must purchase more tokens first."
    );
    let invoice = world.billing.invoice(account, ordered.invoice_id).await.unwrap();
    assert_eq!(
        (invoice.status, world.balance(&world.ada).await),
        (InvoiceStatus::Paid, 499),
        "nothing happened"
    );
    assert!(matches!(
        world.billing.debit_tokens(account, 500, None, "chat").await,
        Err(Error::InsufficientTokens)
    ));
    assert!(matches!(world.billing.debit_tokens(account, 0, None, "chat").await, Err(Error::NotPositive(_))));
    assert!(matches!(
        world.billing.debit_tokens(world.bob.own_account(), 1, None, "chat").await,
        Err(Error::InsufficientTokens)
    ));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_refund_of_an_upgrade_goes_back_to_the_plan_before(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let end = async || world.billing.subscription(account, id).await.unwrap().state.expires_at().unwrap();
    let before = end().await;
    world.later(10);
    let upgrade = world.billing.upgrade(account, id, world.pro).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    let after = end().await;
    assert_eq!(after, before + TimeDelta::days(10), "a whole period");
    world.later(3);
    world.billing.refund(admin, upgrade.invoice_id, "r").await.unwrap();
    let subscription = world.billing.subscription(account, id).await.unwrap();
    assert_eq!(
        (subscription.plan.id, subscription.state.status()),
        (world.basic, SubscriptionStatus::Active)
    );
    assert_eq!(end().await, before, "and the days of the plan before");
    world.billing.restored(upgrade.invoice_id).await.unwrap();
    assert_eq!(end().await, after);
}

/// What was paid after an upgrade is not paid back with it.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_refund_of_an_upgrade_leaves_the_periods_that_were_paid_since(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let begin = world.clock.now();
    world.later(10);
    let upgrade = world.billing.upgrade(account, id, world.pro).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    world.later(25);
    world.billing.tick().await.unwrap();
    let renewal = world.open_invoice(account).await;
    world.pay(renewal.id).await;
    let found = async || {
        let subscription = world.billing.subscription(account, id).await.unwrap();
        (subscription.plan.id, (subscription.state.expires_at().unwrap() - begin).num_days())
    };
    assert_eq!(found().await, (world.pro, 70));
    world.billing.refund(admin, upgrade.invoice_id, "r").await.unwrap();
    assert_eq!(found().await, (world.basic, 60));
    world.billing.restored(upgrade.invoice_id).await.unwrap();
    assert_eq!(found().await, (world.pro, 70));
    world.billing.cancel(account, id).await.unwrap();
    world.billing.refund(admin, upgrade.invoice_id, "r").await.unwrap();
    assert_eq!(found().await, (world.basic, 60), "cancelled or not");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_marks_an_invoice_as_paid_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let ordered = world.order(&world.ada, crate::support::order_of(world.basic)).await;
    world.billing.mark_paid(admin, ordered.invoice_id, &payment()).await.unwrap();
    let again = world.billing.mark_paid(admin, ordered.invoice_id, &payment()).await.unwrap_err();
    assert_eq!(again.to_string(), "Invoice already paid");
    world.billing.refund(admin, ordered.invoice_id, "r").await.unwrap();
    let late = world.billing.mark_paid(admin, ordered.invoice_id, &payment()).await.unwrap_err();
    assert_eq!(late.to_string(), "Cannot mark as paid: invoice status is REFUNDED");
    assert_eq!(world.count("SELECT count(*) FROM audit_log WHERE action LIKE 'invoice.%'").await, 2);
}

/// Of two upgrades one after the other either can be paid back, and come back, first: the plan is the best that is paid for.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn upgrades_are_paid_back_in_any_order(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let turns = [(&world.ada, [0, 1], [0, 1]), (&world.bob, [1, 0], [0, 1]), (&world.admin, [0, 1], [1, 0])];
    for (who, back, again) in turns {
        let account = who.own_account();
        let (id, _) = world.subscribe(who, world.basic).await;
        let found = async || {
            let subscription = world.billing.subscription(account, id).await.unwrap();
            (subscription.plan.id, subscription.state.expires_at().unwrap())
        };
        let before = found().await;
        let mut upgrades = Vec::new();
        for plan in [world.pro, world.yearly] {
            world.later(2);
            let upgrade = world.billing.upgrade(account, id, plan).await.unwrap();
            world.pay(upgrade.invoice_id).await;
            upgrades.push(upgrade.invoice_id);
        }
        let after = found().await;
        let between = |is_paid: usize| [world.pro, world.yearly][is_paid];
        for _ in 0..2 {
            world.billing.refund(admin, upgrades[back[0]], "r").await.unwrap();
            assert_eq!(found().await.0, between(back[1]), "{back:?}");
            world.billing.refund(admin, upgrades[back[1]], "r").await.unwrap();
            assert_eq!(found().await, before, "{back:?}");
            world.billing.restored(upgrades[again[0]]).await.unwrap();
            assert_eq!(found().await.0, between(again[0]), "{again:?}");
            world.billing.restored(upgrades[again[1]]).await.unwrap();
            assert_eq!(found().await, after, "{again:?}");
        }
    }
}

/// A lesser plan that was paid for with the next period is not what the upgrade before it brought.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_refund_of_an_upgrade_leaves_a_plan_that_was_paid_for_since(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let small = world.other_plan("Small", 1999).await;
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let upgrade = world.billing.upgrade(account, id, world.pro).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    world.billing.downgrade(account, id, small).await.unwrap();
    world.later(25);
    world.billing.tick().await.unwrap();
    world.pay(world.open_invoice(account).await.id).await;
    let plan = async || world.billing.subscription(account, id).await.unwrap().plan.id;
    assert_eq!(plan().await, small);
    world.billing.refund(admin, upgrade.invoice_id, "r").await.unwrap();
    assert_eq!(plan().await, small);
    world.billing.restored(upgrade.invoice_id).await.unwrap();
    assert_eq!(plan().await, small);
}

/// What was bought into the place of the plan before, or of the better one, stays or ends; the money went, or came, already.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_upgrade_is_paid_back_although_the_place_before_is_taken(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let ada = world.ada.own_account();
    let (first, _) = world.subscribe(&world.ada, world.basic).await;
    let state = async |account, id| world.billing.subscription(account, id).await.unwrap().state;
    let end = state(ada, first).await.expires_at();
    let upgrade = world.billing.upgrade(ada, first, world.yearly).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    let (second, _) = world.subscribe(&world.ada, world.pro).await;
    world.billing.refund(admin, upgrade.invoice_id, "r").await.unwrap();
    let (left, stays) = (state(ada, first).await, state(ada, second).await);
    assert_eq!(
        (left.status(), left.expires_at(), left.gives_access(world.clock.now())),
        (SubscriptionStatus::Cancelled, end, true),
        "its days were paid for"
    );
    assert_eq!(stays.status(), SubscriptionStatus::Active);

    let bob = world.bob.own_account();
    let (first, _) = world.subscribe(&world.bob, world.yearly).await;
    world.later(330);
    let upgrade = world.billing.upgrade(bob, first, world.pro).await.unwrap();
    world.pay(upgrade.invoice_id).await;
    world.billing.refund(admin, upgrade.invoice_id, "r").await.unwrap();
    let (second, _) = world.subscribe(&world.bob, world.basic).await;
    world.billing.restored(upgrade.invoice_id).await.unwrap();
    assert_eq!(state(bob, first).await.status(), SubscriptionStatus::Active);
    assert_eq!(state(bob, second).await.status(), SubscriptionStatus::Cancelled);
}
