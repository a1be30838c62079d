//! Room types.

use chrono::{DateTime, Utc};
use domain::access::{Permit, right};
use domain::ids::RoomTypeId;
use domain::merge::Merged;
use domain::money::Money;
use domain::room::{RoomType, RoomTypeForm};
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::in_use;
use crate::error::one_row;
use crate::hotel::Facts;
use crate::{Error, Pms, Result};

impl Pms {
    /// All room types with the number of their rooms, cheapest first.
    pub async fn room_types(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Vec<RoomType>> {
        let mut transaction = self.database.begin(&permit).await?;
        let rows = sqlx::query!(
            r#"SELECT t.id, t.name, t.sleeps, t.rate_minor, h.currency AS "currency: String", t.units, t.overbooking
               FROM room_types t
               JOIN hotels h ON h.organisation_id = t.organisation_id AND h.id = t.hotel_id
               WHERE t.hotel_id = $1
               ORDER BY t.rate_minor, t.name"#,
            Uuid::from(permit.hotel_id()),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        rows.into_iter()
            .map(|row| {
                Ok(RoomType {
                    id: RoomTypeId(row.id),
                    name: row.name,
                    sleeps: row.sleeps,
                    rate: Money::new(row.rate_minor, Facts::currency(&row.currency)?),
                    rooms: row.units.into(),
                    overbooking: row.overbooking,
                })
            })
            .collect()
    }

    /// Adds a room type.
    pub async fn create_room_type(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        form: &RoomTypeForm,
    ) -> Result<RoomTypeId> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let draft = form.check(Facts::load(&mut transaction, &permit, now).await?.currency)?;
        let id: RoomTypeId = platform::ids::new();
        sqlx::query!(
            "INSERT INTO room_types (organisation_id, id, hotel_id, name, sleeps, rate_minor, overbooking, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            Uuid::from(permit.organisation_id()),
            Uuid::from(id),
            Uuid::from(permit.hotel_id()),
            draft.name,
            draft.sleeps,
            draft.rate.minor,
            draft.overbooking,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        audit::record(
            &mut *transaction,
            Deed::of(&permit, "room_type.created", id, json!({ "name": draft.name })),
            now,
        )
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Changes a room type to what `change` makes of what is known, which nobody else changes meanwhile. Stays that are
    /// booked keep their prices.
    pub async fn change_room_type(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        id: RoomTypeId,
        change: impl FnOnce(RoomTypeForm) -> Merged<RoomTypeForm>,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let currency = Facts::load(&mut transaction, &permit, now).await?.currency;
        let known = sqlx::query!(
            "SELECT name, sleeps, rate_minor, overbooking FROM room_types WHERE hotel_id = $1 AND id = $2 FOR NO KEY UPDATE",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let form = change(RoomTypeForm {
            name: known.name,
            sleeps: known.sleeps.to_string(),
            rate: Money::new(known.rate_minor, currency).to_decimal_text(),
            overbooking: known.overbooking.to_string(),
        })?;
        let draft = form.check(currency)?;
        let result = sqlx::query!(
            "UPDATE room_types SET name = $3, sleeps = $4, rate_minor = $5, overbooking = $6 WHERE hotel_id = $1 AND id = $2",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            draft.name,
            draft.sleeps,
            draft.rate.minor,
            draft.overbooking,
        )
        .execute(&mut *transaction)
        .await
        .map_err(in_use)?;
        one_row(&result)?;
        audit::record(
            &mut *transaction,
            Deed::of(&permit, "room_type.changed", id, json!({ "name": draft.name })),
            now,
        )
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes a room type that no room is of.
    pub async fn remove_room_type(
        &self,
        permit: Permit<'_, right::ManageRooms>,
        id: RoomTypeId,
    ) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        let name = sqlx::query_scalar!(
            "DELETE FROM room_types WHERE hotel_id = $1 AND id = $2 RETURNING name",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await
        .map_err(in_use)?
        .ok_or(Error::NotFound)?;
        let deed = Deed::of(&permit, "room_type.removed", id, json!({ "name": name }));
        audit::record(&mut *transaction, deed, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// How many people a room type sleeps of which no more than a name is known.
const USUAL_SLEEPS: i16 = 2;

/// The id of the hotel's room type with this name; makes one at `rate_minor` a night where there is none.
pub(super) async fn named(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageRooms>,
    name: &str,
    rate_minor: i64,
    now: DateTime<Utc>,
) -> Result<RoomTypeId> {
    let id: RoomTypeId = platform::ids::new();
    let made = sqlx::query!(
        "INSERT INTO room_types (organisation_id, id, hotel_id, name, sleeps, rate_minor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (organisation_id, hotel_id, lower(name)) DO NOTHING",
        Uuid::from(permit.organisation_id()),
        Uuid::from(id),
        Uuid::from(permit.hotel_id()),
        name,
        USUAL_SLEEPS,
        rate_minor,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    if made.rows_affected() == 1 {
        let deed = Deed::of(&permit, "room_type.created", id, json!({ "name": name }));
        audit::record(&mut **transaction, deed, now).await?;
        return Ok(id);
    }
    let known = sqlx::query_scalar!(
        "SELECT id FROM room_types WHERE hotel_id = $1 AND lower(name) = lower($2)",
        Uuid::from(permit.hotel_id()),
        name,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(RoomTypeId(known))
}
