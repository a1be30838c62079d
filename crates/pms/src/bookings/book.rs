//! A booking is made.

use domain::access::{Permit, right};
use domain::booking::{BookingForm, StayRow};
use domain::guest::GuestDraft;
use domain::ids::{BookingId, GuestId, RoomId, StayId};
use domain::money::Money;
use domain::problem::{ProblemCode, Problems, optional_text};
use domain::reference::booking_reference;
use domain::room::{rate, whole_number};
use domain::stay::{NightlyPrices, StayAction, StayDates, StayState};
use platform::audit::{self, Deed};
use platform::clock::business_date;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::change::stay_row;
use crate::hotel::Facts;
use crate::{Error, Pms, Result, guests};

/// How often another reference is tried when one is taken; with 32^6 of them the second attempt is a rarity.
const REFERENCE_ATTEMPTS: u32 = 4;

/// Who stays.
#[derive(Debug, Clone)]
pub enum GuestChoice {
    /// A guest that is on record, with what has changed.
    Existing(GuestId, Option<GuestDraft>),
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
    /// The room.
    pub room_id: RoomId,
    /// The nights.
    pub dates: StayDates,
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
    /// Whether the guest is at the desk and gets the key at once.
    pub check_in: bool,
}

/// The room as a booking sees it.
struct RoomFacts {
    number: String,
    rate: Money,
}

impl Pms {
    /// Books what a desk's form says; problems name the form's fields.
    pub async fn book(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        form: &BookingForm,
    ) -> Result<StayId> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, now).await?;
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
        let mut transaction = self.database.begin(&permit).await?;
        let facts = Facts::load(&mut transaction, &permit, self.clock.now()).await?;
        let id = self.write_booking(&mut transaction, permit, &facts, &request).await?;
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
        let room = bookable_room(transaction, permit, facts, request).await?;
        let prices = prices(permit, request, room.rate)?;
        let mut state = StayState::Reserved;
        if request.check_in {
            state = state.apply(StayAction::CheckIn, request.dates, today, now)?;
        }
        let guest_id = match &request.guest {
            GuestChoice::Existing(id, known) => {
                guests::update_known(transaction, *id, known.as_ref()).await.map_err(|error| {
                    if matches!(error, Error::NotFound) {
                        Error::at("guest_id", ProblemCode::NotFound)
                    } else {
                        error
                    }
                })?;
                *id
            }
            GuestChoice::New(draft) => {
                guests::reuse_or_insert(transaction, permit.organisation_id(), draft, now).await?
            }
        };
        let booking_id: BookingId = platform::ids::new();
        let stay_id: StayId = platform::ids::new();
        let reference =
            self.insert_booking(transaction, permit, booking_id, guest_id, request.note.as_deref()).await?;
        sqlx::query!(
            "INSERT INTO stays (organisation_id, id, hotel_id, booking_id, guest_id, room_id, arrival, departure, party, status,
                                currency, nightly_minor, paid_cash_minor, paid_card_minor, created_at, checked_in_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            Uuid::from(permit.organisation_id()),
            Uuid::from(stay_id),
            Uuid::from(permit.hotel_id()),
            Uuid::from(booking_id),
            Uuid::from(guest_id),
            Uuid::from(request.room_id),
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
        )
        .execute(&mut **transaction)
        .await?;
        let facts = json!({
            "reference": reference, "room": room.number, "arrival": request.dates.arrival(),
            "departure": request.dates.departure(), "total_minor": prices.total().minor, "checked_in": request.check_in,
        });
        audit::record(&mut **transaction, Deed::of(&permit, "stay.booked", stay_id, facts), now).await?;
        Ok(stay_id)
    }

    /// Inserts the booking under a reference that is free.
    async fn insert_booking(
        &self,
        transaction: &mut Transaction,
        permit: Permit<'_, right::ManageBookings>,
        id: BookingId,
        guest_id: GuestId,
        note: Option<&str>,
    ) -> Result<String> {
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
                return Ok(reference);
            }
        }
        Err(Error::Inconsistent("no booking reference is free".to_owned()))
    }
}

/// Loads the room, and checks that the party fits and it is in order. A room that is closed at this very moment may
/// still be booked: closing never depends on bookings, and the guest is then shown as one to be moved.
async fn bookable_room(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageBookings>,
    facts: &Facts,
    request: &BookingRequest,
) -> Result<RoomFacts> {
    let row = sqlx::query!(
        r#"SELECT r.number, coalesce(r.rate_minor, t.rate_minor) AS "rate_minor!", t.sleeps,
                  EXISTS (SELECT FROM room_closures c
                          WHERE c.organisation_id = r.organisation_id AND c.room_id = r.id
                            AND c.starts_on < $4 AND c.ends_on > $3) AS "is_closed!"
           FROM rooms r
           JOIN room_types t ON t.organisation_id = r.organisation_id AND t.id = r.room_type_id
           WHERE r.hotel_id = $1 AND r.id = $2"#,
        Uuid::from(permit.hotel_id()),
        Uuid::from(request.room_id),
        request.dates.arrival(),
        request.dates.departure(),
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or_else(|| Error::at("room_id", ProblemCode::NotFound))?;
    if row.is_closed {
        return Err(Error::RoomOutOfOrder);
    }
    if !(1..=row.sleeps).contains(&request.party) {
        return Err(Error::at("party", ProblemCode::TooManyGuests { max: i64::from(row.sleeps) }));
    }
    Ok(RoomFacts { number: row.number, rate: Money::new(row.rate_minor, facts.currency) })
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
    let room_id = problems.take("room_id", form.room_id.parse().map_err(|_| ProblemCode::Required));
    let arrival = problems.take("arrival", read_date(&form.arrival));
    let departure = problems.take("departure", read_date(&form.departure));
    let dates =
        arrival.zip(departure).and_then(|(from, to)| problems.take("departure", StayDates::new(from, to)));
    let party = problems.take("party", whole_number(&form.party, 1, 20));
    let price = match form.price.trim() {
        "" => None,
        text => problems.take("price", rate(text, facts.currency)).map(|money| Price::Nightly(money.minor)),
    };
    let note = problems.take("booking_note", optional_text(&form.booking_note, 2000)).flatten();
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
        text => problems
            .take("guest_id", text.parse().map_err(|_| ProblemCode::NotFound))
            .map(|id| GuestChoice::Existing(id, form.guest.check("").ok())),
    };
    match (room_id, dates, party, guest) {
        (Some(room_id), Some(dates), Some(party), Some(guest)) => problems
            .or(BookingRequest {
                room_id,
                dates,
                party,
                guest,
                price,
                note,
                paid_cash_minor: 0,
                paid_card_minor: 0,
                check_in: false,
            })
            .map_err(Error::from),
        _ => Err(problems.into_vec().into()),
    }
}

/// Reads a date as a form sends it.
pub(super) fn read_date(text: &str) -> std::result::Result<chrono::NaiveDate, ProblemCode> {
    match text.trim() {
        "" => Err(ProblemCode::Required),
        text => text.parse().map_err(|_| ProblemCode::NotADate),
    }
}
