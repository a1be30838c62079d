//! What people see instead of a page that cannot be made: calm, short, and without anything that needs the database or
//! a script. Machines are told the same in their own words.

use app::texts::texts;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::nonce::Nonce;

use crate::problem::Problem;
use crate::web::{paths, request_id};

/// How a request wants to be told no.
#[derive(Debug, Clone)]
pub struct Refusal {
    kind: Kind,
    /// Whether it can be asked again without doing anything twice.
    is_read: bool,
    nonce: Option<Nonce>,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A person looks at a page.
    Page,
    /// A script of ours called the server function at this path.
    Action(String),
    /// A REST client.
    Rest,
}

/// Keeps what is needed to refuse a request that is about to be consumed.
pub fn refusal(request: Request) -> (Request, Refusal) {
    let refusal = Refusal::of(&request);
    (request, refusal)
}

/// Refuses a request.
pub fn of(request: &Request, status: StatusCode) -> Response {
    Refusal::of(request).with(status)
}

/// Whether a browser asks for something to look at, as opposed to a script asking for data.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

impl Refusal {
    /// How `request` wants to be told no.
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let kind = if paths::is_rest(path) {
            Kind::Rest
        } else if path.starts_with(paths::ACTIONS) && !accepts_html(request.headers()) {
            Kind::Action(path.to_owned())
        } else {
            Kind::Page
        };
        Self { kind, is_read: request.method().is_safe(), nonce: request.extensions().get().cloned() }
    }

    /// The answer.
    pub fn with(&self, status: StatusCode) -> Response {
        let mut response = match &self.kind {
            Kind::Page => (status, Html(self.page(status))).into_response(),
            Kind::Action(path) => action(status, path),
            Kind::Rest if status == StatusCode::SERVICE_UNAVAILABLE => Problem::unavailable().into_response(),
            Kind::Rest if status == StatusCode::INTERNAL_SERVER_ERROR => Problem::internal().into_response(),
            Kind::Rest => Problem::new(status, status.canonical_reason().unwrap_or("Error")).into_response(),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

/// A server function's error as our scripts read it.
fn action(status: StatusCode, path: &str) -> Response {
    use app::error::AppError;
    use leptos::server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};

    let error = match status {
        StatusCode::SERVICE_UNAVAILABLE => AppError::Unavailable,
        _ => AppError::Internal,
    };
    let mut response = (status, error.ser()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(SERVER_FN_ERROR_HEADER, path);
    }
    response
}

/// Turns refusals of the routers and limits, which are a line of plain text, into pages.
pub async fn layer(request: Request, next: Next) -> Response {
    let (request, refusal) = refusal(request);
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    // Pages and server functions' own errors name their type.
    if kind.is_some_and(|kind| !kind.starts_with(b"text/plain")) {
        return response;
    }
    let mut page = refusal.with(status);
    for (name, value) in response.headers() {
        if *name != CONTENT_TYPE && *name != http::header::CONTENT_LENGTH {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    page
}

/// Title and sentence for a status.
fn words(status: StatusCode, is_read: bool) -> (&'static str, &'static str) {
    let t = &texts().error_pages;
    match status {
        StatusCode::NOT_FOUND => (t.not_found, t.not_found_text),
        StatusCode::FORBIDDEN => (t.foreign, t.foreign_text),
        StatusCode::PAYMENT_REQUIRED => (t.lapsed, t.lapsed_text),
        StatusCode::METHOD_NOT_ALLOWED => (t.not_here, t.not_here_text),
        StatusCode::PAYLOAD_TOO_LARGE => (t.too_much, t.too_much_text),
        StatusCode::SERVICE_UNAVAILABLE if is_read => (t.moment, t.moment_text),
        StatusCode::SERVICE_UNAVAILABLE => (t.moment, t.moment_write_text),
        status if status.is_client_error() => (t.unreadable, t.unreadable_text),
        _ => (t.failed, t.failed_text),
    }
}

impl Refusal {
    fn page(&self, status: StatusCode) -> String {
        let t = &texts().error_pages;
        let (title, sentence) = words(status, self.is_read);
        let nonce = self.nonce.as_ref().map(|nonce| format!(" nonce=\"{nonce}\"")).unwrap_or_default();
        let again = match status {
            StatusCode::SERVICE_UNAVAILABLE if self.is_read => "<meta http-equiv=\"refresh\" content=\"3\">",
            _ => "",
        };
        let incident = match request_id::current() {
            Some(id) if status.is_server_error() => {
                format!("<p><small>{} <code>{id}</code></small></p>", t.reference)
            }
            _ => String::new(),
        };
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{again}\
             <title>{title} · Keyrack</title><style{nonce}>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{sentence}</p>{incident}\
             <p><a href=\"/\">{}</a></p></main></body></html>",
            t.start
        )
    }
}

/// Does not depend on the stylesheet, whose name carries a hash.
const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
    body{margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}main{max-width:34rem;padding:2rem}\
    h1{font-size:1.5rem;margin:0 0 .5rem}a{color:light-dark(#0b6b6b,#5cc8c4)}";
