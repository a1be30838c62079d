//! Hotels and their registration.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::HotelId;
use crate::money::Currency;
use crate::problem::{FieldProblem, ProblemCode, Problems, email, optional_text, required_text};

/// The largest number of rooms one registration may draw.
pub const MAX_ROOMS: usize = 2000;

/// A hotel's own data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hotel {
    /// The id.
    pub id: HotelId,
    /// The name.
    pub name: String,
    /// The postal address on one line.
    pub address: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// IANA name of the time zone, such as `Europe/Lisbon`.
    pub time_zone: String,
    /// The currency prices are in.
    pub currency: Currency,
    /// The words printed on papers.
    pub terms: String,
    /// The hotel's business date.
    pub business_date: NaiveDate,
}

/// What a manager types about the hotel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HotelForm {
    /// The name.
    pub name: String,
    /// The postal address on one line.
    pub address: String,
    /// Telephone number.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// The words printed on papers.
    pub terms: String,
}

impl From<&Hotel> for HotelForm {
    fn from(known: &Hotel) -> Self {
        Self {
            name: known.name.clone(),
            address: known.address.clone(),
            phone: known.phone.clone().unwrap_or_default(),
            email: known.email.clone().unwrap_or_default(),
            time_zone: known.time_zone.clone(),
            terms: known.terms.clone(),
        }
    }
}

/// A [`HotelForm`] that can be stored, but for the time zone, which the server knows about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotelDraft {
    /// The name.
    pub name: String,
    /// The postal address on one line.
    pub address: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// The words printed on papers.
    pub terms: String,
}

impl HotelForm {
    /// Checks every field.
    pub fn check(&self) -> Result<HotelDraft, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let name = problems.take("name", required_text(&self.name, 120));
        let address = problems.take("address", optional_text(&self.address, 400));
        let phone = problems.take("phone", optional_text(&self.phone, 40));
        let email = problems.take("email", crate::problem::optional_email(&self.email));
        let time_zone = problems.take("time_zone", required_text(&self.time_zone, 60));
        let terms = problems.take("terms", optional_text(&self.terms, 10_000));
        let draft = HotelDraft {
            name: name.unwrap_or_default(),
            address: address.flatten().unwrap_or_default(),
            phone: phone.flatten(),
            email: email.flatten(),
            time_zone: time_zone.unwrap_or_default(),
            terms: terms.flatten().unwrap_or_default(),
        };
        problems.or(draft)
    }
}

/// A room as drawn at registration (spec `reception.md` 3.2).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawnRoom {
    /// The number on the door.
    pub number: String,
    /// The room type's name.
    pub room_type: String,
    /// The price of a night as a decimal text.
    pub rate: String,
}

/// A floor as drawn at registration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawnFloor {
    /// The floor's name.
    pub name: String,
    /// Its rooms.
    pub rooms: Vec<DrawnRoom>,
}

/// What somebody types to register a hotel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistrationForm {
    /// The hotel's name.
    pub hotel_name: String,
    /// The hotel's e-mail address.
    pub hotel_email: String,
    /// Telephone number.
    pub phone: String,
    /// Street and house number.
    pub street: String,
    /// City.
    pub city: String,
    /// State or region.
    pub state: String,
    /// Postal code.
    pub zip_code: String,
    /// Country.
    pub country: String,
    /// ISO 4217 code of the currency prices are in.
    pub currency: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// The owner's full name.
    pub owner_name: String,
    /// The owner's e-mail address, which is also the user name.
    pub owner_email: String,
    /// The owner's password.
    pub password: String,
    /// Floors with their rooms.
    pub floors: Vec<DrawnFloor>,
}

/// A [`RegistrationForm`] that can be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The hotel.
    pub hotel: HotelDraft,
    /// The currency prices are in.
    pub currency: Currency,
    /// The owner's full name.
    pub owner_name: String,
    /// The owner's e-mail address.
    pub owner_email: String,
    /// The owner's password.
    pub password: String,
    /// Each room with its floor's name, number, type and price of a night in minor units.
    pub rooms: Vec<RegisteredRoom>,
}

/// A hotel that is added to a company.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHotel {
    /// The hotel.
    pub hotel: HotelDraft,
    /// The currency prices are in.
    pub currency: Currency,
    /// Its rooms.
    pub rooms: Vec<RegisteredRoom>,
}

/// One room of a [`Registration`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredRoom {
    /// The floor's name.
    pub floor: Option<String>,
    /// The number on the door.
    pub number: String,
    /// The room type's name.
    pub room_type: String,
    /// The price of a night in minor units.
    pub rate_minor: i64,
}

