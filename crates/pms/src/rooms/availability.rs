//! What is free.

use domain::access::{Permit, right};
use domain::ids::RoomTypeId;
use domain::room::{AvailableRoom, Room};
use domain::stay::StayDates;
use uuid::Uuid;

use super::{RoomRecord, total};
use crate::{Pms, Result};

/// What somebody is looking for.
#[derive(Debug, Clone, Copy)]
pub struct Availability {
    /// The nights.
    pub dates: StayDates,
    /// A wanted room type.
    pub room_type_id: Option<RoomTypeId>,
    /// How many people.
    pub party: Option<i16>,
}

impl Pms {
    /// The rooms that are free for all nights, with the price, cheapest first.
    ///
    /// Live stays of a room do not overlap (`stays_room_taken`), so of those that depart after the wanted arrival the
    /// first also arrives first: the room is free exactly if that one arrives on or after the wanted departure. That is
    /// one step down the index `stays_live_by_room` a room, however many stays there are. Closures likewise.
    ///
    /// A stay of the future does not make a room occupied today (DESIGN 5.7).
    pub async fn available(
        &self,
        permit: Permit<'_, right::ViewDesk>,
        wanted: &Availability,
    ) -> Result<Vec<AvailableRoom>> {
        let mut transaction = self.database.begin(&permit).await?;
        let rows = sqlx::query!(
            r#"SELECT r.id, r.number, r.floor, r.room_type_id, t.name AS room_type, t.sleeps,
                      coalesce(r.rate_minor, t.rate_minor) AS "rate_minor!", r.rate_minor IS NOT NULL AS "has_own_rate!",
                      r.condition, h.currency AS "currency: String",
                      EXISTS (SELECT FROM stays s
                              WHERE s.organisation_id = r.organisation_id AND s.room_id = r.id AND s.status = 'checked_in')
                          AS "occupied_now!"
               FROM rooms r
               JOIN room_types t ON t.organisation_id = r.organisation_id AND t.id = r.room_type_id
               JOIN hotels h ON h.organisation_id = r.organisation_id AND h.id = r.hotel_id
               WHERE r.hotel_id = $1
                 AND ($4::uuid IS NULL OR r.room_type_id = $4)
                 AND ($5::smallint IS NULL OR t.sleeps >= $5)
                 AND coalesce((SELECT s.arrival FROM stays s
                               WHERE s.organisation_id = r.organisation_id AND s.room_id = r.id
                                 AND s.status IN ('reserved', 'checked_in') AND s.departure > $2
                               ORDER BY s.departure LIMIT 1) >= $3, true)
                 AND coalesce((SELECT c.starts_on FROM room_closures c
                               WHERE c.organisation_id = r.organisation_id AND c.room_id = r.id AND c.ends_on > $2
                               ORDER BY c.ends_on LIMIT 1) >= $3, true)
               ORDER BY coalesce(r.rate_minor, t.rate_minor), length(r.number), r.number COLLATE "C""#,
            Uuid::from(permit.hotel_id()),
            wanted.dates.arrival(),
            wanted.dates.departure(),
            wanted.room_type_id.map(Uuid::from),
            wanted.party,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        rows.into_iter()
            .map(|row| {
                let room = Room::try_from(RoomRecord {
                    id: row.id,
                    number: row.number,
                    floor: row.floor,
                    room_type_id: row.room_type_id,
                    room_type: row.room_type,
                    sleeps: row.sleeps,
                    rate_minor: row.rate_minor,
                    has_own_rate: row.has_own_rate,
                    condition: row.condition,
                    currency: row.currency,
                })?;
                let total = total(room.rate.minor, wanted.dates.nights(), room.rate.currency);
                Ok(AvailableRoom { room, total, occupied_now: row.occupied_now })
            })
            .collect()
    }
}
