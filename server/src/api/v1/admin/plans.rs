//! Plans (spec 5.11), at the path of the original's code and at that of its documents.

use axum::Json;
use axum::extract::{Path, State};
use billing::catalogue::plans::{ManagedPlan, PlanChange};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::plans::PlanOut;
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
        .routes(routes!(archive))
        .routes(routes!(copy))
}

/// All plans, on offer or not.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManagedPlans {
    plans: Vec<PlanOut>,
}

/// One plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManagedPlanBody {
    plan: PlanOut,
}

impl From<ManagedPlan> for ManagedPlanBody {
    fn from(managed: ManagedPlan) -> Self {
        Self { plan: PlanOut::managed(managed) }
    }
}

/// All plans in their order, with how many have them.
#[utoipa::path(
    get, path = "/", tag = "v1 admin plans", security(("bearer" = [])),
    responses((status = 200, body = ManagedPlans), ReadRefusals)
)]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<ManagedPlans>, Problem> {
    let found = state.services.billing.managed_plans(admin.permit()?).await?;
    Ok(Json(ManagedPlans { plans: found.into_iter().map(PlanOut::managed).collect() }))
}

/// A price: an amount in the plan's currency, or as plans show theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum PlanPrice {
    /// With its currency.
    Full(OwnPrice),
    /// The amount.
    Plain(Amount),
}

/// A price in a currency.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OwnPrice {
    price_decimal: Amount,
    currency_code: String,
}

/// What a plan is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PlanIn {
    name: Option<String>,
    /// Made of the name if absent.
    slug: Option<String>,
    description: Option<String>,
    /// Net.
    price: Option<PlanPrice>,
    /// EUR if a new one does not say.
    currency: Option<String>,
    /// `WEEKLY`, `MONTHLY`, `QUARTERLY`, `YEARLY` or `ONE_TIME`.
    billing_period: Option<String>,
    /// An object or a list.
    #[schema(value_type = Option<Object>)]
    features: Option<Value>,
    trial_days: Option<i64>,
    is_active: Option<bool>,
    sort_order: Option<i32>,
    /// All its own prices in other currencies; elsewhere its price is converted.
    prices: Option<Vec<OwnPrice>>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl From<PlanIn> for PlanChange {
    fn from(plan: PlanIn) -> Self {
        let (price, named) = match plan.price {
            Some(PlanPrice::Full(price)) => (Some(price.price_decimal.text()), Some(price.currency_code)),
            Some(PlanPrice::Plain(amount)) => (Some(amount.text()), None),
            None => (None, None),
        };
        let own = |price: OwnPrice| (price.currency_code, price.price_decimal.text());
        Self {
            name: plan.name,
            slug: plan.slug,
            description: plan.description,
            price,
            currency: plan.currency.or(named),
            billing_period: plan.billing_period,
            features: plan.features,
            trial_days: plan.trial_days,
            module: None,
            is_active: plan.is_active,
            sort_order: plan.sort_order,
            prices: plan.prices.map(|prices| prices.into_iter().map(own).collect()),
            categories: None,
            version: plan.version,
        }
    }
}

/// Makes a plan.
#[utoipa::path(
    post, path = "/", tag = "v1 admin plans", security(("bearer" = [])), request_body = PlanIn,
    responses((status = 201, body = ManagedPlanBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<PlanIn>,
) -> Result<(StatusCode, Json<ManagedPlanBody>), Problem> {
    let made = state.services.billing.create_plan(admin.permit()?, &body.into()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// One plan, on offer or not.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedPlanBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedPlanBody>, Problem> {
    let found = state.services.billing.managed_plan(admin.permit()?, id(&text, "plan")?).await?;
    Ok(Json(found.into()))
}

/// Changes a plan. Who has it pays another price from the next period on.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)), request_body = PlanIn,
    responses((status = 200, body = ManagedPlanBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<PlanIn>,
) -> Result<Json<ManagedPlanBody>, Problem> {
    let id = id(&text, "plan")?;
    Ok(Json(state.services.billing.change_plan(admin.permit()?, id, &body.into()).await?.into()))
}

/// Deletes a plan that nobody has or had.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.billing.delete_plan(admin.permit()?, id(&text, "plan")?).await?;
    Ok(Json(Said::done("Plan deleted")))
}

async fn offer(
    state: &AppState,
    admin: &Admin,
    text: &str,
    is_active: bool,
) -> Result<Json<ManagedPlanBody>, Problem> {
    let id = id(text, "plan")?;
    Ok(Json(state.services.billing.offer_plan(admin.permit()?, id, is_active).await?.into()))
}

/// Offers a plan.
#[utoipa::path(
    post, path = "/{id}/activate", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedPlanBody), WriteRefusals)
)]
async fn activate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedPlanBody>, Problem> {
    offer(&state, &admin, &text, true).await
}

/// Offers a plan no longer; who has it keeps it.
#[utoipa::path(
    post, path = "/{id}/deactivate", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedPlanBody), WriteRefusals)
)]
async fn deactivate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedPlanBody>, Problem> {
    offer(&state, &admin, &text, false).await
}

/// The same as to deactivate it.
#[utoipa::path(
    post, path = "/{id}/archive", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedPlanBody), WriteRefusals)
)]
async fn archive(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedPlanBody>, Problem> {
    offer(&state, &admin, &text, false).await
}

/// Makes a plan like another, with its prices and categories.
#[utoipa::path(
    post, path = "/{id}/copy", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 201, body = ManagedPlanBody), WriteRefusals)
)]
async fn copy(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<ManagedPlanBody>), Problem> {
    let made = state.services.billing.copy_plan(admin.permit()?, id(&text, "plan")?).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
