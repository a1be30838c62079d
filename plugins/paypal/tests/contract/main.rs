//! What every payment provider promises, asked of PayPal through its double.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod double;
mod money;
mod world;

use http::HeaderMap;
use plugin_api::payment::contract::{self, Till};
use plugin_api::payment::{
    Interval, Message, PaymentProvider, ProviderError, SessionStatus, Subject, WebhookError,
};
use plugin_paypal::sandbox::{Funding, Webhook};
use plugin_paypal::{Config, PayPal};
use serde_json::json;

use crate::world::World;

fn arrived(sent: &Webhook) -> Message<'_> {
    Message { headers: &sent.headers, query: None, body: sent.body.as_bytes() }
}

#[tokio::test]
async fn paypal_keeps_the_contract() {
    let world = World::new().await;
    contract::run(&world.paypal, &world).await;
}

#[tokio::test]
async fn a_message_of_a_shape_that_nobody_knows_is_read_if_it_is_signed() {
    let world = World::new().await;
    let event = async |body: &str| {
        let sent = world.sandbox.sign(body);
        world.paypal.event(&arrived(&sent), world.now()).await
    };
    let body = |kind: &str, resource| {
        json!({ "id": "WH-1", "event_type": kind, "create_time": "2027-01-01T00:00:00Z", "resource": resource, "new": [] })
            .to_string()
    };
    let new = event(&body("CHECKOUT.ORDER.DREAMT", json!({ "id": "O1", "status": "DREAMT" }))).await.unwrap();
    assert_eq!(new.subject, Some(Subject::Session("O1".to_owned())));
    for (kind, resource) in [
        ("BILLING.SUBSCRIPTION.ACTIVATED", json!({ "id": "I-1" })),
        ("PAYMENT.SALE.COMPLETED", json!({ "id": "S1" })),
        ("MERCHANT.ONBOARDING.COMPLETED", json!(null)),
    ] {
        assert_eq!(event(&body(kind, resource)).await.unwrap().subject, None, "{kind}");
    }
    assert_eq!(event("[]").await, Err(WebhookError::Payload));
    assert_eq!(event(r#"{"id":"WH-2"}"#).await, Err(WebhookError::Payload));
}

#[tokio::test]
async fn only_paypal_is_believed() {
    let world = World::new().await;
    let sent = world.sandbox.sign(r#"{"id":"WH-1","event_type":"X","create_time":"2027-01-01T00:00:00Z"}"#);
    let now = world.now();
    let refused = Err(WebhookError::Signature);
    assert_eq!(world.paypal.event(&arrived(&sent), now).await.unwrap().id, "WH-1");
    let bare = Message { headers: &HeaderMap::new(), ..arrived(&sent) };
    assert_eq!(world.paypal.event(&bare, now).await, refused, "unsigned");
    let no_json = Message { body: b"id=WH-1", ..arrived(&sent) };
    assert_eq!(world.paypal.event(&no_json, now).await, refused, "not even JSON");
    let of_another_webhook = Config { webhook_id: "2OTHER".to_owned(), ..world.keys() };
    let other = PayPal::new(of_another_webhook).unwrap();
    assert_eq!(other.event(&arrived(&sent), now).await, refused, "for another webhook");

    // Who cannot ask does not know: the sender has to repeat it.
    world.sandbox.fail_next(1);
    assert_eq!(world.paypal.event(&arrived(&sent), now).await, Err(WebhookError::Unchecked));
    assert_eq!(world.away().event(&arrived(&sent), now).await, Err(WebhookError::Unchecked));
    assert_eq!(world.with_secret("rolled").event(&arrived(&sent), now).await, Err(WebhookError::Unchecked));
    assert!(world.paypal.event(&arrived(&sent), now).await.is_ok(), "and then it is believed");
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be_so() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    for provider in [world.away(), world.with_secret("rolled")] {
        let error = provider.read(&Subject::Session(page.id.clone())).await.unwrap_err();
        assert!(error.is_passing(), "{error:?}");
        assert!(provider.create_session(&world.order("EUR", 1_000)).await.unwrap_err().is_passing());
        assert!(provider.close_session(&page.id).await.unwrap_err().is_passing());
        assert!(matches!(provider.refund("C1").await, Err(ProviderError::Unavailable(_))));
    }
    world.sandbox.fail_next(1);
    let error = world.paypal.read(&Subject::Session(page.id.clone())).await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    assert_eq!(world.status(&page.id).await, SessionStatus::Open);
}

#[tokio::test]
async fn a_token_that_is_withdrawn_is_asked_for_again() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.sandbox.withdraw_tokens();
    assert_eq!(world.status(&page.id).await, SessionStatus::Open);
}

#[tokio::test]
async fn a_page_asks_for_what_the_invoice_says_in_every_currency() {
    let world = World::new().await;
    for (currency, minor, asked) in [("EUR", 2_999, "29.99"), ("JPY", 500, "500"), ("HUF", 120_000, "1200")] {
        let page = world.page(currency, minor).await.unwrap();
        let order = world.sandbox.order(&page.id).unwrap();
        assert_eq!(
            order["purchase_units"][0]["amount"],
            json!({ "currency_code": currency, "value": asked })
        );
        world.pay(&page).await;
        let reading = world.read(&page.id).await;
        let payment = reading.payment.unwrap();
        assert_eq!(Some(payment.amount), reading.session.unwrap().total);
        assert_eq!((payment.amount.minor, payment.amount.currency.code()), (minor, currency));
        world.paypal.refund(&payment.reference).await.unwrap();
        let back = world.read(&page.id).await.payment.unwrap().returned.unwrap();
        assert_eq!(back.refunded_minor, minor);
    }
    let refused = async |currency, minor| world.page(currency, minor).await.unwrap_err().to_string();
    assert_eq!(refused("ISK", 500).await, "PayPal does not take ISK");
    assert_eq!(refused("TWD", 50_050).await, "PayPal takes TWD without decimals only, and 500.50 has some");
}

/// What is paid again and again is paid once here: each later period is an invoice of its own.
#[tokio::test]
async fn a_line_with_an_interval_is_an_amount() {
    let world = World::new().await;
    let mut order = world.order("EUR", 3_570);
    order.lines[0].interval = Some(Interval::Months(1));
    let page = world.paypal.create_session(&order).await.unwrap();
    world.pay(&page).await;
    let reading = world.read(&page.id).await;
    assert!(reading.subscription.is_none() && reading.payment.unwrap().captured_at.is_some());
}

#[tokio::test]
async fn who_comes_back_brings_the_order_along() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    let back = world.sandbox.approve(&page.id, Funding::Good).unwrap();
    assert_eq!(back, format!("https://shop.example/done?token={}&PayerID=ADA1815BYRON", page.id));
}
