//! Billing periods: calendar arithmetic from an anchor, so that the 31st comes back after February.

use chrono::{DateTime, Datelike, Months, Utc};

use crate::model::Timestamp;
use crate::model::price::{Interval, Recurrence};

const DAY: i64 = 86_400;

/// The `n`th boundary after the anchor. A month that lacks the anchor's day ends on its last day; the next one is
/// counted from the anchor again.
fn boundary(anchor: Timestamp, every: Recurrence, n: u32) -> Option<Timestamp> {
    let count = every.count.checked_mul(n)?;
    match every.interval {
        Interval::Day => anchor.checked_add(i64::from(count) * DAY),
        Interval::Week => anchor.checked_add(i64::from(count) * 7 * DAY),
        Interval::Month => add_months(anchor, count),
        Interval::Year => add_months(anchor, count.checked_mul(12)?),
    }
}

fn add_months(anchor: Timestamp, months: u32) -> Option<Timestamp> {
    Some(date(anchor)?.checked_add_months(Months::new(months))?.timestamp())
}

fn date(at: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at, 0)
}

/// The first boundary after `at`. Where the calendar ends, so does time: `Timestamp::MAX`.
pub fn next_boundary(anchor: Timestamp, every: Recurrence, at: Timestamp) -> Timestamp {
    if at < anchor {
        return anchor;
    }
    let first = periods_before(anchor, every, at);
    (first..)
        .map(|n| boundary(anchor, every, n))
        .find_map(|it| it.is_none_or(|it| it > at).then(|| it.unwrap_or(Timestamp::MAX)))
        .unwrap_or(Timestamp::MAX)
}

/// A number of whole periods that have surely passed, to start the search from.
fn periods_before(anchor: Timestamp, every: Recurrence, at: Timestamp) -> u32 {
    let count = i64::from(every.count.max(1));
    let passed = match every.interval {
        Interval::Day => (at - anchor) / (count * DAY),
        Interval::Week => (at - anchor) / (count * 7 * DAY),
        Interval::Month => months_between(anchor, at) / count - 1,
        Interval::Year => months_between(anchor, at) / (count * 12) - 1,
    };
    u32::try_from(passed.max(0)).unwrap_or(u32::MAX)
}

fn months_between(from: Timestamp, to: Timestamp) -> i64 {
    let (Some(from), Some(to)) = (date(from), date(to)) else { return 0 };
    i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime<Utc>>().unwrap().timestamp()
    }

    fn series(anchor: &str, interval: Interval, count: u32, n: usize) -> Vec<String> {
        let every = Recurrence { interval, count };
        let anchor = at(anchor);
        let mut now = anchor;
        std::iter::repeat_with(|| {
            now = next_boundary(anchor, every, now);
            date(now).unwrap().format("%F").to_string()
        })
        .take(n)
        .collect()
    }

    #[test]
    fn the_31st_comes_back() {
        let days = series("2025-01-31T10:00:00Z", Interval::Month, 1, 4);
        assert_eq!(days, ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]);
    }

    #[test]
    fn leap_days_come_back() {
        let days = series("2024-02-29T00:00:00Z", Interval::Year, 1, 4);
        assert_eq!(days, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    }

    #[test]
    fn quarters_and_weeks() {
        assert_eq!(
            series("2025-11-30T00:00:00Z", Interval::Month, 3, 3),
            ["2026-02-28", "2026-05-30", "2026-08-30"]
        );
        assert_eq!(series("2025-12-29T00:00:00Z", Interval::Week, 1, 2), ["2026-01-05", "2026-01-12"]);
    }

    #[test]
    fn before_the_anchor_the_anchor_is_next() {
        let every = Recurrence { interval: Interval::Month, count: 1 };
        assert_eq!(next_boundary(1_000_000, every, 5), 1_000_000);
    }

    fn recurrence() -> impl Strategy<Value = Recurrence> {
        let interval = prop_oneof![
            Just(Interval::Day),
            Just(Interval::Week),
            Just(Interval::Month),
            Just(Interval::Year)
        ];
        (interval, 1_u32..13).prop_map(|(interval, count)| Recurrence { interval, count })
    }

    proptest! {
        #[test]
        fn boundaries_grow_and_leave_no_gap(anchor in 0_i64..4_000_000_000, passed in 0_i64..1_000_000_000, every in recurrence()) {
            let now = anchor + passed;
            let next = next_boundary(anchor, every, now);
            prop_assert!(next > now);
            // From any moment before it, the same boundary is next: none was skipped.
            prop_assert_eq!(next_boundary(anchor, every, next - 1), next);
            prop_assert!(next_boundary(anchor, every, next) > next);
        }

        #[test]
        fn months_keep_the_day_or_take_the_last(anchor in 0_i64..4_000_000_000, n in 1_u32..240) {
            let every = Recurrence { interval: Interval::Month, count: 1 };
            let from = date(anchor).unwrap();
            let to = date(boundary(anchor, every, n).unwrap()).unwrap();
            prop_assert_eq!(from.time(), to.time());
            let last_of_month = (to + chrono::TimeDelta::days(1)).month() != to.month();
            prop_assert!(to.day() == from.day() || (to.day() < from.day() && last_of_month));
        }
    }
}
