//! Bookings: the list, and one stay with all its facts.

mod api;
mod card;
mod change;
mod confirmation;
mod feedback;
mod list;
mod note;
mod page;

pub use api::*;
pub use card::CardPage;
pub use list::{BookingsPage, StayTable};
pub use page::BookingPage;
