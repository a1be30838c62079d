//! Bookings (spec `reception.md` 3.4).

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::NaiveTime;
use domain::access::{Permit, right};
use domain::booking::StayChangeForm;
use domain::ids::{RoomId, StayId};
use domain::problem::ProblemCode;
use domain::room::RoomChoice;
use domain::stay::{StayAction, StayStatus};
use http::StatusCode;
use pms::bookings::{CheckOut as Said, StayFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::booking_dto::{AddedRoom, BookingOut, NewBooking, booking_problem};
use super::rooms::zone;
use crate::api::values::{Amount, at, civil_date, time_of_day};
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

const TAKEN: &str = "Room is already booked for these dates";

/// Books a room. Of several at once for the same nights one gets it, the others 409.
#[utoipa::path(
    post, path = "/bookings/", tag = "bookings", security(("bearer" = [])), request_body = NewBooking,
    responses((status = 201, body = BookingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Json(body): Json<NewBooking>,
) -> Result<(StatusCode, Json<BookingOut>), Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let room = body.room_name();
    let request = body.read(&state, permit, None, false).await?;
    let stay = state
        .services
        .pms
        .make_booking(permit, request)
        .await
        .map_err(|error| booking_problem(error, &room, TAKEN))?;
    Ok((StatusCode::CREATED, Json(BookingOut::new(stay, permit.hotel_id()))))
}

/// Which bookings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Filter {
    /// A reference, or the beginning of a guest's name, address or telephone number.
    text: Option<String>,
    /// `reserved`, `checked_in`, `checked_out`, `cancelled` or `no_show`.
    status: Option<String>,
    /// The last booking of the page before.
    before: Option<String>,
}

