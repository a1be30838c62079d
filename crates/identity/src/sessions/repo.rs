//! The table `sessions`.
//!
//! A session that was signed out or ran out stays as a row for a while (see [`crate::expiry`]): it tells from which
//! networks its user was signed in. One that was ended as unwanted is deleted.

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Actor, Membership, PlatformRole};
use domain::ids::{HotelId, OrganisationId, SessionId, UserId};
use domain::staff::SessionRow;
use platform::database::Transaction;
use platform::secret::Token;
use sqlx::types::Json;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::IDLE;
use crate::sign_in::Client;
use crate::{Error, Result};

/// Longer than what browsers say about themselves.
const LONGEST_USER_AGENT: usize = 300;

/// A session as found by its token.
pub(super) struct Found {
    pub(super) id: SessionId,
    pub(super) actor: Actor,
    pub(super) hotel_id: Option<HotelId>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_seen_at: DateTime<Utc>,
}

/// Session, user and memberships in one statement. Whose session it is may act as somebody else, as long as they run the
/// platform and the other one may sign in.
pub(super) async fn find(
    executor: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Found>> {
    let row = sqlx::query!(
        r#"SELECT s.id AS "id: SessionId", s.hotel_id AS "hotel_id: HotelId", s.created_at, s.last_seen_at,
                  u.id AS "user_id: UserId", u.organisation_id AS "organisation_id: OrganisationId",
                  u.full_name, u.username, u.is_platform_admin,
                  (SELECT to_jsonb(r) FROM platform_roles r WHERE r.id = u.platform_role_id)
                      AS "platform_role: Json<PlatformRole>", u.is_company_admin,
                  CASE WHEN other.id IS NOT NULL THEN s.user_id END AS "impersonated_by: UserId",
                  (SELECT coalesce(json_agg(json_build_object('hotel_id', m.hotel_id, 'hotel_name', h.name, 'time_zone', h.time_zone,
                                                              'role', m.role, 'is_subscribed', h.subscription_valid,
                                                              'subscribed_until', h.valid_to)
                                            ORDER BY m.created_at, h.id), '[]')
                   FROM memberships m JOIN hotels h ON h.organisation_id = m.organisation_id AND h.id = m.hotel_id
                   WHERE m.user_id = u.id) AS "memberships!: Json<Vec<Membership>>"
           FROM sessions s JOIN users own ON own.id = s.user_id
                LEFT JOIN users other ON other.id = s.acting_as AND s.acting_until > $2 AND other.is_active
                                         AND own.is_platform_admin AND NOT other.is_platform_admin
                JOIN users u ON u.id = coalesce(other.id, own.id)
           WHERE s.token_hash = $1 AND s.expires_at > $2 AND own.is_active"#,
        token_hash,
        now,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Found {
        id: row.id,
        actor: Actor {
            user_id: row.user_id,
            organisation_id: row.organisation_id,
            full_name: row.full_name,
            username: row.username,
            is_platform_admin: row.is_platform_admin,
            platform_role: row.platform_role.map(|role| role.0),
            is_company_admin: row.is_company_admin,
            impersonated_by: row.impersonated_by,
            memberships: row.memberships.0,
        },
        hotel_id: row.hotel_id,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    }))
}

