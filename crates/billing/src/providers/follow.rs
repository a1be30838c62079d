//! A provider's subscription does what ours does: ended, paused or changed here, it is there too.

use chrono::{DateTime, TimeDelta, Utc};
use domain::billing::subscription::StateColumns;
use domain::billing::{SubscriptionState, Totals};
use domain::ids::{AccountId, PlanId, SubscriptionId};
use domain::money::Money;
use platform::database::Transaction;
use platform::jobs::{self, Job, Options};
use plugin_api::payment::{FARTHEST_PAYMENT, Interval, SessionLine, Subject, Wanted};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::currency;
use crate::subscriptions::change::tax_of;
use crate::subscriptions::record::PlanFacts;
use crate::{Billing, Error, Result, accounts};

/// How long before a payment that could not be moved as far as it should is it moved on.
const AGAIN_BEFORE: TimeDelta = TimeDelta::days(30);

/// By how long what tells of a renewal is due before what tells of another price alone.
const AHEAD_OF_PRICES: TimeDelta = TimeDelta::hours(1);

/// Tells the provider how one of our subscriptions stands. Says how it stands when it runs, so that it can be done any
/// number of times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FollowSubscription {
    /// The account.
    pub account_id: AccountId,
    /// The subscription.
    pub subscription_id: SubscriptionId,
}

impl Job for FollowSubscription {
    const QUEUE: &'static str = "billing.follow_subscription";
}

/// Lets the providers be told once more what they could not be told, or not so far ahead.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct FollowAgain {}

impl Job for FollowAgain {
    const QUEUE: &'static str = "billing.follow_again";
}

/// Lets the providers be told what the next period costs of all that they collect of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FollowPlan {
    /// The plan.
    pub plan_id: PlanId,
    pub(crate) changed: ToTell,
}

impl Job for FollowPlan {
    const QUEUE: &'static str = "billing.follow_plan";
    const ATTEMPTS: u32 = super::ATTEMPTS;
}

/// Lets the providers be told that a plan changed, once this transaction is committed. A job notes that for each subscription:
/// who has the plan's row would wait here for theirs, while those who have theirs wait for the plan's, as for an invoice.
pub(crate) async fn follow_plan_later(
    transaction: &mut Transaction,
    plan_id: PlanId,
    changed: ToTell,
    now: DateTime<Utc>,
) -> Result<()> {
    let key = Some(format!("{} {changed:?}", Uuid::from(plan_id)));
    let options = Options { deduplication_key: key, ..Options::default() };
    jobs::enqueue(transaction, &FollowPlan { plan_id, changed }, options, now).await?;
    Ok(())
}

/// What changed here of a subscription that a provider collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToTell {
    /// Whether it is renewed: until the provider was told, what it says about that is old.
    Renewal,
    /// What the next period costs, or when it begins. Whether it is renewed stays as the provider has it, where the customer
    /// may have cancelled without our knowing yet.
    NextPeriod,
}

