//! What happened, and to whom it was told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Timestamp, record};
use crate::form::text_enum;

/// The call that caused an event.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Cause {
    pub request: Option<String>,
    pub idempotency_key: Option<String>,
}

/// An event: an object as it was at that moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub created: Timestamp,
    pub kind: String,
    pub object: Value,
    /// The former values of what an `updated` event changed.
    pub previous: Option<Value>,
    pub cause: Cause,
}

text_enum! {
    /// Where a delivery stands.
    DeliveryStatus {
        /// On its way, or waiting for the next attempt.
        Pending = "pending",
        /// Kept back until released.
        Held = "held",
        Delivered = "delivered",
        /// Lost on purpose.
        Dropped = "dropped",
        /// Every attempt failed.
        Failed = "failed",
    }
}

/// One attempt to deliver.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// Real time.
    pub at: Timestamp,
    /// The receiver's status, or none when it could not be reached.
    pub status: Option<u16>,
    /// The start of its answer, or what went wrong.
    pub answer: String,
}

/// The way of one event to one endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    pub id: String,
    pub event: String,
    pub endpoint: String,
    pub status: DeliveryStatus,
    pub attempts: Vec<Attempt>,
}

record!(Event = "event", Delivery = "delivery");
