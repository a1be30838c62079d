//! The demo data: never empty, and around what people booked.

use std::sync::Arc;

use chrono::TimeDelta;
use platform::clock::{Clock, MovableClock, SharedClock};
use sqlx::PgPool;

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_demo_is_renewed_around_what_people_booked(pool: PgPool) {
    let clock = MovableClock::at("2026-11-20T09:00:00Z".parse().unwrap());
    let shared: SharedClock = Arc::new(clock.clone());
    let options = pool.connect_options();
    server::demo::refresh(&options, &shared).await.unwrap();
    // Somebody takes over the stays that have no room yet, so that they are people's.
    let taken_over = sqlx::query(
        "UPDATE bookings SET created_by = (SELECT id FROM users LIMIT 1)
         WHERE id IN (SELECT booking_id FROM stays WHERE room_id IS NULL)",
    )
    .execute(&pool)
    .await
    .unwrap()
    .rows_affected();
    assert!(taken_over > 0);
    for _ in 0..3 {
        clock.advance(TimeDelta::days(1));
        server::demo::refresh(&options, &shared).await.unwrap();
        let count = async |sql: &'static str| {
            sqlx::query_scalar::<_, i64>(sql).bind(clock.now().date_naive()).fetch_one(&pool).await.unwrap()
        };
        let arrivals = "SELECT count(*) FROM stays WHERE status = 'reserved' AND arrival = $1";
        assert!(count(arrivals).await > 0);
        let without = "SELECT count(*) FROM stays s JOIN bookings b ON b.id = s.booking_id
                       WHERE s.room_id IS NULL AND b.created_by IS NOT NULL AND $1::date IS NOT NULL";
        assert_eq!(count(without).await, i64::try_from(taken_over).unwrap());
        let oversold = "SELECT count(*) FROM room_type_nights WHERE taken > capacity AND night >= $1";
        assert_eq!(count(oversold).await, 0);
    }
}
