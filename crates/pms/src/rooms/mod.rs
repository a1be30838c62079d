//! Rooms: what there is, what state it is in, what is free.

mod availability;
mod board;
mod closures;
mod types;

pub use availability::Availability;
use chrono::{DateTime, Utc};
use domain::access::{Permit, right};
use domain::hotel::RegisteredRoom;
use domain::ids::{HotelId, OrganisationId, RoomId, RoomTypeId};
use domain::merge::Merged;
use domain::money::{Currency, Money};
use domain::problem::ProblemCode;
use domain::room::{Room, RoomCondition, RoomForm, RoomTypeChoice};
use platform::audit::{self, Deed};
use platform::database::{Transaction, violated_constraint};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{one_row, retried};
use crate::hotel::Facts;
use crate::{Error, Pms, Result};

/// A room as the queries of this module read it.
#[derive(Debug)]
pub(crate) struct RoomRecord {
    pub id: Uuid,
    pub number: String,
    pub floor: Option<String>,
    pub room_type_id: Uuid,
    pub room_type: String,
    pub sleeps: i16,
    pub rate_minor: i64,
    pub has_own_rate: bool,
    pub condition: String,
    pub currency: String,
}

impl TryFrom<RoomRecord> for Room {
    type Error = Error;

    fn try_from(record: RoomRecord) -> Result<Self> {
        Ok(Self {
            id: RoomId(record.id),
            number: record.number,
            floor: record.floor,
            room_type_id: RoomTypeId(record.room_type_id),
            room_type: record.room_type,
            sleeps: record.sleeps,
            rate: Money::new(record.rate_minor, Facts::currency(&record.currency)?),
            has_own_rate: record.has_own_rate,
            condition: record.condition.parse()?,
        })
    }
}

/// Selects rooms of a hotel: `$1` is the hotel, `$where` further conditions on `r`, `t` and `h`.
macro_rules! select_rooms {
    ($where:literal, $($arg:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::rooms::RoomRecord,
            r#"SELECT r.id, r.number, r.floor, r.room_type_id, t.name AS room_type, t.sleeps,
                      coalesce(r.rate_minor, t.rate_minor) AS "rate_minor!", r.rate_minor IS NOT NULL AS "has_own_rate!",
                      r.condition, h.currency AS "currency: String"
               FROM rooms r
               JOIN room_types t ON t.organisation_id = r.organisation_id AND t.id = r.room_type_id
               JOIN hotels h ON h.organisation_id = r.organisation_id AND h.id = r.hotel_id
               WHERE r.hotel_id = $1 "# + $where,
            $($arg),+
        )
    };
}
pub(crate) use select_rooms;

