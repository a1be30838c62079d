//! The reader's own data, password and sessions.

mod api;
mod page;

pub use api::*;
pub use page::ProfilePage;
