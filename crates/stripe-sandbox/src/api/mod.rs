//! Stripe's REST calls, one file per resource.

mod call;
mod catalogue;
mod checkout;
mod customers;
mod disputes;
mod endpoints;
mod events;
mod expand;
mod invoices;
mod list;
mod payments;
mod portal;
mod refunds;
mod subscriptions;
mod test_clocks;
mod version;

use axum::Router;
use axum::http::{Method, Uri};

use crate::error::ApiError;
use crate::sandbox::Sandbox;

pub use call::Call;

/// Every call the sandbox answers.
pub fn routes() -> Router<Sandbox> {
    Router::new()
        .merge(catalogue::routes())
        .merge(checkout::routes())
        .merge(customers::routes())
        .merge(disputes::routes())
        .merge(endpoints::routes())
        .merge(events::routes())
        .merge(invoices::routes())
        .merge(payments::routes())
        .merge(portal::routes())
        .merge(refunds::routes())
        .merge(subscriptions::routes())
        .merge(test_clocks::routes())
}

/// What any other path answers.
pub async fn not_found(method: Method, uri: Uri) -> ApiError {
    ApiError::no_such_path(method.as_str(), uri.path())
}
