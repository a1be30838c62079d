//! Whether a hotel may go on (spec `reception.md` 3.7): it follows what its organisation paid for. What has lapsed can be
//! read; new bookings and reports wait for the payment, and nothing is deleted.

use chrono::{DateTime, Utc};
use domain::access::Permit;
use domain::ids::OrganisationId;
use platform::database::{Database, Transaction};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Facts;
use crate::{Error, Pms, Result};

/// How many hotels lapse in one statement.
const BATCH: i64 = 500;

/// Lets all hotels of an organisation be subscribed until `end`, or without an end, and their open desks know. The end is
/// set and never added to: however often it is said, it is the same. Returns how many hotels changed. For workers.
pub async fn follow(
    connection: &mut PgConnection,
    organisation_id: OrganisationId,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let changed = sqlx::query!(
        "WITH changed AS (
             UPDATE hotels SET valid_to = $2::timestamptz, subscription_valid = coalesce($2 > $3, true)
             WHERE organisation_id = $1
               AND (valid_to IS DISTINCT FROM $2 OR subscription_valid IS DISTINCT FROM coalesce($2 > $3, true))
             RETURNING id
         )
         SELECT pg_notify('keyrack_live', id::text) FROM changed",
        Uuid::from(organisation_id),
        end,
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(changed.len())
}

/// Marks hotels whose time has run out, and lets their open desks know. Whether a booking can be made does not wait for
/// it: that goes by the end itself. Returns how many there were.
pub async fn lapse(database: &Database, now: DateTime<Utc>) -> Result<usize> {
    let mut lapsed = 0;
    loop {
        let batch = sqlx::query!(
            "WITH over AS (
                 UPDATE hotels SET subscription_valid = false
                 WHERE id = ANY (ARRAY(SELECT id FROM hotels WHERE subscription_valid AND valid_to <= $1 ORDER BY valid_to LIMIT $2))
                   AND subscription_valid AND valid_to <= $1
                 RETURNING id
             )
             SELECT pg_notify('keyrack_live', id::text) FROM over",
            now,
            BATCH,
        )
        .fetch_all(database.worker())
        .await?
        .len();
        lapsed += batch;
        if usize::try_from(BATCH).is_ok_and(|limit| batch < limit) {
            return Ok(lapsed);
        }
    }
}

impl Pms {
    /// Refuses what a hotel whose subscription has lapsed cannot do.
    pub(crate) async fn refuse_lapsed<R>(
        &self,
        transaction: &mut Transaction,
        permit: &Permit<'_, R>,
    ) -> Result<()> {
        if Facts::load(transaction, permit, self.clock.now()).await?.is_subscribed {
            Ok(())
        } else {
            Err(Error::SubscriptionLapsed)
        }
    }
}
