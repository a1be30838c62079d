//! What providers send: kept as it came, handled once, tried again, and again when the admin says so.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::ids::AccountId;
use platform::jobs::{self, Job, Options};
use plugin_api::payment::{Event, Message, Subject};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::payments::record;
use crate::{Billing, Error, Result};

/// What a message led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What it was about is as the provider says.
    Handled {
        /// Whose it was.
        account_id: AccountId,
    },
    /// There was nothing to do.
    Ignored(&'static str),
}

/// What became of a message that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Done.
    Done {
        /// The provider's name of what happened.
        kind: String,
        /// What it led to.
        outcome: Outcome,
    },
    /// It was done before.
    Duplicate,
    /// It is kept, could not be done now, and will be tried again.
    Kept {
        /// Why.
        problem: String,
    },
}

/// Handles a message that is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandleEvent {
    /// The provider.
    pub provider: String,
    /// Its id of the message.
    pub event_id: String,
}

impl Job for HandleEvent {
    const QUEUE: &'static str = "billing.provider_event";
    const ATTEMPTS: u32 = super::ATTEMPTS;
}

/// A message of a list, without its body.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Who sent it.
    pub provider: String,
    /// Its id there.
    pub event_id: String,
    /// What it is about.
    pub kind: String,
    /// `received`, `handled`, `ignored` or `failed`.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// What it led to, or why it failed.
    pub outcome: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// A message as the admin sees it.
#[derive(Debug, Clone, Serialize)]
pub struct KeptEvent {
    /// The provider.
    pub provider: String,
    /// Its id of the message.
    pub event_id: String,
    /// Its name of what happened.
    pub kind: String,
    /// `received`, `handled`, `ignored` or `failed`.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// What it led to, or why it failed.
    pub outcome: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was done.
    pub handled_at: Option<DateTime<Utc>>,
    /// Its body as it came.
    pub body: Vec<u8>,
}

/// Where a page of messages begins, which are listed newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before<'a> {
    /// With what came before an instant.
    Instant(DateTime<Utc>),
    /// With what follows a message: several may have come at one instant.
    Message {
        /// The provider.
        provider: &'a str,
        /// Its id of the message.
        event_id: &'a str,
    },
}

