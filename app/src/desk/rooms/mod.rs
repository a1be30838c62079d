//! The board of rooms.

mod api;
mod page;

pub use api::*;
pub use page::RoomsPage;
