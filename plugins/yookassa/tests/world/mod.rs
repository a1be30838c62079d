//! A shop at the double, and who pays there.

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AccountId, InvoiceId};
use domain::money::{Currency, Money};
use http::HeaderMap;
use plugin_api::payment::contract::{Sent, Till};
use plugin_api::payment::{
    Event, NewSession, Payer, PaymentProvider, ProviderError, Reading, Session, SessionLine, Subject,
    WebhookError,
};
use plugin_yookassa::sandbox::{self, Sandbox};
use plugin_yookassa::{Config, YooKassa};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

/// What the address for notifications carries.
pub const SECRET: &str = "a-secret-of-ours";

/// The shop's keys.
const SHOP: (&str, &str) = ("100500", "test_key");

/// A shop at the double, and a client of it.
pub struct World {
    /// The double.
    pub sandbox: Sandbox,
    /// The client.
    pub yookassa: YooKassa,
    /// Where the double listens.
    pub url: String,
    last_id: Mutex<u128>,
}

impl World {
    /// When notifications are read: long after they were sent, which says nothing.
    pub const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// An empty shop.
    pub async fn new() -> Self {
        Self::telling(None).await
    }

    /// An empty shop that sends its notifications somewhere.
    pub async fn telling(notification_url: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = Sandbox::new(sandbox::Config {
            shop_id: SHOP.0.to_owned(),
            secret_key: SHOP.1.to_owned(),
            public_url: url.clone(),
            notification_url,
        });
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener).await });
        let yookassa = YooKassa::new(config(&url)).unwrap();
        Self { sandbox, yookassa, url, last_id: Mutex::new(0) }
    }

    /// What the client was made with.
    pub fn config(&self) -> Config {
        config(&self.url)
    }

    /// Ids that were never used.
    pub fn ids(&self) -> (AccountId, InvoiceId) {
        let mut last = self.last_id.lock().unwrap();
        *last += 2;
        (AccountId(Uuid::from_u128(*last)), InvoiceId(Uuid::from_u128(*last + 1)))
    }

    /// Something that costs so many cents.
    pub fn line(minor: i64) -> SessionLine {
        SessionLine { name: "Support".to_owned(), amount: Money::new(minor, Currency::EUR), interval: None }
    }

    /// A page that is asked for.
    pub fn order(&self, lines: Vec<SessionLine>) -> NewSession {
        let (account_id, invoice_id) = self.ids();
        NewSession {
            key: format!("{invoice_id}-0"),
            invoice_id,
            invoice_number: "INV-2027-000001".to_owned(),
            payer: Payer { account_id, customer: None, email: None, name: None },
            lines,
            success_url: "https://shop.example/done?session={session}".to_owned(),
            cancel_url: "https://shop.example/cart".to_owned(),
        }
    }

    /// A page where so many cents are paid.
    pub async fn page(&self, minor: i64) -> Session {
        self.yookassa.create_session(&self.order(vec![Self::line(minor)])).await.unwrap()
    }

    /// What is known of a page.
    pub async fn read(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        self.yookassa.read(&Subject::Session(id.to_owned())).await
    }

    /// What a notification says that came to an address with a key.
    pub async fn event(&self, key: Option<&str>, body: &str) -> Result<Event, WebhookError> {
        let query = key.map(|key| format!("key={key}"));
        let sent = Sent { headers: HeaderMap::new(), query, body: body.as_bytes().to_vec() };
        self.yookassa.event(&sent.message(), Self::NOW).await
    }

    /// How many cents of a payment went back.
    pub async fn returned(&self, id: &str) -> i64 {
        let reading = self.read(id).await.unwrap().unwrap();
        reading.payment.unwrap().returned.unwrap().refunded_minor
    }

    /// A payment that another program makes. Gives its id.
    pub async fn make_payment(&self, capture: bool, metadata: Value) -> String {
        let body = json!({
            "amount": { "value": "23.80", "currency": "EUR" },
            "capture": capture,
            "confirmation": { "type": "redirect", "return_url": "https://elsewhere.example/" },
            "metadata": metadata,
        });
        let answer = reqwest::Client::new()
            .post(format!("{}/v3/payments", self.url))
            .basic_auth(SHOP.0, Some(SHOP.1))
            .header("Idempotence-Key", self.ids().1.to_string())
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let made: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }
}

fn config(url: &str) -> Config {
    Config {
        shop_id: SHOP.0.to_owned(),
        secret_key: SHOP.1.to_owned(),
        notification_secret: SECRET.to_owned(),
        base_url: Some(format!("{url}/v3/")),
    }
}

#[async_trait]
impl Till for World {
    fn new_ids(&self) -> (AccountId, InvoiceId) {
        self.ids()
    }

    async fn pay(&self, session: &Session) {
        assert!(self.sandbox.pay(&session.id));
    }

    async fn next_period(&self) {
        unreachable!("YooKassa collects nothing by itself");
    }

    async fn messages(&self) -> Vec<Sent> {
        let sent = self.sandbox.messages().into_iter();
        let query = format!("key={SECRET}");
        sent.map(|body| Sent {
            headers: HeaderMap::new(),
            query: Some(query.clone()),
            body: body.into_bytes(),
        })
        .collect()
    }

    fn now(&self) -> DateTime<Utc> {
        Self::NOW
    }

    fn closes_pages(&self) -> bool {
        false
    }

    fn too_old(&self) -> Option<TimeDelta> {
        None
    }
}
