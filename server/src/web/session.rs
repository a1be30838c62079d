//! Who looks at a page: one query for each request that is for a page, none for files.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use identity::cookie;
use platform::clock::business_date;
use platform::database::is_unavailable;

use app::server_ctx::SignedIn;

use crate::state::AppState;
use crate::web::{cookies, error_page, live, paths, request_id};

/// The session's token, for streams that ask again later whether it still holds.
#[derive(Clone)]
pub struct SessionToken(pub String);

/// Adds [`SignedIn`] to requests that carry the cookie of a session. A cookie that no longer holds is removed.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let token =
        cookies::get(request.headers(), cookie::NAME).filter(|token| !token.is_empty()).map(str::to_owned);
    let (Some(token), false) = (token, paths::is_asset(request.uri().path())) else {
        return next.run(request).await;
    };
    let session = match session(&state, &token, request.uri().path()).await {
        Ok(session) => session,
        Err(identity::Error::Database(error)) if is_unavailable(&error) => {
            tracing::warn!(%error, "session.database_unavailable");
            return error_page::of(&request, StatusCode::SERVICE_UNAVAILABLE);
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "session.failed");
            return error_page::of(&request, StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let Some(session) = session else {
        let mut response = next.run(request).await;
        // Signing in just now sets its own.
        let sets_session = response.headers().get_all(SET_COOKIE).iter().any(is_session_cookie);
        if !sets_session {
            response.headers_mut().append(SET_COOKIE, cookie::clear(state.settings.is_https()));
        }
        return response;
    };
    request_id::note_actor(session.actor.user_id);
    // Whatever is asked for in somebody's name is written down before it is done.
    let (method, path) = (request.method().as_str(), request.uri().path());
    if path != live::PATH
        && let Err(error) =
            state.services.identity.note_impersonated(&session.actor, method, paths::loggable(path)).await
    {
        tracing::error!(error = &error as &dyn std::error::Error, "session.not_noted");
        return error_page::of(&request, StatusCode::SERVICE_UNAVAILABLE);
    }
    let extensions = request.extensions_mut();
    let membership = session.hotel_id.and_then(|id| session.actor.membership(id));
    let time_zone = membership.map_or("UTC", |membership| membership.time_zone.as_str());
    let today = business_date(time_zone, state.services.clock.now());
    extensions.insert(SignedIn {
        actor: session.actor,
        session_id: session.id,
        hotel_id: session.hotel_id,
        today,
    });
    extensions.insert(SessionToken(token));
    let mut response = next.run(request).await;
    // What a desk shows is nobody's after sign-out, whoever presses the back button.
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Asks for the session. A stream waits for a database that is away: a browser gives up on it for ever when it is refused.
async fn session(
    state: &AppState,
    token: &str,
    path: &str,
) -> Result<Option<identity::Session>, identity::Error> {
    loop {
        match state.services.identity.session(token).await {
            Err(identity::Error::Database(error)) if path == live::PATH && is_unavailable(&error) => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            answer => return answer,
        }
    }
}

fn is_session_cookie(value: &HeaderValue) -> bool {
    let name = cookie::NAME.as_bytes();
    value.as_bytes().strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'='))
}
