//! What somebody knows and changes about themselves (spec 5.2).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use billing::accounts::{Profile, ProfileError, StoredProfile};
use domain::problem::{FieldProblem, ProblemCode};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::{Said, WEAK, role};
use super::caller::{Body, User};
use super::words::instant;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer;

/// A user, as this family shows them.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserOut {
    id: Uuid,
    email: String,
    /// First and last name, if they were given.
    name: Option<String>,
    status: &'static str,
    is_active: bool,
    role: String,
    roles: Vec<String>,
    created_at: String,
    updated_at: String,
    token_balance: i64,
    has_used_trial: bool,
    details: Option<Details>,
}

/// Name and address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Details {
    /// The user's: each has one.
    id: Uuid,
    user_id: Uuid,
    first_name: Option<String>,
    last_name: Option<String>,
    address_line_1: Option<String>,
    address_line_2: Option<String>,
    city: Option<String>,
    postal_code: Option<String>,
    region: Option<String>,
    country: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    tax_number: Option<String>,
    config: Value,
    /// Sent with a change, it refuses one of what somebody else changed meanwhile: 409.
    version: i32,
    created_at: String,
    updated_at: String,
}

impl Details {
    /// Of a user's profile.
    pub fn new(user_id: Uuid, stored: StoredProfile) -> Self {
        let StoredProfile { profile, version, created_at, updated_at } = stored;
        Self {
            id: user_id,
            user_id,
            first_name: profile.first_name,
            last_name: profile.last_name,
            address_line_1: profile.address_line_1,
            address_line_2: profile.address_line_2,
            city: profile.city,
            postal_code: profile.postal_code,
            region: profile.region,
            country: profile.country,
            phone: profile.phone,
            company: profile.company,
            tax_number: profile.tax_number,
            config: profile.config,
            version,
            created_at: instant(created_at),
            updated_at: instant(updated_at),
        }
    }
}

/// A profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileOut {
    user: UserOut,
    details: Option<Details>,
}

/// Who one is.
#[utoipa::path(
    get, path = "/api/v1/user/profile", tag = "v1 user", security(("bearer" = [])),
    responses((status = 200, body = ProfileOut), (status = 401, body = Problem))
)]
pub async fn profile(State(state): State<AppState>, user: User) -> Result<Json<ProfileOut>, Problem> {
    of(&state, &user).await.map(Json)
}

async fn of(state: &AppState, user: &User) -> Result<ProfileOut, Problem> {
    let billing = &state.services.billing;
    let own = state.services.identity.own(&user.0).await?;
    let stored = billing.profile(user.account()).await?;
    let name = stored.as_ref().and_then(|stored| {
        let names = [stored.profile.first_name.as_deref(), stored.profile.last_name.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!name.is_empty()).then_some(name)
    });
    Ok(ProfileOut {
        user: UserOut {
            id: user.0.user_id.into(),
            email: own.email,
            name,
            status: "ACTIVE",
            is_active: true,
            role: role(&user.0),
            roles: vec![role(&user.0)],
            created_at: instant(own.created_at),
            updated_at: instant(own.updated_at),
            token_balance: billing.token_balance(user.account()).await?,
            has_used_trial: billing.has_used_trial(user.account()).await?,
            details: None,
        },
        details: stored.map(|stored| Details::new(user.0.user_id.into(), stored)),
    })
}

/// One's name and address.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailsOut {
    details: Option<Details>,
}

/// One's name and address.
#[utoipa::path(
    get, path = "/api/v1/user/details", tag = "v1 user", security(("bearer" = [])),
    responses((status = 200, body = DetailsOut), (status = 401, body = Problem))
)]
pub async fn details(State(state): State<AppState>, user: User) -> Result<Json<DetailsOut>, Problem> {
    let stored = state.services.billing.profile(user.account()).await?;
    Ok(Json(DetailsOut { details: stored.map(|stored| Details::new(user.0.user_id.into(), stored)) }))
}

