//! One hotel as rows.

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::reference::booking_reference;
use domain::stay::StayStatus;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::copy::Table;
use super::stays::{Planned, plan};
use super::{Load, at, names};

/// A room that stays are planned for.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pub id: Uuid,
    pub room_type_id: Uuid,
    pub sleeps: i16,
    pub rate_minor: i64,
}

/// Guests, bookings and stays of one hotel.
pub(super) struct StayTables {
    guests: Table,
    bookings: Table,
    stays: Table,
    /// What the next booking's reference is made from.
    next_reference: u64,
}

/// An odd factor: multiplied by it, successive numbers give references that look random and never repeat within the
/// 2^30 there are, which random ones soon would.
const SCATTER: u64 = 0x9E37_79B1;

impl StayTables {
    /// Empty tables; `seed` is where references begin.
    pub fn new(seed: u64) -> Self {
        Self {
            next_reference: seed,
            guests: Table::new(
                "guests (organisation_id, id, first_name, last_name, email, phone, phone_digits, gov_id, city, created_at)",
            ),
            bookings: Table::new(
                "bookings (organisation_id, id, hotel_id, guest_id, reference, note, created_at)",
            ),
            stays: Table::new(
                "stays (organisation_id, id, hotel_id, booking_id, guest_id, room_id, room_type_id, arrival, departure, party, status, currency, \
                 nightly_minor, paid_card_minor, created_at, checked_in_at, checked_out_at, ended_at)",
            ),
        }
    }

    pub fn rows(&self) -> u64 {
        self.stays.rows()
    }

    pub async fn send(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.guests.send(connection).await?;
        self.bookings.send(connection).await?;
        self.stays.send(connection).await
    }

    /// Adds a guest who may stay several times.
    pub fn guest(&mut self, random: &mut impl Rng, organisation_id: Uuid, created_at: DateTime<Utc>) -> Uuid {
        let id: Uuid = platform::ids::new();
        let person = names::person(random);
        let digits = domain::guest::phone_digits(&person.phone);
        let gov_id =
            random.random_ratio(1, 3).then(|| format!("P{}", id.simple().to_string()[20..].to_uppercase()));
        self.guests
            .row()
            .value(organisation_id)
            .value(id)
            .value(person.first_name)
            .value(person.last_name)
            .value(person.email)
            .value(person.phone)
            .value(digits)
            .optional(gov_id)
            .value(person.city)
            .instant(Some(created_at))
            .end();
        id
    }

    /// Adds a booking of one stay.
    pub fn stay(
        &mut self,
        random: &mut impl Rng,
        (organisation_id, hotel_id, guest_id, room_id, room_type_id): (Uuid, Uuid, Uuid, Uuid, Uuid),
        stay: &Planned,
        now: DateTime<Utc>,
    ) {
        let booking_id: Uuid = platform::ids::new();
        let booked_at = at(
            stay.arrival - Days::new(random.random_range(1..40)),
            random.random_range(8..20),
            random.random_range(0..60),
        )
        .min(now);
        self.next_reference = self.next_reference.wrapping_add(SCATTER);
        self.bookings
            .row()
            .value(organisation_id)
            .value(booking_id)
            .value(hotel_id)
            .value(guest_id)
            .value(booking_reference(self.next_reference))
            .optional(names::note(random))
            .instant(Some(booked_at))
            .end();
        let came = matches!(stay.status, StayStatus::CheckedIn | StayStatus::CheckedOut);
        let checked_in_at = came.then(|| at(stay.arrival, 15, random.random_range(0..60)).min(now));
        let checked_out_at = (stay.status == StayStatus::CheckedOut)
            .then(|| at(stay.departure, 9, random.random_range(0..60)).min(now));
        let ended_at = matches!(stay.status, StayStatus::Cancelled | StayStatus::NoShow)
            .then(|| booked_at.max(at(stay.arrival, 8, 0).min(now)));
        let prices = vec![stay.nightly_minor.to_string(); stay.nights()];
        let paid = if stay.status == StayStatus::CheckedOut {
            stay.nightly_minor * i64::try_from(prices.len()).unwrap_or(0)
        } else {
            0
        };
        self.stays
            .row()
            .value(organisation_id)
            .value(platform::ids::new::<Uuid>())
            .value(hotel_id)
            .value(booking_id)
            .value(guest_id)
            .value(room_id)
            .value(room_type_id)
            .value(stay.arrival)
            .value(stay.departure)
            .value(stay.party)
            .value(stay.status)
            .value("EUR")
            .value(format_args!("{{{}}}", prices.join(",")))
            .value(paid)
            .instant(Some(booked_at))
            .instant(checked_in_at)
            .instant(checked_out_at)
            .instant(ended_at)
            .end();
    }

