//! Payment through Stripe (spec 5.11, DESIGN 6). Card data never touches Keyrack: people pay on Stripe's pages.
//!
//! What Stripe's objects carry of ours is one thing, `metadata.invoice_id`: on the session, and on the subscription or
//! payment that comes of it. Whatever an event is about, that leads back to the invoice.

mod amount;
mod checkout;
mod client;
mod follow;
mod read;
mod webhook;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use plugin_api::Manifest;
use plugin_api::payment::{
    Capabilities, Event, Message, NewSession, PaymentProvider, ProviderError, Reading, Session, Subject,
    Wanted, WebhookError,
};
use stripe::Client;

/// What this plug-in says about itself. Its keys are settings of the environment, which no page shows.
pub static MANIFEST: Manifest = Manifest {
    name: SLUG,
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Takes payments and collects subscriptions through Stripe.",
    dependencies: &[],
    is_on_at_first: true,
    settings: &[],
};

const SLUG: &str = "stripe";

/// The key under which our invoice's id is kept at Stripe.
const INVOICE_KEY: &str = "invoice_id";

/// What is needed to use an account at Stripe.
#[derive(Clone)]
pub struct Config {
    /// The secret key, `sk_…`.
    pub secret_key: String,
    /// What webhooks are signed with, `whsec_…`.
    pub webhook_secret: String,
    /// Another address than Stripe's own: that of a sandbox.
    pub base_url: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// Stripe.
#[derive(Clone)]
pub struct Stripe {
    client: Client,
    webhook_secret: String,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stripe")
    }
}

impl Stripe {
    /// A client with an account's keys. Refused when the address is not one.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let client = client::build(&config)?;
        Ok(Self { client, webhook_secret: config.webhook_secret })
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn slug(&self) -> &'static str {
        SLUG
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { subscriptions: true, refunds: true, portal: true }
    }

    async fn create_session(&self, new: &NewSession) -> Result<Session, ProviderError> {
        self.make_session(new).await
    }

    async fn close_session(&self, session: &str) -> Result<(), ProviderError> {
        self.expire_session(session).await
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError> {
        self.read_subject(subject).await
    }

    async fn refund(&self, payment_reference: &str) -> Result<(), ProviderError> {
        self.give_back(payment_reference).await
    }

    async fn follow(&self, subscription_reference: &str, wanted: &Wanted) -> Result<bool, ProviderError> {
        self.make_follow(subscription_reference, wanted).await
    }

    async fn portal(&self, customer: &str, return_url: &str) -> Result<String, ProviderError> {
        self.portal_address(customer, return_url).await
    }

    async fn event(&self, message: &Message<'_>, now: DateTime<Utc>) -> Result<Event, WebhookError> {
        webhook::read(message, &self.webhook_secret, now)
    }
}
