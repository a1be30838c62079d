//! Availability and the new booking: one panel, from top to bottom by keyboard alone.
//!
//! Each step is a plain GET that keeps the answers so far in the address, so the back button goes back one step, a
//! half-made booking can be sent to a colleague as a link, and nothing needs JavaScript.

mod api;
mod guest;
mod page;

pub use api::*;
pub use guest::{Address, GuestAddress};
pub use page::NewBookingPage;
