//! `/v1/disputes`. A dispute begins by paying with the card that is always disputed.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{get, post};
use super::list::page;
use crate::engine::dispute;
use crate::error::ApiError;
use crate::model::dispute::DisputeStatus;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/disputes", get(list))
        .route("/v1/disputes/{id}", get(retrieve).merge(post(update)))
        .route("/v1/disputes/{id}/close", post(close))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.disputes.find(call.id())?.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let (charge, intent) = (params.filled("charge")?, params.filled("payment_intent")?);
    let matching = state.disputes.newest().filter(|it| {
        charge.as_ref().is_none_or(|charge| it.charge == *charge)
            && intent.as_ref().is_none_or(|intent| it.payment_intent == *intent)
    });
    page(state, call, "/v1/disputes", matching)
}

/// Takes evidence. As in Stripe's test mode, the texts `winning_evidence` and `losing_evidence` decide the dispute.
fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut current = state.disputes.fetch(call.id())?;
    let before = current.render(state);
    let params = call.params();
    params.metadata()?.apply(&mut current.metadata);
    let evidence = params.child("evidence")?.map(|it| it.filled("uncategorized_text")).transpose()?.flatten();
    let submit = params.flag("submit")?.unwrap_or(true);
    call.finish()?;
    if let Some(evidence) = evidence {
        current.evidence = Some(evidence);
        if submit {
            current.submissions += 1;
            current.status = DisputeStatus::UnderReview;
        }
    }
    state.disputes.put(current.clone());
    state.emit_change("charge.dispute.updated", &before, &current);
    let decided = match current.evidence.as_deref() {
        Some("winning_evidence") if submit => Some(true),
        Some("losing_evidence") if submit => Some(false),
        _ => None,
    };
    match decided {
        Some(won) => Ok(dispute::close(state, &current.id, won)?.render(state)),
        None => Ok(current.render(state)),
    }
}

fn close(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(dispute::close(state, call.id(), false)?.render(state))
}
