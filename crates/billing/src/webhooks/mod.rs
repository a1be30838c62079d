//! Webhooks of our own: what happens is told to addresses that the admin names (spec 5.11, "webhooks").
//!
//! * [`Webhooks`]: endpoints, deliveries, the test button
//! * [`Announcer`]: a consumer of the outbox that writes a delivery for each endpoint an event is for
//! * [`DeliverWebhooks`]: the job that delivers what is due to one endpoint
//!
//! Deliveries of one endpoint are sent by one job at a time, and workers of their own carry these jobs out: an endpoint
//! that is slow or down takes one place, and neither the outbox nor other jobs wait for it.

mod announce;
mod deliver;
mod deliveries;
mod endpoints;
mod signature;

use chrono::{DateTime, Utc};
use domain::billing::webhook::DeliveryStatus;
use platform::clock::SharedClock;
use platform::database::{Database, Transaction};
use platform::jobs::{self, Job, Options};
use platform::outgoing::Outgoing;
use platform::sealed::Sealer;
use platform::settings::Settings;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use announce::Announcer;
pub(crate) use deliver::delete_old;
pub use deliveries::{Delivery, DeliveryQuery};
pub use endpoints::{Endpoint, EndpointChange, new_secret};

use crate::Result;

/// The use cases of webhooks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Webhooks {
    database: Database,
    clock: SharedClock,
    outgoing: Outgoing,
    sealer: Sealer,
}

impl Webhooks {
    /// The service on a database, with a clock.
    pub fn new(database: Database, clock: SharedClock, settings: &Settings) -> Self {
        Self {
            database,
            clock,
            outgoing: Outgoing::new(settings.outgoing),
            sealer: Sealer::new(&settings.secret_key),
        }
    }
}

/// Delivers what is due to one endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliverWebhooks {
    /// The endpoint.
    pub endpoint_id: Uuid,
}

impl Job for DeliverWebhooks {
    const QUEUE: &'static str = "billing.webhooks";
}

/// Has what is due to an endpoint at `run_at` delivered then, once this transaction is committed.
async fn deliver_later(
    transaction: &mut Transaction,
    endpoint_id: Uuid,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let options = Options { run_at: Some(run_at), deduplication_key: Some(endpoint_id.to_string()) };
    jobs::enqueue(transaction, &DeliverWebhooks { endpoint_id }, options, now).await?;
    Ok(())
}

/// What is sent: the same bytes at each attempt. Its `id` is the event's, so that a receiver who is told it twice knows.
fn body(id: Uuid, kind: &str, at: DateTime<Utc>, data: &serde_json::Value) -> String {
    let created_at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    serde_json::json!({ "id": id, "type": kind, "created_at": created_at, "data": data }).to_string()
}

/// The first characters of what an endpoint answered, of a kind that Postgres stores.
fn shown(body: &[u8], most: usize) -> String {
    String::from_utf8_lossy(body).replace('\0', "\u{fffd}").chars().take(most).collect()
}

/// A new delivery that is due at once.
async fn insert_due(
    transaction: &mut Transaction,
    endpoint_id: Uuid,
    event_id: Uuid,
    kind: &str,
    body: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let id: Uuid = platform::ids::new();
    sqlx::query!(
        "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, kind, body, status, next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        id,
        endpoint_id,
        event_id,
        kind,
        body,
        DeliveryStatus::Pending.as_str(),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    deliver_later(transaction, endpoint_id, now, now).await?;
    Ok(id)
}
