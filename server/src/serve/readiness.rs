//! Whether the database is migrated and answers. While it does not, requests are answered at once with 503 instead of
//! waiting for a connection each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use platform::database::Database;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;

/// How often Postgres is asked. Also how long a recovery can stay unnoticed.
const INTERVAL: Duration = Duration::from_millis(500);

/// What is known about the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Not migrated yet.
    Starting,
    /// Migrated, and it answered last time.
    Up,
    /// Migrated, and it refused the last connection.
    Down,
}

/// Shared by the watch, which sets it, and the handlers, which read it.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicU8>);

impl Readiness {
    /// What is known now.
    pub fn state(&self) -> State {
        match self.0.load(Ordering::Relaxed) {
            1 => State::Up,
            2 => State::Down,
            _ => State::Starting,
        }
    }

    /// Whether requests can be served.
    pub fn is_up(&self) -> bool {
        self.state() == State::Up
    }

    /// Waits until requests can be served.
    pub async fn up(&self) {
        while !self.is_up() {
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Sets what is known; logs a change.
    pub fn set(&self, state: State) {
        let before = self.0.swap(state as u8, Ordering::Relaxed);
        if before == state as u8 {
            return;
        }
        match state {
            State::Up => tracing::info!("database.up"),
            State::Down => tracing::warn!("database.down"),
            State::Starting => {}
        }
    }
}

/// Asks Postgres on a connection of its own until `stop`: the pools may be busy without the database being down. Only
/// a connection that is refused or broken counts as down; a slow answer is just slow.
pub async fn watch(
    readiness: Readiness,
    database: Database,
    options: PgConnectOptions,
    stop: CancellationToken,
) {
    let mut connection = None;
    while !stop.is_cancelled() {
        if connection.is_none() {
            connection = match options.clone().application_name("keyrack_watch").connect().await {
                Ok(connection) => Some(connection),
                Err(error) => {
                    if is_down(&error) {
                        readiness.set(State::Down);
                    }
                    None
                }
            };
        }
        if let Some(open) = connection.as_mut() {
            if open.ping().await.is_ok() {
                readiness.set(State::Up);
            } else {
                // Reconnecting tells whether Postgres is gone, or was for a moment.
                database.forget_connections();
                connection = None;
                continue;
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    if let Some(open) = connection {
        // The server is going anyway.
        let _ = open.close().await;
    }
}

/// Whether Postgres itself is away: refused, reset, or starting and stopping (SQLSTATE 57P0x).
pub fn is_down(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}
