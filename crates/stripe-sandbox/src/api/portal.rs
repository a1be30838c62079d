//! `/v1/billing_portal/sessions`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::post;
use super::customers::live;
use crate::error::ApiError;
use crate::model::portal::PortalSession;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new().route("/v1/billing_portal/sessions", post(create))
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    params.ignore(&["configuration", "locale", "flow_data"]);
    let customer = live(state, &params.required("customer")?, "customer")?.id;
    let return_url = params.filled("return_url")?;
    call.finish()?;
    let session = PortalSession { id: state.ids.make("bps"), created: state.now, customer, return_url };
    state.portal_sessions.put(session.clone());
    state.emit("billing_portal.session.created", &session);
    Ok(session.render(state))
}
