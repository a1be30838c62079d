//! `/v1/test_helpers/test_clocks`.

use axum::Router;
use serde_json::{Value, json};

use super::Call;
use super::call::{delete, get, post};
use super::customers::delete_customer;
use super::list::page;
use crate::engine::schedule;
use crate::error::ApiError;
use crate::model::LATEST;
use crate::model::test_clock::TestClock;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/test_helpers/test_clocks", post(create).merge(get(list)))
        .route("/v1/test_helpers/test_clocks/{id}", get(retrieve).merge(delete(remove)))
        .route("/v1/test_helpers/test_clocks/{id}/advance", post(advance))
}

fn frozen_time(call: &Call) -> Result<i64, ApiError> {
    match call.params().int("frozen_time")? {
        None => Err(ApiError::missing_param("frozen_time")),
        Some(time) if (0..=LATEST).contains(&time) => Ok(time),
        Some(time) => Err(ApiError::invalid_param("frozen_time", format!("Invalid timestamp: {time}"))),
    }
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let frozen_time = frozen_time(call)?;
    let name = call.params().filled("name")?;
    call.finish()?;
    let clock = TestClock { id: state.ids.make("clock"), created: state.now, name, frozen_time };
    state.test_clocks.put(clock.clone());
    state.emit("test_helpers.test_clock.created", &clock);
    Ok(clock.render(state))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.test_clocks.find(call.id())?.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    page(state, call, "/v1/test_helpers/test_clocks", state.test_clocks.newest())
}

/// Moves the clock. Stripe answers `advancing` and is `ready` later; here all is done before the answer.
fn advance(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let target = frozen_time(call)?;
    call.finish()?;
    let clock = state.test_clocks.fetch(call.id())?;
    if target <= clock.frozen_time {
        return Err(ApiError::invalid_param(
            "frozen_time",
            "The new frozen time must be after the current one.",
        ));
    }
    schedule::advance_test_clock(state, &clock.id, target)?;
    let clock = state.test_clocks.fetch(call.id())?;
    state.emit("test_helpers.test_clock.ready", &clock);
    Ok(clock.render(state))
}

/// Deletes the clock with everything that lives by it.
fn remove(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    let clock = state.test_clocks.fetch(call.id())?;
    let customers: Vec<String> = state
        .customers
        .iter()
        .filter(|it| it.test_clock.as_ref() == Some(&clock.id) && !it.deleted)
        .map(|it| it.id.clone())
        .collect();
    for customer in customers {
        delete_customer(state, &customer)?;
    }
    state.test_clocks.remove(&clock.id);
    state.emit("test_helpers.test_clock.deleted", &clock);
    Ok(json!({ "id": clock.id, "object": "test_helpers.test_clock", "deleted": true }))
}
