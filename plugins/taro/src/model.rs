//! The rules of a session (spec `subscription-billing.md` 5.12).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::spread::{Drawn, FollowUpKind, table};

/// What a session costs, in tokens.
pub const SESSION_COST: i64 = 10;

/// What a follow-up costs, in tokens.
pub const FOLLOW_UP_COST: i64 = 15;

/// How many sessions a day has where no plan says otherwise (`daily_taro_limit`).
pub const SESSIONS_A_DAY: i64 = 3;

/// How many follow-ups a session has where no plan says otherwise (`max_taro_follow_ups`).
pub const FOLLOW_UPS: i64 = 3;

/// How many answers of the model are in the price of a session, those to follow-ups aside.
pub const MOST_ANSWERS: i32 = 10;

/// How long a session lives.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(30);

/// How long before its end a session warns of it.
pub const WARNING: TimeDelta = TimeDelta::minutes(3);

/// The most characters of a question, or of what somebody tells of their situation.
pub const LONGEST_QUESTION: usize = 1_000;

/// A spread that was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id; newer ones are greater.
    pub id: Uuid,
    /// The cards of the beginning.
    pub cards: Vec<Drawn>,
    /// What followed, in order.
    pub follow_ups: Vec<FollowUp>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
}

/// How a session went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// From 1.
    pub number: i32,
    /// With which cards.
    pub kind: FollowUpKind,
    /// The cards that were drawn for it.
    pub cards: Vec<Drawn>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Session {
    /// Whether it goes on.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// Whether it goes on, but not for long.
    pub fn is_expiring(&self, now: DateTime<Utc>) -> bool {
        self.is_active(now) && self.expires_at - now <= WARNING
    }

    /// How much of it is left, in whole seconds.
    pub fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        (self.expires_at - now).num_seconds().max(0)
    }

    /// What lies on the table.
    pub fn table(&self) -> Vec<Drawn> {
        table(&self.cards, self.follow_ups.iter().map(|it| (it.kind, &it.cards[..])))
    }

    /// How many follow-ups there may still be; none for as many as one likes.
    pub fn follow_ups_left(&self, limit: Option<i64>) -> Option<i64> {
        let made = i64::try_from(self.follow_ups.len()).unwrap_or(i64::MAX);
        limit.map(|limit| limit.saturating_sub(made).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spread::spread;

    #[test]
    fn a_session_warns_before_it_ends() {
        let started_at: DateTime<Utc> = "2027-03-10T12:00:00Z".parse().unwrap();
        let session = Session {
            id: Uuid::nil(),
            cards: spread([1; 32]),
            follow_ups: Vec::new(),
            started_at,
            expires_at: started_at + LIFETIME,
        };
        for (seconds, is_active, is_expiring, left) in [
            (0, true, false, 1_800),
            (27 * 60 - 1, true, false, 181),
            (27 * 60, true, true, 180),
            (30 * 60 - 1, true, true, 1),
            (30 * 60, false, false, 0),
            (90 * 60, false, false, 0),
        ] {
            let now = started_at + TimeDelta::seconds(seconds);
            let found = (session.is_active(now), session.is_expiring(now), session.seconds_left(now));
            assert_eq!(found, (is_active, is_expiring, left), "after {seconds} seconds");
        }
        assert_eq!(session.follow_ups_left(Some(3)), Some(3));
        assert_eq!(session.follow_ups_left(Some(0)), Some(0));
        assert_eq!(session.follow_ups_left(None), None);
    }
}
