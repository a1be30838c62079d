//! Every write can be repeated (DESIGN 2): a REST write that carries an `Idempotency-Key` is carried out once, and its
//! answer is kept for 24 hours and given again.

mod kept;

use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

pub use self::kept::{Answer, Key, Once, Verdict, once};
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::{bearer, limits};

/// The request's header.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells that an answer is a repeated one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long the second of two equal requests waits for the answer of the first.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Whether the answers of a path are kept. What is about passwords and tokens never is: an answer holds a token, and a hash
/// of a body lets one try passwords. Nor is what a language model answers: it takes its time, all of it would be one
/// transaction with an id, and the events of everybody wait for the oldest of those.
pub fn is_kept(path: &str) -> bool {
    ![
        "/auth/",
        "/api/auth/",
        "/api/v1/auth/",
        "/api/admin/impersonate",
        "/api/v1/plugins/chat/",
        "/api/v1/taro/session/",
    ]
    .iter()
    .any(|it| path.starts_with(it))
}

/// Carries out writes with a key once. Requests without a key, without a valid token, and reads pass.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || !is_kept(request.uri().path()) || !request.headers().contains_key(HEADER)
    {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Some(key) = key(&parts.headers) else {
        return Problem::bad_request("Idempotency-Key must be 1 to 255 printable ASCII characters")
            .into_response();
    };
    let actor = match bearer::caller(&state, &mut parts).await {
        Ok(actor) => actor,
        Err(problem) if problem.status().is_server_error() => return problem.into_response(),
        // The route says itself whether it wants a token; without one there is nobody to keep an answer for.
        Err(_) => return next.run(Request::from_parts(parts, body)).await,
    };
    let Ok(bytes) = to_bytes(body, limits::MAX_BODY).await else {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large").into_response();
    };
    let key = Key { name: key, request_hash: hash(&state, &parts, &bytes) };
    let request = Request::from_parts(parts, Body::from(bytes));
    let work = async move { kept(next.run(request).await).await };
    match once(&state, &actor, key, MAX_WAIT, work).await {
        Ok(Once::Done(response)) => response,
        Ok(Once::Answered(answer)) => replay(answer),
        Ok(Once::OtherRequest) => Problem::conflict("This Idempotency-Key was used with another request")
            .code("idempotency_key_reused")
            .into_response(),
        Ok(Once::Running) => {
            Problem::conflict("The first request with this Idempotency-Key is still being answered")
                .code("still_running")
                .retry_after(1)
                .into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The answer, and what of it to keep: streams, refusals that may pass and failures of ours are not final, and the same
/// key may try again.
async fn kept(response: Response) -> (Response, Verdict) {
    let status = response.status();
    let may_pass = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::UNAUTHORIZED
            | StatusCode::PAYMENT_REQUIRED
            | StatusCode::FORBIDDEN
    );
    // What says that it must not be kept holds a secret, such as what webhooks are signed with.
    let is_secret = response.headers().get(CACHE_CONTROL).is_some_and(|value| value == "no-store");
    let is_small = response.body().size_hint().exact().is_some_and(|size| size <= limits::MAX_BODY as u64);
    if status.is_server_error() {
        return (response, Verdict::Undo);
    }
    if may_pass || is_secret || !is_small {
        return (response, Verdict::Forget);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, limits::MAX_BODY).await else {
        return (Problem::internal().into_response(), Verdict::Undo);
    };
    let content_type =
        parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let answer = Answer { status, content_type, body: bytes.to_vec() };
    (Response::from_parts(parts, Body::from(bytes)), Verdict::Keep(answer))
}

fn replay(answer: Answer) -> Response {
    let mut response = (answer.status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    if let Some(value) = answer.content_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(CONTENT_TYPE, value);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn key(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(HEADER)?.to_str().ok()?.trim();
    (1..=255).contains(&text.len()).then(|| text.to_owned())
}

/// What makes two requests the same: method, address, hotel, type and body.
fn hash(state: &AppState, parts: &Parts, body: &[u8]) -> Vec<u8> {
    let address = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let hotel = parts.headers.get(bearer::HOTEL).map_or(&b""[..], HeaderValue::as_bytes);
    let content_type = parts.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    hash_of(state, &[parts.method.as_str().as_bytes(), address.as_bytes(), hotel, content_type, body])
}

/// A hash over parts, each with its length, so that no two lists of parts read the same. It begins and ends with the
/// server's secret: a body may hold a password, which nobody who reads the table shall be able to try.
pub fn hash_of(state: &AppState, parts: &[&[u8]]) -> Vec<u8> {
    let secret = Sha256::digest(format!("idempotency keys\0{}", state.settings.secret_key.expose()));
    let mut hash = Sha256::new_with_prefix(secret);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Sha256::new_with_prefix(secret).chain_update(hash.finalize()).finalize().to_vec()
}
