//! A sandbox on a port of its own, a shop that receives its webhooks, and a browser without scripts.
#![expect(dead_code, reason = "test support, used in part by each test file")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use stripe_sandbox::{Config, Endpoint, Sandbox};
use tokio::net::TcpListener;

pub const SECRET: &str = "whsec_test_secret";
pub const KEY: &str = "sk_test_sandbox";

/// A webhook as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub payload: String,
    pub signature: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.payload).expect("a webhook is JSON")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }
}

/// What the shop's webhook address does.
#[derive(Debug, Default)]
pub struct Shop {
    pub received: Mutex<Vec<Received>>,
    /// Refuse this many before accepting.
    pub refuse: AtomicU32,
}

#[derive(Debug)]
pub struct World {
    pub sandbox: Sandbox,
    pub base: String,
    pub shop: Arc<Shop>,
    pub http: reqwest::Client,
}

async fn receive(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let refused =
        shop.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if refused {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let signature =
        headers.get("stripe-signature").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let payload = String::from_utf8(body.to_vec()).expect("webhooks are UTF-8");
    shop.received.lock().expect("not poisoned").push(Received { payload, signature });
    StatusCode::OK
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        let shop = Arc::new(Shop::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/webhook", listener.local_addr().expect("an address"));
        let app = Router::new().route("/webhook", post(receive)).with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });

        let mut config = Config {
            default_endpoint: Some(Endpoint { url, secret: SECRET.to_owned() }),
            seed: Some(7),
            ..Config::default()
        };
        config.retries.webhooks = [5, 10, 20].map(Duration::from_millis).to_vec();
        adjust(&mut config);
        let sandbox = Sandbox::new(config).expect("a sandbox");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener).await });
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        // The server sets its address when it starts to serve.
        sandbox.set_public_url(&base);
        Self { sandbox, base, shop, http }
    }

    /// A call of the REST API: status and body.
    pub async fn call(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let response = self.request(method, path).form(form).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(KEY)
    }

    /// A call that has to succeed.
    pub async fn ok(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.call(method, path, form).await;
        assert_eq!(status, 200, "{method} {path}: {body:#}");
        body
    }

    /// Sends the form of a hosted page: status, place it leads to, page.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url.to_owned() };
        let response = self.http.post(url).form(form).send().await.expect("an answer");
        let status = response.status().as_u16();
        let location =
            response.headers().get("location").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        (status, location, response.text().await.expect("a page"))
    }

    pub async fn page(&self, url: &str) -> (u16, String) {
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url.to_owned() };
        let response = self.http.get(url).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a page"))
    }

    /// Pays a session on its page.
    pub async fn pay(&self, session: &Value, card: &str) -> (u16, String, String) {
        let url = session["url"].as_str().expect("an open session has an address");
        self.submit(url, &payer(card)).await
    }

    /// The webhooks so far, all having arrived.
    pub async fn webhooks(&self) -> Vec<Received> {
        self.sandbox.deliveries_settled().await;
        self.shop.received.lock().expect("not poisoned").clone()
    }

    pub async fn kinds(&self) -> Vec<String> {
        self.webhooks().await.iter().map(Received::kind).collect()
    }

    /// Forgets the webhooks so far.
    pub async fn clear(&self) {
        self.sandbox.deliveries_settled().await;
        self.shop.received.lock().expect("not poisoned").clear();
    }

    /// How many webhooks of each kind came.
    pub async fn counts(&self) -> BTreeMap<String, usize> {
        self.kinds().await.into_iter().fold(BTreeMap::new(), |mut counts, kind| {
            *counts.entry(kind).or_default() += 1;
            counts
        })
    }

    /// A subscription bought with a card, living by a test clock that stands at `start`. Clock, and the paid session.
    pub async fn subscribed_at(&self, start: i64, card: &str, more: &[(&str, &str)]) -> (String, Value) {
        let start = start.to_string();
        let clock = self.ok("POST", "/v1/test_helpers/test_clocks", &[("frozen_time", &start)]).await;
        let clock = clock["id"].as_str().expect("an id").to_owned();
        let customer =
            self.ok("POST", "/v1/customers", &[("email", "a@b.example"), ("test_clock", &clock)]).await;
        let customer = customer["id"].as_str().expect("an id");
        let mut form = subscription_form();
        form.push(("customer", customer));
        form.extend_from_slice(more);
        let session = self.ok("POST", "/v1/checkout/sessions", &form).await;
        let (status, location, page) = self.pay(&session, card).await;
        assert_eq!((status, location.as_str()), (303, "https://shop.example/done"), "{page}");
        let id = session["id"].as_str().expect("an id");
        let session = self.ok("GET", &format!("/v1/checkout/sessions/{id}"), &[]).await;
        (clock, session)
    }

    pub async fn advance_clock(&self, clock: &str, to: i64) {
        self.ok(
            "POST",
            &format!("/v1/test_helpers/test_clocks/{clock}/advance"),
            &[("frozen_time", &to.to_string())],
        )
        .await;
    }

    pub async fn subscription_of(&self, session: &Value) -> Value {
        let id = session["subscription"].as_str().expect("a subscription");
        self.ok("GET", &format!("/v1/subscriptions/{id}"), &[]).await
    }
}

pub fn payer(card: &str) -> Vec<(&str, &str)> {
    vec![
        ("email", "pay@er.example"),
        ("name", "Pay Er"),
        ("card_number", card),
        ("expiry", "12 / 40"),
        ("cvc", "123"),
    ]
}

pub fn payment_form() -> Vec<(&'static str, &'static str)> {
    vec![
        ("mode", "payment"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "2500"),
        ("line_items[0][price_data][product_data][name]", "Deposit"),
        ("line_items[0][quantity]", "2"),
        ("success_url", "https://shop.example/done?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://shop.example/cart"),
    ]
}

pub fn subscription_form() -> Vec<(&'static str, &'static str)> {
    vec![
        ("mode", "subscription"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "2999"),
        ("line_items[0][price_data][product_data][name]", "Hotel Basic"),
        ("line_items[0][price_data][recurring][interval]", "month"),
        ("success_url", "https://shop.example/done"),
        ("cancel_url", "https://shop.example/plans"),
        ("subscription_data[metadata][plan]", "hotel-basic"),
    ]
}

pub const SUCCEEDS: &str = "4242 4242 4242 4242";
pub const AUTHENTICATES: &str = "4000 0027 6000 3184";
pub const DECLINED: &str = "4000 0000 0000 0002";
pub const INSUFFICIENT: &str = "4000 0000 0000 9995";
pub const RENEWALS_FAIL: &str = "4000 0000 0000 0341";
pub const DISPUTED: &str = "4000 0000 0000 0259";
