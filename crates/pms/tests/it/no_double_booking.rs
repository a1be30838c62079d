//! No room is sold twice: not by 64 desks at once, and not by anything that happens to a stay later.

use crate::support::{World, request};
use domain::access::right;
use domain::booking::StayChangeForm;
use domain::ids::StayId;
use domain::stay::{StayAction, StayRefusal};
use futures::future::join_all;
use pms::Error;
use pms::bookings::BookingRequest;
use sqlx::PgPool;

/// Pairs of live stays that share a room and a night.
const OVERLAPS: &str = "SELECT count(*) FROM stays a JOIN stays b ON a.room_id = b.room_id AND a.id < b.id
    AND a.arrival < b.departure AND b.arrival < a.departure
    WHERE a.status IN ('reserved', 'checked_in') AND b.status IN ('reserved', 'checked_in')";

/// Books one room for the same nights from 64 tasks; how many succeeded, and how many were told that it is taken.
async fn rush(world: &World, round: i64) -> (usize, usize) {
    let house = &world.harbour;
    let attempts = (0..64).map(|desk| {
        let wanted = request(house.rooms[0], world.dates(round, round + 1), &format!("Guest {desk}"));
        world.pms.make_booking(house.permit(), wanted)
    });
    let answers = join_all(attempts).await;
    let booked = answers.iter().filter(|answer| answer.is_ok()).count();
    // Without the constraint the count of the type's rooms still refuses some.
    let taken =
        answers.iter().filter(|answer| matches!(answer, Err(Error::RoomTaken | Error::SoldOut))).count();
    assert_eq!(booked + taken, 64, "{answers:?}");
    (booked, taken)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_desks_one_gets_the_room(superuser: PgPool) {
    let world = World::new(superuser).await;
    for round in 0..100 {
        assert_eq!(rush(&world, round).await, (1, 63), "round {round}");
    }
    assert_eq!(world.count(OVERLAPS).await, 0);
    assert_eq!(
        world.count("SELECT count(*) FROM bookings").await,
        100,
        "a refused booking leaves nothing behind"
    );
    assert_eq!(
        world.count("SELECT count(*) FROM guests").await,
        100,
        "a refused booking leaves no guest behind"
    );
}

/// The same rush without the guard: the race is real, so the test above proves something.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_constraint_the_room_is_sold_many_times(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query("ALTER TABLE stays DROP CONSTRAINT stays_room_taken")
        .execute(&world.superuser)
        .await
        .unwrap();
    let (booked, _) = rush(&world, 0).await;
    assert!(booked > 1, "{booked}");
    assert!(world.count(OVERLAPS).await > 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_undone_takes_the_room_only_if_it_is_free(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let first = pms.make_booking(permit, request(house.rooms[0], world.dates(0, 3), "Ada")).await.unwrap().id;
    pms.act(permit, first, StayAction::Cancel).await.unwrap();
    let second =
        pms.make_booking(permit, request(house.rooms[0], world.dates(2, 4), "Ben")).await.unwrap().id;
    assert!(matches!(pms.act(permit, first, StayAction::Reinstate).await, Err(Error::RoomTaken)));
    pms.act(permit, second, StayAction::Cancel).await.unwrap();
    pms.act(permit, first, StayAction::Reinstate).await.unwrap();
    assert_eq!(world.count(OVERLAPS).await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn leaving_early_gives_the_nights_back_and_undoing_it_takes_them_again(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let stay = pms.make_booking(permit, request(house.rooms[0], world.dates(0, 5), "Ada")).await.unwrap().id;
    pms.act(permit, stay, StayAction::CheckIn).await.unwrap();
    world.tomorrow();
    world.tomorrow();
    let left = pms.act(permit, stay, StayAction::CheckOut).await.unwrap();
    assert_eq!((left.dates.nights(), left.total.minor), (2, 18_000));
    let back = pms.act(permit, stay, StayAction::UndoCheckOut).await.unwrap();
    assert_eq!((back.dates.nights(), back.total.minor), (5, 45_000));
    pms.act(permit, stay, StayAction::CheckOut).await.unwrap();
    let next = pms.make_booking(permit, request(house.rooms[0], world.dates(0, 1), "Ben")).await.unwrap().id;
    assert!(matches!(pms.act(permit, stay, StayAction::UndoCheckOut).await, Err(Error::RoomTaken)));
    pms.act(permit, next, StayAction::Cancel).await.unwrap();
    pms.act(permit, stay, StayAction::UndoCheckOut).await.unwrap();
}

/// Two guests who share no night: one who leaves today, and one who comes today.
async fn leaving_and_coming(world: &World) -> (StayId, StayId) {
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let leaving =
        pms.make_booking(permit, request(house.rooms[0], world.dates(0, 1), "Ada")).await.unwrap().id;
    let coming =
        pms.make_booking(permit, request(house.rooms[0], world.dates(1, 3), "Ben")).await.unwrap().id;
    pms.act(permit, leaving, StayAction::CheckIn).await.unwrap();
    world.tomorrow();
    (leaving, coming)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_comes_into_a_room_that_somebody_is_in(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let (leaving, coming) = leaving_and_coming(&world).await;
    let is_ada = |answer: Result<_, Error>| match answer {
        Err(Error::RoomOccupied(Some(occupant))) => {
            assert_eq!((occupant.room_number.as_str(), occupant.guest_name.as_str()), ("101", "Ada"));
        }
        other => panic!("{other:?}"),
    };
    is_ada(pms.act(permit, coming, StayAction::CheckIn).await.map(|_| ()));
    pms.act(permit, coming, StayAction::Cancel).await.unwrap();
    let at_once = BookingRequest { check_in: true, ..request(house.rooms[0], world.dates(0, 1), "Cleo") };
    is_ada(pms.make_booking(permit, at_once).await.map(|_| ()));
    // Nor does somebody who is in the house move there.
    let moving = BookingRequest { check_in: true, ..request(house.rooms[1], world.dates(0, 1), "Dora") };
    let moving = pms.make_booking(permit, moving).await.unwrap().id;
    let form = StayChangeForm { room_id: house.rooms[0].to_string(), version: 1, ..Default::default() };
    is_ada(pms.change(permit, moving, &form).await);
    pms.act(permit, coming, StayAction::Reinstate).await.unwrap();
    pms.act(permit, leaving, StayAction::CheckOut).await.unwrap();
    pms.act(permit, coming, StayAction::CheckIn).await.unwrap();
    match pms.act(permit, leaving, StayAction::UndoCheckOut).await {
        Err(Error::RoomOccupied(Some(occupant))) => assert_eq!(occupant.guest_name, "Ben"),
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_check_out_is_not_undone_for_ever(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let (leaving, _) = leaving_and_coming(&world).await;
    let may_undo =
        async || pms.stay(house.permit(), leaving).await.unwrap().actions.contains(&StayAction::UndoCheckOut);
    pms.act(permit, leaving, StayAction::CheckOut).await.unwrap();
    assert!(may_undo().await);
    pms.act(permit, leaving, StayAction::UndoCheckOut).await.unwrap();
    pms.act(permit, leaving, StayAction::CheckOut).await.unwrap();
    world.tomorrow();
    assert!(!may_undo().await);
    let late = pms.act(permit, leaving, StayAction::UndoCheckOut).await;
    assert!(matches!(late, Err(Error::Refused(StayRefusal::Over { .. }))), "{late:?}");
}

/// One desk undoes a check-out while the other hands out the key: how often both were told yes.
async fn both_get_the_room(world: &World, rounds: usize) -> usize {
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let (leaving, coming) = leaving_and_coming(world).await;
    pms.act(permit, leaving, StayAction::CheckOut).await.unwrap();
    let mut both = 0;
    for _ in 0..rounds {
        let (back, came) = futures::join!(
            pms.act(permit, leaving, StayAction::UndoCheckOut),
            pms.act(permit, coming, StayAction::CheckIn)
        );
        both += usize::from(back.is_ok() && came.is_ok());
        for refused in [&back, &came].into_iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(matches!(refused, Error::RoomOccupied(_)), "{refused:?}");
        }
        if back.is_ok() {
            pms.act(permit, leaving, StayAction::CheckOut).await.unwrap();
        }
        if came.is_ok() {
            pms.act(permit, coming, StayAction::UndoCheckIn).await.unwrap();
        }
    }
    both
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_two_desks_one_gets_the_room(superuser: PgPool) {
    let world = World::new(superuser).await;
    assert_eq!(both_get_the_room(&world, 50).await, 0);
}

/// The same without the guard: both are in the room.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_index_two_guests_are_in_one_room(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query("DROP INDEX stays_room_occupied").execute(&world.superuser).await.unwrap();
    assert!(both_get_the_room(&world, 5).await > 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_comes_into_a_room_that_is_out_of_order_today(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let stay = pms.make_booking(permit, request(house.rooms[0], world.dates(0, 3), "Ada")).await.unwrap().id;
    let form = domain::room::ClosureForm {
        room_id: house.rooms[0].to_string(),
        starts_on: world.dates(0, 1).arrival().to_string(),
        ends_on: world.dates(0, 1).departure().to_string(),
        reason: "burst pipe".into(),
    };
    let closure = pms.close_room(house.permit(), &form).await.unwrap();
    assert!(matches!(pms.act(permit, stay, StayAction::CheckIn).await, Err(Error::RoomOutOfOrder)));
    pms.reopen_room(house.permit(), closure).await.unwrap();
    pms.act(permit, stay, StayAction::CheckIn).await.unwrap();
}

/// Two desks change one stay from the same page: the second is told so instead of undoing the first.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_change_made_on_older_data_is_refused(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let stay = pms.make_booking(permit, request(house.rooms[0], world.dates(1, 3), "Ada")).await.unwrap().id;
    let form = StayChangeForm {
        departure: world.dates(1, 4).departure().to_string(),
        version: 1,
        ..Default::default()
    };
    pms.change(permit, stay, &form).await.unwrap();
    assert!(matches!(pms.change(permit, stay, &form).await, Err(Error::ChangedMeanwhile)));
}
