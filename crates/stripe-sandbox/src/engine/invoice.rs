//! Invoices: drawn up, finalised, collected, and tried again.

use crate::config::AfterRetries;
use crate::error::ApiError;
use crate::model::Metadata;
use crate::model::card::{Decline, Presence};
use crate::model::invoice::{BillingReason, Invoice, InvoiceLine, InvoiceStatus};
use crate::model::payment::{AuthenticationPurpose, IntentCancellation, IntentStatus};
use crate::model::subscription::{CancellationReason, Subscription, SubscriptionStatus};
use crate::render::{InvoicePayment, Render};
use crate::state::State;

use super::payment::{self, Attempt, NewIntent};
use super::{subscription, wallet};

const DAY: i64 = 86_400;

/// Draws up an invoice for a subscription, which takes it as its latest.
pub fn draw_up(
    state: &mut State,
    subscription: &mut Subscription,
    reason: BillingReason,
    lines: Vec<InvoiceLine>,
    period: (i64, i64),
) -> Invoice {
    let invoice = Invoice {
        id: state.ids.make("in"),
        created: state.now_for(Some(&subscription.customer)),
        customer: subscription.customer.clone(),
        subscription: subscription.id.clone(),
        subscription_metadata: subscription.metadata.clone(),
        status: InvoiceStatus::Draft,
        billing_reason: reason,
        currency: subscription.currency.clone(),
        number: None,
        lines,
        metadata: Metadata::new(),
        period_start: period.0,
        period_end: period.1,
        starting_balance: state.customers.get(&subscription.customer).map_or(0, |it| it.balance),
        ending_balance: None,
        amount_paid: 0,
        attempt_count: 0,
        next_payment_attempt: None,
        auto_advance: true,
        finalized_at: None,
        paid_at: None,
        voided_at: None,
        marked_uncollectible_at: None,
        paid_out_of_band: false,
        payment_intent: None,
        payment: None,
    };
    subscription.latest_invoice = Some(invoice.id.clone());
    state.invoices.put(invoice.clone());
    state.subscriptions.put(subscription.clone());
    state.emit("invoice.created", &invoice);
    invoice
}

/// Gives an invoice its number and takes up the customer's balance; from now on it is owed.
pub fn finalize(state: &mut State, id: &str) -> Result<(), ApiError> {
    let mut invoice = state.invoices.fetch(id)?;
    let mut customer = state.customers.fetch(&invoice.customer)?;
    let before = customer.render(state);
    invoice.number = Some(format!("{}-{:04}", customer.invoice_prefix, customer.next_invoice_sequence));
    customer.next_invoice_sequence += 1;
    invoice.status = InvoiceStatus::Open;
    invoice.finalized_at = Some(state.now_for(Some(&invoice.customer)));
    if let Some(subscription) = state.subscriptions.get(&invoice.subscription) {
        invoice.subscription_metadata.clone_from(&subscription.metadata);
    }
    invoice.starting_balance = customer.balance;
    // A credit is used up as far as the total goes; a negative total becomes a credit.
    customer.balance = (invoice.total() + customer.balance).min(0);
    invoice.ending_balance = Some(customer.balance);
    let moved = invoice.starting_balance != customer.balance;
    state.invoices.put(invoice.clone());
    state.customers.put(customer.clone());
    state.emit("invoice.finalized", &invoice);
    if moved {
        state.emit_change("customer.updated", &before, &customer);
    }
    Ok(())
}

/// Charges what an open invoice still asks for.
///
/// `scheduled` tells the first attempt and the retries that follow by themselves from those somebody asks for, which do
/// not use the retries up.
pub fn collect(
    state: &mut State,
    id: &str,
    method: Option<String>,
    presence: Presence,
    scheduled: bool,
) -> Result<Attempt, ApiError> {
    let mut invoice = state.invoices.fetch(id)?;
    if invoice.amount_remaining() == 0 {
        settle(state, invoice)?;
        return Ok(Attempt::Paid);
    }
    let chosen = method.or_else(|| method_of(state, &invoice));
    let intent = intent_for(state, &mut invoice)?;
    let attempt = match chosen {
        None => {
            let intent = state.payment_intents.fetch(&intent)?;
            payment::fail(state, intent, Decline::no_payment_method());
            Attempt::Declined(Decline::no_payment_method())
        }
        Some(method) => {
            let method = state.payment_methods.fetch(&method)?;
            let purpose = AuthenticationPurpose::Invoice { invoice: invoice.id.clone() };
            payment::attempt(state, &intent, &method, presence, purpose)?
        }
    };
    if attempt == Attempt::Paid {
        invoice.attempt_count += u32::from(scheduled || invoice.attempt_count == 0);
        invoice.amount_paid = invoice.amount_due();
        settle(state, invoice)?;
    } else {
        refuse(state, invoice, &attempt, scheduled)?;
    }
    Ok(attempt)
}

