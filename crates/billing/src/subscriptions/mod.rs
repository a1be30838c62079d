//! What an account does with its subscriptions, and what time does to them (spec 5.6).

pub(crate) mod change;
pub mod clockwork;
mod keep;
pub mod managed;
pub(crate) mod read;
pub(crate) mod record;
mod reminders;

pub use change::{Change, Changed};
pub use read::{AddonSubscription, Subscription};

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use domain::billing::SubscriptionState;
use domain::ids::{AddonSubscriptionId, SubscriptionId};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::checkout::publish;
use crate::{Billing, Error, Result, accounts};
use record::LockedSubscription;

impl Billing {
    /// The account's subscriptions, newest first.
    pub async fn subscriptions(&self, permit: AccountPermit<'_>) -> Result<Vec<Subscription>> {
        let mut transaction = self.begin(permit).await?;
        let found = read::of_account(&mut transaction, permit.account_id()).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// The account's subscriptions that are active or being tried out, newest first.
    pub async fn live_subscriptions(&self, permit: AccountPermit<'_>) -> Result<Vec<Subscription>> {
        let mut transaction = self.begin(permit).await?;
        let found = read::live_of_account(&mut transaction, permit.account_id()).await?;
        transaction.end_of_reading();
        Ok(found)
    }

    /// One subscription of the account.
    pub async fn subscription(&self, permit: AccountPermit<'_>, id: SubscriptionId) -> Result<Subscription> {
        let mut transaction = self.begin(permit).await?;
        let found = read::one(&mut transaction, permit.account_id(), id).await?;
        transaction.commit().await?;
        found.ok_or(Error::NoSubscription)
    }

    /// Will not be renewed; access lasts to its end. Doing it again changes nothing but the instant.
    pub async fn cancel(&self, permit: AccountPermit<'_>, id: SubscriptionId) -> Result<Subscription> {
        self.step(permit, id, "subscription.cancelled", |state, now| Ok(state.cancelled(now))).await
    }

    /// Interrupts it; the time that is left is kept.
    pub async fn pause(&self, permit: AccountPermit<'_>, id: SubscriptionId) -> Result<Subscription> {
        self.step(permit, id, "subscription.paused", |state, now| Ok(state.paused(now)?)).await
    }

    /// Goes on: what was interrupted ends later by as long as that, and what was cancelled and still runs is renewed after
    /// all.
    pub async fn resume(&self, permit: AccountPermit<'_>, id: SubscriptionId) -> Result<Subscription> {
        self.step(permit, id, "subscription.resumed", |state, now| match state.reinstated(now) {
            same if same == state => Ok(state.resumed(now)?),
            reinstated => Ok(reinstated),
        })
        .await
    }

    async fn step(
        &self,
        permit: AccountPermit<'_>,
        id: SubscriptionId,
        event: &'static str,
        change: impl Fn(SubscriptionState, DateTime<Utc>) -> Result<SubscriptionState>,
    ) -> Result<Subscription> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        accounts::lock(&mut transaction, permit.account_id()).await?;
        let mut subscription = LockedSubscription::load(&mut transaction, permit.account_id(), id).await?;
        subscription.state = change(subscription.state.at(now), now)?;
        if !subscription.state.is_current() {
            subscription.pending_plan_id = None;
            void_open_changes(&mut transaction, &subscription, now).await?;
        }
        subscription.save(&mut transaction, now).await?;
        subscription.move_due_date(&mut transaction, now).await?;
        let payload = json!({ "account_id": permit.account_id(), "subscription_id": id });
        publish(&mut transaction, permit, event, id.into(), payload, now).await?;
        let found = read::one(&mut transaction, permit.account_id(), id).await?;
        transaction.commit().await?;
        found.ok_or(Error::NoSubscription)
    }

    /// The account's add-ons, newest first.
    pub async fn addon_subscriptions(&self, permit: AccountPermit<'_>) -> Result<Vec<AddonSubscription>> {
        let mut transaction = self.begin(permit).await?;
        let found = read::addons_of_account(&mut transaction, permit.account_id()).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One add-on of the account.
    pub async fn addon_subscription(
        &self,
        permit: AccountPermit<'_>,
        id: AddonSubscriptionId,
    ) -> Result<AddonSubscription> {
        let mut transaction = self.begin(permit).await?;
        let found = read::addons_by_ids(&mut transaction, permit.account_id(), &[id]).await?.pop();
        transaction.commit().await?;
        found.ok_or(Error::NoAddonSubscription)
    }

    /// An add-on is not renewed; it lasts to its end.
    pub async fn cancel_addon(
        &self,
        permit: AccountPermit<'_>,
        id: AddonSubscriptionId,
    ) -> Result<AddonSubscription> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        accounts::lock(&mut transaction, permit.account_id()).await?;
        let cancelled = sqlx::query!(
            "UPDATE addon_subscriptions SET status = 'cancelled', cancelled_at = $3, updated_at = $3
             WHERE account_id = $1 AND id = $2 AND status IN ('active', 'pending')",
            Uuid::from(permit.account_id()),
            Uuid::from(id),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let found = read::addons_by_ids(&mut transaction, permit.account_id(), &[id]).await?.pop();
        let found = found.ok_or(Error::NoAddonSubscription)?;
        if cancelled.rows_affected() == 0 {
            return Err(Error::AddonNotCancellable);
        }
        transaction.commit().await?;
        Ok(found)
    }
}

/// Voids what was asked for and makes no sense any more: renewals and changes of a subscription that ends, or that has
/// another plan or end than the one they were reckoned from.
pub(crate) async fn void_open_changes(
    transaction: &mut Transaction,
    subscription: &LockedSubscription,
    now: DateTime<Utc>,
) -> Result<()> {
    void_open(transaction, subscription, &["renewal", "upgrade"], now).await
}

/// Voids what was asked for a subscription for one of these reasons.
pub(crate) async fn void_open(
    transaction: &mut Transaction,
    subscription: &LockedSubscription,
    reasons: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    let reasons: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    sqlx::query!(
        "UPDATE invoices SET status = 'cancelled', updated_at = $4
         WHERE account_id = $1 AND subscription_id = $2 AND status = 'pending' AND reason = ANY ($3)",
        Uuid::from(subscription.account_id),
        Uuid::from(subscription.id),
        &reasons,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
