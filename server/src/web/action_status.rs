//! A server function that says no to a script says so in its status too: Leptos answers 500 to every error, and a figure
//! that counts a taken room as a defect hides real ones.

use app::error::AppError;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// What Leptos marks such answers with.
const MARK: &str = "serverfnerror";

/// An error is a code with a few fields.
const MAX_ERROR: usize = 64 * 1024;

/// Gives the answers of server functions the status that fits their error.
pub async fn layer(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
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
