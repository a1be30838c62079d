//! Staff (spec `reception.md` 3.2).

use axum::Json;
use axum::extract::{Path, State};
use domain::access::right;
use domain::ids::{HotelId, UserId};
use domain::problem::ProblemCode;
use domain::staff::{StaffForm, StaffMember};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// A member of staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    user_id: UserId,
    hotel_id: HotelId,
    username: String,
    full_name: String,
    is_active: bool,
    /// `owner`, `manager`, `reception` or `housekeeping`.
    role: &'static str,
}

impl User {
    fn new(member: StaffMember, hotel_id: HotelId) -> Self {
        Self {
            user_id: member.id,
            hotel_id,
            username: member.username,
            full_name: member.full_name,
            is_active: member.is_active,
            role: member.role.as_str(),
        }
    }
}

/// A new member of staff.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewUser {
    username: String,
    password: String,
    full_name: String,
    /// Reception where none is given.
    role: Option<String>,
    /// For a forgotten password.
    email: Option<String>,
    /// Whether the person may sign in; yes where nothing is said.
    is_active: Option<bool>,
}

/// Everybody who works in the hotel. For owners and managers.
#[utoipa::path(
    get, path = "/users/", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = Vec<User>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
) -> Result<Json<Vec<User>>, Problem> {
    let permit = caller.permit::<right::ManageStaff>(&hotel)?;
    let members = state.services.identity.staff(permit).await?;
    Ok(Json(members.into_iter().map(|member| User::new(member, permit.hotel_id())).collect()))
}

/// Adds a colleague to the caller's hotel. For owners and managers; the original let anybody.
#[utoipa::path(
    post, path = "/users/", tag = "users", security(("bearer" = [])), request_body = NewUser,
    responses((status = 201, body = User), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Json(body): Json<NewUser>,
) -> Result<(StatusCode, Json<User>), Problem> {
    let permit = caller.permit::<right::ManageStaff>(&hotel)?;
    let form = StaffForm {
        username: body.username,
        email: body.email.unwrap_or_default(),
        full_name: body.full_name,
        role: body.role.unwrap_or_else(|| "reception".to_owned()),
        password: body.password,
    };
    let identity = &state.services.identity;
    let mut member = identity.create_staff(permit, &form).await.map_err(|error| match error {
        identity::Error::Invalid(problems)
            if problems.iter().any(|problem| problem.code == ProblemCode::AlreadyInUse) =>
        {
            Problem::conflict("Username already registered").errors(&problems)
        }
        other => other.into(),
    })?;
    if body.is_active == Some(false) {
        identity.change_staff(permit, member.id, member.role, false).await?;
        member.is_active = false;
    }
    Ok((StatusCode::CREATED, Json(User::new(member, permit.hotel_id()))))
}

/// The caller.
#[utoipa::path(
    get, path = "/users/me", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn me(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
) -> Result<Json<User>, Problem> {
    let hotel_id = caller.hotel(&hotel)?;
    let member = state.services.identity.colleague(&caller.0, caller.0.user_id).await?;
    Ok(Json(User::new(member, hotel_id)))
}

/// A colleague. Somebody of another company is as unknown as nobody.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<Json<User>, Problem> {
    let hotel_id = caller.hotel(&hotel)?;
    let unknown = || Problem::not_found("User not found");
    let id = id.parse().map_err(|_| unknown())?;
    match state.services.identity.colleague(&caller.0, id).await {
        Ok(member) => Ok(Json(User::new(member, hotel_id))),
        Err(identity::Error::NotFound | identity::Error::Forbidden) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}
