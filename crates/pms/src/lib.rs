//! The property management system: what a hotel has, who stays in it, and when.
//!
//! * [`hotel`]: the hotel's own data, and the proof that no room is sold twice
//! * [`rooms`]: rooms, types, condition, closures, availability and the board
//! * [`guests`]: one record for new and returning guests
//! * [`bookings`]: booking, changing, checking in and out; today at the desk
//! * [`reports`]: bookings as a stream of CSV
//!
//! A use case takes a [`Permit`](domain::access::Permit), opens one transaction as that person, loads, asks the model,
//! saves, and writes who did it. Everything it reads is further limited by row-level security.

pub mod bookings;
mod error;
pub mod guests;
pub mod hotel;
pub mod reports;
pub mod rooms;

pub use error::Error;
use platform::clock::SharedClock;
use platform::database::Database;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The use cases of the property management system. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pms {
    database: Database,
    clock: SharedClock,
    recent_audits: hotel::RecentAudits,
}

impl Pms {
    /// The service on a database, with a clock.
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock, recent_audits: hotel::RecentAudits::default() }
    }
}
