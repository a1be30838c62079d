//! What colleagues should know about a booking.

use domain::access::{Permit, right};
use domain::booking::NoteForm;
use domain::ids::{BookingId, StayId};
use domain::merge::merge;
use domain::problem::{ProblemCode, optional_text};
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Pms, Result};

/// The longest note, in characters.
pub(super) const MAX_NOTE: usize = 2000;

impl Pms {
    /// Replaces the note of a stay's booking, which all its stays share; an empty text removes it. `shown` is what the form
    /// showed, a [`NoteForm`] as JSON: see [`merge`].
    pub async fn change_note(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        shown: &str,
        note: &str,
    ) -> Result<()> {
        let mut transaction = self.database.begin(&permit).await?;
        let booking = sqlx::query!(
            r#"SELECT b.id, coalesce(b.note, '') AS "note!" FROM bookings b
               JOIN stays s ON s.organisation_id = b.organisation_id AND s.booking_id = b.id
               WHERE s.hotel_id = $1 AND s.id = $2 FOR NO KEY UPDATE OF b"#,
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let typed = merge(NoteForm { note: note.to_owned() }, shown, &NoteForm { note: booking.note })?;
        let note = optional_text(&typed.note, MAX_NOTE).map_err(|problem| Error::at("note", problem))?;
        sqlx::query!("UPDATE bookings SET note = $2 WHERE id = $1", booking.id, note)
            .execute(&mut *transaction)
            .await?;
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
