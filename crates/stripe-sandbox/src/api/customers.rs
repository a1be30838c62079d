//! `/v1/customers` and `/v1/payment_methods`.

use axum::Router;
use serde_json::{Value, json};

use super::Call;
use super::call::{delete, get, post};
use super::list::page;
use crate::engine::{checkout, subscription, wallet};
use crate::error::ApiError;
use crate::form::{MetadataPatch, Params, Patch};
use crate::model::customer::{Address, Customer};
use crate::model::subscription::CancellationReason;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/customers", post(create).merge(get(list)))
        .route("/v1/customers/{id}", get(retrieve).merge(post(update)).merge(delete(remove)))
        .route("/v1/customers/{id}/payment_methods", get(list_methods))
        .route("/v1/payment_methods", get(list_methods_of))
        .route("/v1/payment_methods/{id}", get(retrieve_method))
        .route("/v1/payment_methods/{id}/attach", post(attach))
        .route("/v1/payment_methods/{id}/detach", post(detach))
}

/// Fields a customer is made of or changed in.
struct Fields {
    email: Patch<String>,
    name: Patch<String>,
    phone: Patch<String>,
    description: Patch<String>,
    address: Option<Address>,
    balance: Option<i64>,
    default_payment_method: Option<String>,
    payment_method: Option<String>,
    metadata: MetadataPatch,
}

impl Fields {
    fn read(params: &Params<'_>) -> Result<Self, ApiError> {
        params.ignore(&[
            "preferred_locales",
            "tax_exempt",
            "shipping",
            "invoice_prefix",
            "next_invoice_sequence",
        ]);
        let settings = params.child("invoice_settings")?;
        Ok(Self {
            email: params.patch("email")?,
            name: params.patch("name")?,
            phone: params.patch("phone")?,
            description: params.patch("description")?,
            address: params.child("address")?.map(|it| address(&it)).transpose()?,
            balance: params.int("balance")?,
            default_payment_method: settings
                .map(|it| it.filled("default_payment_method"))
                .transpose()?
                .flatten(),
            payment_method: params.filled("payment_method")?,
            metadata: params.metadata()?,
        })
    }

    fn apply(self, customer: &mut Customer) {
        self.email.apply(&mut customer.email);
        self.name.apply(&mut customer.name);
        self.phone.apply(&mut customer.phone);
        self.description.apply(&mut customer.description);
        customer.address = self.address.or(customer.address.take());
        customer.balance = self.balance.unwrap_or(customer.balance);
        self.metadata.apply(&mut customer.metadata);
    }
}

fn address(params: &Params<'_>) -> Result<Address, ApiError> {
    Ok(Address {
        city: params.filled("city")?,
        country: params.filled("country")?,
        line1: params.filled("line1")?,
        line2: params.filled("line2")?,
        postal_code: params.filled("postal_code")?,
        state: params.filled("state")?,
    })
}

/// The customer, unless deleted.
pub fn live(state: &State, id: &str, param: &str) -> Result<Customer, ApiError> {
    state
        .customers
        .get(id)
        .filter(|customer| !customer.deleted)
        .cloned()
        .ok_or_else(|| ApiError::no_such("customer", id, param))
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let test_clock = params.filled("test_clock")?;
    let fields = Fields::read(&params)?;
    call.finish()?;
    let now = match &test_clock {
        Some(clock) => state.test_clocks.find_for(clock, "test_clock")?.frozen_time,
        None => state.now,
    };
    let mut customer = Customer { test_clock, ..checkout::new_customer(state, now) };
    let card = fields.payment_method.clone().or_else(|| fields.default_payment_method.clone());
    let card = card.map(|card| wallet::find_or_token(state, &card, "payment_method")).transpose()?;
    let make_default = fields.default_payment_method.is_some();
    fields.apply(&mut customer);
    state.customers.put(customer.clone());
    state.emit("customer.created", &customer);
    if let Some(card) = card {
        wallet::attach(state, &card.id, &customer.id)?;
        if make_default {
            wallet::make_default(state, &card.id, &customer.id)?;
        }
    }
    Ok(state.customers.find(&customer.id)?.render(state))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.customers.find(call.id())?.render(state))
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut customer = live(state, call.id(), "id")?;
    let fields = Fields::read(&call.params())?;
    call.finish()?;
    let before = customer.render(state);
    let card = fields.default_payment_method.clone();
    fields.apply(&mut customer);
    state.customers.put(customer.clone());
    state.emit_change("customer.updated", &before, &customer);
    if let Some(card) = card {
        let card = wallet::find_or_token(state, &card, "invoice_settings[default_payment_method]")?;
        wallet::make_default(state, &card.id, &customer.id)?;
    }
    Ok(state.customers.find(&customer.id)?.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let email = call.params().filled("email")?;
    let clock = call.params().filled("test_clock")?;
    let matching = state.customers.newest().filter(|it| {
        // Those on a test clock are listed only when asked for, as at Stripe.
        !it.deleted && it.test_clock == clock && (email.is_none() || it.email == email)
    });
    page(state, call, "/v1/customers", matching)
}

fn remove(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    let customer = live(state, call.id(), "id")?;
    delete_customer(state, &customer.id)?;
    Ok(json!({ "id": customer.id, "object": "customer", "deleted": true }))
}

/// Deletes a customer; their subscriptions end at once.
pub fn delete_customer(state: &mut State, id: &str) -> Result<(), ApiError> {
    let running: Vec<String> = state
        .subscriptions
        .iter()
        .filter(|it| it.customer == id && it.ended_at.is_none())
        .map(|it| it.id.clone())
        .collect();
    for subscription in running {
        subscription::end(state, &subscription, CancellationReason::CancellationRequested)?;
    }
    let customer = state.customers.fetch(id)?;
    state.emit("customer.deleted", &customer);
    state.customers.update(id, |it| it.deleted = true);
    Ok(())
}

fn list_methods(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let customer = live(state, call.id(), "customer")?.id;
    call.params().ignore(&["type"]);
    let own = state.payment_methods.newest().filter(|it| it.customer.as_ref() == Some(&customer));
    page(state, call, &format!("/v1/customers/{customer}/payment_methods"), own)
}

fn list_methods_of(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let customer = call.params().required("customer")?;
    live(state, &customer, "customer")?;
    call.params().ignore(&["type"]);
    let own = state.payment_methods.newest().filter(|it| it.customer.as_ref() == Some(&customer));
    page(state, call, "/v1/payment_methods", own)
}

fn retrieve_method(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.payment_methods.find(call.id())?.render(state))
}

fn attach(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let customer = call.params().required("customer")?;
    call.finish()?;
    live(state, &customer, "customer")?;
    let card = wallet::find_or_token(state, call.id(), "payment_method")?;
    Ok(wallet::attach(state, &card.id, &customer)?.render(state))
}

fn detach(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(wallet::detach(state, call.id())?.render(state))
}
