//! Giving money back.

use crate::error::ApiError;
use crate::model::Metadata;
use crate::model::payment::{Refund, RefundReason, RefundStatus};
use crate::render::Render;
use crate::state::State;

/// What is to be given back.
#[derive(Debug)]
pub struct NewRefund {
    pub charge: String,
    /// All that is left, if absent.
    pub amount: Option<i64>,
    pub reason: Option<RefundReason>,
    pub metadata: Metadata,
}

/// Gives back a charge, whole or in part.
pub fn create(state: &mut State, new: NewRefund) -> Result<Refund, ApiError> {
    let mut charge = state.charges.find_for(&new.charge, "charge")?.clone();
    let before = charge.render(state);
    let left = charge.amount_captured - charge.amount_refunded;
    if charge.amount_captured == 0 {
        return Err(ApiError::invalid(format!(
            "Charge {} has not been captured, so it cannot be refunded.",
            charge.id
        ))
        .with_code("charge_not_refundable"));
    }
    if left == 0 {
        return Err(ApiError::invalid(format!("Charge {} has already been refunded.", charge.id))
            .with_code("charge_already_refunded"));
    }
    let amount = new.amount.unwrap_or(left);
    if amount < 1 {
        return Err(ApiError::invalid_param("amount", "Invalid positive integer")
            .with_code("parameter_invalid_integer"));
    }
    if amount > left {
        return Err(ApiError::invalid_param(
            "amount",
            format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"),
        )
        .with_code("amount_too_large"));
    }
    charge.amount_refunded += amount;
    let refund = Refund {
        id: state.ids.make("re"),
        created: state.now_for(charge.customer.as_deref()),
        amount,
        currency: charge.currency.clone(),
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent.clone(),
        status: RefundStatus::Succeeded,
        reason: new.reason,
        metadata: new.metadata,
    };
    state.refunds.put(refund.clone());
    state.charges.put(charge.clone());
    state.emit("refund.created", &refund);
    state.emit_change("charge.refunded", &before, &charge);
    Ok(refund)
}

/// Takes a refund back. Stripe allows this only while it waits for the customer; the sandbox always does, so that the
/// way back (`refund.updated`, status `canceled`) can be tried.
pub fn cancel(state: &mut State, id: &str) -> Result<Refund, ApiError> {
    let mut refund = state.refunds.fetch(id)?;
    if refund.status == RefundStatus::Canceled {
        return Err(ApiError::invalid("This refund has already been canceled."));
    }
    let before = refund.render(state);
    refund.status = RefundStatus::Canceled;
    state.refunds.put(refund.clone());
    let mut charge = state.charges.fetch(&refund.charge)?;
    let charge_before = charge.render(state);
    charge.amount_refunded -= refund.amount;
    state.charges.put(charge.clone());
    state.emit_change("refund.updated", &before, &refund);
    state.emit_change("charge.updated", &charge_before, &charge);
    Ok(refund)
}
