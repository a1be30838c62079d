//! What is sold, who bought it, and what was paid (spec `subscription-billing.md`).
//!
//! * [`catalogue`]: plans, categories, add-ons and token bundles, at a price in a currency with a country's tax
//! * [`checkout`]: a plan, add-ons and bundles become one invoice
//! * [`payments`]: an invoice is settled, refunded or restored; what was bought follows
//! * [`providers`]: the pages of payment providers, and what they send
//! * [`store`]: what can be bought
//! * [`modules`]: which modules a company has, and until when
//! * [`subscriptions`]: pause, resume, cancel, change of plan; what time does to them
//! * [`invoices`]: reading and voiding; numbers without a gap
//! * [`documents`]: invoices and credit notes as PDF
//! * [`mails`]: what customers are written about
//! * [`analytics`], [`history`], [`lists`]: how business goes, and everybody's invoices and subscriptions
//! * [`tokens`]: a ledger whose balance is never below zero
//! * [`features`]: what an account may use, and how often
//! * [`webhooks`]: what happens is told to addresses that the admin names
//! * [`client_events`]: what front ends tell
//! * [`expiry`]: the deletion of what nobody needs any more
//!
//! Each use case is one transaction. Rules are in `domain::billing`; what must never be is refused by the database:
//! two subscriptions of a category that allows one, an invoice that is not the sum of its lines, a balance below zero.

pub mod accounts;
pub mod analytics;
pub mod catalogue;
pub mod checkout;
pub mod client_events;
pub mod documents;
mod error;
pub mod expiry;
pub mod features;
pub mod history;
mod input;
pub mod invoices;
pub mod lists;
pub mod mails;
pub mod modules;
pub mod payments;
pub mod providers;
pub mod settings;
pub mod store;
pub mod subscriptions;
pub mod tokens;
pub mod webhooks;

pub use error::{CartProblem, Error};
pub use input::{Listed, Page};
use platform::clock::SharedClock;
use platform::database::Database;
pub use plugin_api::payment::SessionStatus;
use providers::Providers;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The use cases of billing. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Billing {
    database: Database,
    clock: SharedClock,
    providers: Providers,
}

impl Billing {
    /// The service on a database, with a clock, and without payment providers.
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock, providers: Providers::default() }
    }
}
