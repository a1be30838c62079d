//! Bookings and stays as desks read and write them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::guest::GuestForm;
use crate::ids::{BookingId, GuestId, RoomId, RoomTypeId, StayId};
use crate::money::Money;
use crate::problem::{FieldProblem, Problems, optional_text};
use crate::room::{RoomChoice, whole_number};
use crate::stay::{StayAction, StayDates, StayStatus};
use crate::text_enum::text_enum;

/// A stay as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayRow {
    /// The stay.
    pub id: StayId,
    /// The booking's reference.
    pub reference: String,
    /// The guest.
    pub guest_id: GuestId,
    /// The guest's full name.
    pub guest_name: String,
    /// The guest's telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_phone: Option<String>,
    /// The room, once one is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_id: Option<RoomId>,
    /// The number on its door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_number: Option<String>,
    /// The type of the room, or the one that was booked.
    pub room_type_id: RoomTypeId,
    /// The room type's name.
    pub room_type: String,
    /// Whether there is a room and it is ready for the guest.
    pub room_ready: bool,
    /// The nights.
    pub dates: StayDates,
    /// When the guest is expected, where somebody said so.
    #[serde(default, skip_serializing_if = "StayTimes::are_unknown")]
    pub times: StayTimes,
    /// How many people.
    pub party: i16,
    /// The state.
    pub status: StayStatus,
    /// When the guest left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_out_at: Option<DateTime<Utc>>,
    /// The price of all nights.
    pub total: Money,
    /// What has been paid.
    pub paid: Money,
}

/// When a guest is expected to come and to leave, by the hotel's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayTimes {
    /// On the day of arrival.
    pub arrival: Option<NaiveTime>,
    /// On the day of departure.
    pub departure: Option<NaiveTime>,
}

impl StayTimes {
    /// A day and a time of it, by the clock of the hotel, as the reception family writes it (spec `reception.md` 3.1): midnight
    /// where nobody said when.
    pub fn local_text(day: NaiveDate, time: Option<NaiveTime>) -> String {
        day.and_time(time.unwrap_or_default()).format("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// Whether nobody said when.
    pub fn are_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl StayRow {
    /// What the stay holds.
    pub fn room_choice(&self) -> RoomChoice {
        self.room_id.map_or(RoomChoice::AnyOf(self.room_type_id), RoomChoice::Room)
    }
}

/// The guest who is in a room that somebody else wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// The number on the door.
    pub room_number: String,
    /// The guest's full name.
    pub guest_name: String,
    /// The booking's reference.
    pub reference: String,
}

text_enum! {
    /// The lists of a day at the desk.
    DayList {
        /// Reserved stays that should have begun, and checked-in ones that should have ended, before today.
        Late => "late",
        /// Reserved stays that begin today.
        Arrivals => "arrivals",
        /// Checked-in stays that end today.
        Departures => "departures",
        /// Checked-in stays that go on.
        InHouse => "in-house",
    }
}

/// The day at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Today {
    /// The hotel's business date.
    pub date: NaiveDate,
    /// The stays of each list, by room number; the beginning of a long list.
    pub stays: Vec<(DayList, StayRow)>,
    /// How many stays each list has in all.
    pub counts: Vec<(DayList, i64)>,
    /// Sellable rooms in all.
    pub rooms: i64,
    /// Rooms taken tonight.
    pub rooms_taken: i64,
    /// Rooms out of order tonight.
    pub rooms_out_of_order: i64,
}

impl Today {
    /// The stays of a list that are shown.
    pub fn of(&self, list: DayList) -> impl Iterator<Item = &StayRow> {
        self.stays.iter().filter(move |(of, _)| *of == list).map(|(_, stay)| stay)
    }

    /// How many stays a list has in all.
    pub fn count(&self, list: DayList) -> i64 {
        self.counts.iter().find(|(of, _)| *of == list).map_or(0, |(_, count)| *count)
    }
}

/// The proof that no room is sold twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfAudit {
    /// How many pairs of live stays share a room and a night. Anything but zero is a defect.
    pub conflicts: i64,
    /// When it was counted.
    pub checked_at: DateTime<FixedOffset>,
}

/// What a desk sends to make a booking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BookingForm {
    /// The room, or the type of which any room will do: a [`RoomChoice`].
    pub room_id: String,
    /// The first night, `YYYY-MM-DD`.
    pub arrival: String,
    /// The day of departure, `YYYY-MM-DD`.
    pub departure: String,
    /// How many people.
    pub party: String,
    /// A returning guest's id; empty for a new guest.
    pub guest_id: String,
    /// The guest's details; for a returning guest they replace what is stored, unless nothing is sent. The note on the
    /// guest, which no booking asks for, stays.
    #[serde(flatten)]
    pub guest: GuestForm,
    /// A price of a night other than the rate, as a decimal text; empty for the rate.
    pub price: String,
    /// What colleagues should know about this booking; added to the note of a booking that gets another room.
    pub booking_note: String,
    /// A returning guest as the form showed them, as JSON of a [`GuestForm`]: see [`merge`](crate::merge::merge).
    pub guest_shown: String,
    /// A stay of the booking that this one is added to; empty for a new booking.
    pub booking_of: String,
    /// When the guest is expected on the day of arrival, `HH:MM`; empty where nobody said.
    pub arrival_time: String,
}

