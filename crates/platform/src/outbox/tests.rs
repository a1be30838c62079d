//! The outbox on a real Postgres, under the roles of production.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use domain::ids::UserId;
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::{Clock, MovableClock};
use crate::database::{self, Transaction};
use crate::jobs::HandlerError;

struct World {
    database: Database,
    clock: MovableClock,
    owner: PgPool,
    organisation: OrganisationId,
}

impl World {
    fn new(pool: PgPool) -> Self {
        let clock = MovableClock::at("2026-11-20T12:00:00Z".parse().unwrap());
        Self { database: database::for_test(&pool), clock, owner: pool, organisation: crate::ids::new() }
    }

    async fn begin(&self) -> Transaction {
        self.database.begin_in(self.organisation, crate::ids::new::<UserId>()).await.unwrap()
    }

    async fn publish_in(&self, transaction: &mut Transaction, number: u32) {
        let event = Event {
            organisation_id: Some(self.organisation),
            kind: "number.said",
            subject: Uuid::nil(),
            payload: json!(number),
        };
        publish(&mut **transaction, event, self.clock.now()).await.unwrap();
    }

    async fn publish(&self, number: u32) {
        let mut transaction = self.begin().await;
        self.publish_in(&mut transaction, number).await;
        transaction.commit().await.unwrap();
    }

    fn outbox(&self) -> Outbox {
        Outbox::new(self.database.clone(), Arc::new(self.clock.clone()))
    }

    /// What the consumer wrote into its own table.
    async fn told(&self, consumer: &str) -> Vec<i64> {
        sqlx::query_scalar("SELECT number FROM told WHERE consumer = $1 ORDER BY id")
            .bind(consumer)
            .fetch_all(&self.owner)
            .await
            .unwrap()
    }

    async fn cursor(&self, consumer: &str) -> Cursor {
        cursors(&self.database).await.unwrap().into_iter().find(|cursor| cursor.consumer == consumer).unwrap()
    }

    async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.owner).await.unwrap();
    }
}

/// Writes what it is told, and refuses some numbers.
#[derive(Clone)]
struct Scribe {
    name: &'static str,
    refused: Arc<Mutex<BTreeSet<i64>>>,
    heard: Option<mpsc::UnboundedSender<i64>>,
}

fn scribe(name: &'static str) -> Scribe {
    Scribe { name, refused: Arc::default(), heard: None }
}

#[async_trait]
impl Consumer for Scribe {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn handle(&self, connection: &mut PgConnection, event: &Published, _: DateTime<Utc>) -> HandlerResult {
        assert_eq!(event.kind, "number.said");
        let number = event.payload.as_i64().unwrap();
        sqlx::query("INSERT INTO told (consumer, number) VALUES ($1, $2)")
            .bind(self.name)
            .bind(number)
            .execute(&mut *connection)
            .await?;
        if let Some(heard) = &self.heard {
            heard.send(number)?;
        }
        if self.refused.lock().unwrap().contains(&number) {
            return Err(HandlerError::passing(format!("{number} is unlucky")));
        }
        Ok(())
    }
}

const TOLD: &str = "CREATE TABLE told (id bigint GENERATED ALWAYS AS IDENTITY, consumer text, number bigint);
                    GRANT ALL ON told TO keyrack_worker";

