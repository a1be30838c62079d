//! Spreads of tarot cards for tokens, and what a language model says of them (spec `subscription-billing.md` 5.12).
//!
//! * [`Taro::begin`]: draws three cards; [`Taro::follow_up`] goes on with them
//! * [`Taro::situation`], [`Taro::explain`]: what the model says of the cards, for the price of the session
//! * [`Taro::session`], [`Taro::history`], [`Taro::limits`]: what there is, and what is left
//! * [`Taro::sessions_of`], [`Taro::reset`], [`Taro::prompts`] and those that change them: what the admin does
//!
//! What is charged and what is had for it are one transaction; how many sessions a day has is looked at in the statement
//! that counts them. No transaction is open while the model answers. What people asked, and what they were told, is not
//! kept: it is nobody else's.

mod admin;
pub mod cards;
pub mod chance;
mod error;
mod limits;
mod model;
mod prompts;
mod readings;
mod sessions;
pub mod spread;
mod store;

use std::sync::Arc;

use billing::Billing;
use chance::{SharedChance, SystemChance};
use platform::clock::SharedClock;
use platform::database::Database;
use plugin_api::Manifest;
use plugin_api::language::SharedModel;

pub use error::{Error, Result};
pub use limits::Limits;
pub use model::{
    FOLLOW_UP_COST, FOLLOW_UPS, FollowUp, LIFETIME, LONGEST_QUESTION, MOST_ANSWERS, SESSION_COST,
    SESSIONS_A_DAY, Session, WARNING,
};
pub use prompts::{LONGEST_PROMPT, Prompt, Purpose};
pub use readings::Reading;

/// What the plug-in says about itself.
pub static MANIFEST: Manifest = Manifest {
    name: "taro",
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Draws tarot cards for tokens; with a language model it also says what they mean for somebody.",
    dependencies: &[],
    is_on_at_first: false,
    settings: &[],
};

/// The use cases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Taro {
    database: Database,
    clock: SharedClock,
    chance: SharedChance,
    billing: Billing,
    model: Option<SharedModel>,
}

impl Taro {
    /// On a database, with a clock and the machine's chance. Without a language model cards are drawn all the same.
    pub fn new(database: Database, clock: SharedClock, billing: Billing) -> Self {
        Self { database, clock, chance: Arc::new(SystemChance), billing, model: None }
    }

    /// The same with a language model.
    #[must_use]
    pub fn with_model(self, model: SharedModel) -> Self {
        Self { model: Some(model), ..self }
    }

    /// The same with other chance: for tests.
    #[must_use]
    pub fn with_chance(self, chance: SharedChance) -> Self {
        Self { chance, ..self }
    }
}
