//! Money that comes too late for what it is over goes back, and takes nothing from what was bought meanwhile.

use std::time::Duration;

use billing::providers::ReturnPayment;
use chrono::TimeDelta;
use domain::access::Actor;
use domain::ids::SubscriptionId;
use platform::clock::Clock as _;
use serde_json::Value;
use sqlx::PgPool;

use crate::stripe::{Till, customer, subscription};
use crate::stripe_follows::{bought, follow_all, ordered, plan, taken};
use crate::stripe_money::shop_with_till;

/// Comes to so long after the end of what a customer paid for.
async fn pass_the_end(till: &Till, buyer: &Actor, by: TimeDelta) {
    let end = subscription(till, buyer).await.state.expires_at().unwrap();
    till.clock.advance(end + by - till.clock.now());
}

/// Has what waits to be given back given back. Gives how many payments.
async fn return_all(till: &Till, pool: &PgPool) -> usize {
    let jobs: Vec<Value> =
        sqlx::query_scalar("DELETE FROM jobs WHERE queue = 'billing.return_payment' RETURNING payload")
            .fetch_all(pool)
            .await
            .unwrap();
    for job in &jobs {
        let job: ReturnPayment = serde_json::from_value(job.clone()).unwrap();
        till.billing.return_payment(&job).await.unwrap();
    }
    jobs.len()
}

async fn status(till: &Till, buyer: &Actor, id: SubscriptionId) -> &'static str {
    till.billing.subscription(buyer.own_account(), id).await.unwrap().state.status().as_str()
}

/// Given up at its end, or over because it could not be collected: whoever buys another plan then keeps that one, whatever
/// Stripe collects for the one before.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_late_renewal_ends_nothing_that_was_bought_since(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    sqlx::query(
        "WITH c AS (INSERT INTO plan_categories (id, name, slug, created_at, updated_at)
                    VALUES (gen_random_uuid(), 'One', 'one', now(), now()) RETURNING id)
         INSERT INTO plans_in_categories (plan_id, category_id) SELECT p.id, c.id FROM plans p, c WHERE p.slug IN ('basic', 'pro')",
    )
    .execute(&pool)
    .await
    .unwrap();
    for is_given_up in [true, false] {
        let buyer = customer(&site).await;
        let own = buyer.own_account();
        let before = bought(&till, &pool, &buyer, "basic").await;
        if is_given_up {
            pass_the_end(&till, &buyer, TimeDelta::minutes(10)).await;
            till.billing.cancel(own, before).await.unwrap();
        } else {
            pass_the_end(&till, &buyer, TimeDelta::days(4)).await;
            till.billing.tick().await.unwrap();
            assert_eq!(status(&till, &buyer, before).await, "expired");
        }
        let page = till.page(&buyer, ordered(&till, &pool, &buyer, "pro").await).await;
        till.pay(&page);
        // That is known before the renewal that Stripe collected.
        till.billing.session_status(own, "stripe", &page.session_id).await.unwrap();
        let after = subscription(&till, &buyer).await;
        assert_eq!((after.plan.slug.as_str(), after.state.status().as_str()), ("pro", "active"));
        till.deliver_all().await;
        till.deliver_all().await;
        assert_eq!(status(&till, &buyer, after.id).await, "active");
        assert_eq!(status(&till, &buyer, before).await, "cancelled");
        assert_eq!(return_all(&till, &pool).await, 1, "the renewal");
        follow_all(&till, &pool, &buyer).await;
        till.deliver_all().await;
        assert_eq!(return_all(&till, &pool).await, 0);
        let state = till.end_state(&pool, &buyer).await;
        let payments = state["payments"].as_array().unwrap();
        let returned: Vec<_> = payments.iter().filter(|it| it[0] == it[1]).collect();
        assert_eq!((payments.len(), returned.len()), (3, 1), "{state}");

        // Nor does it come back because the customer says so on Stripe's page.
        let reference: String =
            sqlx::query_scalar("SELECT provider_subscription_id FROM subscriptions WHERE id = $1")
                .bind(before)
                .fetch_one(&pool)
                .await
                .unwrap();
        let path = format!("/v1/subscriptions/{reference}");
        let (done, answer) = till.at_stripe(&path, "cancel_at_period_end=false").await;
        assert!(done.is_success(), "{answer}");
        till.deliver_all().await;
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(status(&till, &buyer, before).await, "cancelled");

        // It is not collected again: the next period is Pro's.
        pass_the_end(&till, &buyer, TimeDelta::hours(2)).await;
        till.sandbox.advance(Duration::ZERO);
        till.deliver_all().await;
        assert_eq!((taken(&pool, &buyer).await.len(), return_all(&till, &pool).await), (4, 0));
        assert_eq!(status(&till, &buyer, after.id).await, "active");
    }
}

/// An upgrade that was asked for before the end of the period, and is paid after it.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_upgrade_that_is_paid_after_the_end_is_paid_back(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let own = buyer.own_account();
    let id = bought(&till, &pool, &buyer, "basic").await;
    pass_the_end(&till, &buyer, TimeDelta::hours(-1)).await;
    let upgrade = till.billing.upgrade(own, id, plan(&pool, "pro").await).await.unwrap().invoice_id;
    let page = till.page(&buyer, upgrade).await;
    till.clock.advance(TimeDelta::minutes(80));
    till.pay(&page);
    till.billing.session_status(own, "stripe", &page.session_id).await.unwrap();
    let invoice = till.billing.invoice(own, upgrade).await.unwrap();
    assert_eq!(invoice.status.as_str(), "cancelled");
    till.deliver_all().await;
    assert_eq!(return_all(&till, &pool).await, 1);
    till.deliver_all().await;
    assert_eq!(return_all(&till, &pool).await, 0, "once");
    let after = subscription(&till, &buyer).await;
    assert_eq!((after.plan.slug.as_str(), after.state.status().as_str()), ("basic", "active"), "renewed");
}