impl Pms {
    /// All rooms, in the order of their numbers.
    pub async fn rooms(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Vec<Room>> {
        let mut transaction = self.database.begin(&permit).await?;
        let records =
            select_rooms!("ORDER BY length(r.number), r.number COLLATE \"C\"", Uuid::from(permit.hotel_id()))
                .fetch_all(&mut *transaction)
                .await?;
        transaction.end_of_reading();
        records.into_iter().map(Room::try_from).collect()
    }

    /// The room with this id or, failing that, with this number (spec `reception.md` 3.4).
    pub async fn find_room(
        &self,
        permit: Permit<'_, right::ViewDesk>,
        id_or_number: &str,
    ) -> Result<Option<Room>> {
        let id: Option<Uuid> = id_or_number.parse().ok();
        let mut transaction = self.database.begin(&permit).await?;
        let record = select_rooms!(
            "AND (r.id = $2 OR r.number = $3) ORDER BY (r.id = $2) DESC NULLS LAST LIMIT 1",
            Uuid::from(permit.hotel_id()),
            id,
            // Postgres cannot store NUL, so no room has such a number.
            id_or_number.replace('\0', "\u{fffd}"),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        record.map(Room::try_from).transpose()
    }

    /// Adds a room that is as clean as said.
    pub async fn create_room(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        form: &RoomForm,
        condition: RoomCondition,
    ) -> Result<Room> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, now).await?;
        let draft = form.check(facts.currency)?;
        let rate = draft.rate.map(|rate| rate.minor);
        let room_type_id = match &draft.room_type {
            RoomTypeChoice::Known(id) => *id,
            RoomTypeChoice::Named(name) => {
                let rate = rate.ok_or_else(|| Error::at("rate", ProblemCode::Required))?;
                types::named(&mut transaction, permit, name, rate, now).await?
            }
        };
        let id: RoomId = platform::ids::new();
        sqlx::query!(
            "INSERT INTO rooms (organisation_id, id, hotel_id, room_type_id, number, floor, rate_minor, condition, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            Uuid::from(permit.organisation_id()),
            Uuid::from(id),
            Uuid::from(permit.hotel_id()),
            Uuid::from(room_type_id),
            draft.number,
            draft.floor,
            rate,
            condition.as_str(),
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(unknown_type)?;
        let deed = Deed::of(&permit, "room.created", id, json!({ "number": draft.number }));
        audit::record(&mut *transaction, deed, now).await?;
        let record = select_rooms!("AND r.id = $2", Uuid::from(permit.hotel_id()), Uuid::from(id))
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        record.try_into()
    }

    /// Changes a room's number, floor, type or price to what `change` makes of what is known, which nobody else changes
    /// meanwhile, and how clean it is where that is said.
    pub async fn change_room(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        id: RoomId,
        condition: Option<RoomCondition>,
        change: impl Fn(RoomForm) -> Merged<RoomForm>,
    ) -> Result<()> {
        retried!(self.change_room_once(permit, id, condition, &change))
    }

    async fn change_room_once(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        id: RoomId,
        condition: Option<RoomCondition>,
        change: impl Fn(RoomForm) -> Merged<RoomForm>,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        // By itself: what is read together with the room would be as old as the wait for it.
        sqlx::query!("SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE", Uuid::from(id))
            .execute(&mut *transaction)
            .await?;
        let room: Room = select_rooms!("AND r.id = $2", Uuid::from(permit.hotel_id()), Uuid::from(id))
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(Error::NotFound)?
            .try_into()?;
        let form = change(RoomForm::from(&room))?;
        let draft = form.check(room.rate.currency)?;
        let room_type_id = match &draft.room_type {
            RoomTypeChoice::Known(id) => *id,
            RoomTypeChoice::Named(name) => {
                let rate = draft.rate.unwrap_or(room.rate);
                types::named(&mut transaction, permit, name, rate.minor, now).await?
            }
        };
        sqlx::query!(
            "UPDATE rooms SET number = $3, floor = $4, room_type_id = $5, rate_minor = $6, condition = coalesce($7, condition)
             WHERE hotel_id = $1 AND id = $2",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            draft.number,
            draft.floor,
            Uuid::from(room_type_id),
            draft.rate.map(|rate| rate.minor),
            condition.map(RoomCondition::as_str),
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| if is_needed(&error) { Error::InUse } else { unknown_type(error) })?;
        let deed = Deed::of(&permit, "room.changed", id, json!({ "number": draft.number }));
        audit::record(&mut *transaction, deed, now).await?;
        if let Some(condition) = condition {
            let deed = Deed::of(&permit, "room.condition_set", id, json!({ "condition": condition }));
            audit::record(&mut *transaction, deed, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Removes a room that no stay ever used.
    pub async fn remove_room(&self, permit: Permit<'_, right::ManageRooms>, id: RoomId) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        sqlx::query!(
            "DELETE FROM room_closures WHERE hotel_id = $1 AND room_id = $2",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
        )
        .execute(&mut *transaction)
        .await?;
        let number = sqlx::query_scalar!(
            "DELETE FROM rooms WHERE hotel_id = $1 AND id = $2 RETURNING number",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await
        .map_err(in_use)?
        .ok_or(Error::NotFound)?;
        let deed = Deed::of(&permit, "room.removed", id, json!({ "number": number }));
        audit::record(&mut *transaction, deed, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Records how clean a room is.
    pub async fn set_condition(
        &self,
        permit: Permit<'_, right::SetRoomStatus>,
        id: RoomId,
        condition: RoomCondition,
    ) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        let result = sqlx::query!(
            "UPDATE rooms SET condition = $3 WHERE hotel_id = $1 AND id = $2",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            condition.as_str(),
        )
        .execute(&mut *transaction)
        .await?;
        one_row(&result)?;
        let deed = Deed::of(&permit, "room.condition_set", id, json!({ "condition": condition }));
        audit::record(&mut *transaction, deed, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// [`insert_rooms`], as of now.
    pub async fn add_rooms(
        &self,
        transaction: &mut Transaction,
        organisation_id: OrganisationId,
        hotel_id: HotelId,
        rooms: &[RegisteredRoom],
    ) -> Result<()> {
        insert_rooms(transaction, organisation_id, hotel_id, rooms, self.clock.now()).await
    }
}

/// Adds the rooms that were drawn at registration, with a type for each name; a type's price is that of its
/// cheapest room, and dearer rooms keep a price of their own. The caller wrote the hotel in the same transaction.
pub async fn insert_rooms(
    connection: &mut PgConnection,
    organisation_id: OrganisationId,
    hotel_id: HotelId,
    rooms: &[RegisteredRoom],
    now: DateTime<Utc>,
) -> Result<()> {
    let mut types: Vec<(String, RoomTypeId, i64)> = Vec::new();
    for room in rooms {
        let key = room.room_type.to_lowercase();
        match types.iter_mut().find(|(name, ..)| name.to_lowercase() == key) {
            Some((_, _, rate)) => *rate = (*rate).min(room.rate_minor),
            None => types.push((room.room_type.clone(), platform::ids::new(), room.rate_minor)),
        }
    }
    let type_of = |room: &RegisteredRoom| {
        let key = room.room_type.to_lowercase();
        types.iter().find(|(name, ..)| name.to_lowercase() == key)
    };
    let names: Vec<String> = types.iter().map(|(name, ..)| name.clone()).collect();
    let type_ids: Vec<Uuid> = types.iter().map(|(_, id, _)| Uuid::from(*id)).collect();
    let rates: Vec<i64> = types.iter().map(|(.., rate)| *rate).collect();
    sqlx::query!(
        "INSERT INTO room_types (organisation_id, id, hotel_id, name, sleeps, rate_minor, created_at)
         SELECT $1, id, $2, name, 2, rate, $6 FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS t (id, name, rate)",
        Uuid::from(organisation_id),
        Uuid::from(hotel_id),
        &type_ids,
        &names,
        &rates,
        now,
    )
    .execute(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = rooms.iter().map(|_| platform::ids::new()).collect();
    let numbers: Vec<String> = rooms.iter().map(|room| room.number.clone()).collect();
    let floors: Vec<Option<String>> = rooms.iter().map(|room| room.floor.clone()).collect();
    let room_types: Vec<Uuid> = rooms.iter().filter_map(type_of).map(|(_, id, _)| Uuid::from(*id)).collect();
    let own_rates: Vec<Option<i64>> = rooms
        .iter()
        .map(|room| type_of(room).filter(|(.., rate)| *rate != room.rate_minor).map(|_| room.rate_minor))
        .collect();
    sqlx::query!(
        "INSERT INTO rooms (organisation_id, id, hotel_id, room_type_id, number, floor, rate_minor, created_at)
         SELECT $1, id, $2, room_type_id, number, floor, rate, $8
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::bigint[])
              AS r (id, number, floor, room_type_id, rate)",
        Uuid::from(organisation_id),
        Uuid::from(hotel_id),
        &ids,
        &numbers,
        &floors as &[Option<String>],
        &room_types,
        &own_rates as &[Option<i64>],
        now,
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// The price of each night of a stay at the room's rate.
pub(crate) fn total(rate_minor: i64, nights: i64, currency: Currency) -> Money {
    Money::new(rate_minor.saturating_mul(nights), currency)
}

/// A room type of another hotel, or of none, violates the foreign key.
fn unknown_type(error: sqlx::Error) -> Error {
    match violated_constraint(&error) {
        Some("rooms_organisation_id_hotel_id_room_type_id_fkey") => {
            Error::at("room_type_id", ProblemCode::NotOnOffer)
        }
        _ => error.into(),
    }
}

/// Whether a room cannot go because stays that have none yet need every room of its type.
fn is_needed(error: &sqlx::Error) -> bool {
    violated_constraint(error) == Some("room_type_nights_sold_out")
}

/// What something else refers to, or needs, cannot be removed.
fn in_use(error: sqlx::Error) -> Error {
    let refers = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation);
    if refers || is_needed(&error) { Error::InUse } else { error.into() }
}
