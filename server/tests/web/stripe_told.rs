//! What changes here reaches Stripe however long that takes, and undoes nothing that the customer did there.

use billing::checkout::Order;
use billing::payments::Payment;
use billing::providers::FollowSubscription;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Actor;
use domain::ids::{AddonId, InvoiceId, SubscriptionId};
use platform::clock::Clock as _;
use plugin_api::payment::{PaymentProvider, Subject};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::stripe::{Till, customer, subscription};
use crate::stripe_follows::{bought, follow_all, follow_plans, plan, taken};
use crate::stripe_money::shop_with_till;
use crate::support::Site;
use crate::v1::{admin, shop};

/// What waits to be told to Stripe, and what was given up.
async fn jobs(pool: &PgPool) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE status = 'waiting'), count(*) FILTER (WHERE status = 'dead') FROM jobs
         WHERE queue = 'billing.follow_subscription'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Stripe's id of a subscription.
async fn reference(pool: &PgPool, id: SubscriptionId) -> String {
    sqlx::query_scalar("SELECT provider_subscription_id FROM subscriptions WHERE id = $1")
        .bind(Uuid::from(id))
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn open_renewals(pool: &PgPool, buyer: &Actor) -> i64 {
    let open =
        "SELECT count(*) FROM invoices WHERE account_id = $1 AND reason = 'renewal' AND status = 'pending'";
    sqlx::query_scalar(open).bind(buyer.user_id).fetch_one(pool).await.unwrap()
}

async fn end(till: &Till, buyer: &Actor) -> DateTime<Utc> {
    subscription(till, buyer).await.state.expires_at().unwrap()
}

async fn status(till: &Till, buyer: &Actor) -> &'static str {
    subscription(till, buyer).await.state.status().as_str()
}

/// The customer cancels on Stripe's page; nobody here has heard of it yet.
async fn cancelled_in_the_portal(till: &Till, pool: &PgPool, id: SubscriptionId) {
    let path = format!("/v1/subscriptions/{}", reference(pool, id).await);
    let (answer, body) = till.at_stripe(&path, "cancel_at_period_end=true").await;
    assert_eq!(answer, 200, "{body}");
}

/// The customer changes their mind there.
pub async fn renewed_in_the_portal(till: &Till, pool: &PgPool, id: SubscriptionId) {
    let path = format!("/v1/subscriptions/{}", reference(pool, id).await);
    let (answer, body) = till.at_stripe(&path, "cancel_at_period_end=false").await;
    assert_eq!(answer, 200, "{body}");
}

/// Lets Stripe's next payment come. Gives by how many seconds it misses the end of what was paid here.
fn next_payment(till: &Till, end: DateTime<Utc>) -> i64 {
    (till.sandbox.advance_to_next_renewal().unwrap() - end.timestamp()).abs()
}

/// Lets the admin begin a subscription, and gives its first invoice, which is open.
async fn begun_by_the_admin(site: &Site, pool: &PgPool, buyer: &Actor) -> InvoiceId {
    let new = json!({ "user_id": buyer.user_id, "plan_id": plan(pool, "basic").await });
    let made = admin(site).await.expect(201, "POST", "/api/v1/admin/subscriptions", Some(new)).await;
    made["invoice"]["id"].as_str().unwrap().parse().unwrap()
}

/// What the admin began and its customer paid by card is paid again when it ends here: not before, and not never.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_the_admin_began_is_paid_again_when_it_ends(pool: PgPool) {
    let site = shop(&pool).await;
    for months in [1, 12] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let new = json!({ "user_id": buyer.user_id, "plan_id": plan(&pool, "basic").await, "billing_period_months": months });
        let made = admin(&site).await.expect(201, "POST", "/api/v1/admin/subscriptions", Some(new)).await;
        let invoice: InvoiceId = made["invoice"]["id"].as_str().unwrap().parse().unwrap();
        // The next period is asked for before the first one is paid: from then on Stripe asks.
        till.clock.advance(TimeDelta::days(if months == 1 { 25 } else { 20 }));
        till.billing.tick().await.unwrap();
        assert_eq!(open_renewals(&pool, &buyer).await, i64::from(months == 1));
        let before = end(&till, &buyer).await;
        till.pay(&till.page(&buyer, invoice).await);
        till.deliver_all().await;
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(end(&till, &buyer).await, before);
        assert_eq!(open_renewals(&pool, &buyer).await, 0, "{months} months");
        assert!(next_payment(&till, before) < 60, "{months} months");
        till.deliver_all().await;
        assert_eq!(taken(&pool, &buyer).await.len(), 2);
        assert!(end(&till, &buyer).await > before + TimeDelta::days(27), "{months} months");
    }
}

