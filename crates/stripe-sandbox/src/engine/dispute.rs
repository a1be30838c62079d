//! Charges contested by the holder of the card.

use crate::error::ApiError;
use crate::model::Metadata;
use crate::model::dispute::{Dispute, DisputeStatus};
use crate::state::State;

const DAYS_TO_ANSWER: i64 = 9;

/// Opens the disputes of charges just made with the card that is always disputed.
pub fn open_due(state: &mut State) -> Result<(), ApiError> {
    for charge in std::mem::take(&mut state.disputes_due) {
        open(state, &charge)?;
    }
    Ok(())
}

fn open(state: &mut State, charge: &str) -> Result<(), ApiError> {
    let mut charge = state.charges.fetch(charge)?;
    charge.disputed = true;
    let now = state.now_for(charge.customer.as_deref());
    let dispute = Dispute {
        id: state.ids.make("du"),
        created: now,
        amount: charge.amount,
        currency: charge.currency.clone(),
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent.clone(),
        status: DisputeStatus::NeedsResponse,
        evidence_due_by: now + DAYS_TO_ANSWER * 86_400,
        submissions: 0,
        evidence: None,
        metadata: Metadata::new(),
    };
    state.charges.put(charge);
    state.disputes.put(dispute.clone());
    state.emit("charge.dispute.created", &dispute);
    state.emit("charge.dispute.funds_withdrawn", &dispute);
    Ok(())
}

/// Ends a dispute: the money comes back, or stays gone.
pub fn close(state: &mut State, id: &str, won: bool) -> Result<Dispute, ApiError> {
    let mut dispute = state.disputes.fetch(id)?;
    if dispute.status.is_closed() {
        return Err(ApiError::invalid("This dispute is already closed"));
    }
    dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
    state.disputes.put(dispute.clone());
    state.emit("charge.dispute.closed", &dispute);
    if won {
        state.emit("charge.dispute.funds_reinstated", &dispute);
    }
    Ok(dispute)
}
