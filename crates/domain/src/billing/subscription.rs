//! The states a subscription passes through, and what each allows (spec `subscription-billing.md` 5.5, 5.6).

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::BillingPeriod;
use crate::text_enum::text_enum;

text_enum! {
    /// The name of a subscription's state.
    SubscriptionStatus {
        /// Ordered and not paid yet.
        Pending => "pending",
        /// Paid.
        Active => "active",
        /// Being tried out.
        Trialing => "trialing",
        /// Interrupted by its owner; the time left is kept.
        Paused => "paused",
        /// Will not be renewed; access lasts to the end of what was paid (DESIGN 5.3).
        Cancelled => "cancelled",
        /// Over.
        Expired => "expired",
    }
}

/// A subscription's state with the instants that belong to it. Changes consume it: a state that cannot be is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubscriptionState {
    /// Ordered and not paid yet.
    Pending,
    /// Being tried out until `ends_at`.
    Trialing {
        /// When the trial began.
        started_at: DateTime<Utc>,
        /// When it ends.
        ends_at: DateTime<Utc>,
    },
    /// Paid until `expires_at`.
    Active {
        /// When the present run of periods began.
        started_at: DateTime<Utc>,
        /// The end of what was paid.
        expires_at: DateTime<Utc>,
    },
    /// Interrupted.
    Paused {
        /// When the present run of periods began.
        started_at: DateTime<Utc>,
        /// The end of what was paid, as if it had not been interrupted.
        expires_at: DateTime<Utc>,
        /// Since when.
        paused_at: DateTime<Utc>,
    },
    /// Will not be renewed.
    Cancelled {
        /// When it began, if it ever did.
        started_at: Option<DateTime<Utc>>,
        /// Until when there is access, if there was any.
        expires_at: Option<DateTime<Utc>>,
        /// When it was cancelled.
        cancelled_at: DateTime<Utc>,
        /// Whether it was being tried out, and nothing was paid.
        was_trial: bool,
    },
    /// Over since `expired_at`.
    Expired {
        /// When it began.
        started_at: DateTime<Utc>,
        /// The end of what was paid.
        expired_at: DateTime<Utc>,
    },
}

/// A state does not allow what was asked for. The texts are those of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionRefusal {
    /// Only what is active can be paused.
    #[error("Only active subscriptions can be paused")]
    NotActiveToPause,
    /// It is paused.
    #[error("Subscription is already paused")]
    AlreadyPaused,
    /// Only what is paused can be resumed.
    #[error("Subscription is not paused")]
    NotPaused,
    /// Only what is active can change to a better plan.
    #[error("Only active subscriptions can be upgraded")]
    NotActiveToUpgrade,
    /// Only what is active can change to a lesser plan.
    #[error("Only active subscriptions can be downgraded")]
    NotActiveToDowngrade,
    /// What is paid once has no next period with which it could begin.
    #[error("Cannot downgrade to a one-time plan")]
    OneTimeToDowngrade,
    /// No other plan was asked for.
    #[error("No plan change is scheduled")]
    NoPlanToCome,
    /// It is the plan already.
    #[error("Already subscribed to this plan")]
    SamePlan,
    /// A trial becomes a subscription by paying for it.
    #[error("Trial subscriptions can only be activated via invoice payment")]
    TrialNeedsPayment,
    /// It runs, or is over, in a way that makes no sense to activate.
    #[error("Subscription is already active")]
    AlreadyActive,
    /// Nothing that runs, so there is nothing to extend.
    #[error("Only active subscriptions can be extended")]
    NotActiveToExtend,
}

/// A row whose instants do not fit its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {0} subscription lacks its instants")]
pub struct ImpossibleState(SubscriptionStatus);

/// The columns of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateColumns {
    /// The status.
    pub status: SubscriptionStatus,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// The end of what was paid, or of the trial.
    pub expires_at: Option<DateTime<Utc>>,
    /// The end of the trial.
    pub trial_end_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
}

impl SubscriptionState {
    /// A trial that begins at `now`.
    pub fn trial(now: DateTime<Utc>, days: u16) -> Self {
        let ends_at = now.checked_add_days(Days::new(days.into())).unwrap_or(now);
        Self::Trialing { started_at: now, ends_at }
    }