async fn world(pool: PgPool) -> World {
    let world = World::new(pool);
    world.execute(TOLD).await;
    world
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn every_consumer_is_told_what_was_committed_once_and_in_order(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a")).with_consumer(scribe("b"));
    let mut several = world.begin().await;
    for number in 1..=3 {
        world.publish_in(&mut several, number).await;
    }
    several.commit().await.unwrap();
    let mut undone = world.begin().await;
    world.publish_in(&mut undone, 99).await;
    undone.rollback().await.unwrap();
    for number in 4..=250 {
        world.publish(number).await;
    }
    assert_eq!(outbox.deliver_all().await.unwrap(), 500);
    assert_eq!(outbox.deliver_all().await.unwrap(), 0);
    let all: Vec<i64> = (1..=250).collect();
    assert_eq!(world.told("a").await, all);
    assert_eq!(world.told("b").await, all);
    assert_eq!(world.cursor("a").await.behind, 0);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn no_event_is_skipped_when_transactions_commit_out_of_order(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a"));
    outbox.prepare().await.unwrap();
    let by_number = "SELECT coalesce(array_agg(position ORDER BY position), '{}') FROM events WHERE position > $1";
    let plain = async |after: i64| -> Vec<i64> {
        sqlx::query_scalar(by_number).bind(after).fetch_one(&world.owner).await.unwrap()
    };

    let mut slow = world.begin().await;
    world.publish_in(&mut slow, 1).await;
    world.publish(2).await;
    // A reader that goes by numbers sees the second one, and moves its cursor there.
    assert_eq!(plain(0).await, [2]);
    assert_eq!(outbox.deliver_pending().await.unwrap(), 0, "the order is not certain yet");
    slow.commit().await.unwrap();
    assert_eq!(plain(2).await, Vec::<i64>::new(), "it will never see the first one");

    assert_eq!(outbox.deliver_all().await.unwrap(), 2);
    assert_eq!(world.told("a").await, [1, 2]);

    // The other way round: the older transaction publishes last.
    let mut slow = world.begin().await;
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *slow).await.unwrap();
    world.publish(4).await;
    assert_eq!(outbox.deliver_pending().await.unwrap(), 0);
    world.publish_in(&mut slow, 3).await;
    slow.commit().await.unwrap();
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [1, 2, 3, 4]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn many_writers_and_readers_at_once_lose_and_double_nothing(pool: PgPool) {
    let world = world(pool).await;
    let outboxes: Vec<Outbox> = (0..3).map(|_| world.outbox().with_consumer(scribe("a"))).collect();
    let write = futures::future::join_all((0..4).map(|writer| {
        let world = &world;
        async move {
            for number in 0..50 {
                world.publish(writer * 50 + number).await;
            }
        }
    }));
    let read = futures::future::join_all(outboxes.iter().map(|outbox| async {
        for _ in 0..20 {
            outbox.deliver_all().await.unwrap();
        }
    }));
    futures::join!(write, read);
    outboxes[0].deliver_all().await.unwrap();
    let mut told = world.told("a").await;
    assert_eq!(told.len(), 200);
    told.sort_unstable();
    assert_eq!(told, (0..200).collect::<Vec<i64>>());
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn one_process_at_a_time_serves_a_consumer(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a")).with_consumer(scribe("b"));
    outbox.prepare().await.unwrap();
    world.publish(1).await;
    let mut other = world.database.begin_worker().await.unwrap();
    sqlx::query("SELECT FROM event_cursors WHERE consumer = 'a' FOR UPDATE").execute(&mut *other).await.unwrap();
    // It does not wait for the other, and serves those that are free. (The row lock took a transaction number after
    // the event's.)
    while outbox.deliver_pending().await.unwrap() == 0 {}
    assert_eq!((world.told("a").await, world.told("b").await), (vec![], vec![1]));
    other.rollback().await.unwrap();
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [1]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_refused_event_leaves_no_trace_and_those_after_it_wait(pool: PgPool) {
    let world = world(pool).await;
    let careful = scribe("careful");
    let outbox = world.outbox().with_consumer(careful.clone()).with_consumer(scribe("other"));
    careful.refused.lock().unwrap().insert(3);
    for number in 1..=4 {
        world.publish(number).await;
    }
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("careful").await, [1, 2]);
    assert_eq!(world.told("other").await, [1, 2, 3, 4], "another consumer is not kept");

    for (failures, pause) in [(1, 5), (2, 10), (3, 20)] {
        let cursor = world.cursor("careful").await;
        assert_eq!((cursor.failures, cursor.behind), (failures, 2));
        assert_eq!(cursor.last_error.as_deref(), Some("3 is unlucky"));
        assert_eq!(cursor.retry_at, Some(world.clock.now() + TimeDelta::seconds(pause)));
        world.clock.advance(TimeDelta::seconds(pause - 1));
        assert_eq!(outbox.deliver_all().await.unwrap(), 0);
        assert_eq!(world.cursor("careful").await.failures, failures, "not before its time");
        world.clock.advance(TimeDelta::seconds(1));
        outbox.deliver_all().await.unwrap();
    }
    careful.refused.lock().unwrap().clear();
    world.clock.advance(TimeDelta::hours(1));
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("careful").await, [1, 2, 3, 4]);
    let cursor = world.cursor("careful").await;
    assert_eq!((cursor.failures, cursor.last_error, cursor.retry_at, cursor.behind), (0, None, None, 0));
}

/// Takes an error of the database lightly, or panics.
struct Careless;

#[async_trait]
impl Consumer for Careless {
    fn name(&self) -> &'static str {
        "careless"
    }

    async fn handle(&self, connection: &mut PgConnection, event: &Published, _: DateTime<Utc>) -> HandlerResult {
        if event.payload == json!(1) {
            let _ = sqlx::query("SELECT 1 / 0").execute(connection).await;
            return Ok(());
        }
        panic!("no {}", event.payload)
    }
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_careless_consumer_does_not_harm_the_outbox(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(Careless).with_consumer(scribe("other"));
    world.publish(1).await;
    outbox.deliver_all().await.unwrap();
    let error = world.cursor("careless").await.last_error.unwrap();
    assert!(error.contains("current transaction is aborted"), "{error}");
    world.execute("UPDATE events SET payload = '2'").await;
    world.clock.advance(TimeDelta::minutes(1));
    outbox.deliver_all().await.unwrap();
    let cursor = world.cursor("careless").await;
    assert_eq!((cursor.failures, cursor.last_error.as_deref()), (2, Some("the consumer panicked")));
    assert_eq!(world.told("other").await, [1]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_batch_that_cannot_be_committed_is_kept_with_its_reason(pool: PgPool) {
    let world = world(pool).await;
    world
        .execute("ALTER TABLE told ADD CONSTRAINT told_once UNIQUE (consumer, number) DEFERRABLE INITIALLY DEFERRED")
        .await;
    let outbox = world.outbox().with_consumer(scribe("a")).with_consumer(scribe("b"));
    world.execute("INSERT INTO told (consumer, number) VALUES ('a', 2)").await;
    for number in 1..=3 {
        world.publish(number).await;
    }
    assert!(matches!(outbox.deliver_all().await, Err(DeliveryError::Database(_))));
    assert_eq!(world.told("b").await, [1, 2, 3]);
    assert!(world.cursor("a").await.last_error.unwrap().contains("told_once"));
    // One at a time, those before it get through.
    world.clock.advance(TimeDelta::seconds(5));
    assert!(outbox.deliver_all().await.is_err());
    assert_eq!(world.told("a").await, [2, 1]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn nobody_publishes_for_another_organisation(pool: PgPool) {
    let world = world(pool).await;
    for organisation_id in [None, Some(crate::ids::new())] {
        let mut transaction = world.begin().await;
        let event = Event { organisation_id, kind: "number.said", subject: Uuid::nil(), payload: json!(1) };
        let refused = publish(&mut *transaction, event, world.clock.now()).await.unwrap_err();
        assert!(refused.to_string().contains("row-level security"), "{refused}");
    }
}

/// A dump of another cluster, whose transaction numbers are far ahead of this one's.
#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn nothing_is_lost_when_a_dump_is_restored_into_a_new_cluster(pool: PgPool) {
    let world = world(pool).await;
    let outbox = || world.outbox().with_consumer(scribe("a"));
    let running = outbox();
    world.publish(1).await;
    world.publish(2).await;
    running.deliver_all().await.unwrap();
    world.publish(3).await;
    world
        .execute(
            "UPDATE events SET transaction = (1000000000000 + transaction::text::bigint)::text::xid8;
             UPDATE event_cursors SET transaction = (1000000000000 + transaction::text::bigint)::text::xid8",
        )
        .await;
    world.publish(4).await;
    assert_eq!(running.deliver_pending().await.unwrap(), 0, "with the guard off nothing is told any more");

    outbox().deliver_all().await.unwrap();
    world.publish(5).await;
    outbox().deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [1, 2, 3, 4, 5]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_running_outbox_delivers_until_it_is_stopped(pool: PgPool) {
    let world = world(pool).await;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let outbox = world.outbox().with_consumer(Scribe { heard: Some(heard), ..scribe("a") });
    let stop = CancellationToken::new();
    let running = tokio::spawn(outbox.run(stop.clone()));
    for number in 1..=3 {
        world.publish(number).await;
        let told = timeout(Duration::from_mins(1), hears.recv()).await.unwrap();
        assert_eq!(told, Some(i64::from(number)));
    }
    stop.cancel();
    timeout(Duration::from_mins(1), running).await.unwrap().unwrap();
    assert_eq!(world.told("a").await, [1, 2, 3]);
}
