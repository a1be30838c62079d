//! Invoices, and paying them.

pub mod api;
mod page;

pub use page::{InvoicePage, InvoicesPage};

/// The page that somebody comes back from having paid on, by its id at the provider: PayPal names it in its own way.
pub fn paid_page(query: &leptos_router::params::ParamsMap) -> Option<String> {
    query.get("session").or_else(|| query.get("token"))
}
