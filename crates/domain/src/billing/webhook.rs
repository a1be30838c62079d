//! What webhooks tell, and when they try again (spec `subscription-billing.md` 5.11, 5.13).

use chrono::TimeDelta;

use crate::text_enum::text_enum;

text_enum! {
    /// What became of a delivery.
    DeliveryStatus {
        /// Not accepted yet; it is tried (again).
        Pending => "pending",
        /// Accepted: answered with a status of 200 to 299.
        Succeeded => "succeeded",
        /// Given up.
        Failed => "failed",
    }
}

/// Stands for every kind of event.
pub const EVERYTHING: &str = "*";

/// The kind of what the test button sends.
pub const TEST: &str = "webhook.test";

/// The kinds of events that webhooks tell: those of spec 5.13 that correspond to something here, and our own. Others stay
/// inside, so that what a new publisher says is told to strangers only once somebody looked at it.
pub const KINDS: &[&str] = &[
    "checkout.requested",
    "checkout.completed",
    "checkout.failed",
    "checkout.initiated",
    "payment.captured",
    "payment.completed",
    "payment.failed",
    "payment.disputed",
    "payment.refunded",
    "refund.requested",
    "refund.reversed",
    "invoice.issued",
    "invoice.overdue",
    "subscription.created",
    "subscription.activated",
    "subscription.paused",
    "subscription.resumed",
    "subscription.upgrade_requested",
    "subscription.downgraded",
    "subscription.downgrade_withdrawn",
    "subscription.renewal_requested",
    "subscription.renewal_due",
    "subscription.extended",
    "subscription.trial_ending",
    "subscription.trial_ended",
    "subscription.cancelled",
    "subscription.refunded",
    "subscription.expired",
    "user.created",
    "user.status.updated",
    "user.deleted",
    "security.password_reset.request",
    "security.password_reset.execute",
    "plugin.enabled",
    "plugin.disabled",
];

/// Minutes between one attempt and the next: 1 and 5 minutes, half an hour, 2, 6 and 24 hours.
const PAUSES: [i64; 6] = [1, 5, 30, 120, 360, 1_440];

/// How long after the last of `attempts` attempts, which all failed, the next one is made; none when it is given up.
pub fn next_attempt(attempts: u32) -> Option<TimeDelta> {
    let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
    PAUSES.get(index).map(|minutes| TimeDelta::minutes(*minutes))
}

/// Whether an answer says that a delivery was accepted. A redirect does not: it is not followed.
pub fn is_accepted(status: u16) -> bool {
    (200..300).contains(&status)
}

/// A choice of kinds, each once and in order: what was asked for, or [`EVERYTHING`] alone. The first that there is not is
/// given back.
pub fn choice(asked: &[String]) -> Result<Vec<String>, &str> {
    let mut chosen: Vec<String> = Vec::new();
    for kind in asked {
        let kind = kind.trim();
        if kind == EVERYTHING {
            return Ok(vec![EVERYTHING.to_owned()]);
        }
        if !KINDS.contains(&kind) {
            return Err(kind);
        }
        chosen.push(kind.to_owned());
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_attempts_take_a_day_and_a_half() {
        assert_eq!(next_attempt(0), None, "nothing was tried yet");
        let pauses: Vec<_> = (1..=6).filter_map(next_attempt).collect();
        assert_eq!(pauses.len(), 6);
        assert!(pauses.is_sorted());
        assert_eq!(pauses.iter().sum::<TimeDelta>(), TimeDelta::minutes(1_956));
        assert_eq!((next_attempt(7), next_attempt(u32::MAX)), (None, None));
    }

    #[test]
    fn only_what_there_is_can_be_chosen() {
        let asked = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
        let three = asked(&["user.created", " payment.failed", "user.created"]);
        assert_eq!(choice(&three).unwrap(), ["payment.failed", "user.created"]);
        assert_eq!(choice(&asked(&["user.created", "*"])).unwrap(), ["*"]);
        assert_eq!(choice(&asked(&["user.renamed"])), Err("user.renamed"));
        assert_eq!(choice(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn a_redirect_is_no_success() {
        assert!(is_accepted(200) && is_accepted(204) && is_accepted(299));
        assert!(!is_accepted(199) && !is_accepted(301) && !is_accepted(404) && !is_accepted(500));
    }
}
