//! A provider's subscription does what ours does: ended, paused or changed here, it is there too.

use chrono::{DateTime, Utc};
use domain::billing::{SubscriptionState, Totals};
use domain::ids::{AccountId, SubscriptionId};
use domain::money::Money;
use platform::database::Transaction;
use platform::jobs::{self, Job};
use plugin_api::payment::{Interval, SessionLine, Wanted};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::subscriptions::change::tax_of;
use crate::subscriptions::record::{LockedSubscription, PlanFacts};
use crate::{Billing, Result};

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

/// Lets the provider follow, once this transaction is committed. Until it does, what it says about renewals is old.
pub(crate) async fn follow_later(
    transaction: &mut Transaction,
    account_id: AccountId,
    subscription_id: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE subscriptions SET changed_no = nextval('provider_readings') WHERE account_id = $1 AND id = $2",
        Uuid::from(account_id),
        Uuid::from(subscription_id),
    )
    .execute(&mut **transaction)
    .await?;
    follow_all_later(transaction, [(account_id, subscription_id)], now).await
}

/// Lets the provider follow several, whose `changed_no` the caller sees to.
pub(crate) async fn follow_all_later(
    transaction: &mut Transaction,
    subscriptions: impl IntoIterator<Item = (AccountId, SubscriptionId)>,
    now: DateTime<Utc>,
) -> Result<()> {
    let jobs: Vec<_> = subscriptions
        .into_iter()
        .map(|(account_id, subscription_id)| {
            (subscription_id.to_string(), FollowSubscription { account_id, subscription_id })
        })
        .collect();
    jobs::enqueue_all(transaction, &jobs, now, now).await?;
    Ok(())
}

impl Billing {
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
        sqlx::query!("SAVEPOINT reading").execute(&mut *transaction).await?;
        let subscription =
            LockedSubscription::load(&mut transaction, job.account_id, job.subscription_id).await?;
        let linked = sqlx::query!(
            "SELECT provider, provider_subscription_id, changed_no FROM subscriptions WHERE account_id = $1 AND id = $2",
            Uuid::from(job.account_id),
            Uuid::from(job.subscription_id),
        )
        .fetch_one(&mut *transaction)
        .await?;
        let (Some(provider), Some(reference)) = (linked.provider, linked.provider_subscription_id) else {
            return Ok(());
        };
        let line = if subscription.state.is_current() {
            let plan_id = subscription.pending_plan_id.unwrap_or(subscription.plan_id);
            let plan = PlanFacts::load_in(&mut transaction, plan_id, subscription.currency).await?;
            line(&mut transaction, job.account_id, &plan, now).await?
        } else {
            None
        };
        // Nobody here waits for the provider.
        sqlx::query!("ROLLBACK TO SAVEPOINT reading").execute(&mut *transaction).await?;
        let state = subscription.state;
        let wanted = Wanted {
            renews: line.is_some(),
            is_paused: matches!(state, SubscriptionState::Paused { .. }),
            next_payment_at: match state {
                SubscriptionState::Active { expires_at, .. } if line.is_some() && expires_at > now => {
                    Some(expires_at)
                }
                _ => None,
            },
            line,
        };
        self.provider(&provider)?.follow(&reference, &wanted).await?;
        // Where it changed meanwhile, another job will tell of that.
        sqlx::query!(
            "UPDATE subscriptions SET provider_renews = $3, told_no = nextval('provider_readings')
             WHERE account_id = $1 AND id = $2 AND changed_no = $4",
            Uuid::from(job.account_id),
            Uuid::from(job.subscription_id),
            wanted.renews,
            linked.changed_no,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
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
