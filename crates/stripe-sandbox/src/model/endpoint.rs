//! Where events are sent.

use serde::{Deserialize, Serialize};

use super::{Metadata, Timestamp, record};

/// A webhook endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    pub id: String,
    pub created: Timestamp,
    pub url: String,
    pub secret: String,
    pub description: Option<String>,
    /// Event types it wants; `*` stands for all.
    pub enabled_events: Vec<String>,
    pub disabled: bool,
    pub api_version: Option<String>,
    pub metadata: Metadata,
    /// Given by the program that started the sandbox, and so not among those the API lists.
    pub built_in: bool,
}

record!(WebhookEndpoint = "webhook endpoint");

impl WebhookEndpoint {
    pub fn wants(&self, kind: &str) -> bool {
        !self.disabled && self.enabled_events.iter().any(|it| it == "*" || it == kind)
    }
}
