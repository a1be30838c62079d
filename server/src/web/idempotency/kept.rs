//! The kept answers (table `idempotency_keys`): one row for each key of a user. The row is written in the transaction of
//! the work itself, so that the answer is kept if and only if the work was done, whatever is killed in between.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::access::Actor;
use http::StatusCode;
use platform::database::{Transaction, Whole};
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use crate::state::AppState;
use crate::web::request_id;

/// How long an answer is given again (DESIGN 2).
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

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

/// What is to become of work.
#[derive(Debug)]
pub enum Verdict {
    /// It is done, and this answer is given again.
    Keep(Answer),
    /// It is done, or was refused for now; the same key may try again.
    Forget,
    /// It failed: whatever it did is taken back.
    Undo,
}

/// What came of a request with a key.
#[derive(Debug)]
pub enum Once<T> {
    /// It was carried out now.
    Done(T),
    /// It was carried out before.
    Answered(Answer),
    /// Somebody is still at it.
    Running,
    /// The key was used with another request.
    OtherRequest,
}

enum Claim {
    Mine(Transaction),
    Answered(Answer),
    Running,
    OtherRequest,
}

/// Does the work once for each key, in a task of its own, to its end even when the client goes away in between: it will
/// ask again with the same key. Waits up to `wait` for an equal request that is at it.
pub async fn once<T: Send + 'static>(
    state: &AppState,
    actor: &Arc<Actor>,
    key: Key,
    wait: Duration,
    work: impl Future<Output = (T, Verdict)> + Send + 'static,
) -> Result<Once<T>, sqlx::Error> {
    let (id, tasks) = (request_id::current(), state.tasks.clone());
    let (state, actor) = (state.clone(), Arc::clone(actor));
    let task = async move {
        let transaction = match claim(&state, &actor, &key, wait).await? {
            Claim::Mine(transaction) => transaction,
            Claim::Answered(answer) => return Ok(Once::Answered(answer)),
            Claim::Running => return Ok(Once::Running),
            Claim::OtherRequest => return Ok(Once::OtherRequest),
        };
        let ((value, verdict), transaction) = Whole::scope(transaction, request_id::scope(id, work)).await;
        match verdict {
            // A failure says itself what it is, and what was done goes with the transaction.
            Verdict::Undo => {}
            // A stream that is still being read has nothing to commit.
            Verdict::Forget => {
                if let Some(mut transaction) = transaction? {
                    forget(&mut transaction, &actor, &key).await?;
                    transaction.commit().await?;
                }
            }
            Verdict::Keep(answer) => {
                let mut transaction = transaction?.ok_or(sqlx::Error::WorkerCrashed)?;
                keep(&mut transaction, &actor, &key, &answer).await?;
                transaction.commit().await?;
            }
        }
        Ok(Once::Done(value))
    };
    match tasks.spawn(task.in_current_span()).await {
        Ok(result) => result,
        // Answered and counted where all panics are.
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is going, and this task with it.
        Err(_) => std::future::pending().await,
    }
}

/// Claims a key in a new transaction, or finds what came of it.
async fn claim(state: &AppState, actor: &Actor, key: &Key, wait: Duration) -> Result<Claim, sqlx::Error> {
    let deadline = Instant::now() + wait;
    loop {
        let now = state.services.clock.now();
        let mut transaction = state.database.begin_as(actor).await?;
        // Whoever is at an equal request holds the lock until its transaction ends, however it ends.
        let claimed = sqlx::query!(
            "INSERT INTO idempotency_keys AS kept (user_id, key, request_hash, created_at)
             SELECT $1::uuid, $2::text, $3::bytea, $4::timestamptz WHERE pg_try_advisory_xact_lock(hashtextextended($1::text || $2, 0))
             ON CONFLICT (user_id, key) DO UPDATE
                 SET request_hash = excluded.request_hash, created_at = excluded.created_at,
                     status = NULL, content_type = NULL, body = NULL
                 WHERE kept.created_at < $5 OR kept.status IS NULL",
            Uuid::from(actor.user_id),
            key.name,
            key.request_hash,
            now,
            now - KEPT_FOR,
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if claimed == 1 {
            return Ok(Claim::Mine(transaction));
        }
        let row = sqlx::query!(
            "SELECT request_hash, status, content_type, body FROM idempotency_keys WHERE user_id = $1 AND key = $2",
            Uuid::from(actor.user_id),
            key.name,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        if let Some(row) = row {
            if row.request_hash != key.request_hash {
                return Ok(Claim::OtherRequest);
            }
            let status = row.status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
            if let Some(status) = status {
                let body = row.body.unwrap_or_default();
                return Ok(Claim::Answered(Answer { status, content_type: row.content_type, body }));
            }
        }
        if Instant::now() >= deadline {
            return Ok(Claim::Running);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn keep(
    transaction: &mut Transaction,
    actor: &Actor,
    key: &Key,
    answer: &Answer,
) -> Result<(), sqlx::Error> {
    let kept = sqlx::query!(
        "UPDATE idempotency_keys SET status = $3, content_type = $4, body = $5 WHERE user_id = $1 AND key = $2",
        Uuid::from(actor.user_id),
        key.name,
        i16::try_from(answer.status.as_u16()).unwrap_or(i16::MAX),
        answer.content_type,
        answer.body,
    )
    .execute(&mut **transaction)
    .await?
    .rows_affected();
    // Without its answer the work must not be done.
    if kept == 1 { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
}

async fn forget(transaction: &mut Transaction, actor: &Actor, key: &Key) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2",
        Uuid::from(actor.user_id),
        key.name,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