/// Checks a new password: 8 to 200 characters.
pub fn password(text: &str) -> Result<String, ProblemCode> {
    match text.chars().count() {
        0 => Err(ProblemCode::Required),
        1..=7 => Err(ProblemCode::TooShort { min: 8 }),
        8..=200 => Ok(text.to_owned()),
        _ => Err(ProblemCode::TooLong { max: 200 }),
    }
}

impl RegistrationForm {
    /// Checks every field. A room number that is drawn twice is a problem at the field `floors`.
    pub fn check(&self) -> Result<Registration, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let NewHotel { hotel, currency, rooms } = self.hotel(&mut problems);
        let owner_name = problems.take("owner_name", required_text(&self.owner_name, 120));
        let owner_email = problems.take("owner_email", email(&self.owner_email));
        let password = problems.take("password", password(&self.password));
        let registration = Registration {
            hotel,
            currency,
            owner_name: owner_name.unwrap_or_default(),
            owner_email: owner_email.unwrap_or_default(),
            password: password.unwrap_or_default(),
            rooms,
        };
        problems.or(registration)
    }

    /// Checks what is said about the hotel alone.
    pub fn check_hotel(&self) -> Result<NewHotel, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let hotel = self.hotel(&mut problems);
        problems.or(hotel)
    }

    fn hotel(&self, problems: &mut Problems) -> NewHotel {
        let name = problems.take("hotel_name", required_text(&self.hotel_name, 120));
        let hotel_email = problems.take("hotel_email", crate::problem::optional_email(&self.hotel_email));
        let phone = problems.take("phone", optional_text(&self.phone, 40));
        let mut line = |field: &str, text: &str| {
            problems.take(field, optional_text(text, 120)).flatten().unwrap_or_default()
        };
        let (street, city) = (line("street", &self.street), line("city", &self.city));
        let (state, zip_code) = (line("state", &self.state), line("zip_code", &self.zip_code));
        let country = line("country", &self.country);
        let currency = problems.take("currency", self.currency.parse());
        let time_zone = problems.take("time_zone", required_text(&self.time_zone, 60));
        let rooms =
            currency.map(|currency| read_floors(&self.floors, currency, problems)).unwrap_or_default();
        NewHotel {
            hotel: HotelDraft {
                name: name.unwrap_or_default(),
                address: address_line(&street, &city, &state, &zip_code, &country),
                phone: phone.flatten(),
                email: hotel_email.flatten(),
                time_zone: time_zone.unwrap_or_default(),
                terms: String::new(),
            },
            currency: currency.unwrap_or(Currency::EUR),
            rooms,
        }
    }
}

/// Reads the rooms of floors; problems are at `floors`.
pub fn read_floors(
    floors: &[DrawnFloor],
    currency: Currency,
    problems: &mut Problems,
) -> Vec<RegisteredRoom> {
    if floors.iter().map(|floor| floor.rooms.len()).sum::<usize>() > MAX_ROOMS {
        problems.add("floors", ProblemCode::TooLong { max: MAX_ROOMS });
        return Vec::new();
    }
    let mut seen = std::collections::HashSet::new();
    let mut rooms = Vec::new();
    for (floor_index, floor) in floors.iter().enumerate() {
        let floor_name =
            problems.take(&format!("floors[{floor_index}].name"), optional_text(&floor.name, 40)).flatten();
        for (room_index, room) in floor.rooms.iter().enumerate() {
            let at = |field: &str| format!("floors[{floor_index}].rooms[{room_index}].{field}");
            let number = problems.take(&at("number"), required_text(&room.number, 20));
            let room_type = problems.take(&at("type"), optional_text(&room.room_type, 60)).flatten();
            let rate = problems.take(&at("rate"), crate::room::rate(&room.rate, currency));
            let (Some(number), Some(rate)) = (number, rate) else { continue };
            if !seen.insert(number.clone()) {
                problems.add(at("number"), ProblemCode::AlreadyInUse);
            }
            rooms.push(RegisteredRoom {
                floor: floor_name.clone(),
                number,
                room_type: room_type.unwrap_or_else(|| "Standard".to_owned()),
                rate_minor: rate.minor,
            });
        }
    }
    rooms
}

/// `street, city, state zip, country` (spec `reception.md` 3.2), without the parts that are empty.
pub fn address_line(street: &str, city: &str, state: &str, zip_code: &str, country: &str) -> String {
    let region = [state, zip_code].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    [street, city, &region, country]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_leave_out_what_is_not_known() {
        assert_eq!(address_line("1 Quay", "Porto", "", "4050", "Portugal"), "1 Quay, Porto, 4050, Portugal");
        assert_eq!(address_line("", "", "", "", ""), "");
    }
}
