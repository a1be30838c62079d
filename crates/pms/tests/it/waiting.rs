//! Desks that want one room come one after the other, and never wait in a circle.

use domain::ids::StayId;
use domain::stay::StayAction;
use futures::future::join_all;
use platform::database::is_deadlock;
use pms::Error;
use pms::bookings::{BookingRequest, CheckOut};
use sqlx::{Connection, PgConnection, PgPool};

use crate::support::{World, request};

/// How often Postgres had to end a circle of transactions that waited for each other. It counts when a connection ends.
async fn deadlocks(world: &World) -> i64 {
    world.database.close().await;
    let ended = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    sqlx::query(ended).execute(&world.superuser).await.unwrap();
    world.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await
}

/// Has a guest in each of the rooms, for five nights.
async fn fill(world: &World, rooms: std::ops::Range<usize>) -> Vec<StayId> {
    let house = &world.harbour;
    join_all(rooms.map(|room| async move {
        let wanted =
            BookingRequest { check_in: true, ..request(house.rooms[room], world.dates(0, 5), "Ada") };
        world.pms.make_booking(house.permit(), wanted).await.unwrap().id
    }))
    .await
}

/// Whoever leaves early gives nights back, for which others wait with the room locked, and then marks the room dirty.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn desks_that_want_a_room_do_not_wait_in_a_circle_with_the_one_that_checks_out(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    for _ in 0..20 {
        let stays = fill(&world, 0..6).await;
        let leaving = stays.iter().map(|stay| {
            let said = CheckOut { rating: Some(5), ..CheckOut::default() };
            async move { pms.check_out(house.permit(), *stay, &said).await }
        });
        let coming = (0..36).map(|desk| {
            pms.make_booking(house.permit(), request(house.rooms[desk % 6], world.dates(1, 3), "Ben"))
        });
        let (left, came) = futures::join!(join_all(leaving), join_all(coming));
        assert!(left.iter().all(Result::is_ok), "{left:?}");
        assert!(came.iter().all(|answer| matches!(answer, Ok(_) | Err(Error::RoomTaken))), "{came:?}");
        for stay in came.into_iter().flatten() {
            pms.act(house.permit(), stay.id, StayAction::Cancel).await.unwrap();
        }
        world.tomorrow();
    }
    assert_eq!(deadlocks(&world).await, 0);
}

/// The order that was wrong: the nights are given back before the room is locked. It is seen, so the test above proves
/// something.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_lock_on_the_room_the_desks_wait_in_a_circle(superuser: PgPool) {
    let world = World::new(superuser).await;
    let stay = fill(&world, 0..1).await[0];
    let options = world.superuser.connect_options();
    let mut leaving = PgConnection::connect_with(&options).await.unwrap();
    let mut coming = PgConnection::connect_with(&options).await.unwrap();
    let room = world.harbour.rooms[0];
    let begin = "BEGIN; SET LOCAL deadlock_timeout = '10ms'";
    sqlx::raw_sql(begin).execute(&mut leaving).await.unwrap();
    sqlx::raw_sql(begin).execute(&mut coming).await.unwrap();
    sqlx::query("UPDATE stays SET departure = arrival + 1, nightly_minor = nightly_minor[1:1] WHERE id = $1")
        .bind(stay)
        .execute(&mut leaving)
        .await
        .unwrap();
    sqlx::query("SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE")
        .bind(room)
        .execute(&mut coming)
        .await
        .unwrap();
    let book = sqlx::query(
        "INSERT INTO stays (organisation_id, id, hotel_id, booking_id, guest_id, room_id, room_type_id, arrival, departure,
                            party, status, currency, nightly_minor, created_at)
         SELECT organisation_id, gen_random_uuid(), hotel_id, booking_id, guest_id, room_id, room_type_id, arrival + 1,
                arrival + 2, party, 'reserved', currency, nightly_minor[1:1], created_at
         FROM stays WHERE id = $1",
    )
    .bind(stay)
    .execute(&mut coming);
    let mark =
        sqlx::query("UPDATE rooms SET condition = 'dirty' WHERE id = $1").bind(room).execute(&mut leaving);
    let (booked, marked) = futures::join!(book, mark);
    // Whichever of them Postgres ends: the booking, or the check-out, after which the room is taken.
    assert!(
        [&booked, &marked].iter().any(|answer| answer.as_ref().is_err_and(is_deadlock)),
        "{booked:?}, {marked:?}"
    );
}
