//! Invoices, and paying them.

pub mod api;
mod page;

pub use page::{InvoicePage, InvoicesPage};
