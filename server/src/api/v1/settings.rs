//! What everybody may know about how is sold (spec 5.11, "Public settings").

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::settings::payment_methods::{PaymentMethod, PaymentMethodQuery};
use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::words::{amount, fee};
use crate::problem::Problem;
use crate::state::AppState;

/// A way to pay, without what the admin alone sees.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedMethod {
    id: Uuid,
    code: String,
    name: String,
    description: String,
    instructions: String,
    is_default: bool,
    position: i32,
    /// In the default currency; none is open.
    min_amount: Option<String>,
    max_amount: Option<String>,
    /// Empty means all.
    currencies: Vec<String>,
    /// Empty means all.
    countries: Vec<String>,
    /// `NONE`, `FIXED` or `PERCENTAGE`.
    fee_type: String,
    fee_amount: String,
    /// `CUSTOMER` or `MERCHANT`.
    fee_charged_to: String,
}

impl From<PaymentMethod> for OfferedMethod {
    fn from(method: PaymentMethod) -> Self {
        let limit = |minor: i64| amount(Money::new(minor, Currency::EUR));
        Self {
            id: method.id,
            code: method.code,
            name: method.name,
            description: method.description,
            instructions: method.instructions,
            is_default: method.is_default,
            position: method.position,
            min_amount: method.min_minor.map(limit),
            max_amount: method.max_minor.map(limit),
            currencies: method.currencies,
            countries: method.countries,
            fee_type: method.fee_kind.to_uppercase(),
            fee_amount: fee(&method.fee_amount),
            fee_charged_to: method.fee_charged_to.to_uppercase(),
        }
    }
}

/// Ways to pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedMethods {
    methods: Vec<OfferedMethod>,
}

/// One way to pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedMethodBody {
    method: OfferedMethod,
}

/// Who asks.
#[derive(Debug, Deserialize, IntoParams)]
pub struct MethodFilter {
    /// The language of names.
    locale: Option<String>,
    /// Only those for this currency.
    currency: Option<String>,
    /// Only those for this country.
    country: Option<String>,
}

impl From<MethodFilter> for PaymentMethodQuery {
    fn from(filter: MethodFilter) -> Self {
        Self { locale: filter.locale, currency: filter.currency, country: filter.country }
    }
}

/// The ways to pay that can be chosen, in their order.
#[utoipa::path(
    get, path = "/api/v1/settings/payment-methods", tag = "v1 settings", params(MethodFilter),
    responses((status = 200, body = OfferedMethods), (status = 400, body = Problem))
)]
pub async fn payment_methods(
    State(state): State<AppState>,
    Query(filter): Query<MethodFilter>,
) -> Result<Json<OfferedMethods>, Problem> {
    let found = state.services.billing.payment_methods_on_offer(&filter.into()).await?;
    Ok(Json(OfferedMethods { methods: found.into_iter().map(OfferedMethod::from).collect() }))
}

/// One way to pay that can be chosen.
#[utoipa::path(
    get, path = "/api/v1/settings/payment-methods/{code}", tag = "v1 settings", params(("code" = String, Path), MethodFilter),
    responses((status = 200, body = OfferedMethodBody), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub async fn payment_method(
    State(state): State<AppState>,
    Path(code): Path<String>,
    Query(filter): Query<MethodFilter>,
) -> Result<Json<OfferedMethodBody>, Problem> {
    let found = state.services.billing.payment_method_on_offer(&code, &filter.into()).await?;
    Ok(Json(OfferedMethodBody { method: found.into() }))
}

/// What customers agree to.
#[derive(Debug, Serialize, ToSchema)]
pub struct TermsOut {
    title: String,
    content: String,
}

/// What customers agree to.
#[utoipa::path(get, path = "/api/v1/settings/terms", tag = "v1 settings", responses((status = 200, body = TermsOut)))]
pub async fn terms(State(state): State<AppState>) -> Result<Json<TermsOut>, Problem> {
    let seller = state.services.billing.seller().await?;
    Ok(Json(TermsOut { title: seller.terms_title, content: seller.terms_content }))
}

/// A country that can be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedCountry {
    code: String,
    name: String,
}

/// The countries that can be chosen, in their order.
#[utoipa::path(
    get, path = "/api/v1/settings/countries", tag = "v1 settings", responses((status = 200, body = Vec<OfferedCountry>))
)]
pub async fn countries(State(state): State<AppState>) -> Result<Json<Vec<OfferedCountry>>, Problem> {
    let found = state.services.billing.enabled_countries().await?;
    let offered = found.into_iter().map(|country| OfferedCountry { code: country.code, name: country.name });
    Ok(Json(offered.collect()))
}

/// A language of the clients of this family.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Language {
    code: &'static str,
    name: &'static str,
}

const fn language(code: &'static str, name: &'static str) -> Language {
    Language { code, name }
}

/// The languages, each in its own words.
const LANGUAGES: [Language; 8] = [
    language("en", "English"),
    language("de", "Deutsch"),
    language("ru", "Русский"),
    language("th", "ไทย"),
    language("zh", "中文"),
    language("es", "Español"),
    language("fr", "Français"),
    language("ja", "日本語"),
];

/// Languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct LanguagesOut {
    languages: Vec<Language>,
    default: &'static str,
}

/// The languages that clients of this family offer.
#[utoipa::path(get, path = "/api/v1/config/languages", tag = "v1 settings", responses((status = 200, body = LanguagesOut)))]
pub async fn languages() -> Json<LanguagesOut> {
    Json(LanguagesOut { languages: LANGUAGES.to_vec(), default: "en" })
}
