//! What was delivered, for the admin: the log, once more, and the test button.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::billing::webhook::{self, DeliveryStatus};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::endpoints::{self, Endpoint};
use super::{Webhooks, body, deliver_later, insert_due};
use crate::payments::record;
use crate::{Error, Result};

/// An event that is told to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The id.
    pub id: Uuid,
    /// Where it goes.
    pub endpoint_id: Uuid,
    /// The id of the event: the `id` in the body.
    pub event_id: Uuid,
    /// The kind of event.
    pub kind: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: i32,
    /// When it is sent next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The status of the last answer; none where there was none.
    pub response_status: Option<i32>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// When it was last sent.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// What is sent; in a list none.
    pub body: Option<String>,
    /// The beginning of the last answer; in a list none.
    pub response_body: Option<String>,
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// Those to this endpoint.
    pub endpoint_id: Option<Uuid>,
    /// Those of this status.
    pub status: Option<DeliveryStatus>,
    /// Those of this kind of event.
    pub kind: Option<String>,
    /// Those that are older than this one.
    pub before: Option<Uuid>,
    /// How many at most.
    pub limit: i64,
}

struct Row {
    id: Uuid,
    endpoint_id: Uuid,
    event_id: Uuid,
    kind: String,
    status: String,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    response_status: Option<i32>,
    error: Option<String>,
    duration_ms: Option<i32>,
    last_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    body: Option<String>,
    response_body: Option<String>,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            endpoint_id: row.endpoint_id,
            event_id: row.event_id,
            kind: row.kind,
            status: row.status.parse()?,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            response_status: row.response_status,
            error: row.error,
            duration_ms: row.duration_ms,
            last_attempt_at: row.last_attempt_at,
            created_at: row.created_at,
            body: row.body,
            response_body: row.response_body,
        })
    }
}

impl Webhooks {
    /// Deliveries, newest first, without bodies.
    pub async fn deliveries(&self, permit: AdminPermit<'_>, query: &DeliveryQuery) -> Result<Vec<Delivery>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, endpoint_id, event_id, kind, status, attempts, next_attempt_at, response_status, error, duration_ms,
                      last_attempt_at, created_at, NULL::text AS body, NULL::text AS response_body
               FROM webhook_deliveries
               WHERE ($1::uuid IS NULL OR endpoint_id = $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR kind = $3)
                 AND ($4::uuid IS NULL OR id < $4)
               ORDER BY id DESC LIMIT $5"#,
            query.endpoint_id,
            query.status.map(DeliveryStatus::as_str),
            query.kind,
            query.before,
            query.limit,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// One delivery, with what is sent and what was answered.
    pub async fn delivery(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<Delivery> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Sends a delivery once more, at once, whatever became of it. If that fails it is tried again as if it had not
    /// happened: one that was given up is given up again. An endpoint that is not active is [`Error::Conflict`].
    pub async fn retry_delivery(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<Delivery> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let delivery = one(&mut transaction, id).await?;
        active(&mut transaction, delivery.endpoint_id).await?;
        sqlx::query!(
            "UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = $2 WHERE id = $1",
            id,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        deliver_later(&mut transaction, delivery.endpoint_id, now, now).await?;
        record(&mut transaction, permit, "webhook.delivery_retried", id, json!({}), now).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Sends a `webhook.test` to an endpoint, at once. An endpoint that is not active is [`Error::Conflict`].
    pub async fn test_endpoint(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<Delivery> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        active(&mut transaction, id).await?;
        let event_id: Uuid = platform::ids::new();
        let body = body(event_id, webhook::TEST, now, &json!({ "webhook_id": id }));
        let delivery = insert_due(&mut transaction, id, event_id, webhook::TEST, &body, now).await?;
        record(&mut transaction, permit, "webhook.tested", id, json!({}), now).await?;
        let found = one(&mut transaction, delivery).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// The endpoint, which stays as it is until the transaction ends.
async fn active(transaction: &mut Transaction, id: Uuid) -> Result<Endpoint> {
    endpoints::lock(transaction, id).await?;
    let endpoint = endpoints::one(transaction, id).await?;
    if endpoint.is_active { Ok(endpoint) } else { Err(Error::Conflict("Webhook is not active".to_owned())) }
}

async fn one(transaction: &mut Transaction, id: Uuid) -> Result<Delivery> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, endpoint_id, event_id, kind, status, attempts, next_attempt_at, response_status, error, duration_ms,
                  last_attempt_at, created_at, body AS "body?", response_body
           FROM webhook_deliveries WHERE id = $1"#,
        id,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    row.ok_or(Error::Missing("Delivery"))?.try_into()
}
