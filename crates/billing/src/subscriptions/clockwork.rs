//! What time does to subscriptions: renewals are asked for, what ran out is over, trials end. Each step looks at the
//! state again under the account's lock, so that it can be done any number of times and by several servers at once.

use chrono::{DateTime, Days, TimeDelta, Utc};
use domain::billing::{SubscriptionStatus, Totals};
use domain::ids::{AccountId, InvoiceId, SubscriptionId};
use platform::database::{Database, Transaction};
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

use super::change::tax_of;
use super::record::{LockedSubscription, PlanFacts};
use super::reminders::remind;
use super::void_open;
use crate::checkout::DUE_DAYS;
use crate::invoices::{self, NewInvoice, NewLine};
use crate::payments::{Capture, organisation_of, rivals, settle};
use crate::{Billing, Error, Result, accounts};

/// How many days before its end a renewal is asked for (spec 5.6, "renewal reminder").
const RENEWAL_DAYS: u64 = 7;

/// How long before its end what costs nothing goes on, where a better plan was asked for: its renewal is settled at once,
/// which voids the upgrade.
const FREE_RENEWAL: TimeDelta = TimeDelta::hours(1);

/// How many days a provider that collects a subscription has for it after the end of the period: it tries again when a
/// card is refused, and its word comes later than the end.
pub(crate) const COLLECTION_DAYS: i32 = 3;

/// How many subscriptions are looked for at a time.
const BATCH: i64 = 500;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Renewals that were asked for.
    pub renewals: usize,
    /// Subscriptions and trials that are over.
    pub ended: usize,
    /// Add-ons that are over.
    pub addons: u64,
    /// Reminders of ends and of what should have been paid.
    pub reminders: usize,
}

impl Billing {
    /// Does everything that is due now.
    pub async fn tick(&self) -> Result<Ticked> {
        tick(&self.database, self.clock.now()).await
    }
}

/// Does everything that is due at `now`.
pub async fn tick(database: &Database, now: DateTime<Utc>) -> Result<Ticked> {
    let mut ticked = Ticked::default();
    void_late_upgrades(database, now).await?;
    ticked.renewals = go_through(database, now, true).await?;
    ticked.ended = go_through(database, now, false).await?;
    let mut transaction = database.begin_worker().await?;
    let addons = sqlx::query!(
            "UPDATE addon_subscriptions SET status = 'expired', updated_at = $1 WHERE status = 'active' AND expires_at <= $1",
            now,
        )
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    ticked.addons = addons.rows_affected();
    ticked.reminders = remind(database, now).await?;
    Ok(ticked)
}