/// Who pays for what the admin began after it was interrupted has paid for it: it goes on when it is resumed, and is paid again
/// when it ends.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_the_admin_began_is_paid_for_while_it_is_paused(pool: PgPool) {
    let site = shop(&pool).await;
    for is_by_hand in [true, false] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let invoice = begun_by_the_admin(&site, &pool, &buyer).await;
        let before = subscription(&till, &buyer).await;
        till.billing.pause(buyer.own_account(), before.id).await.unwrap();
        if is_by_hand {
            let payment = Payment { reference: "cash".to_owned(), method: None, paid: None };
            till.billing.capture(invoice, &payment).await.unwrap();
        } else {
            till.pay(&till.page(&buyer, invoice).await);
            till.deliver_all().await;
            follow_all(&till, &pool, &buyer).await;
        }
        let paid = subscription(&till, &buyer).await;
        let kept = (paid.state.status().as_str(), paid.state.expires_at(), paid.is_collected);
        assert_eq!(kept, ("paused", before.state.expires_at(), !is_by_hand));
        let status = till.billing.invoice(buyer.own_account(), invoice).await.unwrap().status;
        assert_eq!(status.as_str(), "paid", "by hand: {is_by_hand}");
        till.clock.advance(TimeDelta::days(10));
        till.billing.resume(buyer.own_account(), before.id).await.unwrap();
        let ends = end(&till, &buyer).await;
        assert_eq!(Some(ends - TimeDelta::days(10)), before.state.expires_at());
        if !is_by_hand {
            follow_all(&till, &pool, &buyer).await;
            assert!(next_payment(&till, ends) < 60);
            till.deliver_all().await;
            assert_eq!(taken(&pool, &buyer).await.len(), 2);
        }
    }
}

/// Who cancelled what the admin began and pays for it afterwards by card has paid for what ran: it ends when it would have, and
/// Stripe collects nothing more.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_the_admin_began_and_was_cancelled_is_charged_once(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice = begun_by_the_admin(&site, &pool, &buyer).await;
    let id = subscription(&till, &buyer).await.id;
    let before = till.billing.cancel(buyer.own_account(), id).await.unwrap();
    till.clock.advance(TimeDelta::days(3));
    till.pay(&till.page(&buyer, invoice).await);
    till.deliver_all().await;
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(subscription(&till, &buyer).await.state, before.state);
    till.sandbox.advance_to_next_renewal();
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(taken(&pool, &buyer).await.len(), 1);
}

/// The message of a payment may come when what was paid for is over.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_cancelled_stays_so_however_late_its_payment_is_heard_of(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice = begun_by_the_admin(&site, &pool, &buyer).await;
    let id = subscription(&till, &buyer).await.id;
    let before = till.billing.cancel(buyer.own_account(), id).await.unwrap();
    let end = before.state.expires_at().unwrap();
    till.clock.advance(end - till.clock.now() - TimeDelta::minutes(10));
    till.pay(&till.page(&buyer, invoice).await);
    till.clock.advance(TimeDelta::hours(1));
    till.deliver_all().await;
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(subscription(&till, &buyer).await.state, before.state);
    till.sandbox.advance_to_next_renewal();
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(taken(&pool, &buyer).await.len(), 1);
}

