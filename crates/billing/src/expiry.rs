//! Deleting what nobody needs any more.

use chrono::{DateTime, Utc};
use platform::database::Database;

use crate::{Result, client_events, webhooks};

/// Deletes old deliveries of webhooks, and what front ends told long ago. May be repeated and run anywhere.
pub async fn delete_expired(database: &Database, now: DateTime<Utc>) -> Result<()> {
    webhooks::delete_old(database, now).await?;
    client_events::delete_old(database, now).await
}
