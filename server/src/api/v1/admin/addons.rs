//! Add-ons (spec 5.11).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::catalogue::addons::AddonChange;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Paging, ReadRefusals, WriteRefusals, pages};
use crate::api::v1::addons::{AddonBody, AddonOut};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::words::id;
use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
        .routes(routes!(by_slug))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
}

/// A page of add-ons.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddonPage {
    items: Vec<AddonOut>,
    total: i64,
    page: i64,
    per_page: i64,
    /// How many pages there are.
    pages: i64,
}

/// Add-ons in their order, a page of them.
#[utoipa::path(
    get, path = "/", tag = "v1 admin add-ons", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = AddonPage), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(paging): Query<Paging>,
) -> Result<Json<AddonPage>, Problem> {
    let page = paging.page();
    let billing = &state.services.billing;
    let found = billing.managed_addons(admin.permit()?, paging.with_inactive(), page).await?;
    Ok(Json(AddonPage {
        items: found.items.into_iter().map(AddonOut::from).collect(),
        total: found.total,
        page: page.page,
        per_page: page.per_page,
        pages: pages(found.total, page),
    }))
}

/// What an add-on is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AddonIn {
    name: Option<String>,
    /// Made of the name if absent.
    slug: Option<String>,
    description: Option<String>,
    /// Net.
    price: Option<Amount>,
    /// EUR if a new one does not say.
    currency: Option<String>,
    /// `WEEKLY`, `MONTHLY`, `QUARTERLY`, `YEARLY` or `ONE_TIME`.
    billing_period: Option<String>,
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    is_active: Option<bool>,
    sort_order: Option<i32>,
    /// All the plans it goes with; an empty list means everybody.
    tarif_plan_ids: Option<Vec<String>>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl AddonIn {
    fn change(self) -> Result<AddonChange, Problem> {
        let invalid = |_| Problem::bad_request("One or more tariff plan IDs are invalid");
        let plans = self.tarif_plan_ids.map(|ids| ids.iter().map(|id| id.parse()).collect::<Result<_, _>>());
        Ok(AddonChange {
            name: self.name,
            slug: self.slug,
            description: self.description,
            price: self.price.map(|price| price.text()),
            currency: self.currency,
            billing_period: self.billing_period,
            config: self.config,
            is_active: self.is_active,
            sort_order: self.sort_order,
            plans: plans.transpose().map_err(|error: uuid::Error| invalid(error))?,
            version: self.version,
        })
    }
}

/// Makes an add-on.
#[utoipa::path(
    post, path = "/", tag = "v1 admin add-ons", security(("bearer" = [])), request_body = AddonIn,
    responses((status = 201, body = AddonBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<AddonIn>,
) -> Result<(StatusCode, Json<AddonBody>), Problem> {
    let made = state.services.billing.create_addon(admin.permit()?, &body.change()?).await?;
    Ok((StatusCode::CREATED, Json(AddonBody { addon: made.into() })))
}

/// One add-on, on offer or not.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = AddonBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<AddonBody>, Problem> {
    let found = state.services.billing.managed_addon(admin.permit()?, id(&text, "add-on")?).await?;
    Ok(Json(AddonBody { addon: found.into() }))
}

/// One add-on by its slug.
#[utoipa::path(
    get, path = "/slug/{slug}", tag = "v1 admin add-ons", security(("bearer" = [])), params(("slug" = String, Path)),
    responses((status = 200, body = AddonBody), ReadRefusals)
)]
async fn by_slug(
    State(state): State<AppState>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<AddonBody>, Problem> {
    let found = state.services.billing.managed_addon_by_slug(admin.permit()?, &slug).await?;
    Ok(Json(AddonBody { addon: found.into() }))
}

/// Changes an add-on.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = AddonIn, responses((status = 200, body = AddonBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<AddonIn>,
) -> Result<Json<AddonBody>, Problem> {
    let id = id(&text, "add-on")?;
    let changed = state.services.billing.change_addon(admin.permit()?, id, &body.change()?).await?;
    Ok(Json(AddonBody { addon: changed.into() }))
}

/// Deletes an add-on that nobody bought.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.billing.delete_addon(admin.permit()?, id(&text, "add-on")?).await?;
    Ok(Json(Said::done("Add-on deleted")))
}

async fn offer(
    state: &AppState,
    admin: &Admin,
    text: &str,
    is_active: bool,
) -> Result<Json<AddonBody>, Problem> {
    let id = id(text, "add-on")?;
    let change = AddonChange { is_active: Some(is_active), ..AddonChange::default() };
    let changed = state.services.billing.change_addon(admin.permit()?, id, &change).await?;
    Ok(Json(AddonBody { addon: changed.into() }))
}

/// Offers an add-on.
#[utoipa::path(
    post, path = "/{id}/activate", tag = "v1 admin add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = AddonBody), WriteRefusals)
)]
async fn activate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<AddonBody>, Problem> {
    offer(&state, &admin, &text, true).await
}

/// Offers an add-on no longer; who has it keeps it.
#[utoipa::path(
    post, path = "/{id}/deactivate", tag = "v1 admin add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = AddonBody), WriteRefusals)
)]
async fn deactivate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<AddonBody>, Problem> {
    offer(&state, &admin, &text, false).await
}
