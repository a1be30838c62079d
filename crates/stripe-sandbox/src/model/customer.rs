//! Who pays.

use serde::{Deserialize, Serialize};

use super::{Metadata, Timestamp, record};

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub city: Option<String>,
    pub country: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub postal_code: Option<String>,
    pub state: Option<String>,
}

/// A customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    pub id: String,
    pub created: Timestamp,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub address: Option<Address>,
    pub metadata: Metadata,
    /// What renewals are charged to (`invoice_settings.default_payment_method`).
    pub default_payment_method: Option<String>,
    /// Minor units the customer owes (positive) or is owed (negative); the next invoice takes it up.
    pub balance: i64,
    pub currency: Option<String>,
    /// Leads the numbers of the customer's invoices.
    pub invoice_prefix: String,
    pub next_invoice_sequence: u32,
    /// The test clock whose time the customer lives in; without one, the sandbox's.
    pub test_clock: Option<String>,
    pub deleted: bool,
}

record!(Customer = "customer");
