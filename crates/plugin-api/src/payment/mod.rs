//! How customers pay: a provider's page, and what the provider says afterwards.
//!
//! What a provider sends is a hint that something changed ([`Event`]); what counts is read from the provider afterwards
//! ([`Reading`]). So the order of events, their repetition and their loss do not matter: each reading is the whole truth
//! about one purchase at one moment.

#[cfg(feature = "contract")]
pub mod contract;
mod error;
mod reading;
mod session;
mod webhook;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub use error::{ProviderError, WebhookError};
pub use reading::{
    PaidPeriod, PaymentReading, Reading, Returned, SessionReading, SessionStatus, SubscriptionReading,
    SubscriptionStanding,
};
pub use session::{FARTHEST_PAYMENT, Interval, NewSession, Payer, Session, SessionLine, Wanted};
pub use webhook::{Event, Message, Subject};

/// What a provider can do, for pages and tests: what it cannot is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Collects the periods of a subscription by itself.
    pub subscriptions: bool,
    /// Gives money back.
    pub refunds: bool,
    /// Has a page where customers change their card and end subscriptions.
    pub portal: bool,
}

/// A payment provider.
///
/// `Ok` is an answer of the provider; an error says whether trying again can help ([`ProviderError::is_passing`]). Every
/// call can be repeated: what was made by the first one is found again.
#[async_trait]
pub trait PaymentProvider: Send + Sync + std::fmt::Debug {
    /// The name in paths and rows, such as `stripe`.
    fn slug(&self) -> &'static str;

    /// What payers know it by, where they do; a card is paid without knowing whose page it is.
    fn brand(&self) -> Option<&'static str> {
        None
    }

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes the page where an invoice is paid. The same [`NewSession::key`] gives the same page.
    async fn create_session(&self, new: &NewSession) -> Result<Session, ProviderError>;

    /// Closes a page that nobody shall pay any more. One that was paid or is over may be refused. A provider that cannot do
    /// this says so ([`ProviderError::Unsupported`]): what is paid on the page all the same has to go back.
    async fn close_session(&self, session: &str) -> Result<(), ProviderError>;

    /// The whole truth about the purchase that `subject` belongs to; none if it is not one of ours.
    async fn read(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError>;

    /// Gives the whole of a payment back. Repeating it gives nothing twice.
    async fn refund(&self, payment_reference: &str) -> Result<(), ProviderError>;

    /// Makes the provider's subscription do what ours does. False if it is over there, for good, or not known: nothing is
    /// collected any more.
    async fn follow(&self, subscription_reference: &str, wanted: &Wanted) -> Result<bool, ProviderError>;

    /// The address of the page where a customer changes their card.
    async fn portal(&self, customer: &str, return_url: &str) -> Result<String, ProviderError>;

    /// Reads a message that says it is the provider's, and checks at `now` that it is and, where its time is signed as well,
    /// that it is not old. Some providers have to be asked whether it is.
    async fn event(&self, message: &Message<'_>, now: DateTime<Utc>) -> Result<Event, WebhookError>;
}
