//! Payment through YooKassa: one payment for a whole invoice, on a page of YooKassa's (spec 5.12). Card data never touches
//! Keyrack. Periods after the first are invoiced by Keyrack and paid like any other invoice, so what is paid again and again
//! is just an amount here.
//!
//! * **The page is the payment.** YooKassa makes both at once, under one id; that is what Keyrack keeps as the session, and as
//!   the payment's reference. `metadata.invoice_id` leads back to the invoice.
//! * **Where people come back to** is said before the id is known, and is one address whether they paid or not. So `{session}`
//!   in [`NewSession::success_url`] becomes the id of the *invoice*, which whoever they come back to can look its page up by;
//!   [`NewSession::cancel_url`] is not used.
//! * **A page that waits for somebody cannot be closed** ([`ProviderError::Unsupported`]); YooKassa ends it by itself after
//!   an hour or so. What is paid on it all the same is read like every payment, and goes back where nobody owes it.
//! * **Notifications are not signed.** Their address carries a secret of ours, `?key=…`. They are sent for a day, so their age says nothing; and what counts
//!   is read from YooKassa in any case.
//! * **Contested payments** are not to be seen through this API: a reading never says so.
//!
//! With the feature `sandbox` there is a double of YooKassa, in `sandbox`.

mod amount;
mod client;
mod notification;
mod payment;
#[cfg(feature = "sandbox")]
pub mod sandbox;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use plugin_api::Manifest;
use plugin_api::payment::{
    Capabilities, Event, Message, NewSession, PaymentProvider, ProviderError, Reading, Session, Subject,
    Wanted, WebhookError,
};

use client::Client;

/// What this plug-in says about itself. Its keys are settings of the environment, which no page shows.
pub static MANIFEST: Manifest = Manifest {
    name: SLUG,
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Takes payments through YooKassa.",
    dependencies: &[],
    is_on_at_first: false,
    settings: &[],
};

const SLUG: &str = "yookassa";

/// The key under which our invoice's id is kept at YooKassa.
const INVOICE_KEY: &str = "invoice_id";

/// What is needed to use a shop at YooKassa.
#[derive(Clone)]
pub struct Config {
    /// The shop's id.
    pub shop_id: String,
    /// The shop's secret key, `live_…` or `test_…`.
    pub secret_key: String,
    /// What the address for notifications carries as `key`: a secret of ours, which only YooKassa is told. Not empty.
    pub notification_secret: String,
    /// Another address than YooKassa's own, with its version, such as `http://localhost:4000/v3`: that of a sandbox.
    pub base_url: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// YooKassa.
#[derive(Clone)]
pub struct YooKassa {
    client: Client,
    notification_secret: String,
}

impl fmt::Debug for YooKassa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YooKassa")
    }
}

impl YooKassa {
    /// A client with a shop's keys. Refused when the address is not one, or when there is no secret for notifications:
    /// everybody knows the empty one.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        if config.notification_secret.is_empty() {
            return Err(ProviderError::Refused("YooKassa's notifications need a secret".to_owned()));
        }
        Ok(Self { client: Client::new(&config)?, notification_secret: config.notification_secret })
    }
}

#[async_trait]
impl PaymentProvider for YooKassa {
    fn slug(&self) -> &'static str {
        SLUG
    }

    fn brand(&self) -> Option<&'static str> {
        Some("YooKassa")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { subscriptions: false, refunds: true, portal: false }
    }

    async fn create_session(&self, new: &NewSession) -> Result<Session, ProviderError> {
        self.make_page(new).await
    }

    async fn close_session(&self, session: &str) -> Result<(), ProviderError> {
        self.close_page(session).await
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError> {
        match subject {
            Subject::Session(id) | Subject::Payment(id) => self.read_payment(id).await,
            Subject::Subscription(_) => Ok(None),
        }
    }

    async fn refund(&self, payment_reference: &str) -> Result<(), ProviderError> {
        self.give_back(payment_reference).await
    }

    /// Never: YooKassa collects nothing by itself.
    async fn follow(&self, _subscription_reference: &str, _wanted: &Wanted) -> Result<bool, ProviderError> {
        Ok(false)
    }

    async fn portal(&self, _customer: &str, _return_url: &str) -> Result<String, ProviderError> {
        Err(ProviderError::Unsupported)
    }

    async fn event(&self, message: &Message<'_>, now: DateTime<Utc>) -> Result<Event, WebhookError> {
        notification::read(message, &self.notification_secret, now)
    }
}
