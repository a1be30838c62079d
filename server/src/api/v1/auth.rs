//! Signing up and in (spec 5.2).

use axum::extract::{Query, State};
use axum::{Extension, Json};
use http::StatusCode;
use identity::{Client, TokenPair, Wish};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::caller::Body;
use crate::problem::Problem;
use crate::state::AppState;

/// An address and a password.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Credentials {
    email: String,
    password: String,
}

/// Who signed up or in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    success: bool,
    /// For `Authorization: Bearer`.
    token: Option<String>,
    /// Gets new tokens at `/api/v1/auth/refresh`, once.
    refresh_token: Option<String>,
    user_id: Option<Uuid>,
    error: Option<String>,
    user: Option<SignedInUser>,
}

/// What a sign-in tells of its user.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInUser {
    id: Uuid,
    email: String,
    /// The part of the address before the @.
    name: String,
    roles: Vec<String>,
}

impl SignedIn {
    fn new(pair: TokenPair, with_user: bool) -> Self {
        let id = Uuid::from(pair.actor.user_id);
        let email = pair.actor.username.clone();
        let user = with_user.then(|| SignedInUser {
            id,
            name: email.split('@').next().unwrap_or_default().to_owned(),
            email,
            roles: vec![role(&pair.actor)],
        });
        Self {
            success: true,
            token: Some(pair.access_token),
            refresh_token: Some(pair.refresh_token),
            user_id: Some(id),
            error: None,
            user,
        }
    }

    fn refused(error: impl Into<String>) -> Self {
        Self {
            success: false,
            token: None,
            refresh_token: None,
            user_id: None,
            error: Some(error.into()),
            user: None,
        }
    }
}

/// `ADMIN`, `USER`, or the role that the admin made.
pub fn role(actor: &domain::access::Actor) -> String {
    match &actor.platform_role {
        _ if actor.is_platform_admin => "ADMIN".to_owned(),
        Some(role) => role.slug.to_uppercase(),
        None => "USER".to_owned(),
    }
}

/// Signs a customer up and in.
#[utoipa::path(
    post, path = "/api/v1/auth/register", tag = "v1 auth", request_body = Credentials,
    responses((status = 200, body = SignedIn), (status = 400, content((SignedIn = "application/json"), (Problem = "application/problem+json"))), (status = 415, body = Problem), (status = 429, body = Problem))
)]
pub async fn register(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    body: Result<Body<Credentials>, Problem>,
) -> Result<(StatusCode, Json<SignedIn>), Problem> {
    use domain::problem::ProblemCode as C;
    let body = match body {
        Ok(Body(body)) => body,
        // Also what cannot be read is told in the words of this path.
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => {
            return Ok((StatusCode::BAD_REQUEST, Json(SignedIn::refused(problem.detail()))));
        }
        Err(problem) => return Err(problem),
    };
    let identity = &state.services.identity;
    identity.count_wish(Wish::Account, &client).await?;
    match identity.register_customer(&body.email, &body.password).await {
        Ok(_) => {}
        Err(identity::Error::Invalid(problems)) => {
            let text = match problems.first() {
                Some(problem) if problem.code == C::AlreadyInUse => {
                    "User with this email already exists".to_owned()
                }
                Some(problem) => problem.to_string(),
                None => "Invalid request".to_owned(),
            };
            return Ok((StatusCode::BAD_REQUEST, Json(SignedIn::refused(text))));
        }
        Err(error) => return Err(error.into()),
    }
    let pair = identity.issue_tokens(&body.email, &body.password, &client).await?;
    Ok((StatusCode::OK, Json(SignedIn::new(pair, false))))
}

