use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::TimeDelta;
use http::{Request, StatusCode};
use server::problem::Problem;
use server::web::bearer::Bearer;
use server::web::idempotency;
use sqlx::PgPool;
use tower::ServiceExt;

use crate::support::{Person, Site, bearer, header, json, owner, text};

/// A route that counts how often it does something.
struct Counter {
    router: Router,
    done: Arc<AtomicUsize>,
}

impl Counter {
    fn new(site: &Site) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&done);
        let handler = move |State(_): State<server::state::AppState>, Bearer(_): Bearer, body: String| async move {
            let count = counted.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
            answer(&body, count)
        };
        let layer = from_fn_with_state(site.state.clone(), idempotency::layer);
        let router = Router::new().route("/count", post(handler)).layer(layer).with_state(site.state.clone());
        Self { router, done }
    }

    async fn send(&self, bearer: &str, key: Option<&str>, body: &str) -> Response {
        let mut request = Request::builder().method("POST").uri("/count").header("authorization", bearer);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }
}

fn answer(body: &str, count: usize) -> Response {
    match body {
        "fail" => Problem::internal().into_response(),
        "panic" => panic!("a defect"),
        "refuse" => Problem::conflict(format!("refused {count}")).into_response(),
        _ => (StatusCode::CREATED, axum::Json(serde_json::json!({ "count": count }))).into_response(),
    }
}

async fn set_up(pool: &PgPool) -> (Site, Counter, Person) {
    let site = Site::new(pool);
    let counter = Counter::new(&site);
    let ada = owner(&site, "ada").await;
    (site, counter, ada)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_a_key_every_request_does_it_again(pool: PgPool) {
    let (_site, counter, ada) = set_up(&pool).await;
    let all = (0..8).map(|_| counter.send(&ada.bearer, None, "x"));
    futures::future::join_all(all).await;
    assert_eq!(counter.done(), 8);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn with_a_key_eight_at_once_do_it_once_and_hear_the_same(pool: PgPool) {
    let (_site, counter, ada) = set_up(&pool).await;
    let all = (0..8).map(|_| counter.send(&ada.bearer, Some("k-1"), "x"));
    let answers = futures::future::join_all(all).await;
    assert_eq!(counter.done(), 1);
    let mut replayed = 0;
    for answer in answers {
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(header(&answer, "content-type"), "application/json");
        replayed += usize::from(header(&answer, "idempotent-replayed") == "true");
        assert_eq!(json(answer).await["count"], 1);
    }
    assert_eq!(replayed, 7);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_key_belongs_to_one_request_of_one_user(pool: PgPool) {
    let (site, counter, ada) = set_up(&pool).await;
    counter.send(&ada.bearer, Some("k-1"), "x").await;
    let other = counter.send(&ada.bearer, Some("k-1"), "y").await;
    assert_eq!(other.status(), StatusCode::CONFLICT);
    assert_eq!(json(other).await["type"], "urn:keyrack:problem:idempotency_key_reused");
    let bob = owner(&site, "bob").await;
    assert_eq!(counter.send(&bob.bearer, Some("k-1"), "y").await.status(), StatusCode::CREATED);
    assert_eq!(counter.done(), 2);
    assert_eq!(counter.send(&ada.bearer, Some(""), "x").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        counter.send(&ada.bearer, Some(&"k".repeat(256)), "x").await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn refusals_are_final_and_failures_are_not(pool: PgPool) {
    let (_site, counter, ada) = set_up(&pool).await;
    let first = text(counter.send(&ada.bearer, Some("k-1"), "refuse").await).await;
    let again = text(counter.send(&ada.bearer, Some("k-1"), "refuse").await).await;
    assert_eq!(first, again);
    assert_eq!(counter.done(), 1);
    for done in [2, 3] {
        let response = counter.send(&ada.bearer, Some("k-2"), "fail").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(counter.done(), done);
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_defect_gives_the_key_back(pool: PgPool) {
    let (_site, counter, ada) = set_up(&pool).await;
    let request = counter.send(&ada.bearer, Some("k-1"), "panic");
    let panicked = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(request)).await;
    assert!(panicked.is_err());
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM idempotency_keys").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_key_may_be_used_again_after_a_day(pool: PgPool) {
    let (site, counter, ada) = set_up(&pool).await;
    counter.send(&ada.bearer, Some("k-1"), "x").await;
    site.clock.advance(TimeDelta::hours(23));
    counter.send(&bearer(&site, &ada.name).await, Some("k-1"), "x").await;
    assert_eq!(counter.done(), 1);
    site.clock.advance(TimeDelta::hours(2));
    counter.send(&bearer(&site, &ada.name).await, Some("k-1"), "other").await;
    assert_eq!(counter.done(), 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_claim_of_a_process_that_died_is_taken_over(pool: PgPool) {
    let (site, counter, ada) = set_up(&pool).await;
    counter.send(&ada.bearer, Some("k-1"), "x").await;
    sqlx::query("UPDATE idempotency_keys SET status = NULL, body = NULL").execute(&pool).await.unwrap();
    site.clock.advance(TimeDelta::seconds(61));
    assert_eq!(counter.send(&ada.bearer, Some("k-1"), "x").await.status(), StatusCode::CREATED);
    assert_eq!(counter.done(), 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_work_is_finished_and_kept_when_the_client_goes_away(pool: PgPool) {
    let (_site, counter, ada) = set_up(&pool).await;
    let begun = async {
        while counter.done() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = counter.send(&ada.bearer, Some("k-1"), "x") => panic!("{answer:?}"),
        () = begun => {}
    }
    let again = counter.send(&ada.bearer, Some("k-1"), "x").await;
    assert_eq!(header(&again, "idempotent-replayed"), "true");
    assert_eq!(counter.done(), 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_is_nobody_is_told_so_by_the_route(pool: PgPool) {
    let (_site, counter, _) = set_up(&pool).await;
    let response = counter.send("Bearer nonsense", Some("k-1"), "x").await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "www-authenticate"), "Bearer");
    assert_eq!(json(response).await["detail"], "Could not validate credentials");
}
