//! `/sandbox/api`: the control page for tests, in JSON.

use std::time::Duration;

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::control::move_clock;
use crate::engine::{dispute, schedule};
use crate::error::ApiError;
use crate::model::event::Cause;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::controls::Controls;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/api/state", get(state))
        .route("/sandbox/api/advance", post(advance))
        .route("/sandbox/api/controls", get(controls).post(set_controls).put(set_controls))
        .route("/sandbox/api/deliveries", get(deliveries))
        .route("/sandbox/api/deliveries/{id}/send", post(send_again))
        .route("/sandbox/api/settle", post(settle))
        .route("/sandbox/api/disputes/{id}/close", post(close_dispute))
}

async fn state(Shared(sandbox): Shared<Sandbox>) -> Json<Value> {
    Json(sandbox.command(Cause::default(), |state| {
        json!({
            "now": state.now,
            "offset": state.offset,
            "next_renewal": schedule::next_renewal(state),
            "controls": state.controls,
            "customers": state.customers.len(),
            "checkout_sessions": state.checkout_sessions.len(),
            "subscriptions": state.subscriptions.len(),
            "invoices": state.invoices.len(),
            "payment_intents": state.payment_intents.len(),
            "refunds": state.refunds.len(),
            "disputes": state.disputes.len(),
            "events": state.events.len(),
        })
    }))
}

/// By a number of seconds, or `to` a `day` or `month` ahead or the `next_renewal`.
#[derive(Debug, Deserialize)]
struct Advance {
    seconds: Option<u64>,
    to: Option<String>,
}

async fn advance(
    Shared(sandbox): Shared<Sandbox>,
    Json(wish): Json<Advance>,
) -> Result<Json<Value>, ApiError> {
    if let Some(seconds) = wish.seconds {
        sandbox.advance(Duration::from_secs(seconds));
    }
    if let Some(to) = wish.to
        && !move_clock(&sandbox, &to)
    {
        return Err(ApiError::invalid_param(
            "to",
            "One of day, month, next_renewal; and a renewal must be to come.",
        ));
    }
    Ok(state(Shared(sandbox)).await)
}

async fn controls(Shared(sandbox): Shared<Sandbox>) -> Json<Controls> {
    Json(sandbox.controls())
}

async fn set_controls(Shared(sandbox): Shared<Sandbox>, Json(controls): Json<Controls>) -> Json<Controls> {
    sandbox.set_controls(controls);
    Json(sandbox.controls())
}

/// Newest first.
async fn deliveries(Shared(sandbox): Shared<Sandbox>) -> Json<Value> {
    let state = sandbox.lock();
    let all: Vec<Value> = state
        .deliveries
        .newest()
        .map(|it| {
            json!({
                "id": it.id,
                "event": it.event,
                "type": state.events.get(&it.event).map(|event| &event.kind),
                "endpoint": it.endpoint,
                "status": it.status,
                "attempts": it.attempts,
            })
        })
        .collect();
    Json(json!({ "data": all }))
}

async fn send_again(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    if sandbox.lock().deliveries.get(&id).is_none() {
        return Err(ApiError::no_such("delivery", &id, "id"));
    }
    sandbox.send_again(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// Answers when no webhook is on its way any more.
async fn settle(Shared(sandbox): Shared<Sandbox>) -> StatusCode {
    sandbox.deliveries_settled().await;
    StatusCode::NO_CONTENT
}

/// How a dispute ends.
#[derive(Debug, Deserialize)]
struct Outcome {
    won: bool,
}

async fn close_dispute(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    Json(outcome): Json<Outcome>,
) -> Result<Json<Value>, ApiError> {
    let closed = sandbox.command(Cause::default(), |state| {
        dispute::close(state, &id, outcome.won).map(|dispute| dispute.render(state))
    })?;
    Ok(Json(closed))
}