impl Billing {
    /// Takes a message that says it is a provider's: checks it, keeps it as it came, and does what it asks for. What is
    /// kept is done in the end, so the provider need not send it again. One that is off is told so ([`Error::ProviderOff`]),
    /// but what it says about what it began is kept and done as well. What cannot be checked now is not kept: the error says
    /// that it is passing ([`Error::is_passing`]).
    pub async fn receive(&self, provider: &str, message: &Message<'_>) -> Result<Received> {
        let now = self.clock.now();
        let event = self.provider(provider)?.event(message, now).await?;
        let (subject_kind, subject_id) = match &event.subject {
            Some(subject) => Some(columns(subject)).unzip(),
            None => (None, None),
        };
        let mut transaction = self.database.begin_worker().await?;
        let is_new = sqlx::query!(
            "INSERT INTO provider_events (provider, event_id, kind, body, subject_kind, subject_id, occurred_at, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            provider,
            event.id,
            event.kind,
            message.body,
            subject_kind,
            subject_id,
            event.occurred_at,
            now,
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected()
            == 1;
        if is_new {
            // Should this process die here, another one goes on.
            let job = HandleEvent { provider: provider.to_owned(), event_id: event.id.clone() };
            jobs::enqueue(&mut transaction, &job, Options::default(), now).await?;
        }
        transaction.commit().await?;
        self.provider_in_use(provider)?;
        let Event { id, kind, .. } = event;
        match self.handle_event(provider, &id).await {
            Ok(Some(outcome)) => Ok(Received::Done { kind, outcome }),
            Ok(None) => Ok(Received::Duplicate),
            Err(error) => Ok(Received::Kept { problem: error.to_string() }),
        }
    }

    /// Does what a kept message asks for; none if that was done. A failure is written down, and given.
    pub async fn handle_event(&self, provider: &str, event_id: &str) -> Result<Option<Outcome>> {
        let now = self.clock.now();
        let kept = sqlx::query!(
            "SELECT status, subject_kind, subject_id FROM provider_events WHERE provider = $1 AND event_id = $2",
            provider,
            event_id,
        )
        .fetch_optional(self.database.worker())
        .await?
        .ok_or(Error::NoEvent)?;
        if matches!(kept.status.as_str(), "handled" | "ignored") {
            return Ok(None);
        }
        let subject = kept.subject_kind.zip(kept.subject_id).and_then(|(kind, id)| subject(&kind, id));
        let outcome = match self.do_event(provider, event_id, subject, now).await {
            Err(error) => {
                tracing::warn!(provider, event_id, %error, "billing.provider_event_failed");
                sqlx::query!(
                    "UPDATE provider_events SET status = 'failed', attempts = attempts + 1, last_error = $3
                     WHERE provider = $1 AND event_id = $2 AND status IN ('received', 'failed')",
                    provider,
                    event_id,
                    error.to_string(),
                )
                .execute(self.database.worker())
                .await?;
                return Err(error);
            }
            Ok(outcome) => outcome,
        };
        Ok(outcome)
    }

    async fn do_event(
        &self,
        provider: &str,
        event_id: &str,
        subject: Option<Subject>,
        now: DateTime<Utc>,
    ) -> Result<Option<Outcome>> {
        let read = match &subject {
            Some(subject) => self.read(provider, subject).await?,
            None => None,
        };
        let mut transaction = self.database.begin_worker().await?;
        // Claimed in the transaction that handles it: two that came at once do it once.
        let status = sqlx::query_scalar!(
            "SELECT status FROM provider_events WHERE provider = $1 AND event_id = $2 FOR UPDATE",
            provider,
            event_id,
        )
        .fetch_one(&mut *transaction)
        .await?;
        if matches!(status.as_str(), "handled" | "ignored") {
            return Ok(None);
        }
        let outcome = match read {
            Some((reading, number)) => {
                let outcome;
                (transaction, outcome) = self.apply(transaction, provider, &reading, number).await?;
                outcome
            }
            None if subject.is_some() => Outcome::Ignored("not one of ours"),
            None => Outcome::Ignored("nothing to do"),
        };
        let (status, account_id, text) = match &outcome {
            Outcome::Handled { account_id } => ("handled", Some(Uuid::from(*account_id)), None),
            Outcome::Ignored(reason) => ("ignored", None, Some(*reason)),
        };
        sqlx::query!(
            "UPDATE provider_events SET status = $3, attempts = attempts + 1, last_error = NULL, handled_at = $4, account_id = $5, outcome = $6
             WHERE provider = $1 AND event_id = $2",
            provider,
            event_id,
            status,
            now,
            account_id,
            text,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(outcome))
    }

    /// Does once more what a message asked for, whatever became of it: reads the provider and makes it so.
    pub async fn replay(&self, permit: AdminPermit<'_>, provider: &str, event_id: &str) -> Result<Outcome> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let is_there = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM provider_events WHERE provider = $1 AND event_id = $2) AS "is_there!""#,
            provider,
            event_id,
        )
        .fetch_one(&mut *transaction)
        .await?;
        if !is_there {
            return Err(Error::NoEvent);
        }
        let facts = json!({ "provider": provider, "event_id": event_id });
        record(&mut transaction, permit, "provider_event.replayed", Uuid::nil(), facts, self.clock.now())
            .await?;
        transaction.commit().await?;
        // By the worker, as what follows: of a request with an `Idempotency-Key` nothing is committed before its end, and
        // the worker would wait for it.
        sqlx::query!(
            "UPDATE provider_events SET status = 'received' WHERE provider = $1 AND event_id = $2",
            provider,
            event_id,
        )
        .execute(self.database.worker())
        .await?;
        self.handle_event(provider, event_id).await?.ok_or(Error::NoEvent)
    }