/// Voids upgrades that were not paid and whose own period is over: who pays for one now would have nothing of it, and
/// lose what is left of the present plan. What is paused is not over.
async fn void_late_upgrades(database: &Database, now: DateTime<Utc>) -> Result<()> {
    let mut transaction = database.begin_worker().await?;
    let late = sqlx::query!(
        r#"SELECT i.account_id AS "account_id: AccountId", i.id AS "id: InvoiceId"
           FROM invoices i JOIN subscriptions s ON s.account_id = i.account_id AND s.id = i.subscription_id
           WHERE i.status = 'pending' AND i.reason = 'upgrade' AND s.status = 'active'
             AND s.expires_at + (i.period_until - i.from_expires_at) <= $1 LIMIT $2"#,
        now,
        BATCH,
    )
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    for row in late {
        let mut transaction = database.begin_worker().await?;
        accounts::lock(&mut transaction, row.account_id).await?;
        sqlx::query!(
            "UPDATE invoices i SET status = 'cancelled', updated_at = $3 FROM subscriptions s
             WHERE i.account_id = $1 AND i.id = $2 AND i.status = 'pending' AND s.account_id = i.account_id AND s.id = i.subscription_id
               AND s.status = 'active' AND s.expires_at + (i.period_until - i.from_expires_at) <= $3",
            Uuid::from(row.account_id),
            Uuid::from(row.id),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Asks for all renewals that are due, if `to_renew`, else ends all that is over. Gives how many. What goes wrong with one
/// subscription is for somebody to look at; everybody else's are done all the same.
async fn go_through(database: &Database, now: DateTime<Utc>, to_renew: bool) -> Result<usize> {
    let until = if to_renew { now + Days::new(RENEWAL_DAYS) } else { now };
    let (mut done, mut after) = (0, (DateTime::UNIX_EPOCH, SubscriptionId(Uuid::nil())));
    loop {
        let batch = ending_before(database, after, until, to_renew).await?;
        for ending in &batch {
            let Ending { account_id, id, .. } = *ending;
            let step = if to_renew {
                ask_for_renewal(database, account_id, id, now).await
            } else {
                end(database, account_id, id, now).await
            };
            match step {
                Ok(is_done) => done += usize::from(is_done),
                // Then nobody else's can be done either.
                Err(Error::Database(
                    error @ (sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed),
                )) => return Err(error.into()),
                Err(error) => tracing::error!(subscription_id = %id, ?error, "billing.tick_failed"),
            }
        }
        // Some are left as they are: to begin again with the soonest would be to see those alone.
        match batch.last() {
            Some(last) if i64::try_from(batch.len()) == Ok(BATCH) => after = (last.expires_at, last.id),
            _ => return Ok(done),
        }
    }
}

/// A subscription that ends.
struct Ending {
    account_id: AccountId,
    id: SubscriptionId,
    expires_at: DateTime<Utc>,
}

/// Subscriptions that end by `until`, soonest first, a batch of them after one; those whose next period was not asked for
/// yet, if `to_renew`.
async fn ending_before(
    database: &Database,
    after: (DateTime<Utc>, SubscriptionId),
    until: DateTime<Utc>,
    to_renew: bool,
) -> Result<Vec<Ending>> {
    let mut transaction = database.begin_worker().await?;
    let rows = sqlx::query_as!(
            Ending,
            r#"SELECT s.account_id AS "account_id: AccountId", s.id AS "id: SubscriptionId", s.expires_at AS "expires_at!"
               FROM subscriptions s
               WHERE s.status IN ('active', 'trialing') AND (s.expires_at, s.id) > ($5, $6)
                 AND s.expires_at <= $1::timestamptz - (CASE WHEN $2 OR NOT s.is_collected THEN interval '0' ELSE make_interval(days => $4) END)
                 AND (NOT $2 OR (s.status = 'active' AND NOT s.is_collected
                                 AND NOT EXISTS (SELECT FROM invoices i WHERE i.account_id = s.account_id AND i.subscription_id = s.id
                                                   AND i.reason = 'renewal' AND i.status = 'pending')
                                 AND EXISTS (SELECT FROM plans p WHERE p.id = coalesce(s.pending_plan_id, s.plan_id)
                                               AND p.billing_period <> 'one_time')))
               ORDER BY s.expires_at, s.id LIMIT $3"#,
            until,
            to_renew,
            BATCH,
            COLLECTION_DAYS,
            after.0,
            Uuid::from(after.1),
        )
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(rows)
}

/// Asks for the next period of a subscription, at the price of the plan that it will have then. What costs nothing
/// goes on by itself.
async fn ask_for_renewal(
    database: &Database,
    account_id: AccountId,
    id: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut transaction = database.begin_worker().await?;
    accounts::lock(&mut transaction, account_id).await?;
    let subscription = LockedSubscription::load(&mut transaction, account_id, id).await?;
    let Some(expires_at) = subscription.state.expires_at() else { return Ok(false) };
    let open = sqlx::query_scalar!(
        "SELECT reason FROM invoices
         WHERE account_id = $1 AND subscription_id = $2 AND reason IN ('renewal', 'upgrade') AND status = 'pending'",
        Uuid::from(account_id),
        Uuid::from(id),
    )
    .fetch_all(&mut *transaction)
    .await?;
    let is_open = |reason: &str| open.iter().any(|open| open == reason);
    let is_due = subscription.state.status() == SubscriptionStatus::Active
        && expires_at <= now + Days::new(RENEWAL_DAYS)
        && !is_open("renewal");
    let plan_id = subscription.coming_plan_id();
    let plan = PlanFacts::load_in(&mut transaction, plan_id, subscription.currency).await?;
    if !is_due || !plan.billing_period.is_recurring() || is_voided(&mut transaction, &subscription).await? {
        return Ok(false);
    }
    let (tax_country, tax_rate) = tax_of(&mut transaction, account_id, now).await?;
    let totals = Totals::of([plan.price], tax_rate, plan.price.currency)?;
    if totals.total.minor == 0 {
        let waits = is_open("upgrade") && now + FREE_RENEWAL < expires_at;
        // Nobody pays for it, so nobody chose it over what has its place by now.
        if waits || !rivals(&mut transaction, &subscription, plan_id).await?.is_empty() {
            return Ok(false);
        }
    }
    let invoice_id: InvoiceId = platform::ids::new();
    let line = NewLine::subscription(id, plan_id, format!("Renewal: {}", plan.name), plan.price);
    invoices::insert(
        &mut transaction,
        NewInvoice {
            id: invoice_id,
            account_id,
            reason: "renewal",
            plan_id: Some(plan_id),
            subscription_id: Some(id),
            from_plan_id: None,
            period_until: None,
            from_expires_at: None,
            totals,
            tax_rate,
            tax_country,
            payment_method: None,
            due_at: Some(expires_at),
            lines: &[line],
        },
        now,
    )
    .await?;
    if totals.total.minor == 0 {
        settle(&mut transaction, invoice_id, Capture::of_nothing(totals.total), now).await?;
    }
    let organisation_id = organisation_of(&mut transaction, account_id).await?;
    let payload = json!({ "account_id": account_id, "subscription_id": id, "invoice_id": invoice_id });
    let event =
        Event { organisation_id, kind: "subscription.renewal_requested", subject: id.into(), payload };
    outbox::publish(&mut *transaction, event, now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether the admin voided the renewal after the running period: then it ends with that. What was withdrawn otherwise, as for
/// another plan, is asked for again; so is the one after a better plan that was paid for since, which began a period of its own.
async fn is_voided(transaction: &mut Transaction, subscription: &LockedSubscription) -> Result<bool> {
    let is_voided = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM invoices v
               WHERE v.account_id = $1 AND v.subscription_id = $2 AND v.reason = 'renewal' AND v.voided_at >= $3
                 AND NOT EXISTS (SELECT FROM invoices p WHERE p.account_id = $1 AND p.subscription_id = $2 AND p.status = 'paid'
                                   AND p.reason <> 'purchase' AND p.paid_at >= v.voided_at)
           ) AS "is_voided!""#,
        Uuid::from(subscription.account_id),
        Uuid::from(subscription.id),
        subscription.state.columns().started_at,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(is_voided)
}

/// Ends a subscription whose time has run out. The invoice of a trial is due from now on.
async fn end(
    database: &Database,
    account_id: AccountId,
    id: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut transaction = database.begin_worker().await?;
    accounts::lock(&mut transaction, account_id).await?;
    let mut subscription = LockedSubscription::load(&mut transaction, account_id, id).await?;
    let before = subscription.state;
    let grace =
        if subscription.is_collected { TimeDelta::days(COLLECTION_DAYS.into()) } else { TimeDelta::zero() };
    subscription.state = before.at(now - grace);
    if subscription.state == before {
        return Ok(false);
    }
    let was_trial = before.status() == SubscriptionStatus::Trialing;
    if was_trial {
        sqlx::query!(
                "UPDATE invoices SET due_at = $3, updated_at = $4
                 WHERE account_id = $1 AND subscription_id = $2 AND status = 'pending' AND reason = 'purchase'",
                Uuid::from(account_id),
                Uuid::from(id),
                now + Days::new(DUE_DAYS),
                now,
            )
            .execute(&mut *transaction)
            .await?;
    }
    // The difference to a better plan makes no sense any more; the next period can still be paid for.
    void_open(&mut transaction, &subscription, &["upgrade"], now).await?;
    subscription.save(&mut transaction, now).await?;
    let kind = if was_trial { "subscription.trial_ended" } else { "subscription.expired" };
    tell(&mut transaction, account_id, kind, id, now).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn tell(
    transaction: &mut Transaction,
    account_id: AccountId,
    kind: &'static str,
    id: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<()> {
    let organisation_id = organisation_of(transaction, account_id).await?;
    let payload = json!({ "account_id": account_id, "subscription_id": id });
    outbox::publish(&mut **transaction, Event { organisation_id, kind, subject: id.into(), payload }, now)
        .await?;
    Ok(())
}
