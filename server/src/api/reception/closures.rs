//! Rooms out of order.

use axum::Json;
use axum::extract::{Path, State};
use chrono::NaiveDate;
use domain::access::right;
use domain::ids::{RoomClosureId, RoomId};
use domain::room::ClosureForm;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// Nights in which a room is not sold.
#[derive(Debug, Serialize, ToSchema)]
pub struct Closure {
    closure_id: RoomClosureId,
    room_id: RoomId,
    /// The first night.
    starts_on: NaiveDate,
    /// The day on which the room is back.
    ends_on: NaiveDate,
    reason: String,
}

/// Rooms that are out of order now or later.
#[utoipa::path(
    get, path = "/rooms/closures", tag = "rooms", security(("bearer" = [])),
    responses((status = 200, body = Vec<Closure>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
) -> Result<Json<Vec<Closure>>, Problem> {
    let permit = caller.permit::<right::ViewDesk>(&hotel)?;
    let closures = state.services.pms.closures(permit).await?;
    let out = closures.into_iter().map(|closure| Closure {
        closure_id: closure.id,
        room_id: closure.room_id,
        starts_on: closure.starts_on,
        ends_on: closure.ends_on,
        reason: closure.reason,
    });
    Ok(Json(out.collect()))
}

/// Nights in which a room is not to be sold.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewClosure {
    /// The first night, `YYYY-MM-DD`.
    starts_on: Option<String>,
    /// The day on which the room is back, `YYYY-MM-DD`.
    ends_on: Option<String>,
    reason: Option<String>,
}

/// The closure that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Closed {
    closure_id: RoomClosureId,
}

/// Takes a room out of order, whatever is booked; its guests are then to be moved. For owners and managers.
#[utoipa::path(
    post, path = "/rooms/{id}/closures", tag = "rooms", security(("bearer" = [])), params(("id" = String, Path, description = "Id or number")),
    request_body = NewClosure,
    responses((status = 201, body = Closed), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn close(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<NewClosure>,
) -> Result<(StatusCode, Json<Closed>), Problem> {
    let permit = caller.permit::<right::ManageRooms>(&hotel)?;
    let pms = &state.services.pms;
    let room =
        pms.find_room(permit.also()?, &id).await?.ok_or_else(|| Problem::not_found("Room not found"))?;
    let form = ClosureForm {
        room_id: room.id.to_string(),
        starts_on: body.starts_on.unwrap_or_default(),
        ends_on: body.ends_on.unwrap_or_default(),
        reason: body.reason.unwrap_or_default(),
    };
    let closure_id = pms.close_room(permit, &form).await?;
    Ok((StatusCode::CREATED, Json(Closed { closure_id })))
}

/// Ends a closure: the room is back in order. For owners and managers.
#[utoipa::path(
    delete, path = "/rooms/closures/{id}", tag = "rooms", security(("bearer" = [])),
    params(("id" = String, Path, description = "The closure's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn reopen(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let permit = caller.permit::<right::ManageRooms>(&hotel)?;
    let unknown = || Problem::not_found("Closure not found");
    let id = id.parse().map_err(|_| unknown())?;
    match state.services.pms.reopen_room(permit, id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(pms::Error::NotFound) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}
