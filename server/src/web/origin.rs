//! A form on another site must not act for somebody who is signed in here: writes that a browser sends by itself with
//! its cookies have to come from our own pages.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};

use crate::state::AppState;
use crate::web::error_page;

/// Refuses unsafe requests that do not come from our own pages. Who has no browser sends a bearer token to REST instead.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_ours(request.headers(), &state.settings.base_url) {
        return next.run(request).await;
    }
    tracing::warn!(origin = ?request.headers().get(ORIGIN), "http.foreign_origin");
    error_page::of(&request, StatusCode::FORBIDDEN)
}

/// What the browser says about where the request comes from. `Sec-Fetch-Site` cannot be set by a page; `Origin` is
/// compared with the address the request was sent to and with the one people type. A browser sends at least one of
/// them with every post, so neither is a no.
fn is_ours(headers: &HeaderMap, base_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        // `none` is somebody reloading the answer to a post.
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    if origin == base_url {
        return true;
    }
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    // Where people type https, a page that came in the clear may be anybody's.
    let is_in_clear = origin.starts_with("http://") && base_url.starts_with("https://");
    host.is_some() && !is_in_clear && origin.split_once("://").map(|(_, host)| host) == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        is_ours(&headers, "https://desk.example")
    }

    #[test]
    fn only_our_own_pages_may_post() {
        assert!(check(&[("origin", "https://desk.example")]));
        assert!(check(&[("origin", "https://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(!check(&[("origin", "http://desk.example"), ("host", "desk.example")]));
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(!check(&[("origin", "https://evil.example"), ("host", "desk.example")]));
        assert!(!check(&[("origin", "null"), ("host", "desk.example")]));
        assert!(!check(&[("sec-fetch-site", "same-site"), ("origin", "https://desk.example")]));
        assert!(!check(&[("sec-fetch-site", "cross-site")]));
        assert!(!check(&[("host", "desk.example")]));
        assert!(!check(&[]));
    }
}
