//! The account's first page: what runs, what is owed, and every way to change it.

mod api;
mod change;
mod page;

pub use change::ChangePlanPage;
pub use page::OverviewPage;
