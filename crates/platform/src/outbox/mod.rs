//! The outbox: what happened, written in the transaction in which it happened, told to others after it.
//!
//! * [`publish`], [`publish_all`]: events, in the caller's transaction
//! * [`Consumer`]: what another context does about events
//! * [`Outbox`]: tells each consumer every event once, in order
//! * [`cursors`]: how far each consumer has read, for the admin

mod deliver;
mod restore;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ids::OrganisationId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

pub use self::deliver::{DeliveryError, Outbox};
use crate::database::Database;
use crate::jobs::HandlerResult;

/// The channel on which publishing notifies.
const CHANNEL: &str = "keyrack_events";

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The organisation it happened in. Whoever works in one can only publish events of it.
    pub organisation_id: Option<OrganisationId>,
    /// What happened, such as `booking.made`.
    pub kind: &'static str,
    /// The id of what it happened to.
    pub subject: Uuid,
    /// Facts as they were then: a consumer reads no other context's tables.
    pub payload: serde_json::Value,
}

/// An event as its consumers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Names the event for ever: who is told it twice knows it by this.
    pub id: Uuid,
    /// Numbers events; a later event of one transaction has a greater number. Between transactions only the order of
    /// delivery counts.
    pub position: i64,
    /// The organisation it happened in, if any.
    pub organisation_id: Option<OrganisationId>,
    /// What happened, such as `booking.made`.
    pub kind: String,
    /// The id of what it happened to.
    pub subject: Uuid,
    /// Facts as they were then.
    pub payload: serde_json::Value,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// Writes an event in the caller's transaction: it is told to consumers if and only if that commits.
pub async fn publish(
    executor: impl PgExecutor<'_>,
    event: Event,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH event AS (
             INSERT INTO events (organisation_id, kind, subject, payload, occurred_at) VALUES ($1, $2, $3, $4, $5)
         )
         SELECT pg_notify($6, '')",
        event.organisation_id.map(Uuid::from),
        event.kind,
        event.subject,
        event.payload,
        now,
        CHANNEL,
    )
    .fetch_one(executor)
    .await?;
    Ok(())
}

/// [`publish`] for any number of events, in one statement.
pub async fn publish_all(
    executor: impl PgExecutor<'_>,
    events: Vec<Event>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let organisations: Vec<Option<Uuid>> =
        events.iter().map(|event| event.organisation_id.map(Uuid::from)).collect();
    let kinds: Vec<String> = events.iter().map(|event| event.kind.to_owned()).collect();
    let subjects: Vec<Uuid> = events.iter().map(|event| event.subject).collect();
    let payloads: Vec<serde_json::Value> = events.into_iter().map(|event| event.payload).collect();
    sqlx::query!(
        "WITH event AS (
             INSERT INTO events (organisation_id, kind, subject, payload, occurred_at)
             SELECT organisation_id, kind, subject, payload, $5
             FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::jsonb[]) AS t (organisation_id, kind, subject, payload)
         )
         SELECT pg_notify($6, '')",
        &organisations as &[Option<Uuid>],
        &kinds,
        &subjects,
        &payloads,
        now,
        CHANNEL,
    )
    .fetch_one(executor)
    .await?;
    Ok(())
}

/// What a context does about the events of others. A new consumer begins with the oldest event that is still kept.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The name under which it is kept how far it has read. It never changes.
    fn name(&self) -> &'static str;

    /// Whether it does anything about an event. What it does not want counts as read.
    fn wants(&self, event: &Published) -> bool;

    /// How many events it is told in one transaction at most. Other consumers may wait for the end of it, so one that takes
    /// its time about each takes few.
    fn at_once(&self) -> i64 {
        100
    }

    /// Does something about an event. What it writes through `connection` is committed together with the fact that the
    /// event was read, so it happens once; anything else may happen again. It must be quick, because the order of
    /// events waits for open transactions: long work and other machines belong into a job that it enqueues.
    ///
    /// An event that is refused is tried again after the back-off of jobs, and those after it wait.
    async fn handle(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        now: DateTime<Utc>,
    ) -> HandlerResult;
}

/// How far a consumer has read.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// The consumer's name.
    pub consumer: String,
    /// How many events it has not read yet.
    pub behind: i64,
    /// How often it refused the next event.
    pub failures: i32,
    /// Why, the last time.
    pub last_error: Option<String>,
    /// When it is told again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// How many consumers refused the event that is next for them: what follows it waits.
pub async fn held_up(database: &Database) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM event_cursors WHERE failures > 0"#)
        .fetch_one(database.worker())
        .await
}

/// How far each consumer has read, by name.
pub async fn cursors(database: &Database) -> Result<Vec<Cursor>, sqlx::Error> {
    sqlx::query_as!(
        Cursor,
        r#"SELECT consumer, failures, last_error, retry_at, (
               SELECT count(*) FROM events
               WHERE (events.transaction, events.position) > (event_cursors.transaction, event_cursors.position)
           ) AS "behind!"
           FROM event_cursors ORDER BY consumer"#
    )
    .fetch_all(database.worker())
    .await
}
