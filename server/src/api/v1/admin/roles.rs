//! Roles of those who help to run the platform (spec 5.11, "RBAC"), for the admin alone.

use axum::Json;
use axum::extract::{Path, State};
use domain::access::PlatformPermission;
use domain::ids::PlatformRoleId;
use domain::problem::ProblemCode;
use http::StatusCode;
use identity::platform_roles::{ManagedRole, RoleChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::words::id;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete))
}

pub(super) fn permissions_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(permissions))
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleOut {
    id: Uuid,
    /// Its name for machines, such as `support`.
    slug: String,
    name: String,
    description: String,
    /// Such as `invoices.manage`; who may manage may view.
    permissions: Vec<String>,
    /// The system's roles cannot be changed or deleted.
    is_system: bool,
    /// How many have it.
    user_count: i64,
    version: i32,
}

impl From<ManagedRole> for RoleOut {
    fn from(role: ManagedRole) -> Self {
        Self {
            id: role.id.into(),
            slug: role.slug,
            name: role.name,
            description: role.description,
            permissions: role.permissions.iter().map(ToString::to_string).collect(),
            is_system: role.is_system,
            user_count: role.user_count,
            version: role.version,
        }
    }
}

/// All roles.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolesOut {
    roles: Vec<RoleOut>,
}

/// One role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleBody {
    role: RoleOut,
}

/// What a role can permit.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermissionsOut {
    permissions: Vec<String>,
}

/// A role, or what changes about one; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RoleIn {
    name: Option<String>,
    /// Made of the name if absent; never changed afterwards.
    slug: Option<String>,
    description: Option<String>,
    permissions: Option<Vec<String>>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl From<RoleIn> for RoleChange {
    fn from(role: RoleIn) -> Self {
        let RoleIn { name, slug, description, permissions, version } = role;
        Self { name, slug, description, permissions, version }
    }
}

fn refusal(error: identity::Error) -> Problem {
    match error {
        identity::Error::NotFound => Problem::not_found("Role not found"),
        identity::Error::Invalid(problems) => match problems.first() {
            Some(problem) if problem.code == ProblemCode::AlreadyInUse => {
                Problem::conflict("A role with this slug already exists").errors(&problems)
            }
            Some(problem) => Problem::bad_request(problem.to_string()).errors(&problems),
            None => Problem::bad_request("Invalid request"),
        },
        other => other.into(),
    }
}

fn role_id(text: &str) -> Result<PlatformRoleId, Problem> {
    id(text, "role")
}

/// All roles, the system's first.
#[utoipa::path(
    get, path = "/", tag = "v1 admin roles", security(("bearer" = [])),
    responses((status = 200, body = RolesOut), ReadRefusals)
)]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<RolesOut>, Problem> {
    let roles = state.services.identity.platform_roles(admin.permit()?).await.map_err(refusal)?;
    Ok(Json(RolesOut { roles: roles.into_iter().map(RoleOut::from).collect() }))
}

/// Makes a role.
#[utoipa::path(
    post, path = "/", tag = "v1 admin roles", security(("bearer" = [])), request_body = RoleIn,
    responses((status = 201, body = RoleBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<RoleIn>,
) -> Result<(StatusCode, Json<RoleBody>), Problem> {
    let made = state.services.identity.create_platform_role(admin.permit()?, &body.into()).await;
    Ok((StatusCode::CREATED, Json(RoleBody { role: made.map_err(refusal)?.into() })))
}

/// One role.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin roles", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = RoleBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<RoleBody>, Problem> {
    let found = state.services.identity.platform_role(admin.permit()?, role_id(&text)?).await;
    Ok(Json(RoleBody { role: found.map_err(refusal)?.into() }))
}

/// Changes a role, for all who have it.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin roles", security(("bearer" = [])), params(("id" = String, Path)), request_body = RoleIn,
    responses((status = 200, body = RoleBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<RoleIn>,
) -> Result<Json<RoleBody>, Problem> {
    let (permit, id) = (admin.permit()?, role_id(&text)?);
    let changed = state.services.identity.change_platform_role(permit, id, &body.into()).await;
    Ok(Json(RoleBody { role: changed.map_err(refusal)?.into() }))
}

/// Deletes a role that nobody has.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin roles", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 204), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let deleted = state.services.identity.delete_platform_role(admin.permit()?, role_id(&text)?).await;
    deleted.map(|()| StatusCode::NO_CONTENT).map_err(refusal)
}

/// What a role can permit.
#[utoipa::path(
    get, path = "/", tag = "v1 admin roles", security(("bearer" = [])),
    responses((status = 200, body = PermissionsOut), ReadRefusals)
)]
async fn permissions(admin: Admin) -> Result<Json<PermissionsOut>, Problem> {
    admin.permit()?;
    Ok(Json(PermissionsOut { permissions: PlatformPermission::all().map(|it| it.to_string()).collect() }))
}
