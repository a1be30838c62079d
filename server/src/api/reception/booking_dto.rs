//! How a booking reads and is written in this family. A booking of the original is one stay of ours: `booking_id` is the
//! stay's id, `customer_id` the guest's.

use domain::access::{Permit, right};
use domain::booking::{StayRow, StayTimes};
use domain::guest::{GuestDraft, GuestForm, split_name};
use domain::ids::{GuestId, HotelId, RoomId, RoomTypeId, StayId};
use domain::money::Currency;
use domain::problem::{FieldProblem, ProblemCode, optional_text};
use domain::room::RoomChoice;
use pms::bookings::{BookingRequest, GuestChoice, Price};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rooms::{dates, zone};
use crate::api::values::{Amount, at, time_of_day};
use crate::problem::Problem;
use crate::state::AppState;

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingOut {
    booking_id: StayId,
    hotel_id: HotelId,
    /// Null while no room was chosen yet; so is the number.
    room_id: Option<RoomId>,
    room_number: Option<String>,
    room_type_id: RoomTypeId,
    customer_id: GuestId,
    guest_name: String,
    guest_phone: Option<String>,
    /// What people say on the phone, such as `KR-7F3QX0`.
    reference: String,
    num_guests: i16,
    /// When the guest is to arrive, local time of the hotel; midnight where the day alone is known.
    check_in_at: String,
    /// When the guest is to leave, likewise.
    expected_check_out_at: String,
    /// The instant of the check-out.
    actual_check_out_at: Option<String>,
    /// `Active` (booked), `CheckedIn`, `Completed`, `Cancelled` or `NoShow`.
    status: &'static str,
    /// Decimal text.
    total_amount: String,
    /// What was paid, decimal text.
    paid_amount: String,
}

impl BookingOut {
    /// A stay of the hotel.
    pub fn new(stay: StayRow, hotel_id: HotelId) -> Self {
        Self {
            booking_id: stay.id,
            hotel_id,
            room_id: stay.room_id,
            room_number: stay.room_number,
            room_type_id: stay.room_type_id,
            customer_id: stay.guest_id,
            guest_name: stay.guest_name,
            guest_phone: stay.guest_phone,
            reference: stay.reference,
            num_guests: stay.party,
            check_in_at: StayTimes::local_text(stay.dates.arrival(), stay.times.arrival),
            expected_check_out_at: StayTimes::local_text(stay.dates.departure(), stay.times.departure),
            actual_check_out_at: stay.checked_out_at.map(|at| at.to_rfc3339()),
            status: stay.status.reception_word(),
            total_amount: stay.total.to_decimal_text(),
            paid_amount: stay.paid.to_decimal_text(),
        }
    }
}

/// A new booking: for a known customer, or with the guest's data.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct NewBooking {
    /// The room's id or number.
    #[schema(nullable)]
    room_id: Option<RoomName>,
    /// Where no room is named: the type of which any will do, chosen at check-in at the latest.
    #[schema(nullable)]
    room_type_id: Option<String>,
    /// Arrival: a date, a local time of the hotel, or an instant.
    pub check_in_at: String,
    /// Departure, likewise.
    pub expected_check_out_at: String,
    /// `Active`, or `CheckedIn` for a guest who is at the desk; `Active` where nothing is said.
    #[schema(nullable)]
    status: Option<String>,
    /// The price of all nights; the rate where none is given. Another amount needs a permission.
    total_amount: Option<Amount>,
    cash_amount: Option<Amount>,
    card_amount: Option<Amount>,
    notes: Option<String>,
    /// One where none is given.
    #[schema(minimum = 1, maximum = 20)]
    num_guests: Option<i16>,
    customer_id: Option<String>,
    guest_name: Option<String>,
    guest_gov_id: Option<String>,
    guest_phone: Option<String>,
    guest_email: Option<String>,
    guest_address: Option<String>,
    guest_city: Option<String>,
    guest_state: Option<String>,
    guest_zip_code: Option<String>,
}

