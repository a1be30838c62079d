use domain::access::Forbidden;
use domain::booking::Occupant;
use domain::problem::{FieldProblem, ProblemCode, UnknownValue};
use domain::stay::StayRefusal;
use platform::database::violated_constraint;

/// Why a use case did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields that cannot be accepted.
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldProblem>),
    /// There is no such thing in this hotel.
    #[error("not found")]
    NotFound,
    /// The permission is missing.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Another stay holds the room on one of these nights.
    #[error("the room is already booked for these dates")]
    RoomTaken,
    /// Another guest is in the room.
    #[error("the room is still occupied")]
    RoomOccupied(Option<Occupant>),
    /// So many stays of the room type were sold for one of these nights that a room is needed for each.
    #[error("no room of this type is left for these dates")]
    SoldOut,
    /// The room is out of order on one of these nights.
    #[error("the room is out of order on these dates")]
    RoomOutOfOrder,
    /// The stay's state does not allow it.
    #[error(transparent)]
    Refused(#[from] StayRefusal),
    /// Somebody changed it since it was read.
    #[error("it was changed in the meantime")]
    ChangedMeanwhile,
    /// It cannot be removed, because stays or rooms refer to it.
    #[error("it is in use")]
    InUse,
    /// The hotel's subscription has lapsed: reads stay open, new bookings and reports do not.
    #[error("the subscription has lapsed")]
    SubscriptionLapsed,
    /// A row that must not exist.
    #[error("inconsistent row: {0}")]
    Inconsistent(String),
    /// The database refused or could not be reached.
    #[error("database error")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    /// Named constraints say which rule refused; the rest stays a database error.
    fn from(error: sqlx::Error) -> Self {
        let at = |field: &str| Self::Invalid(vec![FieldProblem::new(field, ProblemCode::AlreadyInUse)]);
        match violated_constraint(&error) {
            Some("stays_room_taken") => Self::RoomTaken,
            Some("stays_room_occupied") => Self::RoomOccupied(None),
            Some("room_type_nights_sold_out") => Self::SoldOut,
            Some("room_closures_overlap") => Self::RoomOutOfOrder,
            Some("rooms_number_key") => at("number"),
            Some("room_types_name_key") => at("name"),
            Some("guests_gov_id_key") => at("gov_id"),
            // It was removed, or given another type, between being read and being booked.
            Some("stays_room_fkey" | "stays_room_type_fkey") => Self::at("room_id", ProblemCode::NotFound),
            _ => Self::Database(error),
        }
    }
}

impl From<UnknownValue> for Error {
    fn from(error: UnknownValue) -> Self {
        Self::Inconsistent(error.to_string())
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
}

/// Does the work again when it was the victim of a deadlock: nothing of it was done, and who it waited for went on.
/// (A macro, since a future that borrows from an async closure is not `Send` for all lifetimes.)
macro_rules! retried {
    ($work:expr) => {{
        let mut tries = 0;
        loop {
            tries += 1;
            match $work.await {
                Err($crate::Error::Database(error))
                    if tries < 4 && platform::database::is_deadlock(&error) => {}
                done => break done,
            }
        }
    }};
}
pub(crate) use retried;

/// `NotFound` unless exactly one row was changed.
pub(crate) fn one_row(result: &sqlx::postgres::PgQueryResult) -> Result<(), Error> {
    if result.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}
