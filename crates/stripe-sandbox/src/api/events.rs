//! `/v1/events`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::get;
use super::list::page;
use crate::error::ApiError;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new().route("/v1/events", get(list)).route("/v1/events/{id}", get(retrieve))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.events.find(call.id())?.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let kind = params.filled("type")?;
    let kinds = params.texts("types")?;
    let matching = state.events.newest().filter(|it| {
        kind.as_ref().is_none_or(|kind| matches(kind, &it.kind))
            && (kinds.is_empty() || kinds.contains(&it.kind))
    });
    page(state, call, "/v1/events", matching)
}

/// `invoice.*` stands for all kinds that begin so.
fn matches(pattern: &str, kind: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == kind, |start| kind.starts_with(start))
}
