//! Paths of plug-ins that have no family of their own (spec 5.12). While a plug-in is off, its paths are not there.

use axum::Json;
use axum::extract::State;
use chrono::TimeDelta;
use http::StatusCode;
use plugin_api::language::ModelError;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Admin;
use crate::plugins::{ACTIVE_MINUTES, ANALYTICS, DEMO, GREETING};
use crate::problem::Problem;
use crate::state::AppState;

/// Refuses what belongs to a plug-in that is off, or to none.
pub(super) fn in_use(state: &AppState, name: &str) -> Result<(), Problem> {
    if state.services.plugins.is_on(name) { Ok(()) } else { Err(Problem::not_found("Plugin not enabled")) }
}

/// 402 for what takes more tokens than there are.
pub(super) fn too_few_tokens(text: &str, needed: i64, balance: i64) -> Problem {
    Problem::payment_required(format!("{text}: {needed} needed, {balance} available"))
        .code("insufficient_tokens")
        .balance(balance)
}

/// 503 for what needs a language model where there is none.
pub(super) fn no_model(text: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, text).code("language_model_not_configured")
}

/// 502 for what a language model did not answer.
pub(super) fn no_answer(text: String, error: &ModelError) -> Problem {
    tracing::warn!(%error, is_passing = error.is_passing(), "language_model.no_answer");
    Problem::new(StatusCode::BAD_GATEWAY, text).code("language_model_unavailable")
}

/// How many are there.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActiveSessionsOut {
    count: i64,
    /// What was counted: `sessions` of browsers.
    source: &'static str,
}

/// In how many browsers somebody is signed in and active, of all companies.
#[utoipa::path(
    get, path = "/api/v1/plugins/analytics/active-sessions", tag = "v1 plugins", security(("bearer" = [])),
    responses((status = 200, body = ActiveSessionsOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem))
)]
pub async fn active_sessions(
    State(state): State<AppState>,
    admin: Admin,
) -> Result<Json<ActiveSessionsOut>, Problem> {
    let permit = admin.permit()?;
    in_use(&state, ANALYTICS.name)?;
    let services = &state.services;
    let minutes = services.plugins.number(ANALYTICS.name, ACTIVE_MINUTES);
    let count = services.identity.active_sessions(permit, TimeDelta::minutes(minutes)).await?;
    Ok(Json(ActiveSessionsOut { count, source: "sessions" }))
}

/// A greeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct GreetingOut {
    success: bool,
    greeting: String,
}

/// Greets.
#[utoipa::path(
    get, path = "/api/v1/backend-demo-plugin", tag = "v1 plugins",
    responses((status = 200, body = GreetingOut), (status = 404, body = Problem))
)]
pub async fn greet(State(state): State<AppState>) -> Result<Json<GreetingOut>, Problem> {
    in_use(&state, DEMO.name)?;
    let greeting = state.services.plugins.text(DEMO.name, GREETING);
    Ok(Json(GreetingOut { success: true, greeting }))
}
