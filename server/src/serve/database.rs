//! Where the database is: the one that `DATABASE_URL` names, or a cluster of our own.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use platform::database::{self, Database};
use platform::embedded::Embedded;
use platform::settings::{Settings, SettingsError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::readiness::{Readiness, State, is_down};

/// How long to wait before a database that is not there is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// How often it is looked whether the embedded cluster is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What `DATABASE_URL` looks like.
const EXAMPLE: &str = "postgres://user:password@host/database";

/// How to reach the database as its owner.
#[derive(Debug)]
pub struct Source {
    options: PgConnectOptions,
    embedded: Option<Embedded>,
}

impl Source {
    /// Reads `DATABASE_URL`, or starts the embedded cluster.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(url) = &settings.database_url {
            // The error may quote the address, and with it the password.
            let options = PgConnectOptions::from_str(url.expose()).map_err(|_| {
                SettingsError(vec![format!("DATABASE_URL is not an address such as {EXAMPLE}")])
            })?;
            return Ok(Self { options, embedded: None });
        }
        let embedded =
            Embedded::start(&settings.state_dir).await.context("cannot start the embedded Postgres")?;
        Ok(Self { options: embedded.connect_options(), embedded: Some(embedded) })
    }

    /// How to connect as the owner.
    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The pools of the three roles. Nothing is connected yet.
    pub fn database(&self, settings: &Settings) -> Database {
        Database::new(&self.options, settings.database_connections)
    }

    /// Applies the migrations; waits for a database that is not there yet.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        loop {
            match self.options.connect().await {
                Ok(connection) => {
                    connection.close().await?;
                    break;
                }
                Err(error) if is_down(&error) => {
                    tracing::warn!(%error, "database.waiting");
                    tokio::time::sleep(RETRY).await;
                }
                // Its own words hold what its cause says.
                Err(error) => bail!("cannot connect to the database, which DATABASE_URL names: {error}"),
            }
        }
        database::migrate(&self.options).await.context("cannot migrate the database")
    }

    /// Until `stop`, starts the embedded cluster again whenever it is gone. Others look after the one that
    /// `DATABASE_URL` names.
    pub async fn look_after(&self, readiness: &Readiness, stop: &CancellationToken) {
        let Some(embedded) = &self.embedded else { return stop.cancelled().await };
        while timeout(LOOK_EVERY, stop.cancelled()).await.is_err() {
            if readiness.state() == State::Down
                && let Err(error) = embedded.revive().await
            {
                tracing::warn!(error = format!("{error:#}"), "postgres.not_revived");
            }
        }
    }

    /// Stops the embedded cluster if nobody else uses it.
    pub async fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}
