//! What front ends tell (spec 5.13).

use axum::Json;
use axum::extract::State;
use billing::client_events::{ClientEvent, MOST};
use domain::billing::client_event;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::caller::{Body, User};
use crate::problem::Problem;
use crate::state::AppState;

/// Something that a front end tells.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ClientEventIn {
    /// One of those of `GET /api/v1/events/types`.
    #[schema(value_type = String)]
    r#type: Value,
    /// Whatever belongs to it, at most 4 KiB.
    data: Option<Value>,
    /// When it happened: ISO 8601, in UTC if it does not say, or milliseconds since 1970.
    timestamp: Option<Value>,
}

/// What a front end tells.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ClientEventsIn {
    /// At most 100. One that is no event is among the `errors` of the answer, and the others are kept.
    #[schema(value_type = Vec<ClientEventIn>)]
    events: Vec<Value>,
}

/// Why an event was not kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientEventError {
    /// Its place in the request, from 0.
    index: usize,
    error: String,
}

/// What was kept of what a front end told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientEventsKept {
    /// How many events came.
    received: usize,
    /// How many were kept.
    processed: usize,
    /// Why the others were not.
    errors: Vec<ClientEventError>,
}

/// Keeps what a front end tells. A hundred requests a minute are taken of each user.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "v1 events", security(("bearer" = [])), request_body = ClientEventsIn,
    responses((status = 200, body = ClientEventsKept), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 429, body = Problem))
)]
pub async fn keep(
    State(state): State<AppState>,
    user: User,
    Body(body): Body<ClientEventsIn>,
) -> Result<Json<ClientEventsKept>, Problem> {
    let received = body.events.len();
    if received > MOST {
        return Err(Problem::bad_request(format!("events must be at most {MOST}")));
    }
    let event = |it: Value| match serde_json::from_value::<ClientEventIn>(it) {
        Ok(it) => ClientEvent {
            kind: it.r#type.as_str().map(str::to_owned),
            data: it.data,
            timestamp: it.timestamp,
        },
        Err(_) => ClientEvent::default(),
    };
    let events = body.events.into_iter().map(event).collect();
    let (processed, problems) = state.services.billing.keep_client_events(user.account(), events).await?;
    let errors = problems.into_iter().map(|(index, error)| ClientEventError { index, error }).collect();
    Ok(Json(ClientEventsKept { received, processed, errors }))
}

/// The types that front ends may tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientEventTypes {
    types: &'static [&'static str],
}

/// The types that front ends may tell.
#[utoipa::path(get, path = "/api/v1/events/types", tag = "v1 events", responses((status = 200, body = ClientEventTypes)))]
pub async fn types() -> Json<ClientEventTypes> {
    Json(ClientEventTypes { types: &client_event::TYPES })
}
