//! Where the platform is run from: figures, and everything that is sold, bought and sent.
//!
//! Every subject (users, plans, invoices …) is a list that can be searched, filtered, paged through and taken along as CSV,
//! and a page for each thing on it with its facts, what can be done with it, and a form. [`model`] says what such a list
//! and page hold, [`subjects`] fills them from the services, and three pages show them all.

mod api;
mod dashboard;
mod fields;
mod item;
mod list;
mod mails;
pub mod model;
mod shell;
mod show;
#[cfg(feature = "ssr")]
mod subjects;

pub use api::StopActing;
pub use dashboard::DashboardPage;
pub use fields::has_plugin_field;
pub use item::ItemPage;
pub use list::ListPage;
pub use mails::MailsPage;
pub use shell::AdminShell;
#[cfg(feature = "ssr")]
pub use subjects::{list as part_of_list, mails};