    /// The name of the state.
    pub fn status(&self) -> SubscriptionStatus {
        match self {
            Self::Pending => SubscriptionStatus::Pending,
            Self::Trialing { .. } => SubscriptionStatus::Trialing,
            Self::Active { .. } => SubscriptionStatus::Active,
            Self::Paused { .. } => SubscriptionStatus::Paused,
            Self::Cancelled { .. } => SubscriptionStatus::Cancelled,
            Self::Expired { .. } => SubscriptionStatus::Expired,
        }
    }

    /// The end of what was paid, or of the trial.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Pending => None,
            Self::Trialing { ends_at, .. } => Some(ends_at),
            Self::Active { expires_at, .. } | Self::Paused { expires_at, .. } => Some(expires_at),
            Self::Cancelled { expires_at, .. } => expires_at,
            Self::Expired { expired_at, .. } => Some(expired_at),
        }
    }

    /// Whether it gives access at `now`: what is active or tried out, and what was cancelled, until its end. What is
    /// paused gives none.
    pub fn gives_access(&self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Trialing { .. } | Self::Active { .. } | Self::Cancelled { .. } => {
                self.expires_at().is_some_and(|end| now < end)
            }
            Self::Pending | Self::Paused { .. } | Self::Expired { .. } => false,
        }
    }

    /// The end of the access that it gives or gave; none for what was never begun. What is paused stopped when it was.
    pub fn access_until(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Paused { paused_at, .. } => Some(paused_at),
            _ => self.expires_at(),
        }
    }

    /// Whether it is one that a category with a single subscription holds: active, tried out, or paused.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Active { .. } | Self::Trialing { .. } | Self::Paused { .. })
    }

    /// Whole days until its end; none left is 0.
    pub fn days_remaining(&self, now: DateTime<Utc>) -> i64 {
        self.expires_at().map_or(0, |end| (end - now).num_days().max(0))
    }

    /// What was ordered, tried out, cancelled or over is paid for: a full period from `now` (spec 5.5). What is left of
    /// a trial is not added.
    pub fn activated(self, now: DateTime<Utc>, period: BillingPeriod) -> Result<Self, SubscriptionRefusal> {
        match self {
            Self::Active { .. } | Self::Paused { .. } => Err(SubscriptionRefusal::AlreadyActive),
            Self::Pending | Self::Trialing { .. } | Self::Cancelled { .. } | Self::Expired { .. } => {
                Ok(Self::Active { started_at: now, expires_at: period.end(now) })
            }
        }
    }

    /// The next period is paid for: it begins where the present one ends, or at `now` if that is over.
    #[must_use]
    pub fn renewed(self, now: DateTime<Utc>, period: BillingPeriod) -> Self {
        match self {
            Self::Active { started_at, expires_at } if expires_at > now => {
                Self::Active { started_at, expires_at: period.end(expires_at) }
            }
            Self::Active { started_at, .. } | Self::Expired { started_at, .. } => {
                Self::Active { started_at, expires_at: period.end(now) }
            }
            Self::Paused { started_at, expires_at, paused_at } => {
                Self::Paused { started_at, expires_at: period.end(expires_at), paused_at }
            }
            Self::Pending | Self::Trialing { .. } | Self::Cancelled { .. } => {
                Self::Active { started_at: now, expires_at: period.end(now) }
            }
        }
    }

    /// A provider collected periods up to `end`: that is how long access lasts, however often and in whatever order this
    /// is said. What will not be renewed stays so; what was over runs again.
    #[must_use]
    pub fn paid_until(self, now: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        match self {
            Self::Active { started_at, expires_at } => {
                Self::Active { started_at, expires_at: expires_at.max(end) }
            }
            Self::Paused { started_at, expires_at, paused_at } => {
                Self::Paused { started_at, expires_at: expires_at.max(end), paused_at }
            }
            Self::Cancelled { started_at, expires_at, cancelled_at, was_trial } => Self::Cancelled {
                started_at,
                expires_at: expires_at.max(Some(end)),
                cancelled_at,
                was_trial: was_trial && expires_at >= Some(end),
            },
            Self::Expired { started_at, expired_at } if end > expired_at && end > now => {
                Self::Active { started_at, expires_at: end }
            }
            Self::Pending | Self::Trialing { .. } if end > now => {
                Self::Active { started_at: now, expires_at: end }
            }
            other => other,
        }
    }

    /// Another plan is paid for, or paid back: the end moves by as much as its period was to move it, so that what was paid
    /// or given since is kept.
    #[must_use]
    pub fn moved(self, by: TimeDelta) -> Self {
        let moved = |end: DateTime<Utc>| end.checked_add_signed(by).unwrap_or(end);
        match self {
            Self::Active { started_at, expires_at } => {
                Self::Active { started_at, expires_at: moved(expires_at) }
            }
            Self::Paused { started_at, expires_at, paused_at } => {
                Self::Paused { started_at, expires_at: moved(expires_at), paused_at }
            }
            Self::Cancelled { started_at, expires_at, cancelled_at, was_trial } => {
                Self::Cancelled { started_at, expires_at: expires_at.map(moved), cancelled_at, was_trial }
            }
            other => other,
        }
    }

    /// Goes on after all: what was cancelled and has time left is active again, or tried out again.
    #[must_use]
    pub fn reinstated(self, now: DateTime<Utc>) -> Self {
        match self {
            Self::Cancelled { started_at: Some(started_at), expires_at: Some(end), was_trial, .. }
                if end > now =>
            {
                if was_trial {
                    Self::Trialing { started_at, ends_at: end }
                } else {
                    Self::Active { started_at, expires_at: end }
                }
            }
            other => other,
        }
    }

    /// Interrupted at `now`.
    pub fn paused(self, now: DateTime<Utc>) -> Result<Self, SubscriptionRefusal> {
        match self {
            Self::Active { started_at, expires_at } if now < expires_at => {
                Ok(Self::Paused { started_at, expires_at, paused_at: now })
            }
            Self::Paused { .. } => Err(SubscriptionRefusal::AlreadyPaused),
            _ => Err(SubscriptionRefusal::NotActiveToPause),
        }
    }

    /// Goes on at `now`; its end moves by as long as it was interrupted.
    pub fn resumed(self, now: DateTime<Utc>) -> Result<Self, SubscriptionRefusal> {
        match self {
            Self::Paused { started_at, expires_at, paused_at } => Ok(Self::Active {
                started_at,
                expires_at: expires_at + (now - paused_at).max(TimeDelta::zero()),
            }),
            _ => Err(SubscriptionRefusal::NotPaused),
        }
    }

    /// Will not be renewed. Access lasts to the end of what was paid; what was interrupted keeps the days it had left.
    /// (The original also moves the instant when it is cancelled again.)
    #[must_use]
    pub fn cancelled(self, now: DateTime<Utc>) -> Self {
        let was_trial = self.is_trial();
        let (started_at, expires_at) = match self {
            Self::Pending => (None, None),
            Self::Trialing { started_at, ends_at } => (Some(started_at), Some(ends_at)),
            Self::Active { started_at, expires_at } => (Some(started_at), Some(expires_at)),
            Self::Paused { started_at, expires_at, paused_at } => {
                (Some(started_at), Some(expires_at + (now - paused_at).max(TimeDelta::zero())))
            }
            Self::Cancelled { started_at, expires_at, .. } => (started_at, expires_at),
            Self::Expired { started_at, expired_at } => (Some(started_at), Some(expired_at)),
        };
        Self::Cancelled { started_at, expires_at, cancelled_at: now, was_trial }
    }

    /// Whether it is being tried out, or was when it was cancelled.
    pub fn is_trial(&self) -> bool {
        matches!(self, Self::Trialing { .. } | Self::Cancelled { was_trial: true, .. })
    }

    /// Taken back at `now` with its money: no access is left.
    #[must_use]
    pub fn revoked(self, now: DateTime<Utc>) -> Self {
        let started_at = self.columns().started_at;
        let expires_at = self.expires_at().map(|end| end.min(now));
        Self::Cancelled { started_at, expires_at, cancelled_at: now, was_trial: self.is_trial() }
    }

    /// What has run out at `now` is over; a trial that has run out is cancelled (spec 5.6). Everything else stays.
    #[must_use]
    pub fn at(self, now: DateTime<Utc>) -> Self {
        match self {
            Self::Active { started_at, expires_at } if expires_at <= now => {
                Self::Expired { started_at, expired_at: expires_at }
            }
            Self::Trialing { started_at, ends_at } if ends_at <= now => Self::Cancelled {
                started_at: Some(started_at),
                expires_at: Some(ends_at),
                cancelled_at: ends_at,
                was_trial: true,
            },
            other => other,
        }
    }

    /// Lasts so many days longer.
    pub fn extended(self, days: u32) -> Result<Self, SubscriptionRefusal> {
        match self {
            Self::Active { started_at, expires_at } => Ok(Self::Active {
                started_at,
                expires_at: expires_at
                    .checked_add_days(Days::new(days.into()))
                    .ok_or(SubscriptionRefusal::NotActiveToExtend)?,
            }),
            _ => Err(SubscriptionRefusal::NotActiveToExtend),
        }
    }

    /// The columns it is stored in.
    pub fn columns(&self) -> StateColumns {
        let mut columns = StateColumns {
            status: self.status(),
            started_at: None,
            expires_at: self.expires_at(),
            trial_end_at: None,
            cancelled_at: None,
            paused_at: None,
        };
        match *self {
            Self::Pending => {}
            Self::Trialing { started_at, ends_at } => {
                (columns.started_at, columns.trial_end_at) = (Some(started_at), Some(ends_at));
            }
            Self::Active { started_at, .. } | Self::Expired { started_at, .. } => {
                columns.started_at = Some(started_at);
            }
            Self::Paused { started_at, paused_at, .. } => {
                (columns.started_at, columns.paused_at) = (Some(started_at), Some(paused_at));
            }
            Self::Cancelled { started_at, expires_at, cancelled_at, was_trial } => {
                (columns.started_at, columns.cancelled_at) = (started_at, Some(cancelled_at));
                columns.trial_end_at = expires_at.filter(|_| was_trial);
            }
        }
        columns
    }
}

