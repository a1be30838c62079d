//! How long and how large a request may be, and when it is not worth trying.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use crate::state::AppState;
use crate::web::{error_page, live, paths};

/// The largest body of a request, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long an answer may take to begin. A streamed answer may go on for longer.
pub const MAX_TIME: Duration = Duration::from_secs(30);

/// Gives up on an answer that does not begin in time.
pub async fn time(request: Request, next: Next) -> Response {
    within(MAX_TIME, request, next).await
}

async fn within(limit: Duration, request: Request, next: Next) -> Response {
    let (request, refuse) = error_page::refusal(request);
    if let Ok(response) = tokio::time::timeout(limit, next.run(request)).await {
        return response;
    }
    tracing::warn!(seconds = limit.as_secs(), "http.timed_out");
    refuse.with(StatusCode::SERVICE_UNAVAILABLE)
}

/// Answers 503 at once while the database is not there, instead of letting every request wait for a connection. Files
/// do not need it.
pub async fn ready(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if state.readiness.is_up() || paths::is_asset(request.uri().path()) {
        return next.run(request).await;
    }
    if request.uri().path() == live::PATH {
        // A browser gives up on a stream for ever when it is refused; so it waits.
        tokio::select! {
            () = state.readiness.up() => return next.run(request).await,
            () = state.stop.cancelled() => {}
        }
    }
    error_page::of(&request, StatusCode::SERVICE_UNAVAILABLE)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_does_not_begin_in_time_is_given_up() {
        let router = Router::new()
            .route("/rooms", get(std::future::pending::<&str>))
            .route("/rooms/available", get(async || "at once"))
            .layer(middleware::from_fn(|request, next| within(Duration::ZERO, request, next)));
        let ask = async |path: &str| {
            router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
        };
        let given_up = ask("/rooms").await;
        assert_eq!(given_up.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(given_up.headers()["content-type"], "application/problem+json");
        assert_eq!(ask("/rooms/available").await.status(), StatusCode::OK);
    }
}
