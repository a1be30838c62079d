//! Telling events to consumers, each in order and once.
//!
//! Numbers alone do not order events: a transaction may take number 7 and commit after another one that took number 8,
//! and who read 8 before would never read 7. So events are read by (transaction, position), and only those of
//! transactions older than any that is still open: nothing can appear before them any more.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sqlx::{Acquire, PgConnection, Postgres};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{CHANNEL, Consumer, Published, restore};
use crate::clock::SharedClock;
use crate::database::{Database, Transaction, is_unavailable};
use crate::jobs::{HandlerError, HandlerResult, back_off, wake};

/// How long a consumer may take for one event; the same limit holds in the database for each statement.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// How long [`Outbox::deliver_all`] waits for transactions that are open somewhere in the cluster.
const WAIT_FOR_OPEN: Duration = Duration::from_mins(2);

/// Why not everything was delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A transaction older than some event stayed open, so the order is not certain yet.
    #[error("an older transaction is still open")]
    StillOpen,
    /// The database refused, or is away.
    #[error("the database could not be used")]
    Database(#[from] sqlx::Error),
}

/// Tells events to consumers. Any number of processes may do so; each consumer is served by one at a time.
pub struct Outbox {
    database: Database,
    clock: SharedClock,
    consumers: Vec<Arc<dyn Consumer>>,
}

