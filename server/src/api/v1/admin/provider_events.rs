//! What payment providers sent: as it came, what it led to, and once more.

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::providers::{Before, KeptEvent, Outcome};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::Admin;
use crate::api::v1::words::instant;
use crate::problem::Problem;
use crate::state::AppState;

/// How many are sent at a time.
const PAGE: i64 = 50;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay))
}

/// A message of a provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderEventOut {
    provider: String,
    event_id: String,
    kind: String,
    /// `received`, `handled`, `ignored` or `failed`.
    status: String,
    attempts: i32,
    /// What it led to, or why it failed.
    outcome: Option<String>,
    received_at: String,
    handled_at: Option<String>,
    /// Its body as it came.
    payload: String,
}

impl From<KeptEvent> for ProviderEventOut {
    fn from(event: KeptEvent) -> Self {
        Self {
            provider: event.provider,
            event_id: event.event_id,
            kind: event.kind,
            status: event.status,
            attempts: event.attempts,
            outcome: event.outcome,
            received_at: instant(event.received_at),
            handled_at: event.handled_at.map(instant),
            payload: String::from_utf8_lossy(&event.body).into_owned(),
        }
    }
}

/// Messages of providers, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderEventsOut {
    events: Vec<ProviderEventOut>,
    /// What to give as `before` for those that follow; none at the end.
    next_before: Option<String>,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ProviderEventQuery {
    /// `received`, `handled`, `ignored` or `failed`.
    status: Option<String>,
    /// Those that came before this instant (RFC 3339), or that follow: the `next_before` of the answer before.
    before: Option<String>,
}

/// Postgres cannot store NUL, so no message has such a name.
fn clean(text: String) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Where a page begins: after a message by its provider and its id there, `stripe~evt_1`, or before an instant.
fn place(before: &str) -> Result<Before<'_>, Problem> {
    match before.split_once('~') {
        Some((provider, event_id)) => Ok(Before::Message { provider, event_id }),
        None => before
            .parse::<DateTime<Utc>>()
            .ok()
            .filter(|at| domain::stay::is_in_reach(at.date_naive()))
            .map(Before::Instant)
            .ok_or_else(|| Problem::bad_request("Invalid before")),
    }
}

/// What providers sent, newest first.
#[utoipa::path(get, path = "/", tag = "v1 admin payments", security(("bearer" = [])), params(ProviderEventQuery),
    responses((status = 200, body = ProviderEventsOut), ReadRefusals))]
pub async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(query): Query<ProviderEventQuery>,
) -> Result<Json<ProviderEventsOut>, Problem> {
    let permit = admin.permit()?;
    let status = query.status.filter(|status| !status.is_empty());
    if status.as_deref().is_some_and(|it| !["received", "handled", "ignored", "failed"].contains(&it)) {
        return Err(Problem::bad_request("Invalid status"));
    }
    let before = query.before.filter(|before| !before.is_empty()).map(clean);
    let before = before.as_deref().map(place).transpose()?;
    let events = state.services.billing.provider_events(permit, status.as_deref(), before, PAGE).await?;
    let is_full = i64::try_from(events.len()).is_ok_and(|count| count == PAGE);
    let next_before =
        events.last().filter(|_| is_full).map(|event| format!("{}~{}", event.provider, event.event_id));
    Ok(Json(ProviderEventsOut { events: events.into_iter().map(Into::into).collect(), next_before }))
}

/// What doing a message once more led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayedOut {
    /// `handled` or `ignored`.
    status: &'static str,
    message: String,
}

/// Does once more what a message asked for: reads the provider, and makes it so.
#[utoipa::path(post, path = "/{provider}/{event_id}/replay", tag = "v1 admin payments", security(("bearer" = [])),
    params(("provider" = String, Path), ("event_id" = String, Path)), responses((status = 200, body = ReplayedOut), WriteRefusals,
        (status = 503, body = Problem)))]
pub async fn replay(
    State(state): State<AppState>,
    admin: Admin,
    Path((provider, event_id)): Path<(String, String)>,
) -> Result<Json<ReplayedOut>, Problem> {
    let permit = admin.permit()?;
    let outcome = state.services.billing.replay(permit, &clean(provider), &clean(event_id)).await?;
    Ok(Json(match outcome {
        Outcome::Handled { .. } => ReplayedOut { status: "handled", message: "Handled".to_owned() },
        Outcome::Ignored(why) => ReplayedOut { status: "ignored", message: why.to_owned() },
    }))
}
