//! How stays are read.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::booking::{StayRow, StayTimes};
use domain::guest::GuestForm;
use domain::ids::{GuestId, RoomId, RoomTypeId, StayId};
use domain::money::Money;
use domain::room::{RoomChoice, RoomCondition};
use domain::stay::{StayDates, StayState, StayStatus};
use platform::clock::business_date;
use platform::database::Transaction;
use uuid::Uuid;

use crate::hotel::Facts;
use crate::{Error, Result};

/// A stay as lists read it.
#[derive(Debug)]
pub(crate) struct StayRecord {
    pub id: Uuid,
    pub reference: String,
    pub guest_id: Uuid,
    pub first_name: String,
    pub last_name: String,
    pub guest_phone: Option<String>,
    pub room_id: Option<Uuid>,
    pub room_number: Option<String>,
    pub room_type_id: Uuid,
    pub room_type: String,
    pub condition: Option<String>,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub arrival_time: Option<NaiveTime>,
    pub departure_time: Option<NaiveTime>,
    pub party: i16,
    pub status: String,
    pub checked_out_at: Option<DateTime<Utc>>,
    pub currency: String,
    pub total_minor: i64,
    pub paid_minor: i64,
}

/// Selects stays of a hotel: `$1` is the hotel, `$rest` further conditions and the order.
macro_rules! select_stays {
    ($rest:literal, $($arg:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::bookings::StayRecord,
            r#"SELECT s.id, b.reference, s.guest_id, g.first_name, g.last_name, g.phone AS guest_phone, s.room_id,
                      r.number AS "room_number?", s.room_type_id, t.name AS room_type, r.condition AS "condition?", s.arrival, s.departure,
                      s.arrival_time, s.departure_time, s.party, s.status, s.checked_out_at,
                      s.currency AS "currency: String", s.total_minor AS "total_minor!",
                      s.paid_cash_minor + s.paid_card_minor AS "paid_minor!"
               FROM stays s
               JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
               JOIN guests g ON g.organisation_id = s.organisation_id AND g.id = s.guest_id
               JOIN room_types t ON t.organisation_id = s.organisation_id AND t.id = s.room_type_id
               LEFT JOIN rooms r ON r.organisation_id = s.organisation_id AND r.id = s.room_id
               WHERE s.hotel_id = $1 "# + $rest,
            $($arg),+
        )
    };
}
pub(crate) use select_stays;

impl StayRecord {
    /// The row for lists.
    pub(crate) fn into_row(self) -> Result<StayRow> {
        let currency = Facts::currency(&self.currency)?;
        let name =
            GuestForm { first_name: self.first_name, last_name: self.last_name, ..GuestForm::default() };
        Ok(StayRow {
            dates: dates(self.id, self.arrival, self.departure)?,
            times: StayTimes { arrival: self.arrival_time, departure: self.departure_time },
            checked_out_at: self.checked_out_at,
            status: self.status.parse()?,
            room_ready: match self.condition {
                Some(condition) => condition.parse::<RoomCondition>()? != RoomCondition::Dirty,
                None => false,
            },
            id: StayId(self.id),
            reference: self.reference,
            guest_id: GuestId(self.guest_id),
            guest_name: name.full_name(),
            guest_phone: self.guest_phone,
            room_id: self.room_id.map(RoomId),
            room_number: self.room_number,
            room_type_id: RoomTypeId(self.room_type_id),
            room_type: self.room_type,
            party: self.party,
            total: Money::new(self.total_minor, currency),
            paid: Money::new(self.paid_minor, currency),
        })
    }
}

/// The dates of a row; the constraint `stays_dates` keeps impossible ones out.
pub(crate) fn dates(id: Uuid, arrival: NaiveDate, departure: NaiveDate) -> Result<StayDates> {
    StayDates::new(arrival, departure)
        .map_err(|_| Error::Inconsistent(format!("stays {id}: {arrival} to {departure}")))
}

