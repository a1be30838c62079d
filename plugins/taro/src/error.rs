use plugin_api::language::ModelError;

/// Why it did not happen. Nothing was charged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was sent cannot be; the text names the field.
    #[error("{0}")]
    Invalid(String),
    /// The account has no such session.
    #[error("Session not found")]
    NoSession,
    /// The session's time is over.
    #[error("Session expired")]
    Expired,
    /// The tokens would not do, or did not any more.
    #[error("Insufficient token balance")]
    NotEnough {
        /// How many it takes.
        needed: i64,
        /// How many there are.
        balance: i64,
    },
    /// No more sessions on this day.
    #[error("Daily taro limit reached")]
    DailyLimit,
    /// No more follow-ups to this session.
    #[error("Maximum follow-ups reached")]
    FollowUpLimit,
    /// No more answers for the price of this session.
    #[error("No more answers are included in this session")]
    AnswerLimit,
    /// Another follow-up to the same session came between.
    #[error("The session was changed in the meantime")]
    ChangedMeanwhile,
    /// There is no model.
    #[error("Taro readings are not configured")]
    NotConfigured,
    /// The model did not answer.
    #[error("Taro service unavailable")]
    NoAnswer(#[from] ModelError),
    /// The admin wrote no such prompt.
    #[error("Prompt not found")]
    NoPrompt,
    /// The admin wrote this prompt before.
    #[error("Prompt already exists")]
    PromptExists,
    /// There is no such person.
    #[error("User not found")]
    NoUser,
    /// A row that must not exist.
    #[error("inconsistent row: {0}")]
    Inconsistent(String),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Billing(#[from] billing::Error),
    /// The database refused or could not be reached.
    #[error("database error")]
    Database(#[from] sqlx::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
