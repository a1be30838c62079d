//! The hotel's own data (spec `reception.md` 3.6). Public in the original; here for its own people.

use axum::Json;
use axum::extract::{Path, State};
use domain::access::right;
use domain::hotel::{Hotel, HotelForm};
use domain::ids::HotelId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::Bearer;

/// A hotel.
#[derive(Debug, Serialize, ToSchema)]
pub struct HotelOut {
    hotel_id: HotelId,
    name: String,
    address: String,
    phone_number: Option<String>,
    email: Option<String>,
    terms_and_conditions: String,
    /// IANA name.
    time_zone: String,
    /// ISO 4217.
    currency: String,
    /// The hotel's business date.
    business_date: chrono::NaiveDate,
}

impl From<Hotel> for HotelOut {
    fn from(hotel: Hotel) -> Self {
        Self {
            hotel_id: hotel.id,
            name: hotel.name,
            address: hotel.address,
            phone_number: hotel.phone,
            email: hotel.email,
            terms_and_conditions: hotel.terms,
            time_zone: hotel.time_zone,
            currency: hotel.currency.code().to_owned(),
            business_date: hotel.business_date,
        }
    }
}

fn hotel_id(caller: &Bearer, text: &str) -> Result<HotelId, Problem> {
    let unknown = || Problem::not_found("Hotel not found");
    let id: HotelId = text.parse().map_err(|_| unknown())?;
    // A hotel one does not work in is as unknown as one that does not exist.
    caller.0.membership(id).map(|_| id).ok_or_else(unknown)
}

/// Hotels are made by registration alone.
#[utoipa::path(
    post, path = "/hotel/", tag = "hotel", security(("bearer" = [])),
    responses((status = 401, body = Problem), (status = 403, body = Problem))
)]
pub async fn create(_caller: Bearer) -> Problem {
    Problem::forbidden("Hotels are created by registration: POST /auth/register")
}

/// One's own hotel.
#[utoipa::path(
    get, path = "/hotel/{id}", tag = "hotel", security(("bearer" = [])), params(("id" = String, Path, description = "The hotel's id")),
    responses((status = 200, body = HotelOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Bearer,
    Path(id): Path<String>,
) -> Result<Json<HotelOut>, Problem> {
    let permit = caller.0.permit::<right::ViewDesk>(hotel_id(&caller, &id)?)?;
    Ok(Json(state.services.pms.hotel(permit).await?.into()))
}

/// What changes about a hotel; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HotelChange {
    name: Option<String>,
    address: Option<String>,
    phone_number: Option<String>,
    email: Option<String>,
    terms_and_conditions: Option<String>,
    time_zone: Option<String>,
}

/// Changes one's own hotel. For owners and managers.
#[utoipa::path(
    patch, path = "/hotel/{id}", tag = "hotel", security(("bearer" = [])), params(("id" = String, Path, description = "The hotel's id")),
    request_body = HotelChange,
    responses((status = 200, body = HotelOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Bearer,
    Path(id): Path<String>,
    Json(body): Json<HotelChange>,
) -> Result<Json<HotelOut>, Problem> {
    let permit = caller.0.permit::<right::ManageHotel>(hotel_id(&caller, &id)?)?;
    let pms = &state.services.pms;
    let present = pms.hotel(permit.also()?).await?;
    let form = HotelForm {
        name: body.name.unwrap_or(present.name),
        address: body.address.unwrap_or(present.address),
        phone: body.phone_number.or(present.phone).unwrap_or_default(),
        email: body.email.or(present.email).unwrap_or_default(),
        time_zone: body.time_zone.unwrap_or(present.time_zone),
        terms: body.terms_and_conditions.unwrap_or(present.terms),
    };
    pms.change_hotel(permit, &form).await?;
    Ok(Json(pms.hotel(permit.also()?).await?.into()))
}
