//! A purchase on the hosted page.

use serde::{Deserialize, Serialize};

use super::{Metadata, Timestamp, record};
use crate::form::text_enum;
use crate::model::payment::CaptureMethod;
use crate::model::subscription::MissingPaymentMethod;

text_enum! {
    /// What a session sells.
    Mode { Payment = "payment", Subscription = "subscription" }
}

text_enum! {
    /// Where a session stands.
    SessionStatus { Open = "open", Complete = "complete", Expired = "expired" }
}

text_enum! {
    /// Whether a session's money has come.
    PaymentStatus { Paid = "paid", Unpaid = "unpaid", Free = "no_payment_required" }
}

text_enum! {
    /// Whether a payment makes a customer of its payer.
    CustomerCreation { Always = "always", IfRequired = "if_required" }
}

text_enum! {
    /// Whether a card is asked for when nothing is due yet.
    CardCollection { Always = "always", IfRequired = "if_required" }
}

/// A line of a purchase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LineItem {
    pub id: String,
    pub price: String,
    pub quantity: i64,
}

/// What the payment of a session takes along.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PaymentData {
    pub metadata: Metadata,
    pub description: Option<String>,
    pub capture_method: CaptureMethod,
    /// `setup_future_usage`: the card is kept with the customer.
    pub keep_card: bool,
}

/// What the subscription of a session takes along.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SubscriptionData {
    pub metadata: Metadata,
    pub description: Option<String>,
    pub trial_period_days: Option<u32>,
    pub trial_end: Option<Timestamp>,
    pub missing_payment_method: MissingPaymentMethod,
}

/// What the payer typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomerDetails {
    pub email: String,
    pub name: String,
}

/// A Checkout Session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckoutSession {
    pub id: String,
    pub created: Timestamp,
    pub expires_at: Timestamp,
    pub mode: Mode,
    pub status: SessionStatus,
    pub payment_status: PaymentStatus,
    pub currency: String,
    pub line_items: Vec<LineItem>,
    pub customer: Option<String>,
    pub customer_email: Option<String>,
    pub customer_creation: CustomerCreation,
    pub customer_details: Option<CustomerDetails>,
    pub client_reference_id: Option<String>,
    pub metadata: Metadata,
    pub success_url: Option<String>,
    pub cancel_url: Option<String>,
    pub card_collection: CardCollection,
    pub allow_promotion_codes: Option<bool>,
    pub payment_data: PaymentData,
    pub subscription_data: SubscriptionData,
    pub payment_intent: Option<String>,
    pub subscription: Option<String>,
    pub invoice: Option<String>,
    /// The payment intent of attempts so far; a declined card does not start over.
    pub attempted_intent: Option<String>,
}

record!(CheckoutSession = "checkout.session");
