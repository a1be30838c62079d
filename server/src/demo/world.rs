//! The demo accounts and hotels (DESIGN 9).

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::hotel::RegisteredRoom;
use domain::stay::StayStatus;
use platform::clock::Clock;
use platform::settings::PasswordCost;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::hotel::{Room, StayTables};

/// The password of the demo staff.
pub(super) const STAFF_PASSWORD: &str = "HarbourDesk1!";

/// Days of stays before and after today.
const PAST: u64 = 30;
const FUTURE: u64 = 45;

/// A demo hotel.
struct House {
    code: &'static str,
    name: &'static str,
    address: &'static str,
    phone: &'static str,
    email: &'static str,
    time_zone: &'static str,
    rooms: fn() -> Vec<RegisteredRoom>,
    staff: &'static [(&'static str, &'static str, &'static str)],
}

const HOUSES: &[House] = &[
    House {
        code: "harbour",
        name: "Harbour House",
        address: "12 Quay Street, Kinsale, Cork P17, Ireland",
        phone: "+353 20 915 0110",
        email: "hello@harbour.example",
        time_zone: "Europe/Dublin",
        rooms: harbour_rooms,
        staff: &[
            ("owner@harbour.example", "Orla Brennan", "owner"),
            ("reception@harbour.example", "Ruben Teixeira", "reception"),
            ("housekeeping@harbour.example", "Hana Novák", "housekeeping"),
        ],
    },
    House {
        code: "mill",
        name: "Old Mill Inn",
        address: "3 Mill Lane, Ghent 9000, Belgium",
        phone: "+32 9 555 01 20",
        email: "hello@mill.example",
        time_zone: "Europe/Brussels",
        rooms: mill_rooms,
        staff: &[
            ("owner@mill.example", "Mieke Jansen", "owner"),
            ("reception@mill.example", "Rik Dubois", "reception"),
        ],
    },
];

/// People without an organisation: e-mail, name, password, whether they run the platform.
const PEOPLE: &[(&str, &str, &str, bool)] = &[
    ("admin@example.com", "Platform Admin", "AdminPass123@", true),
    ("test@example.com", "Test Customer", "TestPass123@", false),
    ("traveller@explore.example", "Tess Traveller", "Explore123!", false),
    ("provider@explore.example", "Pablo Provider", "Explore123!", false),
    ("expert@explore.example", "Elif Expert", "Explore123!", false),
];

/// Rooms of one floor, numbered from `first` on: each kind with its price of a night in cents.
fn floor(name: &str, first: u32, kinds: &[(&str, i64)]) -> Vec<RegisteredRoom> {
    let room = |(number, (room_type, rate_minor)): (u32, &(&str, i64))| RegisteredRoom {
        floor: Some(name.to_owned()),
        number: number.to_string(),
        room_type: (*room_type).to_owned(),
        rate_minor: *rate_minor,
    };
    (first..).zip(kinds).map(room).collect()
}

fn harbour_rooms() -> Vec<RegisteredRoom> {
    const S: (&str, i64) = ("Single", 9_500);
    const T: (&str, i64) = ("Twin", 13_000);
    const D: (&str, i64) = ("Double", 13_500);
    const SEA: (&str, i64) = ("Double, sea view", 16_500);
    const SUITE: (&str, i64) = ("Suite", 24_000);
    [
        floor("Floor 1", 101, &[S, S, T, T, D, D, D, D]),
        floor("Floor 2", 201, &[S, S, T, D, D, SEA, SEA, SEA]),
        floor("Floor 3", 301, &[S, T, D, D, SEA, SEA, SUITE, SUITE]),
    ]
    .concat()
}

fn mill_rooms() -> Vec<RegisteredRoom> {
    const D: (&str, i64) = ("Double", 11_000);
    const FAMILY: (&str, i64) = ("Family", 15_500);
    [
        floor("Mill", 1, &[D, D, ("Twin", 10_500), ("Single", 7_900)]),
        floor("Barn", 5, &[FAMILY, FAMILY, D, D, ("Loft", 18_000)]),
    ]
    .concat()
}

/// Whether the demo hotels are there and somebody is expected at the first one today.
pub(super) async fn is_fresh(connection: &mut PgConnection, today: NaiveDate) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM stays s JOIN organisations o ON o.id = s.organisation_id
                        WHERE o.code = $1 AND s.status = 'reserved' AND s.arrival = $2)",
    )
    .bind(HOUSES[0].code)
    .bind(today)
    .fetch_one(connection)
    .await
}

/// Makes what is missing, and renews the stays around today.
pub(super) async fn refresh(connection: &mut PgConnection, clock: &dyn Clock) -> anyhow::Result<()> {
    let now = clock.now();
    let mut transaction = connection.begin().await?;
    for (organisation_id, hotel_id) in people_and_hotels(&mut transaction, PasswordCost::OWASP, now).await? {
        renew_stays(&mut transaction, organisation_id, hotel_id, now).await?;
    }
    transaction.commit().await?;
    // Or whoever looks in the first minute has their queries planned for empty tables.
    sqlx::query(super::ANALYZE).execute(&mut *connection).await?;
    Ok(())
}

