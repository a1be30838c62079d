//! Charging a payment intent to a card.

use crate::error::ApiError;
use crate::model::Metadata;
use crate::model::card::{Behaviour, Decline, PaymentMethod, Presence, Verdict};
use crate::model::payment::{
    AuthenticationPurpose, CaptureMethod, Charge, ChargeStatus, IntentCancellation, IntentStatus,
    PaymentIntent,
};
use crate::render::Render;
use crate::state::State;

use super::authentication;

/// What a new payment intent is for.
#[derive(Debug, Default)]
pub struct NewIntent {
    pub amount: i64,
    pub currency: String,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub metadata: Metadata,
    pub capture_method: CaptureMethod,
    pub keep_card: bool,
    pub invoice: Option<String>,
}

/// How an attempt to charge ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The money is taken, or reserved where it is captured by hand.
    Paid,
    Declined(Decline),
    /// Its holder has to pass this authentication page first.
    NeedsAuthentication(String),
}

/// Creates an intent that waits for a card.
pub fn create_intent(state: &mut State, new: NewIntent) -> PaymentIntent {
    let id = state.ids.make("pi");
    let intent = PaymentIntent {
        client_secret: format!("{id}_secret_{}", state.ids.token(24)),
        created: state.now_for(new.customer.as_deref()),
        id,
        amount: new.amount,
        amount_received: 0,
        currency: new.currency,
        status: IntentStatus::RequiresPaymentMethod,
        capture_method: new.capture_method,
        customer: new.customer,
        description: new.description,
        receipt_email: new.receipt_email,
        metadata: new.metadata,
        payment_method: None,
        latest_charge: None,
        last_error: None,
        keep_card: new.keep_card,
        authentication: None,
        invoice: new.invoice,
        canceled_at: None,
        cancellation_reason: None,
    };
    state.payment_intents.put(intent.clone());
    state.emit("payment_intent.created", &intent);
    intent
}

/// Charges an intent to a card.
pub fn attempt(
    state: &mut State,
    intent: &str,
    method: &PaymentMethod,
    presence: Presence,
    purpose: AuthenticationPurpose,
) -> Result<Attempt, ApiError> {
    let mut intent = state.payment_intents.fetch(intent)?;
    intent.payment_method = Some(method.id.clone());
    intent.authentication = None;
    match method.card().verdict(presence) {
        Verdict::Approved => {
            approve(state, intent, method, presence);
            Ok(Attempt::Paid)
        }
        Verdict::Declined(decline) => {
            let charge = new_charge(state, &intent, method, Some(decline.clone()), presence);
            state.emit("charge.failed", &charge);
            intent.latest_charge = Some(charge.id);
            fail(state, intent, decline.clone());
            Ok(Attempt::Declined(decline))
        }
        Verdict::NeedsAuthentication => {
            let page = authentication::open(state, &method.id, purpose);
            intent.status = IntentStatus::RequiresAction;
            intent.authentication = Some(page.clone());
            intent.last_error = None;
            state.payment_intents.put(intent.clone());
            state.emit("payment_intent.requires_action", &intent);
            Ok(Attempt::NeedsAuthentication(page))
        }
    }
}

fn approve(state: &mut State, mut intent: PaymentIntent, method: &PaymentMethod, presence: Presence) {
    let manual = intent.capture_method == CaptureMethod::Manual;
    let mut charge = new_charge(state, &intent, method, None, presence);
    if !manual {
        charge.captured = true;
        charge.amount_captured = charge.amount;
        intent.amount_received = intent.amount;
    }
    intent.status = if manual { IntentStatus::RequiresCapture } else { IntentStatus::Succeeded };
    intent.latest_charge = Some(charge.id.clone());
    intent.last_error = None;
    state.charges.put(charge.clone());
    state.payment_intents.put(intent.clone());
    state.emit("charge.succeeded", &charge);
    state.emit(
        if manual { "payment_intent.amount_capturable_updated" } else { "payment_intent.succeeded" },
        &intent,
    );
    if method.card().behaviour == Behaviour::Disputed {
        state.disputes_due.push(charge.id);
    }
}

