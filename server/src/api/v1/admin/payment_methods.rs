//! Ways to pay (spec 5.11).

use axum::Json;
use axum::extract::{Path, State};
use billing::settings::payment_methods::{PaymentMethod, PaymentMethodChange, Translation};
use domain::money::{Currency, Money};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::words::{amount, fee, id, instant, present};
use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(reorder))
        .routes(routes!(by_code))
        .routes(routes!(get, change, delete))
        .routes(routes!(set_default))
        .routes(routes!(translations, translate))
}

/// A way to pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct MethodOut {
    id: Uuid,
    code: String,
    name: String,
    description: String,
    instructions: String,
    is_active: bool,
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
    #[schema(value_type = Object)]
    config: Value,
    translations: Vec<TranslationOut>,
    version: i32,
    created_at: String,
    updated_at: String,
}

/// A way to pay in another language.
#[derive(Debug, Serialize, ToSchema)]
pub struct TranslationOut {
    locale: String,
    name: String,
    description: String,
    instructions: String,
}

impl From<Translation> for TranslationOut {
    fn from(translation: Translation) -> Self {
        let Translation { locale, name, description, instructions } = translation;
        Self { locale, name, description, instructions }
    }
}

impl From<PaymentMethod> for MethodOut {
    fn from(method: PaymentMethod) -> Self {
        let limit = |minor: i64| amount(Money::new(minor, Currency::EUR));
        Self {
            id: method.id,
            code: method.code,
            name: method.name,
            description: method.description,
            instructions: method.instructions,
            is_active: method.is_active,
            is_default: method.is_default,
            position: method.position,
            min_amount: method.min_minor.map(limit),
            max_amount: method.max_minor.map(limit),
            currencies: method.currencies,
            countries: method.countries,
            fee_type: method.fee_kind.to_uppercase(),
            fee_amount: fee(&method.fee_amount),
            fee_charged_to: method.fee_charged_to.to_uppercase(),
            config: method.config,
            translations: method.translations.0.into_iter().map(TranslationOut::from).collect(),
            version: method.version,
            created_at: instant(method.created_at),
            updated_at: instant(method.updated_at),
        }
    }
}

/// Ways to pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct MethodsOut {
    methods: Vec<MethodOut>,
}

/// One way to pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct MethodBody {
    method: MethodOut,
}

fn body(method: PaymentMethod) -> Json<MethodBody> {
    Json(MethodBody { method: method.into() })
}

/// All ways to pay in their order.
#[utoipa::path(get, path = "/", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = MethodsOut), ReadRefusals))]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<MethodsOut>, Problem> {
    let found = state.services.billing.payment_methods(admin.permit()?).await?;
    Ok(Json(MethodsOut { methods: found.into_iter().map(MethodOut::from).collect() }))
}

/// What a way to pay is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "`null` clears the member, and without it nothing changes")]
pub struct MethodIn {
    /// Of a new one; it cannot be changed.
    code: Option<String>,
    name: Option<String>,
    description: Option<String>,
    instructions: Option<String>,
    is_active: Option<bool>,
    position: Option<i32>,
    /// In the default currency.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Amount>)]
    min_amount: Option<Option<Amount>>,
    /// In the default currency.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Amount>)]
    max_amount: Option<Option<Amount>>,
    currencies: Option<Vec<String>>,
    countries: Option<Vec<String>>,
    /// `NONE`, `FIXED` or `PERCENTAGE`.
    fee_type: Option<String>,
    fee_amount: Option<Amount>,
    /// `CUSTOMER` or `MERCHANT`.
    fee_charged_to: Option<String>,
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl From<MethodIn> for PaymentMethodChange {
    fn from(method: MethodIn) -> Self {
        let limit = |given: Option<Option<Amount>>| given.map(|amount| amount.map(|amount| amount.text()));
        Self {
            code: method.code,
            name: method.name,
            description: method.description,
            instructions: method.instructions,
            is_active: method.is_active,
            position: method.position,
            min_amount: limit(method.min_amount),
            max_amount: limit(method.max_amount),
            currencies: method.currencies,
            countries: method.countries,
            fee_type: method.fee_type,
            fee_amount: method.fee_amount.map(|amount| amount.text()),
            fee_charged_to: method.fee_charged_to,
            config: method.config,
            translation: None,
            version: method.version,
        }
    }
}

/// Adds a way to pay.
#[utoipa::path(
    post, path = "/", tag = "v1 admin settings", security(("bearer" = [])), request_body = MethodIn,
    responses((status = 201, body = MethodBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(given): Body<MethodIn>,
) -> Result<(StatusCode, Json<MethodBody>), Problem> {
    let made = state.services.billing.create_payment_method(admin.permit()?, &given.into()).await?;
    Ok((StatusCode::CREATED, body(made)))
}

/// One way to pay.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = MethodBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<MethodBody>, Problem> {
    let id = id(&text, "payment method")?;
    Ok(body(state.services.billing.payment_method(admin.permit()?, id).await?))
}

/// One way to pay by its code.
#[utoipa::path(
    get, path = "/code/{code}", tag = "v1 admin settings", security(("bearer" = [])), params(("code" = String, Path)),
    responses((status = 200, body = MethodBody), ReadRefusals)
)]
async fn by_code(
    State(state): State<AppState>,
    admin: Admin,
    Path(code): Path<String>,
) -> Result<Json<MethodBody>, Problem> {
    Ok(body(state.services.billing.payment_method_by_code(admin.permit()?, &code).await?))
}

