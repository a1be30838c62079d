//! Payment through PayPal (spec 5.12). People pay on PayPal's pages; one order of PayPal's is for one whole invoice.
//!
//! * **Money is taken by a reading.** An order that was approved is not paid yet: it has to be captured, and that is done when
//!   the order is read ([`PaymentProvider::read`]), be it since its payer came back or since PayPal says that they approved.
//!   PayPal captures an order once, so it does not matter how often it is read, and by how many at a time.
//! * **Who comes back brings `token`**, the id of the order, which PayPal appends to the address. The id is not known before
//!   there is an order, so what holds `{session}` in [`NewSession::success_url`] is left out: who reads the address takes
//!   `token` for it.
//! * **An order cannot be closed at PayPal.** So it is marked ([`PaymentProvider::close_session`]): what is marked is never
//!   captured, whoever approves it, and PayPal forgets it after some hours.
//! * **Nothing is collected again.** A [`SessionLine`](plugin_api::payment::SessionLine) with an interval is just an amount
//!   here: later periods are invoiced by Keyrack and paid as the first one. PayPal's own subscriptions are left out.
//! * **No customer is remembered.** PayPal asks people who they are each time.
//!
//! What PayPal's objects carry of ours is one thing, `custom_id`: the invoice's id, on the order and on the capture that comes
//! of it. Whatever an event is about, that leads back to the invoice. `invoice_id` there is our number: with it PayPal, where
//! its account is set so, refuses a second payment of the same invoice.

mod amount;
mod client;
mod order;
mod read;
mod refund;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod shape;
mod webhook;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use plugin_api::Manifest;
use plugin_api::payment::{
    Capabilities, Event, Message, NewSession, PaymentProvider, ProviderError, Reading, Session, Subject,
    Wanted, WebhookError,
};

use crate::client::{Client, if_known};

/// What this plug-in says about itself. Its keys are settings of the environment, which no page shows.
pub static MANIFEST: Manifest = Manifest {
    name: SLUG,
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Takes payments through PayPal.",
    dependencies: &[],
    is_on_at_first: false,
    settings: &[],
};

const SLUG: &str = "paypal";

/// What is needed to use an account at PayPal.
#[derive(Clone)]
pub struct Config {
    /// The id of the app in PayPal's dashboard.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The id of the webhook that was made there: messages are signed for it.
    pub webhook_id: String,
    /// Another address than that of PayPal's live API: that of PayPal's own sandbox, or of a double.
    pub base_url: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// PayPal.
pub struct PayPal {
    client: Client,
    webhook_id: String,
}

impl fmt::Debug for PayPal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayPal")
    }
}

impl PayPal {
    /// A client with an account's keys. Refused when there can be no connections at all.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let webhook_id = config.webhook_id.clone();
        Ok(Self { client: Client::new(config)?, webhook_id })
    }
}

#[async_trait]
impl PaymentProvider for PayPal {
    fn slug(&self) -> &'static str {
        SLUG
    }

    fn brand(&self) -> Option<&'static str> {
        Some("PayPal")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { subscriptions: false, refunds: true, portal: false }
    }

    async fn create_session(&self, new: &NewSession) -> Result<Session, ProviderError> {
        self.make_order(new).await
    }

    async fn close_session(&self, session: &str) -> Result<(), ProviderError> {
        self.mark_closed(session).await
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError> {
        let read = match subject {
            Subject::Session(id) => self.read_order(id).await,
            Subject::Payment(id) => self.read_capture(id).await,
            Subject::Subscription(_) => Ok(None),
        };
        // Of another account, or an order that PayPal has forgotten.
        if_known(read).map(Option::flatten)
    }

    async fn refund(&self, payment_reference: &str) -> Result<(), ProviderError> {
        self.give_back(payment_reference).await
    }

    async fn follow(&self, _: &str, _: &Wanted) -> Result<bool, ProviderError> {
        Ok(false)
    }

    async fn portal(&self, _: &str, _: &str) -> Result<String, ProviderError> {
        Err(ProviderError::Unsupported)
    }

    async fn event(&self, message: &Message<'_>, now: DateTime<Utc>) -> Result<Event, WebhookError> {
        self.check(message, now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_printed() {
        let config = Config {
            client_id: "client".to_owned(),
            client_secret: "hidden".to_owned(),
            webhook_id: "WH-1".to_owned(),
            base_url: Some("https://api-m.sandbox.paypal.com".to_owned()),
        };
        assert_eq!(
            format!("{config:?} {:?}", PayPal::new(config.clone()).unwrap()),
            r#"Config { base_url: Some("https://api-m.sandbox.paypal.com"), .. } PayPal"#
        );
    }
}
