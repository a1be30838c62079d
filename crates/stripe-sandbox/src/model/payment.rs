//! Payments: intents, their charges, and money given back.

use serde::{Deserialize, Serialize};

use super::card::Decline;
use super::{Metadata, Timestamp, record};
use crate::form::text_enum;

text_enum! {
    /// Whether money is taken at once, or only reserved.
    #[derive(Default)]
    CaptureMethod { #[default] Automatic = "automatic", AutomaticAsync = "automatic_async", Manual = "manual" }
}

text_enum! {
    /// Where a payment stands.
    IntentStatus {
        RequiresPaymentMethod = "requires_payment_method",
        RequiresConfirmation = "requires_confirmation",
        RequiresAction = "requires_action",
        RequiresCapture = "requires_capture",
        Canceled = "canceled",
        Succeeded = "succeeded",
    }
}

text_enum! {
    /// Why a payment was given up.
    IntentCancellation {
        Abandoned = "abandoned",
        Automatic = "automatic",
        Duplicate = "duplicate",
        Fraudulent = "fraudulent",
        RequestedByCustomer = "requested_by_customer",
        VoidInvoice = "void_invoice",
    }
}

/// A payment from the wish to the money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentIntent {
    pub id: String,
    pub created: Timestamp,
    pub client_secret: String,
    pub amount: i64,
    pub amount_received: i64,
    pub currency: String,
    pub status: IntentStatus,
    pub capture_method: CaptureMethod,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub metadata: Metadata,
    pub payment_method: Option<String>,
    pub latest_charge: Option<String>,
    pub last_error: Option<Decline>,
    /// The card stays with the customer for later payments.
    pub keep_card: bool,
    /// Where the customer authenticates while `requires_action`.
    pub authentication: Option<String>,
    pub invoice: Option<String>,
    pub canceled_at: Option<Timestamp>,
    pub cancellation_reason: Option<IntentCancellation>,
}

text_enum! {
    /// How a charge ended.
    ChargeStatus { Succeeded = "succeeded", Failed = "failed" }
}

/// One attempt to take money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    pub created: Timestamp,
    pub amount: i64,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub currency: String,
    pub status: ChargeStatus,
    pub failure: Option<Decline>,
    pub captured: bool,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub payment_intent: String,
    pub payment_method: String,
    pub receipt_email: Option<String>,
    pub disputed: bool,
    /// Whether its holder authenticated it by 3-D Secure.
    pub authenticated: bool,
}

text_enum! {
    /// Where a refund stands.
    RefundStatus { Succeeded = "succeeded", Canceled = "canceled" }
}

text_enum! {
    /// Why money was given back.
    RefundReason { Duplicate = "duplicate", Fraudulent = "fraudulent", RequestedByCustomer = "requested_by_customer" }
}

/// Money given back, whole or in part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    pub created: Timestamp,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub status: RefundStatus,
    pub reason: Option<RefundReason>,
    pub metadata: Metadata,
}

/// A page where a card holder proves to be one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authentication {
    pub id: String,
    pub payment_method: String,
    pub purpose: AuthenticationPurpose,
    /// Set once the holder has answered: each page serves once.
    pub done: bool,
}

/// What goes on after authentication.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum AuthenticationPurpose {
    Checkout { session: String },
    Invoice { invoice: String },
    Intent { intent: String },
}

record!(
    PaymentIntent = "payment_intent",
    Charge = "charge",
    Refund = "refund",
    Authentication = "authentication"
);
