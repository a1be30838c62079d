//! What Stripe collects follows what becomes of the subscription here.

use billing::checkout::Order;
use billing::providers::FollowSubscription;
use chrono::TimeDelta;
use domain::access::Actor;
use domain::ids::{InvoiceId, PlanId, SubscriptionId};
use platform::clock::Clock as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::stripe::{Till, customer, subscription};
use crate::stripe_money::shop_with_till;
use crate::stripe_told::renewed_in_the_portal;
use crate::v1::{admin, shop};

pub async fn plan(pool: &PgPool, slug: &str) -> PlanId {
    let id: Uuid =
        sqlx::query_scalar("SELECT id FROM plans WHERE slug = $1").bind(slug).fetch_one(pool).await.unwrap();
    id.into()
}

/// Orders a plan alone.
pub async fn ordered(till: &Till, pool: &PgPool, buyer: &Actor, slug: &str) -> InvoiceId {
    let order = Order {
        plan_id: Some(plan(pool, slug).await),
        bundle_ids: Vec::new(),
        addon_ids: Vec::new(),
        currency: "EUR".to_owned(),
        country: Some("DE".to_owned()),
        payment_method: None,
    };
    till.billing.checkout(buyer.own_account(), &order).await.unwrap().invoice_id
}

/// Buys a plan that Stripe collects from now on.
pub async fn bought(till: &Till, pool: &PgPool, buyer: &Actor, slug: &str) -> SubscriptionId {
    till.pay(&till.page(buyer, ordered(till, pool, buyer, slug).await).await);
    till.deliver_all().await;
    subscription(till, buyer).await.id
}

/// Notes what is to be told of plans that changed.
pub async fn follow_plans(till: &Till, pool: &PgPool) {
    let jobs: Vec<Value> =
        sqlx::query_scalar("DELETE FROM jobs WHERE queue = 'billing.follow_plan' RETURNING payload")
            .fetch_all(pool)
            .await
            .unwrap();
    for job in jobs {
        till.billing.follow_plan(&serde_json::from_value(job).unwrap()).await.unwrap();
    }
}

/// Does what waits to be told to Stripe of a customer, and hears what Stripe says to it.
pub async fn follow_all(till: &Till, pool: &PgPool, buyer: &Actor) {
    follow_plans(till, pool).await;
    let jobs: Vec<Value> = sqlx::query_scalar(
        "DELETE FROM jobs WHERE queue = 'billing.follow_subscription' AND payload ->> 'account_id' = ($1::uuid)::text
         RETURNING payload",
    )
    .bind(buyer.user_id)
    .fetch_all(pool)
    .await
    .unwrap();
    for job in jobs {
        till.billing.follow(&serde_json::from_value(job).unwrap()).await.unwrap();
    }
    till.deliver_all().await;
}

/// What Stripe took from a customer so far, oldest first.
pub async fn taken(pool: &PgPool, buyer: &Actor) -> Vec<i64> {
    sqlx::query_scalar(
        "SELECT amount_minor FROM payments WHERE account_id = $1 AND captured_at IS NOT NULL ORDER BY captured_at",
    )
    .bind(buyer.user_id)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_deleted_customer_is_charged_no_more(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    bought(&till, &pool, &buyer, "basic").await;
    let one = format!("/api/v1/admin/users/{}", buyer.user_id);
    admin(&site).await.expect(200, "DELETE", &one, Some(json!({ "force": true }))).await;
    follow_all(&till, &pool, &buyer).await;
    till.sandbox.advance_to_next_renewal();
    till.deliver_all().await;
    assert_eq!(taken(&pool, &buyer).await.len(), 1, "what was paid before");
    assert_eq!(till.end_state(&pool, &buyer).await["subscriptions"][0][0], "cancelled");
}

/// The whole of a year that was paid for comes before a month of a lesser plan, and a plan that is kept after all costs
/// what it did.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_lesser_plan_by_the_month_waits_for_the_end_of_the_year(pool: PgPool) {
    let site = shop(&pool).await;
    sqlx::query("UPDATE plans SET billing_period = 'yearly' WHERE slug = 'pro'")
        .execute(&pool)
        .await
        .unwrap();
    for is_kept in [false, true] {
        let till = Till::new(&site).await;
        let (buyer, basic) = (customer(&site).await, plan(&pool, "basic").await);
        let own = buyer.own_account();
        let id = bought(&till, &pool, &buyer, "pro").await;
        let before = subscription(&till, &buyer).await;
        till.clock.advance(TimeDelta::days(65));
        till.billing.downgrade(own, id, basic).await.unwrap();
        follow_all(&till, &pool, &buyer).await;
        let year = taken(&pool, &buyer).await[0];
        assert_eq!(taken(&pool, &buyer).await, [year], "nothing is charged before the year is over");
        let waiting = subscription(&till, &buyer).await;
        assert_eq!((waiting.plan.id, waiting.state), (before.plan.id, before.state));
        if is_kept {
            till.billing.keep_plan(own, id).await.unwrap();
            follow_all(&till, &pool, &buyer).await;
        }
        till.sandbox.advance_to_next_renewal().unwrap();
        follow_all(&till, &pool, &buyer).await;
        let after = subscription(&till, &buyer).await;
        let days = (after.state.expires_at().unwrap() - before.state.expires_at().unwrap()).num_days();
        let taken = taken(&pool, &buyer).await;
        if is_kept {
            assert_eq!((after.plan.id, taken, days / 365), (before.plan.id, vec![year, year], 1));
        } else {
            assert_eq!((after.plan.id, taken[1] < year, days / 28), (basic, true, 1), "{taken:?}");
        }
    }
}

