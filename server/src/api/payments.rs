//! What payment providers send: one handler under the paths that each family of clients has in its provider's dashboard.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use billing::providers::{Outcome, Received};
use http::HeaderMap;
use plugin_api::payment::{Message, WebhookError};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AppState;

/// The header that carries Stripe's signature, without which nothing is Stripe's.
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

/// Takes a message: 400 for one that is not the provider's, 503 for one of which that cannot be said now, so that it is sent
/// again. Everything else is kept and done, now or later.
async fn receive(state: &AppState, provider: &str, message: Message<'_>) -> Result<Received, Problem> {
    let received = state.services.billing.receive(provider, &message).await;
    received.map_err(|error| match error {
        billing::Error::Webhook(WebhookError::Unchecked) => {
            tracing::warn!(provider, bytes = message.body.len(), "billing.webhook_unchecked");
            Problem::unavailable()
        }
        billing::Error::Webhook(refused) => {
            tracing::warn!(provider, %refused, bytes = message.body.len(), "billing.webhook_refused");
            Problem::bad_request(refused.to_string()).code("refused")
        }
        billing::Error::NoProvider => Problem::bad_request(format!(
            "Unknown payment provider: {}",
            provider.chars().take(40).collect::<String>()
        )),
        other => other.into(),
    })
}

fn outcome(received: &Received) -> String {
    match received {
        Received::Done { kind, outcome: Outcome::Handled { .. } } => format!("{kind} handled"),
        Received::Done { kind, outcome: Outcome::Ignored(why) } => format!("{kind} ignored: {why}"),
        Received::Duplicate => "Handled before".to_owned(),
        Received::Kept { .. } => "Kept; it will be handled later".to_owned(),
    }
}

/// Messages of a provider, by its name. Only its own are taken; repeating one changes nothing.
#[utoipa::path(
    post, path = "/api/webhooks/{provider}", tag = "payments", params(("provider" = String, Path, description = "Such as `stripe`"), ("stripe-signature" = Option<String>, Header)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Kept), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 503, body = Problem))
)]
pub async fn platform_webhook(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    if provider == "stripe" && !headers.contains_key(SIGNATURE) {
        return Err(Problem::bad_request("Missing stripe-signature header"));
    }
    let message = Message { headers: &headers, query: query.as_deref(), body: &body };
    let received = receive(&state, &provider, message).await?;
    let status = if received == Received::Duplicate { "duplicate" } else { "received" };
    Ok(Json(Kept { status, message: outcome(&received), received: true }))
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
    let received = receive(&state, "stripe", Message { headers: &headers, query: None, body: &body }).await?;
    let status = match received {
        Received::Done { outcome: Outcome::Ignored(_), .. } => "ignored",
        _ => "success",
    };
    Ok(Json(Kept { status, message: outcome(&received), received: true }))
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
    let received = receive(&state, "stripe", Message { headers: &headers, query: None, body: &body }).await?;
    Ok(Json(Kept { status: "success", message: outcome(&received), received: true }))
}

/// A provider's messages, as the billing family's dashboards have it (spec `subscription-billing.md` 5.12).
#[utoipa::path(
    post, path = "/api/v1/plugins/{provider}/webhook", tag = "payments", params(("provider" = String, Path, description = "Such as `stripe`"), ("stripe-signature" = Option<String>, Header)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Kept), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 503, body = Problem))
)]
pub async fn billing_webhook(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    let message = Message { headers: &headers, query: query.as_deref(), body: &body };
    let received = receive(&state, &provider, message).await?;
    Ok(Json(Kept { status: "received", message: outcome(&received), received: true }))
}
