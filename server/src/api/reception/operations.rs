//! Check-in and check-out (spec `reception.md` 3.5): the code's forms and the documented ones.

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access::{Permit, right};
use domain::ids::StayId;
use domain::problem::ProblemCode;
use domain::stay::StayAction;
use http::StatusCode;
use pms::bookings::CheckOut;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::booking_dto::{BookingOut, NewBooking, booking_problem};
use super::bookings::{booking_id, not_found};
use crate::api::values::{Amount, at, instant};
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
    // The original's words for a room that is not of this hotel, whether or not it is of another.
    let of_this_hotel = |problem: Problem| match problem.status() {
        StatusCode::NOT_FOUND => {
            Problem::forbidden("Invalid Room ID: This room does not belong to your hotel.")
        }
        _ => problem,
    };
    let request = body.read(&state, permit, None, true).await.map_err(of_this_hotel)?;
    let stay = state.services.pms.make_booking(permit, request).await.map_err(|error| {
        of_this_hotel(booking_problem(error, &room, "Room is already booked/occupied for these dates"))
    })?;
    Ok((StatusCode::CREATED, Json(BookingOut::new(stay, permit.hotel_id()))))
}

/// What a check-in or check-out did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    booking_id: StayId,
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
    state.services.pms.act(permit, id, action).await.map_err(not_found)?;
    done(state, permit, id).await
}

async fn done(
    state: &AppState,
    permit: Permit<'_, right::ManageBookings>,
    id: StayId,
) -> Result<Json<Done>, Problem> {
    let pms = &state.services.pms;
    let details = pms.stay(permit.also()?, id).await.map_err(not_found)?;
    Ok(Json(Done {
        booking_id: id,
        status: details.row.status.reception_word(),
        actual_check_in_at: details.checked_in_at.map(|at| at.to_utc()),
        actual_check_out_at: details.row.checked_out_at,
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

/// What the code's form says.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Left {
    /// What all nights cost in the end; another amount needs a permission.
    total_amount: Option<String>,
    /// `Completed`, if anything.
    status: Option<String>,
    /// When the guest left: a local time of the hotel or an instant, between the check-in and now.
    actual_check_out_at: Option<String>,
}

/// Checks a guest out; the code's form.
#[utoipa::path(
    post, path = "/operations/check-out/{id}", tag = "operations", security(("bearer" = [])),
    params(("id" = String, Path, description = "The booking's id"), Left),
    responses((status = 200, body = Done), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem))
)]
pub async fn check_out_form(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Query(left): Query<Left>,
) -> Result<Json<Done>, Problem> {
    let permit = caller.permit::<right::ManageBookings>(&hotel)?;
    let id = booking_id(&id)?;
    let pms = &state.services.pms;
    // A booking that is not there is told before what is wrong with the query.
    pms.stay(permit.also()?, id).await.map_err(not_found)?;
    let said = left.read(&state, permit).await?;
    pms.check_out(permit, id, &said).await.map_err(|error| match error {
        pms::Error::Forbidden(_) => {
            Problem::forbidden("total_amount is another price, which your role may not give")
        }
        other => not_found(other),
    })?;
    done(&state, permit, id).await
}

impl Left {
    async fn read(
        self,
        state: &AppState,
        permit: Permit<'_, right::ManageBookings>,
    ) -> Result<CheckOut, Problem> {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        if given(self.status).is_some_and(|status| !status.trim().eq_ignore_ascii_case("completed")) {
            return Err(at("status", ProblemCode::NotOnOffer));
        }
        let hotel = state.services.pms.hotel(permit.also()?).await?;
        let total_minor = match given(self.total_amount) {
            Some(text) => Some(Amount::Text(text).read("total_amount", hotel.currency)?.minor),
            None => None,
        };
        let at = match given(self.actual_check_out_at) {
            Some(text) => Some(instant(&text, &hotel.time_zone, "actual_check_out_at")?),
            None => None,
        };
        Ok(CheckOut { total_minor, at, ..CheckOut::default() })
    }
}
