//! Those of PayPal's calls that the plug-in makes.

use axum::body::Bytes;
use axum::extract::{Path, Request, State as Shared};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::refused::not_allowed;
use super::state::State;
use super::webhook::Signed;
use super::{Refused, Sandbox};

/// How long a token lasts, in seconds.
const LIFETIME: u32 = 32_400;

type Answer = Result<Json<Value>, Refused>;

/// The calls.
pub fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/v2/checkout/orders", post(create_order))
        .route("/v2/checkout/orders/{id}", get(order).patch(change_order))
        .route("/v2/checkout/orders/{id}/capture", post(capture_order))
        .route("/v2/payments/captures/{id}", get(capture))
        .route("/v2/payments/captures/{id}/refund", post(refund))
        .route("/v1/notifications/verify-webhook-signature", post(verify))
        .layer(from_fn_with_state(sandbox.clone(), before_and_after))
        .route("/v1/oauth2/token", post(token))
        .with_state(sandbox)
}

/// Looks at the token, and fails where that was asked for.
async fn before_and_after(Shared(sandbox): Shared<Sandbox>, request: Request, next: Next) -> Response {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let path = request.uri().path().to_owned();
    {
        let mut state = sandbox.lock();
        if !state.tokens.contains(token) {
            return not_allowed("invalid_token", "Token signature verification failed");
        }
        if state.fail_next > 0 {
            state.fail_next -= 1;
            return Refused::internal().into_response();
        }
    }
    let answer = next.run(request).await;
    let mut state = sandbox.lock();
    match state.lose_answer.take_if(|end| path.ends_with(end.as_str())) {
        Some(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
        None => answer,
    }
}

#[derive(Deserialize)]
struct Wish {
    grant_type: String,
}

async fn token(Shared(sandbox): Shared<Sandbox>, headers: HeaderMap, Form(wish): Form<Wish>) -> Response {
    let keys = format!("{}:{}", sandbox.config.client_id, sandbox.config.client_secret);
    let expected = format!("Basic {}", STANDARD.encode(keys));
    if headers.get("authorization").is_none_or(|value| *value != expected) {
        return not_allowed("invalid_client", "Client Authentication failed");
    }
    if wish.grant_type != "client_credentials" {
        return Refused::invalid("unsupported_grant_type", "unsupported grant_type").into_response();
    }
    let token = format!("A21AA{}{}", State::new_id('A'), State::new_id('B'));
    sandbox.lock().tokens.insert(token.clone());
    let granted =
        json!({ "access_token": token, "token_type": "Bearer", "app_id": "APP-1", "expires_in": LIFETIME });
    Json(granted).into_response()
}

fn key(headers: &HeaderMap) -> Option<&str> {
    headers.get("paypal-request-id")?.to_str().ok()
}

fn parse(body: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(body)
        .map_err(|_| Refused::invalid("MALFORMED_REQUEST_JSON", "The request JSON is not well formed."))
}

async fn create_order(Shared(sandbox): Shared<Sandbox>, headers: HeaderMap, body: Bytes) -> Answer {
    let wanted = parse(&body)?;
    let Some(key) = key(&headers) else {
        let text = "A PayPal-Request-Id is required if you are trying to process payment for an Order.";
        return Err(Refused::invalid("PAYPAL_REQUEST_ID_REQUIRED", text));
    };
    sandbox.change(|state| state.once("/orders", Some(key), &wanted, |state| state.create(&wanted))).map(Json)
}

async fn order(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answer {
    sandbox.order(&id).map(Json).ok_or_else(Refused::unknown)
}

/// Of all that PayPal lets be changed, the one thing that the plug-in changes.
async fn change_order(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refused> {
    let wanted = parse(&body)?;
    let mut state = sandbox.lock();
    state.known(&id)?;
    let (order, _) = state.changed(&id)?;
    if order.capture.is_some() {
        return Err(Refused::impossible(
            "ORDER_ALREADY_COMPLETED",
            "The order cannot be patched after it is completed.",
        ));
    }
    for change in wanted.as_array().into_iter().flatten() {
        if change["path"] != "/purchase_units/@reference_id=='default'/custom_id" || change["op"] != "replace"
        {
            return Err(Refused::invalid("FIELD_NOT_PATCHABLE", "Field cannot be patched."));
        }
        order.unit["custom_id"] = change["value"].clone();
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn capture_order(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let wanted = parse(&body)?;
    let path = format!("/orders/{id}/capture");
    let made = sandbox.change(|state| {
        if std::mem::take(&mut state.somebody_is_quicker) {
            state.capture(&id)?;
        }
        state.once(&path, key(&headers), &wanted, |state| state.capture(&id))
    })?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// The order that a payment is of.
fn order_of(state: &State, capture: &str) -> Result<String, Refused> {
    let has_it =
        |id: &str| state.orders.get(id).and_then(|it| it.capture.as_ref()).is_some_and(|it| it.id == capture);
    state.orders.keys().find(|id| has_it(id)).cloned().ok_or_else(Refused::unknown)
}

async fn capture(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answer {
    let state = sandbox.lock();
    let order = state.orders.get(&order_of(&state, &id)?);
    let found = order.and_then(|order| Some(state.render_capture(order, order.capture.as_ref()?)));
    found.map(Json).ok_or_else(Refused::unknown)
}

async fn refund(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let wanted = parse(&body)?;
    let path = format!("/captures/{id}/refund");
    let made = sandbox.change(|state| {
        state.once(&path, key(&headers), &wanted, |state| {
            let order = order_of(state, &id)?;
            state.give_back(&order, wanted["amount"]["value"].as_str(), "PAYMENT.CAPTURE.REFUNDED")
        })
    })?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// What the plug-in asks about a message.
#[derive(Deserialize)]
struct Question<'a> {
    transmission_id: String,
    transmission_time: String,
    transmission_sig: String,
    cert_url: String,
    auth_algo: String,
    webhook_id: String,
    #[serde(borrow)]
    webhook_event: &'a RawValue,
}

async fn verify(Shared(sandbox): Shared<Sandbox>, body: Bytes) -> Answer {
    let asked: Question<'_> = serde_json::from_slice(&body)
        .map_err(|_| Refused::invalid("VALIDATION_ERROR", "Invalid data provided."))?;
    let signed = Signed {
        transmission_id: &asked.transmission_id,
        transmission_time: &asked.transmission_time,
        cert_url: &asked.cert_url,
        auth_algo: &asked.auth_algo,
        webhook_id: &asked.webhook_id,
        body: asked.webhook_event.get(),
    };
    let is_ours = asked.webhook_id == sandbox.config.webhook_id
        && signed.is_signed(&asked.transmission_sig, &sandbox.config.client_secret);
    Ok(Json(json!({ "verification_status": if is_ours { "SUCCESS" } else { "FAILURE" } })))
}
