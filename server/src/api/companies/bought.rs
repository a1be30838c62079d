//! What a company subscribes to, in the words of this family (spec `hotel-modules.md` 2.1, `ModuleSubscription`).

use billing::modules::Purchases;
use chrono::{DateTime, Utc};
use domain::billing::{SubscriptionState, SubscriptionStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::store::plan_name;

/// A module that a company bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModuleSubscription {
    module: String,
    /// Its name within the module, such as `basic`, as in the store.
    plan_id: String,
    plan_name: String,
    /// `active`, `cancelled`, `past_due` or `trialing`.
    status: &'static str,
    stripe_subscription_id: Option<String>,
    /// Always none: Stripe is told the price with each order.
    stripe_price_id: Option<String>,
    start_date: Option<DateTime<Utc>>,
    /// The end of what was paid.
    end_date: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// What a company bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyBilling {
    /// Who the company is at Stripe, once it went there to pay.
    stripe_customer_id: Option<String>,
    /// Newest first.
    subscriptions: Vec<ModuleSubscription>,
}

/// The word of a state; none for what was ordered and never paid, which the original does not have.
fn word(state: &SubscriptionState, is_past_due: bool) -> Option<&'static str> {
    match state.status() {
        SubscriptionStatus::Pending => None,
        SubscriptionStatus::Active if is_past_due => Some("past_due"),
        SubscriptionStatus::Active => Some("active"),
        SubscriptionStatus::Trialing => Some("trialing"),
        SubscriptionStatus::Paused | SubscriptionStatus::Cancelled | SubscriptionStatus::Expired => {
            Some("cancelled")
        }
    }
}

impl CompanyBilling {
    /// None for who never bought anything.
    pub(super) fn of(found: Purchases) -> Option<Self> {
        let subscriptions: Vec<_> = found
            .subscriptions
            .into_iter()
            .filter_map(|it| {
                Some(ModuleSubscription {
                    status: word(&it.state, it.is_past_due)?,
                    start_date: it.state.columns().started_at,
                    end_date: it.state.expires_at(),
                    plan_id: plan_name(it.module.as_deref()?, &it.plan.slug).to_owned(),
                    module: it.module?,
                    plan_name: it.plan.name,
                    stripe_subscription_id: it.provider_subscription_id,
                    stripe_price_id: None,
                    created_at: it.created_at,
                })
            })
            .collect();
        let is_customer = found.customer.is_some() || !subscriptions.is_empty();
        is_customer.then_some(Self { stripe_customer_id: found.customer, subscriptions })
    }
}
