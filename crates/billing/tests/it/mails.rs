use billing::checkout::Order;
use billing::subscriptions::managed::NewSubscription;
use chrono::TimeDelta;
use platform::outbox::{self, Event};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{World, empty, order_of};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_purchase_its_payment_and_its_end_are_told_once_each(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_seller().await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let ada = "ada@customer.example";
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    let number = "INV-2027-000001";
    let files = vec![format!("invoice-{number}.pdf")];
    assert_eq!(
        world.mails().await,
        [(ada.to_owned(), format!("Invoice {number} from Nordlicht Hosting GmbH"), files.clone())]
    );

    world.pay(ordered.invoice_id).await;
    // Settling again settles nothing, and tells nothing.
    world.pay(ordered.invoice_id).await;
    let id = ordered.subscription_id.unwrap();
    assert_eq!(
        world.mails().await,
        [
            (ada.to_owned(), "Your subscription to Basic is active".to_owned(), Vec::new()),
            (ada.to_owned(), format!("Receipt for invoice {number}"), files),
        ]
    );
    world.billing.cancel(account, id).await.unwrap();
    assert_eq!(world.subjects().await, ["Your subscription to Basic was cancelled"]);
    world.billing.refund(admin, ordered.invoice_id, "r").await.unwrap();
    assert_eq!(
        world.mails().await,
        [(
            ada.to_owned(),
            "Credit note CN-2027-000001 from Nordlicht Hosting GmbH".to_owned(),
            vec!["credit-note-CN-2027-000001.pdf".to_owned()]
        )]
    );
    assert!(world.mails().await.is_empty());
}

/// After a backup was restored, the outbox may tell events again.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_told_again_is_not_written_again(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.subscribe(&world.ada, world.basic).await;
    assert_eq!(
        world.subjects().await.len(),
        2,
        "the receipt and the subscription; the invoice was paid before it was told"
    );
    sqlx::query("DELETE FROM event_cursors").execute(&world.superuser).await.unwrap();
    assert!(world.mails().await.is_empty());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_is_written_about_the_past_about_nothing_or_without_access(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.order(&world.ada, Order { bundle_ids: vec![world.tokens], ..empty() }).await;
    world.later(4);
    assert!(world.mails().await.is_empty(), "four days old");

    sqlx::query("UPDATE plans SET price_minor = 0 WHERE id = $1")
        .bind(world.pro)
        .execute(&world.superuser)
        .await
        .unwrap();
    world.order(&world.ada, order_of(world.pro)).await;
    assert_eq!(world.subjects().await, ["Your subscription to Pro is active"], "no receipt of nothing");

    sqlx::query("UPDATE users SET is_active = false WHERE id = $1")
        .bind(world.bob.user_id)
        .execute(&world.superuser)
        .await
        .unwrap();
    world.order(&world.bob, Order { bundle_ids: vec![world.tokens], ..empty() }).await;
    assert!(world.mails().await.is_empty());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_failed_payment_is_told_and_an_event_about_nothing_harms_nobody(superuser: PgPool) {
    let world = World::new(superuser).await;
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    world.mails().await;
    let publish = async |payload: serde_json::Value| {
        let event = Event {
            organisation_id: None,
            kind: "payment.failed",
            subject: ordered.invoice_id.into(),
            payload,
        };
        outbox::publish(&world.superuser, event, platform::clock::Clock::now(&world.clock)).await.unwrap();
    };
    let account_id = world.ada.user_id;
    publish(json!({})).await;
    publish(json!({ "account_id": account_id, "invoice_id": "x" })).await;
    publish(json!({ "account_id": account_id, "invoice_id": Uuid::nil() })).await;
    publish(json!({ "account_id": world.bob.user_id, "invoice_id": ordered.invoice_id })).await;
    assert!(world.mails().await.is_empty());
    // Nor does a row that cannot be keep the mail of others.
    world.order(&world.bob, order_of(world.basic)).await;
    sqlx::query("UPDATE invoices SET currency = 'XXX' WHERE account_id = $1")
        .bind(world.bob.user_id)
        .execute(&world.superuser)
        .await
        .unwrap();
    publish(json!({ "account_id": account_id, "invoice_id": ordered.invoice_id })).await;
    assert_eq!(world.subjects().await, ["Your payment for invoice INV-2027-000001 failed"]);
    world.clock.advance(TimeDelta::hours(1));
    publish(json!({ "account_id": account_id, "invoice_id": ordered.invoice_id })).await;
    assert_eq!(world.subjects().await.len(), 1, "another attempt that failed is news");
}

/// A period that a provider could not collect has no invoice yet.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_period_that_was_not_collected_is_told(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    world.mails().await;
    let tell = async || {
        let payload = json!({ "account_id": world.ada.user_id, "subscription_id": id, "provider": "stripe" });
        let event = Event { organisation_id: None, kind: "payment.failed", subject: id.into(), payload };
        outbox::publish(&world.superuser, event, platform::clock::Clock::now(&world.clock)).await.unwrap();
        world.subjects().await
    };
    assert!(tell().await.is_empty(), "it was collected in the meantime");
    sqlx::query("UPDATE subscriptions SET is_past_due = true").execute(&world.superuser).await.unwrap();
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(tell().await, ["Your payment for Basic failed"]);
}

/// Who did not order has to be told: an invoice that the admin makes, and a subscription that they end.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_the_admin_makes_and_ends_is_told_to_its_owner(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let new = NewSubscription {
        account_id: world.ada.own_account().account_id(),
        plan_id: world.basic,
        started_at: None,
        is_trial: false,
        months: None,
    };
    let (made, invoice) = world.billing.create_subscription(admin, &new).await.unwrap();
    let told = world.mails().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].0.as_str(), &told[0].2[..]),
        ("ada@customer.example", &[format!("invoice-{}.pdf", invoice.number)][..])
    );

    let copy = world.billing.duplicate_invoice(admin, invoice.id).await.unwrap();
    assert_eq!(world.mails().await[0].2, [format!("invoice-{}.pdf", copy.number)]);

    world.later(1);
    world.billing.refund_subscription(admin, made.subscription.id, "sorry").await.unwrap();
    let kinds: Vec<String> = sqlx::query_scalar("SELECT kind FROM events ORDER BY position DESC LIMIT 2")
        .fetch_all(&world.superuser)
        .await
        .unwrap();
    assert_eq!(kinds, ["subscription.cancelled", "subscription.refunded"]);
    assert_eq!(world.subjects().await, ["Your subscription to Basic was cancelled"]);
}

/// What is to be paid can be paid from the mail.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_mail_about_an_open_invoice_leads_to_it(superuser: PgPool) {
    let world = World::new(superuser).await;
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    let mails = world.messages().await;
    let page = format!("https://keyrack.example/account/invoices/{}", ordered.invoice_id);
    assert!(mails[0].text.contains(&page), "{}", mails[0].text);
    assert!(mails[0].html.as_ref().unwrap().contains(&format!("href=\"{page}\"")));
}
