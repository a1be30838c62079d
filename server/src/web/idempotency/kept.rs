//! The kept answers (table `idempotency_keys`): one row for each key of a user, claimed before the work and filled after.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Actor;
use futures::FutureExt;
use http::StatusCode;
use platform::clock::SharedClock;
use platform::database::Database;
use platform::once;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use crate::state::AppState;
use crate::web::request_id;

/// How long an answer is given again (DESIGN 2).
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// After this long a claim without an answer is a dead process's: requests take half of it at most.
const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// How often the second of two equal requests looks for the answer of the first.
const POLL: Duration = Duration::from_millis(50);

/// A key and the request it came with.
#[derive(Debug, Clone)]
pub struct Key {
    /// What the client calls it.
    pub name: String,
    /// What the request was.
    pub request_hash: Vec<u8>,
}

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The type of the body.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known about a key.
#[derive(Debug)]
pub enum Claim {
    /// Nobody used it: the work is the caller's.
    Mine(Once),
    /// The work was done.
    Answered(Answer),
    /// The work was done, but the process that did it died before the answer was kept. The id of what it made or changed.
    AnswerLost(Uuid),
    /// Somebody is still at it.
    Running,
    /// It was used with another request.
    OtherRequest,
}

/// The right to carry out a request once.
#[derive(Debug)]
pub struct Once {
    database: Database,
    clock: SharedClock,
    actor: Arc<Actor>,
    key: Key,
}

impl Once {
    /// Claims a key, or finds what came of it; waits up to `wait` for a request that is at it.
    pub async fn claim(
        state: &AppState,
        actor: &Arc<Actor>,
        key: Key,
        wait: Duration,
    ) -> Result<Claim, sqlx::Error> {
        let deadline = Instant::now() + wait;
        let once = Self {
            database: state.database.clone(),
            clock: state.services.clock.clone(),
            actor: Arc::clone(actor),
            key,
        };
        loop {
            match once.look().await? {
                Found::Claimed => return Ok(Claim::Mine(once)),
                Found::Row { request_hash, .. } if request_hash != once.key.request_hash => {
                    return Ok(Claim::OtherRequest);
                }
                Found::Row { answer: Some(answer), .. } => return Ok(Claim::Answered(answer)),
                Found::Row { lost: Some(subject), .. } => return Ok(Claim::AnswerLost(subject)),
                Found::Row { .. } if Instant::now() >= deadline => return Ok(Claim::Running),
                // Released between the two statements, or still being answered.
                Found::Nothing | Found::Row { .. } => tokio::time::sleep(POLL).await,
            }
        }
    }

    async fn look(&self) -> Result<Found, sqlx::Error> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_as(&self.actor).await?;
        let claimed = sqlx::query!(
            "INSERT INTO idempotency_keys AS kept (user_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, key) DO UPDATE
                 SET request_hash = excluded.request_hash, created_at = excluded.created_at,
                     status = NULL, content_type = NULL, body = NULL, subject = NULL
                 WHERE kept.created_at < $5
                    OR (kept.status IS NULL AND kept.subject IS NULL AND kept.created_at < $6)",
            Uuid::from(self.actor.user_id),
            self.key.name,
            self.key.request_hash,
            now,
            now - KEPT_FOR,
            now - ABANDONED_AFTER,
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        let found = if claimed == 1 { Found::Claimed } else { self.read(&mut transaction, now).await? };
        transaction.commit().await?;
        Ok(found)
    }

    async fn read(
        &self,
        transaction: &mut platform::database::Transaction,
        now: DateTime<Utc>,
    ) -> Result<Found, sqlx::Error> {
        let row = sqlx::query!(
            "SELECT request_hash, status, content_type, body, subject, created_at FROM idempotency_keys WHERE user_id = $1 AND key = $2",
            Uuid::from(self.actor.user_id),
            self.key.name,
        )
        .fetch_optional(&mut **transaction)
        .await?;
        let Some(row) = row else { return Ok(Found::Nothing) };
        let status = row.status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let answer = status.map(|status| Answer {
            status,
            content_type: row.content_type,
            body: row.body.unwrap_or_default(),
        });
        let is_abandoned = row.created_at < now - ABANDONED_AFTER;
        Ok(Found::Row { request_hash: row.request_hash, answer, lost: row.subject.filter(|_| is_abandoned) })
    }

    /// Does the work in a task of its own, to its end even when the client goes away in between: it will ask again
    /// with the same key. The work says what it came to, and what of that is final and to be kept.
    pub async fn carry_out<T: Send + 'static>(
        self,
        tasks: &TaskTracker,
        work: impl Future<Output = (T, Option<Answer>)> + Send + 'static,
    ) -> T {
        let id = request_id::current();
        let request = once::Request { user_id: self.actor.user_id, key: self.key.name.clone() };
        let work = once::scope(request, work);
        let task = async move {
            let outcome = AssertUnwindSafe(request_id::scope(id, work)).catch_unwind().await;
            match &outcome {
                Ok((_, Some(answer))) => self.finish(answer).await,
                Ok((_, None)) | Err(_) => self.release().await,
            }
            outcome.map(|(value, _)| value)
        };
        match tasks.spawn(task.in_current_span()).await {
            Ok(Ok(value)) => value,
            // Answered and counted where all panics are.
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is going, and this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    /// Keeps the answer. If that fails, the work is done all the same and only its repetition is refused for a while.
    async fn finish(self, answer: &Answer) {
        if let Err(error) = self.try_finish(answer, self.clock.now()).await {
            tracing::warn!(%error, "idempotency.answer_not_kept");
        }
    }

    async fn try_finish(&self, answer: &Answer, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin_as(&self.actor).await?;
        sqlx::query!(
            "UPDATE idempotency_keys SET status = $3, content_type = $4, body = $5, created_at = $6
             WHERE user_id = $1 AND key = $2 AND status IS NULL",
            Uuid::from(self.actor.user_id),
            self.key.name,
            i16::try_from(answer.status.as_u16()).unwrap_or(i16::MAX),
            answer.content_type,
            answer.body,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Gives the key back: nothing final came of it. (Unless something was committed and the answer failed after it.)
    async fn release(self) {
        if let Err(error) = self.try_release().await {
            tracing::warn!(%error, "idempotency.key_not_released");
        }
    }

    async fn try_release(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin_as(&self.actor).await?;
        sqlx::query!(
            "DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND status IS NULL AND subject IS NULL",
            Uuid::from(self.actor.user_id),
            self.key.name,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

enum Found {
    Claimed,
    Nothing,
    Row { request_hash: Vec<u8>, answer: Option<Answer>, lost: Option<Uuid> },
}
