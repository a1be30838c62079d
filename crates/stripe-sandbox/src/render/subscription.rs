//! Subscriptions and their items.

use serde_json::{Value, json};

use super::{Render, embedded_list};
use crate::model::price::Price;
use crate::model::subscription::{CancellationReason, Subscription, SubscriptionItem};
use crate::state::State;

impl SubscriptionItem {
    fn render(&self, subscription: &Subscription, state: &State) -> Value {
        let price = state.prices.get(&self.price);
        json!({
            "id": self.id,
            "object": "subscription_item",
            "billing_thresholds": null,
            "created": self.created,
            "current_trial": null,
            "current_period_end": subscription.current_period_end,
            "current_period_start": subscription.current_period_start,
            "discounts": [],
            "metadata": self.metadata,
            "plan": price.map(Price::render_plan),
            "price": price.map(|price| price.render(state)),
            "quantity": self.quantity,
            "subscription": subscription.id,
            "tax_rates": [],
        })
    }
}

impl Render for Subscription {
    fn render(&self, state: &State) -> Value {
        let items = self.items.iter().map(|item| item.render(self, state)).collect();
        let test_clock = state.customers.get(&self.customer).and_then(|customer| customer.test_clock.clone());
        json!({
            "id": self.id,
            "object": "subscription",
            "application": null,
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": self.billing_cycle_anchor,
            "billing_cycle_anchor_config": null,
            "billing_mode": { "flexible": null, "type": "classic" },
            "billing_schedules": [],
            "billing_thresholds": null,
            "cancel_at": self.cancel_at,
            "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": self.canceled_at,
            "cancellation_details": {
                "comment": self.cancellation_comment,
                "feedback": null,
                "feedback_option": null,
                "reason": self.cancellation_reason.map(CancellationReason::as_str),
            },
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "days_until_due": null,
            "default_payment_method": self.default_payment_method,
            "default_source": null,
            "default_tax_rates": [],
            "description": self.description,
            "discounts": [],
            "ended_at": self.ended_at,
            "invoice_settings": {
                "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null, "issuer": { "type": "self" },
            },
            "items": embedded_list(items, &format!("/v1/subscription_items?subscription={}", self.id)),
            "latest_invoice": self.latest_invoice,
            "livemode": false,
            "managed_payments": null,
            "metadata": self.metadata,
            "next_pending_invoice_item_invoice": null,
            "on_behalf_of": null,
            "pause_collection": self.pause_collection.map(|pause| json!({
                "behavior": pause.behavior.as_str(), "resumes_at": pause.resumes_at,
            })),
            "payment_settings": {
                "payment_method_options": null,
                "payment_method_types": null,
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": null,
            "pending_setup_intent": null,
            "pending_update": null,
            "schedule": null,
            "start_date": self.start_date,
            "status": self.status.as_str(),
            "test_clock": test_clock,
            "transfer_data": null,
            "trial_end": self.trial_end,
            "trial_settings": {
                "end_behavior": {
                    "billing_cycle_anchor": null, "missing_payment_method": self.missing_payment_method.as_str(),
                },
            },
            "trial_start": self.trial_start,
        })
    }
}
