//! What balancers and supervisors ask.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde_json::json;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::metrics;

/// `/health`, `/ready` and `/metrics`. They answer whatever the database does.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/health", routing::get(health))
        .route("/ready", routing::get(ready))
        .route("/metrics", routing::get(metrics::render))
}

/// The process runs.
async fn health() -> Response {
    Json(json!({ "status": "ok", "service": "keyrack" })).into_response()
}

/// The process can serve requests: the database is migrated and answers.
async fn ready(State(state): State<AppState>) -> Response {
    if state.readiness.is_up() && !state.stop.is_cancelled() {
        Json(json!({ "status": "ready" })).into_response()
    } else {
        Problem::unavailable().into_response()
    }
}
