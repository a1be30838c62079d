//! Bookings: the list, and one stay with all its facts.

mod api;
mod change;
mod list;
mod page;

pub use api::*;
pub use list::{BookingsPage, StayTable};
pub use page::BookingPage;
