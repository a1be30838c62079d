//! A double of PayPal at an address, and somebody who pays there.

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AccountId, InvoiceId};
use domain::money::Money;
use plugin_api::payment::contract::{Sent, Till};
use plugin_api::payment::{
    NewSession, Payer, PaymentProvider, ProviderError, Reading, Session, SessionLine, SessionStatus, Subject,
};
use plugin_paypal::sandbox::{self, Funding, Sandbox, Webhook};
use plugin_paypal::{Config, PayPal};
use tokio::net::TcpListener;
use uuid::Uuid;

pub struct World {
    pub sandbox: Sandbox,
    pub paypal: PayPal,
    config: sandbox::Config,
    ids: Mutex<u128>,
}

impl World {
    pub async fn new() -> Self {
        Self::sending_to(None).await
    }

    /// The same, which sends its messages somewhere.
    pub async fn sending_to(webhook_url: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = sandbox::Config::at(format!("http://{}", listener.local_addr().unwrap()));
        let config = sandbox::Config { webhook_url, ..config };
        let sandbox = Sandbox::new(config.clone());
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener).await });
        let paypal = PayPal::new(config.keys()).unwrap();
        Self { sandbox, paypal, config, ids: Mutex::new(0) }
    }

    /// The keys that PayPal takes.
    pub fn keys(&self) -> Config {
        self.config.keys()
    }

    /// The same account with another secret.
    pub fn with_secret(&self, secret: &str) -> PayPal {
        PayPal::new(Config { client_secret: secret.to_owned(), ..self.keys() }).unwrap()
    }

    /// The same account, with nobody at home.
    pub fn away(&self) -> PayPal {
        PayPal::new(Config { base_url: Some("http://127.0.0.1:9".to_owned()), ..self.keys() }).unwrap()
    }

    /// An order of something new.
    pub fn order(&self, currency: &str, minor: i64) -> NewSession {
        let (account_id, invoice_id) = self.new_ids();
        NewSession {
            key: invoice_id.to_string(),
            invoice_id,
            invoice_number: format!("INV-{}", invoice_id.0.as_u128()),
            payer: Payer { account_id, customer: None, email: None, name: None },
            lines: vec![SessionLine {
                name: "Pro".to_owned(),
                amount: Money::new(minor, currency.parse().unwrap()),
                interval: None,
            }],
            success_url: "https://shop.example/done?session={session}".to_owned(),
            cancel_url: "https://shop.example/cart".to_owned(),
        }
    }

    /// A page for something new.
    pub async fn page(&self, currency: &str, minor: i64) -> Result<Session, ProviderError> {
        self.paypal.create_session(&self.order(currency, minor)).await
    }

    pub async fn read(&self, page: &str) -> Reading {
        self.paypal.read(&Subject::Session(page.to_owned())).await.unwrap().unwrap()
    }

    pub async fn status(&self, page: &str) -> SessionStatus {
        self.read(page).await.session.unwrap().status
    }

    /// How often PayPal said that something happened.
    pub fn times(&self, kind: &str) -> usize {
        self.sandbox.messages().iter().filter(|message| message.kind == kind).count()
    }
}

#[async_trait]
impl Till for World {
    fn new_ids(&self) -> (AccountId, InvoiceId) {
        let mut last = self.ids.lock().unwrap();
        *last += 2;
        (AccountId(Uuid::from_u128(*last)), InvoiceId(Uuid::from_u128(*last + 1)))
    }

    async fn pay(&self, session: &Session) {
        self.sandbox.approve(&session.id, Funding::Good).unwrap();
    }

    async fn next_period(&self) {
        unreachable!("PayPal collects nothing by itself");
    }

    async fn messages(&self) -> Vec<Sent> {
        let sent = |it: Webhook| Sent { headers: it.headers, query: None, body: it.body.into_bytes() };
        self.sandbox.messages().into_iter().map(sent).collect()
    }

    fn now(&self) -> DateTime<Utc> {
        (self.config.clock)()
    }

    /// PayPal repeats a message for three days.
    fn too_old(&self) -> Option<TimeDelta> {
        Some(TimeDelta::days(5))
    }
}
