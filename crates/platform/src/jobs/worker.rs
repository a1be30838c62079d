//! The worker: takes jobs that are due and carries them out, some at a time, until it is told to stop.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::cron::{Cron, Ticker};
use super::handlers::Handlers;
use super::run::Outcome;
use super::wake::poll_interval;
use super::{queue, run, wake};
use crate::clock::SharedClock;
use crate::database::Database;

/// The channel on which inserting a job notifies (see the migration).
const CHANNEL: &str = "keyrack_jobs";

/// How many jobs a worker carries out at once unless it is told otherwise.
const CONCURRENCY: usize = 4;

/// How often jobs that nobody knows how to do are looked for.
const LOOK_FOR_UNKNOWN_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Carries out jobs. Any number of workers may run, in one process or in many.
#[derive(Debug)]
pub struct Worker {
    database: Database,
    clock: SharedClock,
    handlers: Arc<Handlers>,
    crons: Vec<Cron>,
    queues: Vec<String>,
    concurrency: usize,
}

impl Worker {
    /// A worker that does nothing by the clock, and four jobs at a time.
    pub fn new(database: Database, clock: SharedClock, handlers: Arc<Handlers>) -> Self {
        let queues = handlers.queues().map(str::to_owned).collect();
        Self { database, clock, handlers, crons: Vec::new(), queues, concurrency: CONCURRENCY }
    }

    /// Has it enqueue jobs by the clock as well.
    #[must_use]
    pub fn with_crons(mut self, crons: Vec<Cron>) -> Self {
        self.crons = crons;
        self
    }

    /// Has it take jobs of these queues alone, of those that have a handler: what waits for other machines has workers of
    /// its own, so that nothing else waits for it.
    #[must_use]
    pub fn with_queues(mut self, is_taken: impl Fn(&str) -> bool) -> Self {
        self.queues.retain(|queue| is_taken(queue));
        self
    }

    /// Has it do so many jobs at a time, at least one.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// Works until `stop`, then finishes what is running. Being dropped instead is what a crash would be: other workers
    /// take the jobs over when the leases have run out.
    pub async fn run(mut self, stop: CancellationToken) {
        let pool = self.database.worker().clone();
        let wake = Notify::new();
        tokio::join!(self.work(&wake, &stop), wake::listen(&pool, CHANNEL, &wake, &stop));
    }

    async fn work(&mut self, wake: &Notify, stop: &CancellationToken) {
        let mut ticker = Ticker::new(std::mem::take(&mut self.crons));
        let mut looked_for_unknown = None;
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            ticker.tick(&self.database, self.clock.now()).await;
            self.look_for_unknown(&mut looked_for_unknown).await;
            if let Err(error) = self.start(&mut running).await {
                tracing::warn!(%error, "jobs.not_claimed");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = wake.notified(), if running.len() < self.concurrency => {}
                Some(_) = running.join_next() => {}
                () = sleep(poll_interval()) => {}
            }
        }
        if !running.is_empty() {
            tracing::info!(jobs = running.len(), "jobs.finishing");
        }
        while running.join_next().await.is_some() {}
    }

    /// Begins as many jobs as there are places and jobs.
    async fn start(&self, running: &mut JoinSet<Outcome>) -> Result<(), sqlx::Error> {
        let free = i64::try_from(self.concurrency.saturating_sub(running.len())).unwrap_or(i64::MAX);
        if free == 0 {
            return Ok(());
        }
        let mut connection = self.database.worker().acquire().await?;
        let jobs = queue::claim(&mut connection, &self.queues, free, self.clock.now()).await?;
        for job in jobs {
            running.spawn(run::run(
                job,
                self.database.clone(),
                self.clock.clone(),
                Arc::clone(&self.handlers),
            ));
        }
        Ok(())
    }

    async fn look_for_unknown(&self, last: &mut Option<DateTime<Utc>>) {
        let now = self.clock.now();
        if last.is_some_and(|last| now < last + LOOK_FOR_UNKNOWN_EVERY) {
            return;
        }
        match queue::give_up_unknown(&self.database, &self.handlers, now).await {
            Ok(()) => *last = Some(now),
            Err(error) => tracing::warn!(%error, "jobs.unknown_not_looked_for"),
        }
    }
}
