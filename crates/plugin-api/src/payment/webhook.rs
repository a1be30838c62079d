//! What a provider sends by itself.

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// A message as it came, of which nobody knows yet who sent it.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The query of the address that it was sent to, without the question mark.
    pub query: Option<&'a str>,
    /// Its body, to the byte.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The text of a header; none if it is missing, or no text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A message that is the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The provider's id: the same message sent again has the same.
    pub id: String,
    /// The provider's name for what happened.
    pub kind: String,
    /// When it happened, as the provider says.
    pub occurred_at: DateTime<Utc>,
    /// What it is about; none for what we have no use for.
    pub subject: Option<Subject>,
}

/// Something at the provider, by its id there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A page where an invoice is paid.
    Session(String),
    /// A subscription.
    Subscription(String),
    /// A payment.
    Payment(String),
}
