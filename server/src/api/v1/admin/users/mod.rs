//! Users (spec 5.11): people are of one context, their accounts of another; each part is checked before the first is
//! changed.

mod body;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use billing::Billing;
use billing::accounts::ProfileError;
use billing::accounts::managed::AccountSummary;
use domain::access::AdminPermit;
use domain::ids::{AccountId, UserId};
use domain::problem::ProblemCode;
use http::StatusCode;
use identity::managed::{ManagedUser, UserChange, UserQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use body::{ManagedUserIn, Wanted, standing};

use super::{ReadRefusals, WriteRefusals, limits, searched};
use crate::api::v1::addons::AddonSubscriptionOut;
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body, MaybeBody};
use crate::api::v1::profile::{Details, apply};
use crate::api::v1::words::{id, instant};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
        .routes(routes!(roles))
        .routes(routes!(suspend))
        .routes(routes!(activate))
        .routes(routes!(deletion_info))
        .routes(routes!(addons))
}

/// A user as the admin sees them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManagedUserOut {
    id: Uuid,
    email: String,
    name: Option<String>,
    /// `ACTIVE`, `SUSPENDED` or `DELETED`.
    status: &'static str,
    is_active: bool,
    /// `USER`, `ADMIN`, or a role that the admin made.
    role: String,
    roles: Vec<String>,
    token_balance: i64,
    version: i32,
    created_at: String,
    updated_at: String,
    /// Of one user: name and address, if they were ever given.
    details: Option<Details>,
}

impl ManagedUserOut {
    fn new(user: ManagedUser, summary: Option<AccountSummary>) -> Self {
        let summary = summary.unwrap_or_default();
        let role = user.role.to_uppercase();
        let status = match (user.deleted_at, user.is_active) {
            (Some(_), _) => "DELETED",
            (None, true) => "ACTIVE",
            (None, false) => "SUSPENDED",
        };
        Self {
            id: user.id.into(),
            name: summary.name.or(Some(user.full_name)),
            email: user.email,
            status,
            is_active: user.is_active,
            roles: vec![role.clone()],
            role,
            token_balance: summary.token_balance,
            version: user.version,
            created_at: instant(user.created_at),
            updated_at: instant(user.updated_at.unwrap_or(user.created_at)),
            details: None,
        }
    }
}

/// A part of the users.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManagedUsers {
    users: Vec<ManagedUserOut>,
    total: i64,
    limit: i64,
    offset: i64,
}

/// One user.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManagedUserBody {
    user: ManagedUserOut,
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    id(text, "user")
}

/// The account of a user has their id.
fn account_of(id: UserId) -> AccountId {
    AccountId(id.into())
}

/// In the words of this family.
fn refusal(error: identity::Error) -> Problem {
    match error {
        identity::Error::NotFound => Problem::not_found("User not found"),
        identity::Error::Invalid(problems) => match problems.first() {
            Some(problem) if problem.code == ProblemCode::AlreadyInUse => {
                Problem::conflict("User with this email already exists")
            }
            Some(problem) if problem.field == "role" => {
                Problem::bad_request("Invalid role").errors(&problems)
            }
            Some(problem) => Problem::bad_request(problem.to_string()).errors(&problems),
            None => Problem::bad_request("Invalid request"),
        },
        other => other.into(),
    }
}

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
struct UserFilter {
    /// 20 if absent, at most 100.
    limit: Option<i64>,
    offset: Option<i64>,
    /// `ACTIVE`, `SUSPENDED` (also `PENDING`) or `DELETED`; all but the deleted ones if absent.
    status: Option<String>,
    /// A part of the address.
    search: Option<String>,
}

/// Everybody, newest first.
#[utoipa::path(
    get, path = "/", tag = "v1 admin users", security(("bearer" = [])), params(UserFilter),
    responses((status = 200, body = ManagedUsers), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(filter): Query<UserFilter>,
) -> Result<Json<ManagedUsers>, Problem> {
    let (limit, offset) = limits(filter.limit, filter.offset);
    let standing = filter.status.filter(|text| !text.is_empty()).map(|text| standing(&text)).transpose()?;
    let query = UserQuery { standing, search: searched(filter.search), limit, offset };
    let permit = admin.permit()?;
    let (found, total) = state.services.identity.managed_users(permit, &query).await?;
    let accounts: Vec<AccountId> = found.iter().map(|user| account_of(user.id)).collect();
    let mut summaries = state.services.billing.account_summaries(permit, &accounts).await?;
    let users = found.into_iter().map(|user| {
        let summary = summaries.remove(&account_of(user.id));
        ManagedUserOut::new(user, summary)
    });
    Ok(Json(ManagedUsers { users: users.collect(), total, limit, offset }))
}

