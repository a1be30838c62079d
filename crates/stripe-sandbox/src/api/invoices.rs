//! `/v1/invoices` and `/v1/invoice_payments`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{get, post};
use super::list::{page, page_of_values};
use super::payments::card_error;
use crate::engine::invoice;
use crate::engine::payment::Attempt;
use crate::error::ApiError;
use crate::model::card::{Decline, Presence};
use crate::model::invoice::InvoiceStatus;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/invoices", get(list))
        .route("/v1/invoices/{id}", get(retrieve).merge(post(update)))
        .route("/v1/invoices/{id}/lines", get(lines))
        .route("/v1/invoices/{id}/pay", post(pay))
        .route("/v1/invoices/{id}/finalize", post(finalize))
        .route("/v1/invoices/{id}/void", post(void))
        .route("/v1/invoices/{id}/mark_uncollectible", post(mark_uncollectible))
        .route("/v1/invoice_payments", get(payments))
}

fn shown(state: &State, call: &Call) -> Result<Value, ApiError> {
    Ok(state.invoices.find(call.id())?.render(state))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    shown(state, call)
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut invoice = state.invoices.fetch(call.id())?;
    let before = invoice.render(state);
    call.params().metadata()?.apply(&mut invoice.metadata);
    call.finish()?;
    state.invoices.put(invoice.clone());
    state.emit_change("invoice.updated", &before, &invoice);
    shown(state, call)
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let (customer, subscription) = (params.filled("customer")?, params.filled("subscription")?);
    let status = params.choice::<InvoiceStatus>("status")?;
    let matching = state.invoices.newest().filter(|it| {
        customer.as_ref().is_none_or(|customer| it.customer == *customer)
            && subscription.as_ref().is_none_or(|subscription| it.subscription == *subscription)
            && status.is_none_or(|status| it.status == status)
    });
    page(state, call, "/v1/invoices", matching)
}

fn lines(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let invoice = state.invoices.find(call.id())?;
    page_of_values(
        call,
        "line item",
        &format!("/v1/invoices/{}/lines", invoice.id),
        invoice.render_lines(state),
    )
}

fn payments(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let invoice = params.filled("invoice")?;
    let intent = match params.child("payment")? {
        Some(payment) => {
            payment.ignore(&["type"]);
            payment.filled("payment_intent")?
        }
        None => None,
    };
    let status = params.filled("status")?;
    let all = state.invoices.newest().filter(|it| {
        invoice.as_ref().is_none_or(|invoice| it.id == *invoice)
            && (intent.is_none() || it.payment_intent == intent)
    });
    let all = all.flat_map(|it| it.render_payments(state));
    let all = all.filter(|it| status.as_deref().is_none_or(|status| it["status"] == status)).collect();
    page_of_values(call, "invoice payment", "/v1/invoice_payments", all)
}

fn pay(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let method = params.filled("payment_method")?;
    let out_of_band = params.flag("paid_out_of_band")?.unwrap_or(false);
    let off_session = params.flag("off_session")?.unwrap_or(true);
    call.finish()?;
    if out_of_band {
        invoice::pay_out_of_band(state, call.id())?;
        return shown(state, call);
    }
    let presence = if off_session { Presence::OffSession } else { Presence::OnSession };
    let attempt = invoice::pay(state, call.id(), method.as_deref(), presence)?;
    let intent = state.invoices.find(call.id())?.payment_intent.clone().unwrap_or_default();
    match attempt {
        Attempt::Paid => shown(state, call),
        Attempt::Declined(decline) => Err(card_error(state, &intent, &decline)),
        Attempt::NeedsAuthentication(_) => {
            Err(card_error(state, &intent, &Decline::authentication_required()))
        }
    }
}

fn finalize(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.params().ignore(&["auto_advance"]);
    call.finish()?;
    if state.invoices.find(call.id())?.status != InvoiceStatus::Draft {
        return Err(ApiError::invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
        )
        .with_code("invoice_not_editable"));
    }
    invoice::finalize(state, call.id())?;
    shown(state, call)
}

fn void(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    invoice::void(state, call.id())?;
    shown(state, call)
}

fn mark_uncollectible(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    invoice::mark_uncollectible(state, call.id())?;
    shown(state, call)
}
