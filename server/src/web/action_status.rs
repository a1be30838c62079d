//! The statuses of what Leptos answers.
//!
//! A server function that says no to a script says so in its status too: Leptos answers 500 to every error, and a figure
//! that counts a taken room as a defect hides real ones. A page that leads elsewhere does so for everybody: Leptos does
//! it for those alone who ask for HTML by name.

use app::error::AppError;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// What Leptos marks such answers with.
const MARK: &str = "serverfnerror";

/// What Leptos marks the way on with, for its own script.
const WAY_ON: &str = "serverfnredirect";

/// An error is a code with a few fields.
const MAX_ERROR: usize = 64 * 1024;

/// Gives the answers of pages and server functions the status that fits.
pub async fn layer(request: Request, next: Next) -> Response {
    let is_page = request.method().is_safe() && !request.uri().path().starts_with("/actions/");
    let mut response = next.run(request).await;
    if is_page && response.headers_mut().remove(WAY_ON).is_some() {
        *response.status_mut() = StatusCode::FOUND;
        return response;
    }
    let is_refusal =
        response.status() == StatusCode::INTERNAL_SERVER_ERROR && response.headers().contains_key(MARK);
    if !is_refusal {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_ERROR).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&bytes) {
        parts.status = app::server_ctx::status_of(&error);
    }
    Response::from_parts(parts, Body::from(bytes))
}
