//! The calls of a shop, under `/v3`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::Refusal;
use super::state::{self, Payment, Status, read_amount, take};
use super::{Sandbox, now};

type Answer = Result<Json<Value>, Refusal>;

/// The longest key, and the longest description, in characters.
const LONGEST_KEY: usize = 64;
const LONGEST_DESCRIPTION: usize = 128;

/// Which refunds are asked for.
#[derive(Debug, Deserialize)]
pub struct RefundFilter {
    payment_id: Option<String>,
    limit: Option<usize>,
}

/// Lets in who has the shop's key, and goes wrong where it shall.
pub async fn guard(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let config = &sandbox.0.config;
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", config.shop_id, config.secret_key)));
    let given = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    if given != Some(expected.as_bytes()) {
        return Refusal::credentials().into_response();
    }
    let (fails, loses) = {
        let faults = &mut sandbox.lock().faults;
        let fails = take(&mut faults.failing);
        (fails, !fails && request.method() == Method::POST && take(&mut faults.losing))
    };
    if fails {
        return Refusal::internal().into_response();
    }
    let answer = next.run(request).await;
    if loses { (StatusCode::GATEWAY_TIMEOUT, "Gateway timeout").into_response() } else { answer }
}

pub async fn create_payment(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Answer {
    let body = read_body(&body)?;
    once(&sandbox, &headers, "payments", &body, |state| {
        let (amount, currency) = read_amount(&body["amount"])?;
        if body["confirmation"]["type"] != "redirect" {
            return Err(Refusal::of("confirmation.type", "Only redirect is known here"));
        }
        let return_url = body["confirmation"]["return_url"].as_str().filter(|it| it.starts_with("http"));
        let return_url =
            return_url.ok_or_else(|| Refusal::of("confirmation.return_url", "It is no address"))?;
        let description = body["description"].as_str();
        if description.is_some_and(|it| it.chars().count() > LONGEST_DESCRIPTION) {
            return Err(Refusal::of("description", "It is too long"));
        }
        let id = state::new_id();
        state.payments.push(Payment {
            id: id.clone(),
            status: Status::Pending,
            amount,
            currency,
            description: description.map(str::to_owned),
            metadata: body.get("metadata").cloned().unwrap_or_else(|| json!({})),
            return_url: return_url.to_owned(),
            is_captured_at_once: body["capture"].as_bool().unwrap_or(true),
            created_at: now(),
            captured_at: None,
            cancellation: None,
        });
        Ok(id)
    })
}

pub async fn payment(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Answer {
    found(&sandbox, &sandbox.lock(), &id)
}

pub async fn cancel_payment(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    once(&sandbox, &headers, &format!("payments/{id}/cancel"), &Value::Null, |state| {
        state.cancel(&id)?;
        sandbox.tell_of_payment(state, &id);
        Ok(id.clone())
    })
}

pub async fn create_refund(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Answer {
    let body = read_body(&body)?;
    once(&sandbox, &headers, "refunds", &body, |state| {
        let payment_id = body["payment_id"].as_str().unwrap_or_default();
        let index = state.refund(payment_id, &body["amount"], now())?;
        sandbox.tell_of_refund(state, index);
        Ok(state.refunds[index].id.clone())
    })
}

pub async fn refunds(State(sandbox): State<Sandbox>, Query(filter): Query<RefundFilter>) -> Json<Value> {
    let state = sandbox.lock();
    let asked =
        state.refunds.iter().filter(|it| filter.payment_id.as_ref().is_none_or(|id| it.payment_id == *id));
    // Newest first, as YooKassa lists them.
    let items: Vec<Value> = asked.rev().take(filter.limit.unwrap_or(10)).map(state::Refund::object).collect();
    Json(json!({ "type": "list", "items": items }))
}

pub async fn nothing() -> Refusal {
    Refusal::not_found(None)
}

fn read_body(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::of("body", "It is no JSON"))
}

/// Does what is asked under a key once: who asks again is shown what was made then, as it is now. What was refused is not
/// remembered.
fn once(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    path: &str,
    body: &Value,
    make: impl FnOnce(&mut state::State) -> Result<String, Refusal>,
) -> Answer {
    let key = headers.get("Idempotence-Key").and_then(|it| it.to_str().ok());
    let key = key.filter(|it| (1..=LONGEST_KEY).contains(&it.len()));
    let key = key.ok_or_else(|| Refusal::of("Idempotence-Key", "The key is missing or too long"))?;
    let asked = format!("{path} {body}");
    let mut state = sandbox.lock();
    let id = match state.kept.get(key) {
        Some((before, id)) if *before == asked => id.clone(),
        Some(_) => return Err(Refusal::of("Idempotence-Key", "Idempotence key duplicated")),
        None => {
            let id = make(&mut state)?;
            state.kept.insert(key.to_owned(), (asked, id.clone()));
            id
        }
    };
    match state.refunds.iter().find(|it| it.id == id) {
        Some(refund) => Ok(Json(refund.object())),
        None => found(sandbox, &state, &id),
    }
}

fn found(sandbox: &Sandbox, state: &state::State, id: &str) -> Answer {
    let payment = state.payment(id).ok_or_else(|| Refusal::not_found(Some("payment_id")))?;
    Ok(Json(state.payment_object(payment, &sandbox.page_url(id))))
}
