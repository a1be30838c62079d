//! What the admin sees of jobs, and may do.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::queue::is_duplicate;
use crate::database::Database;

/// A job that failed for good. What it held is not shown: a mail, for one, may hold a link that lets its holder in.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The job.
    pub id: Uuid,
    /// Its queue.
    pub queue: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub last_error: String,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
}

/// The hundred jobs that died last, newest first.
pub async fn dead_letters(database: &Database) -> Result<Vec<DeadLetter>, sqlx::Error> {
    sqlx::query_as!(
        DeadLetter,
        r#"SELECT id, queue, attempts, coalesce(last_error, '') AS "last_error!", created_at, finished_at AS "died_at!"
           FROM jobs WHERE status = 'dead' ORDER BY finished_at DESC, id DESC LIMIT 100"#
    )
    .fetch_all(database.worker())
    .await
}

/// Has a dead job tried again, with all its attempts. False if there is no such dead job.
pub async fn retry(database: &Database, job_id: Uuid, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let mut keep_key = true;
    loop {
        let result = sqlx::query!(
            "UPDATE jobs SET status = 'waiting', attempts = 0, run_at = $2, finished_at = NULL,
                 deduplication_key = CASE WHEN $3 THEN deduplication_key END
             WHERE id = $1 AND status = 'dead'",
            job_id,
            now,
            keep_key,
        )
        .execute(database.worker())
        .await;
        match result {
            // Another job with its key waits already. Both are done then; handlers are idempotent.
            Err(error) if keep_key && is_duplicate(&error) => keep_key = false,
            result => return Ok(result?.rows_affected() == 1),
        }
    }
}

/// Deletes a dead job. False if there is no such dead job.
pub async fn drop_dead(database: &Database, job_id: Uuid) -> Result<bool, sqlx::Error> {
    let result = sqlx::query!("DELETE FROM jobs WHERE id = $1 AND status = 'dead'", job_id)
        .execute(database.worker())
        .await?;
    Ok(result.rows_affected() == 1)
}

/// How many jobs there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Due, but not begun yet.
    pub due: i64,
    /// Being carried out.
    pub running: i64,
    /// Failed for good.
    pub dead: i64,
}

/// Counts the jobs.
pub async fn figures(database: &Database, now: DateTime<Utc>) -> Result<Figures, sqlx::Error> {
    sqlx::query_as!(
        Figures,
        r#"SELECT (SELECT count(*) FROM jobs WHERE status = 'waiting' AND run_at <= $1) AS "due!",
                  (SELECT count(*) FROM jobs WHERE status = 'running') AS "running!",
                  (SELECT count(*) FROM jobs WHERE status = 'dead') AS "dead!""#,
        now,
    )
    .fetch_one(database.worker())
    .await
}