    /// What providers sent, newest first, without its bodies: those of one status if given, after the one before, which is
    /// named by its provider and its id there.
    pub async fn find_provider_events(
        &self,
        permit: AdminPermit<'_>,
        status: Option<&str>,
        text: Option<&str>,
        after: Option<(&str, &str)>,
        limit: i64,
    ) -> Result<Vec<EventRow>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        platform::database::plan_for_values(&mut transaction).await?;
        let found = sqlx::query_as!(
            EventRow,
            "SELECT provider, event_id, kind, status, attempts, coalesce(last_error, outcome) AS outcome, received_at
             FROM provider_events
             WHERE ($1::text IS NULL OR status = $1) AND ($5::text IS NULL OR kind = $5 OR event_id = $5)
               AND ($2::text IS NULL OR (received_at, provider, event_id)
                    < (SELECT b.received_at, b.provider, b.event_id FROM provider_events b WHERE b.provider = $2 AND b.event_id = $3))
             ORDER BY received_at DESC, provider DESC, event_id DESC LIMIT $4",
            status,
            after.map(|(provider, _)| provider),
            after.map(|(_, event_id)| event_id),
            limit,
            text,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// How many messages of providers could not be handled.
    pub async fn failed_provider_events(&self, permit: AdminPermit<'_>) -> Result<i64> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM provider_events WHERE status = 'failed'"#
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// One message that a provider sent.
    pub async fn provider_event(
        &self,
        permit: AdminPermit<'_>,
        provider: &str,
        event_id: &str,
    ) -> Result<KeptEvent> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = sqlx::query_as!(
            KeptEvent,
            "SELECT provider, event_id, kind, status, attempts, coalesce(last_error, outcome) AS outcome, received_at, handled_at, body
             FROM provider_events WHERE provider = $1 AND event_id = $2",
            provider,
            event_id,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        found.ok_or(Error::NoEvent)
    }

    /// What providers sent, newest first: a page of at most `limit`, of one status if given, before an instant or after the
    /// message before.
    pub async fn provider_events(
        &self,
        permit: AdminPermit<'_>,
        status: Option<&str>,
        before: Option<Before<'_>>,
        limit: i64,
    ) -> Result<Vec<KeptEvent>> {
        let (instant, message) = match before {
            Some(Before::Instant(instant)) => (Some(instant), None),
            Some(Before::Message { provider, event_id }) => (None, Some((provider, event_id))),
            None => (None, None),
        };
        let mut transaction = self.database.begin_admin(&permit).await?;
        platform::database::plan_for_values(&mut transaction).await?;
        let found = sqlx::query_as!(
            KeptEvent,
            "SELECT provider, event_id, kind, status, attempts, coalesce(last_error, outcome) AS outcome, received_at, handled_at, body
             FROM provider_events
             WHERE ($1::text IS NULL OR status = $1) AND ($2::timestamptz IS NULL OR received_at < $2)
               AND ($4::text IS NULL OR (received_at, provider, event_id)
                    < (SELECT b.received_at, b.provider, b.event_id FROM provider_events b WHERE b.provider = $4 AND b.event_id = $5))
             ORDER BY received_at DESC, provider DESC, event_id DESC LIMIT $3",
            status,
            instant,
            limit.clamp(1, 100),
            message.map(|(provider, _)| provider),
            message.map(|(_, event_id)| event_id),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }
}

fn columns(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Session(id) => ("session", id.clone()),
        Subject::Subscription(id) => ("subscription", id.clone()),
        Subject::Payment(id) => ("payment", id.clone()),
    }
}

fn subject(kind: &str, id: String) -> Option<Subject> {
    match kind {
        "session" => Some(Subject::Session(id)),
        "subscription" => Some(Subject::Subscription(id)),
        "payment" => Some(Subject::Payment(id)),
        _ => None,
    }
}
