//! What a provider sends by itself.

use chrono::{DateTime, Utc};

/// A message whose signature is right.
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
