//! The double by itself: its page, its refusals, and how it delivers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::routing::post;
use plugin_api::payment::PaymentProvider;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::world::{SECRET, World};

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

#[tokio::test]
async fn people_pay_on_its_page_and_go_back_to_their_invoice() {
    let world = World::new().await;
    let order = world.order(vec![World::line(2_380)]);
    let back = format!("https://shop.example/done?session={}", order.invoice_id);
    for (verb, status) in [("pay", "succeeded"), ("decline", "canceled")] {
        let order = plugin_api::payment::NewSession { key: verb.to_owned(), ..order.clone() };
        let page = world.yookassa.create_session(&order).await.unwrap();
        assert_eq!(page.url, format!("{}/pages/{}", world.url, page.id));
        let shown = async || browser().get(&page.url).send().await.unwrap().text().await.unwrap();
        assert!(shown().await.contains("23.80 EUR") && shown().await.contains("INV-2027-000001: Support"));
        for click in ["first", "second"] {
            let answer = browser().post(format!("{}/{verb}", page.url)).send().await.unwrap();
            assert_eq!(answer.status(), 303, "{click} click");
            assert_eq!(answer.headers()["location"], back);
        }
        assert!(shown().await.contains(&format!("This payment is {status}.")));
    }
    let none = browser().post(format!("{}/pages/none/pay", world.url)).send().await.unwrap();
    assert_eq!(none.status(), 404);
    assert_eq!(world.sandbox.messages().len(), 2, "a second click is none");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_as_yookassa_does() {
    let world = World::new().await;
    let ask = async |path: &str, key: Option<&str>, body: Value| {
        let mut request = browser().post(format!("{}/v3/{path}", world.url));
        request = request.basic_auth("100500", Some("test_key")).body(body.to_string());
        if let Some(key) = key {
            request = request.header("Idempotence-Key", key);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        (status, text("code"), text("parameter"))
    };
    let payment = |value: &str, currency: &str| {
        json!({
            "amount": { "value": value, "currency": currency },
            "confirmation": { "type": "redirect", "return_url": "https://shop.example/" },
        })
    };
    let refused = |parameter: &str| (400, "invalid_request".to_owned(), parameter.to_owned());
    let good = payment("10.00", "RUB");
    assert_eq!(ask("payments", None, good.clone()).await, refused("Idempotence-Key"));
    assert_eq!(ask("payments", Some(&"k".repeat(65)), good.clone()).await, refused("Idempotence-Key"));
    for value in ["10", "10.0", "10.000", "0.00", "-1.00", "+1.00", "1,00", "", "99999999999999999999.00"] {
        assert_eq!(
            ask("payments", Some("k"), payment(value, "RUB")).await,
            refused("amount.value"),
            "{value}"
        );
    }
    assert_eq!(ask("payments", Some("k"), payment("10.00", "JPY")).await, refused("amount.currency"));
    assert_eq!(
        ask("payments", Some("k"), json!({ "amount": good["amount"] })).await,
        refused("confirmation.type")
    );
    let mut long = good.clone();
    long["description"] = json!("x".repeat(129));
    assert_eq!(ask("payments", Some("k"), long).await, refused("description"));

    assert_eq!(ask("payments", Some("k"), good.clone()).await.0, 200, "what was refused is not remembered");
    let [id] = &world.sandbox.payments()[..] else { panic!("one payment") };
    assert_eq!(ask("payments", Some("k"), payment("11.00", "RUB")).await, refused("Idempotence-Key"));
    assert_eq!(ask(&format!("payments/{id}/cancel"), Some("c"), json!({})).await, refused("payment_id"));
    let refund = |value: &str, currency: &str| json!({ "payment_id": id, "amount": { "value": value, "currency": currency } });
    assert_eq!(ask("refunds", Some("r"), refund("10.00", "RUB")).await, refused("payment_id"), "not paid");
    assert!(world.sandbox.pay(id));
    assert_eq!(ask("refunds", Some("r"), refund("10.01", "RUB")).await, refused("amount.value"));
    assert_eq!(ask("refunds", Some("r"), refund("10.00", "EUR")).await, refused("amount.currency"));
    for _ in 0..2 {
        assert_eq!(ask("refunds", Some("r"), refund("6.00", "RUB")).await.0, 200);
    }
    assert_eq!(ask("refunds", Some("s"), refund("6.00", "RUB")).await, refused("amount.value"));
    assert_eq!(world.sandbox.refunds().len(), 1);

    let unknown = browser().get(format!("{}/v3/payments/none", world.url));
    let unknown = unknown.basic_auth("100500", Some("test_key")).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    let nobody = browser().get(format!("{}/v3/payments/{id}", world.url)).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    assert!(nobody.text().await.unwrap().contains("invalid_credentials"));
}

#[tokio::test]
async fn a_notification_is_sent_until_it_is_taken() {
    let (sender, mut taken) = mpsc::unbounded_channel();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let take = post(async move |uri: Uri, body: String| {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        sender.send((uri, body)).unwrap();
        StatusCode::OK
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notifications?key={SECRET}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/notifications", take)).await });
    let world = World::telling(Some(url)).await;
    let page = world.page(2_380).await;
    assert!(world.sandbox.pay(&page.id));
    let (uri, body) = taken.recv().await.unwrap();
    assert_eq!(uri.query(), Some("key=a-secret-of-ours"));
    assert_eq!(world.sandbox.messages(), [body.as_str()]);
    let event = world.event(Some(SECRET), &body).await.unwrap();
    assert_eq!(event.kind, "payment.succeeded");
    assert_eq!(tries.load(Ordering::Relaxed), 2);
}
