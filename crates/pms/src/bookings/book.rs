//! A booking is made.

use domain::access::{Permit, right};
use domain::booking::{BookingForm, StayRow, StayTimes};
use domain::guest::{GuestDraft, GuestForm};
use domain::ids::{BookingId, GuestId, HotelId, RoomTypeId, StayId};
use domain::money::Money;
use domain::problem::{ProblemCode, Problems, optional_text};
use domain::reference::booking_reference;
use domain::room::{RoomChoice, rate, whole_number};
use domain::stay::{NightlyPrices, StayAction, StayDates, StayRefusal, StayState, read_date, read_time};
use platform::audit::{self, Deed};
use platform::clock::business_date;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::change::stay_row;
use crate::error::retried;
use crate::hotel::Facts;
use crate::{Error, Pms, Result, guests};

/// How often another reference is tried when one is taken; with 32^6 of them the second attempt is a rarity.
const REFERENCE_ATTEMPTS: u32 = 4;

/// Who stays.
#[derive(Debug, Clone)]
pub enum GuestChoice {
    /// A guest that is on record, with what has changed.
    Existing(GuestId, Option<GuestDraft>),
    /// A guest that is on record, as a desk corrects them in a form: all but the note.
    Corrected {
        /// The guest.
        id: GuestId,
        /// What was typed.
        typed: GuestForm,
        /// What the form showed, as JSON: see [`merge`](domain::merge::merge).
        shown: String,
    },
    /// A new guest; one with the same identity number is reused.
    New(GuestDraft),
}

/// A price other than the rate.
#[derive(Debug, Clone, Copy)]
pub enum Price {
    /// This much a night, in minor units.
    Nightly(i64),
    /// This much in all, spread over the nights.
    Total(i64),
}

/// Everything that is needed to book a room.
#[derive(Debug, Clone)]
pub struct BookingRequest {
    /// The room, or a type of which any will do.
    pub room: RoomChoice,
    /// The nights.
    pub dates: StayDates,
    /// When the guest is expected.
    pub times: StayTimes,
    /// How many people.
    pub party: i16,
    /// Who stays.
    pub guest: GuestChoice,
    /// A price other than the rate; needs [`right::OverridePrice`] where it differs.
    pub price: Option<Price>,
    /// What colleagues should know.
    pub note: Option<String>,
    /// Paid in cash already, in minor units.
    pub paid_cash_minor: i64,
    /// Paid by card already, in minor units.
    pub paid_card_minor: i64,
    /// A stay of the booking that this one is added to; none for a new booking.
    pub booking_of: Option<StayId>,
    /// Whether the guest is at the desk and gets the key at once.
    pub check_in: bool,
}

/// What is booked, as a booking sees it.
pub(super) struct Bookable {
    pub room_type_id: RoomTypeId,
    pub sleeps: i16,
    pub rate_minor: i64,
    /// Whether the room has a price of its own.
    pub has_own_rate: bool,
    /// The number on the door, or the name of the type.
    pub name: String,
    pub is_closed: bool,
}

impl Pms {
    /// Books what a desk's form says; problems name the form's fields.
    pub async fn book(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        form: &BookingForm,
    ) -> Result<StayId> {
        retried!(self.book_once(permit, form))
    }

    async fn book_once(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        form: &BookingForm,
    ) -> Result<StayId> {
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, self.clock.now()).await?;
        let request = read_form(form, &facts)?;
        let id = self.write_booking(&mut transaction, permit, &facts, &request).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Books a room, and tells how the stay reads in lists.
    pub async fn make_booking(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        request: BookingRequest,
    ) -> Result<StayRow> {
        let done = retried!(self.make_booking_once(permit, &request));
        self.naming_occupant(permit, request.room.room_id(), None, done).await
    }

