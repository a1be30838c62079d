//! Who calls, and with what: the refusals of this family in its own words (spec 5.2).

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use domain::access::{AccountPermit, Actor, AdminPermit, PlatformPermission};
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::admin::permission::needed;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer;

/// The caller, as an extractor.
#[derive(Debug, Clone)]
pub struct User(pub Arc<Actor>);

impl User {
    /// Their own account.
    pub fn account(&self) -> AccountPermit<'_> {
        self.0.own_account()
    }

    /// Proves that the caller may do that on the platform.
    pub fn may(&self, wanted: PlatformPermission) -> Result<AdminPermit<'_>, Problem> {
        self.0.platform_permit(wanted).map_err(|_| Problem::forbidden("Admin access required"))
    }

    /// Proves that the caller runs the platform.
    pub fn admin(&self) -> Result<AdminPermit<'_>, Problem> {
        self.0.admin().map_err(|_| Problem::forbidden("Admin access required"))
    }
}

impl FromRequestParts<AppState> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Err(Problem::unauthorised("Authorization header is required"));
        }
        if bearer::token(&parts.headers).is_none() {
            return Err(Problem::unauthorised("Invalid Authorization header format"));
        }
        bearer::caller(state, parts).await.map(Self).map_err(|problem| match problem.status().as_u16() {
            401 => Problem::unauthorised("Invalid or expired token"),
            403 => Problem::unauthorised("User account is not active"),
            _ => problem,
        })
    }
}

/// The admin of the platform, or somebody whose role permits what the path is about, as an extractor: others are refused
/// before anything else of their request is looked at.
#[derive(Debug, Clone)]
pub struct Admin {
    user: User,
    /// None for the admin alone.
    needed: Option<PlatformPermission>,
}

impl Admin {
    /// The proof that services ask for.
    pub fn permit(&self) -> Result<AdminPermit<'_>, Problem> {
        match self.needed {
            Some(needed) => self.user.may(needed),
            None => self.user.admin(),
        }
    }

    /// Who it is.
    pub fn user(&self) -> &User {
        &self.user
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let user = User::from_request_parts(parts, state).await?;
        // Within nested routers a request shows a part of its path alone.
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, state).await;
        let admin = Self { user, needed: needed(&parts.method, uri.path()) };
        admin.permit()?;
        Ok(admin)
    }
}

/// A JSON body; one that cannot be read is 400, as clients of the original expect.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(rejection)) => {
                Err(Problem::new(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, rejection.body_text()))
            }
            Err(JsonRejection::BytesRejection(rejection)) => {
                Err(Problem::new(rejection.status(), rejection.body_text()))
            }
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// A JSON body that may be left out.
#[derive(Debug)]
pub struct MaybeBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for MaybeBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let body = axum::body::Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        let read: Option<T> =
            serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
        Ok(Self(read.unwrap_or_default()))
    }
}
