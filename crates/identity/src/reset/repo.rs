//! The table `password_resets`.

use chrono::{DateTime, Utc};
use domain::ids::{OrganisationId, UserId};
use platform::database::Transaction;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::LINK_LIFETIME;
use crate::Result;

/// Who is sent a link.
pub(super) struct Recipient {
    pub(super) id: UserId,
    pub(super) organisation_id: Option<OrganisationId>,
    pub(super) full_name: String,
}

/// The active user with this address. Locked, so that links asked for at once are counted one after the other.
pub(super) async fn lock_by_email(transaction: &mut Transaction, email: &str) -> Result<Option<Recipient>> {
    let recipient = sqlx::query_as!(
        Recipient,
        r#"SELECT id AS "id: UserId", organisation_id AS "organisation_id: OrganisationId", full_name FROM users WHERE email = $1 AND is_active FOR NO KEY UPDATE"#,
        email,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(recipient)
}

/// How many links were made for a user after an instant.
pub(super) async fn links_since(
    transaction: &mut Transaction,
    user_id: UserId,
    since: DateTime<Utc>,
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM password_resets WHERE user_id = $1 AND created_at > $2"#,
        Uuid::from(user_id),
        since,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(count)
}

/// Ends the links that a user was sent.
pub(crate) async fn end_links(
    transaction: &mut Transaction,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE password_resets SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        Uuid::from(user_id),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Writes a link down.
pub(super) async fn insert(
    transaction: &mut Transaction,
    token_hash: &[u8],
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO password_resets (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        token_hash,
        Uuid::from(user_id),
        now,
        now + LINK_LIFETIME,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Whether a link can still be used, and the organisation that employs the person it was sent to.
pub(super) struct LinkState {
    pub(super) is_used: bool,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) organisation_id: Option<OrganisationId>,
}

/// The state of a link.
pub(super) async fn state(executor: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<LinkState>> {
    let state = sqlx::query_as!(
        LinkState,
        r#"SELECT r.used_at IS NOT NULL AS "is_used!", r.expires_at, u.organisation_id AS "organisation_id: OrganisationId"
           FROM password_resets r JOIN users u ON u.id = r.user_id WHERE r.token_hash = $1"#,
        token_hash,
    )
    .fetch_optional(executor)
    .await?;
    Ok(state)
}

/// Whose link it is.
pub(super) async fn owner(transaction: &mut Transaction, token_hash: &[u8]) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM password_resets WHERE token_hash = $1"#,
        token_hash
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(owner)
}

/// Uses a link up. False when another request was first.
pub(super) async fn spend(
    transaction: &mut Transaction,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let result = sqlx::query!(
        "UPDATE password_resets SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
        token_hash,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(result.rows_affected() == 1)
}