/// Makes the people and the hotels that are missing; all hotels, each after its organisation.
pub(super) async fn people_and_hotels(
    connection: &mut PgConnection,
    cost: PasswordCost,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(Uuid, Uuid)>> {
    for (email, name, password, is_admin) in PEOPLE {
        person(connection, None, email, name, (password, cost), *is_admin, now).await?;
    }
    let mut hotels = Vec::new();
    for house in HOUSES {
        let (organisation_id, hotel_id) = hotel(connection, house, now).await?;
        for (email, name, role) in house.staff {
            let password = (STAFF_PASSWORD, cost);
            let user_id =
                person(connection, Some(organisation_id), email, name, password, false, now).await?;
            sqlx::query(
                "INSERT INTO memberships (organisation_id, hotel_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
            )
            .bind(organisation_id)
            .bind(hotel_id)
            .bind(user_id)
            .bind(role)
            .bind(now)
            .execute(&mut *connection)
            .await?;
        }
        hotels.push((organisation_id, hotel_id));
    }
    Ok(hotels)
}

async fn person(
    connection: &mut PgConnection,
    organisation_id: Option<Uuid>,
    email: &str,
    name: &str,
    (password, cost): (&str, PasswordCost),
    is_admin: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<Uuid> {
    let known: Option<Uuid> = sqlx::query_scalar("SELECT id FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id: Uuid = platform::ids::new();
    sqlx::query(
        "INSERT INTO users (id, organisation_id, email, username, full_name, password_hash, is_platform_admin, created_at)
         VALUES ($1, $2, $3, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(organisation_id)
    .bind(email)
    .bind(name)
    .bind(identity::hash_password(password, cost)?)
    .bind(is_admin)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(id)
}

async fn hotel(
    connection: &mut PgConnection,
    house: &House,
    now: DateTime<Utc>,
) -> anyhow::Result<(Uuid, Uuid)> {
    let known: Option<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT o.id, h.id FROM organisations o JOIN hotels h ON h.organisation_id = o.id WHERE o.code = $1",
    )
    .bind(house.code)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(ids) = known {
        return Ok(ids);
    }
    let (organisation_id, hotel_id): (Uuid, Uuid) = (platform::ids::new(), platform::ids::new());
    sqlx::query("INSERT INTO organisations (id, code, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(organisation_id)
        .bind(house.code)
        .bind(house.name)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO hotels (organisation_id, id, name, address, phone, email, time_zone, currency, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'EUR', $8)",
    )
    .bind(organisation_id)
    .bind(hotel_id)
    .bind(house.name)
    .bind(house.address)
    .bind(house.phone)
    .bind(house.email)
    .bind(house.time_zone)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    pms::rooms::insert_rooms(connection, organisation_id.into(), hotel_id.into(), &(house.rooms)(), now)
        .await?;
    // Suites and family rooms sleep four, singles one.
    sqlx::query(
        "UPDATE room_types SET sleeps = CASE WHEN name IN ('Suite', 'Family', 'Loft') THEN 4 WHEN name = 'Single' THEN 1 ELSE 2 END
         WHERE hotel_id = $1",
    )
    .bind(hotel_id)
    .execute(connection)
    .await?;
    Ok((organisation_id, hotel_id))
}

/// Replaces the stays that the demo made; what people booked remains, and the new stays go around it.
async fn renew_stays(
    connection: &mut PgConnection,
    organisation_id: Uuid,
    hotel_id: Uuid,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    for statement in [
        "DELETE FROM feedbacks f USING stays s, bookings b
         WHERE f.stay_id = s.id AND s.booking_id = b.id AND b.hotel_id = $1 AND b.created_by IS NULL",
        "DELETE FROM stays s USING bookings b WHERE s.booking_id = b.id AND b.hotel_id = $1 AND b.created_by IS NULL",
        "DELETE FROM bookings WHERE hotel_id = $1 AND created_by IS NULL",
    ] {
        sqlx::query(statement).bind(hotel_id).execute(&mut *connection).await?;
    }
    sqlx::query(
        "DELETE FROM guests g WHERE organisation_id = $1
         AND NOT EXISTS (SELECT FROM bookings b WHERE b.guest_id = g.id) AND NOT EXISTS (SELECT FROM stays s WHERE s.guest_id = g.id)",
    )
    .bind(organisation_id)
    .execute(&mut *connection)
    .await?;
    let kept: Vec<(Option<Uuid>, Uuid, NaiveDate, NaiveDate, bool)> = sqlx::query_as(
        "SELECT room_id, room_type_id, arrival, departure, status = 'checked_in' FROM stays
         WHERE hotel_id = $1 AND status IN ('reserved', 'checked_in') ORDER BY room_id NULLS LAST",
    )
    .bind(hotel_id)
    .fetch_all(&mut *connection)
    .await?;
    let rooms: Vec<(Uuid, Uuid, i16, i64)> = sqlx::query_as(
        "SELECT r.id, t.id, t.sleeps, coalesce(r.rate_minor, t.rate_minor) FROM rooms r JOIN room_types t ON t.id = r.room_type_id
         WHERE r.hotel_id = $1 ORDER BY r.number",
    )
    .bind(hotel_id)
    .fetch_all(&mut *connection)
    .await?;
    let mut taken: Vec<(Uuid, NaiveDate, NaiveDate)> = Vec::new();
    let overlaps = |taken: &[(Uuid, NaiveDate, NaiveDate)], room: Uuid, from: NaiveDate, until: NaiveDate| {
        taken.iter().any(|(id, arrival, departure)| *id == room && *arrival < until && from < *departure)
    };
    let mut occupied: Vec<Uuid> = Vec::new();
    for (room_id, type_id, arrival, departure, is_in_house) in kept {
        occupied.extend(room_id.filter(|_| is_in_house));
        // A stay without a room needs one of its type to be left.
        let spare = || {
            let of_type = rooms.iter().filter(|(_, room_type, ..)| *room_type == type_id).map(|(id, ..)| *id);
            of_type.into_iter().find(|id| !overlaps(&taken, *id, arrival, departure))
        };
        if let Some(id) = room_id.or_else(spare) {
            taken.push((id, arrival, departure));
        }
    }
    let today = now.date_naive();
    let mut random = StdRng::seed_from_u64(u64::from(today.to_epoch_days().unsigned_abs()));
    let mut tables = StayTables::new(random.random());
    for (id, room_type_id, sleeps, rate_minor) in rooms {
        let room = Room { id, room_type_id, sleeps, rate_minor };
        let span = (today - Days::new(PAST), today + Days::new(FUTURE));
        tables.room(&mut random, (organisation_id, hotel_id), &room, span, now, |stay| {
            overlaps(&taken, id, stay.arrival, stay.departure)
                || (stay.status == StayStatus::CheckedIn && occupied.contains(&id))
        });
    }
    tables.send(connection).await?;
    set_the_scene(connection, hotel_id, today).await?;
    Ok(())
}

/// Some rooms are dirty after their guests left, some are inspected, and occupied ones have been slept in. One arrival of
/// today and one of tomorrow have no room yet; of half of those who come, somebody knows when; of a quarter of those who
/// left, how it went.
async fn set_the_scene(
    connection: &mut PgConnection,
    hotel_id: Uuid,
    today: NaiveDate,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE stays SET room_id = NULL WHERE id IN (
             SELECT DISTINCT ON (s.arrival) s.id FROM stays s JOIN bookings b ON b.id = s.booking_id
             WHERE s.hotel_id = $1 AND b.created_by IS NULL AND s.status = 'reserved' AND s.arrival IN ($2, $2 + 1)
             ORDER BY s.arrival, s.id DESC)",
    )
    .bind(hotel_id)
    .bind(today)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE stays s SET arrival_time = time '14:00' + (get_byte(uuid_send(s.id), 15) % 16) * interval '30 minutes'
         FROM bookings b
         WHERE b.id = s.booking_id AND s.hotel_id = $1 AND b.created_by IS NULL AND s.status = 'reserved' AND s.arrival >= $2
           AND get_byte(uuid_send(s.id), 14) % 2 = 0",
    )
    .bind(hotel_id)
    .bind(today)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO feedbacks (organisation_id, id, hotel_id, stay_id, guest_id, rating, note, created_at)
         SELECT s.organisation_id, gen_random_uuid(), s.hotel_id, s.id, s.guest_id, f.rating, f.note, s.checked_out_at
         FROM stays s JOIN bookings b ON b.id = s.booking_id
         JOIN (VALUES (0, 5, 'Would like the same room again'), (1, 4, NULL), (2, 3, 'Asked for a quieter room'),
                      (3, 5, 'Left a scarf behind; we keep it')) AS f (kind, rating, note)
              ON f.kind = get_byte(uuid_send(s.id), 14) % 16
         WHERE s.hotel_id = $1 AND b.created_by IS NULL AND s.status = 'checked_out'",
    )
    .bind(hotel_id)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE rooms r SET condition = CASE
             WHEN EXISTS (SELECT FROM stays s WHERE s.room_id = r.id AND s.status = 'checked_in') THEN 'dirty'
             WHEN hashtext(r.number) % 3 = 0 THEN 'inspected'
             WHEN hashtext(r.number) % 5 = 0 THEN 'dirty'
             ELSE 'clean' END
         WHERE hotel_id = $1",
    )
    .bind(hotel_id)
    .execute(connection)
    .await?;
    Ok(())
}