/// What could not be told is told later, and what Stripe says about renewals is heard meanwhile, unless that is what changed.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_given_up_is_told_again_until_stripe_knows(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let own = buyer.own_account();
    let id = bought(&till, &pool, &buyer, "basic").await;
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(till.billing.follow_again().await.unwrap(), 0, "Stripe knows all");
    let first = taken(&pool, &buyer).await[0];

    // A key that Stripe does not take says nothing about what was asked.
    let rolled = till.with_key("sk_live_rolled");
    let job = FollowSubscription { account_id: own.account_id(), subscription_id: id };
    let give_up = async || {
        let error = rolled.follow(&job).await.unwrap_err();
        assert!(matches!(&error, billing::Error::Provider(problem) if problem.is_passing()), "{error:?}");
        sqlx::query("UPDATE jobs SET status = 'dead', finished_at = now() WHERE queue = 'billing.follow_subscription'")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(till.billing.follow_again().await.unwrap(), 1);
        assert_eq!(jobs(&pool).await, (1, 0), "in place of the one that was given up");
    };
    let path = format!("/api/v1/admin/tarif-plans/{}", plan(&pool, "basic").await);
    admin(&site).await.expect(200, "PUT", &path, Some(json!({ "price": "20.00" }))).await;
    follow_plans(&till, &pool).await;
    give_up().await;
    cancelled_in_the_portal(&till, &pool, id).await;
    till.deliver_all().await;
    assert_eq!(status(&till, &buyer).await, "cancelled", "another price says nothing of that");
    till.billing.resume(own, id).await.unwrap();
    give_up().await;
    till.deliver_all().await;
    assert_eq!(status(&till, &buyer).await, "active", "what Stripe says is old");
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(till.billing.follow_again().await.unwrap(), 0);
    till.sandbox.advance_to_next_renewal().unwrap();
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(taken(&pool, &buyer).await, [first, 2380], "20.00 and 19 percent");

    till.billing.cancel(own, id).await.unwrap();
    give_up().await;
    follow_all(&till, &pool, &buyer).await;
    till.sandbox.advance_to_next_renewal();
    till.deliver_all().await;
    assert_eq!(taken(&pool, &buyer).await.len(), 2, "nobody is charged who cancelled");
}

/// A credit of two years and a half: Stripe takes no payment that far ahead, so it is moved on before it comes.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_end_that_is_years_away_is_told_in_parts(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    sqlx::query(
        "UPDATE plans SET price_minor = CASE slug WHEN 'pro' THEN 29900 ELSE 999 END,
                          billing_period = CASE slug WHEN 'pro' THEN 'yearly' ELSE 'monthly' END
         WHERE slug IN ('pro', 'basic')",
    )
    .execute(&pool)
    .await
    .unwrap();
    let buyer = customer(&site).await;
    let id = bought(&till, &pool, &buyer, "pro").await;
    follow_all(&till, &pool, &buyer).await;
    let year = taken(&pool, &buyer).await[0];
    till.billing.upgrade(buyer.own_account(), id, plan(&pool, "basic").await).await.unwrap();
    let ends = end(&till, &buyer).await;
    assert!(ends > till.clock.now() + TimeDelta::days(800), "{ends}");
    follow_all(&till, &pool, &buyer).await;
    for day in [0, 400, 269] {
        till.clock.advance(TimeDelta::days(day));
        assert_eq!(till.billing.follow_again().await.unwrap(), 0, "{day} days later");
    }
    till.clock.advance(TimeDelta::days(2));
    assert_eq!(till.billing.follow_again().await.unwrap(), 1);
    follow_all(&till, &pool, &buyer).await;
    assert_eq!(till.billing.follow_again().await.unwrap(), 0, "now Stripe knows the end");
    assert!(next_payment(&till, ends) < 60);
    till.deliver_all().await;
    assert_eq!(taken(&pool, &buyer).await, [year, 1189], "9.99 and 19 percent, at the end of what was paid");
}

/// Only what changed here overrules what the customer did on Stripe's page.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_cancellation_in_the_portal_outlasts_what_is_told_before_it_is_heard(pool: PgPool) {
    let site = shop(&pool).await;
    let path = format!("/api/v1/admin/tarif-plans/{}", plan(&pool, "basic").await);
    for change in ["price", "renewal", "downgrade"] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let bought_plan = if change == "downgrade" { "pro" } else { "basic" };
        let id = bought(&till, &pool, &buyer, bought_plan).await;
        follow_all(&till, &pool, &buyer).await;
        match change {
            "price" => {
                let price = json!({ "price": "20.00" });
                admin(&site).await.expect(200, "PUT", &path, Some(price)).await;
            }
            "renewal" => drop(till.sandbox.advance_to_next_renewal().unwrap()),
            _ => {
                let basic = plan(&pool, "basic").await;
                till.billing.downgrade(buyer.own_account(), id, basic).await.unwrap();
            }
        }
        cancelled_in_the_portal(&till, &pool, id).await;
        if change == "renewal" {
            till.deliver_all().await;
            assert_eq!(status(&till, &buyer).await, "cancelled", "although its renewal is read at once");
        }
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(status(&till, &buyer).await, "cancelled", "{change}");
        let paid = taken(&pool, &buyer).await;
        till.sandbox.advance_to_next_renewal();
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(taken(&pool, &buyer).await, paid, "{change}");
    }
}

