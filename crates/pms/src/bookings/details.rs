//! All facts about one stay.

use domain::access::{Permit, right};
use domain::booking::{HistoryEntry, Night, StayDetails, StayFeedback};
use domain::ids::{BookingId, StayId};
use domain::money::Money;
use domain::stay::{StayAction, StayStatus};
use platform::clock::{business_date, local};
use platform::database::Transaction;
use uuid::Uuid;

use super::feedback;
use super::record::{StayRecord, booked_dates, select_stays, state};
use crate::{Error, Pms, Result};

/// How many entries of the history are shown.
const HISTORY_SHOWN: i64 = 100;

impl Pms {
    /// A stay with its nights, history, the other stays of its booking, and what may be done to it now by this person.
    pub async fn stay(&self, permit: Permit<'_, right::ViewDesk>, id: StayId) -> Result<StayDetails> {
        let hotel_id = Uuid::from(permit.hotel_id());
        let mut transaction = self.database.begin(&permit).await?;
        let row = select_stays!("AND s.id = $2", hotel_id, Uuid::from(id))
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(Error::NotFound)?
            .into_row()?;
        let facts = sqlx::query!(
            "SELECT s.booking_id, s.nightly_minor, s.checked_in_at, s.checked_out_at, s.ended_at, s.booked_departure, s.version,
                    b.note, b.created_at, g.email, u.full_name AS \"booked_by?\", h.time_zone
             FROM stays s
             JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
             JOIN guests g ON g.organisation_id = b.organisation_id AND g.id = b.guest_id
             JOIN hotels h ON h.organisation_id = s.organisation_id AND h.id = s.hotel_id
             LEFT JOIN users u ON u.id = b.created_by
             WHERE s.hotel_id = $1 AND s.id = $2",
            hotel_id,
            Uuid::from(id),
        )
        .fetch_one(&mut *transaction)
        .await?;
        let siblings = select_stays!(
            "AND s.booking_id = $2 AND s.id <> $3 ORDER BY s.arrival, s.id",
            hotel_id,
            facts.booking_id,
            Uuid::from(id)
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut history = history(&mut transaction, id.into()).await?;
        let feedback = match permit.also::<right::ManageBookings>() {
            Ok(_) if row.status == StayStatus::CheckedOut => feedback::of_stay(&mut transaction, id).await?,
            _ => StayFeedback::default(),
        };
        transaction.end_of_reading();
        let today = business_date(&facts.time_zone, self.clock.now());
        let times = [facts.checked_in_at, facts.checked_out_at, facts.ended_at];
        let state = state(id, row.status, &facts.time_zone, times)?;
        let booked = booked_dates(id, row.dates, facts.booked_departure)?;
        let (actions, email) = if permit.also::<right::ManageBookings>().is_ok() {
            let mut allowed = state.allowed(booked, today);
            allowed.retain(|action| *action != StayAction::CheckIn || row.room_id.is_some());
            (allowed, facts.email)
        } else {
            for entry in &mut history {
                entry.facts.retain(|(fact, _)| fact != "sent_to");
            }
            (Vec::new(), None)
        };
        let zone = &facts.time_zone;
        let currency = row.total.currency;
        let nights = row.dates.each_night().zip(facts.nightly_minor);
        Ok(StayDetails {
            booking_id: BookingId(facts.booking_id),
            nights: nights.map(|(date, minor)| Night { date, price: Money::new(minor, currency) }).collect(),
            note: facts.note,
            feedback,
            email,
            booked_at: local(zone, facts.created_at),
            booked_by: facts.booked_by,
            checked_in_at: facts.checked_in_at.map(|at| local(zone, at)),
            left_at: facts.checked_out_at.map(|at| local(zone, at)),
            actions,
            version: facts.version,
            siblings: siblings.into_iter().map(StayRecord::into_row).collect::<Result<_>>()?,
            history: history
                .into_iter()
                .map(|entry| HistoryEntry { at: local(zone, entry.at), ..entry })
                .collect(),
            row,
        })
    }
}

/// What happened to something, newest first.
async fn history(transaction: &mut Transaction, subject: Uuid) -> Result<Vec<HistoryEntry>> {
    let rows = sqlx::query!(
        r#"SELECT a.action, a.facts, a.at, u.full_name AS "by?"
           FROM audit_log a LEFT JOIN users u ON u.id = a.user_id
           WHERE a.subject = $1 ORDER BY a.id DESC LIMIT $2"#,
        subject,
        HISTORY_SHOWN,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let facts = |value: serde_json::Value| match value {
        serde_json::Value::Object(map) => map.into_iter().map(|(key, value)| (key, text(value))).collect(),
        _ => Vec::new(),
    };
    Ok(rows
        .into_iter()
        .map(|row| HistoryEntry {
            action: row.action,
            by: row.by,
            at: row.at.fixed_offset(),
            facts: facts(row.facts),
        })
        .collect())
}
