//! The life of a subscription: started, changed, ended.

use crate::error::ApiError;
use crate::form::{MetadataPatch, Patch};
use crate::model::card::{Decline, Presence, Verdict};
use crate::model::invoice::{BillingReason, Invoice, InvoiceLine, InvoiceStatus};
use crate::model::price::Recurrence;
use crate::model::subscription::{
    CancellationReason, MissingPaymentMethod, PauseCollection, PaymentBehavior, ProrationBehavior,
    Subscription, SubscriptionItem, SubscriptionStatus,
};
use crate::model::{Metadata, Timestamp};
use crate::render::Render;
use crate::state::State;

use super::{invoice, period, proration};

/// How long a trial may be, from now on: two years.
pub const LONGEST_TRIAL: i64 = 730 * 86_400;

/// What is said about a longer one.
pub const TRIAL_TOO_LONG: &str = "The maximum number of trial period days is 730 (2 years).";

/// What a new subscription consists of.
#[derive(Debug)]
pub struct NewSubscription {
    pub customer: String,
    pub currency: String,
    pub description: Option<String>,
    pub metadata: Metadata,
    /// Recurring prices and their quantities.
    pub items: Vec<(String, i64)>,
    /// Prices for once, which go on the first invoice.
    pub once: Vec<(String, i64)>,
    pub default_payment_method: Option<String>,
    pub trial_end: Option<Timestamp>,
    pub missing_payment_method: MissingPaymentMethod,
}

/// Starts a subscription with its first invoice, a draft yet.
pub fn start(state: &mut State, new: NewSubscription) -> Result<(Subscription, Invoice), ApiError> {
    let now = state.now_for(Some(&new.customer));
    let items: Vec<SubscriptionItem> =
        new.items.into_iter().map(|(price, quantity)| new_item(state, price, quantity, now)).collect();
    let every = recurrence(state, &items)?;
    let anchor = new.trial_end.unwrap_or(now);
    let mut subscription = Subscription {
        id: state.ids.make("sub"),
        created: now,
        customer: new.customer,
        status: if new.trial_end.is_some() {
            SubscriptionStatus::Trialing
        } else {
            SubscriptionStatus::Incomplete
        },
        currency: new.currency,
        description: new.description,
        metadata: new.metadata,
        items,
        billing_cycle_anchor: anchor,
        current_period_start: now,
        current_period_end: new.trial_end.unwrap_or_else(|| period::next_boundary(anchor, every, now)),
        start_date: now,
        trial_start: new.trial_end.map(|_| now),
        trial_end: new.trial_end,
        trial_end_announced: false,
        missing_payment_method: new.missing_payment_method,
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        ended_at: None,
        cancellation_reason: None,
        cancellation_comment: None,
        pause_collection: None,
        default_payment_method: new.default_payment_method,
        latest_invoice: None,
        pending_lines: Vec::new(),
    };
    let mut lines = period_lines(state, &subscription)?;
    for (price, quantity) in new.once {
        lines.push(line(state, &price, quantity, None, (now, now))?);
    }
    state.customers.update(&subscription.customer, |customer| {
        customer.currency.get_or_insert_with(|| subscription.currency.clone());
    });
    state.subscriptions.put(subscription.clone());
    state.emit("customer.subscription.created", &subscription);
    let first = invoice::draw_up(state, &mut subscription, BillingReason::Create, lines, (now, now));
    Ok((subscription, first))
}

fn new_item(state: &mut State, price: String, quantity: i64, now: Timestamp) -> SubscriptionItem {
    SubscriptionItem { id: state.ids.make("si"), created: now, price, quantity, metadata: Metadata::new() }
}

/// The period all items share.
pub fn recurrence(state: &State, items: &[SubscriptionItem]) -> Result<Recurrence, ApiError> {
    let mut periods =
        items.iter().filter_map(|item| state.prices.get(&item.price).and_then(|price| price.recurring));
    let Some(first) = periods.next() else {
        return Err(ApiError::invalid("A subscription needs at least one recurring price."));
    };
    if periods.any(|other| other != first) {
        return Err(ApiError::invalid(
            "All prices on a subscription must have the same interval and interval_count.",
        ));
    }
    Ok(first)
}

/// The lines of the present period; nothing is asked for during a trial.
pub fn period_lines(state: &mut State, subscription: &Subscription) -> Result<Vec<InvoiceLine>, ApiError> {
    let period = (subscription.current_period_start, subscription.current_period_end);
    let trial = subscription.status == SubscriptionStatus::Trialing;
    let mut lines = Vec::new();
    for item in &subscription.items {
        let mut line = line(state, &item.price, item.quantity, Some(item.id.clone()), period)?;
        if trial {
            line.amount = 0;
            line.description = format!("Trial period for {}", line.description);
        }
        lines.push(line);
    }
    Ok(lines)
}

