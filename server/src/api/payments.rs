//! What payment providers send: one handler under the paths that each family of clients has in its provider's dashboard.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::providers::{Outcome, Received};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AppState;

/// The header that carries Stripe's signature.
const SIGNATURE: &str = "stripe-signature";

/// The paths of providers.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(platform_webhook))
        .routes(routes!(store_webhook))
        .routes(routes!(reception_webhook))
        .routes(routes!(billing_webhook))
}

/// A message was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    /// `success`, `ignored`, `received` or `duplicate`, as the family says it.
    status: &'static str,
    /// What was done.
    message: String,
    /// Always true: it need not be sent again.
    received: bool,
}

/// Takes a message: 400 for one that is not the provider's. Everything else is kept and done, now or later.
async fn receive(
    state: &AppState,
    provider: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Received, Problem> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let received = state.services.billing.receive(provider, signature, body).await;
    received.map_err(|error| match error {
        billing::Error::Webhook(refused) => {
            tracing::warn!(provider, %refused, bytes = body.len(), "billing.webhook_refused");
            Problem::bad_request(refused.to_string()).code("refused")
        }
        billing::Error::NoProvider => Problem::bad_request(format!(
            "Unknown payment provider: {}",
            provider.chars().take(40).collect::<String>()
        )),
        other => other.into(),
    })
}

fn message(received: &Received) -> String {
    match received {
        Received::Done { kind, outcome: Outcome::Handled { .. } } => format!("{kind} handled"),
        Received::Done { kind, outcome: Outcome::Ignored(why) } => format!("{kind} ignored: {why}"),
        Received::Duplicate => "Handled before".to_owned(),
        Received::Kept { .. } => "Kept; it will be handled later".to_owned(),
    }
}

/// Messages of a provider, by its name. Signed by it; repeating one changes nothing.
#[utoipa::path(
    post, path = "/api/webhooks/{provider}", tag = "payments", params(("provider" = String, Path, description = "Such as `stripe`"), ("stripe-signature" = Option<String>, Header)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Kept), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem))
)]
pub async fn platform_webhook(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    if !headers.contains_key(SIGNATURE) {
        return Err(Problem::bad_request("Missing stripe-signature header"));
    }
    let received = receive(&state, &provider, &headers, &body).await?;
    let status = if received == Received::Duplicate { "duplicate" } else { "received" };
    Ok(Json(Kept { status, message: message(&received), received: true }))
}

/// Stripe's messages, as the module store's dashboard has it (spec `hotel-modules.md` 2.4).
#[utoipa::path(
    post, path = "/api/store/webhook", tag = "payments", params(("stripe-signature" = Option<String>, Header)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Kept), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem))
)]
pub async fn store_webhook(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    let received = receive(&state, "stripe", &headers, &body).await?;
    let status = match received {
        Received::Done { outcome: Outcome::Ignored(_), .. } => "ignored",
        _ => "success",
    };
    Ok(Json(Kept { status, message: message(&received), received: true }))
}

/// Stripe's messages, as reception's dashboard has it (spec `reception.md` 3.7).
#[utoipa::path(
    post, path = "/billing/webhook", tag = "payments", params(("stripe-signature" = Option<String>, Header)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Kept), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem))
)]
pub async fn reception_webhook(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    let received = receive(&state, "stripe", &headers, &body).await?;
    Ok(Json(Kept { status: "success", message: message(&received), received: true }))
}

/// Stripe's messages, as the billing family's dashboard has it (spec `subscription-billing.md` 5.12).
#[utoipa::path(
    post, path = "/api/v1/plugins/stripe/webhook", tag = "payments", params(("stripe-signature" = Option<String>, Header)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Kept), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem))
)]
pub async fn billing_webhook(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    let received = receive(&state, "stripe", &headers, &body).await?;
    Ok(Json(Kept { status: "received", message: message(&received), received: true }))
}
