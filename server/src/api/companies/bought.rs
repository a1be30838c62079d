//! What a company subscribes to, in the words of this family (spec `hotel-modules.md` 2.1, `ModuleSubscription`).

use billing::subscriptions::Subscription;
use chrono::{DateTime, Utc};
use domain::billing::{SubscriptionState, SubscriptionStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A module that a company bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModuleSubscription {
    module: String,
    plan_id: Uuid,
    plan_name: String,
    /// `active`, `cancelled`, `past_due` or `trialing`.
    status: &'static str,
    stripe_subscription_id: Option<String>,
    start_date: Option<DateTime<Utc>>,
    /// The end of what was paid.
    end_date: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// What a company bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyBilling {
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
    pub(super) fn of(found: Vec<Subscription>) -> Option<Self> {
        let subscriptions: Vec<_> = found
            .into_iter()
            .filter_map(|it| {
                Some(ModuleSubscription {
                    status: word(&it.state, it.is_past_due)?,
                    start_date: it.state.columns().started_at,
                    end_date: it.state.expires_at(),
                    module: it.module?,
                    plan_id: it.plan.id.into(),
                    plan_name: it.plan.name,
                    stripe_subscription_id: it.provider_subscription_id,
                    created_at: it.created_at,
                })
            })
            .collect();
        (!subscriptions.is_empty()).then_some(Self { subscriptions })
    }
}