/// Another room for a booking that is there.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AddedRoom {
    /// The room's id or number.
    #[schema(nullable)]
    room_id: Option<RoomName>,
    /// Where no room is named: the type of which any will do.
    #[schema(nullable)]
    room_type_id: Option<String>,
    check_in_at: Option<String>,
    expected_check_out_at: Option<String>,
    /// The price of all nights; the rate where none is given. Another amount needs a permission.
    total_amount: Option<Amount>,
    /// One where none is given.
    #[schema(minimum = 1, maximum = 20)]
    num_guests: Option<i16>,
    /// Who stays in this room.
    customer_id: Option<String>,
}

impl AddedRoom {
    /// The whole of it, with what the booking says where this is silent.
    pub fn beside(self, stay: &StayRow) -> NewBooking {
        NewBooking {
            room_id: self.room_id,
            room_type_id: self.room_type_id,
            check_in_at: self.check_in_at.unwrap_or_else(|| stay.dates.arrival().to_string()),
            expected_check_out_at: self
                .expected_check_out_at
                .unwrap_or_else(|| stay.dates.departure().to_string()),
            total_amount: self.total_amount,
            num_guests: self.num_guests,
            customer_id: Some(self.customer_id.unwrap_or_else(|| stay.guest_id.to_string())),
            ..NewBooking::default()
        }
    }
}

/// A room's id or number; old clients send numbers as numbers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
enum RoomName {
    /// An id, or a number as text.
    Text(String),
    /// A number.
    Number(i64),
}

impl NewBooking {
    /// Reads the body as a request of the hotel. Fields are named as the body spells them.
    pub async fn read(
        self,
        state: &AppState,
        permit: Permit<'_, right::ManageBookings>,
        booking_of: Option<StayId>,
        at_desk: bool,
    ) -> Result<BookingRequest, Problem> {
        let check_in = at_desk || self.comes_at_once()?;
        let zone = zone(state, permit.also()?, &[&self.check_in_at, &self.expected_check_out_at]).await?;
        let dates = dates(&self.check_in_at, &self.expected_check_out_at, &zone)?;
        let room = self.room(state, permit).await?;
        let guest = self.guest()?;
        let currency = match (&self.total_amount, &self.cash_amount, &self.card_amount) {
            (None, None, None) => Currency::EUR,
            _ => state.services.pms.hotel(permit.also()?).await?.currency,
        };
        let amount = |amount: &Option<Amount>, field| match amount {
            Some(amount) => amount.read(field, currency).map(|money| Some(money.minor)),
            None => Ok(None),
        };
        let note =
            optional_text(self.notes.as_deref().unwrap_or(""), 2000).map_err(|code| at("notes", code))?;
        Ok(BookingRequest {
            room,
            dates,
            times: StayTimes {
                arrival: time_of_day(&self.check_in_at, &zone),
                departure: time_of_day(&self.expected_check_out_at, &zone),
            },
            party: self.num_guests.unwrap_or(1),
            guest,
            price: amount(&self.total_amount, "total_amount")?.map(Price::Total),
            note,
            paid_cash_minor: amount(&self.cash_amount, "cash_amount")?.unwrap_or(0),
            paid_card_minor: amount(&self.card_amount, "card_amount")?.unwrap_or(0),
            booking_of,
            check_in,
        })
    }

    /// Whether the status says that the guest is at the desk. The other states of a booking come by what is done to it.
    fn comes_at_once(&self) -> Result<bool, Problem> {
        match self.status.as_deref().map(|status| status.trim().to_lowercase()).as_deref() {
            None | Some("" | "active" | "reserved") => Ok(false),
            Some("checkedin" | "checked_in") => Ok(true),
            Some(_) => Err(at("status", ProblemCode::NotOnOffer)),
        }
    }