/// What changes about one's name and address; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read as a map to name unknown fields")]
pub struct DetailsChange {
    first_name: Option<String>,
    last_name: Option<String>,
    address_line_1: Option<String>,
    address_line_2: Option<String>,
    city: Option<String>,
    postal_code: Option<String>,
    region: Option<String>,
    country: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    tax_number: Option<String>,
    config: Option<Value>,
    /// The version that is changed, if it must be that.
    version: Option<i32>,
}

/// A refusal that lists texts by field: `{"error": {"city": ["…"]}}`.
fn refused(problems: &[FieldProblem]) -> Response {
    let mut fields = Map::new();
    for problem in problems {
        let texts = fields.entry(problem.field.clone()).or_insert_with(|| json!([]));
        if let Some(texts) = texts.as_array_mut() {
            texts.push(json!(problem.code.to_string()));
        }
    }
    (StatusCode::BAD_REQUEST, Json(json!({ "error": fields }))).into_response()
}

/// The version that a body says it changes, if it says so; it is taken out of the body.
fn take_version(body: &mut Map<String, Value>) -> Result<Option<i32>, Vec<FieldProblem>> {
    let Some(version) = body.remove("version").filter(|version| !version.is_null()) else {
        return Ok(None);
    };
    match version.as_i64().and_then(|version| i32::try_from(version).ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(vec![FieldProblem::new("version", ProblemCode::NotOnOffer)]),
    }
}

async fn change(
    state: &AppState,
    user: &User,
    mut body: Map<String, Value>,
) -> Result<Result<(), Vec<FieldProblem>>, Problem> {
    let version = match take_version(&mut body) {
        Ok(version) => version,
        Err(problems) => return Ok(Err(problems)),
    };
    let billing = &state.services.billing;
    match billing.change_profile(user.account(), version, |known| apply(known, body)).await {
        Ok(()) => Ok(Ok(())),
        Err(ProfileError::Invalid(problems)) => Ok(Err(problems)),
        Err(ProfileError::Other(error)) => Err(error.into()),
    }
}

/// A profile with what a body names of it changed, or what cannot be.
pub fn apply(mut profile: Profile, body: Map<String, Value>) -> Result<Profile, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    for (field, value) in body {
        if field == "config" {
            match value {
                Value::Object(_) => profile.config = value,
                _ => problems.push(FieldProblem::new(field, ProblemCode::NotOnOffer)),
            }
            continue;
        }
        let place = match field.as_str() {
            "first_name" => &mut profile.first_name,
            "last_name" => &mut profile.last_name,
            "address_line_1" => &mut profile.address_line_1,
            "address_line_2" => &mut profile.address_line_2,
            "city" => &mut profile.city,
            "postal_code" => &mut profile.postal_code,
            "region" => &mut profile.region,
            "country" => &mut profile.country,
            "phone" => &mut profile.phone,
            "company" => &mut profile.company,
            "tax_number" => &mut profile.tax_number,
            _ => {
                let name: String = field.chars().take(60).collect();
                problems.push(FieldProblem::new(name, ProblemCode::NotOnOffer));
                continue;
            }
        };
        match value {
            Value::Null => *place = None,
            Value::String(text) => *place = Some(text),
            _ => problems.push(FieldProblem::new(field, ProblemCode::BadCharacters)),
        }
    }
    if problems.is_empty() { Ok(profile) } else { Err(problems) }
}

/// Changes one's name and address; the path of the code.
#[utoipa::path(
    put, path = "/api/v1/user/details", tag = "v1 user", security(("bearer" = [])), request_body = DetailsChange,
    responses((status = 200, body = DetailsOut), (status = 400, content((Value = "application/json"), (Problem = "application/problem+json"))), (status = 401, body = Problem),
        (status = 409, body = Problem), (status = 415, body = Problem))
)]
pub async fn change_details(
    State(state): State<AppState>,
    user: User,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    if let Err(problems) = change(&state, &user, body).await? {
        return Ok(refused(&problems));
    }
    Ok(details(State(state), user).await?.into_response())
}

