//! A purchase on the hosted page, from opening to its end.

use crate::error::ApiError;
use crate::model::card::{Decline, Presence, Verdict};
use crate::model::checkout::{
    CardCollection, CheckoutSession, CustomerCreation, CustomerDetails, LineItem, Mode, PaymentStatus,
    SessionStatus,
};
use crate::model::customer::Customer;
use crate::model::payment::{AuthenticationPurpose, CaptureMethod};
use crate::model::price::Price;
use crate::state::State;

use super::payment::{Attempt, NewIntent};
use super::subscription::NewSubscription;
use super::wallet::TypedCard;
use super::{authentication, invoice, payment, subscription, wallet};

/// What the payer sends.
#[derive(Debug, Clone)]
pub struct Payer {
    pub email: String,
    pub name: String,
    /// Absent where nothing is due and no card is asked for.
    pub card: Option<TypedCard>,
}

/// Whether a card has to be given.
pub fn needs_card(state: &State, session: &CheckoutSession) -> bool {
    total_due_now(state, session) > 0
        || (session.mode == Mode::Subscription && session.card_collection == CardCollection::Always)
}

/// What the purchase costs today: during a trial, only what is sold once.
pub fn total_due_now(state: &State, session: &CheckoutSession) -> i64 {
    let trial = has_trial(session);
    let amount = |item: &LineItem| {
        let price = state.prices.get(&item.price)?;
        (!trial || price.recurring.is_none()).then_some(price.unit_amount * item.quantity)
    };
    session.line_items.iter().filter_map(amount).sum()
}

fn has_trial(session: &CheckoutSession) -> bool {
    session.mode == Mode::Subscription
        && (session.subscription_data.trial_period_days.is_some()
            || session.subscription_data.trial_end.is_some())
}

/// The session, if it can still be paid.
fn open(state: &State, id: &str) -> Result<CheckoutSession, ApiError> {
    let session = state.checkout_sessions.fetch(id)?;
    match session.status {
        SessionStatus::Open => Ok(session),
        SessionStatus::Complete => Err(ApiError::invalid("This Checkout Session is already complete.")),
        SessionStatus::Expired => Err(ApiError::invalid("This Checkout Session has expired.")),
    }
}

/// Pays a session with what the payer typed.
pub fn pay(state: &mut State, id: &str, payer: Payer) -> Result<Attempt, ApiError> {
    let mut session = open(state, id)?;
    session.customer_details = Some(CustomerDetails { email: payer.email.clone(), name: payer.name.clone() });
    state.checkout_sessions.put(session);
    match payer.card {
        Some(card) => {
            let method = wallet::add(state, card);
            charge(state, id, &method.id, Presence::OnSession)
        }
        None => complete(state, id, None, Presence::OnSession),
    }
}

/// Charges an open session to a card.
pub fn charge(state: &mut State, id: &str, method: &str, presence: Presence) -> Result<Attempt, ApiError> {
    let session = open(state, id)?;
    let card = state.payment_methods.fetch(method)?;
    let verdict = card.card().verdict(presence);
    if verdict == Verdict::Approved {
        return complete(state, id, Some(method), presence);
    }
    if total_due_now(state, &session) > 0 {
        let intent = intent_for(state, session);
        let purpose = AuthenticationPurpose::Checkout { session: id.to_owned() };
        return payment::attempt(state, &intent, &card, presence, purpose);
    }
    // Nothing is due yet, so there is no payment intent: the card is only checked.
    Ok(match verdict {
        Verdict::Approved => Attempt::Paid,
        Verdict::Declined(decline) => Attempt::Declined(decline),
        Verdict::NeedsAuthentication => {
            let purpose = AuthenticationPurpose::Checkout { session: id.to_owned() };
            Attempt::NeedsAuthentication(authentication::open(state, method, purpose))
        }
    })
}

/// The payer did not authenticate: the page asks for another card.
pub fn authentication_failed(state: &mut State, id: &str) -> Result<Decline, ApiError> {
    let session = open(state, id)?;
    authentication::fail_intent(state, session.attempted_intent.as_deref())?;
    Ok(Decline::authentication_failed())
}

/// The session's payment intent, made at the first attempt and kept for further ones.
fn intent_for(state: &mut State, mut session: CheckoutSession) -> String {
    if let Some(intent) = &session.attempted_intent {
        return intent.clone();
    }
    let payment = session.mode == Mode::Payment;
    let data = session.payment_data.clone();
    let new = NewIntent {
        amount: total_due_now(state, &session),
        currency: session.currency.clone(),
        customer: session.customer.clone(),
        description: if payment { data.description } else { Some("Subscription creation".to_owned()) },
        receipt_email: None,
        metadata: if payment { data.metadata } else { crate::model::Metadata::new() },
        capture_method: if payment { data.capture_method } else { CaptureMethod::Automatic },
        keep_card: !payment || data.keep_card,
        invoice: None,
    };
    let intent = payment::create_intent(state, new).id;
    session.attempted_intent = Some(intent.clone());
    state.checkout_sessions.put(session);
    intent
}

