//! Guests of the company: found, recorded, changed. `customer_id` is their id everywhere in this family.

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::NaiveDate;
use domain::access::{Permit, right};
use domain::guest::{Guest, GuestForm, GuestRow};
use domain::ids::GuestId;
use domain::problem::ProblemCode;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::values::at;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// Which guests are wanted.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Wanted {
    /// The beginning of a name, e-mail address or telephone number, or a whole identity number; all where none is given.
    text: Option<String>,
    /// The last guest of the page before.
    before: Option<String>,
}

/// A guest in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundGuest {
    customer_id: GuestId,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    city: Option<String>,
    /// Stays in this hotel.
    stays: i64,
    /// The last departure from this hotel.
    last_departure: Option<NaiveDate>,
}

impl From<GuestRow> for FoundGuest {
    fn from(guest: GuestRow) -> Self {
        Self {
            customer_id: guest.id,
            name: guest.name,
            email: guest.email,
            phone: guest.phone,
            city: guest.city,
            stays: guest.stays,
            last_departure: guest.last_departure,
        }
    }
}

/// A guest. Empty texts are not known.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestOut {
    customer_id: GuestId,
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
    gov_id: String,
    address: String,
    city: String,
    state: String,
    zip_code: String,
    country: String,
    /// What colleagues should know.
    note: String,
    /// Stays in this hotel.
    stays: i64,
    /// The last departure from this hotel.
    last_departure: Option<NaiveDate>,
}

impl From<Guest> for GuestOut {
    fn from(guest: Guest) -> Self {
        let details = guest.details;
        Self {
            customer_id: guest.id,
            first_name: details.first_name,
            last_name: details.last_name,
            email: details.email,
            phone: details.phone,
            gov_id: details.gov_id,
            address: details.address,
            city: details.city,
            state: details.state,
            zip_code: details.zip_code,
            country: details.country,
            note: details.note,
            stays: guest.stays,
            last_departure: guest.last_departure,
        }
    }
}

/// A guest, or what changes about one; what is absent then stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GuestBody {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    gov_id: Option<String>,
    address: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip_code: Option<String>,
    country: Option<String>,
    note: Option<String>,
}

impl GuestBody {
    fn form(self, present: GuestForm) -> GuestForm {
        GuestForm {
            first_name: self.first_name.unwrap_or(present.first_name),
            last_name: self.last_name.unwrap_or(present.last_name),
            email: self.email.unwrap_or(present.email),
            phone: self.phone.unwrap_or(present.phone),
            gov_id: self.gov_id.unwrap_or(present.gov_id),
            address: self.address.unwrap_or(present.address),
            city: self.city.unwrap_or(present.city),
            state: self.state.unwrap_or(present.state),
            zip_code: self.zip_code.unwrap_or(present.zip_code),
            country: self.country.unwrap_or(present.country),
            note: self.note.unwrap_or(present.note),
        }
    }
}

fn unknown() -> Problem {
    Problem::not_found("Customer not found")
}

fn problem(error: pms::Error) -> Problem {
    match error {
        pms::Error::NotFound => unknown(),
        pms::Error::Invalid(problems)
            if problems.iter().any(|problem| problem.code == ProblemCode::AlreadyInUse) =>
        {
            Problem::conflict("A customer with this gov_id exists already").errors(&problems)
        }
        other => other.into(),
    }
}

async fn find(
    state: &AppState,
    permit: Permit<'_, right::ManageGuests>,
    id: GuestId,
) -> Result<Guest, Problem> {
    state.services.pms.guest(permit, id).await.map(|(guest, _)| guest).map_err(problem)
}

/// Guests of the company, 50 a page: those a text finds, or the newest.
#[utoipa::path(
    get, path = "/guests", tag = "customers", security(("bearer" = [])), params(Wanted),
    responses((status = 200, body = Vec<FoundGuest>), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<FoundGuest>>, Problem> {
    let permit = caller.permit::<right::ManageGuests>(&hotel)?;
    let before = match wanted.before.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| at("before", ProblemCode::NotFound))?),
        None => None,
    };
    let guests = state.services.pms.guests(permit, wanted.text.as_deref().unwrap_or(""), before).await?;
    Ok(Json(guests.into_iter().map(FoundGuest::from).collect()))
}

/// Records a guest. A known identity number is a conflict: that guest is there already.
#[utoipa::path(
    post, path = "/guests", tag = "customers", security(("bearer" = [])), request_body = GuestBody,
    responses((status = 201, body = GuestOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Json(body): Json<GuestBody>,
) -> Result<(StatusCode, Json<GuestOut>), Problem> {
    let permit = caller.permit::<right::ManageGuests>(&hotel)?;
    let form = body.form(GuestForm::default());
    let id = state.services.pms.create_guest(permit, &form).await.map_err(problem)?;
    Ok((StatusCode::CREATED, Json(find(&state, permit, id).await?.into())))
}

/// One guest.
#[utoipa::path(
    get, path = "/guests/{id}", tag = "customers", security(("bearer" = [])), params(("id" = String, Path, description = "The guest's id")),
    responses((status = 200, body = GuestOut), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<GuestOut>, Problem> {
    let permit = caller.permit::<right::ManageGuests>(&hotel)?;
    Ok(Json(find(&state, permit, id.parse().map_err(|_| unknown())?).await?.into()))
}

/// Changes what is known about a guest.
#[utoipa::path(
    patch, path = "/guests/{id}", tag = "customers", security(("bearer" = [])), params(("id" = String, Path, description = "The guest's id")),
    request_body = GuestBody,
    responses((status = 200, body = GuestOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<GuestBody>,
) -> Result<Json<GuestOut>, Problem> {
    let permit = caller.permit::<right::ManageGuests>(&hotel)?;
    let id = id.parse().map_err(|_| unknown())?;
    state.services.pms.change_guest(permit, id, |known| Ok(body.form(known))).await.map_err(problem)?;
    Ok(Json(find(&state, permit, id).await?.into()))
}