/// Changes a way to pay, but for its code.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)), request_body = MethodIn,
    responses((status = 200, body = MethodBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(given): Body<MethodIn>,
) -> Result<Json<MethodBody>, Problem> {
    let id = id(&text, "payment method")?;
    Ok(body(state.services.billing.change_payment_method(admin.permit()?, id, &given.into()).await?))
}

/// Deletes a way to pay; the default one stays.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    let id = id(&text, "payment method")?;
    state.services.billing.delete_payment_method(admin.permit()?, id).await?;
    Ok(Json(Said::done("Payment method deleted")))
}

/// Makes a way to pay the default one.
#[utoipa::path(
    post, path = "/{id}/set-default", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = MethodBody), WriteRefusals)
)]
async fn set_default(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<MethodBody>, Problem> {
    let id = id(&text, "payment method")?;
    Ok(body(state.services.billing.set_default_payment_method(admin.permit()?, id).await?))
}

/// An order of ways to pay.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MethodOrder {
    #[serde(default)]
    order: Vec<MethodPlace>,
}

/// The place of a way to pay.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MethodPlace {
    id: String,
    position: i32,
}

/// Gives ways to pay their places.
#[utoipa::path(
    method(put, post), path = "/reorder", tag = "v1 admin settings", security(("bearer" = [])), request_body = MethodOrder,
    responses((status = 200, body = MethodsOut), WriteRefusals)
)]
async fn reorder(
    State(state): State<AppState>,
    admin: Admin,
    Body(given): Body<MethodOrder>,
) -> Result<Json<MethodsOut>, Problem> {
    let places = given.order.iter().map(|place| Ok((id(&place.id, "payment method")?, place.position)));
    let order = places.collect::<Result<Vec<_>, Problem>>()?;
    let found = state.services.billing.reorder_payment_methods(admin.permit()?, &order).await?;
    Ok(Json(MethodsOut { methods: found.into_iter().map(MethodOut::from).collect() }))
}

/// Names in other languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct TranslationsOut {
    translations: Vec<TranslationOut>,
}

/// The names of a way to pay in other languages.
#[utoipa::path(
    get, path = "/{id}/translations", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = TranslationsOut), ReadRefusals)
)]
async fn translations(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<TranslationsOut>, Problem> {
    let id = id(&text, "payment method")?;
    let found = state.services.billing.payment_method(admin.permit()?, id).await?;
    let translations = found.translations.0.into_iter().map(TranslationOut::from).collect();
    Ok(Json(TranslationsOut { translations }))
}

/// A name in another language.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TranslationIn {
    #[serde(default)]
    locale: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    instructions: String,
}

/// Writes the name of a way to pay in another language, instead of the one there was.
#[utoipa::path(
    post, path = "/{id}/translations", tag = "v1 admin settings", security(("bearer" = [])), params(("id" = String, Path)), request_body = TranslationIn,
    responses((status = 200, body = TranslationsOut), WriteRefusals)
)]
async fn translate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(given): Body<TranslationIn>,
) -> Result<Json<TranslationsOut>, Problem> {
    let id = id(&text, "payment method")?;
    let TranslationIn { locale, name, description, instructions } = given;
    let translation = Translation { locale, name, description, instructions };
    let changed = state.services.billing.translate_payment_method(admin.permit()?, id, &translation).await?;
    let translations = changed.translations.0.into_iter().map(TranslationOut::from).collect();
    Ok(Json(TranslationsOut { translations }))
}
