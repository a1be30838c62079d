//! The half for machines.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode, Uri};
use tower_http::limit::RequestBodyLimitLayer;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::{health, idempotency, limits, metrics, panics, rate};

/// A router's or extractor's own words are short.
const MAX_WORDS: usize = 16 * 1024;

/// All REST families, and what watches the server.
pub fn router(state: AppState) -> (Router, Slashes) {
    let (api, document) = crate::api::router().split_for_parts();
    let slashes = Slashes::new(document.paths.paths.into_keys());
    let api = api
        .layer(from_fn_with_state(state.clone(), idempotency::layer))
        .layer(RequestBodyLimitLayer::new(limits::MAX_BODY))
        .layer(from_fn(limits::time))
        .layer(from_fn_with_state(state.clone(), limits::ready))
        .layer(from_fn_with_state(state.clone(), rate::layer));
    let router = Router::new()
        .merge(api)
        .merge(health::router())
        .fallback(|| async { Problem::not_found("Not found") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(from_fn(problems))
        .layer(from_fn(panics::layer))
        .layer(from_fn(metrics::track))
        .with_state(state);
    (router, slashes)
}

/// Every REST path answers with and without a slash at its end, without a redirect (DESIGN 4): the request is led to
/// the one that its family documents.
#[derive(Debug, Clone, Default)]
pub struct Slashes(Arc<HashSet<String>>);

impl Slashes {
    /// Remembers which of the documented paths end in a slash.
    fn new(paths: impl IntoIterator<Item = String>) -> Self {
        let slashed: HashSet<_> = paths.into_iter().filter(|path| path.ends_with('/')).collect();
        debug_assert!(slashed.iter().all(|path| !path.contains('{')), "looked up as they are: {slashed:?}");
        Self(Arc::new(slashed))
    }

    /// The address under which `uri` is served, if that is another.
    pub fn documented(&self, uri: &Uri) -> Option<Uri> {
        let bare = uri.path().trim_end_matches('/');
        let slashed = format!("{bare}/");
        let path = if self.0.contains(&slashed) { slashed.as_str() } else { bare };
        if path == uri.path() || bare.is_empty() {
            return None;
        }
        let path_and_query = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path_and_query.parse().ok()?);
        Uri::from_parts(parts).ok()
    }
}

/// Turns refusals that are a line of plain text (extractors, limits) into problems with that text.
async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| !kind.starts_with(b"text/plain")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_WORDS)
        .await
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let text = if text.is_empty() { status.canonical_reason().unwrap_or("Error").to_owned() } else { text };
    let problem = Problem::new(status, text).into_response();
    // `Allow`, `WWW-Authenticate` and the like stay.
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    let (problem_parts, problem_body) = problem.into_parts();
    parts.headers.extend(problem_parts.headers);
    Response::from_parts(parts, problem_body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_served_as_it_is_documented() {
        let slashes = Slashes::new(["/users/".to_owned(), "/rooms".to_owned()]);
        let documented = |uri: &str| slashes.documented(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(documented("/rooms/?a=b/").as_deref(), Some("/rooms?a=b/"));
        assert_eq!(documented("/rooms/available/").as_deref(), Some("/rooms/available"));
        assert_eq!(documented("/users?a=b").as_deref(), Some("/users/?a=b"));
        for same in ["/rooms", "/users/", "/users/me", "/"] {
            assert_eq!(documented(same), None, "{same}");
        }
    }
}
