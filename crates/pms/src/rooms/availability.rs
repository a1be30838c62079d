//! What is free.

use domain::access::{Permit, right};
use domain::ids::RoomTypeId;
use domain::money::Money;
use domain::room::{AvailableRoom, AvailableType, Room};
use domain::stay::StayDates;
use uuid::Uuid;

use super::{RoomRecord, total};
use crate::hotel::Facts;
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
    /// A room that is free is not offered while so many stays without a room wait for one of its type that all are needed
    /// (`closed_units` leaves out those that are out of order).
    ///
    /// A stay of the future does not make a room occupied today (DESIGN 5.7).
    pub async fn available(
        &self,
        permit: Permit<'_, right::ViewDesk>,
        wanted: &Availability,
    ) -> Result<Vec<AvailableRoom>> {
        let mut transaction = self.database.begin(&permit).await?;
        let rows = sqlx::query!(
            r#"WITH closed AS MATERIALIZED (SELECT * FROM closed_units($1, $2, $3)), open_types AS MATERIALIZED (
                   SELECT t.organisation_id, t.id, t.name, t.sleeps, t.rate_minor
                   FROM room_types t
                   WHERE t.hotel_id = $1
                     AND ($4::uuid IS NULL OR t.id = $4)
                     AND ($5::smallint IS NULL OR t.sleeps >= $5)
                     AND NOT EXISTS (SELECT FROM room_type_nights n
                                     LEFT JOIN closed c ON c.room_type_id = n.room_type_id AND c.night = n.night
                                     WHERE n.organisation_id = t.organisation_id AND n.room_type_id = t.id
                                       AND n.night >= $2 AND n.night < $3 AND n.taken + coalesce(c.units, 0) >= n.capacity))
               SELECT r.id, r.number, r.floor, r.room_type_id, t.name AS room_type, t.sleeps,
                      coalesce(r.rate_minor, t.rate_minor) AS "rate_minor!", r.rate_minor IS NOT NULL AS "has_own_rate!",
                      r.condition, h.currency AS "currency: String",
                      EXISTS (SELECT FROM stays s
                              WHERE s.organisation_id = r.organisation_id AND s.room_id = r.id AND s.status = 'checked_in')
                          AS "occupied_now!"
               FROM rooms r
               JOIN open_types t ON t.organisation_id = r.organisation_id AND t.id = r.room_type_id
               JOIN hotels h ON h.organisation_id = r.organisation_id AND h.id = r.hotel_id
               WHERE r.hotel_id = $1
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
        transaction.end_of_reading();
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

    /// The room types of which a stay can be booked for all nights without choosing the room now, cheapest first. A room
    /// that is out of order for a night is not counted on that night.
    pub async fn available_types(
        &self,
        permit: Permit<'_, right::ViewDesk>,
        wanted: &Availability,
    ) -> Result<Vec<AvailableType>> {
        let mut transaction = self.database.begin(&permit).await?;
        let rows = sqlx::query!(
            r#"WITH closed AS MATERIALIZED (SELECT * FROM closed_units($1, $2, $3))
               SELECT * FROM (
                   SELECT t.id, t.name, t.sleeps, t.rate_minor, h.currency AS "currency: String",
                          (SELECT min(coalesce(n.capacity - n.taken, t.units + t.overbooking) - coalesce(c.units, 0))
                           FROM generate_series($2, $3 - 1, interval '1 day') AS day
                           LEFT JOIN room_type_nights n
                               ON n.organisation_id = t.organisation_id AND n.room_type_id = t.id AND n.night = day::date
                           LEFT JOIN closed c ON c.room_type_id = t.id AND c.night = day::date)::int AS "units_left!"
                   FROM room_types t
                   JOIN hotels h ON h.organisation_id = t.organisation_id AND h.id = t.hotel_id
                   WHERE t.hotel_id = $1
                     AND ($4::uuid IS NULL OR t.id = $4)
                     AND ($5::smallint IS NULL OR t.sleeps >= $5)) AS types
               WHERE "units_left!" > 0
               ORDER BY rate_minor, name"#,
            Uuid::from(permit.hotel_id()),
            wanted.dates.arrival(),
            wanted.dates.departure(),
            wanted.room_type_id.map(Uuid::from),
            wanted.party,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        rows.into_iter()
            .map(|row| {
                let rate = Money::new(row.rate_minor, Facts::currency(&row.currency)?);
                Ok(AvailableType {
                    room_type_id: RoomTypeId(row.id),
                    name: row.name,
                    sleeps: row.sleeps,
                    units_left: row.units_left,
                    rate,
                    total: total(rate.minor, wanted.dates.nights(), rate.currency),
                })
            })
            .collect()
    }
}