/// Notes that a session is in use, and lets it last until `until`. Of several pages that load at once one does it, and
/// the others do not wait.
pub(super) async fn touch(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    now: DateTime<Utc>,
    every: TimeDelta,
    until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET last_seen_at = $2, expires_at = $3
         WHERE id = (SELECT id FROM sessions WHERE id = $1 AND last_seen_at <= $4 AND expires_at > $2
                     FOR NO KEY UPDATE SKIP LOCKED)",
        Uuid::from(id),
        now,
        until,
        now - every,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Opens a session.
pub(crate) async fn insert(
    transaction: &mut Transaction,
    actor: &Actor,
    token: &Token,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<SessionId> {
    let id: SessionId = platform::ids::new();
    let user_agent: String =
        client.user_agent.chars().filter(|c| !c.is_control()).take(LONGEST_USER_AGENT).collect();
    sqlx::query!(
        "INSERT INTO sessions (id, token_hash, user_id, user_agent, address, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)",
        Uuid::from(id),
        token.hash,
        Uuid::from(actor.user_id),
        user_agent,
        client.address.to_canonical().to_string(),
        now,
        now + IDLE,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(id)
}

/// Ends a session that is open, and says whose it was.
pub(super) async fn expire(
    transaction: &mut Transaction,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<(UserId, Option<OrganisationId>)>> {
    let row = sqlx::query!(
        r#"UPDATE sessions s SET expires_at = $2 FROM users u
           WHERE s.id = $1 AND s.expires_at > $2 AND u.id = s.user_id
           RETURNING u.id AS "user_id: UserId", u.organisation_id AS "organisation_id: OrganisationId""#,
        Uuid::from(id),
        now,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(|row| (row.user_id, row.organisation_id)))
}

/// Has a session of `user_id` act as somebody until then, or as themselves again.
pub(crate) async fn act_as(
    transaction: &mut Transaction,
    id: SessionId,
    user_id: UserId,
    acting: Option<(UserId, DateTime<Utc>)>,
) -> Result<()> {
    let (person, until) = acting.unzip();
    let result = sqlx::query!(
        "UPDATE sessions SET acting_as = $3, acting_until = $4, hotel_id = NULL WHERE id = $1 AND user_id = $2",
        Uuid::from(id),
        Uuid::from(user_id),
        person.map(Uuid::from),
        until,
    )
    .execute(&mut **transaction)
    .await?;
    if result.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Uses another hotel in a session of this user.
pub(super) async fn choose_hotel(
    pool: &PgPool,
    user_id: UserId,
    id: SessionId,
    hotel_id: HotelId,
    now: DateTime<Utc>,
) -> Result<()> {
    let (id, user_id, hotel_id) = (Uuid::from(id), Uuid::from(user_id), Uuid::from(hotel_id));
    let result = sqlx::query!(
        "UPDATE sessions SET hotel_id = $3 WHERE id = $1 AND CASE WHEN acting_until > $4 THEN acting_as ELSE user_id END = $2",
        id,
        user_id,
        hotel_id,
        now,
    )
    .execute(pool)
    .await?;
    if result.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// The open sessions of a user, last used first.
pub(super) async fn list(
    pool: &PgPool,
    user_id: UserId,
    current: SessionId,
    now: DateTime<Utc>,
) -> Result<Vec<SessionRow>> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"SELECT id AS "id: SessionId", user_agent, address, created_at, last_seen_at, id = $2 AS "is_current!"
           FROM sessions WHERE user_id = $1 AND expires_at > $3 ORDER BY last_seen_at DESC, id DESC"#,
        Uuid::from(user_id),
        Uuid::from(current),
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// Deletes an open session of a user.
pub(super) async fn delete(
    transaction: &mut Transaction,
    user_id: UserId,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<()> {
    let (id, user_id) = (Uuid::from(id), Uuid::from(user_id));
    let result = sqlx::query!(
        "DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3",
        id,
        user_id,
        now
    )
    .execute(&mut **transaction)
    .await?;
    if result.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Counts the open sessions that were used since then.
pub(super) async fn count_used_since(
    executor: impl PgExecutor<'_>,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM sessions WHERE expires_at > $2 AND last_seen_at > $1"#,
        since,
        now,
    )
    .fetch_one(executor)
    .await?;
    Ok(count)
}

/// Deletes a user's sessions but one, and counts those that were open.
pub(super) async fn delete_others(
    transaction: &mut Transaction,
    user_id: UserId,
    except: SessionId,
    now: DateTime<Utc>,
) -> Result<i64> {
    let ended = sqlx::query_scalar!(
        r#"WITH ended AS (DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING expires_at)
           SELECT count(*) AS "count!" FROM ended WHERE expires_at > $3"#,
        Uuid::from(user_id),
        Uuid::from(except),
        now,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(ended)
}
