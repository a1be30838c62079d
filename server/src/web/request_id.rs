//! One id for each request: in its log lines, in the answer's `x-request-id` and in problems.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use tracing::Instrument;
use uuid::Uuid;

use crate::state::AppState;

/// The header that carries the id.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// What somebody gets who tries what is not theirs: worth a line in the log.
const REFUSALS: [StatusCode; 4] =
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::PAYLOAD_TOO_LARGE];

tokio::task_local! {
    static CURRENT: Uuid;
}

/// The id of the request this task is serving.
pub fn current() -> Option<Uuid> {
    CURRENT.try_with(|id| *id).ok()
}

/// Notes in the log lines of the request who asks.
pub fn note_actor(id: domain::ids::UserId) {
    tracing::Span::current().record("actor", tracing::field::display(id));
}

/// Runs a part of request `id` that goes on in a task of its own.
pub async fn scope<T>(id: Option<Uuid>, work: impl Future<Output = T>) -> T {
    match id {
        Some(id) => CURRENT.scope(id, work).await,
        None => work.await,
    }
}

/// Gives the request its id, runs it inside a span, and logs how it went. A balancer of ours may have given it an id.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = match given(&state, &request) {
        Some(id) => id,
        None => platform::ids::new(),
    };
    // The path without its query: queries carry tokens and names.
    let span = tracing::info_span!("request", %id, method = %request.method(), path = %super::paths::loggable(request.uri().path()), actor = tracing::field::Empty);
    CURRENT.scope(id, answer(id, request, next).instrument(span)).await
}

async fn answer(id: Uuid, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status();
    let microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    // That the database is away is said once where it is noticed, not by everybody who is told to wait.
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::warn!(status = status.as_u16(), microseconds, "http.answered");
    } else if REFUSALS.contains(&status) {
        tracing::info!(status = status.as_u16(), microseconds, "http.refused");
    } else {
        tracing::debug!(status = status.as_u16(), microseconds, "http.answered");
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn given(state: &AppState, request: &Request) -> Option<Uuid> {
    if !state.settings.trust_proxy {
        return None;
    }
    Uuid::try_parse(request.headers().get(HEADER)?.to_str().ok()?).ok()
}
