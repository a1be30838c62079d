//! Categories of plans (spec 5.7).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::catalogue::categories::{Category, CategoryChange};
use domain::ids::PlanId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::words::{id, instant, present};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
        .routes(routes!(attach))
        .routes(routes!(detach))
}

/// A category of plans.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanCategoryOut {
    id: Uuid,
    name: String,
    slug: String,
    description: String,
    parent_id: Option<Uuid>,
    /// Whether somebody can have one subscription of its plans at most.
    is_single: bool,
    sort_order: i32,
    plan_count: i64,
    version: i32,
    created_at: String,
    updated_at: String,
    /// The categories below it, in a tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    children: Option<Vec<Self>>,
}

impl From<Category> for PlanCategoryOut {
    fn from(category: Category) -> Self {
        Self {
            id: category.id.into(),
            name: category.name,
            slug: category.slug,
            description: category.description,
            parent_id: category.parent_id.map(Uuid::from),
            is_single: category.is_single,
            sort_order: category.sort_order,
            plan_count: category.plan_count,
            version: category.version,
            created_at: instant(category.created_at),
            updated_at: instant(category.updated_at),
            children: None,
        }
    }
}

/// Puts categories below their parents. They are a forest: no change makes a circle.
fn tree(categories: Vec<PlanCategoryOut>) -> Vec<PlanCategoryOut> {
    let mut below: HashMap<Option<Uuid>, Vec<PlanCategoryOut>> = HashMap::new();
    for category in categories {
        below.entry(category.parent_id).or_default().push(category);
    }
    grow(None, &mut below)
}

fn grow(
    parent: Option<Uuid>,
    below: &mut HashMap<Option<Uuid>, Vec<PlanCategoryOut>>,
) -> Vec<PlanCategoryOut> {
    let mut siblings = below.remove(&parent).unwrap_or_default();
    for category in &mut siblings {
        category.children = Some(grow(Some(category.id), below));
    }
    siblings
}

/// Categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanCategoriesOut {
    categories: Vec<PlanCategoryOut>,
}

/// One category.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanCategoryBody {
    category: PlanCategoryOut,
}

/// How to list them.
#[derive(Debug, Deserialize, IntoParams)]
struct Format {
    /// `flat`, or `tree`: roots with what is below them. Flat if absent.
    format: Option<String>,
}

/// All categories.
#[utoipa::path(
    get, path = "/", tag = "v1 admin plans", security(("bearer" = [])), params(Format),
    responses((status = 200, body = PlanCategoriesOut), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(format): Query<Format>,
) -> Result<Json<PlanCategoriesOut>, Problem> {
    let is_tree = match format.format.as_deref() {
        None | Some("" | "flat") => false,
        Some("tree") => true,
        Some(_) => return Err(Problem::bad_request("format must be tree or flat")),
    };
    let found = state.services.billing.categories(admin.permit()?).await?;
    let categories = found.into_iter().map(PlanCategoryOut::from).collect();
    Ok(Json(PlanCategoriesOut { categories: if is_tree { tree(categories) } else { categories } }))
}

/// What a category is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "`null` clears the member, and without it nothing changes")]
pub struct PlanCategoryIn {
    name: Option<String>,
    /// Made of the name if absent.
    slug: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    parent_id: Option<Option<String>>,
    /// Yes if a new one does not say.
    is_single: Option<bool>,
    sort_order: Option<i32>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl PlanCategoryIn {
    fn change(self) -> Result<CategoryChange, Problem> {
        let parent_id = match self.parent_id {
            Some(Some(text)) if !text.is_empty() => Some(Some(id(&text, "parent category")?)),
            Some(_) => Some(None),
            None => None,
        };
        Ok(CategoryChange {
            name: self.name,
            slug: self.slug,
            description: self.description,
            parent_id,
            is_single: self.is_single,
            sort_order: self.sort_order,
            version: self.version,
        })
    }
}

/// Makes a category.
#[utoipa::path(
    post, path = "/", tag = "v1 admin plans", security(("bearer" = [])), request_body = PlanCategoryIn,
    responses((status = 201, body = PlanCategoryBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<PlanCategoryIn>,
) -> Result<(StatusCode, Json<PlanCategoryBody>), Problem> {
    let made = state.services.billing.create_category(admin.permit()?, &body.change()?).await?;
    Ok((StatusCode::CREATED, Json(PlanCategoryBody { category: made.into() })))
}

/// One category.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = PlanCategoryBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<PlanCategoryBody>, Problem> {
    let found = state.services.billing.category(admin.permit()?, id(&text, "category")?).await?;
    Ok(Json(PlanCategoryBody { category: found.into() }))
}

/// Changes a category.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = PlanCategoryIn, responses((status = 200, body = PlanCategoryBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<PlanCategoryIn>,
) -> Result<Json<PlanCategoryBody>, Problem> {
    let (permit, id) = (admin.permit()?, id(&text, "category")?);
    let changed = state.services.billing.change_category(permit, id, &body.change()?).await?;
    Ok(Json(PlanCategoryBody { category: changed.into() }))
}

/// Deletes a category that has none below it.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.billing.delete_category(admin.permit()?, id(&text, "category")?).await?;
    Ok(Json(Said::done("Category deleted")))
}

/// Some plans.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PlanIds {
    #[serde(default)]
    plan_ids: Vec<String>,
}

impl PlanIds {
    fn read(&self) -> Result<Vec<PlanId>, Problem> {
        self.plan_ids.iter().map(|text| id(text, "plan")).collect()
    }
}

/// Puts plans into a category; those that are in it stay.
#[utoipa::path(
    post, path = "/{id}/attach-plans", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = PlanIds, responses((status = 200, body = PlanCategoryBody), WriteRefusals)
)]
async fn attach(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(plans): Body<PlanIds>,
) -> Result<Json<PlanCategoryBody>, Problem> {
    let (permit, id) = (admin.permit()?, id(&text, "category")?);
    let changed = state.services.billing.attach_plans(permit, id, &plans.read()?).await?;
    Ok(Json(PlanCategoryBody { category: changed.into() }))
}

/// Takes plans out of a category.
#[utoipa::path(
    post, path = "/{id}/detach-plans", tag = "v1 admin plans", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = PlanIds, responses((status = 200, body = PlanCategoryBody), WriteRefusals)
)]
async fn detach(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(plans): Body<PlanIds>,
) -> Result<Json<PlanCategoryBody>, Problem> {
    let (permit, id) = (admin.permit()?, id(&text, "category")?);
    let changed = state.services.billing.detach_plans(permit, id, &plans.read()?).await?;
    Ok(Json(PlanCategoryBody { category: changed.into() }))
}
