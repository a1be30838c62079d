//! What a desk is told about a returning guest (spec `reception.md` 3.4). Figures are those of the organisation: one
//! company never sees another's guests, notes or ratings (DESIGN 5.10).

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::{Permit, right};
use domain::booking::StayRow;
use domain::guest::normal_gov_id;
use domain::ids::{GuestId, HotelId};
use platform::database::Transaction;
use uuid::Uuid;

use crate::bookings::{StayRecord, select_stays};
use crate::{Error, Pms, Result};

/// A guest, and what earlier stays tell.
#[derive(Debug, Clone)]
pub struct GuestInsights {
    /// The guest.
    pub id: GuestId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Identity number.
    pub gov_id: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Street and house number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub state: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// When the guest was first recorded.
    pub created_at: DateTime<Utc>,
    /// Stays in all hotels of the organisation.
    pub previous_stays: i64,
    /// Stays in this hotel.
    pub local_stays: i64,
    /// The last day of departure in this hotel.
    pub last_visit: Option<NaiveDate>,
    /// The mean of all ratings in hundredths; none without a rating.
    pub rating_hundredths: Option<i64>,
    /// The last five notes of this hotel, newest first.
    pub notes: Vec<String>,
}

/// What a desk wrote at a check-out.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The hotel that wrote it.
    pub hotel_id: HotelId,
    /// 1 to 5.
    pub rating: Option<i16>,
    /// In words.
    pub note: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A guest's stays in this hotel and the organisation's feedback.
#[derive(Debug, Clone)]
pub struct GuestHistory {
    /// The guest.
    pub guest: GuestInsights,
    /// Stays in this hotel, newest first.
    pub stays: Vec<StayRow>,
    /// Feedback of all hotels of the organisation, newest first; at most 50.
    pub feedbacks: Vec<Feedback>,
}

impl Pms {
    /// The guest with this identity number.
    pub async fn guest_by_gov_id(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        gov_id: &str,
    ) -> Result<Option<GuestInsights>> {
        let Ok(Some(gov_id)) = normal_gov_id(gov_id) else { return Ok(None) };
        let mut transaction = self.database.begin(&permit).await?;
        let id = sqlx::query_scalar!("SELECT id FROM guests WHERE gov_id = $1", gov_id)
            .fetch_optional(&mut *transaction)
            .await?;
        let insights = match id {
            Some(id) => Some(insights(&mut transaction, permit.hotel_id(), id).await?),
            None => None,
        };
        transaction.end_of_reading();
        Ok(insights)
    }

    /// A guest's stays in this hotel, `limit` from `offset` on, with the feedback of all hotels of the organisation.
    pub async fn guest_history(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        id: GuestId,
        limit: i64,
        offset: i64,
    ) -> Result<GuestHistory> {
        let mut transaction = self.database.begin(&permit).await?;
        let guest = insights(&mut transaction, permit.hotel_id(), id.into()).await?;
        let stays = select_stays!(
            "AND s.guest_id = $2 ORDER BY s.arrival DESC, s.id DESC LIMIT $3 OFFSET $4",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            limit,
            offset,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let feedbacks = sqlx::query_as!(
            Feedback,
            r#"SELECT hotel_id AS "hotel_id: HotelId", rating, note, created_at FROM feedbacks
               WHERE guest_id = $1 AND (rating IS NOT NULL OR note IS NOT NULL) ORDER BY created_at DESC LIMIT 50"#,
            Uuid::from(id),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(GuestHistory {
            guest,
            stays: stays.into_iter().map(StayRecord::into_row).collect::<Result<_>>()?,
            feedbacks,
        })
    }
}

async fn insights(transaction: &mut Transaction, hotel_id: HotelId, id: Uuid) -> Result<GuestInsights> {
    let row = sqlx::query!(
        r#"SELECT g.first_name, g.last_name, g.gov_id, g.phone, g.email, g.address, g.city, g.state, g.zip_code, g.created_at,
                  s.previous AS "previous!", s.local AS "local!", s.last_visit,
                  (SELECT round(avg(f.rating) * 100)::bigint FROM feedbacks f
                   WHERE f.organisation_id = g.organisation_id AND f.guest_id = g.id) AS rating,
                  ARRAY(SELECT f.note FROM feedbacks f
                        WHERE f.organisation_id = g.organisation_id AND f.guest_id = g.id AND f.hotel_id = $2 AND f.note <> ''
                        ORDER BY f.created_at DESC LIMIT 5) AS "notes!: Vec<String>"
           FROM guests g
           CROSS JOIN LATERAL (
               SELECT count(*) AS previous, count(*) FILTER (WHERE hotel_id = $2) AS local,
                      max(departure) FILTER (WHERE hotel_id = $2 AND status = 'checked_out') AS last_visit
               FROM stays
               WHERE organisation_id = g.organisation_id AND guest_id = g.id AND status IN ('checked_in', 'checked_out')
           ) AS s
           WHERE g.id = $1"#,
        id,
        Uuid::from(hotel_id),
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(GuestInsights {
        id: GuestId(id),
        first_name: row.first_name,
        last_name: row.last_name,
        gov_id: row.gov_id,
        phone: row.phone,
        email: row.email,
        address: row.address,
        city: row.city,
        state: row.state,
        zip_code: row.zip_code,
        created_at: row.created_at,
        previous_stays: row.previous,
        local_stays: row.local,
        last_visit: row.last_visit,
        rating_hundredths: row.rating,
        notes: row.notes,
    })
}
