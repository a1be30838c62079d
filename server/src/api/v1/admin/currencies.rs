//! Currencies and their rates.

use axum::Json;
use axum::extract::{Path, State};
use billing::settings::currencies::{ExchangeRate, ExchangeRateChange};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::{Admin, Body};
use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(change))
}

/// A currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrencyOut {
    code: String,
    name: String,
    /// How many of it one of the default currency is.
    exchange_rate: String,
    is_default: bool,
    is_active: bool,
    version: i32,
}

impl From<ExchangeRate> for CurrencyOut {
    fn from(currency: ExchangeRate) -> Self {
        Self {
            code: currency.code,
            name: currency.name,
            exchange_rate: currency.rate.normalize().to_string(),
            is_default: currency.is_default,
            is_active: currency.is_active,
            version: currency.version,
        }
    }
}

/// Currencies.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrenciesOut {
    currencies: Vec<CurrencyOut>,
}

/// One currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrencyBody {
    currency: CurrencyOut,
}

/// All currencies, the default one first.
#[utoipa::path(get, path = "/", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = CurrenciesOut), ReadRefusals))]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<CurrenciesOut>, Problem> {
    let found = state.services.billing.exchange_rates(admin.permit()?).await?;
    Ok(Json(CurrenciesOut { currencies: found.into_iter().map(CurrencyOut::from).collect() }))
}

/// What a currency is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CurrencyIn {
    /// Three letters; of a new one.
    code: Option<String>,
    name: Option<String>,
    /// How many of it one of the default currency is.
    exchange_rate: Option<Amount>,
    is_active: Option<bool>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl CurrencyIn {
    fn change(self) -> ExchangeRateChange {
        ExchangeRateChange {
            name: self.name,
            rate: self.exchange_rate.map(|rate| rate.text()),
            is_active: self.is_active,
            version: self.version,
        }
    }
}

/// Adds a currency.
#[utoipa::path(
    post, path = "/", tag = "v1 admin settings", security(("bearer" = [])), request_body = CurrencyIn,
    responses((status = 201, body = CurrencyBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(mut body): Body<CurrencyIn>,
) -> Result<(StatusCode, Json<CurrencyBody>), Problem> {
    let code = body.code.take().ok_or_else(|| Problem::bad_request("Code is required"))?;
    let made = state.services.billing.create_exchange_rate(admin.permit()?, &code, &body.change()).await?;
    Ok((StatusCode::CREATED, Json(CurrencyBody { currency: made.into() })))
}

/// Changes a currency. The default one's rate is 1 and stays so.
#[utoipa::path(
    put, path = "/{code}", tag = "v1 admin settings", security(("bearer" = [])), params(("code" = String, Path)), request_body = CurrencyIn,
    responses((status = 200, body = CurrencyBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(code): Path<String>,
    Body(body): Body<CurrencyIn>,
) -> Result<Json<CurrencyBody>, Problem> {
    let changed = state.services.billing.change_exchange_rate(admin.permit()?, &code, &body.change()).await?;
    Ok(Json(CurrencyBody { currency: changed.into() }))
}
