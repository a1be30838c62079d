//! Rooms, room types and their condition.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{RoomClosureId, RoomId, RoomTypeId, StayId};
use crate::money::Money;
use crate::problem::{FieldProblem, ProblemCode, Problems, optional_text, required_text};
use crate::text_enum::text_enum;

/// The largest overbooking allowance of a room type.
pub const MAX_OVERBOOKING: i16 = 50;

/// The largest price of a night in minor units: nobody means more.
pub const MAX_RATE_MINOR: i64 = 100_000_000;

/// What a stay holds: a room, or any room of a type until one is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoomChoice {
    /// This room.
    Room(RoomId),
    /// One of this type, chosen at check-in at the latest.
    AnyOf(RoomTypeId),
}

impl RoomChoice {
    /// The room, if one is chosen.
    pub fn room_id(self) -> Option<RoomId> {
        match self {
            Self::Room(id) => Some(id),
            Self::AnyOf(_) => None,
        }
    }
}

/// As forms and addresses hold it: a room's id, or `any-` and a room type's.
impl std::fmt::Display for RoomChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Room(id) => id.fmt(f),
            Self::AnyOf(id) => write!(f, "any-{id}"),
        }
    }
}

impl std::str::FromStr for RoomChoice {
    type Err = ProblemCode;

    fn from_str(text: &str) -> Result<Self, ProblemCode> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ProblemCode::Required);
        }
        let choice = match text.strip_prefix("any-") {
            Some(id) => id.parse().map(Self::AnyOf).ok(),
            None => text.parse().map(Self::Room).ok(),
        };
        choice.ok_or(ProblemCode::NotFound)
    }
}

text_enum! {
    /// How clean a room is.
    RoomCondition {
        /// Ready, and checked by a second person.
        Inspected => "inspected",
        /// Cleaned.
        Clean => "clean",
        /// Used since it was last cleaned.
        Dirty => "dirty",
    }
}

/// A kind of room sold at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomType {
    /// The id.
    pub id: RoomTypeId,
    /// The name, unique in the hotel.
    pub name: String,
    /// How many people a room of this type sleeps.
    pub sleeps: i16,
    /// The price of a night unless the room has one of its own.
    pub rate: Money,
    /// How many rooms are of this type.
    pub rooms: i64,
    /// How many stays without a room may be sold beyond them.
    pub overbooking: i16,
}

/// What a manager types to create or change a room type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomTypeForm {
    /// The name.
    pub name: String,
    /// How many people it sleeps.
    pub sleeps: String,
    /// The price of a night as a decimal text.
    pub rate: String,
    /// How many stays without a room may be sold beyond the rooms there are; empty for none.
    #[serde(default)]
    pub overbooking: String,
}

impl From<&RoomType> for RoomTypeForm {
    fn from(known: &RoomType) -> Self {
        Self {
            name: known.name.clone(),
            sleeps: known.sleeps.to_string(),
            rate: known.rate.to_decimal_text(),
            overbooking: known.overbooking.to_string(),
        }
    }
}

/// A [`RoomTypeForm`] that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomTypeDraft {
    /// The name.
    pub name: String,
    /// How many people it sleeps.
    pub sleeps: i16,
    /// The price of a night in minor units of the hotel's currency.
    pub rate: Money,
    /// How many stays without a room may be sold beyond the rooms there are.
    pub overbooking: i16,
}

/// Reads a price of a night: not negative and not absurd.
pub fn rate(text: &str, currency: crate::money::Currency) -> Result<Money, ProblemCode> {
    if text.trim().is_empty() {
        return Err(ProblemCode::Required);
    }
    let money = Money::parse(text, currency)?;
    if (0..=MAX_RATE_MINOR).contains(&money.minor) {
        Ok(money)
    } else {
        Err(ProblemCode::OutOfRange { min: 0, max: MAX_RATE_MINOR / 100 })
    }
}

/// Reads a whole number between `min` and `max`.
pub fn whole_number(text: &str, min: i16, max: i16) -> Result<i16, ProblemCode> {
    let bounds = ProblemCode::OutOfRange { min: i64::from(min), max: i64::from(max) };
    match text.trim() {
        "" => Err(ProblemCode::Required),
        text => text.parse().ok().filter(|number| (min..=max).contains(number)).ok_or(bounds),
    }
}

impl RoomTypeForm {
    /// Checks every field.
    pub fn check(&self, currency: crate::money::Currency) -> Result<RoomTypeDraft, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let name = problems.take("name", required_text(&self.name, 60));
        let sleeps = problems.take("sleeps", whole_number(&self.sleeps, 1, 20));
        let rate = problems.take("rate", rate(&self.rate, currency));
        let overbooking = match self.overbooking.trim() {
            "" => Some(0),
            text => problems.take("overbooking", whole_number(text, 0, MAX_OVERBOOKING)),
        };
        match (name, sleeps, rate, overbooking) {
            (Some(name), Some(sleeps), Some(rate), Some(overbooking)) => {
                problems.or(RoomTypeDraft { name, sleeps, rate, overbooking })
            }
            _ => Err(problems.into_vec()),
        }
    }
}

