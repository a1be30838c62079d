//! `/v1/payment_intents` and `/v1/charges`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{get, post};
use super::catalogue::currency;
use super::customers::live;
use super::list::page;
use crate::engine::payment::{self, Attempt, NewIntent};
use crate::engine::wallet;
use crate::error::ApiError;
use crate::model::card::{Decline, Presence};
use crate::model::payment::{AuthenticationPurpose, IntentStatus};
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/payment_intents", post(create).merge(get(list)))
        .route("/v1/payment_intents/{id}", get(retrieve).merge(post(update)))
        .route("/v1/payment_intents/{id}/confirm", post(confirm))
        .route("/v1/payment_intents/{id}/capture", post(capture))
        .route("/v1/payment_intents/{id}/cancel", post(cancel))
        .route("/v1/charges", get(list_charges))
        .route("/v1/charges/{id}", get(retrieve_charge).merge(post(update_charge)))
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    params.ignore(&["automatic_payment_methods", "payment_method_types", "return_url"]);
    let Some(amount) = params.int("amount")? else { return Err(ApiError::missing_param("amount")) };
    if !(1..=99_999_999).contains(&amount) {
        return Err(ApiError::invalid_param("amount", "This value must be between 1 and 99999999.")
            .with_code("parameter_invalid_integer"));
    }
    let new = NewIntent {
        amount,
        currency: currency(&params)?,
        customer: params
            .filled("customer")?
            .map(|id| live(state, &id, "customer"))
            .transpose()?
            .map(|it| it.id),
        description: params.filled("description")?,
        receipt_email: params.filled("receipt_email")?,
        metadata: params.metadata()?.create(),
        capture_method: params.choice("capture_method")?.unwrap_or_default(),
        keep_card: params.filled("setup_future_usage")?.is_some(),
        invoice: None,
    };
    let method = params.filled("payment_method")?;
    let confirm = params.flag("confirm")?.unwrap_or(false);
    let presence = presence(params.flag("off_session")?);
    call.finish()?;
    let method =
        method.map(|id| wallet::find_or_token(state, &id, "payment_method")).transpose()?.map(|it| it.id);
    let intent = payment::create_intent(state, new).id;
    if let Some(method) = &method {
        state.payment_intents.update(&intent, |it| {
            it.payment_method = Some(method.clone());
            it.status = IntentStatus::RequiresConfirmation;
        });
    }
    if confirm {
        charge(state, &intent, method, presence)?;
    }
    Ok(state.payment_intents.find(&intent)?.render(state))
}

fn presence(off_session: Option<bool>) -> Presence {
    if off_session == Some(true) { Presence::OffSession } else { Presence::OnSession }
}

/// Charges an intent, and answers a refusal with Stripe's card error.
fn charge(state: &mut State, id: &str, method: Option<String>, presence: Presence) -> Result<(), ApiError> {
    let intent = state.payment_intents.find(id)?;
    if !matches!(intent.status, IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation) {
        return Err(payment::unexpected(
            intent,
            "cannot be confirmed",
            "requires_payment_method, requires_confirmation",
        ));
    }
    let Some(method) = method.or_else(|| intent.payment_method.clone()) else {
        return Err(ApiError::invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
        )
        .with_code("payment_intent_unexpected_state"));
    };
    let method = wallet::find_or_token(state, &method, "payment_method")?;
    let purpose = AuthenticationPurpose::Intent { intent: id.to_owned() };
    let attempt = payment::attempt(state, id, &method, presence, purpose)?;
    match attempt {
        Attempt::Declined(decline) => Err(card_error(state, id, &decline)),
        Attempt::Paid | Attempt::NeedsAuthentication(_) => Ok(()),
    }
}

/// The error a refused card is answered with.
pub fn card_error(state: &State, intent: &str, decline: &Decline) -> ApiError {
    let code = match decline.code.as_str() {
        "expired_card" => "expired_card",
        "incorrect_cvc" => "incorrect_cvc",
        "authentication_required" => "authentication_required",
        _ => "card_declined",
    };
    let decline_code = match decline.decline_code.as_deref() {
        Some("insufficient_funds") => Some("insufficient_funds"),
        Some("expired_card" | "incorrect_cvc" | "authentication_required") => None,
        _ => Some("generic_decline"),
    };
    let error = ApiError::card(code, decline_code, decline.message.clone());
    match state.payment_intents.get(intent) {
        Some(intent) => error.with_payment_intent(intent.render(state)),
        None => error,
    }
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.params().ignore(&["client_secret"]);
    call.finish()?;
    Ok(state.payment_intents.find(call.id())?.render(state))
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut intent = state.payment_intents.fetch(call.id())?;
    let params = call.params();
    params.metadata()?.apply(&mut intent.metadata);
    intent.description = params.filled("description")?.or(intent.description);
    intent.receipt_email = params.filled("receipt_email")?.or(intent.receipt_email);
    call.finish()?;
    state.payment_intents.put(intent.clone());
    Ok(intent.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let customer = call.params().filled("customer")?;
    let matching = state.payment_intents.newest().filter(|it| customer.is_none() || it.customer == customer);
    page(state, call, "/v1/payment_intents", matching)
}

fn confirm(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    params.ignore(&["return_url", "use_stripe_sdk"]);
    let method = params.filled("payment_method")?;
    let presence = presence(params.flag("off_session")?);
    call.finish()?;
    charge(state, call.id(), method, presence)?;
    Ok(state.payment_intents.find(call.id())?.render(state))
}

fn capture(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let amount = call.params().int("amount_to_capture")?;
    call.finish()?;
    Ok(payment::capture(state, call.id(), amount)?.render(state))
}

fn cancel(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let reason = call.params().choice("cancellation_reason")?;
    call.finish()?;
    Ok(payment::cancel(state, call.id(), reason)?.render(state))
}

fn list_charges(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let (customer, intent) = (params.filled("customer")?, params.filled("payment_intent")?);
    let matching = state.charges.newest().filter(|it| {
        (customer.is_none() || it.customer == customer)
            && intent.as_ref().is_none_or(|intent| it.payment_intent == *intent)
    });
    page(state, call, "/v1/charges", matching)
}

fn retrieve_charge(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.charges.find(call.id())?.render(state))
}

fn update_charge(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut charge = state.charges.fetch(call.id())?;
    let before = charge.render(state);
    call.params().metadata()?.apply(&mut charge.metadata);
    charge.description = call.params().filled("description")?.or(charge.description);
    call.finish()?;
    state.charges.put(charge.clone());
    state.emit_change("charge.updated", &before, &charge);
    Ok(charge.render(state))
}
