//! A house for tests: two organisations, a hotel each, rooms, and people with roles.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::access::{Actor, Membership, Permit, Right, Role};
use domain::guest::GuestDraft;
use domain::hotel::RegisteredRoom;
use domain::ids::{HotelId, OrganisationId, RoomId, UserId};
use domain::room::RoomChoice;
use domain::stay::StayDates;
use platform::clock::{Clock, MovableClock};
use platform::database::{Database, for_test};
use pms::Pms;
use pms::bookings::{BookingRequest, GuestChoice};
use sqlx::PgPool;
use uuid::Uuid;

/// Noon of the first business date of every test, in UTC: after what the clock of Postgres says, by which it is told what is
/// over.
pub const START: &str = "2106-03-10T12:00:00Z";

/// A hotel with two people who work in it.
pub struct House {
    pub organisation_id: OrganisationId,
    pub hotel_id: HotelId,
    pub owner: Actor,
    pub reception: Actor,
    pub rooms: Vec<RoomId>,
}

pub struct World {
    /// The owner of all tables, who sees every row.
    pub superuser: PgPool,
    pub database: Database,
    pub clock: MovableClock,
    pub pms: Pms,
    pub harbour: House,
    pub mill: House,
}

impl World {
    pub async fn new(superuser: PgPool) -> Self {
        let database = for_test(&superuser);
        let clock = MovableClock::at(START.parse().unwrap());
        let pms = Pms::new(database.clone(), Arc::new(clock.clone()));
        let harbour = house(&superuser, &database, &pms, &clock, "Harbour House").await;
        let mill = house(&superuser, &database, &pms, &clock, "Old Mill Inn").await;
        Self { superuser, database, clock, pms, harbour, mill }
    }

    pub fn today(&self) -> NaiveDate {
        self.clock.now().date_naive()
    }

    /// The nights from `arrival` to `departure`, counted in days from today.
    pub fn dates(&self, arrival: i64, departure: i64) -> StayDates {
        StayDates::new(self.today() + TimeDelta::days(arrival), self.today() + TimeDelta::days(departure))
            .unwrap()
    }

    pub fn tomorrow(&self) {
        self.clock.advance(TimeDelta::days(1));
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.unwrap()
    }
}

impl House {
    pub fn permit<R: Right>(&self) -> Permit<'_, R> {
        self.owner.permit(self.hotel_id).unwrap()
    }
}

/// A booking of one person named `name`.
pub fn request(room_id: RoomId, dates: StayDates, name: &str) -> BookingRequest {
    request_for(RoomChoice::Room(room_id), dates, name)
}

/// A booking of one person named `name`, of a room or of any of a type.
pub fn request_for(room: RoomChoice, dates: StayDates, name: &str) -> BookingRequest {
    BookingRequest {
        room,
        dates,
        times: domain::booking::StayTimes::default(),
        party: 1,
        guest: GuestChoice::New(GuestDraft { first_name: name.to_owned(), ..GuestDraft::default() }),
        price: None,
        note: None,
        paid_cash_minor: 0,
        paid_card_minor: 0,
        booking_of: None,
        check_in: false,
    }
}

async fn house(
    superuser: &PgPool,
    database: &Database,
    pms: &Pms,
    clock: &MovableClock,
    name: &str,
) -> House {
    let now = clock.now();
    let organisation_id: OrganisationId = platform::ids::new();
    let hotel_id: HotelId = platform::ids::new();
    sqlx::query("INSERT INTO organisations (id, code, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(organisation_id)
        .bind(name.to_lowercase())
        .bind(name)
        .bind(now)
        .execute(superuser)
        .await
        .unwrap();
    sqlx::query("INSERT INTO hotels (organisation_id, id, name, time_zone, currency, created_at) VALUES ($1, $2, $3, 'UTC', 'EUR', $4)")
        .bind(organisation_id)
        .bind(hotel_id)
        .bind(name)
        .bind(now)
        .execute(superuser)
        .await
        .unwrap();
    let owner = person(superuser, organisation_id, hotel_id, name, Role::Owner, now).await;
    let reception = person(superuser, organisation_id, hotel_id, name, Role::Reception, now).await;
    let drawn = |number: u32| RegisteredRoom {
        floor: Some("1".into()),
        number: number.to_string(),
        room_type: if number < 104 { "Single".into() } else { "Double".into() },
        rate_minor: if number < 104 { 9_000 } else { 12_000 },
    };
    let rooms: Vec<_> = (101..107).map(drawn).collect();
    let mut transaction = database.begin_in(organisation_id, owner.user_id).await.unwrap();
    pms.add_rooms(&mut transaction, organisation_id, hotel_id, &rooms).await.unwrap();
    transaction.commit().await.unwrap();
    let rooms = sqlx::query_scalar("SELECT id FROM rooms WHERE hotel_id = $1 ORDER BY number")
        .bind(hotel_id)
        .fetch_all(superuser)
        .await
        .unwrap();
    House { organisation_id, hotel_id, owner, reception, rooms }
}

async fn person(
    superuser: &PgPool,
    organisation_id: OrganisationId,
    hotel_id: HotelId,
    hotel_name: &str,
    role: Role,
    now: DateTime<Utc>,
) -> Actor {
    let user_id: UserId = platform::ids::new();
    let username = format!("{role}-{}", Uuid::from(user_id));
    sqlx::query(
        "INSERT INTO users (id, organisation_id, username, full_name, password_hash, created_at) VALUES ($1, $2, $3, $3, '', $4)",
    )
    .bind(user_id)
    .bind(organisation_id)
    .bind(&username)
    .bind(now)
    .execute(superuser)
    .await
    .unwrap();
    Actor {
        user_id,
        organisation_id: Some(organisation_id),
        full_name: username.clone(),
        username,
        memberships: vec![Membership {
            hotel_id,
            hotel_name: hotel_name.to_owned(),
            time_zone: "UTC".to_owned(),
            role,
            is_subscribed: true,
            subscribed_until: None,
        }],
        ..Actor::nobody()
    }
}