/// What a manager types to create or change a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomForm {
    /// The number on the door.
    pub number: String,
    /// The floor's name.
    pub floor: String,
    /// The room type's id.
    pub room_type_id: String,
    /// Where there is no id: the room type's name. A type that is not there yet is made.
    #[serde(default)]
    pub room_type: String,
    /// A price of its own as a decimal text; empty for the type's.
    pub rate: String,
}

impl From<&Room> for RoomForm {
    fn from(known: &Room) -> Self {
        Self {
            number: known.number.clone(),
            floor: known.floor.clone().unwrap_or_default(),
            room_type_id: known.room_type_id.to_string(),
            room_type: String::new(),
            rate: if known.has_own_rate { known.rate.to_decimal_text() } else { String::new() },
        }
    }
}

/// The type that a room is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomTypeChoice {
    /// One that is there.
    Known(RoomTypeId),
    /// The one with this name, which may be new.
    Named(String),
}

/// A [`RoomForm`] that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomDraft {
    /// The number on the door.
    pub number: String,
    /// The floor's name, if any.
    pub floor: Option<String>,
    /// The room type.
    pub room_type: RoomTypeChoice,
    /// A price of its own.
    pub rate: Option<Money>,
}

impl RoomForm {
    /// Checks every field.
    pub fn check(&self, currency: crate::money::Currency) -> Result<RoomDraft, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let number = problems.take("number", required_text(&self.number, 20));
        let floor = problems.take("floor", optional_text(&self.floor, 40));
        let room_type = if self.room_type_id.is_empty() && !self.room_type.is_empty() {
            problems.take("room_type", required_text(&self.room_type, 60)).map(RoomTypeChoice::Named)
        } else {
            let id = self.room_type_id.parse().map_err(|_| ProblemCode::NotOnOffer);
            problems.take("room_type_id", id).map(RoomTypeChoice::Known)
        };
        let own_rate =
            if self.rate.trim().is_empty() { Ok(None) } else { rate(&self.rate, currency).map(Some) };
        let own_rate = problems.take("rate", own_rate);
        match (number, floor, room_type, own_rate) {
            (Some(number), Some(floor), Some(room_type), Some(rate)) => {
                problems.or(RoomDraft { number, floor, room_type, rate })
            }
            _ => Err(problems.into_vec()),
        }
    }
}

/// A room with its type and price, as settings show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The id.
    pub id: RoomId,
    /// The number on the door.
    pub number: String,
    /// The floor's name.
    pub floor: Option<String>,
    /// The type's id.
    pub room_type_id: RoomTypeId,
    /// The type's name.
    pub room_type: String,
    /// How many people it sleeps.
    pub sleeps: i16,
    /// The price of a night: the room's own, else the type's.
    pub rate: Money,
    /// Whether `rate` is the room's own.
    pub has_own_rate: bool,
    /// How clean it is.
    pub condition: RoomCondition,
}

/// A room that is free for the whole of a range of nights, with its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailableRoom {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// The price of all nights.
    pub total: Money,
    /// Whether somebody is in the room right now, or its guest leaves today.
    pub occupied_now: bool,
}

/// A room type of which something is left for each of a range of nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailableType {
    /// The type.
    pub room_type_id: RoomTypeId,
    /// Its name.
    pub name: String,
    /// How many people it sleeps.
    pub sleeps: i16,
    /// How many more stays can be sold for all of the nights, overbooking included.
    pub units_left: i32,
    /// The price of a night.
    pub rate: Money,
    /// The price of all nights.
    pub total: Money,
}

/// A period in which a room cannot be sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomClosure {
    /// The id.
    pub id: RoomClosureId,
    /// The room.
    pub room_id: RoomId,
    /// The first night.
    pub starts_on: NaiveDate,
    /// The day it is back; its night can be sold.
    pub ends_on: NaiveDate,
    /// Why.
    pub reason: String,
}

/// A room on the board: who is in it and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRoom {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// The closure that covers today, if any.
    pub closure: Option<RoomClosure>,
    /// The guest in the room.
    pub in_house: Option<BoardStay>,
    /// The guest expected today.
    pub arriving: Option<BoardStay>,
}

/// A stay as the board names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardStay {
    /// The stay.
    pub stay_id: StayId,
    /// The booking's reference.
    pub reference: String,
    /// The guest.
    pub guest_name: String,
    /// The day of departure.
    pub departure: NaiveDate,
}

/// What a manager types to take a room out of order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClosureForm {
    /// The room's id.
    pub room_id: String,
    /// The first night, `YYYY-MM-DD`.
    pub starts_on: String,
    /// The day it is back, `YYYY-MM-DD`.
    pub ends_on: String,
    /// Why.
    pub reason: String,
}
