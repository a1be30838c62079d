//! Cards and whom they belong to.

use crate::error::ApiError;
use crate::model::card::{PaymentMethod, TestCard};
use crate::render::Render;
use crate::state::State;

/// A card as somebody typed it, already checked.
#[derive(Debug, Clone)]
pub struct TypedCard {
    pub number: String,
    pub exp_month: u32,
    pub exp_year: i32,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// Keeps a card, for now without a customer.
pub fn add(state: &mut State, card: TypedCard) -> PaymentMethod {
    let method = PaymentMethod {
        id: state.ids.make("pm"),
        created: state.now,
        customer: None,
        number: card.number,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        name: card.name,
        email: card.email,
    };
    state.payment_methods.put(method.clone());
    method
}

/// A card by its id, or a fresh one for a token such as `pm_card_visa`.
pub fn find_or_token(state: &mut State, id: &str, param: &str) -> Result<PaymentMethod, ApiError> {
    match TestCard::by_token(id) {
        None => state.payment_methods.find_for(id, param).cloned(),
        Some(card) => {
            let typed = TypedCard {
                number: card.number.to_owned(),
                exp_month: 12,
                exp_year: 2040,
                name: None,
                email: None,
            };
            Ok(add(state, typed))
        }
    }
}

/// Gives a card to a customer. One that is theirs already stays so.
pub fn attach(state: &mut State, method: &str, customer: &str) -> Result<PaymentMethod, ApiError> {
    let mut method = state.payment_methods.fetch(method)?;
    match method.customer.as_deref() {
        Some(owner) if owner == customer => return Ok(method),
        Some(_) => {
            return Err(ApiError::invalid(
                "The payment method you provided has already been attached to a customer.",
            )
            .with_code("payment_method_already_attached"));
        }
        None => method.customer = Some(customer.to_owned()),
    }
    state.payment_methods.put(method.clone());
    state.emit("payment_method.attached", &method);
    Ok(method)
}

/// Takes a card away from its customer.
pub fn detach(state: &mut State, method: &str) -> Result<PaymentMethod, ApiError> {
    let mut method = state.payment_methods.fetch(method)?;
    let before = method.render(state);
    let Some(owner) = method.customer.take() else {
        return Err(ApiError::invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    };
    state.payment_methods.put(method.clone());
    state.emit_change("payment_method.detached", &before, &method);
    state.customers.update(&owner, |customer| {
        if customer.default_payment_method.as_deref() == Some(method.id.as_str()) {
            customer.default_payment_method = None;
        }
    });
    Ok(method)
}

/// Makes a card the one that all of a customer's renewals are charged to.
pub fn make_default(state: &mut State, method: &str, customer: &str) -> Result<(), ApiError> {
    attach(state, method, customer)?;
    let mut owner = state.customers.fetch(customer)?;
    let before = owner.render(state);
    owner.default_payment_method = Some(method.to_owned());
    state.customers.put(owner.clone());
    state.emit_change("customer.updated", &before, &owner);
    let live: Vec<String> = state
        .subscriptions
        .iter()
        .filter(|it| it.customer == customer && it.ended_at.is_none())
        .map(|it| it.id.clone())
        .collect();
    for id in live {
        let mut subscription = state.subscriptions.fetch(&id)?;
        let before = subscription.render(state);
        subscription.default_payment_method = Some(method.to_owned());
        state.subscriptions.put(subscription.clone());
        state.emit_change("customer.subscription.updated", &before, &subscription);
    }
    Ok(())
}
