//! Rooms out of order.

use chrono::NaiveDate;
use domain::access::{Permit, right};
use domain::ids::{RoomClosureId, RoomId};
use domain::problem::{ProblemCode, Problems, required_text};
use domain::room::{ClosureForm, RoomClosure};
use domain::stay::{StayDates, read_date};
use platform::audit::{self, Deed};
use platform::clock::business_date;
use serde_json::json;
use uuid::Uuid;

use crate::hotel::Facts;
use crate::{Error, Pms, Result};

/// The room, the dates and the reason of a form.
fn read(form: &ClosureForm, today: NaiveDate) -> Result<(RoomId, StayDates, String)> {
    let mut problems = Problems::new();
    let room_id = problems.take("room_id", form.room_id.parse().map_err(|_| ProblemCode::NotOnOffer));
    let starts_on = problems.take("starts_on", read_date(&form.starts_on));
    let ends_on = problems.take("ends_on", read_date(&form.ends_on));
    let reason = problems.take("reason", required_text(&form.reason, 200));
    let dates =
        starts_on.zip(ends_on).and_then(|(from, to)| problems.take("ends_on", StayDates::new(from, to)));
    if dates.is_some_and(|dates| dates.departure() <= today) {
        problems.add("ends_on", ProblemCode::InThePast);
    }
    match (room_id, dates, reason) {
        (Some(room_id), Some(dates), Some(reason)) => {
            problems.or((room_id, dates, reason)).map_err(Error::from)
        }
        _ => Err(problems.into_vec().into()),
    }
}

impl Pms {
    /// Closures that cover today or begin later.
    pub async fn closures(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Vec<RoomClosure>> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, now).await?;
        let closures = sqlx::query_as!(
            RoomClosure,
            r#"SELECT id AS "id: RoomClosureId", room_id AS "room_id: RoomId", starts_on, ends_on, reason
               FROM room_closures WHERE hotel_id = $1 AND ends_on > $2 ORDER BY starts_on, id"#,
            Uuid::from(permit.hotel_id()),
            business_date(&facts.time_zone, now),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(closures)
    }

    /// Takes a room out of order. Stays that are booked there remain and are shown as guests to be moved; new ones are
    /// refused. A period that overlaps another closure of the room is refused with [`Error::RoomOutOfOrder`].
    pub async fn close_room(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        form: &ClosureForm,
    ) -> Result<RoomClosureId> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, now).await?;
        let (room_id, dates, reason) = read(form, business_date(&facts.time_zone, now))?;
        let id: RoomClosureId = platform::ids::new();
        let result = sqlx::query!(
            "INSERT INTO room_closures (organisation_id, id, hotel_id, room_id, starts_on, ends_on, reason, created_by, created_at)
             SELECT $1, $2, $3, r.id, $5, $6, $7, $8, $9 FROM rooms r WHERE r.hotel_id = $3 AND r.id = $4",
            Uuid::from(permit.organisation_id()),
            Uuid::from(id),
            Uuid::from(permit.hotel_id()),
            Uuid::from(room_id),
            dates.arrival(),
            dates.departure(),
            reason,
            Uuid::from(permit.actor().user_id),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        if result.rows_affected() == 0 {
            return Err(Error::at("room_id", ProblemCode::NotOnOffer));
        }
        let facts = json!({ "from": dates.arrival(), "until": dates.departure(), "reason": reason });
        audit::record(&mut *transaction, Deed::of(&permit, "room.closed", room_id, facts), now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Ends a closure.
    pub async fn reopen_room(&self, permit: Permit<'_, right::ManageRooms>, id: RoomClosureId) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        let closure = sqlx::query!(
            "DELETE FROM room_closures WHERE hotel_id = $1 AND id = $2 RETURNING room_id, starts_on, ends_on, reason",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let facts = json!({ "from": closure.starts_on, "until": closure.ends_on, "reason": closure.reason });
        let deed = Deed::of(&permit, "room.reopened", closure.room_id, facts);
        audit::record(&mut *transaction, deed, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}
