//! What an account has and owes, as pages show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Addon, BillingPeriod, InvoiceStatus, PricedPlan, SubscriptionState, TaxRate, TokenBundle, Totals,
};
use crate::ids::{AddonSubscriptionId, InvoiceId, PlanId, SubscriptionId};
use crate::money::{Currency, Money};

/// What somebody subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionView {
    /// The id.
    pub id: SubscriptionId,
    /// The plan.
    pub plan_id: PlanId,
    /// What people call the plan.
    pub plan_name: String,
    /// The net price of a period.
    pub price: Money,
    /// How often it is paid for.
    pub billing_period: BillingPeriod,
    /// Its state.
    pub state: SubscriptionState,
    /// The plan from the next period on.
    pub pending_plan: Option<String>,
    /// Whether a payment provider collects its periods.
    pub is_collected: bool,
    /// Whether collecting the last period failed.
    pub is_past_due: bool,
}

/// An invoice with its lines; none in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceView {
    /// The id.
    pub id: InvoiceId,
    /// The number on it.
    pub number: String,
    /// Whether it is paid.
    pub status: InvoiceStatus,
    /// What it comes to.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
    /// Its date.
    pub invoiced_at: DateTime<Utc>,
    /// When it is to be paid.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// What it is over: text and net amount.
    pub lines: Vec<(String, Money)>,
    /// The subscription on it.
    pub subscription_id: Option<SubscriptionId>,
    /// Whether it is over an order, rather than a period or a change of what runs.
    pub is_order: bool,
    /// The code of the way to pay.
    pub payment_method: Option<String>,
    /// Its credit notes, and what takes them back, oldest first.
    pub credit_notes: Vec<CreditNoteView>,
}

impl InvoiceView {
    /// Whether money can still come for it.
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// Whether it should have been paid by `now`.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.status.is_overdue(self.due_at, now)
    }
}

/// A credit note of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteView {
    /// The id.
    pub id: uuid::Uuid,
    /// The number on it.
    pub number: String,
    /// Whether it takes a credit note back.
    pub is_cancellation: bool,
    /// What it comes to.
    pub total: Money,
    /// Its date.
    pub issued_at: DateTime<Utc>,
}

/// An add-on that an account has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddonView {
    /// The id.
    pub id: AddonSubscriptionId,
    /// What people call it.
    pub name: String,
    /// When it ends; none of what waits for its payment.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it runs, and can be cancelled.
    pub is_active: bool,
}

/// An entry of the token ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEntryView {
    /// How many; negative for what was spent.
    pub amount: i64,
    /// What for.
    pub description: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The first page of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Newest first.
    pub subscriptions: Vec<SubscriptionView>,
    /// Add-ons that run, or wait for their payment.
    pub addons: Vec<AddonView>,
    /// Invoices that wait for payment.
    pub open_invoices: Vec<InvoiceView>,
    /// Tokens left.
    pub tokens: i64,
    /// Whether there is a card at a payment provider that can be changed.
    pub has_card: bool,
    /// The present instant, which states are read at.
    pub now: DateTime<Utc>,
}

/// What can be bought, at prices in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    /// Plans, at their price with tax; without a trial where it was used.
    pub plans: Vec<PricedPlan>,
    /// Add-ons that go with every plan, with one that the account has, or with one of these, with their net price in the
    /// currency.
    pub addons: Vec<(Addon, Money)>,
    /// Token bundles, with their net price in the currency.
    pub bundles: Vec<(TokenBundle, Money)>,
    /// The currencies that prices can be had in.
    pub currencies: Vec<Currency>,
    /// The currency of these prices.
    pub currency: Currency,
    /// The tax on all of it.
    pub tax_rate: TaxRate,
    /// The country that has this tax.
    pub country: Option<String>,
}

/// What an order would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteView {
    /// What is in it, with net prices.
    pub lines: Vec<(String, Money)>,
    /// What would be to pay.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
    /// The plan in it is tried out first.
    pub trial: Option<TrialView>,
}

/// A trial that an order would begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialView {
    /// How long it lasts.
    pub days: u16,
    /// Its end, if it began now.
    pub ends_at: DateTime<Utc>,
    /// What a period of the plan costs then, with tax.
    pub price: Money,
    /// How long that period is.
    pub billing_period: BillingPeriod,
}

/// What a change of plan would cost now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// The net price of a period of the other plan, in the currency of the subscription.
    pub price: Money,
    /// What is left of the present plan, net.
    pub credit: Money,
    /// What the invoice would say.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
    /// Whole days that are left of what was paid.
    pub days_remaining: i64,
    /// The end of the period that begins with the change.
    pub until: DateTime<Utc>,
}

/// A module of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its name, such as `hotel`.
    pub name: String,
    /// Whether the company can use it now.
    pub is_enabled: bool,
    /// Until when it was paid for.
    pub valid_until: Option<DateTime<Utc>>,
    /// The plans that open it, at their price with tax.
    pub plans: Vec<PricedPlan>,
    /// The subscription that opens it.
    pub subscription: Option<SubscriptionView>,
}
