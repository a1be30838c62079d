//! Staff (spec `reception.md` 3.2).

use axum::Json;
use axum::extract::{Path, State};
use domain::access::{Permit, Role, right};
use domain::ids::{HotelId, UserId};
use domain::problem::ProblemCode;
use domain::staff::{StaffForm, StaffMember};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::values::at;
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
    let is_active = body.is_active != Some(false);
    let member = identity.create_staff(permit, &form, is_active).await.map_err(|error| match error {
        identity::Error::Invalid(problems)
            if problems.iter().any(|problem| problem.code == ProblemCode::AlreadyInUse) =>
        {
            Problem::conflict("Username already registered").errors(&problems)
        }
        other => other.into(),
    })?;
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
    let (_, mut member) = state.services.identity.colleague(&caller.0, caller.0.user_id).await?;
    if let Some(membership) = caller.0.membership(hotel_id) {
        member.role = membership.role;
    }
    Ok(Json(User::new(member, hotel_id)))
}

/// A colleague, with the first hotel that caller and colleague share and the role there. Somebody of another company is as
/// unknown as nobody.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Bearer,
    Path(id): Path<String>,
) -> Result<Json<User>, Problem> {
    let id = id.parse().map_err(|_| unknown())?;
    match state.services.identity.colleague(&caller.0, id).await {
        Ok((hotel_id, member)) => Ok(Json(User::new(member, hotel_id))),
        Err(identity::Error::NotFound | identity::Error::Forbidden) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

/// What changes about a colleague; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UserChange {
    /// The role in the hotel of the request.
    role: Option<String>,
    /// Whether the person may sign in, anywhere in the company.
    is_active: Option<bool>,
}

/// Changes a colleague's role in the hotel, and whether they may sign in. Somebody who works in another of the caller's
/// hotels is given a role in this one. For owners and managers.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")),
    request_body = UserChange,
    responses((status = 200, body = User), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<UserChange>,
) -> Result<Json<User>, Problem> {
    let permit = caller.permit::<right::ManageStaff>(&hotel)?;
    let identity = &state.services.identity;
    let id: UserId = id.parse().map_err(|_| unknown())?;
    let present = member(&state, permit, id).await?;
    if present.is_none() {
        identity.colleague(&caller.0, id).await.map_err(user_problem)?;
    }
    let role: Option<Role> = match body.role.as_deref().map(str::trim) {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| at("role", ProblemCode::NotOnOffer))?),
    };
    let done = if present.is_some() {
        identity.change_staff(permit, id, role, body.is_active).await
    } else {
        let role = role.ok_or_else(|| at("role", ProblemCode::Required))?;
        // That is for a hotel where the person works already.
        if body.is_active.is_some() {
            return Err(at("is_active", ProblemCode::NotOnOffer));
        }
        identity.give_role(permit, id, role).await
    };
    done.map_err(user_problem)?;
    let changed = member(&state, permit, id).await?.ok_or_else(unknown)?;
    Ok(Json(User::new(changed, permit.hotel_id())))
}

/// Takes away a colleague's role in the hotel, who goes on working in another one; who works in no other is deactivated with
/// `PATCH`. For owners and managers.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub async fn remove(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let permit = caller.permit::<right::ManageStaff>(&hotel)?;
    let id: UserId = id.parse().map_err(|_| unknown())?;
    state.services.identity.remove_role(permit, id).await.map_err(user_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody who works in the hotel.
async fn member(
    state: &AppState,
    permit: Permit<'_, right::ManageStaff>,
    id: UserId,
) -> Result<Option<StaffMember>, Problem> {
    let staff = state.services.identity.staff(permit).await?;
    Ok(staff.into_iter().find(|member| member.id == id))
}

/// A new password for a colleague.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StaffPassword {
    password: Option<String>,
}

/// Gives a colleague a new password, and ends all they are signed in with. For owners and managers.
#[utoipa::path(
    put, path = "/users/{id}/password", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, description = "The user's id")), request_body = StaffPassword,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn set_password(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Json(body): Json<StaffPassword>,
) -> Result<StatusCode, Problem> {
    let permit = caller.permit::<right::ManageStaff>(&hotel)?;
    let identity = &state.services.identity;
    let id: UserId = id.parse().map_err(|_| unknown())?;
    identity.colleague(&caller.0, id).await.map_err(user_problem)?;
    let password = body.password.unwrap_or_default();
    identity.set_staff_password(permit, id, &password).await.map_err(user_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

fn unknown() -> Problem {
    Problem::not_found("User not found")
}

fn user_problem(error: identity::Error) -> Problem {
    match error {
        identity::Error::NotFound => unknown(),
        other => other.into(),
    }
}
