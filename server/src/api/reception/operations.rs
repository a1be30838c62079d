//! Check-in and check-out (spec `reception.md` 3.5): the code's forms and the documented ones.

use axum::Json;
use axum::extract::{Path, State};
use domain::access::right;
use domain::stay::StayAction;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::booking_dto::{BookingOut, NewBooking, booking_problem};
use super::bookings::{booking_id, not_found};
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// Books a room for a guest who is at the desk, and checks them in.
#[utoipa::path(
    post, path = "/operations/check-in", tag = "operations", security(("bearer" = [])), request_body = NewBooking,
    responses((status = 201, body = BookingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem))
)]
pub async fn check_in(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Json(body): Json<NewBooking>,
) -> Result<(StatusCode, Json<BookingOut>), Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let room = body.room_name();
    let request = body.read(&state, permit, true).await?;
    let stay = state.services.pms.make_booking(permit, request).await.map_err(|error| {
        let problem = booking_problem(error, &room, "Room is already booked/occupied for these dates");
        if problem.status() == StatusCode::NOT_FOUND {
            // The original's words for a room that is not of this hotel, whether or not it is of another.
            return Problem::forbidden("Invalid Room ID: This room does not belong to your hotel.");
        }
        problem
    })?;
    Ok((StatusCode::CREATED, Json(BookingOut::new(stay, permit.hotel_id(), None))))
}

/// What a check-in or check-out did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    booking_id: domain::ids::StayId,
    /// `CheckedIn` or `Completed`.
    status: &'static str,
    actual_check_in_at: Option<chrono::DateTime<chrono::Utc>>,
    actual_check_out_at: Option<chrono::DateTime<chrono::Utc>>,
}

async fn act(
    state: &AppState,
    caller: &Bearer,
    hotel: &HotelHeader,
    id: &str,
    action: StayAction,
) -> Result<Json<Done>, Problem> {
    let permit = caller.permit::<right::ManageBookings>(hotel)?;
    let id = booking_id(id)?;
    let pms = &state.services.pms;
    pms.act(permit, id, action).await.map_err(not_found)?;
    let details = pms.stay(permit.also()?, id).await.map_err(not_found)?;
    Ok(Json(Done {
        booking_id: id,
        status: details.row.status.reception_word(),
        actual_check_in_at: details.checked_in_at.map(|at| at.to_utc()),
        actual_check_out_at: details.checked_out_at.map(|at| at.to_utc()),
    }))
}

/// Checks a guest in: from the day of arrival on, once.
#[utoipa::path(
    patch, path = "/operations/check-in/{id}", tag = "operations", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn check_in_booking(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<Done>, Problem> {
    act(&state, &caller, &hotel, &id, StayAction::CheckIn).await
}

/// Checks a guest out; the documented form.
#[utoipa::path(
    patch, path = "/operations/check-out/{id}", tag = "operations", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn check_out_booking(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<Done>, Problem> {
    act(&state, &caller, &hotel, &id, StayAction::CheckOut).await
}

/// Checks a guest out; the code's form. Its query (`total_amount`, `status`, `actual_check_out_at`) is ignored: what a stay
/// costs and when it ended is not the client's to say.
#[utoipa::path(
    post, path = "/operations/check-out/{id}", tag = "operations", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn check_out_form(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<Done>, Problem> {
    act(&state, &caller, &hotel, &id, StayAction::CheckOut).await
}
