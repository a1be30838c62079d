//! From the outbox to deliveries.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::billing::webhook::{EVERYTHING, KINDS};
use platform::jobs::{self, HandlerResult};
use platform::outbox::{Consumer, Published};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{DeliverWebhooks, body};

/// Writes a delivery for each endpoint that an event is for. It sends nothing, so nothing waits for an endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Announcer;

#[async_trait]
impl Consumer for Announcer {
    fn name(&self) -> &'static str {
        "billing.webhooks"
    }

    fn wants(&self, event: &Published) -> bool {
        KINDS.contains(&event.kind.as_str())
    }

    async fn handle(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        now: DateTime<Utc>,
    ) -> HandlerResult {
        let wanted = [EVERYTHING.to_owned(), event.kind.clone()];
        // What happened before an endpoint was made is not told to it.
        let endpoints = sqlx::query_scalar!(
            "SELECT id FROM webhook_endpoints WHERE is_active AND events && $1 AND created_at <= $2 ORDER BY id FOR KEY SHARE",
            &wanted[..],
            event.occurred_at,
        )
        .fetch_all(&mut *connection)
        .await?;
        if endpoints.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = endpoints.iter().map(|_| platform::ids::new()).collect();
        // Events that are told again, as after a restored backup, are not delivered again.
        sqlx::query!(
            "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, kind, body, next_attempt_at, created_at)
             SELECT id, endpoint_id, $3, $4, $5, $6, $6 FROM unnest($1::uuid[], $2::uuid[]) AS t (id, endpoint_id)
             ON CONFLICT (endpoint_id, event_id) DO NOTHING",
            &ids,
            &endpoints,
            event.id,
            event.kind,
            body(event.id, &event.kind, event.occurred_at, &data(event)),
            now,
        )
        .execute(&mut *connection)
        .await?;
        let jobs: Vec<_> = endpoints
            .into_iter()
            .map(|endpoint_id| (endpoint_id.to_string(), DeliverWebhooks { endpoint_id }))
            .collect();
        jobs::enqueue_all(connection, &jobs, now, now).await?;
        Ok(())
    }
}

/// The facts of an event, and whose organisation it happened in.
fn data(event: &Published) -> Value {
    let mut data = event.payload.clone();
    if let (Some(members), Some(id)) = (data.as_object_mut(), event.organisation_id) {
        members.entry("organisation_id").or_insert_with(|| json!(id));
    }
    data
}