/// What the next period costs, and whether it is interrupted, is told again when the customer goes on: nobody told Stripe while it was
/// to end.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_goes_on_in_the_portal_costs_what_it_costs_by_then(pool: PgPool) {
    let site = shop(&pool).await;
    let path = format!("/api/v1/admin/tarif-plans/{}", plan(&pool, "basic").await);
    for change in ["price", "pause"] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let id = bought(&till, &pool, &buyer, "basic").await;
        if change == "pause" {
            till.billing.pause(buyer.own_account(), id).await.unwrap();
        }
        follow_all(&till, &pool, &buyer).await;
        cancelled_in_the_portal(&till, &pool, id).await;
        till.deliver_all().await;
        assert_eq!(status(&till, &buyer).await, "cancelled");
        if change == "price" {
            admin(&site).await.expect(200, "PUT", &path, Some(json!({ "price": "20.00" }))).await;
            follow_all(&till, &pool, &buyer).await;
        }
        renewed_in_the_portal(&till, &pool, id).await;
        till.deliver_all().await;
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(status(&till, &buyer).await, "active");
        let first = taken(&pool, &buyer).await[0];
        till.sandbox.advance_to_next_renewal().unwrap();
        till.deliver_all().await;
        assert_eq!(taken(&pool, &buyer).await, [first, 2380], "20.00 and 19 percent: {change}");
    }
}

/// What is over at Stripe takes its add-ons along, whatever was heard before: they are not renewed, and last to their end.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn add_ons_end_with_what_they_go_with_in_each_order(pool: PgPool) {
    let site = shop(&pool).await;
    for (history, expected) in [
        ("heard", "cancelled"),
        ("unheard", "cancelled"),
        ("cancelled here", "cancelled"),
        ("goes on here", "active"),
    ] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let own = buyer.own_account();
        let addon: Uuid = sqlx::query_scalar(
            "SELECT id FROM addons WHERE is_active AND id NOT IN (SELECT addon_id FROM addons_for_plans) LIMIT 1",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        let order = Order {
            plan_id: Some(plan(&pool, "basic").await),
            bundle_ids: Vec::new(),
            addon_ids: vec![AddonId(addon)],
            currency: "EUR".to_owned(),
            country: Some("DE".to_owned()),
            payment_method: None,
        };
        let ordered = till.billing.checkout(own, &order).await.unwrap();
        let id = ordered.subscription_id.unwrap();
        till.pay(&till.page(&buyer, ordered.invoice_id).await);
        till.deliver_all().await;
        follow_all(&till, &pool, &buyer).await;
        let before = till.billing.addon_subscriptions(own).await.unwrap().remove(0);
        assert_eq!(before.status, "active");
        match history {
            "heard" => {
                cancelled_in_the_portal(&till, &pool, id).await;
                till.deliver_all().await;
            }
            "unheard" => cancelled_in_the_portal(&till, &pool, id).await,
            _ => {
                till.billing.cancel(own, id).await.unwrap();
                follow_all(&till, &pool, &buyer).await;
            }
        }
        till.sandbox.advance_to_next_renewal();
        if history == "goes on here" {
            till.billing.resume(own, id).await.unwrap();
        }
        till.deliver_all().await;
        let after = till.billing.addon_subscriptions(own).await.unwrap().remove(0);
        assert_eq!((after.status.as_str(), after.expires_at), (expected, before.expires_at), "{history}");
    }
}

