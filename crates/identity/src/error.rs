use domain::access::Forbidden;
use domain::problem::{FieldProblem, ProblemCode};
use platform::database::violated_constraint;

/// Why a use case did not happen. Nothing was changed, but for the failure that was counted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields that cannot be accepted.
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldProblem>),
    /// No such user, or another password. Which of them is not told.
    #[error("incorrect username or password")]
    WrongCredentials,
    /// No company has this code.
    #[error("invalid company code")]
    UnknownCompany,
    /// The password is right, and the user was deactivated.
    #[error("the user is inactive")]
    Inactive,
    /// Too many attempts failed.
    #[error("too many attempts failed; the next is possible in {retry_after_seconds} s")]
    TooManyAttempts {
        /// After how many seconds the next attempt will be looked at.
        retry_after_seconds: i64,
    },
    /// Not one of our tokens, or one that was used or revoked.
    #[error("the token is not valid")]
    BadToken,
    /// A link of ours that was used, or ended with another one.
    #[error("the token was used already")]
    UsedToken,
    /// One of our tokens, too late.
    #[error("the token has expired")]
    ExpiredToken,
    /// There is no such thing where the actor can see.
    #[error("not found")]
    NotFound,
    /// Somebody else changed it since it was read.
    #[error("it was changed in the meantime")]
    ChangedMeanwhile,
    /// What is there does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// The permission is missing.
    #[error("not allowed")]
    Forbidden,
    /// The database refused or could not be reached.
    #[error("database error")]
    Database(#[from] sqlx::Error),
    /// Something that does not happen unless the machine is out of memory or the code is wrong.
    #[error("{0}")]
    Internal(String),
}

impl From<Forbidden> for Error {
    fn from(_: Forbidden) -> Self {
        Self::Forbidden
    }
}

impl From<Vec<FieldProblem>> for Error {
    fn from(problems: Vec<FieldProblem>) -> Self {
        Self::Invalid(problems)
    }
}

impl Error {
    /// The problem `code` at `field`.
    pub(crate) fn at(field: &str, code: ProblemCode) -> Self {
        Self::Invalid(vec![FieldProblem::new(field, code)])
    }

    /// A refused statement as "already in use" at the field that `fields` names for the constraint.
    pub(crate) fn taken(error: sqlx::Error, fields: &[(&str, &str)]) -> Self {
        let constraint = violated_constraint(&error);
        match fields.iter().find(|(name, _)| Some(*name) == constraint) {
            Some((_, field)) => Self::at(field, ProblemCode::AlreadyInUse),
            None => Self::Database(error),
        }
    }
}
