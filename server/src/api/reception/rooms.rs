//! Rooms and what is free (spec `reception.md` 3.3).

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access::{Permit, right};
use domain::ids::{HotelId, RoomId, RoomTypeId};
use domain::problem::ProblemCode;
use domain::room::{Room, RoomCondition, RoomForm};
use domain::stay::StayDates;
use http::StatusCode;
use pms::rooms::Availability;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::values::{Amount, at, civil_date, has_offset};
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// A room.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomOut {
    room_id: RoomId,
    hotel_id: HotelId,
    room_number: String,
    room_type: String,
    room_type_id: RoomTypeId,
    /// The price of a night as decimal text.
    rate: String,
    /// `A` free now, `O` occupied now. A stay of the future does not make a room occupied today.
    status: &'static str,
    /// How many people it sleeps.
    sleeps: i16,
    /// `inspected`, `clean` or `dirty`.
    condition: &'static str,
    /// The price of all nights as decimal text; only where nights were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_amount: Option<String>,
}

impl RoomOut {
    fn new(room: Room, hotel_id: HotelId, is_occupied: bool, total_amount: Option<String>) -> Self {
        Self {
            room_id: room.id,
            hotel_id,
            room_number: room.number,
            room_type: room.room_type,
            room_type_id: room.room_type_id,
            rate: room.rate.to_decimal_text(),
            status: if is_occupied { "O" } else { "A" },
            sleeps: room.sleeps,
            condition: room.condition.as_str(),
            total_amount,
        }
    }
}

/// Which nights are wanted.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Wanted {
    /// Arrival: a date, a local time of the hotel, or an instant.
    check_in_at: String,
    /// Departure, likewise.
    expected_check_out_at: String,
    /// Only rooms of this type.
    room_type_id: Option<String>,
    /// Only rooms that sleep so many.
    #[param(minimum = 1, maximum = 20)]
    num_guests: Option<i16>,
}

/// Rooms that are free for all nights, cheapest first, with the price.
#[utoipa::path(
    get, path = "/rooms/available", tag = "rooms", security(("bearer" = [])), params(Wanted),
    responses((status = 200, body = Vec<RoomOut>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn available(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<RoomOut>>, Problem> {
    let permit = caller.permit::<right::ViewDesk>(&hotel)?;
    let zone = zone(&state, permit, &[&wanted.check_in_at, &wanted.expected_check_out_at]).await?;
    let dates = dates(&wanted.check_in_at, &wanted.expected_check_out_at, &zone)?;
    let room_type_id = match wanted.room_type_id.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| at("room_type_id", ProblemCode::NotOnOffer))?),
    };
    if wanted.num_guests.is_some_and(|party| !(1..=20).contains(&party)) {
        return Err(at("num_guests", ProblemCode::OutOfRange { min: 1, max: 20 }));
    }
    let query = Availability { dates, room_type_id, party: wanted.num_guests };
    let free = state.services.pms.available(permit, &query).await?;
    let hotel_id = permit.hotel_id();
    let out = |free: domain::room::AvailableRoom| {
        RoomOut::new(free.room, hotel_id, free.occupied_now, Some(free.total.to_decimal_text()))
    };
    Ok(Json(free.into_iter().map(out).collect()))
}

/// The hotel's time zone, where one of the texts needs it.
pub(super) async fn zone(
    state: &AppState,
    permit: Permit<'_, right::ViewDesk>,
    texts: &[&str],
) -> Result<String, Problem> {
    if texts.iter().any(|text| has_offset(text)) {
        return Ok(state.services.pms.hotel(permit).await?.time_zone);
    }
    Ok("UTC".to_owned())
}

/// The nights between two texts; 400 with the original's words when the departure is not after the arrival.
pub(super) fn dates(
    check_in_at: &str,
    expected_check_out_at: &str,
    zone: &str,
) -> Result<StayDates, Problem> {
    let arrival = civil_date(check_in_at, zone, "check_in_at")?;
    let departure = civil_date(expected_check_out_at, zone, "expected_check_out_at")?;
    StayDates::new(arrival, departure).map_err(|code| match code {
        ProblemCode::NotAfterArrival => Problem::bad_request("Check-out must be after check-in"),
        code => at("expected_check_out_at", code),
    })
}

/// All rooms of the hotel.
#[utoipa::path(
    get, path = "/rooms", tag = "rooms", security(("bearer" = [])),
    responses((status = 200, body = Vec<RoomOut>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
) -> Result<Json<Vec<RoomOut>>, Problem> {
    let permit = caller.permit::<right::ViewDesk>(&hotel)?;
    let board = state.services.pms.board(permit).await?;
    let out = |board: domain::room::BoardRoom| {
        RoomOut::new(board.room, permit.hotel_id(), board.in_house.is_some(), None)
    };
    Ok(Json(board.into_iter().map(out).collect()))
}

/// A new room.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewRoom {
    room_number: String,
    /// The room type's name; a new one is made for a name that is not there.
    room_type: Option<String>,
    rate: Amount,
    floor: Option<String>,
    /// `A` available or `D` dirty. Whether it is occupied (`O`) follows from who is checked in.
    status: Option<String>,
}