/// The purchase succeeds: customer, payment or subscription, and the session's end.
fn complete(
    state: &mut State,
    id: &str,
    method: Option<&str>,
    presence: Presence,
) -> Result<Attempt, ApiError> {
    let mut session = open(state, id)?;
    ensure_customer(state, &mut session);
    state.checkout_sessions.put(session.clone());
    let attempt = match session.mode {
        Mode::Payment => complete_payment(state, &mut session, method, presence)?,
        Mode::Subscription => complete_subscription(state, &mut session, method, presence)?,
    };
    if attempt != Attempt::Paid {
        return Ok(attempt);
    }
    session.payment_status = match total_due_now(state, &session) {
        0 => PaymentStatus::Free,
        _ if session.payment_data.capture_method == CaptureMethod::Manual
            && session.mode == Mode::Payment =>
        {
            PaymentStatus::Unpaid
        }
        _ => PaymentStatus::Paid,
    };
    session.status = SessionStatus::Complete;
    state.checkout_sessions.put(session.clone());
    state.emit("checkout.session.completed", &session);
    Ok(attempt)
}

fn complete_payment(
    state: &mut State,
    session: &mut CheckoutSession,
    method: Option<&str>,
    presence: Presence,
) -> Result<Attempt, ApiError> {
    let Some(method) = method else { return Ok(Attempt::Paid) };
    let intent = intent_for(state, session.clone());
    state.payment_intents.update(&intent, |it| it.customer.clone_from(&session.customer));
    if let (true, Some(customer)) = (session.payment_data.keep_card, &session.customer) {
        wallet::attach(state, method, customer)?;
    }
    let card = state.payment_methods.fetch(method)?;
    let purpose = AuthenticationPurpose::Checkout { session: session.id.clone() };
    let attempt = payment::attempt(state, &intent, &card, presence, purpose)?;
    session.attempted_intent = Some(intent.clone());
    session.payment_intent = Some(intent);
    Ok(attempt)
}

fn complete_subscription(
    state: &mut State,
    session: &mut CheckoutSession,
    method: Option<&str>,
    presence: Presence,
) -> Result<Attempt, ApiError> {
    let Some(customer) = session.customer.clone() else {
        return Err(ApiError::invalid("A subscription needs a customer."));
    };
    if let Some(method) = method {
        wallet::attach(state, method, &customer)?;
    }
    let recurs = |item: &&LineItem| {
        state.prices.get(&item.price).is_some_and(|price: &Price| price.recurring.is_some())
    };
    let (items, once): (Vec<&LineItem>, Vec<&LineItem>) = session.line_items.iter().partition(recurs);
    let pairs = |items: Vec<&LineItem>| items.into_iter().map(|it| (it.price.clone(), it.quantity)).collect();
    let data = session.subscription_data.clone();
    let days = data.trial_period_days.map(|days| state.now_for(Some(&customer)) + i64::from(days) * 86_400);
    let new = NewSubscription {
        items: pairs(items),
        once: pairs(once),
        customer,
        currency: session.currency.clone(),
        description: data.description,
        metadata: data.metadata,
        default_payment_method: method.map(str::to_owned),
        trial_end: data.trial_end.or(days),
        missing_payment_method: data.missing_payment_method,
    };
    let (subscription, mut first) = subscription::start(state, new)?;
    if let Some(intent) = &session.attempted_intent {
        state.payment_intents.update(intent, |it| it.customer = Some(subscription.customer.clone()));
        invoice::bind_intent(state, &mut first, intent);
    }
    invoice::finalize(state, &first.id)?;
    let attempt = invoice::collect(state, &first.id, None, presence, true)?;
    session.subscription = Some(subscription.id);
    session.invoice = Some(first.id);
    Ok(attempt)
}

/// Makes a customer of the payer where the mode needs one, or the shop wants one.
fn ensure_customer(state: &mut State, session: &mut CheckoutSession) {
    let wanted = session.mode == Mode::Subscription
        || session.customer_creation == CustomerCreation::Always
        || session.payment_data.keep_card;
    if session.customer.is_none()
        && wanted
        && let Some(details) = session.customer_details.clone()
    {
        let customer = Customer {
            email: Some(details.email),
            name: Some(details.name),
            ..new_customer(state, state.now)
        };
        session.customer = Some(customer.id.clone());
        state.customers.put(customer.clone());
        state.emit("customer.created", &customer);
    }
}

/// An empty customer.
pub fn new_customer(state: &mut State, now: i64) -> Customer {
    Customer {
        id: state.ids.make("cus"),
        created: now,
        email: None,
        name: None,
        phone: None,
        description: None,
        address: None,
        metadata: crate::model::Metadata::new(),
        default_payment_method: None,
        balance: 0,
        currency: None,
        invoice_prefix: state.ids.token(8).to_uppercase(),
        next_invoice_sequence: 1,
        test_clock: None,
        deleted: false,
    }
}

/// Closes a session that was not paid.
pub fn expire(state: &mut State, id: &str) -> Result<CheckoutSession, ApiError> {
    let mut session = state.checkout_sessions.fetch(id)?;
    if session.status != SessionStatus::Open {
        return Err(ApiError::invalid(format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of {}",
            session.status.as_str()
        )));
    }
    session.status = SessionStatus::Expired;
    state.checkout_sessions.put(session.clone());
    state.emit("checkout.session.expired", &session);
    Ok(session)
}

/// Where a completed session leads, with its id filled in.
pub fn success_url(session: &CheckoutSession) -> Option<String> {
    let url = session.success_url.as_deref().filter(|_| session.status == SessionStatus::Complete)?;
    Some(url.replace("{CHECKOUT_SESSION_ID}", &session.id))
}
