//! Bookings as CSV (spec `reception.md` 3.8), streamed: a million rows take no more memory than a hundred.

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::access::{Permit, right};
use domain::booking::StayTimes;
use domain::money::Money;
use domain::stay::StayStatus;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::hotel::Facts;
use crate::{Error, Pms, Result};

/// The header row of the documented report.
pub const HEADER: &str = "booking_id,hotel_id,customer_id,room_id,created_by_user_id,num_guests,check_in_at,\
                          expected_check_out_at,actual_check_out_at,total_amount,cash_amount,card_amount,status\n";

/// How many rows one round trip fetches.
const BATCH: usize = 2000;

/// One line of the report.
struct Line {
    id: Uuid,
    hotel_id: Uuid,
    guest_id: Uuid,
    room_id: Option<Uuid>,
    created_by: Option<Uuid>,
    party: i16,
    arrival: NaiveDate,
    arrival_time: Option<NaiveTime>,
    departure: NaiveDate,
    departure_time: Option<NaiveTime>,
    checked_out_at: Option<DateTime<Utc>>,
    total_minor: i64,
    paid_cash_minor: i64,
    paid_card_minor: i64,
    status: String,
    currency: String,
}

/// Where the next page of the report begins.
#[derive(Clone, Copy)]
struct Cursor {
    arrival: NaiveDate,
    id: Uuid,
}

impl Pms {
    /// Whether the report would have a row. [`Error::SubscriptionLapsed`] for a hotel that gets none.
    pub async fn report_has_rows(
        &self,
        permit: Permit<'_, right::ViewReports>,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<bool> {
        let mut transaction = self.database.begin(&permit).await?;
        self.refuse_lapsed(&mut transaction, &permit).await?;
        let found = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM stays WHERE hotel_id = $1 AND arrival >= $2 AND arrival <= $3) AS "found!""#,
            Uuid::from(permit.hotel_id()),
            from.unwrap_or_default(),
            to.unwrap_or(NaiveDate::MAX),
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(found)
    }

    /// The bookings whose arrival lies between `from` and `to`, both included, by arrival, as CSV with a header row.
    ///
    /// Read in pages by key, each in a transaction of its own, so that a slow reader holds neither a connection nor
    /// an old snapshot; cells are safe against formulas. [`Error::SubscriptionLapsed`] for a hotel that gets none.
    pub async fn report(
        &self,
        permit: Permit<'_, right::ViewReports>,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let mut transaction = self.database.begin(&permit).await?;
        self.refuse_lapsed(&mut transaction, &permit).await?;
        transaction.commit().await?;
        let pms = self.clone();
        let actor = permit.actor().clone();
        let hotel_id = permit.hotel_id();
        let lines = futures::stream::try_unfold(Some(None), move |state: Option<Option<Cursor>>| {
            let (pms, actor) = (pms.clone(), actor.clone());
            async move {
                let Some(cursor) = state else { return Ok::<_, Error>(None) };
                let permit = actor.permit::<right::ViewReports>(hotel_id)?;
                let page = pms.report_page(permit, from, to, cursor).await?;
                let is_last = page.len() < BATCH;
                let next = page
                    .last()
                    .filter(|_| !is_last)
                    .map(|line| Some(Cursor { arrival: line.arrival, id: line.id }));
                let mut text = String::with_capacity(page.len() * 320);
                for line in &page {
                    line.write(&mut text)?;
                }
                Ok(Some((Bytes::from(text), next)))
            }
        });
        let header = futures::stream::once(async { Ok(Bytes::from_static(HEADER.as_bytes())) });
        Ok(header.chain(lines.try_filter(|chunk| futures::future::ready(!chunk.is_empty()))).boxed())
    }

    async fn report_page(
        &self,
        permit: Permit<'_, right::ViewReports>,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        after: Option<Cursor>,
    ) -> Result<Vec<Line>> {
        let mut transaction = self.database.begin(&permit).await?;
        let lines = sqlx::query_as!(
            Line,
            r#"SELECT s.id, s.hotel_id, s.guest_id, s.room_id, b.created_by, s.party, s.arrival, s.arrival_time,
                      s.departure, s.departure_time, s.checked_out_at,
                      s.total_minor AS "total_minor!", s.paid_cash_minor, s.paid_card_minor, s.status,
                      s.currency AS "currency: String"
               FROM stays s
               JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
               WHERE s.organisation_id = $1 AND s.hotel_id = $2
                 AND (s.arrival, s.id) > ($3, $4) AND s.arrival <= $5
               ORDER BY s.arrival, s.id
               LIMIT 2000"#,
            Uuid::from(permit.organisation_id()),
            Uuid::from(permit.hotel_id()),
            // No stay is before 1970. Values and not `coalesce`, which keeps the plan of a prepared statement from beginning here in the index.
            after.map(|cursor| cursor.arrival).or(from).unwrap_or_default(),
            after.map_or(Uuid::nil(), |cursor| cursor.id),
            to.unwrap_or(NaiveDate::MAX),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(lines)
    }
}

impl Line {
    fn write(&self, text: &mut String) -> Result<()> {
        use std::fmt::Write;
        let currency = Facts::currency(&self.currency)?;
        let amount = |minor| Money::new(minor, currency).to_decimal_text();
        let or_empty = |value: Option<String>| value.unwrap_or_default();
        // Ids, numbers, dates and fixed words only: nothing a guest typed, so no cell can be a formula. Amounts below
        // zero begin with a minus sign and stay numbers.
        writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{},{},{}",
            self.id,
            self.hotel_id,
            self.guest_id,
            or_empty(self.room_id.map(|id| id.to_string())),
            or_empty(self.created_by.map(|id| id.to_string())),
            self.party,
            StayTimes::local_text(self.arrival, self.arrival_time),
            StayTimes::local_text(self.departure, self.departure_time),
            or_empty(self.checked_out_at.map(|at| at.to_rfc3339())),
            amount(self.total_minor),
            amount(self.paid_cash_minor),
            amount(self.paid_card_minor),
            self.status.parse::<StayStatus>()?.reception_word(),
        )
        .map_err(|_| Error::Inconsistent("a report line could not be written".to_owned()))
    }
}
