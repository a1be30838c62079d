//! Countries in which is sold (spec 5.11).

use axum::Json;
use axum::extract::{Path, State};
use billing::settings::countries::Country;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::{Admin, Body};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(enabled))
        .routes(routes!(disabled))
        .routes(routes!(reorder))
        .routes(routes!(enable))
        .routes(routes!(disable))
}

/// A country.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountryOut {
    code: String,
    name: String,
    is_enabled: bool,
    position: i32,
}

impl From<Country> for CountryOut {
    fn from(country: Country) -> Self {
        let Country { code, name, is_enabled, position } = country;
        Self { code, name, is_enabled, position }
    }
}

/// Countries.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountriesOut {
    countries: Vec<CountryOut>,
}

/// One country.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountryBody {
    country: CountryOut,
}

async fn listed(
    state: &AppState,
    admin: &Admin,
    enabled: Option<bool>,
) -> Result<Json<CountriesOut>, Problem> {
    let found = state.services.billing.countries(admin.permit()?, enabled).await?;
    Ok(Json(CountriesOut { countries: found.into_iter().map(CountryOut::from).collect() }))
}

/// All countries: first those that are enabled, then by place and name.
#[utoipa::path(get, path = "/", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = CountriesOut), ReadRefusals))]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<CountriesOut>, Problem> {
    listed(&state, &admin, None).await
}

/// The countries that customers can choose.
#[utoipa::path(get, path = "/enabled", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = CountriesOut), ReadRefusals))]
async fn enabled(State(state): State<AppState>, admin: Admin) -> Result<Json<CountriesOut>, Problem> {
    listed(&state, &admin, Some(true)).await
}

/// The countries that customers cannot choose.
#[utoipa::path(get, path = "/disabled", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = CountriesOut), ReadRefusals))]
async fn disabled(State(state): State<AppState>, admin: Admin) -> Result<Json<CountriesOut>, Problem> {
    listed(&state, &admin, Some(false)).await
}

/// An order of countries.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CountryOrder {
    /// Codes; those that are not enabled are left where they are.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    codes: Value,
}

/// Puts the enabled countries into an order.
#[utoipa::path(
    put, path = "/reorder", tag = "v1 admin settings", security(("bearer" = [])), request_body = CountryOrder,
    responses((status = 200, body = CountriesOut), WriteRefusals)
)]
async fn reorder(
    State(state): State<AppState>,
    admin: Admin,
    Body(order): Body<CountryOrder>,
) -> Result<Json<CountriesOut>, Problem> {
    let codes: Vec<String> = serde_json::from_value(order.codes)
        .map_err(|_| Problem::bad_request("codes must be a list of country codes"))?;
    let found = state.services.billing.reorder_countries(admin.permit()?, &codes).await?;
    Ok(Json(CountriesOut { countries: found.into_iter().map(CountryOut::from).collect() }))
}

/// Lets customers choose a country.
#[utoipa::path(
    post, path = "/{code}/enable", tag = "v1 admin settings", security(("bearer" = [])), params(("code" = String, Path)),
    responses((status = 200, body = CountryBody), WriteRefusals)
)]
async fn enable(
    State(state): State<AppState>,
    admin: Admin,
    Path(code): Path<String>,
) -> Result<Json<CountryBody>, Problem> {
    let country = state.services.billing.enable_country(admin.permit()?, &code, true).await?;
    Ok(Json(CountryBody { country: country.into() }))
}

/// Lets customers choose a country no longer.
#[utoipa::path(
    post, path = "/{code}/disable", tag = "v1 admin settings", security(("bearer" = [])), params(("code" = String, Path)),
    responses((status = 200, body = CountryBody), WriteRefusals)
)]
async fn disable(
    State(state): State<AppState>,
    admin: Admin,
    Path(code): Path<String>,
) -> Result<Json<CountryBody>, Problem> {
    let country = state.services.billing.enable_country(admin.permit()?, &code, false).await?;
    Ok(Json(CountryBody { country: country.into() }))
}
