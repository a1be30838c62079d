//! The hotel's own data (spec `reception.md` 3.6). Public in the original; here for its own people.

use app::error::AppError;
use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, NaiveDate, Utc};
use domain::access::right;
use domain::hotel::{HotelForm, NewHotel, read_floors};
use domain::ids::HotelId;
use domain::money::Currency;
use domain::problem::{FieldProblem, ProblemCode, Problems};
use http::StatusCode;
use pms::hotel::HotelRecord;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{LayoutFloor, Registered, drawn};
use crate::api::values::at;
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
    business_date: NaiveDate,
    /// Whether the hotel's subscription holds now.
    subscription_valid: bool,
    valid_from: Option<DateTime<Utc>>,
    /// Null for no end.
    valid_to: Option<DateTime<Utc>>,
    /// Floors and rooms as they were drawn.
    #[schema(value_type = Option<Object>)]
    layout_json: Option<Value>,
    /// What receipts look like.
    #[schema(value_type = Option<Object>)]
    receipt_settings_json: Option<Value>,
    created_at: DateTime<Utc>,
}

impl From<HotelRecord> for HotelOut {
    fn from(record: HotelRecord) -> Self {
        let hotel = record.hotel;
        Self {
            subscription_valid: record.is_subscribed,
            valid_from: record.valid_from,
            valid_to: record.valid_to,
            layout_json: record.layout,
            receipt_settings_json: record.receipt_settings,
            created_at: record.created_at,
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

/// A further hotel of a company; a company's first is made by registration.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewHotelBody {
    name: Option<String>,
    address: Option<String>,
    phone_number: Option<String>,
    email: Option<String>,
    terms_and_conditions: Option<String>,
    /// ISO 4217; `EUR` where none is given.
    currency: Option<String>,
    /// IANA name; `UTC` where none is given.
    time_zone: Option<String>,
    /// Floors and their rooms.
    #[serde(default)]
    floors: Vec<LayoutFloor>,
    /// The company, where the platform's admin adds the hotel.
    organisation_id: Option<String>,
}

impl NewHotelBody {
    fn read(&self) -> Result<NewHotel, Problem> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let form = HotelForm {
            name: text(&self.name),
            address: text(&self.address),
            phone: text(&self.phone_number),
            email: text(&self.email),
            time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            terms: text(&self.terms_and_conditions),
        };
        let floors = drawn(&self.floors)?;
        let hotel = form.check().map_err(|problems| invalid(&problems))?;
        let mut problems = Problems::new();
        let currency = problems.take("currency", self.currency.as_deref().unwrap_or("EUR").parse());
        let rooms = currency.map(|currency| read_floors(&floors, currency, &mut problems));
        let new =
            NewHotel { hotel, currency: currency.unwrap_or(Currency::EUR), rooms: rooms.unwrap_or_default() };
        problems.or(new).map_err(|problems| invalid(&problems))
    }
}

/// Adds a hotel to the caller's company, and makes the caller its owner. For owners; the platform's admin names a company,
/// whose owners become the hotel's.
#[utoipa::path(
    post, path = "/hotel/", tag = "hotel", security(("bearer" = [])), request_body = NewHotelBody,
    responses((status = 201, body = Registered), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Bearer,
    Json(body): Json<NewHotelBody>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let services = &state.services;
    let layout = serde_json::to_value(&body.floors).ok();
    let made = if let Ok(permit) = caller.0.admin() {
        let company = body.organisation_id.as_deref().map(str::trim).unwrap_or_default();
        if company.is_empty() {
            return Err(at("organisation_id", ProblemCode::Required));
        }
        let id = company.parse().map_err(|_| Problem::not_found("Company not found"))?;
        services.add_hotel_for(permit, id, &body.read()?, layout).await
    } else {
        let owner = caller.0.owner().map_err(|_| {
            Problem::forbidden(
                "Owners add hotels to their company; a first one is made by POST /auth/register",
            )
        })?;
        services.add_hotel(owner.actor(), &body.read()?, layout).await
    };
    match made {
        Ok(hotel_id) => Ok((StatusCode::CREATED, Json(Registered { status: "success", hotel_id }))),
        Err(AppError::Invalid(problems)) => Err(invalid(&problems)),
        Err(AppError::NotFound) => Err(Problem::not_found("Company not found")),
        Err(AppError::Unavailable) => Err(Problem::unavailable()),
        Err(_) => Err(Problem::internal()),
    }
}

/// Problems at the fields as the bodies of this resource spell them.
fn invalid(problems: &[FieldProblem]) -> Problem {
    let spelled = problems.iter().map(|problem| {
        let field = match problem.field.as_str() {
            "phone" => "phone_number",
            "terms" => "terms_and_conditions",
            other => other,
        };
        FieldProblem::new(field, problem.code.clone())
    });
    Problem::invalid(&spelled.collect::<Vec<_>>())
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
    Ok(Json(state.services.pms.hotel_record(permit).await?.into()))
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
    let change = |present: HotelForm| HotelForm {
        name: body.name.unwrap_or(present.name),
        address: body.address.unwrap_or(present.address),
        phone: body.phone_number.unwrap_or(present.phone),
        email: body.email.unwrap_or(present.email),
        time_zone: body.time_zone.unwrap_or(present.time_zone),
        terms: body.terms_and_conditions.unwrap_or(present.terms),
    };
    pms.change_hotel(permit, |present| Ok(change(present))).await.map_err(|error| match error {
        pms::Error::Invalid(problems) => invalid(&problems),
        other => other.into(),
    })?;
    Ok(Json(pms.hotel_record(permit.also()?).await?.into()))
}
