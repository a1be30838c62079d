use billing::subscriptions::clockwork::Ticked;
use chrono::TimeDelta;
use domain::billing::SubscriptionStatus;
use sqlx::PgPool;

use crate::support::{World, order_of};

/// Lets a day pass, looks twice, and gives what was written.
async fn a_day(world: &World) -> Vec<String> {
    world.later(1);
    world.billing.tick().await.unwrap();
    assert_eq!(world.billing.tick().await.unwrap().reminders, 0, "a second look finds nothing");
    world.subjects().await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_period_that_ends_is_told_a_week_before_and_its_invoice_when_it_is_late(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.mails().await;
    let mut told = Vec::new();
    for day in 1..=60 {
        for subject in a_day(&world).await {
            told.push((day, subject));
        }
    }
    assert_eq!(
        told,
        [
            (23, "Your subscription to Basic renews on 2 Mar 2027".to_owned()),
            (33, "Reminder: invoice INV-2027-000002 is overdue".to_owned()),
            (37, "Last reminder: invoice INV-2027-000002 is overdue".to_owned()),
        ]
    );
    // Unpaid, it stays expired.
    let over = world.billing.subscription(account, id).await.unwrap();
    assert_eq!(over.state.status(), SubscriptionStatus::Expired);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_pays_in_time_is_reminded_once_each_period_through_the_years(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.subscribe(&world.ada, world.basic).await;
    world.mails().await;
    let (mut reminders, mut receipts) = (0, 0);
    for _ in 0..3 * 365 {
        world.clock.advance(TimeDelta::days(1));
        let ticked = world.billing.tick().await.unwrap();
        assert!(ticked.reminders <= 1);
        if ticked.renewals + ticked.reminders == 0 {
            continue;
        }
        for subject in world.subjects().await {
            assert!(subject.starts_with("Your subscription to Basic renews on"), "{subject}");
            reminders += 1;
        }
        let invoice = world.open_invoice(world.ada.own_account()).await;
        world.pay(invoice.id).await;
        for subject in world.subjects().await {
            assert!(subject.starts_with("Receipt for invoice"), "{subject}");
            receipts += 1;
        }
    }
    // 1095 days in periods of 30, each asked for a week before its end.
    assert_eq!((reminders, receipts), (36, 36));
    let kept = world.count("SELECT count(*) FROM billing_notices WHERE kind = 'renewal_due'").await;
    assert!((13..=14).contains(&kept), "{kept} of 400 days");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_trial_is_told_three_days_before_its_end_and_never_dunned(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.order(&world.ada, order_of(world.yearly)).await;
    assert_eq!(world.subjects().await.len(), 1, "the invoice");
    let mut told = Vec::new();
    for day in 1..=90 {
        for subject in a_day(&world).await {
            told.push((day, subject));
        }
    }
    assert_eq!(told, [(11, "Your trial of Yearly ends on 14 Feb 2027".to_owned())]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_cancelled_is_not_reminded(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.billing.cancel(account, id).await.unwrap();
    let ordered = world.order(&world.bob, order_of(world.basic)).await;
    world.billing.cancel(world.bob.own_account(), ordered.subscription_id.unwrap()).await.unwrap();
    world.mails().await;
    for _ in 0..60 {
        assert_eq!(a_day(&world).await, Vec::<String>::new());
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_paused_is_not_reminded_and_pays_when_the_period_ends_after_all(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.later(25);
    world.billing.tick().await.unwrap();
    let asked = world.open_invoice(account).await;
    world.billing.pause(account, id).await.unwrap();
    world.mails().await;
    for _ in 0..40 {
        assert_eq!(a_day(&world).await, Vec::<String>::new());
    }
    assert_eq!(world.open_invoice(account).await.due_at, None);
    let end = world.billing.resume(account, id).await.unwrap().state.expires_at();
    let open = world.open_invoice(account).await;
    assert_eq!((open.id, open.due_at), (asked.id, end));
    // What the admin gives moves it as well.
    let longer = world.billing.extend_subscription(world.admin.admin().unwrap(), id, 10).await.unwrap();
    assert_eq!(world.open_invoice(account).await.due_at, longer.subscription.state.expires_at());
}

/// A purchase that is never paid is asked for twice; after a standstill once, and much later not at all.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_unpaid_purchase_is_reminded_of_twice_and_after_a_standstill_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    world.mails().await;
    world.later(33);
    world.billing.tick().await.unwrap();
    assert_eq!(world.subjects().await, ["Reminder: invoice INV-2027-000001 is overdue"]);
    world.later(4);
    world.billing.tick().await.unwrap();
    assert_eq!(world.subjects().await, ["Last reminder: invoice INV-2027-000001 is overdue"]);
    world.pay(ordered.invoice_id).await;

    world.order(&world.bob, order_of(world.basic)).await;
    world.mails().await;
    world.later(45);
    // Ada's renewal is asked for only now, so it is not late yet.
    let ticked = world.billing.tick().await.unwrap();
    assert_eq!(ticked, Ticked { renewals: 1, ended: 1, addons: 0, reminders: 1 });
    let told = world.mails().await;
    assert_eq!((told.len(), told[0].0.as_str()), (1, "bob@customer.example"));
    assert!(told[0].1.starts_with("Last reminder"));
    world.later(365);
    world.order(&world.bob, order_of(world.pro)).await;
    world.later(61);
    assert_eq!(world.billing.tick().await.unwrap().reminders, 0);
}
