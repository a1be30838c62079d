//! The browsers that the caller is signed in with.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, FixedOffset};
use domain::ids::SessionId;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::Bearer;

/// A signed-in browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionOut {
    session_id: SessionId,
    /// The browser's own description of itself.
    user_agent: String,
    /// The network address it was last seen at.
    address: String,
    created_at: DateTime<FixedOffset>,
    last_seen_at: DateTime<FixedOffset>,
}

/// The browsers the caller is signed in with, last used first. A bearer token is none of them.
#[utoipa::path(
    get, path = "/auth/sessions", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Vec<SessionOut>), (status = 401, body = Problem), (status = 403, body = Problem))
)]
pub async fn list(State(state): State<AppState>, caller: Bearer) -> Result<Json<Vec<SessionOut>>, Problem> {
    let sessions = state.services.identity.sessions(&caller.0, platform::ids::new()).await?;
    let out = sessions.into_iter().map(|session| SessionOut {
        session_id: session.id,
        user_agent: session.user_agent,
        address: session.address,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
    });
    Ok(Json(out.collect()))
}

/// Signs one of the caller's browsers out.
#[utoipa::path(
    delete, path = "/auth/sessions/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn end(
    State(state): State<AppState>,
    caller: Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("Session not found");
    let id = id.parse().map_err(|_| unknown())?;
    match state.services.identity.end_session(&caller.0, id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(identity::Error::NotFound) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}
