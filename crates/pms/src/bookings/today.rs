//! The day at the desk.

use domain::access::{Permit, right};
use domain::booking::{StayRow, Today};
use domain::stay::StayStatus;
use platform::clock::business_date;
use uuid::Uuid;

use super::record::select_stays;
use crate::{Error, Pms, Result};

impl Pms {
    /// Arrivals, departures, guests in house, and what is late; two queries, whatever the size of the house.
    pub async fn today(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Today> {
        let now = self.clock.now();
        let hotel_id = Uuid::from(permit.hotel_id());
        let mut transaction = self.database.begin(&permit).await?;
        let house = sqlx::query!(
            r#"SELECT h.time_zone,
                      (SELECT count(*) FROM rooms r WHERE r.organisation_id = h.organisation_id AND r.hotel_id = h.id) AS "rooms!",
                      (SELECT count(*) FROM room_closures c
                       WHERE c.organisation_id = h.organisation_id AND c.hotel_id = h.id
                         AND c.starts_on <= ($2::timestamptz AT TIME ZONE h.time_zone)::date
                         AND c.ends_on > ($2::timestamptz AT TIME ZONE h.time_zone)::date) AS "out_of_order!"
               FROM hotels h WHERE h.id = $1"#,
            hotel_id,
            now,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let date = business_date(&house.time_zone, now);
        let stays = select_stays!(
            "AND (s.status = 'checked_in' OR (s.status = 'reserved' AND s.arrival <= $2))
             ORDER BY length(r.number), r.number COLLATE \"C\", s.arrival",
            hotel_id,
            date,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let mut today = Today {
            date,
            arrivals: Vec::new(),
            departures: Vec::new(),
            in_house: Vec::new(),
            late: Vec::new(),
            rooms: house.rooms,
            rooms_taken: 0,
            rooms_out_of_order: house.out_of_order,
        };
        for stay in stays {
            let stay = stay.into_row()?;
            today.rooms_taken += i64::from(stay.dates.departure() > date);
            list_for(&mut today, &stay).push(stay);
        }
        Ok(today)
    }
}

/// The list a stay belongs to.
fn list_for<'a>(today: &'a mut Today, stay: &StayRow) -> &'a mut Vec<StayRow> {
    let date = today.date;
    match stay.status {
        StayStatus::CheckedIn if stay.dates.departure() > date => &mut today.in_house,
        StayStatus::CheckedIn if stay.dates.departure() == date => &mut today.departures,
        StayStatus::Reserved if stay.dates.arrival() == date => &mut today.arrivals,
        _ => &mut today.late,
    }
}