/// Bookings of the hotel, those that arrive last first; 50 a page.
#[utoipa::path(
    get, path = "/bookings/", tag = "bookings", security(("bearer" = [])), params(Filter),
    responses((status = 200, body = Vec<BookingOut>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<BookingOut>>, Problem> {
    let permit = caller.permit::<right::ViewDesk>(&hotel)?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let status = match given(&filter.status) {
        Some(text) => Some(text.parse().map_err(|_| at("status", ProblemCode::NotOnOffer))?),
        None => None,
    };
    let before = match given(&filter.before) {
        Some(text) => Some(text.parse().map_err(|_| at("before", ProblemCode::NotFound))?),
        None => None,
    };
    let wanted = StayFilter { text: filter.text.unwrap_or_default(), status, before };
    let stays = state.services.pms.stays(permit, &wanted).await?;
    Ok(Json(stays.into_iter().map(|stay| BookingOut::new(stay, permit.hotel_id())).collect()))
}

/// A malformed id is no booking.
pub(super) fn booking_id(text: &str) -> Result<StayId, Problem> {
    text.parse().map_err(|_| Problem::not_found("Booking not found"))
}

/// No booking, in the words of the original.
pub(super) fn not_found(error: pms::Error) -> Problem {
    match error {
        pms::Error::NotFound => Problem::not_found("Booking not found"),
        other => other.into(),
    }
}

async fn one(
    state: &AppState,
    permit: Permit<'_, right::ViewDesk>,
    id: StayId,
) -> Result<Json<BookingOut>, Problem> {
    let details = state.services.pms.stay(permit, id).await.map_err(not_found)?;
    Ok(Json(BookingOut::new(details.row, permit.hotel_id())))
}

/// One booking.
#[utoipa::path(
    get, path = "/bookings/{id}", tag = "bookings", security(("bearer" = [])), params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = BookingOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<BookingOut>, Problem> {
    one(&state, caller.permit(&hotel)?, booking_id(&id)?).await
}

/// What changes about a booking; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BookingChange {
    check_in_at: Option<String>,
    expected_check_out_at: Option<String>,
    /// The new room's id or number.
    room_id: Option<String>,
    /// Without a room: any room of this type.
    room_type_id: Option<String>,
    #[schema(minimum = 1, maximum = 20)]
    num_guests: Option<i16>,
    /// A new price for every night, which needs a permission.
    nightly_price: Option<Amount>,
}

/// Changes dates, room, party or price. A night that stays keeps its price unless another is given; in a room of another type,
/// or with a price of its own, the nights to come cost what that room costs.
#[utoipa::path(
    patch, path = "/bookings/{id}", tag = "bookings", security(("bearer" = [])), params(("id" = String, Path, description = "The booking's id")),
    request_body = BookingChange,
    responses((status = 200, body = BookingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<BookingChange>,
) -> Result<Json<BookingOut>, Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let id = booking_id(&id)?;
    let pms = &state.services.pms;
    let present = pms.stay(permit.also()?, id).await.map_err(not_found)?;
    let texts: Vec<&str> =
        [&body.check_in_at, &body.expected_check_out_at].into_iter().flatten().map(String::as_str).collect();
    let zone = zone(&state, permit.also()?, &texts).await?;
    let date = |text: &Option<String>, field: &str| match text {
        Some(text) => civil_date(text, &zone, field).map(|date| date.to_string()),
        None => Ok(String::new()),
    };
    // A day says nothing about the time.
    let time = |text: &Option<String>, present: Option<NaiveTime>| {
        let said = text.as_deref().and_then(|text| time_of_day(text, &zone));
        said.or(present).map(|time| time.format("%H:%M:%S").to_string()).unwrap_or_default()
    };
    let room = body.room_id.unwrap_or_default();
    let room_id = match (room.as_str(), body.room_type_id.as_deref().map(str::trim)) {
        ("", None | Some("")) => String::new(),
        ("", Some(id)) => {
            RoomChoice::AnyOf(id.parse().map_err(|_| at("room_type_id", ProblemCode::NotFound))?).to_string()
        }
        (room, _) => match pms.find_room(permit.also()?, room).await? {
            Some(room) => room.id.to_string(),
            None => return Err(super::booking_dto::unknown_room(room)),
        },
    };
    let form = StayChangeForm {
        arrival: date(&body.check_in_at, "check_in_at")?,
        departure: date(&body.expected_check_out_at, "expected_check_out_at")?,
        room_id,
        party: body.num_guests.map(|party| party.to_string()).unwrap_or_default(),
        price: body.nightly_price.as_ref().map(Amount::text).unwrap_or_default(),
        shown: String::new(),
        version: present.version,
        arrival_time: time(&body.check_in_at, present.row.times.arrival),
        departure_time: time(&body.expected_check_out_at, present.row.times.departure),
    };
    pms.change(permit, id, &form).await.map_err(|error| booking_problem(error, &room, TAKEN))?;
    one(&state, permit.also()?, id).await
}

async fn act(
    state: &AppState,
    permit: Permit<'_, right::ManageBookings>,
    id: StayId,
    action: StayAction,
) -> Result<Json<BookingOut>, Problem> {
    let stay = state.services.pms.act(permit, id, action).await.map_err(not_found)?;
    Ok(Json(BookingOut::new(stay, permit.hotel_id())))
}

/// Cancels a booking whose guest has not come yet.
#[utoipa::path(
    delete, path = "/bookings/{id}", tag = "bookings", security(("bearer" = [])), params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = BookingOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn cancel(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<BookingOut>, Problem> {
    act(&state, caller.permit(&hotel)?, booking_id(&id)?, StayAction::Cancel).await
}

/// Cancels a booking whose guest has not come yet; the same as `DELETE`.
#[utoipa::path(
    post, path = "/bookings/{id}/cancel", tag = "bookings", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = BookingOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn call_off(
    state: State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    id: Path<String>,
) -> Result<Json<BookingOut>, Problem> {
    cancel(state, caller, hotel, id).await
}

/// Records that the guest never came; from the day of arrival on.
#[utoipa::path(
    post, path = "/bookings/{id}/no-show", tag = "bookings", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = BookingOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn no_show(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<BookingOut>, Problem> {
    act(&state, caller.permit(&hotel)?, booking_id(&id)?, StayAction::NoShow).await
}

/// To whom a confirmation goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ConfirmationRequest {
    /// The address; the guest's own where it is left out.
    email: Option<String>,
}

/// A confirmation that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmationOut {
    /// The booking.
    booking_id: StayId,
    /// The address it goes to.
    email: String,
}

/// Writes to the guest what was booked: dates, prices, what is paid, and how to reach the hotel. 409 when the stay is over
/// or was called off.
#[utoipa::path(
    post, path = "/bookings/{id}/confirmation", tag = "bookings", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")), request_body = ConfirmationRequest,
    responses((status = 202, body = ConfirmationOut), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem))
)]
pub async fn confirm(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<ConfirmationRequest>,
) -> Result<(StatusCode, Json<ConfirmationOut>), Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let booking_id = booking_id(&id)?;
    let email = body.email.unwrap_or_default();
    let email = state.services.pms.send_confirmation(permit, booking_id, &email).await.map_err(not_found)?;
    Ok((StatusCode::ACCEPTED, Json(ConfirmationOut { booking_id, email })))
}

