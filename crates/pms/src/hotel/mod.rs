//! The hotel's own data, and the proof that no room is sold twice.

mod self_audit;
pub mod subscription;

use chrono::{DateTime, Utc};
use domain::access::{Permit, right};
use domain::hotel::{Hotel, HotelForm};
use domain::ids::HotelId;
use domain::merge::Merged;
use domain::problem::{ProblemCode, storable_json};
use platform::audit::{self, Deed};
use platform::clock;
use platform::database::Transaction;
pub(crate) use self_audit::RecentAudits;
pub use self_audit::check_hotels;
use uuid::Uuid;

use crate::error::one_row;
use crate::{Error, Pms, Result};

/// More levels than a drawing of floors, or the look of receipts, has.
const MAX_DEPTH: usize = 20;

/// What most use cases need to know about their hotel.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub time_zone: String,
    pub currency: domain::money::Currency,
    pub is_subscribed: bool,
}

impl Facts {
    /// A currency read from a row.
    pub fn currency(code: &str) -> Result<domain::money::Currency> {
        code.parse().map_err(|_| Error::Inconsistent(format!("{code:?} is not a currency")))
    }

    /// Loads the facts of the permit's hotel.
    pub async fn load<R>(
        transaction: &mut Transaction,
        permit: &Permit<'_, R>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Self> {
        let row = sqlx::query!(
            r#"SELECT time_zone, currency AS "currency: String",
                      (subscription_valid AND (valid_to IS NULL OR valid_to > $2)) AS "is_subscribed!"
               FROM hotels WHERE id = $1"#,
            Uuid::from(permit.hotel_id()),
            now,
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NotFound)?;
        Ok(Self {
            currency: Self::currency(&row.currency)?,
            time_zone: row.time_zone,
            is_subscribed: row.is_subscribed,
        })
    }
}

/// A hotel with what machines want to know about it besides.
#[derive(Debug, Clone)]
pub struct HotelRecord {
    /// What people see.
    pub hotel: Hotel,
    /// Whether its subscription holds now.
    pub is_subscribed: bool,
    /// Since when the subscription holds.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when; none for no end.
    pub valid_to: Option<DateTime<Utc>>,
    /// Floors and rooms as they were drawn.
    pub layout: Option<serde_json::Value>,
    /// What receipts look like.
    pub receipt_settings: Option<serde_json::Value>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

impl Pms {
    /// [`Pms::hotel`], its subscription, drawing and receipts.
    pub async fn hotel_record(&self, permit: Permit<'_, right::ViewDesk>) -> Result<HotelRecord> {
        let hotel = self.hotel(permit).await?;
        let mut transaction = self.database.begin(&permit).await?;
        let row = sqlx::query!(
            r#"SELECT (subscription_valid AND (valid_to IS NULL OR valid_to > $2)) AS "is_subscribed!",
                      valid_from, valid_to, layout, receipt_settings, created_at
               FROM hotels WHERE id = $1"#,
            Uuid::from(permit.hotel_id()),
            self.clock.now(),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        transaction.end_of_reading();
        Ok(HotelRecord {
            hotel,
            is_subscribed: row.is_subscribed,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            layout: row.layout,
            receipt_settings: row.receipt_settings,
            created_at: row.created_at,
        })
    }

    /// The hotel's own data.
    pub async fn hotel(&self, permit: Permit<'_, right::ViewDesk>) -> Result<Hotel> {
        let mut transaction = self.database.begin(&permit).await?;
        let row = sqlx::query!(
            r#"SELECT name, address, phone, email, time_zone, currency AS "currency: String", terms
               FROM hotels WHERE id = $1"#,
            Uuid::from(permit.hotel_id()),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        transaction.end_of_reading();
        Ok(Hotel {
            id: permit.hotel_id(),
            name: row.name,
            address: row.address,
            phone: row.phone,
            email: row.email,
            business_date: clock::business_date(&row.time_zone, self.clock.now()),
            time_zone: row.time_zone,
            currency: Facts::currency(&row.currency)?,
            terms: row.terms,
        })
    }

    /// Keeps the drawing of the floors and the look of receipts of a hotel that registers in the same transaction. What
    /// cannot be kept is a problem at `floors` or `receipt_settings`.
    pub async fn keep_drawing(
        &self,
        transaction: &mut Transaction,
        hotel_id: HotelId,
        layout: Option<serde_json::Value>,
        receipt_settings: Option<serde_json::Value>,
    ) -> Result<()> {
        if layout.is_none() && receipt_settings.is_none() {
            return Ok(());
        }
        for (field, value) in [("floors", &layout), ("receipt_settings", &receipt_settings)] {
            if let Some(value) = value {
                storable_json(value, MAX_DEPTH).map_err(|problem| Error::at(field, problem))?;
            }
        }
        let result = sqlx::query!(
            "UPDATE hotels SET layout = $2, receipt_settings = $3 WHERE id = $1",
            Uuid::from(hotel_id),
            layout,
            receipt_settings,
        )
        .execute(&mut **transaction)
        .await?;
        one_row(&result)
    }

    /// Changes the hotel's own data to what `change` makes of what is known, which nobody else changes meanwhile.
    pub async fn change_hotel(
        &self,
        permit: Permit<'_, right::ManageHotel>,
        change: impl FnOnce(HotelForm) -> Merged<HotelForm>,
    ) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        let known = sqlx::query!(
            "SELECT name, address, phone, email, time_zone, terms FROM hotels WHERE id = $1 FOR NO KEY UPDATE",
            Uuid::from(permit.hotel_id()),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let form = change(HotelForm {
            name: known.name,
            address: known.address,
            phone: known.phone.unwrap_or_default(),
            email: known.email.unwrap_or_default(),
            time_zone: known.time_zone,
            terms: known.terms,
        })?;
        let draft = form.check()?;
        if !clock::is_time_zone(&draft.time_zone) {
            return Err(Error::at("time_zone", ProblemCode::NotOnOffer));
        }
        let result = sqlx::query!(
            "UPDATE hotels SET name = $2, address = $3, phone = $4, email = $5, time_zone = $6, terms = $7 WHERE id = $1",
            Uuid::from(permit.hotel_id()),
            draft.name,
            draft.address,
            draft.phone,
            draft.email,
            draft.time_zone,
            draft.terms,
        )
        .execute(&mut *transaction)
        .await?;
        one_row(&result)?;
        let deed =
            Deed::of(&permit, "hotel.changed", permit.hotel_id(), serde_json::json!({ "name": draft.name }));
        audit::record(&mut *transaction, deed, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}
