//! What an account may use, and how much of it (spec `subscription-billing.md` 5.11, "feature guard").
//!
//! A plan's `features` are a list of names, or an object: its members that are `true`, the names in its member `features`,
//! and those with a limit in its member `limits` are what the plan gives. A limit of `null`, or none, is no limit.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::Value;

use super::{BillingPeriod, SubscriptionState};

/// What everybody may use, with a subscription or without.
pub const FREE: [&str; 3] = ["basic_access", "limited_uploads", "standard_support"];

/// The longest name of a feature.
pub const MAX_NAME: usize = 100;

/// A subscription that gives access now, as far as features go.
#[derive(Debug, Clone)]
pub struct Entitlement {
    /// What its plan gives.
    pub features: Value,
    /// How it stands.
    pub state: SubscriptionState,
    /// How often its plan is paid for.
    pub billing_period: BillingPeriod,
    /// Whether a payment provider collects it, in months of the calendar.
    pub is_collected: bool,
}

/// The time in which uses are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsagePeriod {
    /// Its beginning, which names it.
    pub starts_at: DateTime<Utc>,
    /// Its end, at which counting begins anew.
    pub ends_at: DateTime<Utc>,
}

/// How much of a feature may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// How often within the period; none for as often as one likes.
    pub limit: Option<i64>,
    /// The period.
    pub period: UsagePeriod,
}

impl Grant {
    /// Whether this gives more than the other: no limit before a large one, and of two equal ones the one that counts
    /// anew later, so that the answer does not depend on an order.
    fn is_more_than(&self, other: &Self) -> bool {
        let rank = |grant: &Self| (grant.limit.is_none(), grant.limit, grant.period.ends_at);
        rank(self) > rank(other)
    }

    /// How often it may still be used after `used` times; none for as often as one likes.
    pub fn remaining(&self, used: i64) -> Option<i64> {
        self.limit.map(|limit| limit.saturating_sub(used).max(0))
    }
}

/// What an account may use at `now`: of several subscriptions that give the same, the one that gives the most counts.
pub fn granted(entitlements: &[Entitlement], now: DateTime<Utc>) -> BTreeMap<String, Grant> {
    let month = UsagePeriod::of_month(now);
    let mut granted: BTreeMap<String, Grant> = BTreeMap::new();
    for entitlement in entitlements {
        let period = entitlement.period(now);
        for (name, limit) in named(&entitlement.features) {
            let grant = Grant { limit, period };
            let known = granted.entry(name).or_insert(grant);
            if grant.is_more_than(known) {
                *known = grant;
            }
        }
    }
    for name in FREE {
        granted.entry(name.to_owned()).or_insert(Grant { limit: None, period: month });
    }
    granted
}

/// The largest number that running plans give under a name, as a member of their `features` or in its member `limits`; none
/// where one of them says `null`, which is no limit. `otherwise` where no plan says anything.
pub fn allowance(entitlements: &[Entitlement], name: &str, otherwise: i64) -> Option<i64> {
    let said = entitlements.iter().filter_map(|entitlement| {
        let map = entitlement.features.as_object()?;
        map.get(name).or_else(|| map.get("limits")?.get(name)).map(limit)
    });
    said.max_by_key(|limit| (limit.is_none(), *limit)).unwrap_or(Some(otherwise))
}

/// What a plan gives, each with its limit.
fn named(features: &Value) -> BTreeMap<String, Option<i64>> {
    let names = |list: &Value| {
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), None)).collect::<Vec<_>>()
    };
    let mut found: BTreeMap<String, Option<i64>> = names(features).into_iter().collect();
    if let Some(map) = features.as_object() {
        let granted = map.iter().filter(|(_, value)| **value == Value::Bool(true));
        found.extend(granted.map(|(name, _)| (name.clone(), None)));
        found.extend(map.get("features").map(names).unwrap_or_default());
        let limits = map.get("limits").and_then(Value::as_object);
        found.extend(limits.into_iter().flatten().map(|(name, value)| (name.clone(), limit(value))));
    }
    found.retain(|name, _| !name.is_empty() && name.chars().count() <= MAX_NAME);
    found
}

/// A limit as it is written; what cannot be one allows nothing, since the other mistake would allow everything.
fn limit(value: &Value) -> Option<i64> {
    match value {
        Value::Null => None,
        value => Some(value.as_i64().unwrap_or(0).max(0)),
    }
}

impl Entitlement {
    /// The period of the subscription that `now` is in; of what is not paid for again and again, the calendar month. Periods
    /// are counted from the beginning of the subscription, since its end moves: with each pause, or gift of days, they would
    /// begin elsewhere, and with them the counting.
    fn period(&self, now: DateTime<Utc>) -> UsagePeriod {
        let begin = self.state.columns().started_at;
        if let (true, Some(starts_at), Some(ends_at)) =
            (self.state.is_trial(), begin, self.state.expires_at())
        {
            return UsagePeriod { starts_at, ends_at };
        }
        let Some(begin) = begin.filter(|_| self.billing_period.is_recurring()) else {
            return UsagePeriod::of_month(now);
        };
        let months = match self.billing_period {
            BillingPeriod::Monthly => 1,
            BillingPeriod::Quarterly => 3,
            BillingPeriod::Yearly => 12,
            BillingPeriod::Weekly | BillingPeriod::OneTime => 0,
        };
        let period = if self.is_collected && months > 0 {
            UsagePeriod::by_months(begin, months, now)
        } else {
            UsagePeriod::by_days(begin, self.billing_period.days().into(), now)
        };
        period.unwrap_or_else(|| UsagePeriod::of_month(now))
    }
}

