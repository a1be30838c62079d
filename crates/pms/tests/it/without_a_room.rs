//! Stays without a room yet: a type is never sold beyond its rooms and its overbooking allowance.

use crate::support::{World, request, request_for};
use domain::access::right;
use domain::booking::{BookingForm, StayChangeForm};
use domain::guest::GuestForm;
use domain::ids::RoomTypeId;
use domain::room::{ClosureForm, RoomChoice, RoomCondition, RoomForm, RoomTypeForm};
use domain::stay::{StayAction, StayDates, StayRefusal};
use futures::future::join_all;
use pms::Error;
use pms::rooms::Availability;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::PgPool;

/// Nights whose count is not that of the live stays, or whose capacity is not that of the rooms.
const WRONG_NIGHTS: &str = "SELECT count(*) FROM room_type_nights n
    JOIN room_types t ON t.organisation_id = n.organisation_id AND t.id = n.room_type_id
    WHERE n.capacity <> t.units + t.overbooking
       OR t.units <> (SELECT count(*) FROM rooms r WHERE r.room_type_id = t.id)
       OR n.taken > n.capacity
       OR n.taken <> (SELECT count(*) FROM stays s WHERE s.room_type_id = t.id AND s.status IN ('reserved', 'checked_in')
                      AND s.arrival <= n.night AND s.departure > n.night)";

async fn type_named(world: &World, name: &str) -> RoomTypeId {
    let types = world.pms.room_types(world.harbour.permit()).await.unwrap();
    types.into_iter().find(|known| known.name == name).unwrap().id
}

async fn allow_overbooking(world: &World, id: RoomTypeId, rooms: i16) -> Result<(), Error> {
    let form = RoomTypeForm {
        name: "Double".into(),
        sleeps: "2".into(),
        rate: "120".into(),
        overbooking: rooms.to_string(),
    };
    world.pms.change_room_type(world.harbour.permit(), id, |_| Ok(form)).await
}

