//! Guests of an organisation: one record for new and returning ones.

mod insights;
mod repo;
mod search;

use domain::access::{Permit, right};
use domain::booking::{PastStayFeedback, StayFeedback, StayRow};
use domain::guest::{Guest, GuestForm};
use domain::ids::{GuestId, StayId};
use domain::merge::{Merged, merge};
pub use insights::{Feedback, GuestHistory, GuestInsights};
use platform::audit::{self, Deed};
use platform::database::Transaction;
use repo::replace;
pub(crate) use repo::{insert, reuse_or_insert, update_known};
pub(crate) use search::{MATCHES, Pattern, matching_ids};
use serde_json::json;
use uuid::Uuid;

use crate::bookings::{StayRecord, select_stays};
use crate::{Error, Pms, Result};

/// How many stays a guest's page shows.
const STAYS_SHOWN: i64 = 50;

impl Pms {
    /// A guest with the stays in this hotel, newest first.
    pub async fn guest(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        id: GuestId,
    ) -> Result<(Guest, Vec<StayRow>)> {
        let mut transaction = self.database.begin(&permit).await?;
        let guest = record(&mut transaction, permit, id).await?;
        let stays = select_stays!(
            "AND s.guest_id = $2 ORDER BY s.arrival DESC, s.id DESC LIMIT $3",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            STAYS_SHOWN,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok((guest, stays.into_iter().map(StayRecord::into_row).collect::<Result<_>>()?))
    }

    /// How the guest's stays in this hotel went, as far as it is noted, newest first.
    pub async fn feedback_of_guest(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        id: GuestId,
    ) -> Result<Vec<PastStayFeedback>> {
        let mut transaction = self.database.begin(&permit).await?;
        let rows = sqlx::query!(
            r#"SELECT f.stay_id AS "stay_id: StayId", s.departure, f.rating, f.note
               FROM feedbacks f
               JOIN stays s ON s.organisation_id = f.organisation_id AND s.id = f.stay_id
               WHERE f.guest_id = $1 AND f.hotel_id = $2 AND (f.rating IS NOT NULL OR f.note IS NOT NULL)
               ORDER BY f.created_at DESC LIMIT $3"#,
            Uuid::from(id),
            Uuid::from(permit.hotel_id()),
            STAYS_SHOWN,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        let rows = rows.into_iter().map(|row| PastStayFeedback {
            stay_id: row.stay_id,
            departure: row.departure,
            feedback: StayFeedback { rating: row.rating, note: row.note },
        });
        Ok(rows.collect())
    }

    /// Records a guest. A known identity number is refused: that guest is there already.
    pub async fn create_guest(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        form: &GuestForm,
    ) -> Result<GuestId> {
        let draft = form.check("")?;
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let id = insert(&mut transaction, permit.organisation_id(), &draft, now).await?;
        audit::record(&mut *transaction, Deed::of(&permit, "guest.created", id, json!({})), now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Replaces what is known about a guest by what `change` makes of it. Two changes at once come one after the other:
    /// neither takes back what the other wrote.
    pub async fn change_guest(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        id: GuestId,
        change: impl FnOnce(GuestForm) -> Merged<GuestForm>,
    ) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        let known = locked(&mut transaction, permit, id).await?;
        replace(&mut transaction, id, &change(known)?.check("")?).await?;
        audit::record(&mut *transaction, Deed::of(&permit, "guest.changed", id, json!({})), self.clock.now())
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Corrects what is known about a guest, the note aside, by what was typed into a form that showed `shown` (see [`merge`]), and says
/// whether anything changed.
pub(crate) async fn correct(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageGuests>,
    (id, typed, shown): (GuestId, &GuestForm, &str),
) -> Result<bool> {
    let known = locked(transaction, permit, id).await?;
    let typed = merge(typed.clone(), shown, &known)?;
    let corrected = GuestForm { note: known.note.clone(), ..typed }.check("")?;
    if known.check("").is_ok_and(|known| known == corrected) {
        return Ok(false);
    }
    replace(transaction, id, &corrected).await?;
    Ok(true)
}

/// What is known about a guest, which nobody else changes until the transaction ends.
async fn locked(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageGuests>,
    id: GuestId,
) -> Result<GuestForm> {
    sqlx::query!("SELECT FROM guests WHERE id = $1 FOR NO KEY UPDATE", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    Ok(record(transaction, permit, id).await?.details)
}

/// A guest, with how often they stayed in this hotel.
async fn record(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageGuests>,
    id: GuestId,
) -> Result<Guest> {
    let row = sqlx::query!(
            r#"SELECT g.first_name, g.last_name, g.email, g.phone, g.gov_id, g.address, g.city, g.state, g.zip_code,
                      g.country, g.note,
                      (SELECT count(*) FROM stays s WHERE s.organisation_id = g.organisation_id AND s.guest_id = g.id
                          AND s.hotel_id = $2 AND s.status IN ('checked_in', 'checked_out')) AS "stays!",
                      (SELECT max(s.departure) FROM stays s WHERE s.organisation_id = g.organisation_id AND s.guest_id = g.id
                          AND s.hotel_id = $2 AND s.status = 'checked_out') AS last_departure
               FROM guests g WHERE g.id = $1"#,
            Uuid::from(id),
            Uuid::from(permit.hotel_id()),
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(Guest {
        id,
        details: GuestForm {
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email.unwrap_or_default(),
            phone: row.phone.unwrap_or_default(),
            gov_id: row.gov_id.unwrap_or_default(),
            address: row.address.unwrap_or_default(),
            city: row.city.unwrap_or_default(),
            state: row.state.unwrap_or_default(),
            zip_code: row.zip_code.unwrap_or_default(),
            country: row.country.unwrap_or_default(),
            note: row.note.unwrap_or_default(),
        },
        stays: row.stays,
        last_departure: row.last_departure,
    })
}
