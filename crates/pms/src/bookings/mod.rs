//! Bookings and stays.

mod book;
mod change;
mod confirmation;
mod details;
mod feedback;
mod list;
mod note;
mod record;
mod today;

pub use book::{BookingRequest, GuestChoice, Price};
pub use change::CheckOut;
pub use confirmation::confirmation_preview;
pub use list::StayFilter;
pub(crate) use record::{StayRecord, select_stays};