/// A stay that is about to be changed, locked.
#[derive(Debug)]
pub(crate) struct LockedStay {
    pub id: StayId,
    pub room: RoomChoice,
    pub room_type_id: RoomTypeId,
    /// Whether the room has a price of its own.
    pub room_has_own_rate: bool,
    pub dates: StayDates,
    pub state: StayState,
    pub times: StayTimes,
    pub party: i16,
    pub nightly_minor: Vec<i64>,
    pub booked_departure: Option<NaiveDate>,
    pub booked_nightly_minor: Option<Vec<i64>>,
    pub version: i32,
    pub time_zone: String,
    pub currency: domain::money::Currency,
}

impl LockedStay {
    /// The nights as they were booked, before an early departure gave some back.
    pub(crate) fn booked_dates(&self) -> Result<StayDates> {
        booked_dates(self.id, self.dates, self.booked_departure)
    }

    /// Loads a stay of the hotel and locks it until the transaction ends.
    pub(crate) async fn load(transaction: &mut Transaction, hotel_id: Uuid, id: StayId) -> Result<Self> {
        let row = sqlx::query!(
            r#"SELECT s.room_id, s.room_type_id, s.arrival, s.departure, s.arrival_time, s.departure_time, s.party,
                      s.status, s.nightly_minor, s.booked_departure, s.booked_nightly_minor, s.checked_in_at, s.checked_out_at, s.ended_at, s.version,
                      s.currency AS "currency: String", h.time_zone, r.rate_minor IS NOT NULL AS "room_has_own_rate!"
               FROM stays s
               JOIN hotels h ON h.organisation_id = s.organisation_id AND h.id = s.hotel_id
               LEFT JOIN rooms r ON r.organisation_id = s.organisation_id AND r.id = s.room_id
               WHERE s.hotel_id = $1 AND s.id = $2
               FOR UPDATE OF s"#,
            hotel_id,
            Uuid::from(id),
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NotFound)?;
        Ok(Self {
            id,
            room: match row.room_id {
                Some(room_id) => RoomChoice::Room(RoomId(room_id)),
                None => RoomChoice::AnyOf(RoomTypeId(row.room_type_id)),
            },
            room_type_id: RoomTypeId(row.room_type_id),
            room_has_own_rate: row.room_has_own_rate,
            dates: dates(id.0, row.arrival, row.departure)?,
            state: state(
                id,
                row.status.parse()?,
                &row.time_zone,
                [row.checked_in_at, row.checked_out_at, row.ended_at],
            )?,
            party: row.party,
            nightly_minor: row.nightly_minor,
            booked_departure: row.booked_departure,
            booked_nightly_minor: row.booked_nightly_minor,
            times: StayTimes { arrival: row.arrival_time, departure: row.departure_time },
            version: row.version,
            time_zone: row.time_zone,
            currency: Facts::currency(&row.currency)?,
        })
    }
}

/// The nights as they were booked: to `booked_departure` where an early departure gave nights back.
pub(crate) fn booked_dates(
    id: StayId,
    left: StayDates,
    booked_departure: Option<NaiveDate>,
) -> Result<StayDates> {
    booked_departure.map_or(Ok(left), |departure| dates(id.0, left.arrival(), departure))
}

/// The state of a row; the constraint `stays_state` keeps impossible combinations out.
pub(crate) fn state(
    id: StayId,
    status: StayStatus,
    time_zone: &str,
    [checked_in_at, checked_out_at, ended_at]: [Option<DateTime<Utc>>; 3],
) -> Result<StayState> {
    match (status, checked_in_at, checked_out_at, ended_at) {
        (StayStatus::Reserved, None, None, None) => Ok(StayState::Reserved),
        (StayStatus::CheckedIn, Some(at), None, None) => Ok(StayState::CheckedIn { at }),
        (StayStatus::CheckedOut, Some(checked_in_at), Some(at), None) => {
            Ok(StayState::CheckedOut { checked_in_at, at, on: business_date(time_zone, at) })
        }
        (StayStatus::Cancelled, None, None, Some(at)) => Ok(StayState::Cancelled { at }),
        (StayStatus::NoShow, None, None, Some(at)) => Ok(StayState::NoShow { at }),
        _ => Err(Error::Inconsistent(format!("stays {id}: status {status} with other times"))),
    }
}
