//! The half for machines.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use tower_http::limit::RequestBodyLimitLayer;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::{health, idempotency, limits, metrics, panics};

/// A router's or extractor's own words are short.
const MAX_WORDS: usize = 16 * 1024;

/// All REST families, and what watches the server.
pub fn router(state: AppState) -> Router {
    let (api, _) = crate::api::router().split_for_parts();
    let api = api
        .layer(from_fn_with_state(state.clone(), idempotency::layer))
        .layer(RequestBodyLimitLayer::new(limits::MAX_BODY))
        .layer(from_fn(limits::time))
        .layer(from_fn_with_state(state.clone(), limits::ready));
    Router::new()
        .merge(api)
        .merge(health::router())
        .fallback(|| async { Problem::not_found("Not found") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(from_fn(problems))
        .layer(from_fn(panics::layer))
        .layer(from_fn(metrics::track))
        .with_state(state)
}

/// Turns refusals that are a line of plain text (extractors, limits) into problems with that text.
async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| !kind.starts_with(b"text/plain")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_WORDS)
        .await
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let text = if text.is_empty() {
        status.canonical_reason().unwrap_or("Error").to_owned()
    } else {
        text
    };
    let problem = Problem::new(status, text).into_response();
    // `Allow`, `WWW-Authenticate` and the like stay.
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    let (problem_parts, problem_body) = problem.into_parts();
    parts.headers.extend(problem_parts.headers);
    Response::from_parts(parts, problem_body)
}
