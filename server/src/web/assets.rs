//! The built files: scripts and styles whose names carry a hash are kept by browsers for a year, everything else for an
//! hour and then asked about by its tag.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::web::error_page;

/// Serves one file, compressed beforehand where the build did so.
pub async fn serve(options: &LeptosOptions, mut request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return error_page::of(&request, StatusCode::METHOD_NOT_ALLOWED);
    }
    let (path, headers) = (request.uri().path().to_owned(), request.headers_mut());
    let asked = headers.remove(IF_NONE_MATCH);
    if asked.is_some() {
        // The tag is the better witness (RFC 9110, 13.2.2).
        headers.remove(IF_MODIFIED_SINCE);
    }
    let (request, refusal) = error_page::refusal(request);
    let directory = ServeDir::new(&*options.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let mut response = match directory.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        return refusal.with(response.status());
    }
    let is_hashed = options.hash_files && path.starts_with(&format!("/{}/", options.site_pkg_dir));
    let keep = match () {
        () if is_hashed => "public, max-age=31536000, immutable",
        () if options.hash_files => "public, max-age=3600",
        // Files that are rebuilt under the same name.
        () => "no-cache",
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    let Some(tag) = tag(response.headers()) else {
        return response;
    };
    response.headers_mut().insert(ETAG, tag.clone());
    if response.status() == StatusCode::OK && asked.is_some_and(|asked| matches(&asked, &tag)) {
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.remove(CONTENT_ENCODING);
        return (StatusCode::NOT_MODIFIED, parts.headers).into_response();
    }
    response
}

/// A weak tag of time, length and compression.
fn tag(headers: &HeaderMap) -> Option<HeaderValue> {
    let modified = headers.get(LAST_MODIFIED)?.to_str().ok()?;
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).unwrap_or("0");
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("plain");
    let seconds = chrono::DateTime::parse_from_rfc2822(modified).ok()?.timestamp();
    HeaderValue::try_from(format!("W/\"{seconds:x}-{length}-{encoding}\"")).ok()
}

fn matches(asked: &HeaderValue, tag: &HeaderValue) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let (Ok(asked), Ok(tag)) = (asked.to_str(), tag.to_str()) else {
        return false;
    };
    asked.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag))
}
