//! Today: who comes, who goes, who stays, who is late.

mod api;
mod page;

pub use api::*;
pub use page::TodayPage;