/// The parts of the account that a change names; the user is there already.
async fn save_account(
    billing: &Billing,
    permit: AdminPermit<'_>,
    account_id: AccountId,
    details: Map<String, Value>,
    token_balance: Option<i64>,
) -> Result<(), Problem> {
    if !details.is_empty() {
        match billing.change_profile_of(permit, account_id, None, |known| apply(known, details)).await {
            Ok(()) => {}
            Err(ProfileError::Other(error)) => return Err(error.into()),
            Err(ProfileError::Invalid(problems)) => {
                return Err(Problem::bad_request("details cannot be accepted").errors(&problems));
            }
        }
    }
    if let Some(balance) = token_balance {
        billing.set_token_balance(permit, account_id, balance).await?;
    }
    Ok(())
}

async fn shown(
    state: &AppState,
    permit: AdminPermit<'_>,
    id: UserId,
) -> Result<Json<ManagedUserBody>, Problem> {
    let user = state.services.identity.managed_user(permit, id).await.map_err(refusal)?;
    let account_id = account_of(id);
    let billing = &state.services.billing;
    let summary = billing.account_summaries(permit, &[account_id]).await?.remove(&account_id);
    let stored = billing.profile_of(permit, account_id).await?;
    let mut user = ManagedUserOut::new(user, summary);
    user.details = stored.map(|stored| Details::new(id.into(), stored));
    Ok(Json(ManagedUserBody { user }))
}

/// Makes a user.
#[utoipa::path(
    post, path = "/", tag = "v1 admin users", security(("bearer" = [])), request_body = ManagedUserIn,
    responses((status = 201, body = ManagedUserBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<ManagedUserIn>,
) -> Result<(StatusCode, Json<ManagedUserBody>), Problem> {
    let permit = admin.permit()?;
    let required = |text: &Option<String>, missing: &'static str| match text.as_deref().map(str::trim) {
        None | Some("") => Err(Problem::bad_request(missing)),
        Some(_) => Ok(()),
    };
    required(&body.email, "Email is required")?;
    required(&body.password, "Password is required")?;
    let Wanted { user, details, token_balance } = body.read(None)?;
    let made = state.services.identity.create_user(permit, &user).await.map_err(refusal)?;
    save_account(&state.services.billing, permit, account_of(made.id), details, token_balance).await?;
    Ok((StatusCode::CREATED, shown(&state, permit, made.id).await?))
}

/// One user.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedUserBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedUserBody>, Problem> {
    shown(&state, admin.permit()?, user_id(&text)?).await
}

/// Changes a user. Who is suspended or has another password is signed out everywhere.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)), request_body = ManagedUserIn,
    responses((status = 200, body = ManagedUserBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<ManagedUserIn>,
) -> Result<Json<ManagedUserBody>, Problem> {
    let (permit, id) = (admin.permit()?, user_id(&text)?);
    let stored = state.services.billing.profile_of(permit, account_of(id)).await?;
    let Wanted { user, details, token_balance } = body.read(stored)?;
    state.services.identity.change_user(permit, id, &user).await.map_err(refusal)?;
    save_account(&state.services.billing, permit, account_of(id), details, token_balance).await?;
    shown(&state, permit, id).await
}

/// Roles, of which the first counts.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RolesIn {
    #[serde(default)]
    roles: Vec<String>,
}

async fn changed(
    state: &AppState,
    admin: &Admin,
    text: &str,
    change: UserChange,
) -> Result<Json<ManagedUserBody>, Problem> {
    let (permit, id) = (admin.permit()?, user_id(text)?);
    state.services.identity.change_user(permit, id, &change).await.map_err(refusal)?;
    shown(state, permit, id).await
}

