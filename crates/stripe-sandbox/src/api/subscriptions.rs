//! `/v1/subscriptions`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{delete, get, post};
use super::list::page;
use crate::engine::subscription::{Change, ItemChange};
use crate::engine::{renewal, subscription, wallet};
use crate::error::ApiError;
use crate::form::{Params, Patch};
use crate::model::Timestamp;
use crate::model::subscription::{CancellationReason, PauseBehavior, PauseCollection, Subscription};
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/subscriptions", get(list))
        .route("/v1/subscriptions/{id}", get(retrieve).merge(post(update)).merge(delete(cancel)))
        .route("/v1/subscriptions/{id}/resume", post(resume))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.subscriptions.find(call.id())?.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let (customer, status) = (params.filled("customer")?, params.filled("status")?);
    let price = params.filled("price")?;
    let wanted = |it: &Subscription| match status.as_deref() {
        None => it.ended_at.is_none(),
        Some("all") => true,
        Some("ended") => it.ended_at.is_some(),
        Some(status) => it.status.as_str() == status,
    };
    let matching = state.subscriptions.newest().filter(|it| {
        wanted(it)
            && customer.as_ref().is_none_or(|customer| it.customer == *customer)
            && price.as_ref().is_none_or(|price| it.items.iter().any(|item| item.price == *price))
    });
    page(state, call, "/v1/subscriptions", matching)
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let current = state.subscriptions.fetch(call.id())?;
    let params = call.params();
    params.ignore(&["off_session", "payment_settings"]);
    let now = state.now_for(Some(&current.customer));
    let details = params.child("cancellation_details")?;
    let items = params.children("items")?;
    let mut change = Change {
        items: items.iter().map(|item| item_change(state, item)).collect::<Result<_, _>>()?,
        proration: params.choice("proration_behavior")?.unwrap_or_default(),
        proration_date: params.int("proration_date")?,
        payment: params.choice("payment_behavior")?.unwrap_or_default(),
        cancel_at_period_end: params.flag("cancel_at_period_end")?,
        cancel_at: moment(&params, "cancel_at", now)?,
        cancellation_comment: details.map(|it| it.filled("comment")).transpose()?.flatten(),
        pause_collection: pause(&params)?,
        trial_end: match moment(&params, "trial_end", now)? {
            Patch::Set(end) => Some(end),
            Patch::Keep | Patch::Unset => None,
        },
        default_payment_method: params.filled("default_payment_method")?,
        description: params.patch("description")?,
        metadata: params.metadata()?,
    };
    call.finish()?;
    if let Some(method) = change.default_payment_method.take() {
        let method = wallet::find_or_token(state, &method, "default_payment_method")?;
        change.default_payment_method = Some(wallet::attach(state, &method.id, &current.customer)?.id);
    }
    Ok(subscription::change(state, &current.id, change)?.render(state))
}

fn item_change(state: &State, params: &Params<'_>) -> Result<ItemChange, ApiError> {
    params.ignore(&["clear_usage"]);
    let price = params.filled("price")?;
    if let Some(id) = &price {
        state.prices.find_for(id, &params.path("price"))?;
    }
    let quantity = params.int("quantity")?;
    if quantity.is_some_and(|it| !(0..=999_999).contains(&it)) {
        return Err(ApiError::invalid_param(
            &params.path("quantity"),
            "This value must be greater than or equal to 0.",
        ));
    }
    Ok(ItemChange {
        id: params.filled("id")?,
        price,
        quantity,
        deleted: params.flag("deleted")?.unwrap_or(false),
        metadata: params.metadata()?,
    })
}

/// A moment: a timestamp, `now`, or empty for none.
fn moment(params: &Params<'_>, name: &str, now: Timestamp) -> Result<Patch<Timestamp>, ApiError> {
    match params.text(name)?.as_deref() {
        None => Ok(Patch::Keep),
        Some("") => Ok(Patch::Unset),
        Some("now") => Ok(Patch::Set(now)),
        Some(_) => Ok(params.int(name)?.map_or(Patch::Keep, Patch::Set)),
    }
}

/// `pause_collection` as an object, or empty to collect again.
fn pause(params: &Params<'_>) -> Result<Patch<PauseCollection>, ApiError> {
    if !params.has("pause_collection") {
        return Ok(Patch::Keep);
    }
    if let Ok(Some(text)) = params.text("pause_collection") {
        return if text.is_empty() {
            Ok(Patch::Unset)
        } else {
            Err(ApiError::invalid_param("pause_collection", "Invalid object"))
        };
    }
    let Some(pause) = params.child("pause_collection")? else { return Ok(Patch::Keep) };
    let Some(behavior) = pause.choice::<PauseBehavior>("behavior")? else {
        return Err(ApiError::missing_param("pause_collection[behavior]"));
    };
    Ok(Patch::Set(PauseCollection { behavior, resumes_at: pause.int("resumes_at")? }))
}

fn cancel(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let details = params.child("cancellation_details")?;
    let comment = details.map(|it| it.filled("comment")).transpose()?.flatten();
    for name in ["invoice_now", "prorate"] {
        if params.flag(name)? == Some(true) {
            return Err(ApiError::invalid_param(
                name,
                "The sandbox ends subscriptions without a last invoice.",
            ));
        }
    }
    call.finish()?;
    // An ended subscription is as good as none for this call, as at Stripe.
    let current = state.subscriptions.find(call.id())?;
    if current.ended_at.is_some() {
        return Err(ApiError::no_such("subscription", call.id(), "id"));
    }
    state
        .subscriptions
        .update(call.id(), |it| it.cancellation_comment = comment.or(it.cancellation_comment.take()));
    Ok(subscription::end(state, call.id(), CancellationReason::CancellationRequested)?.render(state))
}

fn resume(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.params().ignore(&["billing_cycle_anchor", "proration_behavior"]);
    call.finish()?;
    Ok(renewal::resume(state, call.id())?.render(state))
}
