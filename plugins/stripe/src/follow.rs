//! A subscription at Stripe does what ours does.

use chrono::{DateTime, Utc};
use plugin_api::payment::{Interval, ProviderError, SessionLine, Wanted};
use serde::Serialize;
use stripe::StripeRequest;
use stripe_billing::subscription::{
    RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems, UpdateSubscriptionPauseCollection,
    UpdateSubscriptionPauseCollectionBehavior, UpdateSubscriptionProrationBehavior,
    UpdateSubscriptionTrialEnd,
};
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_product::price::{CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval};
use stripe_shared::{Price, RecurringInterval, Subscription, SubscriptionStatus};

use crate::Stripe;
use crate::amount::to_stripe;
use crate::checkout::{currency, fingerprint};
use crate::client::{once, problem};

impl Stripe {
    pub(crate) async fn make_follow(&self, id: &str, wanted: &Wanted) -> Result<bool, ProviderError> {
        let found =
            match RetrieveSubscription::new(id).send(&self.client).await.map_err(|error| problem(&error)) {
                // Of another account, or of a sandbox that was emptied.
                Err(ProviderError::Unknown) => return Ok(false),
                found => found?,
            };
        if matches!(found.status, SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired) {
            // What is over stays so; a new purchase begins a new one.
            return Ok(false);
        }
        if found.pause_collection.is_some() && !wanted.is_paused {
            self.collect_again(id).await?;
        }
        let mut update =
            UpdateSubscription::new(id).proration_behavior(UpdateSubscriptionProrationBehavior::None);
        if let Some(renews) = wanted.renews {
            update = update.cancel_at_period_end(!renews);
        }
        if found.pause_collection.is_none() && wanted.is_paused {
            update = update.pause_collection(UpdateSubscriptionPauseCollection::new(
                UpdateSubscriptionPauseCollectionBehavior::Void,
            ));
        }
        let item = found.items.data.first().zip(wanted.line.as_ref());
        let is_other_interval = item.is_some_and(|(item, line)| !recurs(&item.price, line));
        if let Some(at) = wanted.next_payment_at.filter(|at| is_other_interval || is_elsewhere(&found, *at)) {
            // What is tried out is not paid: so the next payment comes when the time left is over. Without it another
            // interval would begin, and be charged, at once.
            update = update.trial_end(UpdateSubscriptionTrialEnd::Timestamp(at.timestamp()));
        }
        if let Some((item, line)) = item.filter(|(item, line)| !costs(&item.price, line))
            // While it is paused, or its period not collected yet, another interval waits for what comes next.
            && (!is_other_interval || wanted.next_payment_at.is_some())
        {
            let mut changed = UpdateSubscriptionItems::new();
            changed.id = Some(item.id.to_string());
            changed.price = Some(self.price(item.price.product.id().as_str(), line).await?);
            update = update.items(vec![changed]);
        }
        update.send(&self.client).await.map_err(|error| problem(&error))?;
        Ok(true)
    }

    /// Ends a pause. The library cannot send the empty value that Stripe wants for it.
    async fn collect_again(&self, id: &str) -> Result<(), ProviderError> {
        #[derive(Serialize)]
        struct Unpause {
            pause_collection: &'static str,
        }
        RequestBuilder::new(StripeMethod::Post, format!("/subscriptions/{id}"))
            .form(&Unpause { pause_collection: "" })
            .customize::<Subscription>()
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        Ok(())
    }

    /// A price of a product: the same one however often it is asked for.
    async fn price(&self, product: &str, line: &SessionLine) -> Result<String, ProviderError> {
        let (unit, count) = unit(line)?;
        let mut recurring = CreatePriceRecurring::new(match unit {
            RecurringInterval::Week => CreatePriceRecurringInterval::Week,
            RecurringInterval::Year => CreatePriceRecurringInterval::Year,
            _ => CreatePriceRecurringInterval::Month,
        });
        recurring.interval_count = Some(count);
        let amount = to_stripe(line.amount)?;
        // Plans of one price have different names, and the same key with another name is refused.
        let key = format!(
            "price-{product}-{amount}-{}-{}{count}-{}",
            line.amount.currency,
            unit.as_str(),
            fingerprint(&[Some(&line.name)])
        );
        let made = CreatePrice::new(currency(line)?)
            .product(product)
            .unit_amount(amount)
            .nickname(line.name.clone())
            .recurring(recurring)
            .customize()
            .request_strategy(once(key))
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        Ok(made.id.to_string())
    }
}

fn unit(line: &SessionLine) -> Result<(RecurringInterval, u64), ProviderError> {
    match line.interval {
        Some(Interval::Weeks(count)) => Ok((RecurringInterval::Week, count.into())),
        Some(Interval::Months(count)) => Ok((RecurringInterval::Month, count.into())),
        Some(Interval::Year) => Ok((RecurringInterval::Year, 1)),
        None => Err(ProviderError::Refused("what is paid once has no periods".to_owned())),
    }
}

/// Whether a price is what the line asks for already.
fn costs(price: &Price, line: &SessionLine) -> bool {
    recurs(price, line)
        && to_stripe(line.amount).is_ok_and(|amount| price.unit_amount == Some(amount))
        && price.currency.to_string().eq_ignore_ascii_case(line.amount.currency.code())
}

/// Whether a price is paid as often as the line asks for.
fn recurs(price: &Price, line: &SessionLine) -> bool {
    unit(line).is_ok_and(|(unit, count)| {
        price.recurring.as_ref().is_some_and(|known| known.interval == unit && known.interval_count == count)
    })
}

/// Whether the next payment would come at another time than `at`, by more than Stripe's own rounding.
fn is_elsewhere(subscription: &Subscription, at: DateTime<Utc>) -> bool {
    let ends = subscription.items.data.iter().map(|item| item.current_period_end).max();
    ends.is_none_or(|end| (end - at.timestamp()).abs() > 60)
}
