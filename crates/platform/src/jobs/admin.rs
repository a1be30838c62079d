//! What the admin sees of jobs, and may do.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Job;
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

/// A job of a list. What it holds is not shown either.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// The job.
    pub id: Uuid,
    /// Its queue.
    pub queue: String,
    /// `waiting`, `running`, `done` or `dead`.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed, if one did.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it is due.
    pub run_at: DateTime<Utc>,
    /// When it was done or given up.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which jobs are wanted.
#[derive(Debug, Clone, Default)]
pub struct JobQuery {
    /// Only those in this state.
    pub status: Option<String>,
    /// Only those whose queue has this part.
    pub queue: Option<String>,
    /// Only those that are older than this one.
    pub after: Option<Uuid>,
    /// How many at most.
    pub limit: i64,
}

/// Jobs, newest first: their ids sort by the time of their making.
pub async fn find(database: &Database, query: &JobQuery) -> Result<Vec<JobRow>, sqlx::Error> {
    sqlx::query_as!(
        JobRow,
        "SELECT id, queue, status, attempts, last_error, created_at, run_at, finished_at FROM jobs
         WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR position(lower($2) IN queue) > 0)
           AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
        query.status,
        query.queue,
        query.after,
        query.limit,
    )
    .fetch_all(database.worker())
    .await
}

/// One job.
pub async fn job(database: &Database, id: Uuid) -> Result<Option<JobRow>, sqlx::Error> {
    sqlx::query_as!(
        JobRow,
        "SELECT id, queue, status, attempts, last_error, created_at, run_at, finished_at FROM jobs WHERE id = $1",
        id,
    )
    .fetch_optional(database.worker())
    .await
}

/// What is done again and again, and when it was done last, by name.
pub async fn crons(database: &Database) -> Result<Vec<(String, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query!("SELECT name, last_run_at FROM cron_runs ORDER BY name");
    Ok(rows.fetch_all(database.worker()).await?.into_iter().map(|row| (row.name, row.last_run_at)).collect())
}

/// Drops a dead job for good. False if there is no such dead job.
pub async fn discard(database: &Database, id: Uuid) -> Result<bool, sqlx::Error> {
    let dropped = sqlx::query!("DELETE FROM jobs WHERE id = $1 AND status = 'dead'", id);
    Ok(dropped.execute(database.worker()).await?.rows_affected() == 1)
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

/// Deletes dead jobs whose work is enqueued anew, in the caller's transaction: jobs with the same deduplication keys.
pub async fn replace_dead<J: Job>(
    connection: &mut PgConnection,
    jobs: &[(String, J)],
) -> Result<(), sqlx::Error> {
    let keys: Vec<String> = jobs.iter().map(|(key, _)| key.clone()).collect();
    sqlx::query!(
        "DELETE FROM jobs WHERE status = 'dead' AND queue = $1 AND deduplication_key = ANY ($2)",
        J::QUEUE,
        &keys,
    )
    .execute(connection)
    .await?;
    Ok(())
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
