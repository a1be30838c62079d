//! What a subscription does by itself when its time comes.

use crate::error::ApiError;
use crate::model::card::Presence;
use crate::model::invoice::BillingReason;
use crate::model::subscription::{
    CancellationReason, MissingPaymentMethod, PauseBehavior, Subscription, SubscriptionStatus,
};
use crate::render::Render;
use crate::state::State;

use super::{invoice, period, subscription};

/// Begins the next period, or ends the subscription where that was asked for.
pub fn period_end(state: &mut State, id: &str) -> Result<(), ApiError> {
    let mut subscription = state.subscriptions.fetch(id)?;
    if subscription.cancel_at_period_end {
        return subscription::end(state, id, CancellationReason::CancellationRequested).map(drop);
    }
    let before = subscription.render(state);
    if subscription.status == SubscriptionStatus::Trialing {
        if !has_card(state, &subscription) {
            match subscription.missing_payment_method {
                MissingPaymentMethod::Cancel => {
                    return subscription::end(state, id, CancellationReason::CancellationRequested).map(drop);
                }
                MissingPaymentMethod::Pause => {
                    subscription.status = SubscriptionStatus::Paused;
                    state.subscriptions.put(subscription.clone());
                    state.emit_change("customer.subscription.updated", &before, &subscription);
                    state.emit("customer.subscription.paused", &subscription);
                    return Ok(());
                }
                MissingPaymentMethod::CreateInvoice => {}
            }
        }
        subscription.status = SubscriptionStatus::Active;
    }
    let ended = (subscription.current_period_start, subscription.current_period_end);
    let every = subscription::recurrence(state, &subscription.items)?;
    subscription.current_period_start = ended.1;
    subscription.current_period_end =
        period::next_boundary(subscription.billing_cycle_anchor, every, ended.1);
    bill_period(state, subscription, &before, ended)
}

/// Invoices the period just begun and tries to collect.
fn bill_period(
    state: &mut State,
    mut subscription: Subscription,
    before: &serde_json::Value,
    ended: (i64, i64),
) -> Result<(), ApiError> {
    let mut lines = std::mem::take(&mut subscription.pending_lines);
    lines.extend(subscription::period_lines(state, &subscription)?);
    let drawn = invoice::draw_up(state, &mut subscription, BillingReason::Cycle, lines, ended);
    state.emit_change("customer.subscription.updated", before, &subscription);
    match subscription.pause_collection.map(|pause| pause.behavior) {
        _ if subscription.status == SubscriptionStatus::Unpaid => keep_as_draft(state, &drawn.id),
        Some(PauseBehavior::KeepAsDraft) => keep_as_draft(state, &drawn.id),
        Some(PauseBehavior::MarkUncollectible) => {
            invoice::finalize(state, &drawn.id)?;
            invoice::mark_uncollectible(state, &drawn.id)?;
        }
        Some(PauseBehavior::Void) => {
            invoice::finalize(state, &drawn.id)?;
            invoice::void(state, &drawn.id)?;
        }
        None => {
            invoice::finalize(state, &drawn.id)?;
            invoice::collect(state, &drawn.id, None, Presence::OffSession, true)?;
        }
    }
    Ok(())
}

fn keep_as_draft(state: &mut State, invoice: &str) {
    state.invoices.update(invoice, |invoice| invoice.auto_advance = false);
}

fn has_card(state: &State, subscription: &Subscription) -> bool {
    subscription.default_payment_method.is_some()
        || state.customers.get(&subscription.customer).is_some_and(|it| it.default_payment_method.is_some())
}

/// Says, three days ahead, that a trial is about to end.
pub fn announce_trial_end(state: &mut State, id: &str) -> Result<(), ApiError> {
    state.subscriptions.update(id, |it| it.trial_end_announced = true);
    let subscription = state.subscriptions.fetch(id)?;
    state.emit("customer.subscription.trial_will_end", &subscription);
    Ok(())
}

/// Collects again after a pause that had an end.
pub fn resume_collection(state: &mut State, id: &str) -> Result<(), ApiError> {
    let mut subscription = state.subscriptions.fetch(id)?;
    let before = subscription.render(state);
    subscription.pause_collection = None;
    state.subscriptions.put(subscription.clone());
    state.emit_change("customer.subscription.updated", &before, &subscription);
    Ok(())
}

/// Wakes a subscription that was paused for want of a card: a new period begins now.
pub fn resume(state: &mut State, id: &str) -> Result<Subscription, ApiError> {
    let mut subscription = state.subscriptions.fetch(id)?;
    if subscription.status != SubscriptionStatus::Paused {
        return Err(ApiError::invalid("Only subscriptions with a status of paused can be resumed."));
    }
    let before = subscription.render(state);
    let now = state.now_for(Some(&subscription.customer));
    let every = subscription::recurrence(state, &subscription.items)?;
    subscription.status = SubscriptionStatus::Active;
    subscription.billing_cycle_anchor = now;
    subscription.current_period_start = now;
    subscription.current_period_end = period::next_boundary(now, every, now);
    state.subscriptions.put(subscription.clone());
    state.emit("customer.subscription.resumed", &subscription);
    bill_period(state, subscription, &before, (now, now))?;
    state.subscriptions.fetch(id)
}
