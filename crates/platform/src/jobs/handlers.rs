//! What carries out the jobs of each queue.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::{ATTEMPTS, Job};
use crate::clock::SharedClock;
use crate::database::Database;

/// What a handler may use.
#[derive(Debug, Clone)]
pub struct Context {
    /// The database. No transaction is open when a handler begins.
    pub database: Database,
    /// The time.
    pub clock: SharedClock,
    /// The job: the same at each attempt.
    pub job_id: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl Context {
    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// Why a job, or the delivery of an event, failed.
///
/// Like `anyhow::Error` it is made from any error by `?` and is therefore none itself.
pub struct HandlerError {
    /// Whether another attempt would fail in the same way.
    pub(crate) is_final: bool,
    source: Box<dyn Error + Send + Sync>,
}

/// What a handler gives back.
pub type HandlerResult = Result<(), HandlerError>;

impl HandlerError {
    /// A failure that may pass: the job is tried again after the back-off.
    pub fn passing(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { is_final: false, source: error.into() }
    }

    /// A failure that stays, such as an address that does not exist: the job is dead at once.
    pub fn lasting(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { is_final: true, source: error.into() }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self::passing(error)
    }
}

/// The error and its causes in one line.
impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let message = error.to_string();
            // Some errors already say what their cause says.
            if !text.ends_with(&message) {
                text = format!("{text}: {message}");
            }
            cause = error.source();
        }
        // Postgres keeps no NUL in a text.
        f.write_str(&text.replace('\0', " "))
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerError")
            .field("is_final", &self.is_final)
            .field("source", &self.source)
            .finish()
    }
}

type Run = Box<dyn Fn(Context, serde_json::Value) -> BoxFuture<'static, HandlerResult> + Send + Sync>;

struct Handler {
    run: Run,
    attempts: u32,
}

/// The handlers by queue. A worker takes jobs of these queues only; those of others wait for a process that knows them,
/// such as the newer one in the middle of an update.
#[derive(Default)]
pub struct Handlers {
    by_queue: BTreeMap<&'static str, Handler>,
}

impl Handlers {
    /// No handlers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the handler of a queue. It may be called more than once for one job and must then do no harm.
    #[must_use]
    pub fn on<J, F, R>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(Context, J) -> R + Send + Sync + 'static,
        R: Future<Output = HandlerResult> + Send + 'static,
    {
        let run: Run = Box::new(move |context, payload| {
            // It may have been written by a newer release, so this too is tried again.
            match serde_json::from_value::<J>(payload) {
                Ok(job) => handler(context, job).boxed(),
                Err(error) => futures::future::ready(Err(error.into())).boxed(),
            }
        });
        let before = self.by_queue.insert(J::QUEUE, Handler { run, attempts: J::ATTEMPTS });
        debug_assert!(before.is_none(), "two handlers for the queue {}", J::QUEUE);
        self
    }

    /// The queues that have a handler.
    pub fn queues(&self) -> impl Iterator<Item = &'static str> {
        self.by_queue.keys().copied()
    }

    /// How often a job of a queue is tried.
    pub(super) fn attempts(&self, queue: &str) -> u32 {
        self.by_queue.get(queue).map_or(ATTEMPTS, |handler| handler.attempts)
    }

    /// Begins a job; a queue without a handler fails.
    pub(super) fn run(
        self: &Arc<Self>,
        queue: &str,
        context: Context,
        payload: serde_json::Value,
    ) -> BoxFuture<'static, HandlerResult> {
        match self.by_queue.get(queue) {
            Some(handler) => (handler.run)(context, payload),
            None => futures::future::ready(Err(HandlerError::passing(no_handler(queue)))).boxed(),
        }
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.queues()).finish()
    }
}

/// What is said of a job that nobody knows how to do.
pub(super) fn no_handler(queue: &str) -> String {
    format!("no handler for the queue {queue}: this release does not know it")
}
