//! The table `refresh_tokens`.

use chrono::{DateTime, Utc};
use domain::access::{Actor, Membership, PlatformRole};
use domain::ids::{OrganisationId, UserId};
use platform::database::Transaction;
use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::REFRESH_LIFETIME;
use super::access::Bearer;
use crate::Result;
use crate::people::Person;

/// Whose a refresh token is.
pub(super) struct Owner {
    pub(super) family_id: Uuid,
    pub(super) user_id: UserId,
    pub(super) organisation_id: Option<OrganisationId>,
}

/// Finds a token's owner and makes whatever else issues or ends access of theirs wait: a successor that is being written
/// must not escape the end of its family.
pub(super) async fn lock_owner(transaction: &mut Transaction, token_hash: &[u8]) -> Result<Option<Owner>> {
    let owner = sqlx::query_as!(
        Owner,
        r#"SELECT t.family_id, t.user_id AS "user_id: UserId", u.organisation_id AS "organisation_id: OrganisationId"
           FROM refresh_tokens t JOIN users u ON u.id = t.user_id
           WHERE t.token_hash = $1 FOR NO KEY UPDATE OF u"#,
        token_hash,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(owner)
}

/// Uses a token up. False when it was used, revoked or has expired.
pub(super) async fn spend(
    transaction: &mut Transaction,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let result = sqlx::query!(
        "UPDATE refresh_tokens SET used_at = $2
         WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2",
        token_hash,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Why a token cannot be used; neither means that it has expired.
pub(super) struct State {
    pub(super) is_used: bool,
    pub(super) is_revoked: bool,
}

/// The state of a token that is there.
pub(super) async fn state(transaction: &mut Transaction, token_hash: &[u8]) -> Result<State> {
    let state = sqlx::query_as!(
        State,
        r#"SELECT used_at IS NOT NULL AS "is_used!", revoked_at IS NOT NULL AS "is_revoked!"
           FROM refresh_tokens WHERE token_hash = $1"#,
        token_hash,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(state)
}

/// Ends a family. False when it had ended.
pub(super) async fn revoke_family(
    transaction: &mut Transaction,
    family_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let result = sqlx::query!(
        "UPDATE refresh_tokens SET revoked_at = $2 WHERE family_id = $1 AND revoked_at IS NULL",
        family_id,
        now
    )
    .execute(&mut **transaction)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Writes the next token of a family.
pub(super) async fn insert(
    transaction: &mut Transaction,
    family_id: Uuid,
    user_id: UserId,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    insert_until(transaction, family_id, user_id, token_hash, now, now + REFRESH_LIFETIME).await
}

/// Writes a token of a family that can be used until `expires_at`.
pub(crate) async fn insert_until(
    transaction: &mut Transaction,
    family_id: Uuid,
    user_id: UserId,
    token_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (id, family_id, user_id, token_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        platform::ids::new::<Uuid>(),
        family_id,
        Uuid::from(user_id),
        token_hash,
        now,
        expires_at,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The person a bearer token names.
pub(super) struct BearerFound {
    pub(super) person: Person,
    pub(super) family_lives: bool,
}

/// User, memberships and the state of the family in one statement.
pub(super) async fn bearer(executor: impl PgExecutor<'_>, bearer: &Bearer) -> Result<Option<BearerFound>> {
    let row = sqlx::query!(
        r#"SELECT u.organisation_id AS "organisation_id: OrganisationId", u.full_name, u.username, u.is_platform_admin,
                  (SELECT to_jsonb(r) FROM platform_roles r WHERE r.id = u.platform_role_id)
                      AS "platform_role: Json<PlatformRole>", u.is_company_admin, u.is_active,
                  (SELECT coalesce(json_agg(json_build_object('hotel_id', m.hotel_id, 'hotel_name', h.name, 'time_zone', h.time_zone,
                                                              'role', m.role, 'is_subscribed', h.subscription_valid,
                                                              'subscribed_until', h.valid_to)
                                            ORDER BY m.created_at, h.id), '[]')
                   FROM memberships m JOIN hotels h ON h.organisation_id = m.organisation_id AND h.id = m.hotel_id
                   WHERE m.user_id = u.id) AS "memberships!: Json<Vec<Membership>>",
                  EXISTS (SELECT FROM refresh_tokens t
                          WHERE t.family_id = $2 AND t.user_id = u.id AND t.used_at IS NULL AND t.revoked_at IS NULL)
                      AND ($3::uuid IS NULL OR EXISTS (SELECT FROM users a WHERE a.id = $3 AND a.is_active AND a.is_platform_admin))
                      AS "family_lives!"
           FROM users u WHERE u.id = $1"#,
        Uuid::from(bearer.user_id),
        bearer.family_id,
        bearer.impersonated_by.map(Uuid::from),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| BearerFound {
        person: Person {
            actor: Actor {
                user_id: bearer.user_id,
                organisation_id: row.organisation_id,
                full_name: row.full_name,
                username: row.username,
                is_platform_admin: row.is_platform_admin,
                platform_role: row.platform_role.map(|role| role.0),
                is_company_admin: row.is_company_admin,
                impersonated_by: bearer.impersonated_by,
                memberships: row.memberships.0,
            },
            is_active: row.is_active,
        },
        family_lives: row.family_lives,
    }))
}
