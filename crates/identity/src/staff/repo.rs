//! People and their memberships, inside one organisation.

use chrono::{DateTime, Utc};
use domain::access::{Actor, Permit, Role};
use domain::ids::{HotelId, OrganisationId, UserId};
use domain::staff::{StaffDraft, StaffMember};
use platform::database::Transaction;
use uuid::Uuid;

use crate::{Error, Result};

/// A row of [`StaffMember`].
struct MemberRow {
    id: UserId,
    username: String,
    email: Option<String>,
    full_name: String,
    role: String,
    is_active: bool,
    works_elsewhere: bool,
    last_signed_in_at: Option<DateTime<Utc>>,
}

impl MemberRow {
    fn member(self) -> Result<StaffMember> {
        Ok(StaffMember {
            id: self.id,
            role: role(&self.role)?,
            username: self.username,
            email: self.email,
            full_name: self.full_name,
            is_active: self.is_active,
            works_elsewhere: self.works_elsewhere,
            last_signed_in_at: self.last_signed_in_at.map(|at| at.fixed_offset()),
        })
    }
}

fn role(text: &str) -> Result<Role> {
    text.parse().map_err(|error: domain::problem::UnknownValue| {
        Error::Internal(format!("a membership's role: {error}"))
    })
}

/// Who works in a hotel.
pub(super) async fn list(transaction: &mut Transaction, hotel_id: HotelId) -> Result<Vec<StaffMember>> {
    let rows = sqlx::query_as!(
        MemberRow,
        r#"SELECT u.id AS "id: UserId", u.username, u.email, u.full_name, m.role, u.is_active, u.last_signed_in_at,
                  EXISTS (SELECT FROM memberships o WHERE o.user_id = m.user_id AND o.hotel_id <> m.hotel_id) AS "works_elsewhere!"
           FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE m.hotel_id = $1 ORDER BY u.is_active DESC, u.full_name, u.id"#,
        Uuid::from(hotel_id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter().map(MemberRow::member).collect()
}

/// Somebody in the first of the actor's hotels that they work in, and which one that is.
pub(super) async fn colleague(
    transaction: &mut Transaction,
    actor: &Actor,
    user_id: UserId,
) -> Result<Option<(HotelId, StaffMember)>> {
    let hotels: Vec<Uuid> = actor.memberships.iter().map(|membership| membership.hotel_id.into()).collect();
    let row = sqlx::query!(
        r#"SELECT u.id AS "id: UserId", u.username, u.email, u.full_name, m.role, u.is_active, u.last_signed_in_at,
                  m.hotel_id AS "hotel_id: HotelId",
                  EXISTS (SELECT FROM memberships o WHERE o.user_id = m.user_id AND o.hotel_id <> m.hotel_id) AS "works_elsewhere!"
           FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE u.id = $1 AND m.hotel_id = ANY ($2) ORDER BY array_position($2, m.hotel_id) LIMIT 1"#,
        Uuid::from(user_id),
        &hotels,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let member = MemberRow {
        id: row.id,
        username: row.username,
        email: row.email,
        full_name: row.full_name,
        role: row.role,
        is_active: row.is_active,
        works_elsewhere: row.works_elsewhere,
        last_signed_in_at: row.last_signed_in_at,
    };
    Ok(Some((row.hotel_id, member.member()?)))
}

/// The people of the actor's other hotels who do not work in this one.
pub(super) async fn elsewhere(
    transaction: &mut Transaction,
    actor: &Actor,
    hotel_id: HotelId,
) -> Result<Vec<StaffMember>> {
    let hotels: Vec<Uuid> = actor.memberships.iter().map(|membership| membership.hotel_id.into()).collect();
    let rows = sqlx::query_as!(
        MemberRow,
        r#"SELECT DISTINCT ON (u.full_name, u.id)
                  u.id AS "id: UserId", u.username, u.email, u.full_name, m.role, u.is_active, u.last_signed_in_at,
                  true AS "works_elsewhere!"
           FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE m.hotel_id = ANY ($1) AND u.is_active
             AND NOT EXISTS (SELECT FROM memberships here WHERE here.user_id = u.id AND here.hotel_id = $2)
           ORDER BY u.full_name, u.id"#,
        &hotels,
        Uuid::from(hotel_id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter().map(MemberRow::member).collect()
}

/// Writes a user with a membership.
pub(super) async fn insert<R>(
    transaction: &mut Transaction,
    permit: &Permit<'_, R>,
    id: UserId,
    draft: &StaffDraft,
    password_hash: &str,
    is_active: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let organisation_id = permit.organisation_id();
    sqlx::query!(
        "INSERT INTO users (id, organisation_id, email, username, full_name, password_hash, is_active, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::from(id),
        Uuid::from(organisation_id),
        draft.email,
        draft.username,
        draft.full_name,
        password_hash,
        is_active,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    insert_membership(transaction, organisation_id, permit.hotel_id(), id, draft.role, now).await
}

/// Writes a membership.
pub(crate) async fn insert_membership(
    transaction: &mut Transaction,
    organisation_id: OrganisationId,
    hotel_id: HotelId,
    user_id: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO memberships (organisation_id, hotel_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)",
        Uuid::from(organisation_id),
        Uuid::from(hotel_id),
        Uuid::from(user_id),
        role.as_str(),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Makes changes to an organisation's staff wait for each other.
pub(super) async fn lock_organisation(transaction: &mut Transaction, id: OrganisationId) -> Result<()> {
    sqlx::query!("SELECT id FROM organisations WHERE id = $1 FOR NO KEY UPDATE", Uuid::from(id))
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(())
}

/// A member of staff before a change.
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) highest_role: Role,
    pub(super) is_active: bool,
}

/// Loads and locks a member of staff of a hotel. The lock also makes signing in wait (see `people::lock_active`).
pub(super) async fn lock_member(
    transaction: &mut Transaction,
    hotel_id: HotelId,
    user_id: UserId,
) -> Result<Option<Member>> {
    let user_id = Uuid::from(user_id);
    let row = sqlx::query!(
        "SELECT m.role, u.is_active FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.hotel_id = $1 AND u.id = $2 FOR NO KEY UPDATE OF u, m",
        Uuid::from(hotel_id),
        user_id,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let own = role(&row.role)?;
    let roles = sqlx::query_scalar!("SELECT DISTINCT role FROM memberships WHERE user_id = $1", user_id)
        .fetch_all(&mut **transaction)
        .await?;
    let roles = roles.iter().map(|text| role(text)).collect::<Result<Vec<_>>>()?;
    // Roles are declared from the highest down.
    let highest_role = roles.into_iter().min().unwrap_or(own);
    Ok(Some(Member { role: own, highest_role, is_active: row.is_active }))
}

/// Changes a role, and whether its holder may sign in.
pub(super) async fn change(
    transaction: &mut Transaction,
    hotel_id: HotelId,
    user_id: UserId,
    role: Role,
    is_active: bool,
) -> Result<()> {
    let (hotel_id, user_id) = (Uuid::from(hotel_id), Uuid::from(user_id));
    sqlx::query!(
        "UPDATE memberships SET role = $3 WHERE hotel_id = $1 AND user_id = $2",
        hotel_id,
        user_id,
        role.as_str()
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!("UPDATE users SET is_active = $2 WHERE id = $1", user_id, is_active)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Takes a membership away, unless it is the only one that its holder has.
pub(super) async fn remove_membership(
    transaction: &mut Transaction,
    hotel_id: HotelId,
    user_id: UserId,
) -> Result<bool> {
    let result = sqlx::query!(
        "DELETE FROM memberships m WHERE m.hotel_id = $1 AND m.user_id = $2
         AND EXISTS (SELECT FROM memberships o WHERE o.user_id = m.user_id AND o.hotel_id <> m.hotel_id)",
        Uuid::from(hotel_id),
        Uuid::from(user_id),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Whether anybody is left who may do everything.
pub(super) async fn has_active_owner(transaction: &mut Transaction, id: OrganisationId) -> Result<bool> {
    let has_owner = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM memberships m JOIN users u ON u.id = m.user_id
                          WHERE m.organisation_id = $1 AND m.role = 'owner' AND u.is_active) AS "has_owner!""#,
        Uuid::from(id),
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(has_owner)
}
