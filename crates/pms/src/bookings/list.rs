//! Finding stays.

use chrono::NaiveDate;
use domain::access::{Permit, right};
use domain::booking::StayRow;
use domain::ids::{RoomId, StayId};
use domain::reference;
use domain::stay::StayStatus;
use platform::clock::business_date;
use uuid::Uuid;

use super::record::{StayRecord, select_stays};
use crate::guests::{self, MATCHES, Pattern};
use crate::{Pms, Result};

/// Which stays are wanted.
#[derive(Debug, Clone, Default)]
pub struct StayFilter {
    /// A booking reference, or what a guest is found by; empty for all.
    pub text: String,
    /// Only stays in this state.
    pub status: Option<StayStatus>,
    /// Only stays after this one in the list: the last one of the page before.
    pub before: Option<StayId>,
}

impl Pms {
    /// Stays of the hotel, those that arrive last first; 50 a page. (The number is written in the statements: the plan
    /// of a prepared statement does not know a parameter, and would sort all stays of the hotel to find the first.)
    pub async fn stays(
        &self,
        permit: Permit<'_, right::ViewDesk>,
        filter: &StayFilter,
    ) -> Result<Vec<StayRow>> {
        let hotel_id = Uuid::from(permit.hotel_id());
        let status = filter.status.map(StayStatus::as_str);
        let mut transaction = self.database.begin(&permit).await?;
        let before = match filter.before.map(Uuid::from) {
            Some(id) => {
                sqlx::query!("SELECT arrival, id FROM stays WHERE hotel_id = $1 AND id = $2", hotel_id, id)
                    .fetch_optional(&mut *transaction)
                    .await?
            }
            None => None,
        };
        let (arrival, id) = before.map_or((NaiveDate::MAX, Uuid::max()), |last| (last.arrival, last.id));
        let by_reference = match reference::parse(&filter.text) {
            Some(reference) => {
                select_stays!(
                    "AND b.reference = $2 AND ($3::text IS NULL OR s.status = $3)
                     AND (s.arrival, s.id) < ($4, $5)
                     ORDER BY s.arrival DESC, s.id DESC LIMIT 50",
                    hotel_id,
                    reference,
                    status,
                    arrival,
                    id,
                )
                .fetch_all(&mut *transaction)
                .await?
            }
            None => Vec::new(),
        };
        // What reads like a reference may be a name: Parker.
        let records = if !by_reference.is_empty() {
            by_reference
        } else if filter.text.trim().is_empty() {
            select_stays!(
                "AND ($2::text IS NULL OR s.status = $2)
                 AND (s.arrival, s.id) < ($3, $4)
                 ORDER BY s.arrival DESC, s.id DESC LIMIT 50",
                hotel_id,
                status,
                arrival,
                id,
            )
            .fetch_all(&mut *transaction)
            .await?
        } else {
            let pattern = Pattern::of(&filter.text);
            let ids = guests::matching_ids(&mut transaction, &pattern).await?;
            if ids.len() < MATCHES {
                select_stays!(
                    "AND s.guest_id = ANY($2) AND ($3::text IS NULL OR s.status = $3)
                     AND (s.arrival, s.id) < ($4, $5)
                     ORDER BY s.arrival DESC, s.id DESC LIMIT 50",
                    hotel_id,
                    &ids,
                    status,
                    arrival,
                    id,
                )
                .fetch_all(&mut *transaction)
                .await?
            } else {
                // So many guests match that a page of their stays is soon found by going through the stays.
                select_stays!(
                    "AND (g.first_name_key >= $2 AND g.first_name_key < $3
                          OR g.last_name_key >= $2 AND g.last_name_key < $3
                          OR g.email_key >= $2 AND g.email_key < $3
                          OR g.last_word_key >= $2 AND g.last_word_key < $3
                          OR g.first_name_key >= $4 AND g.first_name_key < $5
                             AND (g.last_name_key >= $6 AND g.last_name_key < $7 OR g.last_word_key >= $6 AND g.last_word_key < $7)
                          OR g.first_name_key >= $8 AND g.first_name_key < $9
                             AND (g.last_name_key >= $10 AND g.last_name_key < $11 OR g.last_word_key >= $10 AND g.last_word_key < $11)
                          OR g.last_name_key >= $4 AND g.last_name_key < $5 AND g.first_name_key >= $6 AND g.first_name_key < $7
                          OR g.last_name_key >= $8 AND g.last_name_key < $9 AND g.first_name_key >= $10 AND g.first_name_key < $11
                          OR g.last_word_key >= $4 AND g.last_word_key < $5 AND g.first_name_key >= $6 AND g.first_name_key < $7
                          OR g.phone_digits >= $12 AND g.phone_digits < $13 OR g.phone_reversed >= $18 AND g.phone_reversed < $19
                          OR g.gov_id = $17)
                     AND ($14::text IS NULL OR s.status = $14)
                     AND (s.arrival, s.id) < ($15, $16)
                     ORDER BY s.arrival DESC, s.id DESC LIMIT 50",
                    hotel_id,
                    pattern.whole.0,
                    pattern.whole.1,
                    pattern.early.0,
                    pattern.early.1,
                    pattern.after.0,
                    pattern.after.1,
                    pattern.late.0,
                    pattern.late.1,
                    pattern.last.0,
                    pattern.last.1,
                    pattern.phone.0,
                    pattern.phone.1,
                    status,
                    arrival,
                    id,
                    pattern.gov_id,
                    pattern.phone_end.0,
                    pattern.phone_end.1,
                )
                .fetch_all(&mut *transaction)
                .await?
            }
        };
        transaction.end_of_reading();
        records.into_iter().map(StayRecord::into_row).collect()
    }

    /// The stay that is in a room now; else the reservation that should be.
    pub async fn current_stay(
        &self,
        permit: Permit<'_, right::ViewDesk>,
        room_id: RoomId,
    ) -> Result<Option<StayRow>> {
        let mut transaction = self.database.begin(&permit).await?;
        let record = select_stays!(
            "AND s.room_id = $2
             AND (s.status = 'checked_in' OR (s.status = 'reserved' AND $3 BETWEEN s.arrival AND s.departure - 1))
             ORDER BY (s.status = 'checked_in') DESC, s.arrival DESC LIMIT 1",
            Uuid::from(permit.hotel_id()),
            Uuid::from(room_id),
            business_date(permit.time_zone(), self.clock.now()),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        record.map(StayRecord::into_row).transpose()
    }
}
