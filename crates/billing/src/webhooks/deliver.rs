//! The job: what is due to one endpoint is sent.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::billing::webhook::{self, DeliveryStatus};
use futures::future::join_all;
use platform::database::Database;
use platform::outgoing::{Limits, Method, OutgoingError};
use platform::settings::Secret;
use uuid::Uuid;

use super::{Webhooks, deliver_later, shown};
use crate::Result;

/// How long an endpoint may take to answer, and how much of the answer is read.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 64 * 1024 };

/// How much of an answer is kept, in characters.
const KEPT_ANSWER: usize = 1_000;

/// How many deliveries one job sends, all at once; those that follow have a job of their own, so that endpoints take
/// turns.
const BATCH: i64 = 8;

/// How long a job has an endpoint for itself: longer than it can take.
const BUSY: TimeDelta = TimeDelta::seconds(60);

/// How long deliveries are kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// How many rows one statement deletes, so that none holds its locks for long.
const DELETED: i64 = 10_000;

const USER_AGENT: &str = concat!("Keyrack-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Where to, and with which secret; none where it cannot be read.
struct Target {
    url: String,
    secret: Result<Secret, String>,
}

/// A delivery that is due.
struct Due {
    id: Uuid,
    kind: String,
    body: String,
    attempts: i32,
}

/// What an attempt led to.
struct Attempt {
    id: Uuid,
    status: DeliveryStatus,
    next_attempt_at: Option<DateTime<Utc>>,
    response_status: Option<i32>,
    response_body: Option<String>,
    error: Option<String>,
    duration_ms: i32,
}

impl Webhooks {
    /// Sends what is due to an endpoint, and has the rest sent when it is due. While another job is at the endpoint,
    /// nothing is done but to look again later. Gives how many were sent.
    pub async fn deliver(&self, endpoint_id: Uuid) -> Result<usize> {
        let Some(target) = self.take(endpoint_id).await? else { return Ok(0) };
        let due = sqlx::query_as!(
            Due,
            "SELECT id, kind, body, attempts FROM webhook_deliveries
             WHERE endpoint_id = $1 AND status = 'pending' AND next_attempt_at <= $2 ORDER BY next_attempt_at, id LIMIT $3",
            endpoint_id,
            self.clock.now(),
            BATCH,
        )
        .fetch_all(self.database.worker())
        .await?;
        let attempts = join_all(due.iter().map(|due| self.attempt(&target, due))).await;
        self.finish(endpoint_id, &attempts).await?;
        Ok(attempts.len())
    }

    /// Takes an active endpoint that no other job is at.
    async fn take(&self, endpoint_id: Uuid) -> Result<Option<Target>> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_worker().await?;
        let taken = sqlx::query!(
            "UPDATE webhook_endpoints SET busy_until = $3
             WHERE id = $1 AND is_active AND (busy_until IS NULL OR busy_until <= $2) RETURNING url, sealed_secret",
            endpoint_id,
            now,
            now + BUSY,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if taken.is_none() {
            let busy_until = sqlx::query_scalar!(
                "SELECT busy_until FROM webhook_endpoints WHERE id = $1 AND is_active",
                endpoint_id
            )
            .fetch_optional(&mut *transaction)
            .await?;
            // Whoever is at it looks for more when it is done; should it die, this one does.
            if let Some(busy_until) = busy_until.flatten() {
                deliver_later(&mut transaction, endpoint_id, busy_until, now).await?;
            }
        }
        transaction.commit().await?;
        Ok(taken.map(|row| Target {
            url: row.url,
            secret: self
                .sealer
                .open(&row.sealed_secret, &endpoint_id.to_string())
                .map_err(|error| error.to_string()),
        }))
    }

    async fn attempt(&self, target: &Target, due: &Due) -> Attempt {
        let started = Instant::now();
        let answer = match &target.secret {
            Ok(secret) => {
                let signature =
                    super::signature::header(&due.body, secret.expose(), self.clock.now().timestamp());
                let delivery = due.id.to_string();
                let headers = [
                    ("content-type", "application/json"),
                    ("user-agent", USER_AGENT),
                    ("keyrack-event", due.kind.as_str()),
                    ("keyrack-delivery", delivery.as_str()),
                    ("keyrack-signature", signature.as_str()),
                ];
                let body = due.body.clone().into_bytes();
                self.outgoing.send(Method::POST, &target.url, &headers, body, LIMITS).await
            }
            Err(problem) => Err(OutgoingError::Failed(problem.clone())),
        };
        let (response_status, response_body, error) = match answer {
            Ok(answer) => (Some(answer.status), Some(shown(&answer.body, KEPT_ANSWER)), None),
            Err(error) => (None, None, Some(shown(error.to_string().as_bytes(), KEPT_ANSWER))),
        };
        let attempts = u32::try_from(due.attempts).unwrap_or(0).saturating_add(1);
        let next = webhook::next_attempt(attempts).map(|pause| self.clock.now() + pause);
        let (status, next_attempt_at) = match (response_status.is_some_and(webhook::is_accepted), next) {
            (true, _) => (DeliveryStatus::Succeeded, None),
            (false, Some(next)) => (DeliveryStatus::Pending, Some(next)),
            (false, None) => (DeliveryStatus::Failed, None),
        };
        Attempt {
            id: due.id,
            status,
            next_attempt_at,
            response_status: response_status.map(i32::from),
            response_body,
            error,
            duration_ms: i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX),
        }
    }

    /// Writes down what attempts led to, gives the endpoint free, and has what is left sent when it is due.
    async fn finish(&self, endpoint_id: Uuid, attempts: &[Attempt]) -> Result<()> {
        let now = self.clock.now();
        let ids: Vec<Uuid> = attempts.iter().map(|it| it.id).collect();
        let statuses: Vec<String> = attempts.iter().map(|it| it.status.to_string()).collect();
        let next: Vec<Option<DateTime<Utc>>> = attempts.iter().map(|it| it.next_attempt_at).collect();
        let codes: Vec<Option<i32>> = attempts.iter().map(|it| it.response_status).collect();
        let answers: Vec<Option<String>> = attempts.iter().map(|it| it.response_body.clone()).collect();
        let errors: Vec<Option<String>> = attempts.iter().map(|it| it.error.clone()).collect();
        let durations: Vec<i32> = attempts.iter().map(|it| it.duration_ms).collect();
        let mut transaction = self.database.begin_worker().await?;
        // First the endpoint: a job that found it busy wrote what it is for before, so that is seen below.
        sqlx::query!("UPDATE webhook_endpoints SET busy_until = NULL WHERE id = $1", endpoint_id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "UPDATE webhook_deliveries AS delivery
             SET status = t.status, next_attempt_at = t.next, attempts = delivery.attempts + 1, response_status = t.code,
                 response_body = t.answer, error = t.error, duration_ms = t.duration, last_attempt_at = $1
             FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::int[], $6::text[], $7::text[], $8::int[])
                 AS t (id, status, next, code, answer, error, duration)
             WHERE delivery.id = t.id",
            now,
            &ids,
            &statuses,
            &next as &[Option<DateTime<Utc>>],
            &codes as &[Option<i32>],
            &answers as &[Option<String>],
            &errors as &[Option<String>],
            &durations,
        )
        .execute(&mut *transaction)
        .await?;
        let next = sqlx::query_scalar!(
            "SELECT min(next_attempt_at) FROM webhook_deliveries WHERE endpoint_id = $1 AND status = 'pending'",
            endpoint_id,
        )
        .fetch_one(&mut *transaction)
        .await?;
        if let Some(next) = next {
            deliver_later(&mut transaction, endpoint_id, next.max(now), now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Deletes deliveries that are older than 30 days. May be repeated and run anywhere.
pub(crate) async fn delete_old(database: &Database, now: DateTime<Utc>) -> Result<()> {
    while sqlx::query!(
        "DELETE FROM webhook_deliveries WHERE id = ANY (ARRAY(SELECT id FROM webhook_deliveries WHERE created_at < $2 LIMIT $1))",
        DELETED,
        now - KEPT,
    )
    .execute(database.worker())
    .await?
    .rows_affected()
        == DELETED.unsigned_abs()
    {}
    Ok(())
}
