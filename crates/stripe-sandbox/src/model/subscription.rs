//! Agreements to pay for each period.

use serde::{Deserialize, Serialize};

use super::invoice::InvoiceLine;
use super::{Metadata, Timestamp, record};
use crate::form::text_enum;

text_enum! {
    /// Where a subscription stands.
    SubscriptionStatus {
        Incomplete = "incomplete",
        Trialing = "trialing",
        Active = "active",
        PastDue = "past_due",
        Unpaid = "unpaid",
        Paused = "paused",
        Canceled = "canceled",
    }
}

impl SubscriptionStatus {
    /// Whether periods still follow each other.
    pub const fn renews(self) -> bool {
        matches!(self, Self::Trialing | Self::Active | Self::PastDue | Self::Unpaid)
    }
}

text_enum! {
    /// What happens when a trial ends and there is no card.
    #[derive(Default)]
    MissingPaymentMethod { #[default] CreateInvoice = "create_invoice", Cancel = "cancel", Pause = "pause" }
}

text_enum! {
    /// What becomes of invoices while collection is paused.
    PauseBehavior { KeepAsDraft = "keep_as_draft", MarkUncollectible = "mark_uncollectible", Void = "void" }
}

text_enum! {
    /// How a change in the middle of a period is charged.
    #[derive(Default)]
    ProrationBehavior { #[default] CreateProrations = "create_prorations", AlwaysInvoice = "always_invoice", None = "none" }
}

text_enum! {
    /// What becomes of a change whose payment fails.
    #[derive(Default)]
    PaymentBehavior {
        /// It stands, and the subscription is past due.
        #[default] AllowIncomplete = "allow_incomplete",
        /// It is refused.
        ErrorIfIncomplete = "error_if_incomplete",
    }
}

text_enum! {
    /// Who ended a subscription.
    CancellationReason {
        CancellationRequested = "cancellation_requested",
        PaymentDisputed = "payment_disputed",
        PaymentFailed = "payment_failed",
    }
}

/// Collection is paused; periods go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseCollection {
    pub behavior: PauseBehavior,
    pub resumes_at: Option<Timestamp>,
}

/// A price within a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionItem {
    pub id: String,
    pub created: Timestamp,
    pub price: String,
    pub quantity: i64,
    pub metadata: Metadata,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscription {
    pub id: String,
    pub created: Timestamp,
    pub customer: String,
    pub status: SubscriptionStatus,
    pub currency: String,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub items: Vec<SubscriptionItem>,
    pub billing_cycle_anchor: Timestamp,
    pub current_period_start: Timestamp,
    pub current_period_end: Timestamp,
    pub start_date: Timestamp,
    pub trial_start: Option<Timestamp>,
    pub trial_end: Option<Timestamp>,
    /// Whether `trial_will_end` has been sent, three days before the end.
    pub trial_end_announced: bool,
    pub missing_payment_method: MissingPaymentMethod,
    pub cancel_at_period_end: bool,
    pub cancel_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancellation_reason: Option<CancellationReason>,
    pub cancellation_comment: Option<String>,
    pub pause_collection: Option<PauseCollection>,
    pub default_payment_method: Option<String>,
    pub latest_invoice: Option<String>,
    /// Credits and debits of changes that wait for the next invoice.
    pub pending_lines: Vec<InvoiceLine>,
}

record!(Subscription = "subscription");