/// What is over at Stripe is not collected any more, even where what Stripe knows of it cannot be made so, or Stripe knows nothing
/// of it: one dead job says so, not one each hour, and it is renewed here.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_over_at_stripe_and_cannot_be_read_is_renewed_here(pool: PgPool) {
    let site = shop(&pool).await;
    for is_known in [true, false] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let id = bought(&till, &pool, &buyer, "basic").await;
        follow_all(&till, &pool, &buyer).await;
        if is_known {
            cancelled_in_the_portal(&till, &pool, id).await;
            till.sandbox.advance_to_next_renewal();
            sqlx::query("UPDATE invoices SET payment_reference = 'cash' WHERE account_id = $1")
                .bind(buyer.user_id)
                .execute(&pool)
                .await
                .unwrap();
        } else {
            sqlx::query(
                "UPDATE subscriptions SET provider_subscription_id = 'sub_of_another_account' WHERE id = $1",
            )
            .bind(Uuid::from(id))
            .execute(&pool)
            .await
            .unwrap();
        }
        till.billing.pause(buyer.own_account(), id).await.unwrap();
        till.billing.resume(buyer.own_account(), id).await.unwrap();
        let job = FollowSubscription { account_id: buyer.own_account().account_id(), subscription_id: id };
        let told = till.billing.follow(&job).await;
        if is_known {
            assert!(matches!(told, Err(billing::Error::PaidTwice(_))), "{told:?}");
        } else {
            told.unwrap();
        }
        let kept = subscription(&till, &buyer).await;
        assert_eq!((kept.state.status().as_str(), kept.is_collected), ("active", false));
        till.billing.follow(&job).await.unwrap();
        till.clock.advance(TimeDelta::days(2));
        assert_eq!(till.billing.follow_again().await.unwrap(), 0);
        till.clock.advance(TimeDelta::days(23));
        till.billing.tick().await.unwrap();
        assert_eq!(open_renewals(&pool, &buyer).await, 1, "known: {is_known}");
    }
}

/// What Stripe did not know while we had the key of another account runs on there: it is collected again once Stripe is heard of
/// it, and is told what was changed here meanwhile.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_stripe_knows_again_is_told_what_it_missed(pool: PgPool) {
    let site = shop(&pool).await;
    for is_cancelled in [true, false] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let own = buyer.own_account();
        let id = bought(&till, &pool, &buyer, "basic").await;
        follow_all(&till, &pool, &buyer).await;
        let known = reference(&pool, id).await;
        let refer_to = async |reference: &str| {
            sqlx::query("UPDATE subscriptions SET provider_subscription_id = $2 WHERE id = $1")
                .bind(Uuid::from(id))
                .bind(reference)
                .execute(&pool)
                .await
                .unwrap();
        };
        refer_to("sub_of_another_account").await;
        let job = FollowSubscription { account_id: own.account_id(), subscription_id: id };
        till.billing.follow(&job).await.unwrap();
        assert!(!subscription(&till, &buyer).await.is_collected);
        refer_to(&known).await;
        if is_cancelled {
            till.billing.cancel(own, id).await.unwrap();
        } else {
            till.clock.advance(TimeDelta::days(25));
            till.billing.tick().await.unwrap();
            assert_eq!(open_renewals(&pool, &buyer).await, 1);
        }
        sqlx::query("UPDATE provider_events SET status = 'received'").execute(&pool).await.unwrap();
        till.deliver_all().await;
        assert!(subscription(&till, &buyer).await.is_collected);
        assert_eq!(open_renewals(&pool, &buyer).await, 0, "Stripe asks");
        follow_all(&till, &pool, &buyer).await;
        till.sandbox.advance_to_next_renewal();
        follow_all(&till, &pool, &buyer).await;
        let expected = if is_cancelled { ("cancelled", 1) } else { ("active", 2) };
        assert_eq!((status(&till, &buyer).await, taken(&pool, &buyer).await.len()), expected);
    }
}

