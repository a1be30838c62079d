//! Time going by: whatever falls due is done in its order, at its own moment.

use crate::error::ApiError;
use crate::model::Timestamp;
use crate::model::card::Presence;
use crate::model::checkout::SessionStatus;
use crate::model::invoice::InvoiceStatus;
use crate::model::subscription::{CancellationReason, SubscriptionStatus};
use crate::state::State;

use super::{checkout, invoice, renewal, subscription};

const ANNOUNCED_AHEAD: i64 = 3 * 86_400;
/// More than any sensible move of a clock brings about; stops a weekly subscription moved by ten thousand years.
const MOST_AT_ONCE: usize = 100_000;

/// Something that falls due by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Due {
    SessionExpires(String),
    TrialEndIsNear(String),
    CollectionResumes(String),
    SubscriptionEnds(String),
    PeriodEnds(String),
    InvoiceIsTriedAgain(String),
}

/// Moves the sandbox's time on to `target`.
pub fn catch_up(state: &mut State, target: Timestamp) -> Result<(), ApiError> {
    let outcome = work_off(state, None, target);
    state.now = state.now.max(target);
    outcome
}

/// Moves a test clock on to `target`.
pub fn advance_test_clock(state: &mut State, clock: &str, target: Timestamp) -> Result<(), ApiError> {
    let outcome = work_off(state, Some(clock), target);
    state.test_clocks.update(clock, |it| it.frozen_time = target);
    outcome
}

fn work_off(state: &mut State, clock: Option<&str>, target: Timestamp) -> Result<(), ApiError> {
    for _ in 0..MOST_AT_ONCE {
        let Some((at, due)) = next_due(state, clock).filter(|(at, _)| *at <= target) else { return Ok(()) };
        match clock {
            None => state.now = state.now.max(at),
            Some(clock) => state.test_clocks.update(clock, |it| it.frozen_time = it.frozen_time.max(at)),
        }
        perform(state, due)?;
    }
    Err(ApiError::invalid("The clock was moved too far at once."))
}

fn perform(state: &mut State, due: Due) -> Result<(), ApiError> {
    match due {
        Due::SessionExpires(id) => checkout::expire(state, &id).map(drop),
        Due::TrialEndIsNear(id) => renewal::announce_trial_end(state, &id),
        Due::CollectionResumes(id) => renewal::resume_collection(state, &id),
        Due::SubscriptionEnds(id) => {
            subscription::end(state, &id, CancellationReason::CancellationRequested).map(drop)
        }
        Due::PeriodEnds(id) => renewal::period_end(state, &id),
        Due::InvoiceIsTriedAgain(id) => {
            invoice::collect(state, &id, None, Presence::OffSession, true).map(drop)
        }
    }
}

/// What falls due first on a clock, whenever that is.
fn next_due(state: &State, clock: Option<&str>) -> Option<(Timestamp, Due)> {
    let here =
        |customer: &str| state.customers.get(customer).is_some_and(|it| it.test_clock.as_deref() == clock);
    let mut all: Vec<(Timestamp, Due)> = Vec::new();
    if clock.is_none() {
        let open = state.checkout_sessions.iter().filter(|it| it.status == SessionStatus::Open);
        all.extend(open.map(|it| (it.expires_at, Due::SessionExpires(it.id.clone()))));
    }
    for it in state.subscriptions.iter().filter(|it| here(&it.customer)) {
        if it.status == SubscriptionStatus::Trialing && !it.trial_end_announced {
            all.extend(it.trial_end.map(|end| (end - ANNOUNCED_AHEAD, Due::TrialEndIsNear(it.id.clone()))));
        }
        if it.status.renews() {
            let resumes = it.pause_collection.and_then(|pause| pause.resumes_at);
            all.extend(resumes.map(|at| (at, Due::CollectionResumes(it.id.clone()))));
            if !it.cancel_at_period_end {
                all.extend(it.cancel_at.map(|at| (at, Due::SubscriptionEnds(it.id.clone()))));
            }
            all.push((it.current_period_end, Due::PeriodEnds(it.id.clone())));
        }
    }
    for it in state.invoices.iter().filter(|it| it.status == InvoiceStatus::Open && here(&it.customer)) {
        all.extend(it.next_payment_attempt.map(|at| (at, Due::InvoiceIsTriedAgain(it.id.clone()))));
    }
    // The first of those at the same moment stands first above, too.
    all.into_iter().min_by_key(|(at, _)| *at)
}

/// When the next subscription on the sandbox's own clock renews.
pub fn next_renewal(state: &State) -> Option<Timestamp> {
    let own = |customer: &str| state.customers.get(customer).is_some_and(|it| it.test_clock.is_none());
    state
        .subscriptions
        .iter()
        .filter(|it| it.status.renews() && own(&it.customer))
        .map(|it| it.current_period_end)
        .min()
}
