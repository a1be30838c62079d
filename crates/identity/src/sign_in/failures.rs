//! The table `sign_in_failures`.

use chrono::{DateTime, Utc};
use platform::database::Transaction;
use sqlx::PgExecutor;

use super::limits::{Attempt, Limits};
use crate::Result;

/// What counts against an attempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// The oldest of the `per_account` failures that fill the login's limit in its network.
    pub(super) own_since: Option<DateTime<Utc>>,
    /// The oldest of the `per_address` failures that fill the address's limit.
    pub(super) address_since: Option<DateTime<Utc>>,
    /// Failures of the login from anywhere within the window.
    pub(super) login_failures: i64,
    /// The latest of them.
    pub(super) login_latest: Option<DateTime<Utc>>,
}

/// Counts what is within the window.
pub(super) async fn tally(
    executor: impl PgExecutor<'_>,
    limits: &Limits,
    attempt: &Attempt,
    now: DateTime<Utc>,
) -> Result<Tally> {
    let tally = sqlx::query_as!(
        Tally,
        r#"SELECT (SELECT failed_at FROM sign_in_failures WHERE subject = $1 AND failed_at > $4
                   ORDER BY failed_at DESC OFFSET $5::bigint - 1 LIMIT 1) AS own_since,
                  (SELECT failed_at FROM sign_in_failures WHERE subject = $2 AND failed_at > $4
                   ORDER BY failed_at DESC OFFSET $6::bigint - 1 LIMIT 1) AS address_since,
                  (SELECT count(*) FROM sign_in_failures WHERE subject = $3 AND failed_at > $4) AS "login_failures!",
                  (SELECT max(failed_at) FROM sign_in_failures WHERE subject = $3 AND failed_at > $4) AS login_latest"#,
        attempt.own.as_deref(),
        attempt.address.as_deref(),
        attempt.login.as_deref(),
        now - limits.window,
        limits.per_account,
        limits.per_address,
    )
    .fetch_one(executor)
    .await?;
    Ok(tally)
}

/// Makes attempts that are counted together wait for each other until the transaction ends.
pub(super) async fn lock(transaction: &mut Transaction, attempt: &Attempt) -> Result<()> {
    let mut keys: Vec<i64> = attempt.subjects().iter().map(|subject| lock_key(subject)).collect();
    // In one order for all, so that no two wait for each other.
    keys.sort_unstable();
    sqlx::query!("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", &keys)
        .fetch_all(&mut **transaction)
        .await?;
    Ok(())
}

fn lock_key(subject: &[u8]) -> i64 {
    subject.iter().take(8).fold(0, |key, byte| key << 8 | i64::from(*byte))
}

/// Writes a failure down.
pub(super) async fn add(transaction: &mut Transaction, attempt: &Attempt, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_failures (subject, failed_at) SELECT subject, $2 FROM unnest($1::bytea[]) AS subject",
        &attempt.subjects(),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Forgets all failures that are counted under `subjects`.
pub(crate) async fn forget(transaction: &mut Transaction, subjects: &[Vec<u8>]) -> Result<()> {
    sqlx::query!("DELETE FROM sign_in_failures WHERE subject = ANY ($1)", subjects)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
