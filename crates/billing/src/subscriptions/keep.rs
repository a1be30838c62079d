//! A lesser plan that was asked for, and is not wanted after all.

use domain::access::AccountPermit;
use domain::billing::SubscriptionRefusal;
use domain::ids::SubscriptionId;
use serde_json::json;

use super::read::{self, Subscription};
use super::record::LockedSubscription;
use super::void_open_changes;
use crate::checkout::publish;
use crate::{Billing, Error, Result, accounts};

impl Billing {
    /// Stays with the present plan: what was to come with the next renewal does not.
    pub async fn keep_plan(&self, permit: AccountPermit<'_>, id: SubscriptionId) -> Result<Subscription> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        accounts::lock(&mut transaction, permit.account_id()).await?;
        let mut subscription = LockedSubscription::load(&mut transaction, permit.account_id(), id).await?;
        let plan_id = subscription.pending_plan_id.take().ok_or(SubscriptionRefusal::NoPlanToCome)?;
        // A renewal that was asked for at the price of the lesser plan is asked for again at the present one.
        void_open_changes(&mut transaction, &subscription, now).await?;
        subscription.save(&mut transaction, now).await?;
        let payload = json!({ "account_id": permit.account_id(), "subscription_id": id, "plan_id": plan_id });
        publish(&mut transaction, permit, "subscription.downgrade_withdrawn", id.into(), payload, now)
            .await?;
        let found = read::one(&mut transaction, permit.account_id(), id).await?;
        transaction.commit().await?;
        found.ok_or(Error::NoSubscription)
    }
}
