//! What the program that starts a sandbox decides.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Tells the real time. The sandbox adds its own offset, which people and tests move.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the sandbox's one question to the machine")]
    fn now(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }
}

/// Where webhooks go, and the secret they are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address events are posted to.
    pub url: String,
    /// The signing secret, `whsec_…`.
    pub secret: String,
}

/// What becomes of a subscription whose last payment retry failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterRetries {
    /// It ends, as in a new Stripe account.
    #[default]
    Cancel,
    /// It stays, as `unpaid`, and its further invoices stay drafts.
    Unpaid,
}

/// How often failing work is tried again.
#[derive(Debug, Clone)]
pub struct Retries {
    /// Waits between attempts to deliver one webhook, in real time.
    pub webhooks: Vec<Duration>,
    /// How long one delivery may take.
    pub webhook_timeout: Duration,
    /// Days between attempts to collect one invoice, in the sandbox's time.
    pub payment_days: Vec<i64>,
    /// What follows when all of them failed.
    pub after_payments: AfterRetries,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            webhooks: [1, 5, 30, 120, 600, 3600].map(Duration::from_secs).to_vec(),
            webhook_timeout: Duration::from_secs(10),
            payment_days: vec![3, 5, 7],
            after_payments: AfterRetries::Cancel,
        }
    }
}

/// The settings of a sandbox.
#[derive(Debug, Clone)]
pub struct Config {
    /// The only key that is accepted; without one, any `sk_test_…`.
    pub secret_key: Option<String>,
    /// Where browsers reach the hosted pages; without one, the address that is listened on.
    pub public_url: Option<String>,
    /// Where events go besides endpoints made through the API.
    pub default_endpoint: Option<Endpoint>,
    /// Where the real time comes from. Signatures carry it too: receivers must live by the same clock.
    pub clock: Arc<dyn Clock>,
    /// How often failing work is tried again.
    pub retries: Retries,
    /// A file that keeps the state between two runs.
    pub snapshot: Option<PathBuf>,
    /// Makes ids and shuffles repeatable; without one they are random.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            secret_key: None,
            public_url: None,
            default_endpoint: None,
            clock: Arc::new(SystemClock),
            retries: Retries::default(),
            snapshot: None,
            seed: None,
        }
    }
}