/// Signs in.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "v1 auth", request_body = Credentials,
    responses((status = 200, body = SignedIn), (status = 400, body = Problem), (status = 401, body = SignedIn, content_type = "application/json"), (status = 415, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn login(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Body(body): Body<Credentials>,
) -> Result<(StatusCode, Json<SignedIn>), Problem> {
    let text = match state.services.identity.issue_tokens(&body.email, &body.password, &client).await {
        Ok(pair) => return Ok((StatusCode::OK, Json(SignedIn::new(pair, true)))),
        Err(identity::Error::WrongCredentials) => "Invalid credentials",
        Err(identity::Error::Inactive) => "User account is inactive",
        Err(error) => return Err(error.into()),
    };
    Ok((StatusCode::UNAUTHORIZED, Json(SignedIn::refused(text))))
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Refresh {
    refresh_token: String,
}

/// New tokens for a refresh token, once; a second use ends all that came from it.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "v1 auth", request_body = Refresh,
    responses((status = 200, body = SignedIn), (status = 400, body = Problem), (status = 401, body = Problem), (status = 415, body = Problem))
)]
pub async fn refresh(
    State(state): State<AppState>,
    Body(body): Body<Refresh>,
) -> Result<Json<SignedIn>, Problem> {
    let pair = state.services.identity.refresh(&body.refresh_token).await.map_err(|error| match error {
        identity::Error::Inactive => Problem::unauthorised("User account is not active"),
        other => other.into(),
    })?;
    Ok(Json(SignedIn::new(pair, false)))
}

/// A sentence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    success: bool,
    message: &'static str,
}

impl Said {
    /// That it was done.
    pub const fn done(message: &'static str) -> Self {
        Self { success: true, message }
    }
}

/// Says that one signed out. A token ends by itself; `/auth/logout` of the reception family ends it at once.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "v1 auth", responses((status = 200, body = Said)))]
pub async fn logout() -> Json<Said> {
    Json(Said::done("Logged out successfully"))
}

/// An address to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Looked {
    email: Option<String>,
}

/// Whether there is somebody with the address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exists {
    exists: bool,
}

/// Whether somebody signs in with an address.
#[utoipa::path(
    get, path = "/api/v1/auth/check-email", tag = "v1 auth", params(Looked),
    responses((status = 200, body = Exists), (status = 400, body = Problem))
)]
pub async fn check_email(
    State(state): State<AppState>,
    Query(looked): Query<Looked>,
) -> Result<Json<Exists>, Problem> {
    let email = looked.email.filter(|email| !email.trim().is_empty());
    let email = email.ok_or_else(|| Problem::bad_request("Email required"))?;
    Ok(Json(Exists { exists: state.services.identity.has_email(&email).await? }))
}

/// An address to mail to.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Forgotten {
    email: Option<String>,
}

/// Mails a link for another password, if there is somebody with the address; says the same if not.
#[utoipa::path(
    post, path = "/api/v1/auth/forgot-password", tag = "v1 auth", request_body = Forgotten,
    responses((status = 200, body = Said), (status = 400, body = Problem), (status = 415, body = Problem), (status = 429, body = Problem))
)]
pub async fn forgot_password(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Body(body): Body<Forgotten>,
) -> Result<Json<Said>, Problem> {
    let email = body.email.filter(|email| !email.trim().is_empty());
    let email = email.ok_or_else(|| Problem::bad_request("Email required"))?;
    match state.services.identity.forgot_password(&email, &client).await {
        Ok(()) | Err(identity::Error::Invalid(_)) => Ok(Json(Said::done("If email exists, reset link sent"))),
        Err(error) => Err(error.into()),
    }
}

/// Another password.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Reset {
    token: String,
    new_password: String,
}

/// The text for a password that nobody can choose.
pub const WEAK: &str = "Password must be at least 8 characters long, with a small and a capital letter, a digit and a special character";

/// Sets another password with the token of the mail.
#[utoipa::path(
    post, path = "/api/v1/auth/reset-password", tag = "v1 auth", request_body = Reset,
    responses((status = 200, body = Said), (status = 400, body = Problem), (status = 415, body = Problem))
)]
pub async fn reset_password(
    State(state): State<AppState>,
    Body(body): Body<Reset>,
) -> Result<Json<Said>, Problem> {
    if !identity::customers::is_strong(&body.new_password) {
        return Err(Problem::bad_request(WEAK));
    }
    match state.services.identity.reset_password(&body.token, &body.new_password).await {
        Ok(()) => Ok(Json(Said::done("Password reset successfully"))),
        Err(identity::Error::ExpiredToken) => Err(Problem::bad_request("Token expired")),
        Err(identity::Error::UsedToken) => Err(Problem::bad_request("Token already used")),
        Err(identity::Error::BadToken | identity::Error::Invalid(_)) => {
            Err(Problem::bad_request("Invalid token"))
        }
        Err(error) => Err(error.into()),
    }
}
