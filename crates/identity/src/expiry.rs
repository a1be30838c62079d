//! Deleting what has expired, once a night.

use chrono::{DateTime, TimeDelta, Utc};
use platform::database::Database;

use crate::Result;
use platform::settings::LONGEST_WINDOW_MINUTES;

/// How long an ended session is kept: it tells from which networks its user was signed in (see `sign_in::limits`).
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);

/// How long an expired link is kept, so that its holder is told that it has expired.
const LINKS_KEPT: TimeDelta = TimeDelta::days(7);

/// Rows that one statement deletes, so that none holds its locks for long.
const BATCH: i64 = 10_000;

/// Runs one `DELETE` with a limit as its first parameter until it finds less than that.
macro_rules! delete {
    ($database:expr, $sql:literal, $before:expr) => {{
        let mut deleted = 0;
        loop {
            let batch = sqlx::query!($sql, BATCH, $before).execute($database.worker()).await?.rows_affected();
            deleted += batch;
            if batch < BATCH.unsigned_abs() {
                break deleted;
            }
        }
    }};
}

/// Deletes sessions, tokens, links and failures that no longer matter. Returns how many rows that were. May be repeated
/// and run anywhere.
pub async fn delete_expired(database: &Database, now: DateTime<Utc>) -> Result<u64> {
    let sessions = delete!(
        database,
        "DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM sessions WHERE expires_at < $2 LIMIT $1))",
        now - SESSIONS_KEPT
    );
    let tokens = delete!(
        database,
        "DELETE FROM refresh_tokens WHERE id = ANY (ARRAY(SELECT id FROM refresh_tokens WHERE expires_at < $2 LIMIT $1))",
        now
    );
    let links = delete!(
        database,
        "DELETE FROM password_resets WHERE token_hash = ANY (ARRAY(
             SELECT token_hash FROM password_resets WHERE expires_at < $2 LIMIT $1))",
        now - LINKS_KEPT
    );
    let failures = delete!(
        database,
        "DELETE FROM sign_in_failures WHERE id = ANY (ARRAY(
             SELECT id FROM sign_in_failures WHERE failed_at < $2 LIMIT $1))",
        now - TimeDelta::minutes(LONGEST_WINDOW_MINUTES)
    );
    Ok(sessions + tokens + links + failures)
}