/// Adds a room. For owners and managers.
#[utoipa::path(
    post, path = "/rooms", tag = "rooms", security(("bearer" = [])), request_body = NewRoom,
    responses((status = 201, body = RoomOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Json(body): Json<NewRoom>,
) -> Result<(StatusCode, Json<RoomOut>), Problem> {
    let permit = caller.permit::<right::ManageRooms>(&hotel)?;
    let condition = match body.status.as_deref().map(str::trim) {
        None | Some("" | "A") => RoomCondition::Clean,
        Some("D") => RoomCondition::Dirty,
        Some(_) => return Err(at("status", ProblemCode::NotOnOffer)),
    };
    let currency = state.services.pms.hotel(permit.also()?).await?.currency;
    let rate = body.rate.read("rate", currency)?.to_decimal_text();
    let form = RoomForm {
        number: body.room_number,
        floor: body.floor.unwrap_or_default(),
        room_type: body.room_type.unwrap_or_else(|| "Standard".to_owned()),
        rate,
        ..RoomForm::default()
    };
    let room = state.services.pms.create_room(permit, &form, condition).await.map_err(room_problem)?;
    Ok((StatusCode::CREATED, Json(RoomOut::new(room, permit.hotel_id(), false, None))))
}

/// A number that is there already is a conflict; the original answered 500.
fn room_problem(error: pms::Error) -> Problem {
    match error {
        pms::Error::Invalid(mut problems) => {
            // Bodies spell fields as the original does.
            for problem in &mut problems {
                match problem.field.as_str() {
                    "number" => "room_number".clone_into(&mut problem.field),
                    "room_type_id" => "room_type".clone_into(&mut problem.field),
                    _ => {}
                }
            }
            if problems.iter().any(|problem| problem.code == ProblemCode::AlreadyInUse) {
                Problem::conflict("Room number already exists").errors(&problems)
            } else {
                Problem::invalid(&problems)
            }
        }
        other => other.into(),
    }
}

/// What changes about a room; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RoomChange {
    room_number: Option<String>,
    room_type: Option<String>,
    rate: Option<Amount>,
    floor: Option<String>,
    /// `inspected`, `clean` or `dirty`.
    condition: Option<String>,
}

/// Changes a room; its condition may be set by anybody of the house, the rest by owners and managers.
#[utoipa::path(
    patch, path = "/rooms/{id}", tag = "rooms", security(("bearer" = [])), params(("id" = String, Path, description = "Id or number")),
    request_body = RoomChange,
    responses((status = 200, body = RoomOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<RoomChange>,
) -> Result<Json<RoomOut>, Problem> {
    let view = caller.permit::<right::ViewDesk>(&hotel)?;
    let pms = &state.services.pms;
    let room = pms.find_room(view, &id).await?.ok_or_else(|| Problem::not_found("Room not found"))?;
    let condition = match &body.condition {
        Some(text) => {
            Some(text.parse::<RoomCondition>().map_err(|_| at("condition", ProblemCode::NotOnOffer))?)
        }
        None => None,
    };
    if body.room_number.is_some() || body.room_type.is_some() || body.rate.is_some() || body.floor.is_some() {
        let permit = view.also::<right::ManageRooms>()?;
        let rate = match &body.rate {
            Some(rate) => Some(rate.read("rate", room.rate.currency)?.to_decimal_text()),
            None => None,
        };
        let change = |present: RoomForm| RoomForm {
            number: body.room_number.clone().unwrap_or(present.number),
            floor: body.floor.clone().unwrap_or(present.floor),
            room_type_id: if body.room_type.is_some() { String::new() } else { present.room_type_id },
            room_type: body.room_type.clone().unwrap_or_default(),
            rate: rate.clone().unwrap_or(present.rate),
        };
        pms.change_room(permit, room.id, condition, |present| Ok(change(present)))
            .await
            .map_err(room_problem)?;
    } else if let Some(condition) = condition {
        pms.set_condition(view.also()?, room.id, condition).await?;
    }
    let changed = pms
        .find_room(view, &room.id.to_string())
        .await?
        .ok_or_else(|| Problem::not_found("Room not found"))?;
    let is_occupied = pms
        .current_stay(view, room.id)
        .await?
        .is_some_and(|stay| stay.status == domain::stay::StayStatus::CheckedIn);
    Ok(Json(RoomOut::new(changed, view.hotel_id(), is_occupied, None)))
}

/// Removes a room that no booking ever used. For owners and managers.
#[utoipa::path(
    delete, path = "/rooms/{id}", tag = "rooms", security(("bearer" = [])), params(("id" = String, Path, description = "Id or number")),
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
    let pms = &state.services.pms;
    let room =
        pms.find_room(permit.also()?, &id).await?.ok_or_else(|| Problem::not_found("Room not found"))?;
    pms.remove_room(permit, room.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
