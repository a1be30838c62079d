//! How a stay went, as the desk noted it at the check-out or afterwards (spec `reception.md` 3.5).

use chrono::{DateTime, Utc};
use domain::access::{Permit, right};
use domain::booking::{StayFeedback, StayFeedbackForm};
use domain::ids::StayId;
use domain::merge::merge;
use domain::stay::{StayRefusal, StayStatus};
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::record::LockedStay;
use crate::{Pms, Result};

impl Pms {
    /// Changes what is noted about a stay whose guest left; while nobody did it is refused with
    /// [`StayRefusal::NotCheckedOut`].
    pub async fn change_feedback(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        form: &StayFeedbackForm,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let stay = LockedStay::load(&mut transaction, permit.hotel_id().into(), id).await?;
        if stay.state.status() != StayStatus::CheckedOut {
            return Err(StayRefusal::NotCheckedOut.into());
        }
        let known = of_stay(&mut transaction, id).await?.into();
        let said = merge(form.clone(), &form.shown, &known)?.check()?;
        keep(&mut transaction, id, &said, now).await?;
        audit::record(&mut *transaction, Deed::of(&permit, "stay.feedback_changed", id, json!({})), now)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Replaces what is noted about a stay.
pub(super) async fn keep(
    transaction: &mut Transaction,
    id: StayId,
    said: &StayFeedback,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO feedbacks (organisation_id, id, hotel_id, stay_id, guest_id, rating, note, created_at)
         SELECT organisation_id, $2, hotel_id, id, guest_id, $3, $4, $5 FROM stays WHERE id = $1
         ON CONFLICT ON CONSTRAINT feedbacks_stay_key
             DO UPDATE SET rating = excluded.rating, note = excluded.note, created_at = excluded.created_at",
        Uuid::from(id),
        platform::ids::new::<Uuid>(),
        said.rating,
        said.note,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// What is noted about a stay.
pub(super) async fn of_stay(transaction: &mut Transaction, id: StayId) -> Result<StayFeedback> {
    let said = sqlx::query_as!(
        StayFeedback,
        "SELECT rating, note FROM feedbacks WHERE stay_id = $1",
        Uuid::from(id)
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(said.unwrap_or_default())
}
