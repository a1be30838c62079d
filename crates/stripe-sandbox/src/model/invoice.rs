//! What is owed for a period or a change.

use serde::{Deserialize, Serialize};

use super::{Metadata, Timestamp, record};
use crate::form::text_enum;

text_enum! {
    /// Where an invoice stands.
    InvoiceStatus { Draft = "draft", Open = "open", Paid = "paid", Uncollectible = "uncollectible", Void = "void" }
}

text_enum! {
    /// Why an invoice came to be.
    BillingReason {
        Create = "subscription_create",
        Cycle = "subscription_cycle",
        Update = "subscription_update",
    }
}

/// A line of an invoice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InvoiceLine {
    pub id: String,
    pub amount: i64,
    pub description: String,
    pub period_start: Timestamp,
    pub period_end: Timestamp,
    pub price: String,
    pub quantity: i64,
    pub proration: bool,
    pub subscription_item: Option<String>,
}

/// An invoice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invoice {
    pub id: String,
    pub created: Timestamp,
    pub customer: String,
    pub subscription: String,
    /// The subscription's metadata when the invoice was finalised.
    pub subscription_metadata: Metadata,
    pub status: InvoiceStatus,
    pub billing_reason: BillingReason,
    pub currency: String,
    pub number: Option<String>,
    pub lines: Vec<InvoiceLine>,
    pub metadata: Metadata,
    pub period_start: Timestamp,
    pub period_end: Timestamp,
    /// The customer's balance before and after.
    pub starting_balance: i64,
    pub ending_balance: Option<i64>,
    pub amount_paid: i64,
    pub attempt_count: u32,
    pub next_payment_attempt: Option<Timestamp>,
    pub auto_advance: bool,
    pub finalized_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub voided_at: Option<Timestamp>,
    pub marked_uncollectible_at: Option<Timestamp>,
    /// `Settled` without money through Stripe (`paid_out_of_band`).
    pub paid_out_of_band: bool,
    pub payment_intent: Option<String>,
    /// The id of the payment's place on this invoice, once there is a payment.
    pub payment: Option<String>,
}

record!(Invoice = "invoice");

impl Invoice {
    /// The sum of the lines; negative after a downgrade.
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// What the customer's balance leaves to be paid.
    pub fn amount_due(&self) -> i64 {
        (self.total() + self.starting_balance).max(0)
    }

    pub fn amount_remaining(&self) -> i64 {
        if self.paid_out_of_band { 0 } else { self.amount_due() - self.amount_paid }
    }
}
