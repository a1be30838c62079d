//! The day at the desk.

use domain::access::{Permit, right};
use domain::booking::{DayList, StayRow, Today};
use domain::stay::StayStatus;
use platform::clock::business_date;
use uuid::Uuid;

use super::record::{StayRecord, select_stays};
use crate::{Error, Pms, Result};

/// How many stays of a long list are read: as far as it is worked through in a day.
const LISTED: i64 = 60;

/// The same of the guests who merely stay on.
const IN_HOUSE: i64 = 24;

/// How many stays of a list are read that is wanted whole.
const WHOLE: i64 = 1000;

impl Pms {
    /// Arrivals, departures, guests in house, and what is late; two queries, whatever the size of the house. Of a long list
    /// the beginning is read, but for the one that is wanted `whole`.
    pub async fn today(&self, permit: Permit<'_, right::ViewDesk>, whole: Option<DayList>) -> Result<Today> {
        let now = self.clock.now();
        let hotel_id = Uuid::from(permit.hotel_id());
        let mut transaction = self.database.begin(&permit).await?;
        let house = sqlx::query!(
            r#"SELECT h.time_zone,
                      (SELECT count(*) FROM rooms r WHERE r.organisation_id = h.organisation_id AND r.hotel_id = h.id) AS "rooms!",
                      (SELECT count(*) FROM room_closures c
                       WHERE c.organisation_id = h.organisation_id AND c.hotel_id = h.id
                         AND c.starts_on <= day.today AND c.ends_on > day.today) AS "out_of_order!",
                      live.arrivals AS "arrivals!", live.departures AS "departures!", live.in_house AS "in_house!",
                      live.stays AS "stays!", live.taken AS "taken!"
               FROM hotels h
               CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE h.time_zone)::date AS today) AS day
               CROSS JOIN LATERAL (
                   SELECT count(*) AS stays,
                          count(*) FILTER (WHERE s.departure > day.today) AS taken,
                          count(*) FILTER (WHERE s.status = 'reserved' AND s.arrival = day.today) AS arrivals,
                          count(*) FILTER (WHERE s.status = 'checked_in' AND s.departure = day.today) AS departures,
                          count(*) FILTER (WHERE s.status = 'checked_in' AND s.departure > day.today) AS in_house
                   FROM stays s
                   WHERE s.organisation_id = h.organisation_id AND s.hotel_id = h.id
                     AND (s.status = 'checked_in' OR (s.status = 'reserved' AND s.arrival <= day.today))) AS live
               WHERE h.id = $1"#,
            hotel_id,
            now,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let date = business_date(&house.time_zone, now);
        let counts = vec![
            (DayList::Late, house.stays - house.arrivals - house.departures - house.in_house),
            (DayList::Arrivals, house.arrivals),
            (DayList::Departures, house.departures),
            (DayList::InHouse, house.in_house),
        ];
        let listed = |list: DayList| if list == DayList::InHouse { IN_HOUSE } else { LISTED };
        let records = if counts.iter().all(|(list, count)| *count <= listed(*list)) {
            select_stays!(
                "AND (s.status = 'checked_in' OR (s.status = 'reserved' AND s.arrival <= $2))
                 ORDER BY length(r.number), r.number COLLATE \"C\", s.arrival",
                hotel_id,
                date,
            )
            .fetch_all(&mut *transaction)
            .await?
        } else {
            select_stays!(
                "AND s.id = ANY (ARRAY(
                     SELECT id FROM (
                         SELECT l.id, l.list, row_number() OVER (PARTITION BY l.list ORDER BY length(l.number), l.number, l.arrival) AS rank
                         FROM (SELECT s.id, s.arrival, r.number COLLATE \"C\" AS number,
                                      CASE WHEN s.status = 'reserved' AND s.arrival = $2 THEN 'arrivals'
                                           WHEN s.status = 'checked_in' AND s.departure = $2 THEN 'departures'
                                           WHEN s.status = 'checked_in' AND s.departure > $2 THEN 'in-house'
                                           ELSE 'late' END AS list
                               FROM stays s
                               LEFT JOIN rooms r ON r.organisation_id = s.organisation_id AND r.id = s.room_id
                               WHERE s.hotel_id = $1
                                 AND (s.status = 'checked_in' OR (s.status = 'reserved' AND s.arrival <= $2))) l) ranked
                     WHERE rank <= CASE WHEN list = $3 THEN $4::bigint WHEN list = 'in-house' THEN $5::bigint ELSE $6::bigint END))
                 ORDER BY length(r.number), r.number COLLATE \"C\", s.arrival",
                hotel_id,
                date,
                whole.map(DayList::as_str),
                WHOLE,
                IN_HOUSE,
                LISTED,
            )
            .fetch_all(&mut *transaction)
            .await?
        };
        transaction.commit().await?;
        let stays = records.into_iter().map(|record| {
            let stay = StayRecord::into_row(record)?;
            Ok((list_of(&stay, date), stay))
        });
        Ok(Today {
            date,
            stays: stays.collect::<Result<_>>()?,
            counts,
            rooms: house.rooms,
            rooms_taken: house.taken,
            rooms_out_of_order: house.out_of_order,
        })
    }
}

/// The list a stay belongs to.
fn list_of(stay: &StayRow, today: chrono::NaiveDate) -> DayList {
    match stay.status {
        StayStatus::CheckedIn if stay.dates.departure() > today => DayList::InHouse,
        StayStatus::CheckedIn if stay.dates.departure() == today => DayList::Departures,
        StayStatus::Reserved if stay.dates.arrival() == today => DayList::Arrivals,
        _ => DayList::Late,
    }
}
