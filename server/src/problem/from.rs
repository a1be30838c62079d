//! How the errors of the contexts read in REST. A route that owes its clients another text says so itself.

use domain::access::Forbidden;
use http::StatusCode;
use platform::database::is_unavailable;

use super::Problem;

/// A database error: 503 when the database is away, else 500 and a line in the log.
fn of_database(error: &sqlx::Error) -> Problem {
    if is_unavailable(error) {
        tracing::warn!(%error, "database.unavailable");
        return Problem::unavailable();
    }
    tracing::error!(error = error as &dyn std::error::Error, "database.failed");
    Problem::internal()
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        of_database(&error)
    }
}

impl From<Forbidden> for Problem {
    fn from(_: Forbidden) -> Self {
        Self::forbidden("Not allowed")
    }
}

impl From<pms::Error> for Problem {
    fn from(error: pms::Error) -> Self {
        use pms::Error as E;
        match error {
            E::Invalid(problems) => Self::invalid(&problems),
            E::NotFound => Self::not_found("Not found"),
            E::Forbidden(error) => error.into(),
            E::SoldOut => Self::conflict("No room of this type is left for these dates").code("sold_out"),
            E::RoomTaken => Self::conflict("Room is already booked for these dates").code("room_taken"),
            E::RoomOccupied(occupant) => {
                let who = occupant.map_or_else(
                    || "The room is still occupied".to_owned(),
                    |is| {
                        format!(
                            "Room {} is still occupied by {} ({})",
                            is.room_number, is.guest_name, is.reference
                        )
                    },
                );
                let text = format!("{who}. Check that guest out first, or give this booking another room");
                Self::conflict(text).code("room_occupied")
            }
            E::RoomOutOfOrder => {
                Self::conflict("Room is out of order on these dates").code("room_out_of_order")
            }
            E::Refused(refusal) => Self::conflict(refusal.to_string()).code("refused"),
            E::ChangedMeanwhile => Self::conflict("It was changed in the meantime").code("changed_meanwhile"),
            E::InUse => Self::conflict("It is in use").code("in_use"),
            E::SubscriptionLapsed => Self::new(StatusCode::PAYMENT_REQUIRED, "The subscription has lapsed")
                .code("subscription_lapsed"),
            E::Inconsistent(what) => {
                tracing::error!(what, "pms.inconsistent_row");
                Self::internal()
            }
            E::Database(error) => of_database(&error),
        }
    }
}

impl From<plugin_host::Error> for Problem {
    fn from(error: plugin_host::Error) -> Self {
        use plugin_host::Error as E;
        match error {
            E::Unknown(_) => Self::not_found(error.to_string()),
            E::Refused(text) => Self::bad_request(text).code("refused"),
            E::Database(error) => of_database(&error),
        }
    }
}

impl From<identity::Error> for Problem {
    fn from(error: identity::Error) -> Self {
        use identity::Error as E;
        match error {
            E::Invalid(problems) => Self::invalid(&problems),
            E::WrongCredentials => {
                Self::unauthorised("Incorrect username or password").code("wrong_credentials")
            }
            E::UnknownCompany => Self::unauthorised("Invalid company code").code("unknown_company"),
            E::Inactive => Self::forbidden("User is inactive").code("inactive"),
            E::TooManyAttempts { retry_after_seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many attempts. Try again later.")
                    .code("too_many_attempts")
                    .retry_after(retry_after_seconds)
            }
            E::BadToken | E::UsedToken | E::ExpiredToken => {
                Self::unauthorised("Could not validate credentials")
            }
            E::NotFound => Self::not_found("Not found"),
            E::ChangedMeanwhile => Self::conflict("It was changed in the meantime").code("changed_meanwhile"),
            E::Conflict(text) => Self::conflict(text),
            E::Forbidden => Self::forbidden("Not allowed"),
            E::Database(error) => of_database(&error),
            E::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "identity.failed");
                Self::internal()
            }
        }
    }
}
