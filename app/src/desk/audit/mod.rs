//! Who did what in the hotel.

mod api;
mod page;

pub use api::*;
pub use page::AuditPage;
