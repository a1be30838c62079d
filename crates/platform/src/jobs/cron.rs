//! Jobs by the clock: enqueued once for each tick, however many workers there are.
//!
//! There is no leader to elect and to lose: each worker tries to move the tick in `cron_runs` forward, one succeeds, and
//! the job is written in the transaction that moved it. Ticks that were missed while nothing ran count as one.

use std::fmt;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use sqlx::PgConnection;

use super::{Job, Options, enqueue};
use crate::database::{Database, is_unavailable};

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// At each multiple of this since 1970, so that all processes agree; whole seconds, at least one.
    Every(TimeDelta),
    /// Each day at this time, UTC.
    Daily(NaiveTime),
}

impl Schedule {
    /// The last tick at or before `now`.
    pub fn last_tick(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Every(interval) => {
                let step = interval.num_seconds().max(1);
                let seconds = now.timestamp().div_euclid(step) * step;
                DateTime::from_timestamp(seconds, 0).unwrap_or(now)
            }
            Self::Daily(time) => {
                let today = now.date_naive().and_time(time).and_utc();
                if today <= now { today } else { today - TimeDelta::days(1) }
            }
        }
    }
}

type Enqueue = Box<
    dyn for<'c> Fn(
            &'c mut PgConnection,
            DateTime<Utc>,
            DateTime<Utc>,
        ) -> BoxFuture<'c, Result<(), sqlx::Error>>
        + Send
        + Sync,
>;

/// A job that is enqueued by the clock.
pub struct Cron {
    name: &'static str,
    every: Schedule,
    enqueue: Enqueue,
}

impl Cron {
    /// Has `job` enqueued at each tick, of which it is told. While the job of an earlier tick still waits, that one
    /// stands for both. The first tick is the first one after the name is new to the database.
    pub fn new<J: Job + Sync>(
        name: &'static str,
        every: Schedule,
        job: impl Fn(DateTime<Utc>) -> J + Send + Sync + 'static,
    ) -> Self {
        let enqueue: Enqueue = Box::new(move |connection, tick, now| {
            let job = job(tick);
            let options = Options { run_at: None, deduplication_key: Some(format!("cron {name}")) };
            Box::pin(async move { enqueue(connection, &job, options, now).await.map(drop) })
        });
        Self { name, every, enqueue }
    }

    /// Enqueues the job if the last tick has not been served yet. Gives whether this call did.
    async fn serve(
        &self,
        is_first_look: bool,
        database: &Database,
        tick: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = database.begin_worker().await?;
        if is_first_look {
            sqlx::query!(
                "INSERT INTO cron_runs (name, last_run_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                self.name,
                tick,
            )
            .execute(&mut *transaction)
            .await?;
        }
        // Others that try at this moment wait for the row and then find the tick served.
        let moved = sqlx::query!(
            "UPDATE cron_runs SET last_run_at = $2 WHERE name = $1 AND last_run_at < $2",
            self.name,
            tick
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if moved == 1 {
            (self.enqueue)(&mut transaction, tick, now).await?;
        }
        transaction.commit().await?;
        Ok(moved == 1)
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cron").field("name", &self.name).field("every", &self.every).finish_non_exhaustive()
    }
}

/// Serves ticks, and remembers which are over so that the database is asked only when the next has come.
#[derive(Debug)]
pub struct Ticker {
    crons: Vec<(Cron, Option<DateTime<Utc>>)>,
}

impl Ticker {
    /// A ticker that has not looked yet.
    pub fn new(crons: Vec<Cron>) -> Self {
        Self { crons: crons.into_iter().map(|cron| (cron, None)).collect() }
    }

    /// Enqueues what is due and not enqueued yet. Gives the names of what this call enqueued. One that fails is logged and
    /// tried at the next call, and does not keep the others.
    pub async fn tick(&mut self, database: &Database, now: DateTime<Utc>) -> Vec<&'static str> {
        let mut enqueued = Vec::new();
        for (cron, served) in &mut self.crons {
            let tick = cron.every.last_tick(now);
            if served.is_some_and(|served| served >= tick) {
                continue;
            }
            match cron.serve(served.is_none(), database, tick, now).await {
                Ok(mine) => {
                    *served = Some(tick);
                    if mine {
                        enqueued.push(cron.name);
                    }
                }
                Err(error) => {
                    tracing::warn!(cron = cron.name, %error, "cron.not_served");
                    // The others would only wait for it as well.
                    if is_unavailable(&error) {
                        break;
                    }
                }
            }
        }
        enqueued
    }
}
