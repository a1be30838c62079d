use plugin_api::language::ModelError;

/// Why there is no answer. Nothing was charged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was sent cannot be; the text names the field.
    #[error("{0}")]
    Invalid(String),
    /// There is no model.
    #[error("Chat is not configured")]
    NotConfigured,
    /// The tokens would not do, or did not any more.
    #[error("Insufficient token balance")]
    NotEnough {
        /// How many it takes.
        needed: i64,
        /// How many there are.
        balance: i64,
    },
    /// The model did not answer.
    #[error("Chat service unavailable")]
    NoAnswer(#[from] ModelError),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Billing(#[from] billing::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
