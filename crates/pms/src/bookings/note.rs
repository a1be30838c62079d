//! What colleagues should know about a booking.

use domain::access::{Permit, right};
use domain::ids::{BookingId, StayId};
use domain::problem::{ProblemCode, optional_text};
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::error::one_row;
use crate::{Error, Pms, Result};

/// The longest note, in characters.
pub(super) const MAX_NOTE: usize = 2000;

impl Pms {
    /// Replaces the note of a stay's booking, which all its stays share; an empty text removes it.
    pub async fn change_note(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        note: &str,
    ) -> Result<()> {
        let note = optional_text(note, MAX_NOTE).map_err(|problem| Error::at("note", problem))?;
        let mut transaction = self.database.begin(&permit).await?;
        let result = sqlx::query!(
            "UPDATE bookings b SET note = $3 FROM stays s
             WHERE s.hotel_id = $1 AND s.id = $2 AND b.organisation_id = s.organisation_id AND b.id = s.booking_id",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            note,
        )
        .execute(&mut *transaction)
        .await?;
        one_row(&result)?;
        let deed = Deed::of(&permit, "stay.note_changed", id, json!({}));
        audit::record(&mut *transaction, deed, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Adds to a booking's note what was said when a room was added to it; a note that grows too long is a problem at
/// `booking_note`.
pub(super) async fn append(transaction: &mut Transaction, id: BookingId, note: &str) -> Result<()> {
    let whole = sqlx::query_scalar!(
        r#"UPDATE bookings SET note = concat_ws(E'\n', note, $2::text) WHERE id = $1 RETURNING note AS "note!""#,
        Uuid::from(id),
        note,
    )
    .fetch_one(&mut **transaction)
    .await?;
    if whole.chars().count() > MAX_NOTE {
        return Err(Error::at("booking_note", ProblemCode::TooLong { max: MAX_NOTE }));
    }
    Ok(())
}
