//! Who calls REST: a bearer token in `Authorization` (RFC 6750).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::access::{Actor, Permit, Right};
use domain::ids::HotelId;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::{paths, request_id};

/// Names another hotel than the actor's home hotel.
pub const HOTEL: HeaderName = HeaderName::from_static("x-hotel-id");

/// The caller, as an extractor: 401 without a valid token, 403 for somebody who was deactivated.
#[derive(Debug, Clone)]
pub struct Bearer(pub Arc<Actor>);

impl Bearer {
    /// Proves that the caller may do `R` in the hotel of the request: the one `X-Hotel-Id` names, else their home
    /// hotel. A hotel they do not work in is as unknown as one that does not exist.
    pub fn permit<R: Right>(&self, hotel: &HotelHeader) -> Result<Permit<'_, R>, Problem> {
        Ok(self.0.permit(self.hotel(hotel)?)?)
    }

    /// The hotel of the request.
    pub fn hotel(&self, hotel: &HotelHeader) -> Result<HotelId, Problem> {
        match hotel.0 {
            None => self.0.home_hotel().ok_or_else(|| Problem::forbidden("User works in no hotel")),
            Some(named) if self.0.membership(named).is_some() => Ok(named),
            Some(_) => Err(Problem::not_found("Hotel not found")),
        }
    }
}

/// The hotel that `X-Hotel-Id` names, if any.
#[derive(Debug, Clone, Copy)]
pub struct HotelHeader(pub Option<HotelId>);

/// The token of the `Authorization` header.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Finds the caller once for a request; who asks again is given the same. What is asked for in somebody's name is written
/// down before it is done.
pub async fn caller(state: &AppState, parts: &mut Parts) -> Result<Arc<Actor>, Problem> {
    if let Some(Bearer(actor)) = parts.extensions.get() {
        return Ok(Arc::clone(actor));
    }
    let token =
        token(&parts.headers).ok_or_else(|| Problem::unauthorised("Could not validate credentials"))?;
    let actor = Arc::new(state.services.identity.bearer(token).await?);
    request_id::note_actor(actor.user_id);
    let path = paths::loggable(parts.uri.path());
    state.services.identity.note_impersonated(&actor, parts.method.as_str(), path).await?;
    parts.extensions.insert(Bearer(Arc::clone(&actor)));
    Ok(actor)
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        caller(state, parts).await.map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for HotelHeader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(HOTEL) else {
            return Ok(Self(None));
        };
        let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        id.map(|id| Self(Some(id))).ok_or_else(|| Problem::not_found("Hotel not found"))
    }
}
