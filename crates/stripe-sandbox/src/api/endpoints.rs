//! `/v1/webhook_endpoints`.

use axum::Router;
use serde_json::{Value, json};

use super::Call;
use super::call::{delete, get, post};
use super::list::page;
use crate::error::ApiError;
use crate::model::endpoint::WebhookEndpoint;
use crate::render::{Render, WithSecret};
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/webhook_endpoints", post(create).merge(get(list)))
        .route("/v1/webhook_endpoints/{id}", get(retrieve).merge(post(update)).merge(delete(remove)))
}

fn url(text: String) -> Result<String, ApiError> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text);
    }
    Err(ApiError::invalid_param("url", "Invalid URL: An explicit scheme (such as https) must be provided.")
        .with_code("url_invalid"))
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    params.ignore(&["connect"]);
    let enabled_events = params.texts("enabled_events")?;
    if enabled_events.is_empty() {
        return Err(ApiError::missing_param("enabled_events"));
    }
    let mut endpoint = WebhookEndpoint {
        id: String::new(),
        created: state.now,
        url: url(params.required("url")?)?,
        secret: String::new(),
        description: params.filled("description")?,
        enabled_events,
        disabled: false,
        api_version: params.filled("api_version")?,
        metadata: params.metadata()?.create(),
        built_in: false,
    };
    call.finish()?;
    endpoint.id = state.ids.make("we");
    endpoint.secret = format!("whsec_{}", state.ids.token(32));
    state.endpoints.put(endpoint.clone());
    Ok(WithSecret(&endpoint).render(state))
}

/// One made through the API; the built-in one belongs to the program that started the sandbox.
fn own(state: &State, id: &str) -> Result<WebhookEndpoint, ApiError> {
    let found = state.endpoints.get(id).filter(|it| !it.built_in).cloned();
    found.ok_or_else(|| ApiError::no_such("webhook endpoint", id, "id"))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(own(state, call.id())?.render(state))
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut endpoint = own(state, call.id())?;
    let params = call.params();
    let events = params.texts("enabled_events")?;
    if !events.is_empty() {
        endpoint.enabled_events = events;
    }
    if let Some(address) = params.filled("url")? {
        endpoint.url = url(address)?;
    }
    endpoint.description = params.filled("description")?.or(endpoint.description);
    endpoint.disabled = params.flag("disabled")?.unwrap_or(endpoint.disabled);
    params.metadata()?.apply(&mut endpoint.metadata);
    call.finish()?;
    state.endpoints.put(endpoint.clone());
    Ok(endpoint.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    page(state, call, "/v1/webhook_endpoints", state.endpoints.newest().filter(|it| !it.built_in))
}

fn remove(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    let endpoint = own(state, call.id())?;
    state.endpoints.remove(&endpoint.id);
    Ok(json!({ "id": endpoint.id, "object": "webhook_endpoint", "deleted": true }))
}
