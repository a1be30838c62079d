//! What webhooks were told: the log, once more, and the test button.

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::webhooks::{Delivery, DeliveryQuery};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::{ReadRefusals, WriteRefusals, searched};
use crate::api::v1::caller::Admin;
use crate::api::v1::words::{id, instant, status};
use crate::problem::Problem;
use crate::state::AppState;

/// An event that is told to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryOut {
    /// The header `Keyrack-Delivery`.
    id: Uuid,
    webhook_id: Uuid,
    /// The `id` in the body: the same at each attempt.
    event_id: Uuid,
    /// The kind of event.
    event: String,
    /// `PENDING`, `SUCCEEDED` or `FAILED`.
    status: String,
    attempts: i32,
    next_attempt_at: Option<String>,
    /// The status of the last answer; none where there was none.
    response_status: Option<i32>,
    /// Why there was no answer.
    error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    duration_ms: Option<i32>,
    last_attempt_at: Option<String>,
    created_at: String,
    /// What is sent; in a list none.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<String>,
    /// The first 1,000 characters of the last answer; in a list none.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
}

impl From<Delivery> for WebhookDeliveryOut {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            webhook_id: delivery.endpoint_id,
            event_id: delivery.event_id,
            event: delivery.kind,
            status: delivery.status.as_str().to_uppercase(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(instant),
            response_status: delivery.response_status,
            error: delivery.error,
            duration_ms: delivery.duration_ms,
            last_attempt_at: delivery.last_attempt_at.map(instant),
            created_at: instant(delivery.created_at),
            request_body: delivery.body,
            response_body: delivery.response_body,
        }
    }
}

/// Deliveries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveriesOut {
    deliveries: Vec<WebhookDeliveryOut>,
    /// What to give as `before` for those that follow; none at the end.
    next_before: Option<Uuid>,
}

/// One delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryBody {
    delivery: WebhookDeliveryOut,
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
pub struct WebhookDeliveryFilter {
    /// Those of this webhook.
    webhook_id: Option<String>,
    /// `PENDING`, `SUCCEEDED` or `FAILED`.
    status: Option<String>,
    /// Those of this kind of event.
    event: Option<String>,
    /// Those that are older than this one.
    before: Option<String>,
    /// 50 if absent, at most 100.
    limit: Option<i64>,
}

fn optional_id(text: Option<String>, what: &str) -> Result<Option<Uuid>, Problem> {
    text.filter(|text| !text.is_empty()).map(|text| id(&text, what)).transpose()
}

/// What webhooks were told, newest first.
#[utoipa::path(
    get, path = "/deliveries", tag = "v1 admin webhooks", security(("bearer" = [])), params(WebhookDeliveryFilter),
    responses((status = 200, body = WebhookDeliveriesOut), ReadRefusals)
)]
pub(super) async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(filter): Query<WebhookDeliveryFilter>,
) -> Result<Json<WebhookDeliveriesOut>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 100);
    let query = DeliveryQuery {
        endpoint_id: optional_id(filter.webhook_id, "webhook")?,
        status: status(filter.status.as_deref())?,
        kind: searched(filter.event),
        before: optional_id(filter.before, "delivery")?,
        limit,
    };
    let found = state.services.webhooks.deliveries(admin.permit()?, &query).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
    let next_before = found.last().filter(|_| is_full).map(|delivery| delivery.id);
    let deliveries = found.into_iter().map(WebhookDeliveryOut::from).collect();
    Ok(Json(WebhookDeliveriesOut { deliveries, next_before }))
}

/// One delivery, with what is sent and what was answered.
#[utoipa::path(
    get, path = "/deliveries/{id}", tag = "v1 admin webhooks", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = WebhookDeliveryBody), ReadRefusals)
)]
pub(super) async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<WebhookDeliveryBody>, Problem> {
    let found = state.services.webhooks.delivery(admin.permit()?, id(&text, "delivery")?).await?;
    Ok(Json(WebhookDeliveryBody { delivery: found.into() }))
}

/// Sends a delivery once more, at once, whatever became of it. A webhook that is not active is 409.
#[utoipa::path(
    post, path = "/deliveries/{id}/retry", tag = "v1 admin webhooks", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 202, body = WebhookDeliveryBody), WriteRefusals)
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<WebhookDeliveryBody>), Problem> {
    let found = state.services.webhooks.retry_delivery(admin.permit()?, id(&text, "delivery")?).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDeliveryBody { delivery: found.into() })))
}

/// Sends a `webhook.test` at once; what came of it is read at the delivery. A webhook that is not active is 409.
#[utoipa::path(
    post, path = "/{id}/test", tag = "v1 admin webhooks", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 202, body = WebhookDeliveryBody), WriteRefusals)
)]
pub(super) async fn test(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<WebhookDeliveryBody>), Problem> {
    let sent = state.services.webhooks.test_endpoint(admin.permit()?, id(&text, "webhook")?).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDeliveryBody { delivery: sent.into() })))
}