/// All facts about one stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayDetails {
    /// What lists show.
    #[serde(flatten)]
    pub row: StayRow,
    /// The booking.
    pub booking_id: BookingId,
    /// The price of each night.
    pub nights: Vec<Night>,
    /// The note on the booking.
    pub note: Option<String>,
    /// How it went, for those who may book.
    pub feedback: StayFeedback,
    /// The e-mail address of who booked, for those who may write to them.
    pub email: Option<String>,
    /// When it was booked.
    pub booked_at: DateTime<FixedOffset>,
    /// Who booked it; none for demo data and machines.
    pub booked_by: Option<String>,
    /// When the guest was checked in.
    pub checked_in_at: Option<DateTime<FixedOffset>>,
    /// When the guest left, by the hotel's clock.
    pub left_at: Option<DateTime<FixedOffset>>,
    /// What the desk may do now.
    pub actions: Vec<StayAction>,
    /// Counts the changes. A change that was made on older data and says not on what is refused; so is a price.
    pub version: i32,
    /// The other stays of the booking.
    pub siblings: Vec<StayRow>,
    /// What happened, newest first.
    pub history: Vec<HistoryEntry>,
}

/// How a stay went, as the desk noted it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayFeedback {
    /// 1 (bad) to 5 (good).
    pub rating: Option<i16>,
    /// In words.
    pub note: Option<String>,
}

/// How one of a guest's stays went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastStayFeedback {
    /// The stay.
    pub stay_id: StayId,
    /// The day of departure.
    pub departure: NaiveDate,
    /// What the desk noted.
    pub feedback: StayFeedback,
}

/// What a desk types about how a stay went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StayFeedbackForm {
    /// 1 (bad) to 5 (good); empty for none.
    pub rating: String,
    /// In words; empty for none.
    pub feedback: String,
    /// What the form showed, as JSON: see [`merge`](crate::merge::merge).
    pub shown: String,
}

impl From<StayFeedback> for StayFeedbackForm {
    fn from(said: StayFeedback) -> Self {
        Self {
            rating: said.rating.map(|rating| rating.to_string()).unwrap_or_default(),
            feedback: said.note.unwrap_or_default(),
            shown: String::new(),
        }
    }
}

impl StayFeedbackForm {
    /// Checks both fields.
    pub fn check(&self) -> Result<StayFeedback, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let rating = match self.rating.trim() {
            "" => None,
            text => problems.take("rating", whole_number(text, 1, 5)),
        };
        let note = problems.take("feedback", optional_text(&self.feedback, MAX_FEEDBACK)).flatten();
        problems.or(StayFeedback { rating, note })
    }
}

/// The longest feedback, in characters.
pub const MAX_FEEDBACK: usize = 2000;

/// A night and its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    /// The date the night begins on.
    pub date: NaiveDate,
    /// Its price.
    pub price: Money,
}

/// Something that was done, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The action's code, such as `stay.checked_in`.
    pub action: String,
    /// The person's name; none when no person did it.
    pub by: Option<String>,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// Facts of the change, such as the old and the new dates.
    pub facts: Vec<(String, String)>,
}

/// A line of the hotel's log: something that was done, and to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// What was done.
    pub deed: HistoryEntry,
    /// The id of what it was done to.
    pub subject: Option<Uuid>,
    /// That in words, such as a booking's reference and its guest; none when it is gone, or when the facts say it.
    pub about: Option<String>,
}

/// What a desk sends to change a stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StayChangeForm {
    /// The new first night, `YYYY-MM-DD`.
    pub arrival: String,
    /// The new day of departure, `YYYY-MM-DD`.
    pub departure: String,
    /// The new room, or the type of which any room will do: a [`RoomChoice`].
    pub room_id: String,
    /// How many people.
    pub party: String,
    /// A new price for every night; empty to keep the prices.
    pub price: String,
    /// What the form showed, as JSON: see [`merge`](crate::merge::merge).
    pub shown: String,
    /// The version that was read.
    pub version: i32,
    /// When the guest is expected on the day of arrival, `HH:MM`; empty where nobody said.
    pub arrival_time: String,
    /// When the guest is expected to leave, likewise.
    pub departure_time: String,
}

impl StayChangeForm {
    /// The form of a stay as it is.
    pub fn of(dates: StayDates, times: StayTimes, room: RoomChoice, party: i16) -> Self {
        let clock = |time: Option<NaiveTime>| time.map(|time| time.format("%H:%M").to_string());
        Self {
            arrival: dates.arrival().to_string(),
            departure: dates.departure().to_string(),
            room_id: room.to_string(),
            party: party.to_string(),
            arrival_time: clock(times.arrival).unwrap_or_default(),
            departure_time: clock(times.departure).unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// What a desk types as the note of a booking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteForm {
    /// What colleagues should know; empty for nothing.
    pub note: String,
}
