//! What only the double has: the page that people see, and delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use plugin_api::payment::contract::Till;
use plugin_api::payment::{Message, PaymentProvider, SessionStatus, Subject};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::world::World;

/// Presses a button of a page. Gives where that leads to.
async fn press(page: &str, order: &str, answer: &str) -> String {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = [("token", order), ("answer", answer)];
    let answer = browser.post(page.split_once('?').unwrap().0).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payer_approves_on_a_page() {
    let world = World::new().await;
    let page = world.page("EUR", 1_050).await.unwrap();
    let shown = reqwest::get(&page.url).await.unwrap().text().await.unwrap();
    assert!(shown.contains("10.50 EUR") && shown.contains("Approve"), "{shown}");

    let cancelled = press(&page.url, &page.id, "cancel").await;
    assert_eq!(cancelled, format!("https://shop.example/cart?token={}", page.id));
    assert_eq!(world.status(&page.id).await, SessionStatus::Open);
    press(&page.url, &page.id, "decline").await;
    assert_eq!(world.status(&page.id).await, SessionStatus::Open);
    let back = press(&page.url, &page.id, "approve").await;
    assert!(back.starts_with(&format!("https://shop.example/done?token={}", page.id)), "{back}");
    assert_eq!(world.status(&page.id).await, SessionStatus::Paid);
    let shown = reqwest::get(&page.url).await.unwrap().text().await.unwrap();
    assert!(!shown.contains("Approve"), "{shown}");
    let missing = reqwest::get(format!("{}X", page.url)).await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

type Shop = Arc<(AtomicBool, mpsc::UnboundedSender<(HeaderMap, Bytes)>)>;

/// Takes no message at first.
async fn take(State(shop): State<Shop>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !shop.0.swap(true, Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    shop.1.send((headers, body)).unwrap();
    StatusCode::OK
}

#[tokio::test]
async fn messages_are_delivered_until_they_are_taken() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let shop = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook_url = format!("http://{}/webhook", shop.local_addr().unwrap());
    let router =
        Router::new().route("/webhook", post(take)).with_state(Arc::new((AtomicBool::new(false), sender)));
    tokio::spawn(async move { axum::serve(shop, router).await });
    let world = World::sending_to(Some(webhook_url)).await;

    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    let (headers, body) = received.recv().await.unwrap();
    let message = Message { headers: &headers, query: None, body: &body };
    let event = world.paypal.event(&message, world.now()).await.unwrap();
    assert_eq!(event.kind, "CHECKOUT.ORDER.APPROVED");
    assert_eq!(event.subject, Some(Subject::Session(page.id)));
}
