//! The hosted pages as a browser without scripts sees them.

mod common;

use common::{DECLINED, INSUFFICIENT, SUCCEEDS, World, payer, payment_form, subscription_form};
use serde_json::Value;

async fn session(world: &World, form: &[(&str, &str)]) -> Value {
    world.ok("POST", "/v1/checkout/sessions", form).await
}

#[tokio::test]
async fn the_checkout_page_is_ready_to_pay() {
    let world = World::new().await;
    let mut form = payment_form();
    form.push(("customer_email", "known@guest.example"));
    let session = session(&world, &form).await;
    let (status, page) = world.page(session["url"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    for text in [
        "no real money moves",
        "Deposit × 2",
        "€50.00",
        "known@guest.example",
        "4242 4242 4242 4242",
        "https://shop.example/cart",
        "3-D Secure needed",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn a_refusal_stands_at_the_card_and_keeps_what_was_typed() {
    let world = World::new().await;
    let session = session(&world, &payment_form()).await;
    for (card, words) in [
        (DECLINED, "Your card was declined."),
        (INSUFFICIENT, "Your card has insufficient funds."),
        ("4242 4242 4242 4241", "Your card number is invalid."),
    ] {
        let (status, _, page) = world.pay(&session, card).await;
        assert!(status == 402 || status == 422, "{status}");
        let at = page.find("id=\"card_number-problem\"").expect("the message belongs to the field");
        assert!(page[at..].contains(words), "{words}");
        for typed in [card, "pay@er.example", "Pay Er", "12 / 40"] {
            assert!(page.contains(&format!("value=\"{typed}\"")), "{typed} was lost");
        }
    }
    assert_eq!(world.counts().await["payment_intent.created"], 1);
    assert_eq!(world.counts().await["payment_intent.payment_failed"], 2);
    assert_eq!(world.pay(&session, SUCCEEDS).await.0, 303);
    assert_eq!(world.counts().await["payment_intent.succeeded"], 1);
}

#[tokio::test]
async fn typed_text_stays_text() {
    let world = World::new().await;
    let session = session(&world, &payment_form()).await;
    let mut form = payer(DECLINED);
    form[1].1 = "\"><script>alert(1)</script>";
    let (_, _, page) = world.submit(session["url"].as_str().unwrap(), &form).await;
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn choosing_a_test_card_fills_it_in_and_charges_nothing() {
    let world = World::new().await;
    let session = session(&world, &payment_form()).await;
    let mut form = payer(SUCCEEDS);
    form[0].1 = "half@typed";
    form.push(("use", "4000002760003184"));
    let (status, _, page) = world.submit(session["url"].as_str().unwrap(), &form).await;
    assert_eq!(status, 200);
    assert!(page.contains("4000 0027 6000 3184") && page.contains("half@typed"));
    assert_eq!(world.counts().await.get("payment_intent.created"), None);
}

#[tokio::test]
async fn a_session_serves_once() {
    let world = World::new().await;
    let paid = session(&world, &payment_form()).await;
    assert_eq!(world.pay(&paid, SUCCEEDS).await.0, 303);
    let (status, _, page) = world.pay(&paid, SUCCEEDS).await;
    assert_eq!((status, page.contains("already")), (200, true));
    assert_eq!(world.counts().await["charge.succeeded"], 1);

    let left = session(&world, &payment_form()).await;
    world.sandbox.advance(std::time::Duration::from_hours(25));
    let (status, page) = world.page(left["url"].as_str().unwrap()).await;
    assert_eq!((status, page.contains("expired")), (410, true));
    assert_eq!(world.page("/pay/cs_test_none").await.0, 404);
}

#[tokio::test]
async fn authentication_serves_once_and_leads_back() {
    let world = World::new().await;
    let session = session(&world, &subscription_form()).await;
    let (_, page, _) = world.pay(&session, common::AUTHENTICATES).await;
    assert_eq!(world.submit(&page, &[("result", "complete")]).await.1, "https://shop.example/done");
    assert_eq!(world.submit(&page, &[("result", "complete")]).await.1, "https://shop.example/done");
    assert_eq!(world.counts().await["checkout.session.completed"], 1);
    assert_eq!(world.counts().await["payment_intent.created"], 1);
    assert!(world.page(&page).await.1.contains("has been answered"));
}

#[tokio::test]
async fn the_portal_shows_ones_own_and_changes_it() {
    let world = World::new().await;
    let (_, bought) = world.subscribed_at(1_800_000_000, SUCCEEDS, &[]).await;
    let (_, foreign) = world.subscribed_at(1_800_000_000, SUCCEEDS, &[]).await;
    let customer = bought["customer"].as_str().unwrap();
    let portal = world
        .ok(
            "POST",
            "/v1/billing_portal/sessions",
            &[("customer", customer), ("return_url", "https://shop.example/account")],
        )
        .await;
    let url = portal["url"].as_str().unwrap();
    let (_, page) = world.page(url).await;
    for text in
        ["Hotel Basic", "$29.99", "ending in", "4242", "https://shop.example/account", "Cancel at period end"]
    {
        assert!(page.contains(text), "{text} is missing");
    }
    let of = |session: &Value| format!("{url}/subscriptions/{}", session["subscription"].as_str().unwrap());
    assert_eq!(world.submit(&format!("{}/cancel", of(&foreign)), &[]).await.0, 404);
    assert_eq!(world.submit(&format!("{}/cancel", of(&bought)), &[]).await.0, 303);
    assert!(world.page(url).await.1.contains("Ends on"));
    assert_eq!(world.submit(&format!("{}/resume", of(&bought)), &[]).await.0, 303);
    assert_eq!(world.submit(&format!("{url}/card"), &payer(DECLINED)).await.0, 402);
    assert_eq!(world.submit(&format!("{url}/card"), &payer("5555 5555 5555 4444")).await.0, 303);
    let subscription = world.subscription_of(&bought).await;
    let card = world
        .ok(
            "GET",
            &format!("/v1/payment_methods/{}", subscription["default_payment_method"].as_str().unwrap()),
            &[],
        )
        .await;
    assert_eq!(card["card"]["brand"], "mastercard");
}

#[tokio::test]
async fn the_control_page_moves_clock_and_switches() {
    let world = World::new().await;
    let first = session(&world, &subscription_form()).await;
    world.pay(&first, SUCCEEDS).await;
    let now = world.sandbox.now();
    assert_eq!(world.submit("/sandbox/advance", &[("by", "day")]).await.0, 303);
    assert!((86_400..86_410).contains(&(world.sandbox.now() - now)));
    world.submit("/sandbox/advance", &[("by", "next_renewal")]).await;
    assert_eq!(world.counts().await["invoice.paid"], 2);
    world.submit("/sandbox/controls", &[("hold", "true"), ("drop_next", "3")]).await;
    let controls = world.sandbox.controls();
    assert_eq!((controls.hold, controls.shuffle, controls.drop_next), (true, false, 3));
    let (status, page) = world.page("/sandbox").await;
    assert_eq!(
        (status, page.contains("checkout.session.completed"), page.contains("Send again")),
        (200, true, true)
    );
}