/// What is paid once is not collected again: the subscription at Stripe ends with the period that was paid for.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_that_is_paid_once_ends_what_stripe_collects(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let own = buyer.own_account();
    let id = bought(&till, &pool, &buyer, "basic").await;
    sqlx::query("UPDATE plans SET billing_period = 'one_time', price_minor = 50000 WHERE slug = 'pro'")
        .execute(&pool)
        .await
        .unwrap();
    let changed = till.billing.upgrade(own, id, plan(&pool, "pro").await).await.unwrap();
    till.pay(&till.page(&buyer, changed.invoice_id).await);
    till.deliver_all().await;
    follow_all(&till, &pool, &buyer).await;
    let paid = taken(&pool, &buyer).await;
    assert_eq!(paid.len(), 2, "Basic, and the difference");
    // Nor does it go on because the customer says so on Stripe's page: there is nothing to go on with.
    renewed_in_the_portal(&till, &pool, id).await;
    till.deliver_all().await;
    follow_all(&till, &pool, &buyer).await;
    till.sandbox.advance_to_next_renewal();
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(taken(&pool, &buyer).await, paid, "and nothing again");
    let after = subscription(&till, &buyer).await;
    assert_eq!((after.plan.name.as_str(), after.state.status().as_str()), ("Pro", "active"));
    assert!(after.state.days_remaining(till.clock.now()) > 30_000, "{after:?}");
}

/// What came to be paid once before its first invoice was paid by card is not collected again: whether the customer took a plan
/// that is paid once, or theirs became one.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_paid_once_by_the_time_stripe_begins_is_charged_once(pool: PgPool) {
    let site = shop(&pool).await;
    let period = "UPDATE plans SET billing_period = $2 WHERE slug = $1";
    let bills = async |slug: &str, every: &str| {
        sqlx::query(period).bind(slug).bind(every).execute(&pool).await.unwrap();
    };
    bills("pro", "one_time").await;
    for is_upgrade in [true, false] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let new = json!({ "user_id": buyer.user_id, "plan_id": plan(&pool, "basic").await });
        let made = admin(&site).await.expect(201, "POST", "/api/v1/admin/subscriptions", Some(new)).await;
        let first: InvoiceId = made["invoice"]["id"].as_str().unwrap().parse().unwrap();
        let page = till.page(&buyer, first).await;
        if is_upgrade {
            let (id, pro) = (subscription(&till, &buyer).await.id, plan(&pool, "pro").await);
            let upgrade = till.billing.upgrade(buyer.own_account(), id, pro).await.unwrap().invoice_id;
            till.pay(&till.page(&buyer, upgrade).await);
            till.deliver_all().await;
        } else {
            bills("basic", "one_time").await;
        }
        till.pay(&page);
        till.deliver_all().await;
        follow_all(&till, &pool, &buyer).await;
        let paid = taken(&pool, &buyer).await;
        assert_eq!(paid.len(), if is_upgrade { 2 } else { 1 });
        till.sandbox.advance_to_next_renewal();
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(taken(&pool, &buyer).await, paid, "upgrade: {is_upgrade}");
        let after = subscription(&till, &buyer).await;
        assert_eq!(
            (after.plan.name.as_str(), after.state.status().as_str()),
            (if is_upgrade { "Pro" } else { "Basic" }, "active")
        );
    }
}

/// What the next period costs is what the plan costs by then; where that is what Stripe knows, it is left alone.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn another_price_of_a_plan_is_what_stripe_collects_next(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let (buyer, admin) = (customer(&site).await, admin(&site).await);
    let id = bought(&till, &pool, &buyer, "basic").await;
    let first = taken(&pool, &buyer).await[0];
    follow_all(&till, &pool, &buyer).await;
    let messages = till.messages().len();
    let job = FollowSubscription { account_id: buyer.own_account().account_id(), subscription_id: id };
    till.billing.follow(&job).await.unwrap();
    assert_eq!(till.messages().len(), messages, "nothing changed at Stripe");

    let path = format!("/api/v1/admin/tarif-plans/{}", plan(&pool, "basic").await);
    let change = async |change: Value| {
        admin.expect(200, "PUT", &path, Some(change)).await;
        follow_plans(&till, &pool).await;
        let jobs = "SELECT count(*) FROM jobs WHERE queue = 'billing.follow_subscription'";
        sqlx::query_scalar::<_, i64>(jobs).fetch_one(&pool).await.unwrap()
    };
    assert_eq!(change(json!({ "description": "Another text" })).await, 0, "nothing that is charged");
    assert_eq!(change(json!({ "price": "20.00" })).await, 1);
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(taken(&pool, &buyer).await, [first], "the period that was paid for is kept");
    till.sandbox.advance_to_next_renewal().unwrap();
    till.deliver_all().await;
    assert_eq!(taken(&pool, &buyer).await, [first, 2380], "20.00 and 19 percent");
}
