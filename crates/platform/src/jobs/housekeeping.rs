//! Deletes what has expired, an hour at a time.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Job;
use super::cron::{Cron, Schedule};
use super::handlers::{Context, HandlerResult};

/// Rows that one statement deletes, so that none holds its locks for long.
const BATCH: i64 = 10_000;

/// The job that deletes what has expired.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Housekeeping {}

impl Job for Housekeeping {
    const QUEUE: &'static str = "platform.housekeeping";
}

/// Housekeeping once an hour.
pub fn cron() -> Cron {
    Cron::new("housekeeping", Schedule::Every(TimeDelta::hours(1)), |_| Housekeeping {})
}

/// Runs one `DELETE` with a limit as its first parameter until it finds less than that.
macro_rules! delete {
    ($context:expr, $sql:literal, $before:expr) => {
        while sqlx::query!($sql, BATCH, $before).execute($context.database.worker()).await?.rows_affected()
            == BATCH.unsigned_abs()
        {}
    };
}

/// The handler.
pub async fn run(context: Context, _: Housekeeping) -> HandlerResult {
    let now = context.now();
    delete!(
        context,
        "DELETE FROM jobs WHERE id = ANY (ARRAY(
             SELECT id FROM jobs WHERE status = 'done' AND finished_at < $2 LIMIT $1))",
        now - TimeDelta::days(7)
    );
    // DESIGN 2: answers are kept for 24 hours.
    delete!(
        context,
        "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM idempotency_keys WHERE created_at < $2 LIMIT $1))",
        now - TimeDelta::hours(24)
    );
    delete!(
        context,
        "DELETE FROM form_flashes WHERE token_hash = ANY (ARRAY(
             SELECT token_hash FROM form_flashes WHERE expires_at < $2 LIMIT $1))",
        now
    );
    delete!(
        context,
        "DELETE FROM kept_mails WHERE id = ANY (ARRAY(
             SELECT id FROM kept_mails WHERE created_at < $2 LIMIT $1))",
        now - TimeDelta::days(30)
    );
    // An event that some consumer has not read yet stays, however old it is.
    delete!(
        context,
        "DELETE FROM events WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM events
             WHERE occurred_at < $2 AND NOT EXISTS (
                 SELECT FROM event_cursors
                 WHERE (events.transaction, events.position) > (event_cursors.transaction, event_cursors.position))
             LIMIT $1))",
        now - TimeDelta::days(30)
    );
    Ok(())
}
