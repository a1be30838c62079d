//! What a server function may answer instead of a value: codes, never free text of somebody else. It ends up in a page's
//! HTML or in a kept form.

use domain::billing::SubscriptionRefusal;
use domain::booking::Occupant;
use domain::problem::FieldProblem;
use domain::stay::StayRefusal;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why something did not happen. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// The permission is missing.
    #[error("not allowed")]
    Forbidden,
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// Fields that cannot be accepted.
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldProblem>),
    /// It contradicts what is there.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// Another guest is in the room: who, where that is known.
    #[error("the room is still occupied")]
    RoomOccupied(Option<Occupant>),
    /// User name or password is wrong.
    #[error("user name or password is wrong")]
    WrongCredentials,
    /// The account was deactivated.
    #[error("the account is not active")]
    Inactive,
    /// Too many failed attempts.
    #[error("too many attempts")]
    TooManyAttempts {
        /// How long to wait.
        retry_after_seconds: i64,
    },
    /// The link was used, or is too old.
    #[error("the link is not valid")]
    BadLink,
    /// The hotel's subscription has lapsed.
    #[error("the subscription has lapsed")]
    SubscriptionLapsed,
    /// What a service answers to an admin in its own words, which name the field.
    #[error("{0}")]
    Said(String),
    /// The server, or its database, cannot be reached.
    #[error("not reachable")]
    Unavailable,
    /// Something that should not happen; the server's log knows more.
    #[error("internal error")]
    Internal,
}

/// What something contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conflict {
    /// Another stay has the room on one of these nights.
    RoomTaken,
    /// So many stays of the type were sold that none is left on one of these nights.
    SoldOut,
    /// The room is out of order on one of these nights.
    RoomOutOfOrder,
    /// The stay's state does not allow it.
    Stay(StayRefusal),
    /// Somebody changed it since the page was loaded.
    ChangedMeanwhile,
    /// It is in use and cannot be removed.
    InUse,
    /// The subscription's state does not allow it.
    Subscription(SubscriptionRefusal),
    /// There is a subscription in a category that allows one.
    AlreadySubscribed,
    /// It is not on offer, or not in this way.
    NotOnOffer,
    /// An add-on goes with plans of which none was chosen.
    AddonNeedsPlan,
    /// Nothing was chosen.
    EmptyCart,
    /// The invoice is paid or void.
    InvoiceState,
    /// The payment provider refused.
    PaymentRefused,
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Unavailable,
            // A form that lacks a field, or a number that is none.
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Self::Invalid(Vec::new()),
            _ => Self::Internal,
        }
    }
}
