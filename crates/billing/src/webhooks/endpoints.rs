//! Where what happens is told, for the admin.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::billing::webhook;
use platform::database::Transaction;
use platform::outgoing::OutgoingError;
use platform::settings::Secret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Webhooks, deliver_later};
use crate::payments::record;
use crate::{Error, Result, input};

/// The most endpoints: each event is written down once for each of them.
const MOST: i64 = 50;

/// The shortest and the longest secret that is accepted.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 16..=200;

/// The most kinds that are looked at: more than there are.
const MOST_KINDS: usize = 200;

/// Where what happens is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The id.
    pub id: Uuid,
    /// The address.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The kinds of events that are told; `*` alone stands for all.
    pub events: Vec<String>,
    /// Whether anything is sent.
    pub is_active: bool,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a new endpoint is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// The address: HTTPS and public, unless the settings allow more.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The kinds of events; a new endpoint is told all of them unless it says which.
    pub events: Option<Vec<String>>,
    /// Whether anything is sent.
    pub is_active: Option<bool>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Webhooks {
    /// All endpoints, newest first.
    pub async fn endpoints(&self, permit: AdminPermit<'_>) -> Result<Vec<Endpoint>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One endpoint.
    pub async fn endpoint(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<Endpoint> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Makes an endpoint. Gives its secret, this once: the one that was given, or a new one.
    pub async fn create_endpoint(
        &self,
        permit: AdminPermit<'_>,
        change: &EndpointChange,
        secret: Option<&str>,
    ) -> Result<(Endpoint, Secret)> {
        let now = self.clock.now();
        if change.url.is_none() {
            return Err(Error::Invalid("url is required".to_owned()));
        }
        let secret = secret_of(secret)?;
        let blank = Endpoint {
            id: platform::ids::new(),
            url: String::new(),
            description: String::new(),
            events: vec![webhook::EVERYTHING.to_owned()],
            is_active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let endpoint = self.changed(blank, change)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        let count = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM webhook_endpoints"#)
            .fetch_one(&mut *transaction)
            .await?;
        if count >= MOST {
            return Err(Error::Conflict(format!("There are {MOST} webhooks already; delete one first")));
        }
        sqlx::query!(
            "INSERT INTO webhook_endpoints (id, url, description, events, sealed_secret, is_active, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
            endpoint.id,
            endpoint.url,
            endpoint.description,
            &endpoint.events,
            self.sealer.seal(secret.expose(), &endpoint.id.to_string()),
            endpoint.is_active,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        record(&mut transaction, permit, "webhook.created", endpoint.id, facts(&endpoint), now).await?;
        transaction.commit().await?;
        Ok((endpoint, secret))
    }

    /// Changes an endpoint. One that is active again is told what waited for it.
    pub async fn change_endpoint(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        change: &EndpointChange,
    ) -> Result<Endpoint> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let before = one(&mut transaction, id).await?;
        input::refuse_stale(change.version, before.version)?;
        let endpoint = self.changed(before, change)?;
        sqlx::query!(
            "UPDATE webhook_endpoints SET url = $2, description = $3, events = $4, is_active = $5, updated_at = $6 WHERE id = $1",
            id,
            endpoint.url,
            endpoint.description,
            &endpoint.events,
            endpoint.is_active,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        if endpoint.is_active {
            deliver_later(&mut transaction, id, now, now).await?;
        }
        record(&mut transaction, permit, "webhook.changed", id, facts(&endpoint), now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes an endpoint with its deliveries.
    pub async fn delete_endpoint(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let endpoint = one(&mut transaction, id).await?;
        sqlx::query!("DELETE FROM webhook_endpoints WHERE id = $1", id).execute(&mut *transaction).await?;
        record(&mut transaction, permit, "webhook.deleted", id, facts(&endpoint), now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives an endpoint another secret, and shows it, this once. From now on everything is signed with it, also what was
    /// tried before.
    pub async fn rotate_secret(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        secret: Option<&str>,
    ) -> Result<(Endpoint, Secret)> {
        let now = self.clock.now();
        let secret = secret_of(secret)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        sqlx::query!(
            "UPDATE webhook_endpoints SET sealed_secret = $2, updated_at = $3 WHERE id = $1",
            id,
            self.sealer.seal(secret.expose(), &id.to_string()),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let endpoint = one(&mut transaction, id).await?;
        record(&mut transaction, permit, "webhook.secret_rotated", id, json!({}), now).await?;
        transaction.commit().await?;
        Ok((endpoint, secret))
    }

    /// An endpoint with what the admin changes.
    fn changed(&self, mut endpoint: Endpoint, change: &EndpointChange) -> Result<Endpoint> {
        if let Some(url) = &change.url {
            endpoint.url = self.outgoing.checked(url).map_err(|error| match error {
                OutgoingError::BadAddress(what) => input::invalid("url", what),
                other => input::invalid("url", other),
            })?;
        }
        if let Some(description) = &change.description {
            endpoint.description = input::text("description", description, input::NAME)?;
        }
        if let Some(events) = &change.events {
            if events.is_empty() {
                return Err(input::invalid("events", "must name at least one kind of event, or *"));
            }
            if events.len() > MOST_KINDS {
                return Err(input::invalid("events", format_args!("must be at most {MOST_KINDS}")));
            }
            endpoint.events = webhook::choice(events).map_err(|kind| {
                let kind: String = kind.chars().take(100).collect();
                input::invalid("events", format_args!("names an unknown kind of event: {kind:?}"))
            })?;
        }
        endpoint.is_active = change.is_active.unwrap_or(endpoint.is_active);
        Ok(endpoint)
    }
}

/// A secret that nobody knows yet.
pub fn new_secret() -> String {
    format!("whsec_{}", platform::secret::token().text)
}

/// The secret that was given, if it can be one, or a new one.
fn secret_of(given: Option<&str>) -> Result<Secret> {
    let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else {
        return Ok(Secret::new(new_secret()));
    };
    let is_printable = given.bytes().all(|byte| byte.is_ascii_graphic());
    if is_printable && SECRET_LENGTHS.contains(&given.len()) {
        Ok(Secret::new(given))
    } else {
        Err(input::invalid("secret", "must be 16 to 200 printable ASCII characters without spaces"))
    }
}

/// What is written down of a change: of the address its host alone, since paths may hold secrets.
fn facts(endpoint: &Endpoint) -> Value {
    let host = endpoint.url.split("://").nth(1).and_then(|rest| rest.split('/').next());
    json!({ "host": host, "events": endpoint.events, "is_active": endpoint.is_active })
}

/// Lets those who change one endpoint come one after the other.
pub(super) async fn lock(transaction: &mut Transaction, id: Uuid) -> Result<()> {
    sqlx::query!("SELECT FROM webhook_endpoints WHERE id = $1 FOR NO KEY UPDATE", id)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

pub(super) async fn one(transaction: &mut Transaction, id: Uuid) -> Result<Endpoint> {
    load(transaction, Some(id)).await?.pop().ok_or(Error::Missing("Webhook"))
}

async fn load(transaction: &mut Transaction, id: Option<Uuid>) -> Result<Vec<Endpoint>> {
    let found = sqlx::query_as!(
        Endpoint,
        "SELECT id, url, description, events, is_active, version, created_at, updated_at FROM webhook_endpoints
         WHERE $1::uuid IS NULL OR id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        id,
        MOST,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(found)
}
