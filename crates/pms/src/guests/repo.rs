//! Writing guests.

use chrono::{DateTime, Utc};
use domain::guest::{GuestDraft, phone_digits};
use domain::ids::{GuestId, OrganisationId};
use platform::database::Transaction;
use uuid::Uuid;

use crate::error::one_row;
use crate::{Error, Result};

fn digits(draft: &GuestDraft) -> String {
    draft.phone.as_deref().map(phone_digits).unwrap_or_default()
}

/// Inserts a guest; a known identity number is a problem at the field `gov_id`.
pub(crate) async fn insert(
    transaction: &mut Transaction,
    organisation_id: OrganisationId,
    draft: &GuestDraft,
    now: DateTime<Utc>,
) -> Result<GuestId> {
    let id: GuestId = platform::ids::new();
    sqlx::query!(
        "INSERT INTO guests (organisation_id, id, first_name, last_name, email, phone, phone_digits, gov_id,
                             address, city, state, zip_code, country, note, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        Uuid::from(organisation_id),
        Uuid::from(id),
        draft.first_name,
        draft.last_name,
        draft.email,
        draft.phone,
        digits(draft),
        draft.gov_id,
        draft.address,
        draft.city,
        draft.state,
        draft.zip_code,
        draft.country,
        draft.note,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(id)
}

/// The guest with the draft's identity number, whose contact data are updated where the draft has any; else a new one
/// (spec `reception.md` 3.4). Two desks that book one new person at once get the same guest. Tells whether the guest was known.
pub(crate) async fn reuse_or_insert(
    transaction: &mut Transaction,
    organisation_id: OrganisationId,
    draft: &GuestDraft,
    now: DateTime<Utc>,
) -> Result<(GuestId, bool)> {
    if draft.gov_id.is_none() {
        return Ok((insert(transaction, organisation_id, draft, now).await?, false));
    }
    // A row that this statement itself wrote was never locked or replaced by another.
    let row = sqlx::query!(
        r#"INSERT INTO guests AS g (organisation_id, id, first_name, last_name, email, phone, phone_digits, gov_id,
                                  address, city, state, zip_code, country, note, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT ON CONSTRAINT guests_gov_id_key DO UPDATE SET
             email = coalesce(excluded.email, g.email), phone = coalesce(excluded.phone, g.phone),
             phone_digits = CASE WHEN excluded.phone IS NULL THEN g.phone_digits ELSE excluded.phone_digits END,
             address = coalesce(excluded.address, g.address), city = coalesce(excluded.city, g.city),
             state = coalesce(excluded.state, g.state), zip_code = coalesce(excluded.zip_code, g.zip_code),
             country = coalesce(excluded.country, g.country), note = coalesce(excluded.note, g.note)
         RETURNING g.id, (g.xmax <> 0) AS "was_known!""#,
        Uuid::from(organisation_id),
        platform::ids::new::<Uuid>(),
        draft.first_name,
        draft.last_name,
        draft.email,
        draft.phone,
        digits(draft),
        draft.gov_id,
        draft.address,
        draft.city,
        draft.state,
        draft.zip_code,
        draft.country,
        draft.note,
        now,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok((GuestId(row.id), row.was_known))
}

/// Replaces everything that is known about a guest.
pub(crate) async fn replace(transaction: &mut Transaction, id: GuestId, draft: &GuestDraft) -> Result<()> {
    let result = sqlx::query!(
        "UPDATE guests SET first_name = $2, last_name = $3, email = $4, phone = $5, phone_digits = $6, gov_id = $7,
                           address = $8, city = $9, state = $10, zip_code = $11, country = $12, note = $13
         WHERE id = $1",
        Uuid::from(id),
        draft.first_name,
        draft.last_name,
        draft.email,
        draft.phone,
        digits(draft),
        draft.gov_id,
        draft.address,
        draft.city,
        draft.state,
        draft.zip_code,
        draft.country,
        draft.note,
    )
    .execute(&mut **transaction)
    .await?;
    one_row(&result)
}

/// Updates what the draft knows of a returning guest and keeps the rest, and says whether anything changed. The guest must
/// exist.
pub(crate) async fn update_known(
    transaction: &mut Transaction,
    id: GuestId,
    draft: Option<&GuestDraft>,
) -> Result<bool> {
    let empty = GuestDraft::default();
    let draft = draft.unwrap_or(&empty);
    let is_changed = sqlx::query_scalar!(
        r#"UPDATE guests g SET
             email = coalesce($2, g.email), phone = coalesce($3, g.phone),
             phone_digits = CASE WHEN $3::text IS NULL THEN g.phone_digits ELSE $4 END,
             address = coalesce($5, g.address), city = coalesce($6, g.city), state = coalesce($7, g.state),
             zip_code = coalesce($8, g.zip_code), country = coalesce($9, g.country)
         FROM (SELECT * FROM guests WHERE id = $1 FOR NO KEY UPDATE) AS before
         WHERE g.organisation_id = before.organisation_id AND g.id = before.id
         RETURNING (g.email, g.phone, g.address, g.city, g.state, g.zip_code, g.country) IS DISTINCT FROM
                   (before.email, before.phone, before.address, before.city, before.state, before.zip_code, before.country) AS "is_changed!""#,
        Uuid::from(id),
        draft.email,
        draft.phone,
        digits(draft),
        draft.address,
        draft.city,
        draft.state,
        draft.zip_code,
        draft.country,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    is_changed.ok_or(Error::NotFound)
}