    async fn make_booking_once(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        request: &BookingRequest,
    ) -> Result<StayRow> {
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, self.clock.now()).await?;
        let id = self.write_booking(&mut transaction, permit, &facts, request).await?;
        let row = stay_row(&mut transaction, permit, id).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn write_booking(
        &self,
        transaction: &mut Transaction,
        permit: Permit<'_, right::ManageBookings>,
        facts: &Facts,
        request: &BookingRequest,
    ) -> Result<StayId> {
        let now = self.clock.now();
        let today = business_date(&facts.time_zone, now);
        if !facts.is_subscribed {
            return Err(Error::SubscriptionLapsed);
        }
        if request.dates.arrival() < today {
            return Err(Error::at("arrival", ProblemCode::InThePast));
        }
        lock_rooms(transaction, permit.hotel_id(), [request.room]).await?;
        let room = bookable(transaction, permit, request.room, request.dates, None).await?;
        if room.is_closed {
            return Err(Error::RoomOutOfOrder);
        }
        if request.party < 1 {
            return Err(Error::at("party", ProblemCode::OutOfRange { min: 1, max: i64::from(room.sleeps) }));
        }
        if request.party > room.sleeps {
            return Err(Error::at("party", ProblemCode::TooManyGuests { max: i64::from(room.sleeps) }));
        }
        let prices = prices(permit, request, Money::new(room.rate_minor, facts.currency))?;
        let mut state = StayState::Reserved;
        if request.check_in {
            if request.room.room_id().is_none() {
                return Err(StayRefusal::NoRoom.into());
            }
            state = state.apply(StayAction::CheckIn, request.dates, today, now)?;
        }
        let unknown_guest = |error| match error {
            Error::NotFound => Error::at("guest_id", ProblemCode::NotFound),
            error => error,
        };
        let (guest_id, is_changed) = match &request.guest {
            GuestChoice::Existing(id, known) => {
                let is_changed =
                    guests::update_known(transaction, *id, known.as_ref()).await.map_err(unknown_guest)?;
                (*id, is_changed)
            }
            GuestChoice::Corrected { id, typed, shown } => {
                let guest = (*id, typed, shown.as_str());
                (*id, guests::correct(transaction, permit.also()?, guest).await.map_err(unknown_guest)?)
            }
            GuestChoice::New(draft) => {
                guests::reuse_or_insert(transaction, permit.organisation_id(), draft, now).await?
            }
        };
        // Of a guest who is new the deed of the booking tells.
        if is_changed {
            let deed = Deed::of(&permit, "guest.changed", guest_id, json!({}));
            audit::record(&mut **transaction, deed, now).await?;
        }
        let stay_id: StayId = platform::ids::new();
        let (booking_id, reference) = match request.booking_of {
            Some(sibling) => {
                let booking = booking_of(transaction, permit, sibling).await?;
                if let Some(note) = &request.note {
                    super::note::append(transaction, booking.0, note).await?;
                }
                booking
            }
            None => self.insert_booking(transaction, permit, guest_id, request.note.as_deref()).await?,
        };
        sqlx::query!(
            "INSERT INTO stays (organisation_id, id, hotel_id, booking_id, guest_id, room_id, arrival, departure, party, status,
                                currency, nightly_minor, paid_cash_minor, paid_card_minor, created_at, checked_in_at,
                                room_type_id, arrival_time, departure_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            Uuid::from(permit.organisation_id()),
            Uuid::from(stay_id),
            Uuid::from(permit.hotel_id()),
            Uuid::from(booking_id),
            Uuid::from(guest_id),
            request.room.room_id().map(Uuid::from),
            request.dates.arrival(),
            request.dates.departure(),
            request.party,
            state.status().as_str(),
            facts.currency.code(),
            &prices.minor,
            request.paid_cash_minor,
            request.paid_card_minor,
            now,
            matches!(state, StayState::CheckedIn { .. }).then_some(now),
            Uuid::from(room.room_type_id),
            request.times.arrival,
            request.times.departure,
        )
        .execute(&mut **transaction)
        .await?;
        let facts = json!({
            "reference": reference, "room": room.name, "arrival": request.dates.arrival(),
            "departure": request.dates.departure(), "total_minor": prices.total().minor, "checked_in": request.check_in,
        });
        audit::record(&mut **transaction, Deed::of(&permit, "stay.booked", stay_id, facts), now).await?;
        Ok(stay_id)
    }

