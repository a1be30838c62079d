//! The SQL of the queue: who takes which job, and what becomes of it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::handlers::{HandlerError, Handlers, no_handler};
use crate::database::{Database, violated_constraint};

/// How often a job is tried before it is dead, if its kind says nothing else: for 43 minutes.
pub const ATTEMPTS: u32 = 10;

/// How long a worker holds a job without renewing the lease. The worker of a lease that ran out is taken for dead.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How long a job waits for a process that knows its queue.
const UNKNOWN_FOR: TimeDelta = TimeDelta::days(1);

/// How long a job waits after its `attempt`-th attempt failed: 5 seconds, doubling each time, at most 43 minutes.
pub fn back_off(attempt: u32) -> TimeDelta {
    TimeDelta::seconds(5 << attempt.saturating_sub(1).min(9))
}

/// A job that was taken, and the lease under which it is held.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub id: Uuid,
    pub queue: String,
    pub payload: serde_json::Value,
    pub attempt: u32,
    /// Whoever takes the job over has another one, so nobody finishes what is no longer theirs.
    pub lease: Uuid,
}

/// Takes up to `limit` jobs that are due, or whose worker is dead, longest due first.
pub(super) async fn claim(
    connection: &mut PgConnection,
    queues: &[String],
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let lease: Uuid = crate::ids::new();
    let mut jobs = sqlx::query!(
        r#"WITH lost AS (
               SELECT id, run_at FROM jobs
               WHERE status = 'running' AND locked_until <= $4 AND queue = ANY ($1)
               ORDER BY locked_until LIMIT $2 FOR UPDATE SKIP LOCKED
           ), due AS (
               SELECT id, run_at FROM jobs
               WHERE status = 'waiting' AND run_at <= $4 AND queue = ANY ($1)
               ORDER BY run_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
           ), taken AS (
               SELECT id FROM (SELECT * FROM lost UNION ALL SELECT * FROM due) AS job ORDER BY run_at, id LIMIT $2
           )
           UPDATE jobs SET status = 'running', attempts = attempts + 1, locked_by = $3, locked_until = $5
           FROM taken WHERE jobs.id = taken.id
           RETURNING jobs.id, queue, payload, attempts, run_at"#,
        queues,
        limit,
        lease,
        now,
        now + LEASE,
    )
    .fetch_all(connection)
    .await?;
    jobs.sort_by_key(|job| (job.run_at, job.id));
    let jobs = jobs.into_iter().map(|job| Claimed {
        id: job.id,
        queue: job.queue,
        payload: job.payload,
        attempt: u32::try_from(job.attempts).unwrap_or(u32::MAX),
        lease,
    });
    Ok(jobs.collect())
}

impl Claimed {
    /// Renews the lease. False if somebody else has the job by now.
    pub async fn renew(&self, database: &Database, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let renewed = sqlx::query!(
            "UPDATE jobs SET locked_until = $3 WHERE id = $1 AND locked_by = $2",
            self.id,
            self.lease,
            now + LEASE,
        )
        .execute(database.worker())
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Marks the job as done. False if somebody else has it by now. What it held is deleted: a mail, for one, may hold a
    /// link that lets its holder in.
    pub async fn done(&self, database: &Database, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let done = sqlx::query!(
            "UPDATE jobs SET status = 'done', finished_at = $3, locked_by = NULL, locked_until = NULL, payload = '{}'
             WHERE id = $1 AND locked_by = $2",
            self.id,
            self.lease,
            now,
        )
        .execute(database.worker())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether the job, which is tried `attempts` times, is dead after `error`.
    pub fn dies_of(&self, error: &HandlerError, attempts: u32) -> bool {
        error.is_final || self.attempt >= attempts
    }

    /// Has the job tried again later, or marks it as dead. False if somebody else has it by now.
    pub async fn failed(
        &self,
        database: &Database,
        error: &HandlerError,
        attempts: u32,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let message = error.to_string();
        let failed = if self.dies_of(error, attempts) {
            sqlx::query!(
                "UPDATE jobs SET status = 'dead', finished_at = $3, last_error = $4, locked_by = NULL, locked_until = NULL
                 WHERE id = $1 AND locked_by = $2",
                self.id,
                self.lease,
                now,
                message,
            )
            .execute(database.worker())
            .await?
            .rows_affected()
        } else {
            self.wait_again(database, &message, now + back_off(self.attempt)).await?
        };
        Ok(failed == 1)
    }

    async fn wait_again(
        &self,
        database: &Database,
        message: &str,
        run_at: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let mut keep_key = true;
        loop {
            let result = sqlx::query!(
                "UPDATE jobs SET status = 'waiting', run_at = $3, last_error = $4, locked_by = NULL, locked_until = NULL,
                     deduplication_key = CASE WHEN $5 THEN deduplication_key END
                 WHERE id = $1 AND locked_by = $2",
                self.id,
                self.lease,
                run_at,
                message,
                keep_key,
            )
            .execute(database.worker())
            .await;
            match result {
                // Another job with its key was enqueued while it ran. It goes on without one, so that its failures
                // keep being counted and shown.
                Err(error) if keep_key && is_duplicate(&error) => keep_key = false,
                result => return Ok(result?.rows_affected()),
            }
        }
    }
}

/// Whether a job could not wait because another one with its key does.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    violated_constraint(error) == Some("jobs_deduplicated")
}

/// Gives up jobs that nobody has known how to do for a day, so that the admin sees them.
pub(super) async fn give_up_unknown(
    database: &Database,
    handlers: &Handlers,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let known: Vec<String> = handlers.queues().map(str::to_owned).collect();
    let before = now - UNKNOWN_FOR;
    let jobs = sqlx::query!(
        "SELECT id, queue FROM jobs
         WHERE queue <> ALL ($1)
             AND (status = 'waiting' AND run_at <= $2 OR status = 'running' AND locked_until <= $2)
         LIMIT 1000",
        &known,
        before,
    )
    .fetch_all(database.worker())
    .await?;
    for job in jobs {
        tracing::error!(job_id = %job.id, queue = job.queue, "jobs.unknown_queue");
        sqlx::query!(
            "UPDATE jobs SET status = 'dead', finished_at = $2, last_error = $3, locked_by = NULL, locked_until = NULL
             WHERE id = $1 AND (status = 'waiting' AND run_at <= $4 OR status = 'running' AND locked_until <= $4)",
            job.id,
            now,
            no_handler(&job.queue),
            before,
        )
        .execute(database.worker())
        .await?;
    }
    Ok(())
}
