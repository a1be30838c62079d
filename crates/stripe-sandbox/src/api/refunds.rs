//! `/v1/refunds`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{get, post};
use super::list::page;
use crate::engine::refund::{self, NewRefund};
use crate::error::ApiError;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/refunds", post(create).merge(get(list)))
        .route("/v1/refunds/{id}", get(retrieve).merge(post(update)))
        .route("/v1/refunds/{id}/cancel", post(cancel))
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    params.ignore(&["instructions_email"]);
    let charge = match (params.filled("charge")?, params.filled("payment_intent")?) {
        (Some(charge), _) => charge,
        (None, Some(id)) => {
            let intent = state.payment_intents.find_for(&id, "payment_intent")?;
            let charge = intent.latest_charge.clone();
            charge.ok_or_else(|| {
                ApiError::invalid_param(
                    "payment_intent",
                    format!("This PaymentIntent ({id}) does not have a successful charge to refund."),
                )
            })?
        }
        (None, None) => {
            return Err(ApiError::invalid(
                "One of the following params should be provided for this request: payment_intent or charge.",
            ));
        }
    };
    let new = NewRefund {
        charge,
        amount: params.int("amount")?,
        reason: params.choice("reason")?,
        metadata: params.metadata()?.create(),
    };
    call.finish()?;
    Ok(refund::create(state, new)?.render(state))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.refunds.find(call.id())?.render(state))
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut refund = state.refunds.fetch(call.id())?;
    let before = refund.render(state);
    call.params().metadata()?.apply(&mut refund.metadata);
    call.finish()?;
    state.refunds.put(refund.clone());
    state.emit_change("refund.updated", &before, &refund);
    Ok(refund.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let (charge, intent) = (params.filled("charge")?, params.filled("payment_intent")?);
    let matching = state.refunds.newest().filter(|it| {
        charge.as_ref().is_none_or(|charge| it.charge == *charge)
            && intent.as_ref().is_none_or(|intent| it.payment_intent == *intent)
    });
    page(state, call, "/v1/refunds", matching)
}

fn cancel(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(refund::cancel(state, call.id())?.render(state))
}
