//! Reminders: that a period or a trial ends, and that an invoice should have been paid. Each is noted in the statement that
//! finds it, so that it is given once however often it is looked for, and told to others by an event.

use chrono::{DateTime, Days, Utc};
use domain::ids::{AccountId, OrganisationId};
use platform::database::Database;
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

use crate::Result;

/// How many days before the end of a period its customer is reminded (spec 5.6).
const RENEWAL_DAYS: u64 = 7;

/// How many days before the end of a trial.
const TRIAL_DAYS: u64 = 3;

/// How many days after the due date, the first and the last time (spec 5.6, "dunning at days [3, 7]").
const OVERDUE_DAYS: [u64; 2] = [3, 7];

/// After so many days nobody is reminded any more: what was found later, as after a long standstill, is past.
const FORGOTTEN_DAYS: u64 = 30;

/// After so many days it is of no use to know that something was told: the events of that day are gone, too.
const KEPT_DAYS: u64 = 400;

/// How many are found at a time.
const BATCH: i64 = 500;

/// Something that an account is to be told.
struct Notice {
    kind: String,
    account_id: AccountId,
    organisation_id: Option<OrganisationId>,
    subject: Uuid,
}

impl Notice {
    fn event(self) -> Event {
        let Self { account_id, organisation_id, subject, .. } = self;
        let of_invoice = |is_last: bool| {
            (
                "invoice.overdue",
                json!({ "account_id": account_id, "invoice_id": subject, "is_last": is_last }),
            )
        };
        let of_subscription = |kind| (kind, json!({ "account_id": account_id, "subscription_id": subject }));
        let (kind, payload) = match self.kind.as_str() {
            "overdue_first" => of_invoice(false),
            "overdue_last" => of_invoice(true),
            "trial_ending" => of_subscription("subscription.trial_ending"),
            _ => of_subscription("subscription.renewal_due"),
        };
        Event { organisation_id, kind, subject, payload }
    }
}

/// Gives every reminder that is due at `now`, and says how many; forgets what was told long ago.
pub(super) async fn remind(database: &Database, now: DateTime<Utc>) -> Result<usize> {
    forget(database, now).await?;
    let mut given = 0;
    loop {
        let ends = ends(database, now).await?;
        let overdue = overdue(database, now).await?;
        given += ends + overdue;
        if usize::try_from(BATCH).is_ok_and(|batch| ends < batch && overdue < batch) {
            return Ok(given);
        }
    }
}

async fn forget(database: &Database, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "DELETE FROM billing_notices WHERE ctid = ANY (ARRAY(SELECT ctid FROM billing_notices WHERE created_at < $1 LIMIT 10000))",
        now - Days::new(KEPT_DAYS),
    )
    .execute(database.worker())
    .await?;
    Ok(())
}

/// Periods and trials that end soon. A trial that is shorter than the time of its reminder needs none; a period has one
/// however short it is, since the invoice over the next one comes with it.
async fn ends(database: &Database, now: DateTime<Utc>) -> Result<usize> {
    let mut transaction = database.begin_worker().await?;
    let notices = sqlx::query_as!(
        Notice,
        r#"WITH due AS (
               SELECT s.account_id, s.id, s.expires_at, CASE s.status WHEN 'trialing' THEN 'trial_ending' ELSE 'renewal_due' END AS kind
               FROM subscriptions s JOIN plans p ON p.id = coalesce(s.pending_plan_id, s.plan_id)
               WHERE s.status IN ('active', 'trialing') AND s.expires_at > $1
                 AND (s.status = 'active' AND s.expires_at <= $2 AND p.billing_period <> 'one_time'
                   OR s.status = 'trialing' AND s.expires_at <= $3 AND s.expires_at - s.started_at > $3 - $1)
                 AND NOT EXISTS (SELECT FROM billing_notices n WHERE n.account_id = s.account_id AND n.subject = s.id
                       AND n.kind = CASE s.status WHEN 'trialing' THEN 'trial_ending' ELSE 'renewal_due' END AND n.about = s.expires_at)
               ORDER BY s.expires_at LIMIT $4
           ), noted AS (
               INSERT INTO billing_notices (account_id, kind, subject, about, created_at)
               SELECT account_id, kind, id, expires_at, $1 FROM due ON CONFLICT DO NOTHING RETURNING account_id, kind, subject
           )
           SELECT noted.kind, noted.subject, noted.account_id AS "account_id: AccountId", a.organisation_id AS "organisation_id: OrganisationId"
           FROM noted JOIN billing_accounts a ON a.id = noted.account_id"#,
        now,
        now + Days::new(RENEWAL_DAYS),
        now + Days::new(TRIAL_DAYS),
        BATCH,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let count = notices.len();
    outbox::publish_all(&mut *transaction, notices.into_iter().map(Notice::event).collect(), now).await?;
    transaction.commit().await?;
    Ok(count)
}

/// Invoices that should have been paid. Whoever cancelled, or tried something out and left it, owes nothing and is not
/// asked; whoever missed the first reminder is given the last alone. What was asked for after it was due, as after a
/// standstill, is late only some days after that.
async fn overdue(database: &Database, now: DateTime<Utc>) -> Result<usize> {
    let [first, last] = OVERDUE_DAYS.map(|days| now - Days::new(days));
    let mut transaction = database.begin_worker().await?;
    let notices = sqlx::query_as!(
        Notice,
        r#"WITH due AS (
               SELECT i.account_id, i.id, i.due_at, CASE WHEN greatest(i.due_at, i.invoiced_at) <= $3 THEN 'overdue_last' ELSE 'overdue_first' END AS kind
               FROM invoices i LEFT JOIN subscriptions s ON s.account_id = i.account_id AND s.id = i.subscription_id
               WHERE i.status = 'pending' AND i.due_at <= $2 AND i.due_at > $4 AND i.invoiced_at <= $2 AND i.total_minor > 0
                 AND s.status IS DISTINCT FROM 'cancelled'
                 AND NOT EXISTS (SELECT FROM billing_notices n WHERE n.account_id = i.account_id AND n.subject = i.id AND n.about = i.due_at
                       AND n.kind IN ('overdue_last', CASE WHEN greatest(i.due_at, i.invoiced_at) <= $3 THEN 'overdue_last' ELSE 'overdue_first' END))
               ORDER BY i.due_at LIMIT $5
           ), noted AS (
               INSERT INTO billing_notices (account_id, kind, subject, about, created_at)
               SELECT account_id, kind, id, due_at, $1 FROM due ON CONFLICT DO NOTHING RETURNING account_id, kind, subject
           )
           SELECT noted.kind, noted.subject, noted.account_id AS "account_id: AccountId", a.organisation_id AS "organisation_id: OrganisationId"
           FROM noted JOIN billing_accounts a ON a.id = noted.account_id"#,
        now,
        first,
        last,
        now - Days::new(FORGOTTEN_DAYS),
        BATCH,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let count = notices.len();
    outbox::publish_all(&mut *transaction, notices.into_iter().map(Notice::event).collect(), now).await?;
    transaction.commit().await?;
    Ok(count)
}