/// The card an invoice is charged to when nobody names one.
fn method_of(state: &State, invoice: &Invoice) -> Option<String> {
    let own = state.subscriptions.get(&invoice.subscription).and_then(|it| it.default_payment_method.clone());
    own.or_else(|| state.customers.get(&invoice.customer).and_then(|it| it.default_payment_method.clone()))
}

/// The invoice's payment intent, made at the first attempt.
fn intent_for(state: &mut State, invoice: &mut Invoice) -> Result<String, ApiError> {
    if let Some(intent) = &invoice.payment_intent {
        return Ok(intent.clone());
    }
    let description = match invoice.billing_reason {
        BillingReason::Create => "Subscription creation",
        BillingReason::Cycle | BillingReason::Update => "Subscription update",
    };
    let customer = state.customers.fetch(&invoice.customer)?;
    let new = NewIntent {
        amount: invoice.amount_due(),
        currency: invoice.currency.clone(),
        customer: Some(customer.id),
        description: Some(description.to_owned()),
        receipt_email: customer.email,
        keep_card: true,
        invoice: Some(invoice.id.clone()),
        ..NewIntent::default()
    };
    let intent = payment::create_intent(state, new).id;
    bind_intent(state, invoice, &intent);
    Ok(intent)
}

/// Lets a payment intent stand for the payment of an invoice.
pub fn bind_intent(state: &mut State, invoice: &mut Invoice, intent: &str) {
    invoice.payment_intent = Some(intent.to_owned());
    invoice.payment = Some(state.ids.make("inpay"));
    state.payment_intents.update(intent, |it| it.invoice = Some(invoice.id.clone()));
    state.invoices.put(invoice.clone());
}

/// Marks an invoice paid; its subscription is in good standing again.
pub fn settle(state: &mut State, mut invoice: Invoice) -> Result<(), ApiError> {
    invoice.status = InvoiceStatus::Paid;
    invoice.paid_at = Some(state.now_for(Some(&invoice.customer)));
    invoice.next_payment_attempt = None;
    state.invoices.put(invoice.clone());
    state.emit("invoice.paid", &invoice);
    state.emit("invoice.payment_succeeded", &invoice);
    if invoice.payment.is_some() {
        state.emit("invoice_payment.paid", &InvoicePayment(&invoice));
    }
    let mut subscription = state.subscriptions.fetch(&invoice.subscription)?;
    let before = subscription.render(state);
    let behind = matches!(
        subscription.status,
        SubscriptionStatus::Incomplete | SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid
    );
    if behind && subscription.latest_invoice.as_deref() == Some(invoice.id.as_str()) {
        subscription.status = SubscriptionStatus::Active;
        state.subscriptions.put(subscription.clone());
        state.emit_change("customer.subscription.updated", &before, &subscription);
    }
    Ok(())
}