impl Outbox {
    /// An outbox without consumers.
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock, consumers: Vec::new() }
    }

    /// Adds a consumer.
    #[must_use]
    pub fn with_consumer(mut self, consumer: impl Consumer + 'static) -> Self {
        debug_assert!(
            self.consumers.iter().all(|other| other.name() != consumer.name()),
            "two consumers of one name"
        );
        self.consumers.push(Arc::new(consumer));
        self
    }

    /// Delivers until `stop`, then finishes the events at hand.
    pub async fn run(self, stop: CancellationToken) {
        if self.consumers.is_empty() {
            return stop.cancelled().await;
        }
        let wake = Notify::new();
        tokio::join!(self.work(&wake, &stop), wake::listen(self.database.worker(), CHANNEL, &wake, &stop));
    }

    async fn work(&self, wake: &Notify, stop: &CancellationToken) {
        let mut is_prepared = false;
        while !stop.is_cancelled() {
            match self.step(&mut is_prepared).await {
                // There may be more.
                Ok(delivered) if delivered > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "outbox.not_delivered"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = wake.notified() => {}
                () = sleep(wake::poll_interval()) => {}
            }
        }
    }

    async fn step(&self, is_prepared: &mut bool) -> Result<u64, sqlx::Error> {
        if !*is_prepared {
            self.prepare().await?;
            *is_prepared = true;
        }
        self.deliver_pending().await
    }

    /// Delivers every event that was committed before this call, and those that their delivery publishes; for tests,
    /// which then know what has happened. An event that is refused is left for later, with those after it.
    ///
    /// The caller must not have a transaction open.
    pub async fn deliver_all(&self) -> Result<u64, DeliveryError> {
        self.prepare().await?;
        let give_up_at = Instant::now() + WAIT_FOR_OPEN;
        let mut delivered = 0;
        let mut until = self.next_transaction().await?;
        loop {
            let is_ordered = self.is_over(&until).await?;
            match self.deliver_pending().await? {
                0 if is_ordered => return Ok(delivered),
                // Another database of the cluster may have a transaction open, too.
                0 if Instant::now() >= give_up_at => return Err(DeliveryError::StillOpen),
                0 => sleep(Duration::from_millis(5)).await,
                some => {
                    delivered += some;
                    until = self.next_transaction().await?;
                }
            }
        }
    }

    /// Makes sure that each consumer has a cursor, and that cursors fit this cluster.
    pub(super) async fn prepare(&self) -> Result<(), sqlx::Error> {
        restore::repair(&self.database).await?;
        for consumer in &self.consumers {
            sqlx::query!(
                "INSERT INTO event_cursors (consumer, transaction, position) VALUES ($1, '0', 0) ON CONFLICT DO NOTHING",
                consumer.name(),
            )
            .execute(self.database.worker())
            .await?;
        }
        Ok(())
    }

    /// A transaction number that nothing committed so far has reached.
    async fn next_transaction(&self) -> Result<String, sqlx::Error> {
        sqlx::query_scalar!(r#"SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS "transaction!""#)
            .fetch_one(self.database.worker())
            .await
    }

    /// Whether all transactions before `transaction` have ended.
    async fn is_over(&self, transaction: &str) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 AS "is_over!""#,
            transaction
        )
        .fetch_one(self.database.worker())
        .await
    }

    /// Tells each consumer the next events, if there are any. Gives how many were told in all.
    pub(super) async fn deliver_pending(&self) -> Result<u64, sqlx::Error> {
        let names: Vec<String> = self.consumers.iter().map(|consumer| consumer.name().to_owned()).collect();
        // Looking takes no lock and no transaction number, so an idle outbox writes nothing.
        let pending = sqlx::query_scalar!(
            "SELECT consumer FROM event_cursors AS cursor
             WHERE consumer = ANY ($1) AND (retry_at IS NULL OR retry_at <= $2) AND EXISTS (
                 SELECT FROM events
                 WHERE (events.transaction, events.position) > (cursor.transaction, cursor.position)
                     AND events.transaction < pg_snapshot_xmin(pg_current_snapshot()))",
            &names,
            self.clock.now(),
        )
        .fetch_all(self.database.worker())
        .await?;
        let mut told = 0;
        let mut failed = Ok(());
        for consumer in
            self.consumers.iter().filter(|consumer| pending.iter().any(|name| name == consumer.name()))
        {
            match self.deliver_batch(consumer.as_ref()).await {
                Ok(some) => told += some,
                // It does not keep the others.
                Err(error) => failed = self.batch_failed(consumer.name(), error).await,
            }
        }
        failed.map(|()| told)
    }

    /// Keeps why a whole batch was undone, such as a constraint that is checked at its end.
    async fn batch_failed(&self, consumer: &str, error: sqlx::Error) -> Result<(), sqlx::Error> {
        if is_unavailable(&error) {
            return Err(error);
        }
        tracing::error!(consumer, %error, "outbox.batch_failed");
        sqlx::query!(
            "UPDATE event_cursors SET failures = failures + 1, last_error = $2, retry_at = $3 WHERE consumer = $1",
            consumer,
            error.to_string(),
            self.clock.now() + back_off(1),
        )
        .execute(self.database.worker())
        .await?;
        Err(error)
    }

    async fn deliver_batch(&self, consumer: &dyn Consumer) -> Result<u64, sqlx::Error> {
        let mut transaction = self.database.begin_worker().await?;
        // Whoever has the row serves this consumer.
        let cursor = sqlx::query!(
            r#"SELECT transaction::text AS "transaction!", position, failures FROM event_cursors
               WHERE consumer = $1 AND (retry_at IS NULL OR retry_at <= $2) FOR UPDATE SKIP LOCKED"#,
            consumer.name(),
            self.clock.now(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(cursor) = cursor else { return Ok(0) };
        // After a failure one at a time, so that those before the one that fails get through.
        let limit = if cursor.failures > 0 { 1 } else { consumer.at_once() };
        let events = read(&mut transaction, &cursor.transaction, cursor.position, limit).await?;
        let mut told = 0;
        let mut last = (cursor.transaction, cursor.position);
        let mut refused = None;
        for (event_transaction, event) in events {
            if consumer.wants(&event)
                && let Err(error) = self.tell(consumer, &mut transaction, &event).await
            {
                refused = Some((error, event));
                break;
            }
            last = (event_transaction, event.position);
            told += 1;
        }
        let now = self.clock.now();
        let failures = if told > 0 { 0 } else { cursor.failures };
        let failures = failures.saturating_add(i32::from(refused.is_some()));
        sqlx::query!(
            "UPDATE event_cursors
             SET transaction = $2::text::xid8, position = $3, failures = $4, last_error = $5, retry_at = $6
             WHERE consumer = $1",
            consumer.name(),
            last.0,
            last.1,
            failures,
            refused.as_ref().map(|(error, _)| error.to_string()),
            refused.as_ref().map(|_| now + back_off(failures.unsigned_abs())),
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        metrics::counter!("events_delivered_total", "consumer" => consumer.name()).increment(told);
        if let Some((error, event)) = refused {
            metrics::counter!("events_refused_total", "consumer" => consumer.name()).increment(1);
            tracing::error!(
                consumer = consumer.name(), kind = event.kind, position = event.position, failures, %error,
                "outbox.event_refused"
            );
        }
        Ok(told)
    }

    /// Tells one event; if it is refused, what the consumer wrote for it is undone.
    async fn tell(
        &self,
        consumer: &dyn Consumer,
        transaction: &mut Transaction,
        event: &Published,
    ) -> HandlerResult {
        let mut savepoint = transaction.begin().await?;
        let told = timeout(
            TIME_LIMIT,
            AssertUnwindSafe(consumer.handle(&mut savepoint, event, self.clock.now())).catch_unwind(),
        )
        .await;
        match told {
            Ok(Ok(Ok(()))) => Ok(savepoint.commit().await?),
            Ok(Ok(Err(error))) => refuse(savepoint, error).await,
            Ok(Err(_)) => refuse(savepoint, HandlerError::passing("the consumer panicked")).await,
            Err(_) => refuse(savepoint, HandlerError::passing("the consumer took too long")).await,
        }
    }
}

async fn refuse(savepoint: sqlx::Transaction<'_, Postgres>, error: HandlerError) -> HandlerResult {
    savepoint.rollback().await?;
    Err(error)
}

/// The next events after a cursor whose place in the order is certain, each with its transaction.
async fn read(
    connection: &mut PgConnection,
    transaction: &str,
    position: i64,
    limit: i64,
) -> Result<Vec<(String, Published)>, sqlx::Error> {
    sqlx::query!("SELECT set_config('statement_timeout', $1, true)", TIME_LIMIT.as_millis().to_string())
        .fetch_one(&mut *connection)
        .await?;
    let rows = sqlx::query!(
        r#"SELECT transaction::text AS "transaction!", position, id, organisation_id, kind, subject, payload, occurred_at
           FROM events
           WHERE (transaction, position) > ($1::text::xid8, $2) AND transaction < pg_snapshot_xmin(pg_current_snapshot())
           ORDER BY transaction, position LIMIT $3"#,
        transaction,
        position,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let events = rows.into_iter().map(|row| {
        let event = Published {
            id: row.id,
            position: row.position,
            organisation_id: row.organisation_id.map(Into::into),
            kind: row.kind,
            subject: row.subject,
            payload: row.payload,
            occurred_at: row.occurred_at,
        };
        (row.transaction, event)
    });
    Ok(events.collect())
}
