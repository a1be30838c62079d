//! What browsers are told to refuse on our behalf (DESIGN 3, Safety).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use leptos::nonce::Nonce;

use crate::state::AppState;

/// What an answer that is no page may do when a browser shows it all the same: nothing.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Adds the headers to every answer that did not choose its own, and a [`Nonce`] to every request: Leptos puts it on the page's scripts, and the
/// policy allows inline scripts with it alone.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    request.extensions_mut().insert(nonce.clone());
    let mut response = next.run(request).await;
    let is_page = is_html(response.headers());
    let headers = response.headers_mut();
    let policy =
        if is_page { HeaderValue::try_from(page_policy(&nonce, &state.pay_pages)).ok() } else { None };
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy.unwrap_or(HeaderValue::from_static(NO_PAGE)));
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    // Our own pages are told where a form came from; others learn nothing.
    set(REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    );
    if state.settings.is_https() {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    // Whatever did not say otherwise is somebody's data.
    set(CACHE_CONTROL, "no-store");
    response
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn page_policy(nonce: &Nonce, pay_pages: &str) -> String {
    // cargo-leptos reloads pages over a socket of its own while somebody develops.
    let reload =
        if std::env::var_os("LEPTOS_WATCH").is_some() { " ws://localhost:* ws://127.0.0.1:*" } else { "" };
    format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'{reload}; object-src 'none'; \
         base-uri 'self'; form-action 'self'{pay_pages}; frame-ancestors 'none'"
    )
}