/// Books any room of a type for the same night from 64 tasks; how many succeeded, and how many were told it is sold out.
async fn rush(world: &World, any: RoomChoice, dates: StayDates) -> (usize, usize) {
    let attempts = (0..64).map(|desk| {
        world.pms.make_booking(world.harbour.permit(), request_for(any, dates, &format!("Guest {desk}")))
    });
    let answers = join_all(attempts).await;
    let booked = answers.iter().filter(|answer| answer.is_ok()).count();
    let refused = answers.iter().filter(|answer| matches!(answer, Err(Error::SoldOut))).count();
    assert_eq!(booked + refused, 64, "{answers:?}");
    (booked, refused)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_desks_as_many_get_a_room_as_there_are(superuser: PgPool) {
    let world = World::new(superuser).await;
    let double = type_named(&world, "Double").await;
    for round in 0..10 {
        let seen = rush(&world, RoomChoice::AnyOf(double), world.dates(round, round + 1)).await;
        assert_eq!(seen, (3, 61), "round {round}");
    }
    allow_overbooking(&world, double, 2).await.unwrap();
    assert_eq!(rush(&world, RoomChoice::AnyOf(double), world.dates(20, 21)).await, (5, 59));
    assert_eq!(world.count(WRONG_NIGHTS).await, 0);
    assert!(
        matches!(allow_overbooking(&world, double, 1).await, Err(Error::InUse)),
        "an allowance that is used stays"
    );
}

/// The same rush without the guard: the race is real, so the test above proves something.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_check_the_type_is_oversold(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query("ALTER TABLE room_type_nights DROP CONSTRAINT room_type_nights_sold_out")
        .execute(&world.superuser)
        .await
        .unwrap();
    let double = type_named(&world, "Double").await;
    let (booked, _) = rush(&world, RoomChoice::AnyOf(double), world.dates(0, 1)).await;
    assert!(booked > 3, "{booked}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_free_room_is_kept_for_those_who_wait_for_one(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let double = type_named(&world, "Double").await;
    let dates = world.dates(0, 2);
    let wanted = Availability { dates, room_type_id: Some(double), party: None };
    pms.make_booking(house.permit(), request(house.rooms[3], dates, "Ada")).await.unwrap();
    for name in ["Ben", "Cleo"] {
        assert_eq!(pms.available(house.permit(), &wanted).await.unwrap().len(), 2);
        pms.make_booking(house.permit(), request_for(RoomChoice::AnyOf(double), dates, name)).await.unwrap();
    }
    assert_eq!(pms.available(house.permit(), &wanted).await.unwrap(), []);
    assert_eq!(pms.available_types(house.permit(), &wanted).await.unwrap(), []);
    let late = pms.make_booking(house.permit(), request(house.rooms[4], dates, "Dan")).await;
    assert!(matches!(late, Err(Error::SoldOut)), "{late:?}");
    // A room cannot leave the type either: all three are needed.
    let single = type_named(&world, "Single").await;
    let form = RoomForm { number: "105".into(), room_type_id: single.to_string(), ..RoomForm::default() };
    assert!(matches!(
        pms.change_room(house.permit(), house.rooms[4], None, |_| Ok(form.clone())).await,
        Err(Error::InUse)
    ));
    assert!(matches!(pms.remove_room(house.permit(), house.rooms[4]).await, Err(Error::InUse)));
    assert_eq!(world.count(WRONG_NIGHTS).await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_is_given_at_its_price_and_then_the_guest_checks_in(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let double = type_named(&world, "Double").await;
    let form = BookingForm {
        room_id: RoomChoice::AnyOf(double).to_string(),
        arrival: world.today().to_string(),
        departure: world.dates(0, 2).departure().to_string(),
        party: "1".into(),
        guest: GuestForm { first_name: "Ada".into(), ..GuestForm::default() },
        price: "80".into(),
        ..BookingForm::default()
    };
    let stay = pms.book(permit, &form).await.unwrap();
    let details = pms.stay(house.permit(), stay).await.unwrap();
    assert_eq!((details.row.room_id, details.row.total.minor), (None, 16_000));
    assert!(!details.actions.contains(&StayAction::CheckIn));
    assert!(matches!(
        pms.act(permit, stay, StayAction::CheckIn).await,
        Err(Error::Refused(StayRefusal::NoRoom))
    ));
    let give = |room: usize, version| StayChangeForm {
        room_id: house.rooms[room].to_string(),
        version,
        ..StayChangeForm::default()
    };
    pms.change(permit, stay, &give(4, 1)).await.unwrap();
    let details = pms.stay(house.permit(), stay).await.unwrap();
    assert_eq!(details.row.room_number.as_deref(), Some("105"));
    assert_eq!(details.row.total.minor, 16_000, "a room of the type that was booked is what was booked");
    pms.act(permit, stay, StayAction::CheckIn).await.unwrap();
    let without = StayChangeForm {
        room_id: RoomChoice::AnyOf(double).to_string(),
        version: 3,
        ..StayChangeForm::default()
    };
    assert!(matches!(pms.change(permit, stay, &without).await, Err(Error::Refused(StayRefusal::NoRoom))));
    assert_eq!(world.count(WRONG_NIGHTS).await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_booking_can_have_several_stays(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let first =
        pms.make_booking(house.permit(), request(house.rooms[0], world.dates(0, 2), "Ada")).await.unwrap();
    let form = BookingForm {
        room_id: house.rooms[1].to_string(),
        arrival: world.today().to_string(),
        departure: world.dates(0, 2).departure().to_string(),
        party: "1".into(),
        guest_id: first.guest_id.to_string(),
        booking_of: first.id.to_string(),
        ..BookingForm::default()
    };
    let second = pms.book(house.permit(), &form).await.unwrap();
    let details = pms.stay(house.permit(), second).await.unwrap();
    assert_eq!(details.row.reference, first.reference);
    assert_eq!(details.siblings.iter().map(|row| row.id).collect::<Vec<_>>(), [first.id]);
    let strange = BookingForm { room_id: world.mill.rooms[1].to_string(), guest_id: String::new(), ..form };
    let strange =
        BookingForm { guest: GuestForm { first_name: "Eve".into(), ..GuestForm::default() }, ..strange };
    let refused = pms.book(world.mill.permit(), &strange).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "another company's booking is unknown: {refused:?}");
    assert_eq!(world.count("SELECT count(*) FROM bookings").await, 1);
}

/// Whatever is done in whatever order, the count of each night is that of its live stays.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_count_of_each_night_is_always_right(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let types = [type_named(&world, "Single").await, type_named(&world, "Double").await];
    let mut random = StdRng::seed_from_u64(7);
    let mut stays = Vec::new();
    let (mut done, mut refused) = (0, 0);
    for step in 0..400 {
        let choice = |random: &mut StdRng| {
            if random.random_bool(0.5) {
                RoomChoice::Room(house.rooms[random.random_range(0..6)])
            } else {
                RoomChoice::AnyOf(types[random.random_range(0..2)])
            }
        };
        let arrival = random.random_range(0..10);
        let dates = world.dates(arrival, arrival + random.random_range(1..5));
        let ok = match random.random_range(0..10) {
            0..4 => {
                let wanted = request_for(choice(&mut random), dates, &format!("Guest {step}"));
                let made = pms.make_booking(permit, wanted).await;
                stays.extend(made.as_ref().map(|stay| stay.id));
                made.map(drop)
            }
            4..6 if !stays.is_empty() => {
                let stay = stays[random.random_range(0..stays.len())];
                let actions = [
                    StayAction::CheckIn,
                    StayAction::CheckOut,
                    StayAction::Cancel,
                    StayAction::NoShow,
                    StayAction::UndoCheckIn,
                    StayAction::UndoCheckOut,
                    StayAction::Reinstate,
                ];
                pms.act(permit, stay, actions[random.random_range(0..7)]).await.map(drop)
            }
            6..9 if !stays.is_empty() => {
                let stay = stays[random.random_range(0..stays.len())];
                let version = pms.stay(house.permit(), stay).await.unwrap().version;
                let form = StayChangeForm {
                    arrival: dates.arrival().to_string(),
                    departure: dates.departure().to_string(),
                    room_id: choice(&mut random).to_string(),
                    party: "1".into(),
                    version,
                    ..StayChangeForm::default()
                };
                pms.change(permit, stay, &form).await
            }
            _ => {
                let room = random.random_range(0..6);
                let form = RoomForm {
                    number: (101 + room).to_string(),
                    room_type_id: types[random.random_range(0..2)].to_string(),
                    ..RoomForm::default()
                };
                pms.change_room(house.permit(), house.rooms[room], None, |_| Ok(form.clone())).await
            }
        };
        match ok {
            Ok(()) => done += 1,
            Err(Error::Database(error)) => panic!("step {step}: {error}"),
            Err(_) => refused += 1,
        }
        if step % 100 == 99 {
            world.tomorrow();
        }
    }
    assert!(done > 80 && refused > 80, "{done} done, {refused} refused");
    assert_eq!(world.count(WRONG_NIGHTS).await, 0);
}

/// Those who want one room and those who want any of its type wait for each other's rows; nobody hears of it.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn desks_that_book_rooms_and_types_at_once_hear_a_plain_answer(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let types = [type_named(&world, "Single").await, type_named(&world, "Double").await];
    for round in 0..6 {
        let attempts = (0..64).map(|desk| {
            let room = match desk % 8 {
                0 => RoomChoice::AnyOf(types[desk / 8 % 2]),
                1..5 => RoomChoice::Room(house.rooms[3]),
                _ => RoomChoice::Room(house.rooms[desk % 6]),
            };
            let arrival = round * 10 + i64::from(desk % 3 == 0);
            let dates = world.dates(arrival, arrival + 2);
            pms.make_booking(house.permit(), request_for(room, dates, &format!("Guest {desk}")))
        });
        // Meanwhile the owner moves rooms from type to type and back.
        let moves = (0..6).map(|room| {
            let form = RoomForm {
                number: (101 + room).to_string(),
                room_type_id: types[room % 2].to_string(),
                ..RoomForm::default()
            };
            async move { pms.change_room(house.permit(), house.rooms[room], None, |_| Ok(form.clone())).await }
        });
        let (booked, moved) = futures::join!(join_all(attempts), join_all(moves));
        let is_plain =
            |answer: &Result<_, _>| matches!(answer, Ok(_) | Err(Error::RoomTaken | Error::SoldOut));
        assert!(booked.iter().all(is_plain), "{booked:?}");
        assert!(booked.iter().any(Result::is_ok));
        assert!(moved.iter().all(|answer| matches!(answer, Ok(()) | Err(Error::InUse))), "{moved:?}");
        assert_eq!(world.count(WRONG_NIGHTS).await, 0);
    }
}

/// To take back the room of a stay and give another must not be a way to a dear room at a cheap room's price.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_with_a_price_of_its_own_is_given_at_that_price(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let double = type_named(&world, "Double").await;
    let suite = RoomForm {
        number: "106".into(),
        room_type_id: double.to_string(),
        rate: "500".into(),
        ..RoomForm::default()
    };
    pms.change_room(house.permit(), house.rooms[5], None, |_| Ok(suite.clone())).await.unwrap();
    let desk = house.reception.permit::<right::ManageBookings>(house.hotel_id).unwrap();
    let stay = pms.make_booking(desk, request(house.rooms[3], world.dates(0, 2), "Ada")).await.unwrap();
    assert_eq!(stay.total.minor, 24_000);
    let rooms =
        [RoomChoice::AnyOf(double), RoomChoice::Room(house.rooms[5]), RoomChoice::Room(house.rooms[3])];
    let mut totals = Vec::new();
    for (version, room) in (1..).zip(rooms) {
        let form = StayChangeForm { room_id: room.to_string(), version, ..StayChangeForm::default() };
        pms.change(desk, stay.id, &form).await.unwrap();
        totals.push(pms.stay(desk.also().unwrap(), stay.id).await.unwrap().row.total.minor);
    }
    assert_eq!(totals, [24_000, 100_000, 24_000]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_type_whose_rooms_are_all_out_of_order_is_not_sold(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let double = type_named(&world, "Double").await;
    let dates = world.dates(3, 5);
    let book = async |name: &str| {
        pms.make_booking(house.permit(), request_for(RoomChoice::AnyOf(double), dates, name)).await
    };
    for room in &house.rooms[3..] {
        let stay = book("Ada").await.unwrap();
        pms.act(house.permit(), stay.id, StayAction::Cancel).await.unwrap();
        let form = ClosureForm {
            room_id: room.to_string(),
            starts_on: dates.arrival().to_string(),
            ends_on: dates.departure().to_string(),
            reason: "Water".into(),
        };
        pms.close_room(house.permit(), &form).await.unwrap();
    }
    assert!(matches!(book("Ben").await, Err(Error::RoomOutOfOrder)));
}

/// Puts a room out of order.
async fn close(world: &World, room: usize, dates: StayDates) {
    let form = ClosureForm {
        room_id: world.harbour.rooms[room].to_string(),
        starts_on: dates.arrival().to_string(),
        ends_on: dates.departure().to_string(),
        reason: "Water".into(),
    };
    world.pms.close_room(world.harbour.permit(), &form).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_desks_none_gets_a_room_that_is_out_of_order(superuser: PgPool) {
    let world = World::new(superuser).await;
    let double = type_named(&world, "Double").await;
    close(&world, 3, world.dates(1, 3)).await;
    for (night, rooms) in [(0, 3), (1, 2), (2, 2), (3, 3)] {
        let seen = rush(&world, RoomChoice::AnyOf(double), world.dates(night, night + 1)).await;
        assert_eq!(seen, (rooms, 64 - rooms), "night {night}");
    }
}

/// The same rush without the guard.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_count_a_room_that_is_out_of_order_is_sold(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query(
        "CREATE OR REPLACE FUNCTION closed_units(of_hotel uuid, from_night date, to_night date)
         RETURNS TABLE (room_type_id uuid, night date, units bigint) LANGUAGE sql STABLE
         AS 'SELECT NULL::uuid, NULL::date, 0::bigint WHERE false'",
    )
    .execute(&world.superuser)
    .await
    .unwrap();
    let double = type_named(&world, "Double").await;
    close(&world, 3, world.dates(1, 3)).await;
    assert_eq!(rush(&world, RoomChoice::AnyOf(double), world.dates(1, 2)).await, (3, 61));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_offered_while_a_room_is_out_of_order_is_what_can_be_booked(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let double = type_named(&world, "Double").await;
    let wanted = Availability { dates: world.dates(0, 3), room_type_id: Some(double), party: None };
    let left = async || {
        let types = pms.available_types(house.permit(), &wanted).await.unwrap();
        let rooms = pms.available(house.permit(), &wanted).await.unwrap();
        (types.first().map_or(0, |offer| offer.units_left), rooms.len())
    };
    // Somebody is in a room before it is closed: counted once.
    let there = pms.make_booking(house.permit(), request(house.rooms[3], wanted.dates, "Ada")).await.unwrap();
    close(&world, 3, world.dates(0, 2)).await;
    assert_eq!(left().await, (2, 2));
    close(&world, 4, world.dates(2, 4)).await;
    assert_eq!(left().await, (1, 1));
    // Whoever waits for a room gets the last one.
    let any = RoomChoice::AnyOf(double);
    let waiting = pms.make_booking(house.permit(), request_for(any, wanted.dates, "Ben")).await.unwrap();
    assert_eq!(left().await, (0, 0));
    let late = pms.make_booking(house.permit(), request(house.rooms[5], wanted.dates, "Cleo")).await;
    assert!(matches!(late, Err(Error::SoldOut)), "{late:?}");
    // Closed after it was sold: nothing that is there is lost, and nothing more is sold.
    close(&world, 5, world.dates(0, 4)).await;
    assert_eq!(left().await, (0, 0));
    pms.act(house.permit(), there.id, StayAction::CheckIn).await.unwrap_err();
    let form = StayChangeForm { party: "2".into(), version: 1, ..StayChangeForm::default() };
    pms.change(house.permit(), waiting.id, &form).await.unwrap();
    close(&world, 3, world.dates(3, 4)).await;
    let longer = StayChangeForm {
        departure: world.dates(0, 4).departure().to_string(),
        version: 2,
        ..StayChangeForm::default()
    };
    // All three are closed on the night that would be new.
    let refused = pms.change(house.permit(), waiting.id, &longer).await;
    assert!(matches!(refused, Err(Error::RoomOutOfOrder)), "{refused:?}");
    assert_eq!(world.count(WRONG_NIGHTS).await, 0);
}

/// A room that is refused leaves nothing, not even the type that it was to have.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refused_room_leaves_no_type(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let form = |number: &str, room_type: &str| RoomForm {
        number: number.into(),
        room_type: room_type.into(),
        rate: "75".into(),
        ..RoomForm::default()
    };
    assert!(
        pms.create_room(house.permit(), &form("101", "Attic"), RoomCondition::Clean).await.is_err(),
        "there is a 101"
    );
    assert!(
        pms.change_room(house.permit(), house.rooms[1], None, |_| Ok(form("101", "Attic"))).await.is_err()
    );
    assert_eq!(world.count("SELECT count(*) FROM room_types WHERE name = 'Attic'").await, 0);
    let made = pms.create_room(house.permit(), &form("201", "Attic"), RoomCondition::Clean).await.unwrap();
    assert_eq!((made.room_type.as_str(), made.rate.minor), ("Attic", 7_500));
    let same = pms.create_room(house.permit(), &form("202", "ATTIC"), RoomCondition::Clean).await.unwrap();
    assert_eq!(same.room_type_id, made.room_type_id);
}

/// Each desk is refused only after its stay was written, so those behind it wait for each other; the lock on the room
/// makes them come one after the other. (Without it, this test ends in deadlocks.)
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_desks_that_want_a_room_that_is_needed_all_hear_that_it_is_sold_out(superuser: PgPool) {
    let world = World::new(superuser).await;
    let double = RoomChoice::AnyOf(type_named(&world, "Double").await);
    let dates = world.dates(0, 2);
    assert_eq!(rush(&world, double, dates).await, (3, 61));
    assert_eq!(rush(&world, RoomChoice::Room(world.harbour.rooms[3]), dates).await, (0, 64));
}