/// Undoes what was done last: a check-in, a check-out, a cancellation or a no-show. 409 when its nights are over, or sold
/// since.
#[utoipa::path(
    post, path = "/bookings/{id}/undo", tag = "bookings", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = BookingOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn undo(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<BookingOut>, Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let id = booking_id(&id)?;
    let pms = &state.services.pms;
    let action = match pms.stay(permit.also()?, id).await.map_err(not_found)?.row.status {
        StayStatus::Reserved => return Err(Problem::conflict("There is nothing to undo").code("refused")),
        StayStatus::CheckedIn => StayAction::UndoCheckIn,
        StayStatus::CheckedOut => StayAction::UndoCheckOut,
        StayStatus::Cancelled | StayStatus::NoShow => StayAction::Reinstate,
    };
    act(&state, permit, id, action).await
}

/// Adds another room to a booking, under the same reference. Dates and guest are those of the booking unless the body says
/// otherwise.
#[utoipa::path(
    post, path = "/bookings/{id}/rooms", tag = "bookings", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")), request_body = AddedRoom,
    responses((status = 201, body = BookingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem))
)]
pub async fn add_room(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<AddedRoom>,
) -> Result<(StatusCode, Json<BookingOut>), Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let id = booking_id(&id)?;
    let pms = &state.services.pms;
    let present = pms.stay(permit.also()?, id).await.map_err(not_found)?;
    let body = body.beside(&present.row);
    let room = body.room_name();
    let request = body.read(&state, permit, Some(id), false).await?;
    let stay =
        pms.make_booking(permit, request).await.map_err(|error| booking_problem(error, &room, TAKEN))?;
    Ok((StatusCode::CREATED, Json(BookingOut::new(stay, permit.hotel_id()))))
}

/// The room by id or number.
async fn room(state: &AppState, permit: Permit<'_, right::ViewDesk>, name: &str) -> Result<RoomId, Problem> {
    let room = state.services.pms.find_room(permit, name).await?;
    room.map(|room| room.id).ok_or_else(|| Problem::not_found("Room not found"))
}

/// The booking of a room now: of the guest in it, else of the one who should be.
#[utoipa::path(
    get, path = "/bookings/room/{room}/current", tag = "bookings", security(("bearer" = [])),
    params(("room" = String, Path, description = "Id or number")),
    responses((status = 200, body = BookingOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn current(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(name): Path<String>,
) -> Result<Json<BookingOut>, Problem> {
    let permit = caller.permit::<right::ViewDesk>(&hotel)?;
    let room_id = room(&state, permit, &name).await?;
    let stay = state.services.pms.current_stay(permit, room_id).await?;
    let stay = stay.ok_or_else(|| Problem::not_found("No active booking found for this room"))?;
    Ok(Json(BookingOut::new(stay, permit.hotel_id())))
}

/// What the desk has to say about a guest.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CheckOut {
    #[schema(max_length = 2000)]
    notes: Option<String>,
    #[schema(minimum = 1, maximum = 5)]
    rating: Option<i16>,
}

/// Done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success {
    /// Always true.
    success: bool,
    message: &'static str,
}

/// Checks out the guest who is in a room. A reservation whose guest never came is not checked out: 404, as in the original
/// when nobody is there.
#[utoipa::path(
    post, path = "/bookings/room/{room}/checkout", tag = "bookings", security(("bearer" = [])),
    params(("room" = String, Path, description = "Id or number")), request_body = CheckOut,
    responses((status = 200, body = Success), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn checkout(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(name): Path<String>,
    Json(body): Json<CheckOut>,
) -> Result<Json<Success>, Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let note =
        domain::problem::optional_text(body.notes.as_deref().unwrap_or(""), domain::booking::MAX_FEEDBACK)
            .map_err(|code| at("notes", code))?;
    let room_id = room(&state, permit.also()?, &name).await?;
    let stay = state.services.pms.current_stay(permit.also()?, room_id).await?;
    let stay = stay
        .filter(|stay| stay.status == StayStatus::CheckedIn)
        .ok_or_else(|| Problem::not_found("No active booking found for this room"))?;
    let said = Said { note, rating: body.rating, ..Said::default() };
    state.services.pms.check_out(permit, stay.id, &said).await.map_err(not_found)?;
    Ok(Json(Success { success: true, message: "Check-out completed successfully" }))
}
