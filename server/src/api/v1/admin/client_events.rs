//! What front ends told (spec 5.13).

use axum::Json;
use axum::extract::{Query, State};
use billing::client_events::KeptClientEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, searched};
use crate::api::v1::caller::Admin;
use crate::api::v1::words::{id, instant};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What a front end told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientEventOut {
    id: Uuid,
    user_id: Uuid,
    r#type: String,
    data: Option<Value>,
    /// By the front end's clock.
    timestamp: Option<String>,
    received_at: String,
}

impl From<KeptClientEvent> for ClientEventOut {
    fn from(event: KeptClientEvent) -> Self {
        Self {
            id: event.id,
            user_id: event.user_id.into(),
            r#type: event.kind,
            data: event.data,
            timestamp: event.told_at.map(instant),
            received_at: instant(event.received_at),
        }
    }
}

/// What front ends told, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientEventsOut {
    events: Vec<ClientEventOut>,
    /// What to give as `before` for those that follow; none at the end.
    next_before: Option<Uuid>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ClientEventFilter {
    /// Those of this user.
    user_id: Option<String>,
    /// Those of this type.
    r#type: Option<String>,
    /// Those that are older than this one.
    before: Option<String>,
    /// 50 if absent, at most 100.
    limit: Option<i64>,
}

/// What front ends told in the last 90 days, newest first.
#[utoipa::path(
    get, path = "/", tag = "v1 admin events", security(("bearer" = [])), params(ClientEventFilter),
    responses((status = 200, body = ClientEventsOut), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(filter): Query<ClientEventFilter>,
) -> Result<Json<ClientEventsOut>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 100);
    let user_id = filter.user_id.filter(|text| !text.is_empty());
    let user_id = user_id.map(|text| id(&text, "user")).transpose()?;
    let before = filter.before.filter(|text| !text.is_empty());
    let before = before.map(|text| id(&text, "event")).transpose()?;
    let kind = searched(filter.r#type);
    let found = state
        .services
        .billing
        .client_events(admin.permit()?, user_id, kind.as_deref(), before, limit)
        .await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
    let next_before = found.last().filter(|_| is_full).map(|event| event.id);
    Ok(Json(ClientEventsOut { events: found.into_iter().map(ClientEventOut::from).collect(), next_before }))
}
