//! Jobs on a real Postgres, under the roles of production.

mod claiming;
mod clocked;
mod enqueueing;
mod failing;
mod tidying;
mod working;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{OrganisationId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::clock::{Clock, MovableClock, SharedClock};
use crate::database::{self, Database, Transaction};

/// A job that says a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Say(u32);

impl Job for Say {
    const QUEUE: &'static str = "test.say";
}

/// A job that is tried longer than others.
#[derive(Serialize, Deserialize)]
struct Patient {}

impl Job for Patient {
    const QUEUE: &'static str = "test.patient";
    const ATTEMPTS: u32 = ATTEMPTS + 2;
}

/// A job of which the worker under test knows nothing.
#[derive(Serialize, Deserialize)]
struct FromTheFuture {}

impl Job for FromTheFuture {
    const QUEUE: &'static str = "test.from_the_future";
}

/// A test's database, its clock, and a connection that sees all.
struct World {
    database: Database,
    clock: MovableClock,
    owner: PgPool,
}

impl World {
    fn new(pool: PgPool) -> Self {
        let clock = MovableClock::at("2026-11-20T12:00:00Z".parse().unwrap());
        Self { database: database::for_test(&pool), clock, owner: pool }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn shared_clock(&self) -> SharedClock {
        Arc::new(self.clock.clone())
    }

    /// A transaction of somebody who is signed in.
    async fn begin(&self) -> Transaction {
        self.database
            .begin_in(crate::ids::new::<OrganisationId>(), crate::ids::new::<UserId>())
            .await
            .unwrap()
    }

    async fn enqueue<J: Job>(&self, job: J, options: Options) -> Uuid {
        let mut transaction = self.begin().await;
        let id = enqueue(&mut transaction, &job, options, self.now()).await.unwrap();
        transaction.commit().await.unwrap();
        id
    }

    async fn say(&self, number: u32) -> Uuid {
        self.enqueue(Say(number), Options::default()).await
    }

    /// Carries out what is due, and tells what became of it.
    async fn run_due(&self, handlers: &Arc<Handlers>) -> Vec<Outcome> {
        let ran = run_all_due(&self.database, &self.shared_clock(), handlers).await.unwrap();
        ran.into_iter().map(|ran| ran.outcome).collect()
    }

    async fn claim(&self) -> Vec<queue::Claimed> {
        let mut connection = self.database.worker().acquire().await.unwrap();
        queue::claim(&mut connection, &[Say::QUEUE.to_owned()], 10, self.now()).await.unwrap()
    }

    async fn job(&self, id: Uuid) -> Row {
        sqlx::query_as(
            "SELECT status, attempts, run_at, last_error, deduplication_key, payload FROM jobs WHERE id = $1",
        )
        .bind(id)
        .fetch_one(&self.owner)
        .await
        .unwrap()
    }

    async fn count(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&self.owner).await.unwrap()
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    status: String,
    attempts: i32,
    run_at: DateTime<Utc>,
    last_error: Option<String>,
    deduplication_key: Option<String>,
    payload: serde_json::Value,
}

/// What was said.
type Said = Arc<Mutex<Vec<u32>>>;

/// Handlers that note what is said.
fn listening() -> (Arc<Handlers>, Said) {
    let said = Said::default();
    let notes = Arc::clone(&said);
    let handlers = Handlers::new().on(move |_, Say(number)| {
        notes.lock().unwrap().push(number);
        async { Ok(()) }
    });
    (Arc::new(handlers), said)
}

/// Handlers for which everything goes wrong.
fn refusing() -> Arc<Handlers> {
    Arc::new(Handlers::new().on(|context: Context, Say(number)| async move {
        Err(HandlerError::passing(format!("{number} refused at attempt {}", context.attempt)))
    }))
}

fn key(key: &str) -> Options {
    Options { deduplication_key: Some(key.to_owned()), ..Options::default() }
}

const SECOND: TimeDelta = TimeDelta::seconds(1);
