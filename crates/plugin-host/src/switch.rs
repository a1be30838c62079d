//! What is changed about plug-ins.

use std::collections::BTreeMap;

use platform::audit::{self, Deed};
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{By, CHANNEL, Error, Kept, Plugin, Plugins, Result, is_on, plugin, settings};

impl Plugins {
    /// Switches it on. One that is on stays on. The plug-ins that it needs have to be on.
    pub async fn enable(&self, by: By<'_>, name: &str) -> Result<Plugin> {
        self.switch(by, name, true).await
    }

    /// Switches it off. One that is off stays off. No plug-in that is on may need it.
    pub async fn disable(&self, by: By<'_>, name: &str) -> Result<Plugin> {
        self.switch(by, name, false).await
    }

    async fn switch(&self, by: By<'_>, name: &str, on: bool) -> Result<Plugin> {
        let manifest = self.manifest(name)?;
        let now = self.clock.now();
        let mut transaction = self.begin(by).await?;
        let kept = read_locked(&mut transaction).await?;
        if is_on(manifest, kept.get(name)) == on {
            transaction.commit().await?;
            return Ok(plugin(manifest, kept.get(name)));
        }
        if on {
            let missing = manifest.dependencies.iter().find(|needed| {
                let of = self.manifests.iter().find(|it| it.name == **needed);
                !of.is_some_and(|it| is_on(it, kept.get(it.name)))
            });
            if let Some(missing) = missing {
                return Err(Error::Refused(format!("Dependency '{missing}' not enabled")));
            }
        } else {
            let needing: Vec<&str> = self
                .manifests
                .iter()
                .filter(|it| it.dependencies.contains(&name) && is_on(it, kept.get(it.name)))
                .map(|it| it.name)
                .collect();
            if !needing.is_empty() {
                let names = needing.join("', '");
                return Err(Error::Refused(format!("Cannot disable: plugins ['{names}'] depend on it")));
            }
        }
        let config = kept.get(name).map(|kept| kept.config.clone()).unwrap_or_default();
        let kept = Kept { is_on: on, config };
        write(&mut transaction, name, &kept, now).await?;
        let kind = if on { "plugin.enabled" } else { "plugin.disabled" };
        let facts = json!({ "plugin_name": name });
        tell(&mut transaction, by, kind, facts.clone(), now).await?;
        let event = Event { organisation_id: None, kind, subject: Uuid::nil(), payload: facts };
        outbox::publish(&mut *transaction, event, now).await?;
        transaction.commit().await?;
        self.catch_up().await;
        Ok(plugin(manifest, Some(&kept)))
    }

    /// Sets what is given; what is not stays as it is.
    pub async fn configure(&self, by: By<'_>, name: &str, given: &Map<String, Value>) -> Result<Plugin> {
        let manifest = self.manifest(name)?;
        let set = settings::checked(manifest, given)?;
        let now = self.clock.now();
        let mut transaction = self.begin(by).await?;
        let kept = read_locked(&mut transaction).await?;
        let on = is_on(manifest, kept.get(name));
        let mut config = kept.get(name).map(|kept| kept.config.clone()).unwrap_or_default();
        config.extend(set.clone());
        let kept = Kept { is_on: on, config };
        write(&mut transaction, name, &kept, now).await?;
        tell(&mut transaction, by, "plugin.configured", json!({ "plugin_name": name, "config": set }), now)
            .await?;
        transaction.commit().await?;
        self.catch_up().await;
        Ok(plugin(manifest, Some(&kept)))
    }

    /// Holds what was just changed. Where that is a part of a whole request it is not there to be read yet, and comes with the
    /// notice of its commit, as it does where reading fails.
    async fn catch_up(&self) {
        if let Err(error) = self.load().await {
            tracing::warn!(%error, "plugins.not_read");
        }
    }
}

/// What was changed, by name.
pub(crate) async fn read(transaction: &mut Transaction) -> Result<BTreeMap<String, Kept>> {
    let rows =
        sqlx::query!(r#"SELECT name, is_enabled, config AS "config: Json<Map<String, Value>>" FROM plugins"#)
            .fetch_all(&mut **transaction)
            .await?;
    Ok(rows.into_iter().map(|row| (row.name, Kept { is_on: row.is_enabled, config: row.config.0 })).collect())
}

/// The same, and nobody else changes any until the end: whether one may be switched depends on others.
async fn read_locked(transaction: &mut Transaction) -> Result<BTreeMap<String, Kept>> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('keyrack_plugins'))")
        .execute(&mut **transaction)
        .await?;
    read(transaction).await
}

async fn write(
    transaction: &mut Transaction,
    name: &str,
    kept: &Kept,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO plugins (name, is_enabled, config, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET is_enabled = $2, config = $3, updated_at = $4",
        name,
        kept.is_on,
        Value::Object(kept.config.clone()),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!("SELECT pg_notify($1, '')", CHANNEL).execute(&mut **transaction).await?;
    Ok(())
}

async fn tell(
    transaction: &mut Transaction,
    by: By<'_>,
    action: &'static str,
    facts: Value,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let deed =
        Deed { organisation_id: None, hotel_id: None, user_id: by.user_id(), action, subject: None, facts };
    Ok(audit::record(&mut **transaction, deed, now).await?)
}