/// Gives a user a role: the first that is named. The admin alone does.
#[utoipa::path(
    put, path = "/{id}/roles", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)), request_body = RolesIn,
    responses((status = 200, body = ManagedUserBody), WriteRefusals)
)]
async fn roles(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<RolesIn>,
) -> Result<Json<ManagedUserBody>, Problem> {
    let first = body.roles.first().ok_or_else(|| Problem::bad_request("roles is required"))?;
    let change = UserChange { role: Some(first.clone()), ..UserChange::default() };
    changed(&state, &admin, &text, change).await
}

/// Lets a user sign in no longer, and ends what they are signed in with.
#[utoipa::path(
    post, path = "/{id}/suspend", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedUserBody), WriteRefusals)
)]
async fn suspend(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedUserBody>, Problem> {
    changed(&state, &admin, &text, UserChange { is_active: Some(false), ..UserChange::default() }).await
}

/// Lets a user sign in again.
#[utoipa::path(
    post, path = "/{id}/activate", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ManagedUserBody), WriteRefusals)
)]
async fn activate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ManagedUserBody>, Problem> {
    changed(&state, &admin, &text, UserChange { is_active: Some(true), ..UserChange::default() }).await
}

/// What stands against a deletion.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletionInfo {
    user_id: Uuid,
    email: String,
    invoice_count: i64,
    subscription_count: i64,
    /// Whether it needs `force`.
    has_dependencies: bool,
}

/// What stands against the deletion of a user.
#[utoipa::path(
    get, path = "/{id}/deletion-info", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = DeletionInfo), ReadRefusals)
)]
async fn deletion_info(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<DeletionInfo>, Problem> {
    let (permit, id) = (admin.permit()?, user_id(&text)?);
    let user = state.services.identity.managed_user(permit, id).await.map_err(refusal)?;
    let has = state.services.billing.holdings(permit, account_of(id)).await?;
    Ok(Json(DeletionInfo {
        user_id: id.into(),
        email: user.email,
        invoice_count: has.invoices,
        subscription_count: has.subscriptions,
        has_dependencies: has.invoices > 0 || has.subscriptions > 0,
    }))
}

/// Whether to delete what has invoices or subscriptions.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Deletion {
    #[serde(default)]
    force: bool,
}

/// Why a user was not deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotDeleted {
    error: &'static str,
    invoice_count: i64,
    subscription_count: i64,
}

/// Deletes a user. One who has invoices or subscriptions needs `{"force": true}`: subscriptions end, what is not paid is
/// voided, and the invoices stay.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)), request_body = Option<Deletion>,
    responses((status = 200, body = Said), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, content((NotDeleted = "application/json"), (Problem = "application/problem+json"))), (status = 413, body = Problem))
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    MaybeBody(deletion): MaybeBody<Deletion>,
) -> Result<Response, Problem> {
    let (permit, id) = (admin.permit()?, user_id(&text)?);
    let (identity, billing) = (&state.services.identity, &state.services.billing);
    identity.refuse_user_deletion(permit, id).await.map_err(refusal)?;
    match billing.close_account(permit, account_of(id), deletion.force).await {
        Ok(()) => {}
        Err(billing::Error::Conflict(_)) => {
            let has = billing.holdings(permit, account_of(id)).await?;
            let refused = NotDeleted {
                error: "User has invoices or subscriptions. Use force to delete.",
                invoice_count: has.invoices,
                subscription_count: has.subscriptions,
            };
            return Ok((StatusCode::CONFLICT, Json(refused)).into_response());
        }
        Err(error) => return Err(error.into()),
    }
    identity.delete_user(permit, id).await.map_err(refusal)?;
    Ok(Json(Said::done("User deleted")).into_response())
}

/// The add-ons of a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserAddons {
    addon_subscriptions: Vec<AddonSubscriptionOut>,
}

/// The add-ons of a user, newest first.
#[utoipa::path(
    get, path = "/{id}/addons", tag = "v1 admin users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = UserAddons), ReadRefusals)
)]
async fn addons(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<UserAddons>, Problem> {
    let (permit, id) = (admin.permit()?, user_id(&text)?);
    state.services.identity.managed_user(permit, id).await.map_err(refusal)?;
    let found = state.services.billing.addon_subscriptions_of(permit, account_of(id)).await?;
    let now = state.services.clock.now();
    let found = found.into_iter().map(|own| AddonSubscriptionOut::new(own, now));
    Ok(Json(UserAddons { addon_subscriptions: found.collect() }))
}
