//! The board: every room, who is in it, who is coming, and what it needs.

use std::collections::HashMap;

use domain::access::{Permit, right};
use domain::guest::GuestForm;
use domain::ids::{RoomClosureId, RoomId, StayId};
use domain::room::{BoardRoom, BoardStay, Room, RoomClosure};
use platform::clock::business_date;
use uuid::Uuid;

use super::select_rooms;
use crate::hotel::Facts;
use crate::{Pms, Result};

impl Pms {
    /// All rooms as they are now, in the order of their numbers.
    pub async fn board(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Vec<BoardRoom>> {
        let now = self.clock.now();
        let hotel_id = Uuid::from(permit.hotel_id());
        let mut transaction = self.database.begin(&permit).await?;
        let today = business_date(&Facts::load(&mut transaction, &permit, now).await?.time_zone, now);
        let rooms = select_rooms!("ORDER BY length(r.number), r.number COLLATE \"C\"", hotel_id)
            .fetch_all(&mut *transaction)
            .await?;
        let stays = sqlx::query!(
            "SELECT s.id, s.room_id AS \"room_id!\", s.status, s.departure, b.reference, g.first_name, g.last_name
             FROM stays s
             JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
             JOIN guests g ON g.organisation_id = s.organisation_id AND g.id = s.guest_id
             WHERE s.hotel_id = $1 AND s.room_id IS NOT NULL
               AND (s.status = 'checked_in' OR (s.status = 'reserved' AND s.arrival <= $2 AND s.departure > $2))
             -- Where several guests wait for one room, the one who came first is shown.
             ORDER BY s.arrival DESC",
            hotel_id,
            today,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let closures = sqlx::query_as!(
            RoomClosure,
            r#"SELECT id AS "id: RoomClosureId", room_id AS "room_id: RoomId", starts_on, ends_on, reason
               FROM room_closures WHERE hotel_id = $1 AND starts_on <= $2 AND ends_on > $2"#,
            hotel_id,
            today,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();

        let mut closures: HashMap<RoomId, RoomClosure> =
            closures.into_iter().map(|closure| (closure.room_id, closure)).collect();
        let (mut in_house, mut arriving) = (HashMap::new(), HashMap::new());
        for row in stays {
            let name =
                GuestForm { first_name: row.first_name, last_name: row.last_name, ..GuestForm::default() };
            let stay = BoardStay {
                stay_id: StayId(row.id),
                reference: row.reference,
                guest_name: name.full_name(),
                departure: row.departure,
            };
            let map = if row.status == "checked_in" { &mut in_house } else { &mut arriving };
            map.insert(RoomId(row.room_id), stay);
        }
        rooms
            .into_iter()
            .map(|record| {
                let room = Room::try_from(record)?;
                Ok(BoardRoom {
                    closure: closures.remove(&room.id),
                    in_house: in_house.remove(&room.id),
                    arriving: arriving.remove(&room.id),
                    room,
                })
            })
            .collect()
    }
}
