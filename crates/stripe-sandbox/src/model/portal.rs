//! A visit to the billing portal.

use serde::{Deserialize, Serialize};

use super::{Timestamp, record};

/// A billing portal session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PortalSession {
    pub id: String,
    pub created: Timestamp,
    pub customer: String,
    pub return_url: Option<String>,
}

record!(PortalSession = "billing_portal.session");
