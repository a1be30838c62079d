//! The hotel's people and their roles.

mod api;
mod page;

pub use api::*;
pub use page::StaffPage;
