//! Who sells (spec 5.11, "settings"), and the admin's own profile.

use axum::Json;
use axum::extract::State;
use billing::settings::seller::{Seller, SellerChange};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::profile::{self, AdminProfile};
use crate::problem::Problem;
use crate::state::AppState;

/// `/settings`.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, change))
}

/// `/profile`.
pub(super) fn profile_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(own, change_own))
}

/// Who sells.
#[derive(Debug, Serialize, ToSchema)]
pub struct SellerOut {
    provider_name: String,
    contact_email: String,
    website_url: String,
    tax_number: String,
    other_links: String,
    address_street: String,
    address_city: String,
    address_postal_code: String,
    address_country: String,
    bank_name: String,
    bank_iban: String,
    bank_bic: String,
    terms_title: String,
    terms_content: String,
    version: i32,
}

impl From<Seller> for SellerOut {
    fn from(seller: Seller) -> Self {
        Self {
            provider_name: seller.provider_name,
            contact_email: seller.contact_email,
            website_url: seller.website_url,
            tax_number: seller.tax_number,
            other_links: seller.other_links,
            address_street: seller.address_street,
            address_city: seller.address_city,
            address_postal_code: seller.address_postal_code,
            address_country: seller.address_country,
            bank_name: seller.bank_name,
            bank_iban: seller.bank_iban,
            bank_bic: seller.bank_bic,
            terms_title: seller.terms_title,
            terms_content: seller.terms_content,
            version: seller.version,
        }
    }
}

/// Who sells.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsOut {
    settings: SellerOut,
}

/// Who sells.
#[utoipa::path(get, path = "/", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = SettingsOut), ReadRefusals))]
async fn get(State(state): State<AppState>, admin: Admin) -> Result<Json<SettingsOut>, Problem> {
    admin.permit()?;
    let seller = state.services.billing.seller().await?;
    Ok(Json(SettingsOut { settings: seller.into() }))
}

/// What changes; what is absent stays, and what is unknown is ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SettingsIn {
    provider_name: Option<String>,
    contact_email: Option<String>,
    website_url: Option<String>,
    tax_number: Option<String>,
    other_links: Option<String>,
    address_street: Option<String>,
    address_city: Option<String>,
    address_postal_code: Option<String>,
    address_country: Option<String>,
    bank_name: Option<String>,
    bank_iban: Option<String>,
    bank_bic: Option<String>,
    terms_title: Option<String>,
    terms_content: Option<String>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

/// Changes who sells.
#[utoipa::path(
    put, path = "/", tag = "v1 admin settings", security(("bearer" = [])), request_body = SettingsIn,
    responses((status = 200, body = SettingsOut), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<SettingsIn>,
) -> Result<Json<SettingsOut>, Problem> {
    let change = SellerChange {
        provider_name: body.provider_name,
        contact_email: body.contact_email,
        website_url: body.website_url,
        tax_number: body.tax_number,
        other_links: body.other_links,
        address_street: body.address_street,
        address_city: body.address_city,
        address_postal_code: body.address_postal_code,
        address_country: body.address_country,
        bank_name: body.bank_name,
        bank_iban: body.bank_iban,
        bank_bic: body.bank_bic,
        terms_title: body.terms_title,
        terms_content: body.terms_content,
        version: body.version,
    };
    let seller = state.services.billing.change_seller(admin.permit()?, change).await?;
    Ok(Json(SettingsOut { settings: seller.into() }))
}

/// The admin's own name and address, and their settings among them.
#[utoipa::path(get, path = "/", tag = "v1 admin settings", security(("bearer" = [])), responses((status = 200, body = AdminProfile), ReadRefusals))]
async fn own(State(state): State<AppState>, admin: Admin) -> Result<Json<AdminProfile>, Problem> {
    profile::of_admin(&state, admin.user()).await.map(Json)
}

/// Changes the admin's own name and address; what is no part of them is kept among the settings.
#[utoipa::path(
    put, path = "/", tag = "v1 admin settings", security(("bearer" = [])), request_body = Object,
    responses((status = 200, body = AdminProfile), WriteRefusals)
)]
async fn change_own(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<Map<String, Value>>,
) -> Result<Json<AdminProfile>, Problem> {
    profile::change_of_admin(&state, admin.user(), body).await.map(Json)
}
