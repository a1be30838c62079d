//! A defect in one request ends that request alone, with an answer that says nothing of the inside.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::StatusCode;

use crate::web::{error_page, metrics};

/// Answers 500 when a handler panics; logs and counts it.
pub async fn layer(request: Request, next: Next) -> Response {
    let (request, refusal) = error_page::refusal(request);
    // Nothing of the request is used after a panic, so nothing half-changed can be seen.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = words(panic.as_ref()), "http.panicked");
            metrics::count_panic();
            refusal.with(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
}
