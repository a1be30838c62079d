//! What a desk does with stays in a day's work.

use crate::support::{World, request, request_for};
use chrono::{DateTime, Utc};
use domain::access::right;
use domain::booking::{BookingForm, DayList, StayChangeForm};
use domain::guest::{GuestDraft, GuestForm};
use domain::hotel::RegisteredRoom;
use domain::ids::{RoomId, RoomTypeId};
use domain::problem::ProblemCode;
use domain::room::{ClosureForm, RoomChoice};
use domain::stay::{StayAction, StayRefusal, StayStatus};
use platform::clock::Clock;
use pms::Error;
use pms::bookings::{CheckOut, GuestChoice, Price, StayFilter};
use pms::rooms::Availability;
use sqlx::PgPool;

fn fields(error: Error) -> Vec<(String, ProblemCode)> {
    match error {
        Error::Invalid(problems) => {
            problems.into_iter().map(|problem| (problem.field, problem.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_guest_books_comes_stays_and_leaves(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let form = BookingForm {
        room_id: house.rooms[3].to_string(),
        arrival: world.dates(0, 2).arrival().to_string(),
        departure: world.dates(0, 2).departure().to_string(),
        party: "2".into(),
        guest: GuestForm {
            first_name: "Zoë".into(), last_name: "Ångström".into(), ..GuestForm::default()
        },
        ..BookingForm::default()
    };
    let stay = pms.book(house.permit(), &form).await.unwrap();
    let today = async || pms.today(house.permit(), None).await.unwrap();
    let day = today().await;
    let arrivals: Vec<_> = day.of(DayList::Arrivals).collect();
    assert_eq!((arrivals.len(), day.count(DayList::Arrivals)), (1, 1));
    assert_eq!((arrivals[0].guest_name.as_str(), arrivals[0].total.minor), ("Zoë Ångström", 24_000));
    pms.act(house.permit(), stay, StayAction::CheckIn).await.unwrap();
    assert_eq!(today().await.count(DayList::InHouse), 1);
    world.tomorrow();
    world.tomorrow();
    assert_eq!(today().await.count(DayList::Departures), 1);
    let said = CheckOut { note: Some("quiet".into()), rating: Some(5), ..CheckOut::default() };
    let left = pms.check_out(house.permit(), stay, &said).await.unwrap();
    assert_eq!(left.status, StayStatus::CheckedOut);
    assert!(!left.room_ready, "the room is dirty after the guest has left");
    let details = pms.stay(house.permit(), stay).await.unwrap();
    let deeds: Vec<_> = details.history.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(deeds, ["stay.checked_out", "stay.checked_in", "stay.booked"]);
    assert_eq!(details.nights.len(), 2);
}

/// A small house's day is read whole and cut, that of a large one ranked first.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_day_is_the_same_however_it_is_read(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let build = async |room_type: &str, numbers: std::ops::Range<u32>| {
        let drawn: Vec<_> = numbers
            .map(|number| RegisteredRoom {
                floor: None,
                number: number.to_string(),
                room_type: room_type.to_owned(),
                rate_minor: 9_000,
            })
            .collect();
        let mut transaction =
            world.database.begin_in(house.organisation_id, house.owner.user_id).await.unwrap();
        pms.add_rooms(&mut transaction, house.organisation_id, house.hotel_id, &drawn).await.unwrap();
        transaction.commit().await.unwrap();
    };
    build("Twin", 201..240).await;
    let rooms: Vec<RoomId> = sqlx::query_scalar("SELECT id FROM rooms WHERE hotel_id = $1 ORDER BY number")
        .bind(house.hotel_id)
        .fetch_all(&world.superuser)
        .await
        .unwrap();
    for (index, room) in rooms.iter().enumerate() {
        let (dates, check_in) = match index {
            0..5 => (world.dates(0, 1), true),
            5..40 => (world.dates(0, 3), true),
            40..42 => (world.dates(0, 2), false),
            _ => (world.dates(1, 2), false),
        };
        let booking = pms::bookings::BookingRequest { check_in, ..request(*room, dates, "Ada") };
        pms.make_booking(house.permit(), booking).await.unwrap();
    }
    world.tomorrow();

    let read = async |whole| pms.today(house.permit(), whole).await.unwrap();
    let (short, whole) = (read(None).await, read(Some(DayList::InHouse)).await);
    let lengths = DayList::ALL.iter().map(|list| (short.count(*list), short.of(*list).count()));
    assert_eq!(lengths.collect::<Vec<_>>(), [(2, 2), (3, 3), (5, 5), (35, 24)]);
    assert_eq!((short.rooms, short.rooms_taken), (45, 40));
    assert_eq!(whole.of(DayList::InHouse).count(), 35);
    build("Loft", 301..400).await;
    assert_eq!(read(None).await, domain::booking::Today { rooms: 144, ..short });
    assert_eq!(read(Some(DayList::InHouse)).await, domain::booking::Today { rooms: 144, ..whole });
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn every_problem_of_a_form_is_named_at_once_and_nothing_is_written(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let form = BookingForm {
        room_id: "12".into(),
        arrival: "soon".into(),
        departure: String::new(),
        party: "many".into(),
        guest: GuestForm { email: "x".into(), ..GuestForm::default() },
        ..BookingForm::default()
    };
    let names: Vec<_> =
        fields(pms.book(house.permit(), &form).await.unwrap_err()).into_iter().map(|(f, _)| f).collect();
    assert_eq!(names, ["room_id", "arrival", "departure", "party", "first_name", "email"]);

    let good = request(house.rooms[0], world.dates(0, 1), "Ada");
    let yesterday = pms::bookings::BookingRequest { dates: world.dates(-1, 1), ..good.clone() };
    assert_eq!(
        fields(pms.make_booking(house.permit(), yesterday).await.unwrap_err()),
        [("arrival".to_owned(), ProblemCode::InThePast)]
    );
    let crowd = pms::bookings::BookingRequest { party: 9, ..good.clone() };
    assert_eq!(
        fields(pms.make_booking(house.permit(), crowd).await.unwrap_err()),
        [("party".to_owned(), ProblemCode::TooManyGuests { max: 2 })]
    );
    let other_hotels_room = request(world.mill.rooms[0], world.dates(0, 1), "Ada");
    assert_eq!(
        fields(pms.make_booking(house.permit(), other_hotels_room).await.unwrap_err()),
        [("room_id".to_owned(), ProblemCode::NotFound)]
    );
    assert_eq!(world.count("SELECT count(*) FROM bookings").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM guests").await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_price_other_than_the_rate_needs_permission(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let at = |price| pms::bookings::BookingRequest {
        price: Some(price),
        ..request(house.rooms[0], world.dates(0, 3), "Ada")
    };
    let reception = || house.reception.permit::<right::ManageBookings>(house.hotel_id).unwrap();
    assert!(matches!(pms.make_booking(reception(), at(Price::Nightly(1))).await, Err(Error::Forbidden(_))));
    // The rate's own total is no override.
    let stay = pms.make_booking(reception(), at(Price::Total(27_000))).await.unwrap().id;
    pms.act(house.permit(), stay, StayAction::Cancel).await.unwrap();
    let agreed = pms.make_booking(house.permit(), at(Price::Total(10_000))).await.unwrap().id;
    let details = pms.stay(house.permit(), agreed).await.unwrap();
    let nights: Vec<_> = details.nights.iter().map(|night| night.price.minor).collect();
    assert_eq!(nights, [3_334, 3_333, 3_333]);
    assert_eq!(details.row.total.minor, 10_000);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_known_identity_number_is_the_same_guest(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let guest = |phone: &str| {
        GuestChoice::New(GuestDraft {
            first_name: "Ada".into(),
            gov_id: Some("P 123".into()),
            phone: Some(phone.into()),
            ..GuestDraft::default()
        })
    };
    let book = |room: usize, phone: &str| pms::bookings::BookingRequest {
        guest: guest(phone),
        ..request(house.rooms[room], world.dates(0, 1), "")
    };
    let (first, second) = futures::join!(
        pms.make_booking(house.permit(), book(0, "111")),
        pms.make_booking(house.permit(), book(1, "222"))
    );
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(world.count("SELECT count(*) FROM guests").await, 1);
    let known = pms.guest_by_gov_id(house.permit(), " p 123 ").await.unwrap().unwrap();
    assert_eq!(known.first_name, "Ada");
    assert!(
        pms.guest_by_gov_id(world.mill.permit(), "P 123").await.unwrap().is_none(),
        "another company's guest"
    );
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn availability_is_what_can_be_booked(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let free = async |arrival, departure| {
        let wanted = Availability { dates: world.dates(arrival, departure), room_type_id: None, party: None };
        let rooms = pms.available(house.permit(), &wanted).await.unwrap();
        rooms.into_iter().map(|free| free.room.number).collect::<Vec<_>>()
    };
    assert_eq!(free(0, 3).await.len(), 6);
    for (room, arrival, departure) in [(0, 2, 4), (0, 6, 8), (1, 0, 1)] {
        pms.make_booking(house.permit(), request(house.rooms[room], world.dates(arrival, departure), "Ada"))
            .await
            .unwrap();
    }
    let closure = ClosureForm {
        room_id: house.rooms[2].to_string(),
        starts_on: world.dates(1, 2).arrival().to_string(),
        ends_on: world.dates(1, 2).departure().to_string(),
        reason: "burst pipe".into(),
    };
    let closure = pms.close_room(house.permit(), &closure).await.unwrap();
    assert_eq!(free(0, 1).await, ["101", "103", "104", "105", "106"]);
    assert_eq!(free(1, 3).await, ["102", "104", "105", "106"]);
    assert_eq!(free(4, 6).await, ["101", "102", "103", "104", "105", "106"], "back to back is free");
    assert_eq!(free(5, 7).await, ["102", "103", "104", "105", "106"]);
    let closed = request(house.rooms[2], world.dates(0, 2), "Ben");
    assert!(matches!(pms.make_booking(house.permit(), closed).await, Err(Error::RoomOutOfOrder)));
    pms.reopen_room(house.permit(), closure).await.unwrap();
    assert_eq!(free(1, 3).await, ["102", "103", "104", "105", "106"]);
    let three = Availability { dates: world.dates(0, 1), room_type_id: None, party: Some(3) };
    assert!(pms.available(house.permit(), &three).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn dates_and_rooms_change_with_their_prices(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let stay = pms.make_booking(permit, request(house.rooms[0], world.dates(1, 3), "Ada")).await.unwrap().id;
    let neighbour =
        pms.make_booking(permit, request(house.rooms[0], world.dates(4, 6), "Ben")).await.unwrap().id;
    let form = |departure: i64, room: usize, version| StayChangeForm {
        departure: world.dates(1, departure).departure().to_string(),
        room_id: house.rooms[room].to_string(),
        version,
        ..StayChangeForm::default()
    };
    pms.change(permit, stay, &form(4, 0, 1)).await.unwrap();
    assert!(matches!(pms.change(permit, stay, &form(5, 0, 2)).await, Err(Error::RoomTaken)));
    pms.change(permit, stay, &form(5, 3, 2)).await.unwrap();
    let details = pms.stay(house.permit(), stay).await.unwrap();
    assert_eq!((details.row.room_number.as_deref(), details.row.total.minor), (Some("104"), 48_000));
    let nowhere =
        StayChangeForm { room_id: world.mill.rooms[0].to_string(), version: 3, ..StayChangeForm::default() };
    assert_eq!(
        fields(pms.change(permit, stay, &nowhere).await.unwrap_err()),
        [("room_id".to_owned(), ProblemCode::NotFound)]
    );
    pms.act(permit, neighbour, StayAction::Cancel).await.unwrap();
    assert!(matches!(
        pms.change(permit, neighbour, &form(5, 0, 2)).await,
        Err(Error::Refused(StayRefusal::WrongState { status: StayStatus::Cancelled, .. }))
    ));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_double_click_checks_in_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay =
        pms.make_booking(house.permit(), request(house.rooms[0], world.dates(0, 1), "Ada")).await.unwrap().id;
    let clicks =
        futures::future::join_all((0..8).map(|_| pms.act(house.permit(), stay, StayAction::CheckIn))).await;
    assert_eq!(clicks.iter().filter(|click| click.is_ok()).count(), 1);
    assert_eq!(world.count("SELECT count(*) FROM audit_log WHERE action = 'stay.checked_in'").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_stranger_finds_nothing_and_changes_nothing(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, mill, pms) = (&world.harbour, &world.mill, &world.pms);
    let stay =
        pms.make_booking(house.permit(), request(house.rooms[0], world.dates(0, 1), "Ada")).await.unwrap().id;
    let guest = pms.stay(house.permit(), stay).await.unwrap().row.guest_id;
    assert!(matches!(pms.stay(mill.permit(), stay).await, Err(Error::NotFound)));
    assert!(matches!(pms.act(mill.permit(), stay, StayAction::Cancel).await, Err(Error::NotFound)));
    assert!(matches!(
        pms.change(mill.permit(), stay, &StayChangeForm::default()).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(pms.guest(mill.permit(), guest).await, Err(Error::NotFound)));
    assert!(matches!(
        pms.change_guest(mill.permit(), guest, |_| Ok(GuestForm {
            first_name: "X".into(),
            ..GuestForm::default()
        }))
        .await,
        Err(Error::NotFound)
    ));
    let mut wanted = request(mill.rooms[0], world.dates(0, 1), "");
    wanted.guest = GuestChoice::Existing(guest, None);
    assert_eq!(fields(pms.make_booking(mill.permit(), wanted).await.unwrap_err())[0].0, "guest_id");
    assert!(pms.stays(mill.permit(), &StayFilter::default()).await.unwrap().is_empty());
    assert!(pms.guests(mill.permit(), "Ada", None).await.unwrap().is_empty());
}

/// A value of a type, for a row that only has to be there.
fn value_of(table: &str, column: &str, kind: &str) -> &'static str {
    match (column, kind) {
        ("organisation_id" | "account_id", _) => "$1::uuid",
        ("user_id", _) => "$2::uuid",
        // An account has the id of its owner.
        ("id", "uuid") if table == "billing_accounts" => "$1::uuid",
        (_, "uuid") => "gen_random_uuid()",
        (_, "text" | "bpchar") => "'x'",
        (_, "timestamptz") => "now()",
        (_, "date") => "current_date",
        (_, "bool") => "true",
        (_, "jsonb") => "'{}'",
        (_, "bytea") => r"'\x01'",
        (_, "_int8") => "'{1}'",
        (_, "_text") => "'{x}'",
        (_, "daterange") => "'[2027-01-01,2027-02-01)'",
        (_, "xid8") => "pg_current_xact_id()",
        _ => "1",
    }
}

/// Every table of the schema, with a row of the first hotel's people in each, asked as somebody of another organisation and
/// as nobody: none is shown. What everybody may read (plans, countries …) has no owner.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn no_table_shows_a_stranger_anything(superuser: PgPool) {
    use sqlx::{AssertSqlSafe, Row};
    let world = World::new(superuser).await;
    let house = &world.harbour;
    let tables = sqlx::query(
        "SELECT c.relname::text AS name, c.relrowsecurity AS secured,
                EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
                            AND 'keyrack_app'::regrole = ANY (p.polroles) AND pg_get_expr(p.polqual, p.polrelid) = 'true') AS public,
                array_agg(a.attname::text ORDER BY a.attnum) AS columns,
                array_agg(t.typname::text ORDER BY a.attnum) AS kinds,
                array_agg(a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' ORDER BY a.attnum) AS needed
         FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         JOIN pg_type t ON t.oid = a.atttypid
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> '_sqlx_migrations'
         GROUP BY c.oid",
    )
    .fetch_all(&world.superuser)
    .await
    .unwrap();
    assert!(tables.len() > 50);
    // Rows that only have to be there need no others to refer to.
    let release = "DO $$ DECLARE it record; BEGIN
        FOR it IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
                  WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.place, it.conname);
        END LOOP;
        FOR it IN SELECT oid::regclass AS place FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', it.place);
        END LOOP;
    END $$";
    sqlx::query(release).execute(&world.superuser).await.unwrap();
    let mut tried = Vec::new();
    for table in tables {
        let name: String = table.get("name");
        assert!(table.get::<bool, _>("secured"), "{name} has no row-level security");
        let columns: Vec<String> = table.get("columns");
        let owner = ["organisation_id", "account_id", "user_id"]
            .into_iter()
            .find(|owner| columns.iter().any(|it| it == owner));
        if table.get::<bool, _>("public") {
            assert_eq!(owner, None, "{name} is read by everybody");
            continue;
        }
        let needed: Vec<bool> = table.get("needed");
        let owners = ["organisation_id", "account_id", "user_id"];
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for ((column, kind), needed) in columns.iter().zip(table.get::<Vec<String>, _>("kinds")).zip(needed) {
            if needed || owners.contains(&column.as_str()) {
                names.push(format!("\"{column}\""));
                values.push(value_of(&name, column, &kind));
            }
        }
        let insert = format!(
            "INSERT INTO {name} ({}) SELECT {} WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL ON CONFLICT DO NOTHING",
            names.join(", "),
            values.join(", ")
        );
        sqlx::query(AssertSqlSafe(insert))
            .bind(house.organisation_id)
            .bind(house.owner.user_id)
            .execute(&world.superuser)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let theirs = match owner {
            Some("user_id") => "user_id = $2".to_owned(),
            Some(owner) => format!("{owner} = $1"),
            None if name == "organisations" || name == "billing_accounts" => "id = $1".to_owned(),
            None => "true".to_owned(),
        };
        let count = format!(
            "SELECT count(*) FROM {name} WHERE ({theirs}) AND $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL"
        );
        let count = || {
            sqlx::query_scalar::<_, i64>(AssertSqlSafe(count.clone()))
                .bind(house.organisation_id)
                .bind(house.owner.user_id)
        };
        assert!(count().fetch_one(&world.superuser).await.unwrap() > 0, "{name} is empty");
        for stranger in [&world.mill.owner, &world.mill.reception, &domain::access::Actor::nobody()] {
            let mut transaction = world.database.begin_as(stranger).await.unwrap();
            match count().fetch_one(&mut *transaction).await {
                Ok(rows) => assert_eq!(rows, 0, "{name}"),
                // The role has no right to read the table at all.
                Err(sqlx::Error::Database(error)) => {
                    assert_eq!(error.code().as_deref(), Some("42501"), "{name}: {error}");
                }
                Err(other) => panic!("{name}: {other}"),
            }
        }
        tried.push(name);
    }
    for told in
        ["room_closures", "feedbacks", "sessions", "idempotency_keys", "form_flashes", "kept_mails", "jobs"]
    {
        assert!(tried.iter().any(|name| name == told), "{told}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_self_audit_sees_what_the_constraint_would_have_refused(superuser: PgPool) {
    let world = World::new(superuser).await;
    let house = &world.harbour;
    sqlx::query("INSERT INTO memberships (organisation_id, hotel_id, user_id, role, created_at) VALUES ($1, $2, $3, 'owner', now())")
        .bind(house.organisation_id)
        .bind(house.hotel_id)
        .bind(house.owner.user_id)
        .execute(&world.superuser)
        .await
        .unwrap();
    let now = platform::clock::Clock::now(&world.clock);
    sqlx::query(
        "INSERT INTO sessions (id, token_hash, user_id, user_agent, address, created_at, last_seen_at, expires_at)
         VALUES ($1, 'x', $2, '', '', $3, $3, $3)",
    )
    .bind(platform::ids::new::<uuid::Uuid>())
    .bind(house.owner.user_id)
    .bind(now)
    .execute(&world.superuser)
    .await
    .unwrap();
    let book = |arrival, departure| {
        world.pms.make_booking(house.permit(), request(house.rooms[0], world.dates(arrival, departure), "A"))
    };
    book(0, 5).await.unwrap();
    book(5, 6).await.unwrap();
    // Two who wait for a room share none.
    let double = RoomChoice::AnyOf(RoomTypeId(
        sqlx::query_scalar("SELECT room_type_id FROM rooms WHERE id = $1")
            .bind(house.rooms[4])
            .fetch_one(&world.superuser)
            .await
            .unwrap(),
    ));
    let book_any = || world.pms.make_booking(house.permit(), request_for(double, world.dates(0, 2), "B"));
    for _ in 0..3 {
        book_any().await.unwrap();
    }
    assert_eq!(pms::hotel::check_hotels(&world.database, now).await.unwrap(), 1);
    assert_eq!(world.pms.self_audit(house.permit()).await.unwrap().unwrap().conflicts, 0);
    sqlx::query("ALTER TABLE stays DROP CONSTRAINT stays_room_taken")
        .execute(&world.superuser)
        .await
        .unwrap();
    book(1, 2).await.unwrap();
    book(3, 4).await.unwrap();
    pms::hotel::check_hotels(&world.database, now).await.unwrap();
    world.clock.advance(chrono::TimeDelta::seconds(6));
    assert_eq!(world.pms.self_audit(house.permit()).await.unwrap().unwrap().conflicts, 2);
    // A fourth of three rooms, for two nights.
    sqlx::query("ALTER TABLE room_type_nights DROP CONSTRAINT room_type_nights_sold_out")
        .execute(&world.superuser)
        .await
        .unwrap();
    book_any().await.unwrap();
    pms::hotel::check_hotels(&world.database, now).await.unwrap();
    world.clock.advance(chrono::TimeDelta::seconds(6));
    assert_eq!(world.pms.self_audit(house.permit()).await.unwrap().unwrap().conflicts, 4);
    // What was counted as sold is not what is there: one night of Ada's five.
    sqlx::query("UPDATE room_type_nights SET taken = taken - 1 WHERE night = $1 AND taken > 0")
        .bind(world.dates(4, 5).arrival())
        .execute(&world.superuser)
        .await
        .unwrap();
    pms::hotel::check_hotels(&world.database, now).await.unwrap();
    world.clock.advance(chrono::TimeDelta::seconds(6));
    assert_eq!(world.pms.self_audit(house.permit()).await.unwrap().unwrap().conflicts, 5);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_guest_is_found_by_what_people_say_on_the_phone(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let known = |first: &str, last: &str, phone: &str, email: &str| GuestForm {
        first_name: first.into(),
        last_name: last.into(),
        phone: phone.into(),
        email: email.into(),
        gov_id: format!("id {last}"),
        ..GuestForm::default()
    };
    for guest in [
        known("Ana María", "Ruiz", "+34 600 123 456", "ana@mail.example"),
        known("Bo", "van der Berg", "", ""),
        known("Žofie", "O’Dwyer", "", ""),
    ] {
        pms.create_guest(house.permit(), &guest).await.unwrap();
    }
    let found = async |text: &str| {
        let rows = pms.guests(house.permit(), text, None).await.unwrap();
        rows.into_iter().map(|guest| guest.name).collect::<Vec<_>>()
    };
    for text in
        ["ana", "Ana María", "ana maría ru", "ruiz", "Ruiz Ana", "34600", "+34 600", "ANA@mail", "id ruiz"]
    {
        assert_eq!(found(text).await, ["Ana María Ruiz"], "{text}");
    }
    for text in ["bo van der", "van der berg", "Van Der Berg Bo"] {
        assert_eq!(found(text).await, ["Bo van der Berg"], "{text}");
    }
    assert_eq!(found("žof").await, ["Žofie O’Dwyer"]);
    for text in ["nobody", "an%", "_na", "12", "\u{0}"] {
        assert!(text == "\u{0}" || found(text).await.is_empty(), "{text}");
    }
    assert_eq!(found("").await.len(), 3);
}

/// To Postgres `CET` is a zone without summer time.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_day_of_the_desk_is_the_day_of_its_rules(superuser: PgPool) {
    let world = World::new(superuser).await;
    let now = "2027-07-01T22:30:00Z".parse::<DateTime<Utc>>().unwrap();
    world.clock.advance(now - world.clock.now());
    let mut reception = world.harbour.reception.clone();
    "CET".clone_into(&mut reception.memberships[0].time_zone);
    let permit = reception.permit(world.harbour.hotel_id).unwrap();
    let today = world.pms.today(permit, None).await.unwrap().date;
    assert_eq!(today.to_string(), "2027-07-02");
    assert_eq!(today, platform::clock::business_date("CET", now));
}