/// Changes one's name and address; the documented path.
#[utoipa::path(
    put, path = "/api/v1/user/profile", tag = "v1 user", security(("bearer" = [])), request_body = DetailsChange,
    responses((status = 200, body = ProfileOut), (status = 400, content((Value = "application/json"), (Problem = "application/problem+json"))), (status = 401, body = Problem),
        (status = 409, body = Problem), (status = 415, body = Problem))
)]
pub async fn change_profile(
    State(state): State<AppState>,
    user: User,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    if let Err(problems) = change(&state, &user, body).await? {
        return Ok(refused(&problems));
    }
    Ok(Json(of(&state, &user).await?).into_response())
}

/// The admin's own profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminProfile {
    user: UserOut,
    /// Name and address, and what else is kept with them.
    #[schema(value_type = Object)]
    profile: Map<String, Value>,
}

/// The admin's name and address, and their settings among them (spec 5.11).
pub async fn of_admin(state: &AppState, user: &User) -> Result<AdminProfile, Problem> {
    let ProfileOut { user, details } = of(state, user).await?;
    let details = serde_json::to_value(details).unwrap_or_default();
    let mut profile = details.as_object().cloned().unwrap_or_default();
    if let Some(Value::Object(config)) = profile.remove("config") {
        for (name, value) in config {
            profile.entry(name).or_insert(value);
        }
    }
    Ok(AdminProfile { user, profile })
}

/// The members that are names and addresses; what else an admin sends is kept with their settings.
pub const DETAILS: [&str; 12] = [
    "first_name",
    "last_name",
    "address_line_1",
    "address_line_2",
    "city",
    "postal_code",
    "region",
    "country",
    "phone",
    "company",
    "tax_number",
    "config",
];

/// Changes the admin's name, address and settings.
pub async fn change_of_admin(
    state: &AppState,
    user: &User,
    mut body: Map<String, Value>,
) -> Result<AdminProfile, Problem> {
    let refused = |problems: Vec<FieldProblem>| {
        let text = problems.first().map_or_else(|| "Invalid request".to_owned(), ToString::to_string);
        Problem::bad_request(text).errors(&problems)
    };
    let version = take_version(&mut body).map_err(refused)?;
    for name in ["id", "user_id", "created_at", "updated_at"] {
        body.remove(name);
    }
    let mut rest = Map::new();
    body.retain(|name, value| {
        let is_detail = DETAILS.contains(&name.as_str());
        if !is_detail {
            rest.insert(name.clone(), value.take());
        }
        is_detail
    });
    let change = |mut known: Profile| {
        if !body.contains_key("config")
            && let Some(config) = known.config.as_object_mut()
        {
            config.extend(rest);
        }
        apply(known, body)
    };
    let account_id = user.account().account_id();
    match state.services.billing.change_profile_of(user.admin()?, account_id, version, change).await {
        Ok(()) => of_admin(state, user).await,
        Err(ProfileError::Invalid(problems)) => Err(refused(problems)),
        Err(ProfileError::Other(error)) => Err(error.into()),
    }
}

/// The present password and the next.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange {
    current_password: String,
    new_password: String,
}

/// Changes one's password, and ends what one is signed in with elsewhere; the token that asks for it stays good.
#[utoipa::path(
    post, path = "/api/v1/user/change-password", tag = "v1 user", security(("bearer" = [])), request_body = PasswordChange,
    responses((status = 200, body = Said), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 429, body = Problem))
)]
pub async fn change_password(
    State(state): State<AppState>,
    user: User,
    headers: HeaderMap,
    Body(body): Body<PasswordChange>,
) -> Result<Json<Said>, Problem> {
    if !identity::customers::is_strong(&body.new_password) {
        return Err(Problem::bad_request(WEAK));
    }
    let identity = &state.services.identity;
    let current = bearer::token(&headers).map(|token| identity.current(token)).transpose()?;
    match identity.change_password(&user.0, current, &body.current_password, &body.new_password).await {
        Ok(()) => Ok(Json(Said::done("Password changed successfully"))),
        Err(identity::Error::Invalid(problems))
            if problems.iter().any(|problem| problem.field == "old_password") =>
        {
            Err(Problem::bad_request("Current password is incorrect"))
        }
        Err(identity::Error::Invalid(_)) => Err(Problem::bad_request(WEAK)),
        Err(error) => Err(error.into()),
    }
}