    async fn room(
        &self,
        state: &AppState,
        permit: Permit<'_, right::ManageBookings>,
    ) -> Result<RoomChoice, Problem> {
        let named = self.room_id.as_ref().map(RoomName::to_string).filter(|name| !name.is_empty());
        let name = match (named, &self.room_type_id) {
            (Some(name), _) => name,
            (None, Some(id)) => {
                let id = id.trim().parse().map_err(|_| at("room_type_id", ProblemCode::NotFound))?;
                return Ok(RoomChoice::AnyOf(id));
            }
            (None, None) => return Err(at("room_id", ProblemCode::Required)),
        };
        // An id needs no look-up: the booking itself says whether it is a room of this hotel.
        if let Ok(id) = name.parse() {
            return Ok(RoomChoice::Room(id));
        }
        let room = state.services.pms.find_room(permit.also()?, &name).await?;
        room.map(|room| RoomChoice::Room(room.id)).ok_or_else(|| unknown_room(&name))
    }

    fn guest(&self) -> Result<GuestChoice, Problem> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let name = text(&self.guest_name);
        let known = match self.customer_id.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(id) => Some(id.parse::<GuestId>().map_err(|_| at("customer_id", ProblemCode::NotFound))?),
        };
        if known.is_none() && (name.trim().is_empty() || text(&self.guest_gov_id).trim().is_empty()) {
            return Err(Problem::bad_request("Either customer_id or guest details (Name, ID) are required."));
        }
        let (first_name, last_name) = split_name(if name.trim().is_empty() { "-" } else { &name });
        let form = GuestForm {
            first_name,
            last_name,
            gov_id: text(&self.guest_gov_id),
            phone: text(&self.guest_phone),
            email: text(&self.guest_email),
            address: text(&self.guest_address),
            city: text(&self.guest_city),
            state: text(&self.guest_state),
            zip_code: text(&self.guest_zip_code),
            ..GuestForm::default()
        };
        let draft = form.check("guest_").map_err(|problems| {
            let spelled = |problem: FieldProblem| match problem.field.as_str() {
                "guest_first_name" | "guest_last_name" => FieldProblem::new("guest_name", problem.code),
                _ => problem,
            };
            Problem::invalid(&problems.into_iter().map(spelled).collect::<Vec<_>>())
        })?;
        Ok(match known {
            Some(id) => GuestChoice::Existing(id, Some(GuestDraft { gov_id: None, ..draft })),
            None => GuestChoice::New(draft),
        })
    }

    /// The room as the body names it, for an answer.
    pub fn room_name(&self) -> String {
        self.room_id
            .as_ref()
            .map(RoomName::to_string)
            .or_else(|| self.room_type_id.clone())
            .unwrap_or_default()
    }
}

impl std::fmt::Display for RoomName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text.trim()),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// No such room in the hotel (spec 3.4). The text is cut: somebody may send a long one.
pub fn unknown_room(name: &str) -> Problem {
    let name: String = name.chars().take(60).collect();
    Problem::not_found(format!("Room identifier {name} not found."))
}

/// A refused booking, in the words of the original.
pub fn booking_problem(error: pms::Error, room: &str, taken: &'static str) -> Problem {
    match error {
        pms::Error::RoomTaken => Problem::conflict(taken).code("room_taken"),
        pms::Error::SoldOut => error.into(),
        pms::Error::Invalid(problems) => {
            if problems
                .iter()
                .any(|problem| problem.field == "room_id" && problem.code == ProblemCode::NotFound)
            {
                return unknown_room(room);
            }
            let spelled = |problem: FieldProblem| {
                let field = match problem.field.as_str() {
                    "arrival" => "check_in_at",
                    "departure" => "expected_check_out_at",
                    "party" => "num_guests",
                    "guest_id" => "customer_id",
                    "price" => "nightly_price",
                    other => other,
                };
                FieldProblem::new(field, problem.code)
            };
            Problem::invalid(&problems.into_iter().map(spelled).collect::<Vec<_>>())
        }
        pms::Error::Forbidden(_) => {
            Problem::forbidden("The price differs from the rate, which your role may not change")
        }
        other => other.into(),
    }
}
