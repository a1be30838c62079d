//! Guests: search, one guest, a new one.

mod api;
mod page;

pub use api::*;
pub use page::{GuestPage, GuestsPage};