fn line(
    state: &mut State,
    price: &str,
    quantity: i64,
    item: Option<String>,
    period: (Timestamp, Timestamp),
) -> Result<InvoiceLine, ApiError> {
    let price = state.prices.fetch(price)?;
    let name = state.products.find(&price.product)?.name.clone();
    let id = state.ids.make("il");
    Ok(InvoiceLine {
        id,
        amount: price.unit_amount * quantity,
        description: if item.is_some() { format!("{quantity} × {name}") } else { name },
        period_start: period.0,
        period_end: period.1,
        price: price.id,
        quantity,
        proration: false,
        subscription_item: item,
    })
}

/// A change of one item.
#[derive(Debug)]
pub struct ItemChange {
    /// The item to change; without one, a new item.
    pub id: Option<String>,
    pub price: Option<String>,
    pub quantity: Option<i64>,
    pub deleted: bool,
    pub metadata: MetadataPatch,
}

/// A change of a subscription; what is absent stays.
#[derive(Debug, Default)]
pub struct Change {
    pub items: Vec<ItemChange>,
    pub proration: ProrationBehavior,
    /// The moment prorations are counted from, so that a preview and the charge agree; now, if absent.
    pub proration_date: Option<Timestamp>,
    pub payment: PaymentBehavior,
    pub cancel_at_period_end: Option<bool>,
    pub cancel_at: Patch<Timestamp>,
    pub cancellation_comment: Option<String>,
    pub pause_collection: Patch<PauseCollection>,
    pub trial_end: Option<Timestamp>,
    pub default_payment_method: Option<String>,
    pub description: Patch<String>,
    pub metadata: MetadataPatch,
}

/// Changes a subscription.
pub fn change(state: &mut State, id: &str, change: Change) -> Result<Subscription, ApiError> {
    let old = state.subscriptions.fetch(id)?;
    if old.ended_at.is_some() {
        return Err(ApiError::invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
        ));
    }
    let before = old.render(state);
    let now = state.now_for(Some(&old.customer));
    let mut new = old.clone();
    change.metadata.apply(&mut new.metadata);
    change.description.apply(&mut new.description);
    change.pause_collection.apply(&mut new.pause_collection);
    if change.default_payment_method.is_some() {
        new.default_payment_method = change.default_payment_method;
    }
    schedule_end(&mut new, change.cancel_at_period_end, change.cancel_at, change.cancellation_comment, now);
    new.items = change_items(state, &old, change.items, now)?;
    let every = recurrence(state, &new.items)?;
    let other_cycle = every != recurrence(state, &old.items)?;

    let mut due = false;
    if let Some(end) = change.trial_end {
        if end < now {
            return Err(ApiError::invalid_param(
                "trial_end",
                "Invalid timestamp: must be an integer Unix timestamp in the future.",
            ));
        }
        if end > now + LONGEST_TRIAL {
            return Err(ApiError::invalid_param("trial_end", TRIAL_TOO_LONG));
        }
        new.trial_end = Some(end);
        if end <= now {
            due = new.status == SubscriptionStatus::Trialing;
            begin_period(&mut new, every, now);
        } else {
            new.status = SubscriptionStatus::Trialing;
            new.trial_start.get_or_insert(now);
            new.trial_end_announced = false;
            new.billing_cycle_anchor = end;
            new.current_period_end = end;
        }
    } else if new.status != SubscriptionStatus::Trialing {
        if change.proration != ProrationBehavior::None {
            let from = change.proration_date.unwrap_or(now);
            if !(old.current_period_start..=old.current_period_end).contains(&from) {
                return Err(ApiError::invalid_param(
                    "proration_date",
                    "The proration date must lie in the current period.",
                ));
            }
            let lines = proration::lines(state, &old, &new.items, from, other_cycle)?;
            due = change.proration == ProrationBehavior::AlwaysInvoice && !lines.is_empty();
            new.pending_lines.extend(lines);
        }
        if other_cycle {
            due = true;
            begin_period(&mut new, every, now);
        }
    }
    let lines = if due {
        let mut lines = std::mem::take(&mut new.pending_lines);
        if other_cycle || change.trial_end.is_some() {
            lines.extend(period_lines(state, &new)?);
        }
        lines
    } else {
        Vec::new()
    };
    if due && change.payment == PaymentBehavior::ErrorIfIncomplete {
        require_payable(state, &new, &lines)?;
    }
    state.subscriptions.put(new.clone());
    if due {
        let period = (new.current_period_start, now);
        let drawn = invoice::draw_up(state, &mut new, BillingReason::Update, lines, period);
        state.emit_change("customer.subscription.updated", &before, &new);
        invoice::finalize(state, &drawn.id)?;
        invoice::collect(state, &drawn.id, None, Presence::OffSession, true)?;
    } else {
        state.emit_change("customer.subscription.updated", &before, &new);
    }
    state.subscriptions.fetch(id)
}

