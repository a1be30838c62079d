use chrono::NaiveDate;
use domain::booking::BookingForm;
use domain::guest::{Guest, GuestRow};
use domain::problem::FieldProblem;
use domain::room::{AvailableRoom, AvailableType, RoomType};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// The answers so far, as the address holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// The first night, `YYYY-MM-DD`.
    pub arrival: String,
    /// The day of departure, `YYYY-MM-DD`.
    pub departure: String,
    /// How many people.
    pub party: String,
    /// A room type's id.
    pub room_type: String,
    /// The chosen room, or the type of which any will do: a [`RoomChoice`](domain::room::RoomChoice).
    pub room: String,
    /// What a guest is searched by.
    pub find: String,
    /// The chosen guest's id.
    pub guest: String,
    /// A stay of the booking that the new one belongs to; empty for a new booking.
    pub booking: String,
}

/// What the panel shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// The hotel's business date.
    pub today: NaiveDate,
    /// The answers, with what was missing filled in.
    pub wanted: Wanted,
    /// What is wrong with dates or party.
    pub problems: Vec<FieldProblem>,
    /// The hotel's room types.
    pub room_types: Vec<RoomType>,
    /// What is free; `None` while dates or party cannot be read.
    pub free: Option<Vec<AvailableRoom>>,
    /// Types of which a stay can be booked without choosing the room now.
    pub types: Vec<AvailableType>,
    /// Guests that were found; `None` when nobody searched.
    pub found: Option<Vec<GuestRow>>,
    /// The chosen guest.
    pub guest: Option<Guest>,
}

/// What is free, and the guests that were found.
#[server(prefix = "/actions", endpoint = "new-booking-panel")]
pub async fn load_panel(wanted: Wanted) -> Result<Panel, AppError> {
    use domain::problem::{ProblemCode, Problems};
    use domain::room::whole_number;
    use domain::stay::{StayDates, read_date};

    let (services, who) = crate::server_ctx::context()?;
    let pms = &services.pms;
    let today = who.today;
    let mut wanted = wanted;
    if wanted.arrival.is_empty() {
        wanted.arrival = today.to_string();
    }
    if wanted.departure.is_empty() {
        let arrival: NaiveDate = wanted.arrival.parse().unwrap_or(today);
        wanted.departure = arrival.succ_opt().unwrap_or(arrival).to_string();
    }
    if wanted.party.is_empty() {
        "1".clone_into(&mut wanted.party);
    }
    let mut problems = Problems::new();
    let arrival = problems.take("arrival", read_date(&wanted.arrival));
    let departure = problems.take("departure", read_date(&wanted.departure));
    let dates =
        arrival.zip(departure).and_then(|(from, to)| problems.take("departure", StayDates::new(from, to)));
    if arrival.is_some_and(|arrival| arrival < today) {
        problems.add("arrival", ProblemCode::InThePast);
    }
    let party = problems.take("party", whole_number(&wanted.party, 1, 20));
    let (free, types) = match (dates, party) {
        (Some(dates), Some(party)) if problems.is_empty() => {
            let room_type_id = wanted.room_type.parse().ok();
            let query = pms::rooms::Availability { dates, room_type_id, party: Some(party) };
            let free = pms.available(who.permit()?, &query).await?;
            (Some(free), pms.available_types(who.permit()?, &query).await?)
        }
        _ => (None, Vec::new()),
    };
    let found = match wanted.find.trim() {
        "" => None,
        text => Some(pms.guests(who.permit()?, text, None).await?.into_iter().take(8).collect()),
    };
    let guest = match wanted.guest.parse() {
        Ok(id) => Some(pms.guest(who.permit()?, id).await?.0),
        Err(_) => None,
    };
    let room_types = pms.room_types(who.permit()?).await?;
    Ok(Panel { today, wanted, problems: problems.into_vec(), room_types, free, types, found, guest })
}

/// Makes the booking and goes to it.
#[server(prefix = "/actions", endpoint = "book")]
pub async fn book(form: BookingForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let id = services.pms.book(who.permit()?, &form).await?;
    ctx::go_to(&crate::routes::booking(id), Some(ctx::Notice::new("booked")));
    Ok(())
}
