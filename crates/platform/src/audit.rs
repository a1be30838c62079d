//! Who did what: one row in the transaction of the deed. Rows are never changed (the roles have no right to).

use chrono::{DateTime, Utc};
use domain::access::Permit;
use domain::ids::{HotelId, OrganisationId, UserId};
use sqlx::PgExecutor;
use uuid::Uuid;

/// One deed.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The organisation it happened in, if any.
    pub organisation_id: Option<OrganisationId>,
    /// The hotel it happened in, if any.
    pub hotel_id: Option<HotelId>,
    /// The person; none for machines.
    pub user_id: Option<UserId>,
    /// What was done, such as `stay.checked_in`.
    pub action: &'static str,
    /// The id of what it was done to.
    pub subject: Option<Uuid>,
    /// Facts worth keeping, such as old and new dates. Never a password or a token.
    pub facts: serde_json::Value,
}

impl Deed {
    /// A deed of somebody who proved a permission.
    pub fn of<R>(
        permit: &Permit<'_, R>,
        action: &'static str,
        subject: impl Into<Uuid>,
        facts: serde_json::Value,
    ) -> Self {
        Self {
            organisation_id: Some(permit.organisation_id()),
            hotel_id: Some(permit.hotel_id()),
            user_id: Some(permit.actor().user_id),
            action,
            subject: Some(subject.into()),
            facts,
        }
    }
}

/// Writes the deed, and lets the open desks of its hotel know that something changed.
pub async fn record(executor: impl PgExecutor<'_>, deed: Deed, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH deed AS (
             INSERT INTO audit_log (id, organisation_id, hotel_id, user_id, action, subject, facts, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         )
         SELECT pg_notify('keyrack_live', ($3::uuid)::text) WHERE $3 IS NOT NULL",
        crate::ids::new::<Uuid>(),
        deed.organisation_id.map(Uuid::from),
        deed.hotel_id.map(Uuid::from),
        deed.user_id.map(Uuid::from),
        deed.action,
        deed.subject,
        deed.facts,
        at,
    )
    .fetch_optional(executor)
    .await?;
    Ok(())
}
