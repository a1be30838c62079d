//! Rates of tax with their history.

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::settings::taxes::{Tax, TaxChange};
use chrono::NaiveDate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::words::id;
use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete))
}

/// A rate of a country, or of a region of it, for some time.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxOut {
    id: Uuid,
    country: String,
    /// Empty for the whole country.
    region: String,
    name: String,
    /// In percent.
    rate: String,
    valid_from: Option<NaiveDate>,
    /// The day after the last; none for what has no end yet.
    valid_until: Option<NaiveDate>,
    version: i32,
}

impl From<Tax> for TaxOut {
    fn from(tax: Tax) -> Self {
        Self {
            id: tax.id,
            country: tax.country,
            region: tax.region,
            name: tax.name,
            rate: tax.rate.to_string(),
            valid_from: tax.valid_from,
            valid_until: tax.valid_until,
            version: tax.version,
        }
    }
}

/// Rates.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxesOut {
    taxes: Vec<TaxOut>,
}

/// One rate.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxBody {
    tax: TaxOut,
}

/// Which rates.
#[derive(Debug, Deserialize, IntoParams)]
struct TaxFilter {
    /// Two letters.
    country: Option<String>,
}

/// Rates with their history, newest first in each country and region.
#[utoipa::path(
    get, path = "/", tag = "v1 admin settings", security(("bearer" = [])), params(TaxFilter),
    responses((status = 200, body = TaxesOut), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(filter): Query<TaxFilter>,
) -> Result<Json<TaxesOut>, Problem> {
    let found = state.services.billing.taxes(admin.permit()?, filter.country.as_deref()).await?;
    Ok(Json(TaxesOut { taxes: found.into_iter().map(TaxOut::from).collect() }))
}

/// A rate to be, or what changes about one.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaxIn {
    /// Two letters.
    country: Option<String>,
    region: Option<String>,
    name: Option<String>,
    /// In percent, with at most two decimals.
    rate: Option<Amount>,
    /// Today if absent.
    valid_from: Option<NaiveDate>,
    /// The version that is changed; 409 if it is another by now.
    version: Option<i32>,
}

impl From<TaxIn> for TaxChange {
    fn from(tax: TaxIn) -> Self {
        Self {
            country: tax.country,
            region: tax.region,
            name: tax.name,
            rate: tax.rate.map(|rate| rate.text()),
            valid_from: tax.valid_from,
            version: tax.version,
        }
    }
}

/// A new rate from a day on; it ends the one before it.
#[utoipa::path(
    post, path = "/", tag = "v1 admin settings", security(("bearer" = [])), request_body = TaxIn,
    responses((status = 201, body = TaxBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<TaxIn>,
) -> Result<(StatusCode, Json<TaxBody>), Problem> {
    let made = state.services.billing.create_tax(admin.permit()?, &body.into()).await?;
    Ok((StatusCode::CREATED, Json(TaxBody { tax: made.into() })))
}

/// One rate.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = TaxBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<TaxBody>, Problem> {
    let found = state.services.billing.tax(admin.permit()?, id(&text, "tax")?).await?;
    Ok(Json(TaxBody { tax: found.into() }))
}

/// Changes the name of a rate, or the rate itself before it is in force.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)), request_body = TaxIn,
    responses((status = 200, body = TaxBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<TaxIn>,
) -> Result<Json<TaxBody>, Problem> {
    let changed = state.services.billing.change_tax(admin.permit()?, id(&text, "tax")?, &body.into()).await?;
    Ok(Json(TaxBody { tax: changed.into() }))
}

/// Takes back a rate that is to come; the one before it goes on.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.billing.delete_tax(admin.permit()?, id(&text, "tax")?).await?;
    Ok(Json(Said::done("Tax deleted")))
}
