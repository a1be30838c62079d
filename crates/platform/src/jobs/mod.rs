//! Background jobs on Postgres: rows written in the transaction that causes them, carried out after it.
//!
//! A job is carried out at least once, so handlers are idempotent. A worker takes a job under a lease that it renews;
//! when it dies, another one takes the job over. A job that fails is tried again after a back-off, ten times in all if its
//! kind says nothing else, and is then kept as dead for the admin.
//!
//! * [`enqueue`], [`enqueue_all`]: jobs to be done, in the caller's transaction
//! * [`Handlers`]: what carries out the jobs of each queue
//! * [`Worker`]: carries out jobs until it is told to stop
//! * [`Cron`]: jobs by the clock, once for each tick however many workers there are
//! * [`run_all_due`]: everything that is due, now and in order, for tests and commands
//! * [`admin`]: dead jobs and figures
//! * [`housekeeping`]: deletes what has expired

pub mod admin;
mod cron;
mod handlers;
pub mod housekeeping;
mod queue;
mod run;
#[cfg(test)]
mod tests;
pub(crate) mod wake;
mod worker;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::cron::{Cron, Schedule, Ticker};
pub use self::handlers::{Context, HandlerError, HandlerResult, Handlers};
pub use self::queue::{ATTEMPTS, back_off};
pub use self::run::{Outcome, Ran, run_all_due};
pub use self::worker::Worker;

/// Something to be done later. Its fields are kept as JSON: a release must still read what the one before it wrote.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The name under which its handler is found, such as `mail.send`.
    const QUEUE: &'static str;

    /// How often it is tried before it is dead.
    const ATTEMPTS: u32 = ATTEMPTS;
}

/// When a job is carried out, and whether it may stand for others.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Not before this instant; at once if none.
    pub run_at: Option<DateTime<Utc>>,
    /// Jobs of one queue with the same key are the same work: while one waits, another only renews what it holds and
    /// brings it forward. A job that is already running does not count.
    pub deduplication_key: Option<String>,
}

/// Writes a job in the caller's transaction: it is carried out if and only if that commits. Gives the id of the job
/// that will do the work, which with a deduplication key may be an earlier one.
pub async fn enqueue<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    options: Options,
    now: DateTime<Utc>,
) -> Result<Uuid, sqlx::Error> {
    let payload = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let id: Uuid = crate::ids::new();
    let run_at = options.run_at.unwrap_or(now);
    let Some(key) = options.deduplication_key else {
        // Who enqueues may not read jobs, so nothing is returned.
        sqlx::query!(
            "INSERT INTO jobs (id, queue, payload, run_at, created_at) VALUES ($1, $2, $3, $4, $5)",
            id,
            J::QUEUE,
            payload,
            run_at,
            now,
        )
        .execute(connection)
        .await?;
        return Ok(id);
    };
    let id = sqlx::query_scalar!(
        r#"SELECT enqueue_once($1, $2, $3, $4, $5, $6) AS "id!""#,
        id,
        J::QUEUE,
        payload,
        key,
        run_at,
        now,
    )
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// [`enqueue`] for any number of jobs, each with a deduplication key, in one statement.
pub async fn enqueue_all<J: Job>(
    connection: &mut PgConnection,
    jobs: &[(String, J)],
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = jobs.iter().map(|_| crate::ids::new()).collect();
    let keys: Vec<String> = jobs.iter().map(|(key, _)| key.clone()).collect();
    let payloads = jobs.iter().map(|(_, job)| serde_json::to_value(job)).collect::<Result<Vec<_>, _>>();
    let payloads = payloads.map_err(|error| sqlx::Error::Encode(error.into()))?;
    // In the order of their keys, so that two who enqueue the same at once do not wait for each other in a circle.
    sqlx::query!(
        "SELECT enqueue_once(id, $1, payload, key, $5, $6)
         FROM (SELECT * FROM unnest($2::uuid[], $3::jsonb[], $4::text[]) AS t (id, payload, key) ORDER BY key) AS job",
        J::QUEUE,
        &ids,
        &payloads,
        &keys,
        run_at,
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
