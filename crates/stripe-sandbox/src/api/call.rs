//! One call: who may make it, what it asks, and that asking twice does it once.

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{RawPathParams, Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use base64::Engine;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{expand, version};
use crate::API_VERSION;
use crate::error::ApiError;
use crate::form::{Form, Params};
use crate::model::event::Cause;
use crate::sandbox::Sandbox;
use crate::state::{KeptAnswer, State};

const MAX_BODY: usize = 1 << 20;
/// How long an answer is kept under its idempotency key.
const KEPT_FOR: i64 = 24 * 3600;

/// What a handler gets to see of a request.
#[derive(Debug)]
pub struct Call {
    path: Vec<String>,
    form: Form,
}

impl Call {
    /// The first id in the path.
    pub fn id(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    pub fn params(&self) -> Params<'_> {
        self.form.params()
    }

    /// Refuses parameters that were not read. Handlers call it when they have read theirs and changed nothing yet.
    pub fn finish(&self) -> Result<(), ApiError> {
        self.form.finish()
    }
}

/// A handler: a plain function over the state, so that each call is one step nobody sees half of.
pub type Handler = fn(&mut State, &Call) -> Result<Value, ApiError>;

pub fn get(handler: Handler) -> MethodRouter<Sandbox> {
    route(MethodFilter::GET, handler)
}

pub fn post(handler: Handler) -> MethodRouter<Sandbox> {
    route(MethodFilter::POST, handler)
}

pub fn delete(handler: Handler) -> MethodRouter<Sandbox> {
    route(MethodFilter::DELETE, handler)
}

fn route(method: MethodFilter, handler: Handler) -> MethodRouter<Sandbox> {
    on(method, move |Shared(sandbox): Shared<Sandbox>, path: RawPathParams, request: Request| async move {
        let path = path.iter().map(|(_, value)| value.to_owned()).collect();
        answer(&sandbox, handler, path, request).await
    })
}

async fn answer(sandbox: &Sandbox, handler: Handler, path: Vec<String>, request: Request) -> Response {
    let id = sandbox.lock().ids.make("req");
    let key = header(request.headers(), "idempotency-key")
        .filter(|_| request.method() == Method::POST)
        .map(str::to_owned);
    let version = header(request.headers(), "stripe-version").unwrap_or(API_VERSION).to_owned();
    let (status, mut body, replayed) =
        match perform(sandbox, handler, path, request, &id, key.as_deref()).await {
            Ok(done) => done,
            Err(error) => (error.status, error.body(), false),
        };
    version::adapt(&mut body, &version, &sandbox.lock());
    let mut response = (status, Json(body)).into_response();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("request-id", &id);
    set("stripe-version", &version);
    if let Some(key) = &key {
        set("idempotency-key", key);
        set("original-request", &id);
    }
    if replayed {
        set("idempotent-replayed", "true");
    }
    response
}

async fn perform(
    sandbox: &Sandbox,
    handler: Handler,
    path: Vec<String>,
    request: Request,
    id: &str,
    key: Option<&str>,
) -> Result<(StatusCode, Value, bool), ApiError> {
    authorize(sandbox, request.headers())?;
    let (parts, body) = request.into_parts();
    let body =
        to_bytes(body, MAX_BODY).await.map_err(|_| ApiError::invalid("The request body is too large."))?;
    let encoded = joined(parts.uri.query().unwrap_or_default(), &body);
    let fingerprint = fingerprint(&parts.method, parts.uri.path(), &encoded);
    let cause = Cause { request: Some(id.to_owned()), idempotency_key: key.map(str::to_owned) };
    sandbox.command(cause, |state| {
        if let Some(kept) = key.and_then(|key| kept(state, key)) {
            if kept.fingerprint != fingerprint {
                return Err(ApiError::idempotency(key.unwrap_or_default()));
            }
            return Ok((StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK), kept.body, true));
        }
        let call = Call { path, form: Form::parse(&encoded)? };
        let (status, body) = match handler(state, &call) {
            Ok(body) => (StatusCode::OK, expand::all(state, body, &call.form.expand())?),
            // The card was asked: that happened, and asking again must not ask the card again.
            Err(error) if error.status == StatusCode::PAYMENT_REQUIRED => (error.status, error.body()),
            Err(error) => return Err(error),
        };
        if let Some(key) = key {
            let answer =
                KeptAnswer { created: state.now, fingerprint, status: status.as_u16(), body: body.clone() };
            state.kept_answers.insert(key.to_owned(), answer);
        }
        Ok((status, body, false))
    })
}

fn kept(state: &mut State, key: &str) -> Option<KeptAnswer> {
    let oldest = state.now - KEPT_FOR;
    state.kept_answers.retain(|_, answer| answer.created >= oldest);
    state.kept_answers.get(key).cloned()
}

/// Parameters come in the query, in the body, or in both.
fn joined(query: &str, body: &Bytes) -> Vec<u8> {
    let mut all = query.as_bytes().to_vec();
    if !all.is_empty() && !body.is_empty() {
        all.push(b'&');
    }
    all.extend_from_slice(body);
    all
}

fn fingerprint(method: &Method, path: &str, encoded: &[u8]) -> String {
    let hash =
        Sha256::new().chain_update(method.as_str()).chain_update([0]).chain_update(path).chain_update([0]);
    format!("{:x}", hash.chain_update(encoded).finalize())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

/// Accepts the secret key as a bearer token, or as the user of basic authentication.
fn authorize(sandbox: &Sandbox, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(key) = header(headers, "authorization").and_then(presented_key) else {
        return Err(ApiError::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer \
             auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        ));
    };
    let accepted = match &sandbox.config().secret_key {
        Some(expected) => key == *expected,
        None => key.starts_with("sk_test_"),
    };
    if accepted {
        return Ok(());
    }
    let shown: String = key.chars().take(8).collect();
    Err(ApiError::unauthorized(format!("Invalid API Key provided: {shown}****")))
}

fn presented_key(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned()).filter(|key| !key.is_empty());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
    let user = String::from_utf8(decoded).ok()?;
    Some(user.split(':').next().unwrap_or_default().to_owned()).filter(|key| !key.is_empty())
}
