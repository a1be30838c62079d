//! The day at the desk.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::access::{Permit, right};
use domain::booking::{DayList, StayRow, Today};
use domain::stay::StayStatus;
use platform::clock::business_date;
use platform::database::Transaction;
use uuid::Uuid;

use super::record::{StayRecord, select_stays};
use crate::{Error, Pms, Result};

/// How many stays of a long list are read: as far as it is worked through in a day.
const LISTED: i64 = 60;

/// The same of the guests who merely stay on.
const IN_HOUSE: i64 = 24;

/// How many stays of a list are read that is wanted whole.
const WHOLE: i64 = 1000;

/// A day that is read as it is, without asking first how long its lists are.
const SHORT: i64 = 100;

impl Pms {
    /// Arrivals, departures, guests in house, and what is late; two or three queries, whatever the size of the house. Of a
    /// long list the beginning is read, but for the one that is wanted `whole`.
    pub async fn today(&self, permit: Permit<'_, right::ViewDesk>, whole: Option<DayList>) -> Result<Today> {
        let hotel_id = Uuid::from(permit.hotel_id());
        // Not by Postgres, to which `CET` is a zone without summer time, and which may know fewer zones than we do.
        let date = business_date(permit.time_zone(), self.clock.now());
        let mut transaction = self.database.begin(&permit).await?;
        let house = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM rooms r WHERE r.organisation_id = h.organisation_id AND r.hotel_id = h.id) AS "rooms!",
                      (SELECT count(*) FROM room_closures c
                       WHERE c.organisation_id = h.organisation_id AND c.hotel_id = h.id
                         AND c.starts_on <= $2 AND c.ends_on > $2) AS "out_of_order!"
               FROM hotels h WHERE h.id = $1"#,
            hotel_id,
            date,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let short =
            if house.rooms < SHORT { short_day(&mut transaction, hotel_id, date).await? } else { None };
        let (stays, counts, rooms_taken) = match short {
            Some(stays) => {
                let counts = DayList::ALL
                    .iter()
                    .map(|list| (*list, count(stays.iter().filter(|(of, _)| of == list))))
                    .collect();
                let taken = count(stays.iter().filter(|(_, stay)| stay.dates.departure() > date));
                (beginnings(stays, whole), counts, taken)
            }
            None => long_day(&mut transaction, hotel_id, date, whole).await?,
        };
        transaction.end_of_reading();
        Ok(Today {
            date,
            stays,
            counts,
            rooms: house.rooms,
            rooms_taken,
            rooms_out_of_order: house.out_of_order,
        })
    }
}

/// Every stay of the day, unless there are many.
async fn short_day(
    transaction: &mut Transaction,
    hotel_id: Uuid,
    date: NaiveDate,
) -> Result<Option<Vec<(DayList, StayRow)>>> {
    let records = select_stays!(
        "AND (s.status = 'checked_in' OR (s.status = 'reserved' AND s.arrival <= $2))
         ORDER BY length(r.number), r.number COLLATE \"C\", s.arrival
         LIMIT $3",
        hotel_id,
        date,
        SHORT + 1,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let is_short = count(records.iter()) <= SHORT;
    is_short.then(|| listed(records, date)).transpose()
}

/// How long the lists of a day are, how many rooms are taken, and of each list the beginning.
async fn long_day(
    transaction: &mut Transaction,
    hotel_id: Uuid,
    date: NaiveDate,
    whole: Option<DayList>,
) -> Result<(Vec<(DayList, StayRow)>, Vec<(DayList, i64)>, i64)> {
    let live = sqlx::query!(
        r#"SELECT count(*) AS "stays!",
                  count(*) FILTER (WHERE departure > $2) AS "taken!",
                  count(*) FILTER (WHERE status = 'reserved' AND arrival = $2) AS "arrivals!",
                  count(*) FILTER (WHERE status = 'checked_in' AND departure = $2) AS "departures!",
                  count(*) FILTER (WHERE status = 'checked_in' AND departure > $2) AS "in_house!"
           FROM stays
           WHERE hotel_id = $1 AND (status = 'checked_in' OR (status = 'reserved' AND arrival <= $2))"#,
        hotel_id,
        date,
    )
    .fetch_one(&mut **transaction)
    .await?;
    let records = select_stays!(
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
    .fetch_all(&mut **transaction)
    .await?;
    let counts = vec![
        (DayList::Late, live.stays - live.arrivals - live.departures - live.in_house),
        (DayList::Arrivals, live.arrivals),
        (DayList::Departures, live.departures),
        (DayList::InHouse, live.in_house),
    ];
    Ok((listed(records, date)?, counts, live.taken))
}

fn listed(records: Vec<StayRecord>, date: NaiveDate) -> Result<Vec<(DayList, StayRow)>> {
    let stays = records.into_iter().map(|record| {
        let stay = StayRecord::into_row(record)?;
        Ok((list_of(&stay, date), stay))
    });
    stays.collect()
}

fn count(items: impl Iterator) -> i64 {
    items.fold(0, |count, _| count + 1)
}

/// Of each list as much as is read of it, as [`long_day`] reads it.
fn beginnings(mut stays: Vec<(DayList, StayRow)>, whole: Option<DayList>) -> Vec<(DayList, StayRow)> {
    let mut read = HashMap::new();
    stays.retain(|(list, _)| {
        let most = match list {
            list if Some(*list) == whole => WHOLE,
            DayList::InHouse => IN_HOUSE,
            _ => LISTED,
        };
        let read = read.entry(*list).or_insert(0);
        *read += 1;
        *read <= most
    });
    stays
}

/// The list a stay belongs to.
fn list_of(stay: &StayRow, today: NaiveDate) -> DayList {
    match stay.status {
        StayStatus::CheckedIn if stay.dates.departure() > today => DayList::InHouse,
        StayStatus::CheckedIn if stay.dates.departure() == today => DayList::Departures,
        StayStatus::Reserved if stay.dates.arrival() == today => DayList::Arrivals,
        _ => DayList::Late,
    }
}
