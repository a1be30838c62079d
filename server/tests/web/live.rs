use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use domain::ids::HotelId;
use futures::StreamExt;
use http::StatusCode;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::support::{Person, Site, header, owner, page};

async fn open(site: &Site, person: &Person) -> BodyDataStream {
    let request = page("/desk/live", &person.cookie).header("accept-encoding", "gzip, br");
    let response = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "text/event-stream");
    assert_eq!(header(&response, "content-encoding"), "", "events are not held back by a compressor");
    let mut stream = response.into_body().into_data_stream();
    assert!(next(&mut stream).await.unwrap().contains("retry: 1000"));
    stream
}

/// The next event, if one comes soon.
async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let frame = timeout(Duration::from_secs(2), stream.next()).await.ok()??;
    Some(String::from_utf8(frame.unwrap().to_vec()).unwrap())
}

async fn notify(pool: &PgPool, hotel_id: HotelId) {
    sqlx::query("SELECT pg_notify('keyrack_live', $1)")
        .bind(hotel_id.to_string())
        .execute(pool)
        .await
        .unwrap();
}

/// Starts the listener and waits until it hears.
async fn listening(site: &Site, pool: &PgPool) {
    let live = std::sync::Arc::clone(&site.state.live);
    tokio::spawn(live.run(site.state.database.worker().clone(), site.state.stop.clone()));
    let mut changes = site.state.live.subscribe();
    for _ in 0..100 {
        notify(pool, HotelId(uuid::Uuid::nil())).await;
        if timeout(Duration::from_millis(50), changes.recv()).await.is_ok() {
            return;
        }
    }
    panic!("the listener never heard anything");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_change_of_the_hotel_reaches_its_pages_and_no_others(pool: PgPool) {
    let site = Site::new(&pool);
    listening(&site, &pool).await;
    let ada = owner(&site, "ada").await;
    let bob = owner(&site, "bob").await;
    let (mut adas, mut bobs) = (open(&site, &ada).await, open(&site, &bob).await);
    let started = std::time::Instant::now();
    notify(&pool, ada.hotel_id).await;
    assert!(next(&mut adas).await.unwrap().starts_with("event: change\n"));
    assert!(started.elapsed() < Duration::from_secs(1), "within a second");
    assert!(timeout(Duration::from_millis(300), bobs.next()).await.is_err(), "not Bob's hotel");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_burst_of_changes_is_five_events_a_second_at_most(pool: PgPool) {
    let site = Site::new(&pool);
    listening(&site, &pool).await;
    let ada = owner(&site, "ada").await;
    let mut stream = open(&site, &ada).await;
    let burst = async {
        for _ in 0..100 {
            notify(&pool, ada.hotel_id).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let count = async {
        let mut count = 0;
        let end = tokio::time::Instant::now() + Duration::from_millis(1500);
        while let Ok(Some(_)) = tokio::time::timeout_at(end, stream.next()).await {
            count += 1;
        }
        count
    };
    let ((), count) = tokio::join!(burst, count);
    assert!((2..=9).contains(&count), "{count} events");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_page_that_fell_behind_is_told_to_load_everything(pool: PgPool) {
    let site = Site::new(&pool);
    listening(&site, &pool).await;
    let ada = owner(&site, "ada").await;
    let mut stream = open(&site, &ada).await;
    // More changes of other hotels than the channel holds, while the page reads nothing.
    for _ in 0..300 {
        notify(&pool, HotelId(uuid::Uuid::max())).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(next(&mut stream).await.unwrap().starts_with("event: lagged\n"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_stream_ends_when_the_server_stops(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let mut stream = open(&site, &ada).await;
    site.state.stop.cancel();
    let end = timeout(Duration::from_secs(1), stream.next()).await;
    assert!(matches!(end, Ok(None)), "at once");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_stream_ends_with_its_session(pool: PgPool) {
    let mut site = Site::new(&pool);
    site.state.keep_alive = Duration::from_millis(100);
    site.router = server::web::router(site.state.clone());
    let ada = owner(&site, "ada").await;
    let mut stream = open(&site, &ada).await;
    assert_eq!(next(&mut stream).await.as_deref(), Some(": alive\n\n"));
    sqlx::query("DELETE FROM sessions").execute(&pool).await.unwrap();
    // Perhaps one more sign of life that was already under way.
    for _ in 0..3 {
        if timeout(Duration::from_secs(1), stream.next()).await.unwrap().is_none() {
            return;
        }
    }
    panic!("the stream goes on");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn strangers_hear_nothing(pool: PgPool) {
    let site = Site::new(&pool);
    assert_eq!(site.get("/desk/live", "").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(site.get("/desk/live", "keyrack_session=bad").await.status(), StatusCode::UNAUTHORIZED);
}
