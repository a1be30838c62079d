//! The self-audit: proof at any time that no room is sold twice, whatever the constraint says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Permit, right};
use domain::booking::SelfAudit;
use domain::ids::HotelId;
use platform::database::Database;
use uuid::Uuid;

use crate::{Pms, Result};

/// A hotel whose desk was open this long ago is checked again.
const DESK_IS_OPEN: TimeDelta = TimeDelta::minutes(10);

/// How long a result that was read is shown again. The audit runs once a minute, and every page shows its result.
const READ_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(5);

/// Results that were read a moment ago, one for each hotel this process shows.
pub(crate) type RecentAudits = Arc<Mutex<HashMap<HotelId, (DateTime<Utc>, Option<SelfAudit>)>>>;

impl Pms {
    /// The newest result of the self-audit, up to five seconds late; none until it first ran for this hotel.
    pub async fn self_audit(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Option<SelfAudit>> {
        let now = self.clock.now();
        let recent = self
            .recent_audits
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&permit.hotel_id())
            .cloned();
        if let Some((read_at, audit)) = recent
            && now - read_at < READ_AGAIN_AFTER
        {
            return Ok(audit);
        }
        let mut transaction = self.database.begin(&permit).await?;
        let audit = sqlx::query_as!(
            SelfAudit,
            "SELECT conflicts, checked_at FROM self_audits WHERE hotel_id = $1",
            Uuid::from(permit.hotel_id()),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let mut recent = self.recent_audits.lock().unwrap_or_else(PoisonError::into_inner);
        recent.insert(permit.hotel_id(), (now, audit.clone()));
        Ok(audit)
    }
}

/// Counts, for every hotel whose desk is open, the live stays that share a room and a night with one before them, and the
/// nights from yesterday on of a room type of which the live stays are more than allowed, or others than were counted when they
/// were sold; keeps the result. Returns how many hotels were checked.
///
/// Sorted by arrival, a stay overlaps a later one exactly if it overlaps the latest departure so far, so one pass over
/// an index finds every conflict.
pub async fn check_hotels(database: &Database, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let result = sqlx::query!(
        "WITH open_desks AS (
             SELECT DISTINCT h.organisation_id, h.id
             FROM sessions s
             JOIN memberships m ON m.user_id = s.user_id
             JOIN hotels h ON h.organisation_id = m.organisation_id AND h.id = m.hotel_id
             WHERE s.last_seen_at > $2
         ), ordered AS (
             SELECT s.organisation_id, s.hotel_id, s.arrival,
                    max(s.departure) OVER (PARTITION BY s.organisation_id, s.room_id ORDER BY s.arrival, s.departure
                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
             FROM open_desks d
             JOIN stays s ON s.organisation_id = d.organisation_id AND s.hotel_id = d.id
             WHERE s.status IN ('reserved', 'checked_in') AND s.room_id IS NOT NULL
         ), slept AS (
             SELECT s.hotel_id, s.room_type_id, s.arrival + nth AS night, count(*) AS stays
             FROM open_desks d
             JOIN stays s ON s.organisation_id = d.organisation_id AND s.hotel_id = d.id
             CROSS JOIN generate_series(0, s.departure - s.arrival - 1) AS nth
             WHERE s.status IN ('reserved', 'checked_in') AND s.departure > $3 AND s.arrival + nth >= $3
             GROUP BY s.hotel_id, s.room_type_id, s.arrival + nth
         ), sold AS (
             SELECT t.hotel_id, n.room_type_id, n.night, n.taken, n.capacity
             FROM open_desks d
             JOIN room_types t ON t.organisation_id = d.organisation_id AND t.hotel_id = d.id
             JOIN room_type_nights n ON n.organisation_id = t.organisation_id AND n.room_type_id = t.id
             WHERE n.night >= $3
         ), wrong_nights AS (
             SELECT hotel_id, count(*) AS nights
             FROM slept FULL JOIN sold USING (hotel_id, room_type_id, night)
             WHERE coalesce(stays, 0) <> coalesce(taken, 0) OR taken > capacity
             GROUP BY hotel_id
         ), counted AS (
             SELECT d.organisation_id, d.id,
                    count(*) FILTER (WHERE o.arrival < o.taken_until)
                    + coalesce((SELECT w.nights FROM wrong_nights w WHERE w.hotel_id = d.id), 0) AS conflicts
             FROM open_desks d
             LEFT JOIN ordered o ON o.organisation_id = d.organisation_id AND o.hotel_id = d.id
             GROUP BY d.organisation_id, d.id
         )
         INSERT INTO self_audits (organisation_id, hotel_id, conflicts, checked_at)
         SELECT organisation_id, id, conflicts, $1 FROM counted
         ON CONFLICT (organisation_id, hotel_id)
             DO UPDATE SET conflicts = excluded.conflicts, checked_at = excluded.checked_at",
        now,
        now - DESK_IS_OPEN,
        (now - TimeDelta::days(1)).date_naive(),
    )
    .execute(database.worker())
    .await?;
    Ok(result.rows_affected())
}