    /// Plans and adds the stays of a room, skipping those that `is_taken` refuses.
    pub fn room(
        &mut self,
        random: &mut StdRng,
        (organisation_id, hotel_id): (Uuid, Uuid),
        room: &Room,
        (from, until): (NaiveDate, NaiveDate),
        now: DateTime<Utc>,
        is_taken: impl Fn(&Planned) -> bool,
    ) {
        let mut regular = None;
        for stay in plan(random, from, until, now.date_naive(), room.sleeps, room.rate_minor) {
            if is_taken(&stay) {
                continue;
            }
            let guest_id = match regular {
                // One guest in five comes back to the room they know.
                Some(guest_id) if random.random_ratio(1, 5) => guest_id,
                _ => self.guest(random, organisation_id, at(from, 9, 0)),
            };
            regular = Some(guest_id);
            self.stay(random, (organisation_id, hotel_id, guest_id, room.id, room.room_type_id), &stay, now);
        }
    }
}

/// The first number no load hotel has yet.
pub(super) async fn next_number(connection: &mut PgConnection) -> Result<u32, sqlx::Error> {
    let last: Option<i32> = sqlx::query_scalar(
        "SELECT max(substring(code FROM 6)::int) FROM organisations WHERE code LIKE 'load-%'",
    )
    .fetch_one(connection)
    .await?;
    Ok(last.and_then(|last| u32::try_from(last).ok()).map_or(1, |last| last + 1))
}

/// Writes one load hotel with its owner, rooms and stays; returns the number of stays.
pub(super) async fn load(
    connection: &mut PgConnection,
    number: u32,
    load: Load,
    now: DateTime<Utc>,
    password_hash: &str,
) -> anyhow::Result<u64> {
    let mut random = StdRng::seed_from_u64(u64::from(number));
    let (organisation_id, hotel_id, user_id): (Uuid, Uuid, Uuid) =
        (platform::ids::new(), platform::ids::new(), platform::ids::new());
    let name = format!("Load hotel {number:04}");
    let email = format!("owner@load-{number:04}.example");
    let mut organisations = Table::new("organisations (id, code, name, created_at)");
    organisations
        .row()
        .value(organisation_id)
        .value(format_args!("load-{number:04}"))
        .value(&name)
        .instant(Some(now))
        .end();
    let mut hotels = Table::new("hotels (organisation_id, id, name, time_zone, currency, created_at)");
    hotels
        .row()
        .value(organisation_id)
        .value(hotel_id)
        .value(&name)
        .value("UTC")
        .value("EUR")
        .instant(Some(now))
        .end();
    let mut users =
        Table::new("users (id, organisation_id, email, username, full_name, password_hash, created_at)");
    users
        .row()
        .value(user_id)
        .value(organisation_id)
        .value(&email)
        .value(&email)
        .value("Load owner")
        .value(password_hash)
        .instant(Some(now))
        .end();
    let mut memberships = Table::new("memberships (organisation_id, hotel_id, user_id, role, created_at)");
    memberships
        .row()
        .value(organisation_id)
        .value(hotel_id)
        .value(user_id)
        .value("owner")
        .instant(Some(now))
        .end();
    let mut types =
        Table::new("room_types (organisation_id, id, hotel_id, name, sleeps, rate_minor, created_at)");
    let kinds = [("Single", 1i16, 8_900i64), ("Double", 2, 12_900), ("Family", 4, 17_500)].map(
        |(name, sleeps, rate)| {
            let id: Uuid = platform::ids::new();
            types
                .row()
                .value(organisation_id)
                .value(id)
                .value(hotel_id)
                .value(name)
                .value(sleeps)
                .value(rate)
                .instant(Some(now))
                .end();
            (id, sleeps, rate)
        },
    );
    let mut rooms =
        Table::new("rooms (organisation_id, id, hotel_id, room_type_id, number, floor, created_at)");
    let mut stays = StayTables::new(u64::from(number));
    let from = now.date_naive() - Days::new(u64::from(load.years) * 365 - 182);
    let until = now.date_naive() + Days::new(182);
    for index in 0..load.rooms {
        let (type_id, sleeps, rate_minor) = kinds[usize::try_from(index).unwrap_or(0) % kinds.len()];
        let room = Room { id: platform::ids::new(), room_type_id: type_id, sleeps, rate_minor };
        let room_number = (index / 50 + 1) * 100 + index % 50 + 1;
        rooms
            .row()
            .value(organisation_id)
            .value(room.id)
            .value(hotel_id)
            .value(type_id)
            .value(room_number)
            .value(index / 50 + 1)
            .instant(Some(now))
            .end();
        stays.room(&mut random, (organisation_id, hotel_id), &room, (from, until), now, |_| false);
    }
    let mut transaction = connection.begin().await?;
    for table in [&organisations, &hotels, &users, &memberships, &types, &rooms] {
        table.send(&mut transaction).await?;
    }
    stays.send(&mut transaction).await?;
    transaction.commit().await?;
    Ok(stays.rows())
}