/// Notes a failed attempt, and when the next one follows, if any does.
fn refuse(
    state: &mut State,
    mut invoice: Invoice,
    attempt: &Attempt,
    scheduled: bool,
) -> Result<(), ApiError> {
    let first = invoice.attempt_count == 0;
    if scheduled || first {
        invoice.attempt_count += 1;
        let wait = usize::try_from(invoice.attempt_count - 1)
            .ok()
            .and_then(|it| state.settings.payment_retry_days.get(it));
        invoice.next_payment_attempt = wait.map(|days| state.now_for(Some(&invoice.customer)) + days * DAY);
    }
    let exhausted = scheduled && invoice.next_payment_attempt.is_none();
    state.invoices.put(invoice.clone());
    if matches!(attempt, Attempt::NeedsAuthentication(_)) {
        state.emit("invoice.payment_action_required", &invoice);
    }
    state.emit("invoice.payment_failed", &invoice);
    let mut subscription = state.subscriptions.fetch(&invoice.subscription)?;
    let before = subscription.render(state);
    if matches!(subscription.status, SubscriptionStatus::Active | SubscriptionStatus::Trialing) {
        subscription.status = SubscriptionStatus::PastDue;
    }
    if exhausted && subscription.status == SubscriptionStatus::PastDue {
        match state.settings.after_retries {
            AfterRetries::Cancel => {
                return subscription::end(state, &subscription.id, CancellationReason::PaymentFailed)
                    .map(drop);
            }
            AfterRetries::Unpaid => subscription.status = SubscriptionStatus::Unpaid,
        }
    }
    state.subscriptions.put(subscription.clone());
    state.emit_change("customer.subscription.updated", &before, &subscription);
    Ok(())
}

/// Pays an invoice because somebody asks for it.
pub fn pay(
    state: &mut State,
    id: &str,
    method: Option<&str>,
    presence: Presence,
) -> Result<Attempt, ApiError> {
    let invoice = state.invoices.fetch(id)?;
    match invoice.status {
        InvoiceStatus::Paid => {
            return Err(ApiError::unexpected_state("invoice_already_paid", "Invoice is already paid"));
        }
        InvoiceStatus::Void => return Err(ApiError::invalid("This invoice is void and cannot be paid.")),
        InvoiceStatus::Draft => finalize(state, id)?,
        InvoiceStatus::Open | InvoiceStatus::Uncollectible => {}
    }
    let method = match method {
        None => None,
        Some(method) => {
            let method = wallet::find_or_token(state, method, "payment_method")?;
            Some(wallet::attach(state, &method.id, &invoice.customer)?.id)
        }
    };
    collect(state, id, method, presence, false)
}

/// Marks an invoice paid by other means than a card.
pub fn pay_out_of_band(state: &mut State, id: &str) -> Result<(), ApiError> {
    if state.invoices.find(id)?.status == InvoiceStatus::Draft {
        finalize(state, id)?;
    }
    let mut invoice = state.invoices.fetch(id)?;
    if !matches!(invoice.status, InvoiceStatus::Open | InvoiceStatus::Uncollectible) {
        return Err(ApiError::invalid("Only open and uncollectible invoices can be marked as paid."));
    }
    invoice.paid_out_of_band = true;
    settle(state, invoice)
}

/// Cancels what an invoice asks for.
pub fn void(state: &mut State, id: &str) -> Result<(), ApiError> {
    let mut invoice = state.invoices.fetch(id)?;
    if !matches!(invoice.status, InvoiceStatus::Open | InvoiceStatus::Uncollectible) {
        return Err(ApiError::invalid("You can only void invoices that are open or uncollectible."));
    }
    invoice.status = InvoiceStatus::Void;
    invoice.voided_at = Some(state.now_for(Some(&invoice.customer)));
    invoice.next_payment_attempt = None;
    state.invoices.put(invoice.clone());
    if let Some(intent) = invoice.payment_intent.as_deref().and_then(|id| state.payment_intents.get(id))
        && !matches!(intent.status, IntentStatus::Succeeded | IntentStatus::Canceled)
    {
        let intent = intent.id.clone();
        payment::cancel(state, &intent, Some(IntentCancellation::VoidInvoice))?;
    }
    state.emit("invoice.voided", &invoice);
    Ok(())
}

/// Gives up hope of collecting an invoice.
pub fn mark_uncollectible(state: &mut State, id: &str) -> Result<(), ApiError> {
    let mut invoice = state.invoices.fetch(id)?;
    if invoice.status != InvoiceStatus::Open {
        return Err(ApiError::invalid("You can only mark open invoices as uncollectible."));
    }
    invoice.status = InvoiceStatus::Uncollectible;
    invoice.marked_uncollectible_at = Some(state.now_for(Some(&invoice.customer)));
    invoice.next_payment_attempt = None;
    state.invoices.put(invoice.clone());
    state.emit("invoice.marked_uncollectible", &invoice);
    Ok(())
}
