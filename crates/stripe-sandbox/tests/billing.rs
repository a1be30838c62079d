//! Subscriptions through time: renewals, failing cards, trials, changes, ends.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod common;

use chrono::DateTime;
use common::{AUTHENTICATES, RENEWALS_FAIL, SUCCEEDS, World};
use serde_json::Value;
use stripe_sandbox::AfterRetries;

const DAY: i64 = 86_400;

fn at(text: &str) -> i64 {
    text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp()
}

fn day(time: &Value) -> String {
    DateTime::from_timestamp(time.as_i64().unwrap(), 0).unwrap().format("%F").to_string()
}

async fn invoices(world: &World, subscription: &Value) -> Vec<Value> {
    let path = format!("/v1/invoices?limit=100&subscription={}", subscription["id"].as_str().unwrap());
    let mut all = world.ok("GET", &path, &[]).await["data"].as_array().unwrap().clone();
    all.reverse();
    all
}

#[tokio::test]
async fn the_31st_comes_back_after_february() {
    let world = World::new().await;
    let (clock, session) = world.subscribed_at(at("2027-01-31T09:30:00Z"), SUCCEEDS, &[]).await;
    world.advance_clock(&clock, at("2028-02-01T00:00:00Z")).await;
    let subscription = world.subscription_of(&session).await;
    let all = invoices(&world, &subscription).await;
    let ends: Vec<String> = all.iter().map(|it| day(&it["lines"]["data"][0]["period"]["end"])).collect();
    assert_eq!(
        ends,
        [
            "2027-02-28",
            "2027-03-31",
            "2027-04-30",
            "2027-05-31",
            "2027-06-30",
            "2027-07-31",
            "2027-08-31",
            "2027-09-30",
            "2027-10-31",
            "2027-11-30",
            "2027-12-31",
            "2028-01-31",
            "2028-02-29",
        ]
    );
    assert!(all.iter().all(|it| it["status"] == "paid" && it["amount_paid"] == 2999));
    let numbers: std::collections::BTreeSet<&str> =
        all.iter().map(|it| it["number"].as_str().unwrap()).collect();
    assert_eq!(numbers.len(), 13);
}

#[tokio::test]
async fn a_purchase_sends_its_events_in_order() {
    let world = World::new().await;
    world.subscribed_at(at("2027-01-31T09:30:00Z"), SUCCEEDS, &[]).await;
    assert_eq!(
        world.kinds().await[4..],
        [
            "payment_method.attached",
            "customer.subscription.created",
            "invoice.created",
            "invoice.finalized",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]
    );
    let webhooks = world.webhooks().await;
    let paid = webhooks.iter().find(|it| it.kind() == "invoice.paid").unwrap().json();
    assert_eq!(paid["data"]["object"]["parent"]["subscription_details"]["metadata"]["plan"], "hotel-basic");
    assert_eq!(paid["data"]["object"]["billing_reason"], "subscription_create");
}

#[tokio::test]
async fn a_failing_card_is_tried_after_three_five_and_seven_days_then_the_subscription_ends() {
    let world = World::new().await;
    let start = at("2027-03-01T00:00:00Z");
    let (clock, session) = world.subscribed_at(start, RENEWALS_FAIL, &[]).await;
    world.clear().await;
    let due = at("2027-04-01T00:00:00Z");
    for (days, attempts, status) in
        [(0, 1, "past_due"), (3, 2, "past_due"), (8, 3, "past_due"), (14, 3, "past_due"), (15, 4, "canceled")]
    {
        world.advance_clock(&clock, due + days * DAY + 60).await;
        let subscription = world.subscription_of(&session).await;
        let last = invoices(&world, &subscription).await.pop().unwrap();
        assert_eq!(
            (last["attempt_count"].as_i64(), subscription["status"].as_str()),
            (Some(attempts), Some(status)),
            "day {days}"
        );
        assert_eq!(last["status"], "open");
    }
    let counts = world.counts().await;
    assert_eq!(
        (counts["invoice.payment_failed"], counts["charge.failed"], counts["customer.subscription.deleted"]),
        (4, 4, 1)
    );
    let subscription = world.subscription_of(&session).await;
    assert_eq!(subscription["cancellation_details"]["reason"], "payment_failed");
    world.advance_clock(&clock, due + 400 * DAY).await;
    assert_eq!(invoices(&world, &subscription).await.len(), 2);
}

#[tokio::test]
async fn retries_can_leave_a_subscription_unpaid_until_somebody_pays() {
    let world = World::with(|config| config.retries.after_payments = AfterRetries::Unpaid).await;
    let (clock, session) = world.subscribed_at(at("2027-03-01T00:00:00Z"), RENEWALS_FAIL, &[]).await;
    world.advance_clock(&clock, at("2027-04-20T00:00:00Z")).await;
    let subscription = world.subscription_of(&session).await;
    assert_eq!(subscription["status"], "unpaid");
    let invoice = subscription["latest_invoice"].as_str().unwrap();
    let (status, location, _) =
        world.submit(&format!("/invoice/{invoice}/pay"), &common::payer(SUCCEEDS)).await;
    assert_eq!((status, location), (303, format!("/invoice/{invoice}")));
    assert_eq!(world.subscription_of(&session).await["status"], "active");
}

