//! People as rows.

use chrono::{DateTime, Utc};
use domain::access::{Actor, Membership, PlatformRole};
use domain::ids::{OrganisationId, UserId};
use platform::audit::{self, Deed};
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::{Value, json};
use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Result;

/// A person with the hotels they work in, and whether they may sign in.
pub(crate) struct Person {
    pub(crate) actor: Actor,
    pub(crate) is_active: bool,
}

/// Loads a person with their memberships, ordered by hotel name. For the identity role.
pub(crate) async fn load(executor: impl PgExecutor<'_>, user_id: UserId) -> Result<Option<Person>> {
    let row = sqlx::query!(
        r#"SELECT u.organisation_id AS "organisation_id: OrganisationId", u.full_name, u.username, u.is_platform_admin,
                  (SELECT to_jsonb(r) FROM platform_roles r WHERE r.id = u.platform_role_id)
                      AS "platform_role: Json<PlatformRole>", u.is_company_admin, u.is_active,
                  (SELECT coalesce(json_agg(json_build_object('hotel_id', m.hotel_id, 'hotel_name', h.name, 'time_zone', h.time_zone,
                                                              'role', m.role, 'is_subscribed', h.subscription_valid,
                                                              'subscribed_until', h.valid_to)
                                            ORDER BY m.created_at, h.id), '[]')
                   FROM memberships m JOIN hotels h ON h.organisation_id = m.organisation_id AND h.id = m.hotel_id
                   WHERE m.user_id = u.id) AS "memberships!: Json<Vec<Membership>>"
           FROM users u WHERE u.id = $1"#,
        Uuid::from(user_id),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Person {
        actor: Actor {
            user_id,
            organisation_id: row.organisation_id,
            full_name: row.full_name,
            username: row.username,
            is_platform_admin: row.is_platform_admin,
            platform_role: row.platform_role.map(|role| role.0),
            is_company_admin: row.is_company_admin,
            impersonated_by: None,
            memberships: row.memberships.0,
        },
        is_active: row.is_active,
    }))
}

/// Makes what signs a person in or out wait for each other: signing in, refreshing, changing a password, deactivating.
/// So nothing that was issued meanwhile survives an ending. `None` when there is no such active person.
pub(crate) async fn lock_active(transaction: &mut Transaction, user_id: UserId) -> Result<Option<Locked>> {
    let row = sqlx::query_as!(
        Locked,
        r#"SELECT organisation_id AS "organisation_id: OrganisationId", password_hash, full_name, username, email
           FROM users WHERE id = $1 AND is_active FOR NO KEY UPDATE"#,
        Uuid::from(user_id),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row)
}

/// A person whose row is locked until the transaction ends.
pub(crate) struct Locked {
    pub(crate) organisation_id: Option<OrganisationId>,
    pub(crate) password_hash: String,
    pub(crate) full_name: String,
    pub(crate) username: String,
    pub(crate) email: Option<String>,
}

/// Stores another password's hash.
pub(crate) async fn set_password(transaction: &mut Transaction, user_id: UserId, hash: &str) -> Result<()> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE id = $1", Uuid::from(user_id), hash)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Writes what a person did with their own account.
pub(crate) async fn record(
    transaction: &mut Transaction,
    organisation_id: Option<OrganisationId>,
    user_id: UserId,
    action: &'static str,
    subject: Uuid,
    facts: Value,
    at: DateTime<Utc>,
) -> Result<()> {
    let deed = Deed {
        organisation_id,
        hotel_id: None,
        user_id: Some(user_id),
        action,
        subject: Some(subject),
        facts,
    };
    Ok(audit::record(&mut **transaction, deed, at).await?)
}

/// Tells others what happened to a person: ids and `facts`, and never a name or an address.
pub(crate) async fn tell(
    transaction: &mut Transaction,
    organisation_id: Option<OrganisationId>,
    kind: &'static str,
    user_id: UserId,
    mut facts: Value,
    at: DateTime<Utc>,
) -> Result<()> {
    facts["user_id"] = json!(user_id);
    let event = Event { organisation_id, kind, subject: user_id.into(), payload: facts };
    Ok(outbox::publish(&mut **transaction, event, at).await?)
}

/// Tells others that a person may sign in again, or no longer.
pub(crate) async fn tell_status(
    transaction: &mut Transaction,
    organisation_id: Option<OrganisationId>,
    user_id: UserId,
    is_active: bool,
    at: DateTime<Utc>,
) -> Result<()> {
    let status = |is_active| if is_active { "ACTIVE" } else { "SUSPENDED" };
    let facts = json!({ "status": status(is_active), "status_before": status(!is_active) });
    tell(transaction, organisation_id, "user.status.updated", user_id, facts, at).await
}