/// Whoever cancels while a plan's new price is told for each of its subscriptions does not wait for all of them: the next payment
/// might come first.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_cancellation_is_told_before_the_prices_that_wait(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let mut bought_by = Vec::new();
    for _ in 0..3 {
        let buyer = customer(&site).await;
        let id = bought(&till, &pool, &buyer, "basic").await;
        follow_all(&till, &pool, &buyer).await;
        bought_by.push((buyer, id));
    }
    let path = format!("/api/v1/admin/tarif-plans/{}", plan(&pool, "basic").await);
    while let Some((buyer, id)) = bought_by.pop() {
        let others = i64::try_from(bought_by.len()).unwrap();
        let price = json!({ "price": format!("20.0{others}") });
        admin(&site).await.expect(200, "PUT", &path, Some(price)).await;
        follow_plans(&till, &pool).await;
        till.clock.advance(TimeDelta::minutes(1));
        till.billing.cancel(buyer.own_account(), id).await.unwrap();
        let first: String = sqlx::query_scalar(
            "SELECT payload ->> 'subscription_id' FROM jobs WHERE queue = 'billing.follow_subscription' AND status = 'waiting'
             ORDER BY run_at, id LIMIT 1",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(first, id.to_string());
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(jobs(&pool).await.0, others, "the prices of the others wait");
    }
}

/// What is over at Stripe and goes on here is renewed here, by an invoice.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_over_at_stripe_is_renewed_here(pool: PgPool) {
    let site = shop(&pool).await;
    for is_heard in [true, false] {
        let (till, buyer) = (Till::new(&site).await, customer(&site).await);
        let own = buyer.own_account();
        let id = bought(&till, &pool, &buyer, "basic").await;
        till.billing.cancel(own, id).await.unwrap();
        follow_all(&till, &pool, &buyer).await;
        till.sandbox.advance_to_next_renewal();
        let over =
            till.stripe.read(&Subject::Subscription(reference(&pool, id).await)).await.unwrap().unwrap();
        assert_eq!(over.subscription.unwrap().standing, plugin_api::payment::SubscriptionStanding::Ended);
        if is_heard {
            till.deliver_all().await;
        }
        till.billing.resume(own, id).await.unwrap();
        follow_all(&till, &pool, &buyer).await;
        let kept = subscription(&till, &buyer).await;
        assert_eq!((kept.state.status().as_str(), kept.is_collected), ("active", false), "heard: {is_heard}");

        till.clock.advance(TimeDelta::days(25));
        till.billing.tick().await.unwrap();
        assert_eq!(open_renewals(&pool, &buyer).await, 1, "heard: {is_heard}");
        follow_all(&till, &pool, &buyer).await;
        assert_eq!(status(&till, &buyer).await, "active", "heard: {is_heard}");
        // Nobody tries a card again: what is not paid at its end is over then.
        till.clock.advance(TimeDelta::days(6));
        till.billing.tick().await.unwrap();
        assert_eq!(status(&till, &buyer).await, "expired", "heard: {is_heard}");
    }
}

/// What Stripe collected while an invoice over the same period is open is that period; and what ended in its dashboard, without
/// anybody here hearing of it, is given up when it is found, not when somebody reads it later.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_found_late_is_as_if_it_had_been_heard(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let id = bought(&till, &pool, &buyer, "basic").await;
    follow_all(&till, &pool, &buyer).await;
    till.sandbox.advance_to_next_renewal().unwrap();
    let periods =
        till.stripe.read(&Subject::Subscription(reference(&pool, id).await)).await.unwrap().unwrap();
    assert_eq!(periods.subscription.unwrap().periods.len(), 2);
    sqlx::query(
        "INSERT INTO invoices (account_id, id, number, reason, plan_id, subscription_id, status, currency, subtotal_minor, tax_minor,
                               invoiced_at, created_at, updated_at)
         SELECT account_id, gen_random_uuid(), 'R-1', 'renewal', plan_id, id, 'pending', currency, 0, 0, now(), now(), now()
         FROM subscriptions WHERE id = $1",
    )
    .bind(id)
    .execute(&pool)
    .await
    .unwrap();
    let before = end(&till, &buyer).await;
    till.deliver_all().await;
    assert_eq!(taken(&pool, &buyer).await.len(), 2);
    assert!(end(&till, &buyer).await > before + TimeDelta::days(27));
    let asked = "SELECT status FROM invoices WHERE number = 'R-1'";
    let asked: String = sqlx::query_scalar(asked).fetch_one(&pool).await.unwrap();
    assert_eq!(asked, "cancelled");

    cancelled_in_the_portal(&till, &pool, id).await;
    till.sandbox.advance_to_next_renewal();
    till.billing
        .follow(&FollowSubscription { account_id: buyer.own_account().account_id(), subscription_id: id })
        .await
        .unwrap();
    assert_eq!(status(&till, &buyer).await, "cancelled");
}