#[tokio::test]
async fn a_card_that_always_asks_lets_renewals_wait_for_its_holder() {
    let world = World::new().await;
    let start = at("2027-03-01T00:00:00Z");
    let clock =
        world.ok("POST", "/v1/test_helpers/test_clocks", &[("frozen_time", &start.to_string())]).await;
    let clock = clock["id"].as_str().unwrap();
    let customer = world.ok("POST", "/v1/customers", &[("test_clock", clock)]).await;
    let mut form = common::subscription_form();
    form.push(("customer", customer["id"].as_str().unwrap()));
    let session = world.ok("POST", "/v1/checkout/sessions", &form).await;
    let (_, page, _) = world.pay(&session, AUTHENTICATES).await;
    assert!(world.page(&page).await.1.contains("3-D Secure"));
    assert_eq!(world.submit(&page, &[("result", "complete")]).await.1, "https://shop.example/done");
    let session =
        world.ok("GET", &format!("/v1/checkout/sessions/{}", session["id"].as_str().unwrap()), &[]).await;
    world.clear().await;

    world.advance_clock(clock, at("2027-04-01T00:00:01Z")).await;
    let subscription = world.subscription_of(&session).await;
    assert_eq!(subscription["status"], "past_due");
    assert_eq!(world.counts().await["invoice.payment_action_required"], 1);
    let invoice = subscription["latest_invoice"].as_str().unwrap();
    let (_, page, _) = world.submit(&format!("/invoice/{invoice}/pay"), &common::payer(AUTHENTICATES)).await;
    world.submit(&page, &[("result", "complete")]).await;
    assert_eq!(world.subscription_of(&session).await["status"], "active");
}

#[tokio::test]
async fn a_trial_is_announced_then_billed() {
    let world = World::new().await;
    let start = at("2027-03-01T00:00:00Z");
    let (clock, session) =
        world.subscribed_at(start, SUCCEEDS, &[("subscription_data[trial_period_days]", "14")]).await;
    assert_eq!(
        (session["amount_total"].as_i64(), session["payment_status"].as_str()),
        (Some(0), Some("no_payment_required"))
    );
    world.clear().await;
    world.advance_clock(&clock, start + 11 * DAY).await;
    assert_eq!(world.counts().await["customer.subscription.trial_will_end"], 1);
    world.advance_clock(&clock, start + 14 * DAY).await;
    let subscription = world.subscription_of(&session).await;
    assert_eq!(subscription["status"], "active");
    assert_eq!(day(&subscription["items"]["data"][0]["current_period_end"]), "2027-04-15");
    let amounts: Vec<i64> =
        invoices(&world, &subscription).await.iter().map(|it| it["amount_paid"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [0, 2999]);
}

#[tokio::test]
async fn cancelled_at_period_end_it_runs_to_the_end() {
    let world = World::new().await;
    let (clock, session) = world.subscribed_at(at("2027-03-01T00:00:00Z"), SUCCEEDS, &[]).await;
    let path = format!("/v1/subscriptions/{}", session["subscription"].as_str().unwrap());
    world.ok("POST", &path, &[("cancel_at_period_end", "true")]).await;
    world.advance_clock(&clock, at("2027-03-31T23:59:59Z")).await;
    assert_eq!(world.subscription_of(&session).await["status"], "active");
    world.advance_clock(&clock, at("2027-04-01T00:00:00Z")).await;
    let ended = world.subscription_of(&session).await;
    assert_eq!(
        (ended["status"].as_str(), day(&ended["ended_at"]).as_str()),
        (Some("canceled"), "2027-04-01")
    );
    assert_eq!(invoices(&world, &ended).await.len(), 1);
}

#[tokio::test]
async fn a_change_in_the_middle_is_charged_to_the_second() {
    let world = World::new().await;
    let start = at("2027-04-01T00:00:00Z");
    let (clock, session) = world.subscribed_at(start, SUCCEEDS, &[]).await;
    let subscription = world.subscription_of(&session).await;
    let item = subscription["items"]["data"][0].clone();
    let product = item["price"]["product"].as_str().unwrap();
    let price = world
        .ok(
            "POST",
            "/v1/prices",
            &[
                ("product", product),
                ("currency", "usd"),
                ("unit_amount", "4999"),
                ("recurring[interval]", "month"),
            ],
        )
        .await;
    let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().unwrap());
    let change =
        [("items[0][id]", item["id"].as_str().unwrap()), ("items[0][price]", price["id"].as_str().unwrap())];
    world.advance_clock(&clock, start + 15 * DAY).await;
    let mut now = change.to_vec();
    now.push(("proration_behavior", "always_invoice"));
    world.ok("POST", &path, &now).await;
    let bill = invoices(&world, &subscription).await.pop().unwrap();
    let amounts: Vec<i64> =
        bill["lines"]["data"].as_array().unwrap().iter().map(|it| it["amount"].as_i64().unwrap()).collect();
    assert_eq!((amounts, bill["amount_paid"].as_i64()), (vec![-1500, 2500], Some(1000)));

    // Back again at once: the credit waits with the customer and is used up by the next invoice.
    let back = [
        ("items[0][id]", item["id"].as_str().unwrap()),
        ("items[0][price]", item["price"]["id"].as_str().unwrap()),
    ];
    let mut now = back.to_vec();
    now.push(("proration_behavior", "always_invoice"));
    world.ok("POST", &path, &now).await;
    let customer =
        world.ok("GET", &format!("/v1/customers/{}", subscription["customer"].as_str().unwrap()), &[]).await;
    assert_eq!(customer["balance"], -1000);
    world.advance_clock(&clock, at("2027-05-01T00:00:00Z")).await;
    let renewal = invoices(&world, &subscription).await.pop().unwrap();
    assert_eq!(
        (renewal["total"].as_i64(), renewal["starting_balance"].as_i64(), renewal["amount_paid"].as_i64()),
        (Some(2999), Some(-1000), Some(1999))
    );
}

