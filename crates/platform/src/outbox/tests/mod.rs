//! The outbox on a real Postgres, under the roles of production.

mod refusing;
mod telling;

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

    fn wants(&self, event: &Published) -> bool {
        event.kind == "number.said"
    }

    async fn handle(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        _: DateTime<Utc>,
    ) -> HandlerResult {
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