/// Takes the intent back to waiting for a card.
pub fn fail(state: &mut State, mut intent: PaymentIntent, decline: Decline) {
    intent.status = IntentStatus::RequiresPaymentMethod;
    intent.authentication = None;
    intent.last_error = Some(decline);
    state.payment_intents.put(intent.clone());
    state.emit("payment_intent.payment_failed", &intent);
}

fn new_charge(
    state: &mut State,
    intent: &PaymentIntent,
    method: &PaymentMethod,
    failure: Option<Decline>,
    presence: Presence,
) -> Charge {
    let charge = Charge {
        id: state.ids.make("ch"),
        created: state.now_for(intent.customer.as_deref()),
        amount: intent.amount,
        amount_captured: 0,
        amount_refunded: 0,
        currency: intent.currency.clone(),
        status: if failure.is_some() { ChargeStatus::Failed } else { ChargeStatus::Succeeded },
        failure,
        captured: false,
        customer: intent.customer.clone(),
        description: intent.description.clone(),
        metadata: intent.metadata.clone(),
        payment_intent: intent.id.clone(),
        payment_method: method.id.clone(),
        receipt_email: intent.receipt_email.clone(),
        disputed: false,
        authenticated: presence == Presence::Authenticated,
    };
    state.charges.put(charge.clone());
    charge
}

/// Takes reserved money, whole or in part; the rest is let go.
pub fn capture(state: &mut State, id: &str, amount: Option<i64>) -> Result<PaymentIntent, ApiError> {
    let mut intent = state.payment_intents.fetch(id)?;
    if intent.status != IntentStatus::RequiresCapture {
        return Err(unexpected(&intent, "could not be captured", "requires_capture"));
    }
    let amount = amount.unwrap_or(intent.amount);
    if amount < 1 || amount > intent.amount {
        return Err(ApiError::invalid_param(
            "amount_to_capture",
            format!("The amount to capture must be between 1 and the authorized amount, {}.", intent.amount),
        )
        .with_code("amount_too_large"));
    }
    if let Some(charge) = intent.latest_charge.clone() {
        let mut charge = state.charges.fetch(&charge)?;
        let before = charge.render(state);
        charge.captured = true;
        charge.amount_captured = amount;
        // What is not captured counts as refunded at Stripe; here the charge simply ends at what was taken.
        charge.amount = amount;
        state.charges.put(charge.clone());
        state.emit_change("charge.captured", &before, &charge);
    }
    intent.amount_received = amount;
    intent.status = IntentStatus::Succeeded;
    state.payment_intents.put(intent.clone());
    state.emit("payment_intent.succeeded", &intent);
    Ok(intent)
}

/// Gives a payment up; reserved money is let go.
pub fn cancel(
    state: &mut State,
    id: &str,
    reason: Option<IntentCancellation>,
) -> Result<PaymentIntent, ApiError> {
    let mut intent = state.payment_intents.fetch(id)?;
    if matches!(intent.status, IntentStatus::Succeeded | IntentStatus::Canceled) {
        return Err(unexpected(
            &intent,
            "cannot be canceled",
            "requires_payment_method, requires_capture, requires_action",
        ));
    }
    if let (IntentStatus::RequiresCapture, Some(charge)) = (intent.status, intent.latest_charge.clone()) {
        let mut charge = state.charges.fetch(&charge)?;
        let before = charge.render(state);
        charge.amount_refunded = charge.amount;
        state.charges.put(charge.clone());
        state.emit_change("charge.refunded", &before, &charge);
    }
    intent.status = IntentStatus::Canceled;
    intent.canceled_at = Some(state.now_for(intent.customer.as_deref()));
    intent.cancellation_reason = reason;
    state.payment_intents.put(intent.clone());
    state.emit("payment_intent.canceled", &intent);
    Ok(intent)
}

/// The refusal to do something in the intent's present state.
pub fn unexpected(intent: &PaymentIntent, what: &str, wanted: &str) -> ApiError {
    ApiError::unexpected_state(
        "payment_intent_unexpected_state",
        format!(
            "This PaymentIntent {what} because it has a status of {}. It must have one of: {wanted}.",
            intent.status.as_str()
        ),
    )
}
