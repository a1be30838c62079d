//! Bundles of tokens (spec 5.11).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::catalogue::bundles::BundleChange;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Paging, ReadRefusals, WriteRefusals, pages};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::tokens::{BundleBody, BundleOut};
use crate::api::v1::words::id;
use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
}

/// A page of bundles.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundlePage {
    items: Vec<BundleOut>,
    total: i64,
    page: i64,
    per_page: i64,
    /// How many pages there are.
    pages: i64,
}

/// Bundles in their order, a page of them.
#[utoipa::path(
    get, path = "/", tag = "v1 admin tokens", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = BundlePage), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(paging): Query<Paging>,
) -> Result<Json<BundlePage>, Problem> {
    let page = paging.page();
    let billing = &state.services.billing;
    let found = billing.managed_bundles(admin.permit()?, paging.with_inactive(), page).await?;
    Ok(Json(BundlePage {
        items: found.items.into_iter().map(BundleOut::from).collect(),
        total: found.total,
        page: page.page,
        per_page: page.per_page,
        pages: pages(found.total, page),
    }))
}

/// What a bundle is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BundleIn {
    name: Option<String>,
    description: Option<String>,
    token_amount: Option<i64>,
    /// Net.
    price: Option<Amount>,
    /// EUR if a new one does not say.
    currency: Option<String>,
    is_active: Option<bool>,
    sort_order: Option<i32>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl From<BundleIn> for BundleChange {
    fn from(bundle: BundleIn) -> Self {
        Self {
            name: bundle.name,
            description: bundle.description,
            token_amount: bundle.token_amount,
            price: bundle.price.map(|price| price.text()),
            currency: bundle.currency,
            is_active: bundle.is_active,
            sort_order: bundle.sort_order,
            version: bundle.version,
        }
    }
}

/// Makes a bundle.
#[utoipa::path(
    post, path = "/", tag = "v1 admin tokens", security(("bearer" = [])), request_body = BundleIn,
    responses((status = 201, body = BundleBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<BundleIn>,
) -> Result<(StatusCode, Json<BundleBody>), Problem> {
    let made = state.services.billing.create_bundle(admin.permit()?, &body.into()).await?;
    Ok((StatusCode::CREATED, Json(BundleBody { bundle: made.into() })))
}

/// One token bundle, on offer or not.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin tokens", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = BundleBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<BundleBody>, Problem> {
    let found = state.services.billing.managed_bundle(admin.permit()?, id(&text, "token bundle")?).await?;
    Ok(Json(BundleBody { bundle: found.into() }))
}

/// Changes a bundle.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin tokens", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = BundleIn, responses((status = 200, body = BundleBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<BundleIn>,
) -> Result<Json<BundleBody>, Problem> {
    let id = id(&text, "token bundle")?;
    let changed = state.services.billing.change_bundle(admin.permit()?, id, &body.into()).await?;
    Ok(Json(BundleBody { bundle: changed.into() }))
}

/// Deletes a bundle that nobody bought.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin tokens", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.billing.delete_bundle(admin.permit()?, id(&text, "token bundle")?).await?;
    Ok(Json(Said::done("Token bundle deleted")))
}

async fn offer(
    state: &AppState,
    admin: &Admin,
    text: &str,
    is_active: bool,
) -> Result<Json<BundleBody>, Problem> {
    let id = id(text, "token bundle")?;
    let change = BundleChange { is_active: Some(is_active), ..BundleChange::default() };
    let changed = state.services.billing.change_bundle(admin.permit()?, id, &change).await?;
    Ok(Json(BundleBody { bundle: changed.into() }))
}

/// Offers a bundle.
#[utoipa::path(
    post, path = "/{id}/activate", tag = "v1 admin tokens", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = BundleBody), WriteRefusals)
)]
async fn activate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<BundleBody>, Problem> {
    offer(&state, &admin, &text, true).await
}

/// Offers a bundle no longer; who has it keeps it.
#[utoipa::path(
    post, path = "/{id}/deactivate", tag = "v1 admin tokens", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = BundleBody), WriteRefusals)
)]
async fn deactivate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<BundleBody>, Problem> {
    offer(&state, &admin, &text, false).await
}
