//! A page where an invoice is paid.

use chrono::{DateTime, TimeDelta, Utc};
use domain::billing::BillingPeriod;
use domain::ids::{AccountId, InvoiceId};
use domain::money::Money;

/// What is paid on a page.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Makes repeating safe: the same key gives the same page.
    pub key: String,
    /// The invoice that is paid.
    pub invoice_id: InvoiceId,
    /// Its number, as people know it.
    pub invoice_number: String,
    /// Who pays.
    pub payer: Payer,
    /// What for; their sum is what is paid.
    pub lines: Vec<SessionLine>,
    /// Where people go when they have paid. `{session}` stands for the id of the page; for the invoice's, at a provider that
    /// wants to know this address before there is a page.
    pub success_url: String,
    /// Where people go who do not pay.
    pub cancel_url: String,
}

impl NewSession {
    /// The line that is paid again and again, if there is one.
    pub fn recurring(&self) -> Option<&SessionLine> {
        self.lines.iter().find(|line| line.interval.is_some())
    }
}

/// Who pays.
#[derive(Debug, Clone)]
pub struct Payer {
    /// The account.
    pub account_id: AccountId,
    /// The provider's id of it, where it has one already.
    pub customer: Option<String>,
    /// Where the provider writes to.
    pub email: Option<String>,
    /// The name for the provider's records.
    pub name: Option<String>,
}

/// What is paid for, with its tax.
#[derive(Debug, Clone)]
pub struct SessionLine {
    /// What the page calls it.
    pub name: String,
    /// The amount, tax included.
    pub amount: Money,
    /// How often it is paid again; none for once.
    pub interval: Option<Interval>,
}

/// How often something is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Every so many weeks.
    Weeks(u8),
    /// Every so many months of the calendar.
    Months(u8),
    /// Every year.
    Year,
}

impl Interval {
    /// The interval of a period (spec 5.11: month, three months, year, week); none for what is paid once.
    pub fn of(period: BillingPeriod) -> Option<Self> {
        match period {
            BillingPeriod::Weekly => Some(Self::Weeks(1)),
            BillingPeriod::Monthly => Some(Self::Months(1)),
            BillingPeriod::Quarterly => Some(Self::Months(3)),
            BillingPeriod::Yearly => Some(Self::Year),
            BillingPeriod::OneTime => None,
        }
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The provider's id of it.
    pub id: String,
    /// Its address.
    pub url: String,
    /// The provider's id of the payer.
    pub customer: Option<String>,
}

/// How far ahead the next payment can be moved: who wants it later has to ask again by then.
pub const FARTHEST_PAYMENT: TimeDelta = TimeDelta::days(700);

/// What a subscription of ours wants of the provider's.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whether it is renewed at the end of what was paid; none where that stays as it is there, as where the customer said so
    /// on the provider's page.
    pub renews: Option<bool>,
    /// Whether nothing is collected for now.
    pub is_paused: bool,
    /// What is paid from the next period on, and how often; none where that stays as it is.
    pub line: Option<SessionLine>,
    /// When the next period is paid, at most [`FARTHEST_PAYMENT`] from now; none where that is when the provider's period
    /// ends. A line of another interval begins then, and waits while that is not said.
    pub next_payment_at: Option<DateTime<Utc>>,
}
