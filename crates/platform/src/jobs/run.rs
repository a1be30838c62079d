//! Carrying out one job: the handler, the lease that is renewed meanwhile, and what becomes of the job.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::time::{interval, timeout};
use tracing::Instrument;
use uuid::Uuid;

use super::handlers::{Context, HandlerError, HandlerResult, Handlers};
use super::queue::{Claimed, LEASE, claim};
use crate::clock::SharedClock;
use crate::database::Database;

/// How long a handler may take. One that hangs would otherwise hold its place for ever.
const TIME_LIMIT: Duration = Duration::from_hours(1);

/// How often the lease is renewed: twice may fail before it runs out.
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// How long the result of a job is tried to be written, should the database be away just then: until the lease runs out.
const WRITE_ATTEMPTS: u32 = 10;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It failed and is tried again later.
    Failed,
    /// It failed for good.
    Dead,
    /// The lease was lost: another worker has the job now.
    Lost,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Lost => "lost",
        }
    }
}

/// One attempt that [`run_all_due`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The job.
    pub job_id: Uuid,
    /// Its queue.
    pub queue: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Carries out every job that is due, one after the other, longest due first, until none is: those that they enqueue
/// too. For tests, which then know what has happened, and for commands.
pub async fn run_all_due(
    database: &Database,
    clock: &SharedClock,
    handlers: &Arc<Handlers>,
) -> Result<Vec<Ran>, sqlx::Error> {
    let queues: Vec<String> = handlers.queues().map(str::to_owned).collect();
    let mut ran = Vec::new();
    loop {
        let mut connection = database.worker().acquire().await?;
        let claimed = claim(&mut connection, &queues, 1, clock.now()).await?;
        drop(connection);
        let Some(job) = claimed.into_iter().next() else {
            return Ok(ran);
        };
        let (job_id, queue) = (job.id, job.queue.clone());
        let outcome = run(job, database.clone(), clock.clone(), Arc::clone(handlers)).await;
        ran.push(Ran { job_id, queue, outcome });
    }
}

/// Carries out a job that was taken.
pub(super) async fn run(
    job: Claimed,
    database: Database,
    clock: SharedClock,
    handlers: Arc<Handlers>,
) -> Outcome {
    run_renewing(RENEW_EVERY, job, database, clock, handlers).await
}

pub(super) async fn run_renewing(
    renew_every: Duration,
    job: Claimed,
    database: Database,
    clock: SharedClock,
    handlers: Arc<Handlers>,
) -> Outcome {
    let span = tracing::info_span!("job", job_id = %job.id, queue = job.queue, attempt = job.attempt);
    async {
        let started = Instant::now();
        let outcome = attempt(renew_every, &job, &database, &clock, &handlers).await;
        let queue = job.queue.clone();
        metrics::counter!("jobs_total", "queue" => queue.clone(), "outcome" => outcome.name()).increment(1);
        metrics::histogram!("job_duration_seconds", "queue" => queue).record(started.elapsed().as_secs_f64());
        outcome
    }
    .instrument(span)
    .await
}

async fn attempt(
    renew_every: Duration,
    job: &Claimed,
    database: &Database,
    clock: &SharedClock,
    handlers: &Arc<Handlers>,
) -> Outcome {
    let attempts = handlers.attempts(&job.queue);
    let result = if job.attempt > attempts {
        // Workers died over it as often as it may be tried; perhaps it is what kills them.
        Err(HandlerError::lasting("the worker was lost during the last attempt"))
    } else {
        let context = Context {
            database: database.clone(),
            clock: clock.clone(),
            job_id: job.id,
            attempt: job.attempt,
        };
        let work = handle(handlers, job, context);
        tokio::select! {
            result = work => result,
            () = keep_lease(renew_every, job, database, clock) => {
                tracing::error!("job.lease_lost");
                return Outcome::Lost;
            }
        }
    };
    let outcome = match &result {
        Ok(()) => Outcome::Done,
        Err(error) if job.dies_of(error, attempts) => {
            tracing::error!(%error, "job.dead");
            Outcome::Dead
        }
        Err(error) => {
            tracing::warn!(%error, "job.failed");
            Outcome::Failed
        }
    };
    if write_result(job, &result, attempts, database, clock).await { outcome } else { Outcome::Lost }
}

async fn handle(handlers: &Arc<Handlers>, job: &Claimed, context: Context) -> HandlerResult {
    // A handler may also panic before it gives back its future.
    let work = async { handlers.run(&job.queue, context, job.payload.clone()).await };
    match timeout(TIME_LIMIT, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(HandlerError::passing(format!("panicked: {}", panic_message(&*panic)))),
        Err(_) => {
            Err(HandlerError::passing(format!("took longer than {} minutes", TIME_LIMIT.as_secs() / 60)))
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<String>() {
        Some(text) => text,
        None => panic.downcast_ref::<&str>().copied().unwrap_or("without a message"),
    }
}

/// Renews the lease for as long as the handler works; ends when it is lost.
async fn keep_lease(renew_every: Duration, job: &Claimed, database: &Database, clock: &SharedClock) {
    let mut held_until = clock.now() + LEASE;
    let mut ticks = interval(renew_every);
    // The first tick comes at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = clock.now();
        match job.renew(database, now).await {
            Ok(true) => held_until = now + LEASE,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "job.lease_not_renewed");
                // Somebody else may have it by now: nothing more is done here.
                if clock.now() >= held_until {
                    return;
                }
            }
        }
    }
}

/// Writes down what became of a job. False if somebody else has it by now, or if the database stays away: its lease then
/// runs out and it is tried again.
async fn write_result(
    job: &Claimed,
    result: &HandlerResult,
    attempts: u32,
    database: &Database,
    clock: &SharedClock,
) -> bool {
    for wait in 1..=WRITE_ATTEMPTS {
        let written = match result {
            Ok(()) => job.done(database, clock.now()).await,
            Err(error) => job.failed(database, error, attempts, clock.now()).await,
        };
        match written {
            Ok(written) => return written,
            Err(error) => tracing::warn!(%error, "job.result_not_written"),
        }
        tokio::time::sleep(Duration::from_secs(u64::from(wait))).await;
    }
    false
}