impl UsagePeriod {
    /// The calendar month, in UTC.
    pub fn of_month(now: DateTime<Utc>) -> Self {
        let first = now.date_naive().with_day(1).unwrap_or_else(|| now.date_naive());
        let at = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
        Self { starts_at: at(first), ends_at: at(next) }
    }

    /// The one of periods of equal length, one of which starts at `begin`, that `now` is in.
    fn by_days(begin: DateTime<Utc>, days: i64, now: DateTime<Utc>) -> Option<Self> {
        let length = TimeDelta::days(days);
        let over = (now - begin).num_seconds().div_euclid(length.num_seconds());
        let starts_at = begin.checked_add_signed(TimeDelta::days(over.checked_mul(days)?))?;
        // Before the beginning, what is left of a second belongs to the period before.
        let starts_at = if starts_at > now { starts_at - length } else { starts_at };
        Some(Self { starts_at, ends_at: starts_at.checked_add_signed(length)? })
    }

    /// The same for months of the calendar.
    fn by_months(begin: DateTime<Utc>, months: u32, now: DateTime<Utc>) -> Option<Self> {
        // Each from the beginning, not from the one before: the 31st comes again after a shorter month.
        let after = |periods: i32| -> Option<DateTime<Utc>> {
            let away = Months::new(periods.unsigned_abs().checked_mul(months)?);
            if periods < 0 { begin.checked_sub_months(away) } else { begin.checked_add_months(away) }
        };
        let mut over = 0;
        while after(over)? > now {
            over -= 1;
        }
        while after(over + 1)? <= now {
            over += 1;
        }
        Some(Self { starts_at: after(over)?, ends_at: after(over + 1)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn active(features: Value, billing_period: BillingPeriod, start: &str, end: &str) -> Entitlement {
        let state = SubscriptionState::Active { started_at: at(start), expires_at: at(end) };
        Entitlement { features, state, billing_period, is_collected: false }
    }

    const NOW: &str = "2027-03-10T12:00:00Z";

    #[test]
    fn without_a_subscription_there_is_what_everybody_has() {
        let granted = granted(&[], at(NOW));
        assert_eq!(granted.keys().collect::<Vec<_>>(), FREE.iter().collect::<Vec<_>>());
        let month =
            UsagePeriod { starts_at: at("2027-03-01T00:00:00Z"), ends_at: at("2027-04-01T00:00:00Z") };
        assert!(granted.values().all(|grant| *grant == Grant { limit: None, period: month }));
    }

    #[test]
    fn a_plan_gives_what_it_names_whether_in_a_list_or_an_object() {
        let names = |features: Value| {
            let it = active(features, BillingPeriod::Monthly, "2027-03-01T00:00:00Z", "2027-03-31T00:00:00Z");
            let granted = granted(&[it], at(NOW));
            let own = granted.into_iter().filter(|(name, _)| !FREE.contains(&name.as_str()));
            own.map(|(name, grant)| (name, grant.limit)).collect::<Vec<_>>()
        };
        let named = |name: &str, limit| (name.to_owned(), limit);
        assert_eq!(names(json!(["export", 3, null, ""])), [named("export", None)]);
        assert_eq!(
            names(json!({
                "default_tokens": 100, "export": true, "import": false, "features": ["share"],
                "limits": { "api": 5, "share": null, "odd": "many", "owed": -1, "half": 1.5 },
            })),
            [
                named("api", Some(5)),
                named("export", None),
                named("half", Some(0)),
                named("odd", Some(0)),
                named("owed", Some(0)),
                named("share", None)
            ]
        );
        for nothing in [json!(null), json!("export"), json!({ "limits": [1] }), json!(7)] {
            assert!(names(nothing).is_empty());
        }
    }

    #[test]
    fn of_several_plans_the_one_that_gives_the_most_counts() {
        let of = |limit: Value, end: &str| {
            active(json!({ "limits": { "api": limit } }), BillingPeriod::Monthly, "2027-03-01T00:00:00Z", end)
        };
        let (few, many, all) = (
            of(json!(5), "2027-03-20T00:00:00Z"),
            of(json!(50), "2027-03-25T00:00:00Z"),
            of(json!(null), "2027-03-30T00:00:00Z"),
        );
        let limit = |entitlements: &[Entitlement]| granted(entitlements, at(NOW))["api"].limit;
        assert_eq!(limit(&[few.clone(), many.clone()]), Some(50));
        assert_eq!(limit(&[many.clone(), few.clone()]), Some(50));
        assert_eq!(limit(&[all.clone(), many.clone()]), None);
        assert_eq!(limit(&[many, all]), None);
        assert_eq!(Grant { limit: Some(5), period: few.period(at(NOW)) }.remaining(9), Some(0));
    }

    #[test]
    fn of_several_plans_the_largest_number_counts() {
        let of = |features: Value| {
            active(features, BillingPeriod::Monthly, "2027-03-01T00:00:00Z", "2027-03-31T00:00:00Z")
        };
        let given = |plans: &[Value]| {
            let plans: Vec<_> = plans.iter().cloned().map(of).collect();
            allowance(&plans, "daily", 3)
        };
        assert_eq!(given(&[]), Some(3));
        assert_eq!(given(&[json!(["daily"]), json!({ "weekly": 9 })]), Some(3));
        assert_eq!(given(&[json!({ "daily": 1 })]), Some(1), "a plan may give less than there is without");
        assert_eq!(given(&[json!({ "daily": 5 }), json!({ "limits": { "daily": 7 } })]), Some(7));
        assert_eq!(given(&[json!({ "daily": null }), json!({ "daily": 5 })]), None);
        for odd in [json!("many"), json!(-1), json!(1.5), json!(true)] {
            assert_eq!(given(&[json!({ "daily": odd })]), Some(0));
        }
    }

    #[test]
    fn uses_are_counted_in_the_period_of_the_subscription() {
        let start = |it: &Entitlement, now: &str| it.period(at(now)).starts_at.to_rfc3339();
        let mut it =
            active(json!([]), BillingPeriod::Monthly, "2027-01-31T12:00:00Z", "2027-05-31T12:00:00Z");
        // 30 days each, from the beginning.
        assert_eq!(start(&it, "2027-05-31T11:59:59Z"), "2027-05-01T12:00:00+00:00");
        assert_eq!(start(&it, "2027-05-01T12:00:00Z"), "2027-05-01T12:00:00+00:00");
        assert_eq!(start(&it, "2027-05-01T11:59:59Z"), "2027-04-01T12:00:00+00:00");
        // A provider collects by the calendar.
        it.is_collected = true;
        assert_eq!(start(&it, "2027-05-31T11:59:59Z"), "2027-04-30T12:00:00+00:00");
        assert_eq!(start(&it, "2027-04-30T11:59:59Z"), "2027-03-31T12:00:00+00:00");
        assert_eq!(start(&it, "2027-06-02T00:00:00Z"), "2027-05-31T12:00:00+00:00");
        // What is paid once lasts for a hundred years: its uses are counted by the month.
        it.billing_period = BillingPeriod::OneTime;
        assert_eq!(start(&it, NOW), "2027-03-01T00:00:00+00:00");
        it.state = SubscriptionState::trial(at("2027-03-05T00:00:00Z"), 14);
        assert_eq!(start(&it, NOW), "2027-03-05T00:00:00+00:00");
    }

    #[test]
    fn neither_a_pause_nor_a_gift_begins_a_period() {
        let begin = at("2027-01-31T12:00:00Z");
        let start = |state: SubscriptionState, billing_period, is_collected| {
            let it = Entitlement { features: json!([]), state, billing_period, is_collected };
            it.period(at("2027-02-10T12:00:00Z")).starts_at
        };
        let bought = SubscriptionState::Pending.activated(begin, BillingPeriod::Monthly).unwrap();
        let paused = bought.paused(at("2027-01-31T13:00:00Z")).unwrap();
        let resumed = paused.resumed(at("2027-02-01T01:00:00Z")).unwrap();
        let cancelled = resumed.cancelled(at("2027-02-05T00:00:00Z"));
        for state in [bought, resumed, cancelled, resumed.extended(3).unwrap()] {
            for is_collected in [false, true] {
                assert_eq!(start(state, BillingPeriod::Monthly, is_collected), begin, "{state:?}");
            }
        }
        // Nor does the cancellation of a trial, whose days are not those of its plan.
        let trial = SubscriptionState::trial(begin, 14);
        for state in [trial, trial.cancelled(at("2027-02-03T00:00:00Z"))] {
            assert_eq!(start(state, BillingPeriod::Weekly, false), begin, "{state:?}");
        }
    }

    proptest! {
        #[test]
        fn now_is_always_in_its_period_and_periods_follow_one_another(
            offset in -200_000_000_i64..200_000_000, millis in 0_i64..1_000, is_collected: bool,
            period in proptest::sample::select(BillingPeriod::ALL),
        ) {
            let begin = at("2027-08-31T12:00:00Z");
            let now = begin + TimeDelta::seconds(offset) + TimeDelta::milliseconds(millis);
            let state = SubscriptionState::Active { started_at: begin, expires_at: begin };
            let it = Entitlement { features: json!([]), state, billing_period: period, is_collected };
            let found = it.period(now);
            prop_assert!(found.starts_at <= now);
            prop_assert!(now < found.ends_at);
            let before = it.period(found.starts_at - TimeDelta::milliseconds(1));
            prop_assert_eq!(before.ends_at, found.starts_at);
            prop_assert_eq!(it.period(found.starts_at), found);
        }
    }
}