    /// Inserts a booking under a reference that is free.
    async fn insert_booking(
        &self,
        transaction: &mut Transaction,
        permit: Permit<'_, right::ManageBookings>,
        guest_id: GuestId,
        note: Option<&str>,
    ) -> Result<(BookingId, String)> {
        let id: BookingId = platform::ids::new();
        for _ in 0..REFERENCE_ATTEMPTS {
            let reference = booking_reference(rand::random());
            let result = sqlx::query!(
                "INSERT INTO bookings (organisation_id, id, hotel_id, guest_id, reference, note, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT ON CONSTRAINT bookings_reference_key DO NOTHING",
                Uuid::from(permit.organisation_id()),
                Uuid::from(id),
                Uuid::from(permit.hotel_id()),
                Uuid::from(guest_id),
                reference,
                note,
                Uuid::from(permit.actor().user_id),
                self.clock.now(),
            )
            .execute(&mut **transaction)
            .await?;
            if result.rows_affected() == 1 {
                return Ok((id, reference));
            }
        }
        Err(Error::Inconsistent("no booking reference is free".to_owned()))
    }
}

/// The booking a stay belongs to.
async fn booking_of(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageBookings>,
    stay_id: StayId,
) -> Result<(BookingId, String)> {
    let row = sqlx::query!(
        "SELECT b.id, b.reference FROM stays s
         JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
         WHERE s.hotel_id = $1 AND s.id = $2",
        Uuid::from(permit.hotel_id()),
        Uuid::from(stay_id),
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or_else(|| Error::at("booking_of", ProblemCode::NotFound))?;
    Ok((BookingId(row.id), row.reference))
}

/// Lets those who want a room, or are about to leave one, come one after the other until their transactions end; a stay
/// is changed under the lock of each room that it has or gets. The constraint alone would do, but those who wait for it
/// wait for each other when the one before them is refused after all, or when whoever gives up nights marks the room
/// dirty that they have locked, and Postgres takes a second to find that out.
pub(super) async fn lock_rooms(
    transaction: &mut Transaction,
    hotel_id: HotelId,
    rooms: impl IntoIterator<Item = RoomChoice>,
) -> Result<()> {
    let ids: Vec<Uuid> = rooms.into_iter().filter_map(RoomChoice::room_id).map(Uuid::from).collect();
    if !ids.is_empty() {
        // In one order: two guests who change places do not wait for each other.
        sqlx::query!(
            "SELECT FROM rooms WHERE hotel_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE",
            Uuid::from(hotel_id),
            &ids,
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// Loads a room or a type of the hotel. A room is closed if it is out of order on one of the nights, those of `kept`
/// (which a stay has already) aside; a type is closed if all its rooms are. A room that is closed at this very
/// moment may still be booked: closing never depends on bookings, and the guest is then shown as one to be moved.
pub(super) async fn bookable(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageBookings>,
    room: RoomChoice,
    dates: StayDates,
    kept: Option<StayDates>,
) -> Result<Bookable> {
    let found = match room {
        RoomChoice::Room(id) => {
            sqlx::query_as!(
                Bookable,
                r#"SELECT t.id AS room_type_id, t.sleeps, coalesce(r.rate_minor, t.rate_minor) AS "rate_minor!", r.number AS name,
                          r.rate_minor IS NOT NULL AS "has_own_rate!",
                          EXISTS (SELECT FROM room_closures c
                                  WHERE c.organisation_id = r.organisation_id AND c.room_id = r.id
                                    AND c.starts_on < $4 AND c.ends_on > $3
                                    AND NOT coalesce(greatest(c.starts_on, $3) >= $5 AND least(c.ends_on, $4) <= $6, false)) AS "is_closed!"
                   FROM rooms r
                   JOIN room_types t ON t.organisation_id = r.organisation_id AND t.id = r.room_type_id
                   WHERE r.hotel_id = $1 AND r.id = $2"#,
                Uuid::from(permit.hotel_id()),
                Uuid::from(id),
                dates.arrival(),
                dates.departure(),
                kept.map(StayDates::arrival),
                kept.map(StayDates::departure),
            )
            .fetch_optional(&mut **transaction)
            .await?
        }
        RoomChoice::AnyOf(id) => {
            sqlx::query_as!(
                Bookable,
                r#"SELECT t.id AS room_type_id, t.sleeps, t.rate_minor, t.name, false AS "has_own_rate!",
                          NOT EXISTS (SELECT FROM rooms r
                                      WHERE r.organisation_id = t.organisation_id AND r.room_type_id = t.id
                                        AND NOT EXISTS (SELECT FROM room_closures c
                                                        WHERE c.organisation_id = r.organisation_id AND c.room_id = r.id
                                                          AND c.starts_on < $4 AND c.ends_on > $3
                                                          AND NOT coalesce(greatest(c.starts_on, $3) >= $5 AND least(c.ends_on, $4) <= $6, false)))
                              AS "is_closed!"
                   FROM room_types t WHERE t.hotel_id = $1 AND t.id = $2
                   FOR KEY SHARE OF t"#,
                Uuid::from(permit.hotel_id()),
                Uuid::from(id),
                dates.arrival(),
                dates.departure(),
                kept.map(StayDates::arrival),
                kept.map(StayDates::departure),
            )
            .fetch_optional(&mut **transaction)
            .await?
        }
    };
    found.ok_or_else(|| Error::at("room_id", ProblemCode::NotFound))
}

/// The price of each night: the rate, or what was agreed by somebody who may.
fn prices(
    permit: Permit<'_, right::ManageBookings>,
    request: &BookingRequest,
    rate: Money,
) -> Result<NightlyPrices> {
    let at_rate = NightlyPrices::flat(request.dates, rate);
    let agreed = match request.price {
        None => return Ok(at_rate),
        Some(Price::Nightly(minor)) => NightlyPrices::flat(request.dates, Money::new(minor, rate.currency)),
        Some(Price::Total(minor)) => NightlyPrices::spread(request.dates, Money::new(minor, rate.currency)),
    };
    if agreed != at_rate {
        permit.also::<right::OverridePrice>()?;
    }
    Ok(agreed)
}

fn read_form(form: &BookingForm, facts: &Facts) -> Result<BookingRequest> {
    let mut problems = Problems::new();
    let room = problems.take("room_id", form.room_id.parse());
    let arrival = problems.take("arrival", read_date(&form.arrival));
    let departure = problems.take("departure", read_date(&form.departure));
    let dates =
        arrival.zip(departure).and_then(|(from, to)| problems.take("departure", StayDates::new(from, to)));
    let party = problems.take("party", whole_number(&form.party, 1, 20));
    let price = match form.price.trim() {
        "" => None,
        text => problems.take("price", rate(text, facts.currency)).map(|money| Price::Nightly(money.minor)),
    };
    let arrival_time = problems.take("arrival_time", read_time(&form.arrival_time)).flatten();
    let note =
        problems.take("booking_note", optional_text(&form.booking_note, super::note::MAX_NOTE)).flatten();
    let booking_of = match form.booking_of.trim() {
        "" => None,
        text => problems.take("booking_of", text.parse().map_err(|_| ProblemCode::NotFound)),
    };
    let guest = match form.guest_id.trim() {
        "" => match form.guest.check("") {
            Ok(draft) => Some(GuestChoice::New(draft)),
            Err(list) => {
                for problem in list {
                    problems.add(problem.field, problem.code);
                }
                None
            }
        },
        text => {
            let id = problems.take("guest_id", text.parse().map_err(|_| ProblemCode::NotFound));
            // Who sends nothing about the guest changes nothing.
            let is_silent = form.guest == GuestForm::default();
            let wrong = if is_silent { None } else { form.guest.check("").err() };
            for problem in wrong.into_iter().flatten() {
                problems.add(problem.field, problem.code);
            }
            id.map(|id| {
                if is_silent {
                    GuestChoice::Existing(id, None)
                } else {
                    let shown = form.guest_shown.clone();
                    GuestChoice::Corrected { id, typed: form.guest.clone(), shown }
                }
            })
        }
    };
    match (room, dates, party, guest) {
        (Some(room), Some(dates), Some(party), Some(guest)) => problems
            .or(BookingRequest {
                room,
                dates,
                times: StayTimes { arrival: arrival_time, departure: None },
                party,
                guest,
                price,
                note,
                paid_cash_minor: 0,
                paid_card_minor: 0,
                booking_of,
                check_in: false,
            })
            .map_err(Error::from),
        _ => Err(problems.into_vec().into()),
    }
}
