//! What a provider knows of a purchase, in our words.

use chrono::{DateTime, Utc};
use domain::ids::InvoiceId;
use domain::money::Money;

/// All that a provider knows of one purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The invoice of ours that was to be paid.
    pub invoice_id: InvoiceId,
    /// The provider's id of the payer.
    pub customer: Option<String>,
    /// The page, where it was asked about.
    pub session: Option<SessionReading>,
    /// The payment of the invoice, once there is one.
    pub payment: Option<PaymentReading>,
    /// The subscription that it began, if it did.
    pub subscription: Option<SubscriptionReading>,
}

/// A page where an invoice is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionReading {
    /// The provider's id of it.
    pub id: String,
    /// What became of it.
    pub status: SessionStatus,
    /// Its address, while it is open.
    pub url: Option<String>,
    /// What is to be paid.
    pub total: Option<Money>,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// It can be paid.
    Open,
    /// It was paid.
    Paid,
    /// It was gone through, and the money is on its way.
    Processing,
    /// It cannot be paid any more.
    Expired,
}

/// Money that a provider moved, or could not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReading {
    /// The provider's id of it.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// When it arrived; none if it did not.
    pub captured_at: Option<DateTime<Utc>>,
    /// What went back of it; none where this was not asked about.
    pub returned: Option<Returned>,
    /// Whether the last attempt was refused.
    pub has_failed: bool,
}

/// What went back of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// How much was refunded, in minor units.
    pub refunded_minor: i64,
    /// Whether the payer contests it, or did.
    pub is_disputed: bool,
    /// Whether the payer's bank took it back for good.
    pub is_lost: bool,
}

/// A subscription that the provider collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionReading {
    /// The provider's id of it.
    pub id: String,
    /// How it stands.
    pub standing: SubscriptionStanding,
    /// Whether it goes on when the present period ends.
    pub renews: bool,
    /// The periods that it asked money for, oldest first. The first is the purchase.
    pub periods: Vec<PaidPeriod>,
}

/// How a subscription stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionStanding {
    /// It was never paid.
    Incomplete,
    /// It is paid, or tried out.
    Running,
    /// A payment failed and is tried again.
    PastDue,
    /// It is over.
    Ended,
}

/// A period that money was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidPeriod {
    /// The provider's id of its invoice.
    pub reference: String,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// What was asked for.
    pub total: Money,
    /// Whether that was paid.
    pub is_paid: bool,
    /// How often collecting it was tried.
    pub attempts: u32,
    /// The payment; none where nothing was to be paid, or is not yet.
    pub payment: Option<PaymentReading>,
    /// The page where the payer pays it, or confirms the payment to their bank, while it is open.
    pub pay_url: Option<String>,
}