impl TryFrom<StateColumns> for SubscriptionState {
    type Error = ImpossibleState;

    fn try_from(columns: StateColumns) -> Result<Self, ImpossibleState> {
        use SubscriptionStatus as S;
        let StateColumns { status, started_at, expires_at, trial_end_at, cancelled_at, paused_at } = columns;
        match (status, started_at, expires_at) {
            (S::Pending, ..) => Some(Self::Pending),
            (S::Trialing, Some(started_at), Some(end)) => {
                Some(Self::Trialing { started_at, ends_at: trial_end_at.unwrap_or(end) })
            }
            (S::Active, Some(started_at), Some(expires_at)) => Some(Self::Active { started_at, expires_at }),
            (S::Paused, Some(started_at), Some(expires_at)) => {
                paused_at.map(|paused_at| Self::Paused { started_at, expires_at, paused_at })
            }
            (S::Cancelled, started_at, expires_at) => cancelled_at.map(|cancelled_at| Self::Cancelled {
                started_at,
                expires_at,
                cancelled_at,
                was_trial: trial_end_at.is_some() && expires_at.is_some(),
            }),
            (S::Expired, Some(started_at), Some(expired_at)) => {
                Some(Self::Expired { started_at, expired_at })
            }
            _ => None,
        }
        .ok_or(ImpossibleState(status))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2028, 2, 28, 23, 30, 0).unwrap()
    }

    fn active() -> SubscriptionState {
        SubscriptionState::Pending.activated(now(), BillingPeriod::Monthly).unwrap()
    }

    #[test]
    fn what_is_cancelled_gives_access_to_its_end_and_no_longer() {
        let cancelled = active().cancelled(now() + Days::new(3));
        assert_eq!(cancelled.status(), SubscriptionStatus::Cancelled);
        assert!(cancelled.gives_access(now() + Days::new(29)));
        assert!(!cancelled.gives_access(now() + Days::new(30)));
        assert!(!active().revoked(now() + Days::new(3)).gives_access(now() + Days::new(3)));
    }

    #[test]
    fn a_pause_is_added_at_the_end() {
        let paused = active().paused(now() + Days::new(10)).unwrap();
        assert!(!paused.gives_access(now() + Days::new(11)));
        assert_eq!(paused.paused(now()), Err(SubscriptionRefusal::AlreadyPaused));
        let resumed = paused.resumed(now() + Days::new(25)).unwrap();
        assert_eq!(resumed.expires_at(), Some(now() + Days::new(45)));
        assert_eq!(resumed.resumed(now()), Err(SubscriptionRefusal::NotPaused));
    }

    #[test]
    fn a_trial_ends_cancelled_and_is_paid_for_from_then_on() {
        let trial = SubscriptionState::trial(now(), 14);
        assert!(trial.gives_access(now() + Days::new(13)));
        let over = trial.at(now() + Days::new(14));
        assert_eq!(over.status(), SubscriptionStatus::Cancelled);
        let paid = over.activated(now() + Days::new(20), BillingPeriod::Weekly).unwrap();
        assert_eq!(paid.expires_at(), Some(now() + Days::new(27)));
    }

    #[test]
    fn what_is_kept_after_all_is_what_it_was() {
        let trial = SubscriptionState::trial(now(), 14);
        assert_eq!(trial.cancelled(now() + Days::new(2)).reinstated(now() + Days::new(3)), trial);
        assert_eq!(active().cancelled(now() + Days::new(2)).reinstated(now() + Days::new(3)), active());
        let over = active().cancelled(now() + Days::new(2));
        assert_eq!(over.reinstated(now() + Days::new(30)), over, "its time is over");
    }

    #[test]
    fn a_renewal_begins_where_the_period_ends() {
        let renewed = active().renewed(now() + Days::new(28), BillingPeriod::Monthly);
        assert_eq!(renewed.expires_at(), Some(now() + Days::new(60)));
        let late = active().at(now() + Days::new(40)).renewed(now() + Days::new(40), BillingPeriod::Monthly);
        assert_eq!(late.expires_at(), Some(now() + Days::new(70)));
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Activate,
        Renew,
        Pause,
        Resume,
        Cancel,
        Revoke,
        Extend,
        Trial,
        Reinstate,
    }

    const STEPS: [Step; 9] = [
        Step::Activate,
        Step::Renew,
        Step::Pause,
        Step::Resume,
        Step::Cancel,
        Step::Revoke,
        Step::Extend,
        Step::Trial,
        Step::Reinstate,
    ];

    proptest! {
        #[test]
        fn whatever_is_done_every_state_can_be_stored_and_read(
            steps in proptest::collection::vec((proptest::sample::select(&STEPS[..]), 0_i64..4_000_000), 0..60)
        ) {
            let mut state = SubscriptionState::Pending;
            let mut at = now();
            for (step, seconds) in steps {
                at += TimeDelta::seconds(seconds);
                state = state.at(at);
                let period = BillingPeriod::Monthly;
                state = match step {
                    Step::Activate => state.activated(at, period).unwrap_or(state),
                    Step::Renew => state.renewed(at, period),
                    Step::Pause => state.paused(at).unwrap_or(state),
                    Step::Resume => state.resumed(at).unwrap_or(state),
                    Step::Cancel => state.cancelled(at),
                    Step::Revoke => state.revoked(at),
                    Step::Extend => state.extended(3).unwrap_or(state),
                    Step::Trial if state == SubscriptionState::Pending => SubscriptionState::trial(at, 7),
                    Step::Trial => state,
                    Step::Reinstate => state.reinstated(at),
                };
                prop_assert_eq!(SubscriptionState::try_from(state.columns()), Ok(state));
                prop_assert!(state.days_remaining(at) >= 0);
                if state.status() == SubscriptionStatus::Active {
                    prop_assert!(state.gives_access(at));
                }
                prop_assert_eq!(state.at(at).access_until().is_some_and(|until| at < until), state.at(at).gives_access(at));
            }
        }
    }
}