#[tokio::test]
async fn a_change_can_be_refused_when_it_cannot_be_paid() {
    let world = World::new().await;
    let start = at("2027-04-01T00:00:00Z");
    let (clock, session) = world.subscribed_at(start, RENEWALS_FAIL, &[]).await;
    let subscription = world.subscription_of(&session).await;
    let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().unwrap());
    world.advance_clock(&clock, start + 10 * DAY).await;
    let item = subscription["items"]["data"][0]["id"].as_str().unwrap();
    let date = (start + 15 * DAY).to_string();
    let mut form = vec![
        ("items[0][id]", item),
        ("items[0][quantity]", "3"),
        ("proration_behavior", "always_invoice"),
        ("proration_date", date.as_str()),
        ("payment_behavior", "error_if_incomplete"),
    ];
    let (status, body) = world.call("POST", &path, &form).await;
    assert_eq!((status, body["error"]["type"].as_str()), (402, Some("card_error")));
    assert_eq!(world.subscription_of(&session).await["items"]["data"][0]["quantity"], 1);
    form.push(("default_payment_method", "pm_card_visa"));
    let changed = world.ok("POST", &path, &form).await;
    assert_eq!(changed["items"]["data"][0]["quantity"], 3);
    let bill = invoices(&world, &subscription).await.pop().unwrap();
    // Half a month of two more at 29.99, whatever the day of the call.
    assert_eq!(bill["amount_paid"], 4499 - 1500);
}

#[tokio::test]
async fn quarters_are_three_months_and_the_sandbox_clock_renews_too() {
    let world = World::new().await;
    let mut form = common::subscription_form();
    form.push(("line_items[0][price_data][recurring][interval_count]", "3"));
    let session = world.ok("POST", "/v1/checkout/sessions", &form).await;
    world.pay(&session, SUCCEEDS).await;
    let session =
        world.ok("GET", &format!("/v1/checkout/sessions/{}", session["id"].as_str().unwrap()), &[]).await;
    let first = world.subscription_of(&session).await;
    let end = first["items"]["data"][0]["current_period_end"].as_i64().unwrap();
    let length = (end - first["start_date"].as_i64().unwrap()) / DAY;
    assert!((89..=92).contains(&length), "{length} days");
    assert_eq!(world.sandbox.advance_to_next_renewal(), Some(end));
    let renewed = world.subscription_of(&session).await;
    assert_eq!(renewed["items"]["data"][0]["current_period_start"], end);
    assert_eq!(invoices(&world, &renewed).await[1]["created"], end);
}

#[tokio::test]
async fn a_disputed_charge_is_disputed_after_the_purchase() {
    let world = World::new().await;
    let session = world.ok("POST", "/v1/checkout/sessions", &common::payment_form()).await;
    world.pay(&session, common::DISPUTED).await;
    let kinds = world.kinds().await;
    let place = |kind: &str| kinds.iter().position(|it| it == kind).unwrap();
    assert!(place("charge.dispute.created") > place("checkout.session.completed"));
    let dispute = world.ok("GET", "/v1/disputes", &[]).await["data"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.submit(&format!("/sandbox/disputes/{dispute}/lost"), &[]).await.0, 303);
    assert_eq!(world.ok("GET", &format!("/v1/disputes/{dispute}"), &[]).await["status"], "lost");
}

#[tokio::test]
async fn a_trial_ends_in_the_future_and_within_two_years() {
    let world = World::new().await;
    let start = at("2027-03-01T00:00:00Z");
    let (_, session) = world.subscribed_at(start, SUCCEEDS, &[]).await;
    let id = world.subscription_of(&session).await["id"].as_str().unwrap().to_owned();
    for (days, expected) in [(-1, 400), (731, 400), (729, 200)] {
        let end = (start + days * DAY).to_string();
        let (status, body) =
            world.call("POST", &format!("/v1/subscriptions/{id}"), &[("trial_end", &end)]).await;
        assert_eq!(status, expected, "{days} days: {body}");
    }
    let mut form = common::subscription_form();
    form.push(("subscription_data[trial_end]", "4102444800"));
    assert_eq!(world.call("POST", "/v1/checkout/sessions", &form).await.0, 400);
}
