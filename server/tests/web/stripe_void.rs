//! Nobody pays what nobody owes any more: pages of invoices that are void, or paid otherwise, are closed, and money that was
//! faster goes back or is somebody's to look at.

use billing::providers::{Checkout, ClosePage, FollowSubscription, Received, ReturnPayment};
use domain::ids::InvoiceId;
use plugin_api::payment::{PaymentProvider, Subject, SubscriptionStanding};
use serde_json::{Value, json};
use sqlx::PgPool;
use stripe_sandbox::Payment;

use crate::stripe::{Till, customer, order};
use crate::stripe_money::shop_with_till;
use crate::support::Site;
use crate::v1::{admin, shop};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_page_of_a_void_invoice_is_closed(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    assert_eq!(till.billing.close_pages().await.unwrap(), 0, "somebody may still pay it");
    till.billing.abandon_order(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(till.billing.close_pages().await.unwrap(), 1);
    assert_eq!(till.billing.close_pages().await.unwrap(), 0);
    assert_ne!(till.sandbox.pay(&page.session_id, crate::stripe::CARD), Payment::Paid);
    till.deliver_all().await;
    let paid: i64 = sqlx::query_scalar("SELECT count(*) FROM payments WHERE captured_at IS NOT NULL")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(paid, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn money_for_a_void_invoice_goes_back_and_is_not_collected_again(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.billing.abandon_order(buyer.own_account(), invoice_id).await.unwrap();
    till.pay(&page);
    till.deliver_all().await;
    till.deliver_all().await;

    let jobs = async |queue: &'static str| -> Vec<Value> {
        sqlx::query_scalar("SELECT payload FROM jobs WHERE queue = $1")
            .bind(queue)
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    let returns = jobs("billing.return_payment").await;
    assert_eq!(returns.len(), 1, "however often it is told");
    let job: ReturnPayment = serde_json::from_value(returns[0].clone()).unwrap();
    till.billing.return_payment(&job).await.unwrap();
    till.billing.return_payment(&job).await.unwrap();
    let follows = jobs("billing.follow_subscription").await;
    let follow: FollowSubscription = serde_json::from_value(follows[0].clone()).unwrap();
    till.billing.follow(&follow).await.unwrap();
    till.deliver_all().await;

    let state = till.end_state(&pool, &buyer).await;
    let (amount, refunded) = (&state["payments"][0][0], &state["payments"][0][1]);
    assert!(amount.as_i64() > Some(0) && amount == refunded, "{state}");
    assert_eq!(state["invoices"][0][1], "cancelled");
    assert_eq!(
        (&state["subscriptions"][0][0], &state["bundles"][0]),
        (&"cancelled".into(), &"cancelled".into())
    );
    assert_eq!((&state["tokens"], &state["subscriptions"][0][3]), (&Value::Null, &false.into()), "{state}");
}

/// The admin says that the money came by another way.
async fn mark_paid(site: &Site, id: InvoiceId) {
    let path = format!("/api/v1/admin/invoices/{id}/mark-paid");
    admin(site).await.expect(200, "POST", &path, Some(json!({ "payment_reference": "by bank" }))).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_page_of_what_was_paid_otherwise_is_closed(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    mark_paid(&site, invoice_id).await;
    let jobs: Vec<Value> = sqlx::query_scalar("SELECT payload FROM jobs WHERE queue = 'billing.close_page'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1);
    let ClosePage { provider, session } = serde_json::from_value(jobs[0].clone()).unwrap();
    till.billing.close_page(&provider, &session).await.unwrap();
    till.billing.close_page(&provider, &session).await.unwrap();
    assert_ne!(till.sandbox.pay(&page.session_id, crate::stripe::CARD), Payment::Paid);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_paid_twice_is_kept_for_the_admin_and_not_collected_again(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    mark_paid(&site, invoice_id).await;
    till.pay(&page);
    let mut kept = 0;
    for message in till.messages() {
        kept += usize::from(matches!(till.deliver(&message).await, Received::Kept { .. }));
    }
    assert!(kept > 0);
    let said: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT left(last_error, 11) FROM provider_events WHERE status = 'failed'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(said, ["Paid twice:"], "somebody has to give the second payment back");

    till.sandbox.advance_to_next_renewal();
    let reading = till.stripe.read(&Subject::Session(page.session_id)).await.unwrap().unwrap();
    let collected = reading.subscription.unwrap();
    assert_eq!((collected.standing, collected.periods.len()), (SubscriptionStanding::Ended, 1));
}

/// A page is closed only when Stripe says so.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_page_is_not_taken_for_closed_where_the_key_is_not_taken(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.billing.abandon_order(buyer.own_account(), invoice_id).await.unwrap();
    assert!(till.with_key("sk_live_rolled").close_pages().await.is_err());
    assert_eq!(till.billing.close_pages().await.unwrap(), 1, "it is known still");
    assert_ne!(till.sandbox.pay(&page.session_id, crate::stripe::CARD), Payment::Paid);
}

/// A page that is made while its invoice becomes void is nobody's: its address is not given, and it is closed.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_page_that_is_made_too_late_is_closed(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let mut meanwhile = site.state.database.begin_worker().await.unwrap();
    sqlx::query("UPDATE invoices SET status = 'cancelled' WHERE id = $1")
        .bind(uuid::Uuid::from(invoice_id))
        .execute(&mut *meanwhile)
        .await
        .unwrap();
    let checkout = Checkout {
        email: None,
        success_url: "https://keyrack.example/account".to_owned(),
        cancel_url: "https://keyrack.example/account".to_owned(),
    };
    let paid = async {
        // The page is made once its row is waited for.
        let waits = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                                    WHERE NOT l.granted AND a.datname = current_database())";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&pool).await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        meanwhile.commit().await.unwrap();
    };
    let (page, ()) = futures::join!(
        till.billing.create_session(buyer.own_account(), "stripe", invoice_id, &checkout),
        paid
    );
    assert!(matches!(page, Err(billing::Error::InvoiceState(_))), "{page:?}");
    let jobs: Vec<Value> = sqlx::query_scalar("SELECT payload FROM jobs WHERE queue = 'billing.close_page'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1);
    let ClosePage { provider, session } = serde_json::from_value(jobs[0].clone()).unwrap();
    till.billing.close_page(&provider, &session).await.unwrap();
    assert_ne!(till.sandbox.pay(&session, crate::stripe::CARD), Payment::Paid);
}