/// Refuses a change that could not be paid for; nothing has been changed yet.
fn require_payable(
    state: &State,
    subscription: &Subscription,
    lines: &[InvoiceLine],
) -> Result<(), ApiError> {
    let customer = state.customers.find(&subscription.customer)?;
    let total: i64 = lines.iter().map(|line| line.amount).sum();
    if total + customer.balance <= 0 {
        return Ok(());
    }
    let method = subscription.default_payment_method.as_ref().or(customer.default_payment_method.as_ref());
    let decline = match method.and_then(|id| state.payment_methods.get(id)) {
        None => Decline::no_payment_method(),
        Some(method) => match method.card().verdict(Presence::OffSession) {
            Verdict::Approved => return Ok(()),
            Verdict::Declined(decline) => decline,
            Verdict::NeedsAuthentication => Decline::authentication_required(),
        },
    };
    Err(ApiError::card("card_declined", Some("generic_decline"), decline.message))
}

/// Starts a new period, and a new cycle, now.
fn begin_period(subscription: &mut Subscription, every: Recurrence, now: Timestamp) {
    if subscription.status == SubscriptionStatus::Trialing {
        subscription.status = SubscriptionStatus::Active;
        subscription.trial_end = Some(now);
    }
    subscription.billing_cycle_anchor = now;
    subscription.current_period_start = now;
    subscription.current_period_end = period::next_boundary(now, every, now);
}

fn schedule_end(
    subscription: &mut Subscription,
    at_period_end: Option<bool>,
    at: Patch<Timestamp>,
    comment: Option<String>,
    now: Timestamp,
) {
    let end = match (at_period_end, at) {
        (Some(true), _) => Some(subscription.current_period_end),
        (_, Patch::Set(at)) => Some(at),
        (Some(false), _) | (None, Patch::Unset) => None,
        (None, Patch::Keep) => return,
    };
    subscription.cancel_at_period_end = at_period_end == Some(true);
    subscription.cancel_at = end;
    subscription.canceled_at = end.map(|_| now);
    subscription.cancellation_reason = end.map(|_| CancellationReason::CancellationRequested);
    subscription.cancellation_comment = if end.is_some() { comment } else { None };
}

fn change_items(
    state: &mut State,
    old: &Subscription,
    changes: Vec<ItemChange>,
    now: Timestamp,
) -> Result<Vec<SubscriptionItem>, ApiError> {
    let mut items = old.items.clone();
    for change in changes {
        let Some(id) = change.id else {
            let Some(price) = change.price else { return Err(ApiError::missing_param("items[0][price]")) };
            let mut item = new_item(state, price, change.quantity.unwrap_or(1), now);
            change.metadata.apply(&mut item.metadata);
            items.push(item);
            continue;
        };
        if change.deleted {
            items.retain(|item| item.id != id);
            continue;
        }
        let Some(item) = items.iter_mut().find(|item| item.id == id) else {
            return Err(ApiError::no_such("subscription_item", &id, "items[0][id]"));
        };
        if let Some(price) = change.price {
            item.price = price;
        }
        item.quantity = change.quantity.unwrap_or(item.quantity);
        change.metadata.apply(&mut item.metadata);
    }
    Ok(items)
}

/// Ends a subscription for good. What it still owes is not asked for again.
pub fn end(state: &mut State, id: &str, reason: CancellationReason) -> Result<Subscription, ApiError> {
    let mut subscription = state.subscriptions.fetch(id)?;
    let now = state.now_for(Some(&subscription.customer));
    subscription.status = SubscriptionStatus::Canceled;
    subscription.ended_at = Some(now);
    subscription.canceled_at.get_or_insert(now);
    subscription.cancellation_reason.get_or_insert(reason);
    subscription.pending_lines.clear();
    state.subscriptions.put(subscription.clone());
    let open: Vec<String> = state
        .invoices
        .iter()
        .filter(|it| it.subscription == id && matches!(it.status, InvoiceStatus::Open | InvoiceStatus::Draft))
        .map(|it| it.id.clone())
        .collect();
    for id in open {
        state.invoices.update(&id, |invoice| {
            invoice.next_payment_attempt = None;
            invoice.auto_advance = false;
        });
    }
    state.emit("customer.subscription.deleted", &subscription);
    Ok(subscription)
}
