//! What happens: payments, subscriptions, invoices, and time going by.
//!
//! Functions here change the state and emit the events Stripe would, in the same order. They are given checked input by
//! `api` and `pages`, and decide everything that is a rule of billing.

pub mod authentication;
pub mod checkout;
pub mod dispute;
pub mod invoice;
pub mod payment;
pub mod period;
pub mod proration;
pub mod refund;
pub mod renewal;
pub mod schedule;
pub mod subscription;
pub mod wallet;
