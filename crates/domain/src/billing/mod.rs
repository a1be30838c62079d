//! The rules of plans, subscriptions, invoices and tax (spec `subscription-billing.md`). Pure, so that what a page shows
//! before a purchase and what is charged after it come from one calculation.

pub mod account;
pub mod catalogue;
pub mod client_event;
pub mod feature;
pub mod invoice;
pub mod period;
pub mod proration;
pub mod subscription;
pub mod tax;
pub mod webhook;

pub use catalogue::{Addon, Plan, PlanCategory, PricedPlan, TokenBundle};
pub use invoice::{InvoiceAction, InvoiceStatus, Totals};
pub use period::BillingPeriod;
pub use proration::{Proration, prorate};
pub use subscription::{SubscriptionRefusal, SubscriptionState, SubscriptionStatus};
pub use tax::TaxRate;
