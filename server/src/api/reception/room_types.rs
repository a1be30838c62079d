//! Room types: kinds of rooms sold at one price.

use axum::Json;
use axum::extract::{Path, State};
use domain::access::{Permit, right};
use domain::ids::RoomTypeId;
use domain::problem::ProblemCode;
use domain::room::{RoomType, RoomTypeForm};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// A room type.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomTypeOut {
    room_type_id: RoomTypeId,
    name: String,
    /// How many people a room of it sleeps.
    sleeps: i16,
    /// The price of a night as decimal text.
    rate: String,
    /// How many rooms are of this type.
    rooms: i64,
    /// How many bookings without a room may be sold beyond them.
    overbooking: i16,
}

impl From<RoomType> for RoomTypeOut {
    fn from(room_type: RoomType) -> Self {
        Self {
            room_type_id: room_type.id,
            name: room_type.name,
            sleeps: room_type.sleeps,
            rate: room_type.rate.to_decimal_text(),
            rooms: room_type.rooms,
            overbooking: room_type.overbooking,
        }
    }
}

/// A room type, or what changes about one; what is absent then stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RoomTypeBody {
    /// Unique in the hotel.
    name: Option<String>,
    #[schema(minimum = 1, maximum = 20)]
    sleeps: Option<i16>,
    /// The price of a night.
    rate: Option<Amount>,
    /// How many bookings without a room may be sold beyond the rooms there are.
    #[schema(minimum = 0, maximum = 50)]
    overbooking: Option<i16>,
}

impl RoomTypeBody {
    fn form(self, present: RoomTypeForm) -> RoomTypeForm {
        RoomTypeForm {
            name: self.name.unwrap_or(present.name),
            sleeps: self.sleeps.map_or(present.sleeps, |sleeps| sleeps.to_string()),
            rate: self.rate.map_or(present.rate, |rate| rate.text()),
            overbooking: self.overbooking.map_or(present.overbooking, |units| units.to_string()),
        }
    }
}

fn unknown() -> Problem {
    Problem::not_found("Room type not found")
}

/// The type of the hotel with this id.
async fn find(
    state: &AppState,
    permit: Permit<'_, right::ViewDesk>,
    id: RoomTypeId,
) -> Result<RoomType, Problem> {
    let types = state.services.pms.room_types(permit).await?;
    types.into_iter().find(|room_type| room_type.id == id).ok_or_else(unknown)
}

fn problem(error: pms::Error) -> Problem {
    match error {
        pms::Error::NotFound => unknown(),
        pms::Error::Invalid(problems)
            if problems.iter().any(|problem| problem.code == ProblemCode::AlreadyInUse) =>
        {
            Problem::conflict("Room type already exists").errors(&problems)
        }
        other => other.into(),
    }
}

/// All room types of the hotel, cheapest first.
#[utoipa::path(
    get, path = "/room-types", tag = "rooms", security(("bearer" = [])),
    responses((status = 200, body = Vec<RoomTypeOut>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
) -> Result<Json<Vec<RoomTypeOut>>, Problem> {
    let types = state.services.pms.room_types(caller.permit(&hotel)?).await?;
    Ok(Json(types.into_iter().map(RoomTypeOut::from).collect()))
}

/// Adds a room type. For owners and managers.
#[utoipa::path(
    post, path = "/room-types", tag = "rooms", security(("bearer" = [])), request_body = RoomTypeBody,
    responses((status = 201, body = RoomTypeOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Json(body): Json<RoomTypeBody>,
) -> Result<(StatusCode, Json<RoomTypeOut>), Problem> {
    let permit = caller.permit::<right::ManageRooms>(&hotel)?;
    let form = body.form(RoomTypeForm::default());
    let id = state.services.pms.create_room_type(permit, &form).await.map_err(problem)?;
    Ok((StatusCode::CREATED, Json(find(&state, permit.also()?, id).await?.into())))
}

/// Changes a room type; what is booked keeps its price. For owners and managers.
#[utoipa::path(
    patch, path = "/room-types/{id}", tag = "rooms", security(("bearer" = [])),
    params(("id" = String, Path, description = "The room type's id")), request_body = RoomTypeBody,
    responses((status = 200, body = RoomTypeOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<RoomTypeBody>,
) -> Result<Json<RoomTypeOut>, Problem> {
    let permit = caller.permit::<right::ManageRooms>(&hotel)?;
    let id = id.parse().map_err(|_| unknown())?;
    let change = |present| Ok(body.form(present));
    state.services.pms.change_room_type(permit, id, change).await.map_err(problem)?;
    Ok(Json(find(&state, permit.also()?, id).await?.into()))
}

/// Removes a room type that no room is of. For owners and managers.
#[utoipa::path(
    delete, path = "/room-types/{id}", tag = "rooms", security(("bearer" = [])),
    params(("id" = String, Path, description = "The room type's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn remove(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let permit = caller.permit::<right::ManageRooms>(&hotel)?;
    let id = id.parse().map_err(|_| unknown())?;
    state.services.pms.remove_room_type(permit, id).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}