/// Lets the provider follow, once this transaction is committed.
pub(crate) async fn follow_later(
    transaction: &mut Transaction,
    subscriptions: &[(AccountId, SubscriptionId)],
    changed: ToTell,
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = subscriptions.iter().map(|(_, id)| Uuid::from(*id)).collect();
    sqlx::query!(
        "UPDATE subscriptions SET tell_no = nextval('provider_readings'), tell_at = $3,
                                  changed_no = CASE WHEN $2 THEN nextval('provider_readings') ELSE changed_no END
         WHERE id = ANY ($1)",
        &ids,
        changed == ToTell::Renewal,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    // A cancellation does not wait for all the prices of a plan that are told two at a time: what is due earlier is done first.
    let due_at = if changed == ToTell::Renewal { now - AHEAD_OF_PRICES } else { now };
    jobs::enqueue_all(transaction, &jobs_of(subscriptions), due_at, now).await?;
    Ok(())
}

/// A job for each subscription, with its key.
fn jobs_of(subscriptions: &[(AccountId, SubscriptionId)]) -> Vec<(String, FollowSubscription)> {
    let job = |&(account_id, subscription_id): &(AccountId, SubscriptionId)| {
        (subscription_id.to_string(), FollowSubscription { account_id, subscription_id })
    };
    subscriptions.iter().map(job).collect()
}

impl Billing {
    /// Lets the providers be told what they were not told yet, although it was tried, and what they could not be told so far
    /// ahead. Gives of how many subscriptions.
    pub async fn follow_again(&self) -> Result<usize> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_worker().await?;
        let late = sqlx::query!(
            r#"SELECT account_id AS "account_id: AccountId", id AS "id: SubscriptionId" FROM subscriptions
               WHERE tell_at <= $1 AND is_collected"#,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let late: Vec<_> = late.into_iter().map(|row| (row.account_id, row.id)).collect();
        let jobs = jobs_of(&late);
        // One that is refused each time is one dead job, not one for each time.
        jobs::admin::replace_dead(&mut transaction, &jobs).await?;
        jobs::enqueue_all(&mut transaction, &jobs, now, now).await?;
        transaction.commit().await?;
        Ok(late.len())
    }

    /// Lets the providers be told of all that they collect of a plan. Gives of how many subscriptions.
    pub async fn follow_plan(&self, job: &FollowPlan) -> Result<usize> {
        let now = self.clock.now();
        let collected = sqlx::query!(
            r#"SELECT account_id AS "account_id: AccountId", id AS "id: SubscriptionId" FROM subscriptions
               WHERE coalesce(pending_plan_id, plan_id) = $1 AND is_collected
                 AND status IN ('active', 'trialing', 'paused')"#,
            Uuid::from(job.plan_id),
        )
        .fetch_all(self.database.worker())
        .await?;
        for row in &collected {
            let mut transaction = self.database.begin_worker().await?;
            accounts::lock(&mut transaction, row.account_id).await?;
            follow_later(&mut transaction, &[(row.account_id, row.id)], job.changed, now).await?;
            transaction.commit().await?;
        }
        Ok(collected.len())
    }

    /// Tells the provider how the subscription stands.
    pub async fn follow(&self, job: &FollowSubscription) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_worker().await?;
        // One at a time tells the provider, or an older state might reach it last.
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            format!("{} {}", FollowSubscription::QUEUE, Uuid::from(job.subscription_id)),
        )
        .execute(&mut *transaction)
        .await?;
        // Without a lock of the row: a transaction that only reads has no id, and while one that has an id is open no event of
        // anybody is delivered. What changes meanwhile is told by another job.
        let linked = sqlx::query!(
            r#"SELECT plan_id, pending_plan_id, status, started_at, expires_at, trial_end_at, cancelled_at, paused_at,
                    currency AS "currency: String", provider, provider_subscription_id, provider_ended, changed_no, told_no, tell_no
             FROM subscriptions WHERE account_id = $1 AND id = $2"#,
            Uuid::from(job.account_id),
            Uuid::from(job.subscription_id),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NoSubscription)?;
        let (Some(provider), Some(reference)) = (linked.provider, linked.provider_subscription_id) else {
            return Ok(());
        };
        if linked.provider_ended {
            return Ok(());
        }
        let state = SubscriptionState::try_from(StateColumns {
            status: linked.status.parse()?,
            started_at: linked.started_at,
            expires_at: linked.expires_at,
            trial_end_at: linked.trial_end_at,
            cancelled_at: linked.cancelled_at,
            paused_at: linked.paused_at,
        })?;
        let line = if state.is_current() {
            let coming = PlanId(linked.pending_plan_id.unwrap_or(linked.plan_id));
            let plan = PlanFacts::load_in(&mut transaction, coming, currency(&linked.currency)?).await?;
            line(&mut transaction, job.account_id, &plan, now).await?
        } else {
            None
        };
        let next_payment_at = match state {
            SubscriptionState::Active { expires_at, .. } if line.is_some() && expires_at > now => {
                Some(expires_at)
            }
            _ => None,
        };
        let farthest = now + FARTHEST_PAYMENT;
        let wanted = Wanted {
            renews: (linked.changed_no > linked.told_no).then_some(line.is_some()),
            is_paused: matches!(state, SubscriptionState::Paused { .. }),
            next_payment_at: next_payment_at.map(|at| at.min(farthest)),
            line,
        };
        if !self.provider(&provider)?.follow(&reference, &wanted).await? {
            drop(transaction);
            return self.note_the_end(job, &provider, reference).await;
        }
        let again_at = next_payment_at.filter(|at| *at > farthest).map(|_| farthest - AGAIN_BEFORE);
        // Where it changed meanwhile, another job will tell of that.
        sqlx::query!(
            "UPDATE subscriptions
             SET provider_renews = CASE WHEN changed_no = $4 THEN coalesce($3, provider_renews) ELSE provider_renews END,
                 told_no = CASE WHEN $3 IS NOT NULL AND changed_no = $4 THEN nextval('provider_readings') ELSE told_no END,
                 tell_at = CASE WHEN tell_no = $5 THEN $6 ELSE tell_at END
             WHERE account_id = $1 AND id = $2",
            Uuid::from(job.account_id),
            Uuid::from(job.subscription_id),
            wanted.renews,
            linked.changed_no,
            linked.tell_no,
            again_at,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes that a subscription is over at the provider, until a reading says that it runs. What that means here is decided now,
    /// as its message would have had it, and not when somebody happens to read it after the next period was paid in another way.
    /// Where that cannot be made so, as after two payments, somebody has to look at it.
    async fn note_the_end(&self, job: &FollowSubscription, provider: &str, reference: String) -> Result<()> {
        let applied = match self.read_and_apply(provider, &Subject::Subscription(reference)).await {
            Err(problem) if problem.is_passing() => return Err(problem),
            applied => applied,
        };
        if matches!(applied, Ok(None)) {
            // The key may be that of another account: then the one that it belonged to goes on collecting.
            let (account_id, subscription_id) = (job.account_id, job.subscription_id);
            tracing::error!(%account_id, %subscription_id, provider, "billing.provider_knows_nothing");
        }
        sqlx::query!(
            "UPDATE subscriptions SET provider_ended = true, tell_at = NULL WHERE account_id = $1 AND id = $2",
            Uuid::from(job.account_id),
            Uuid::from(job.subscription_id),
        )
        .execute(self.database.worker())
        .await?;
        applied.map(drop)
    }
}

impl Billing {
    /// Has a provider give a payment back, and notes that it did, so that no older reading takes the refund back.
    pub(crate) async fn give_back(&self, provider: &str, payment: &str) -> Result<()> {
        self.provider(provider)?.refund(payment).await?;
        sqlx::query!(
            "UPDATE payments SET refunded_minor = amount_minor, reading_no = nextval('provider_readings')
             WHERE provider = $1 AND reference = $2",
            provider,
            payment,
        )
        .execute(self.database.worker())
        .await?;
        Ok(())
    }
}

/// What a plan costs from the next period on, with tax; none where it is paid once.
async fn line(
    transaction: &mut Transaction,
    account_id: AccountId,
    plan: &PlanFacts,
    now: DateTime<Utc>,
) -> Result<Option<SessionLine>> {
    let Some(interval) = Interval::of(plan.billing_period) else { return Ok(None) };
    let (_, rate) = tax_of(transaction, account_id, now).await?;
    let amount: Money = Totals::of([plan.price], rate, plan.price.currency)?.total;
    Ok(Some(SessionLine { name: plan.name.clone(), amount, interval: Some(interval) }))
}
