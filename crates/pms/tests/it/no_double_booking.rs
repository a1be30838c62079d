//! No room is sold twice: not by 64 desks at once, and not by anything that happens to a stay later.

use crate::support::{World, request};
use domain::access::right;
use domain::stay::StayAction;
use futures::future::join_all;
use pms::Error;
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

/// Two desks change one stay from the same page: the second is told so instead of undoing the first.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_change_made_on_older_data_is_refused(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let permit = house.permit::<right::ManageBookings>();
    let stay = pms.make_booking(permit, request(house.rooms[0], world.dates(1, 3), "Ada")).await.unwrap().id;
    let form = domain::booking::StayChangeForm {
        departure: world.dates(1, 4).departure().to_string(),
        version: 1,
        ..Default::default()
    };
    pms.change(permit, stay, &form).await.unwrap();
    assert!(matches!(pms.change(permit, stay, &form).await, Err(Error::ChangedMeanwhile)));
}
