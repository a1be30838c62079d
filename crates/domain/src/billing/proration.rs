//! What a change of plan costs in the middle of a period, and how long it lasts.

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use super::BillingPeriod;
use crate::money::Money;

/// What is left of the present plan, and what a change costs now. All amounts are net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proration {
    /// Whole days that are left of the present period.
    pub days_remaining: u32,
    /// What those days were worth.
    pub credit: Money,
    /// What the change costs: the new price less the credit, and never less than nothing.
    pub amount_due: Money,
    /// The end of what is paid for with credit and amount: a whole period of the new plan from `now`. A credit that is
    /// worth more than a period is given as time, by the day.
    pub until: DateTime<Utc>,
}

/// The proration of a change at `now` from a plan that was paid until `expires_at` to another one (spec 5.6): what is left
/// of the present period is given back, and a period of the new plan begins. (The original changes the plan, charges
/// nothing, and leaves the dates; with the whole new price charged, the dates have to move.)
///
/// The credit is rounded half to even and the amount due is computed from the rounded credit, so that credit and
/// amount add up to the new price; the original rounds both from the exact credit, which differs by a cent at most.
/// Prices are of one currency, which the caller has seen to.
pub fn prorate(
    (price, period): (Money, BillingPeriod),
    expires_at: DateTime<Utc>,
    (new_price, new_period): (Money, BillingPeriod),
    now: DateTime<Utc>,
) -> Proration {
    let days = (expires_at - now).num_days().max(0);
    let credit = share_half_even(price.minor, days, period.days().into());
    let due = (new_price.minor - credit).max(0);
    let until = match i128::from(credit) * i128::from(new_period.days()) {
        // What costs nothing lasts as long as what was paid for.
        _ if new_price.minor == 0 => expires_at.max(now),
        _ if due > 0 => new_period.end(now),
        worth => {
            let days = u64::try_from(worth / i128::from(new_price.minor)).unwrap_or(u64::MAX);
            let days = days.min(BillingPeriod::OneTime.days().into());
            now.checked_add_days(Days::new(days)).unwrap_or(DateTime::<Utc>::MAX_UTC)
        }
    };
    Proration {
        // Not negative, and no more than a calendar has days.
        days_remaining: u32::try_from(days).unwrap_or(0),
        credit: Money::new(credit, price.currency),
        amount_due: Money::new(due, new_price.currency),
        until,
    }
}

/// `amount × numerator / denominator` in whole minor units, a half to the even one (as Python's `Decimal` does).
fn share_half_even(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(numerator);
    let denominator = i128::from(denominator);
    let (whole, rest) = (exact.div_euclid(denominator), exact.rem_euclid(denominator));
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => whole.rem_euclid(2),
    };
    // Prices are bounded, and periods end within a century.
    i64::try_from(whole + up).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::{Days, TimeDelta, TimeZone};
    use proptest::prelude::*;

    use super::*;
    use crate::money::Currency;

    fn euro(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2027, 2, 28, 12, 0, 0).unwrap()
    }

    #[test]
    fn right_after_buying_a_day_is_gone() {
        let expires_at = now() + Days::new(30) - TimeDelta::milliseconds(1);
        let found = prorate(
            (euro(2_999), BillingPeriod::Monthly),
            expires_at,
            (euro(9_999), BillingPeriod::Yearly),
            now(),
        );
        assert_eq!((found.days_remaining, found.credit.minor, found.amount_due.minor), (29, 2_899, 7_100));
        assert_eq!(found.until, now() + Days::new(365));
    }

    #[test]
    fn days_beyond_a_period_are_worth_as_much_as_those_within() {
        let monthly = (euro(3_000), BillingPeriod::Monthly);
        let found = prorate(monthly, now() + Days::new(37), (euro(9_000), BillingPeriod::Monthly), now());
        assert_eq!((found.days_remaining, found.credit.minor, found.amount_due.minor), (37, 3_700, 5_300));
    }

    #[test]
    fn a_credit_that_is_worth_more_than_a_period_is_given_as_time() {
        let yearly = (euro(36_500), BillingPeriod::Yearly);
        let found = prorate(yearly, now() + Days::new(300), (euro(6_000), BillingPeriod::Monthly), now());
        assert_eq!((found.credit.minor, found.amount_due.minor), (30_000, 0));
        assert_eq!(found.until, now() + Days::new(150), "2 euro a day");
        let free = prorate(yearly, now() + Days::new(300), (euro(0), BillingPeriod::Monthly), now());
        assert_eq!((free.amount_due.minor, free.until), (0, now() + Days::new(300)));
    }

    #[test]
    fn half_a_cent_goes_to_the_even_one() {
        assert_eq!(share_half_even(1, 1, 2), 0);
        assert_eq!(share_half_even(3, 1, 2), 2);
        assert_eq!(share_half_even(5, 1, 2), 2);
        assert_eq!(share_half_even(999, 15, 30), 500);
        assert_eq!(share_half_even(1001, 15, 30), 500);
    }

    proptest! {
        #[test]
        fn credit_and_amount_add_up_to_the_new_price(
            price in 0_i64..10_000_000, new_price in 0_i64..10_000_000, seconds in -100_000_000_i64..100_000_000,
            period in proptest::sample::select(BillingPeriod::ALL), new_period in proptest::sample::select(BillingPeriod::ALL),
        ) {
            let expires_at = now() + TimeDelta::seconds(seconds);
            let found = prorate((euro(price), period), expires_at, (euro(new_price), new_period), now());
            prop_assert!(found.credit.minor >= 0);
            prop_assert!(found.until >= now());
            if found.amount_due.minor > 0 {
                prop_assert_eq!(found.credit.minor + found.amount_due.minor, new_price);
                prop_assert_eq!(found.until, new_period.end(now()));
            } else {
                prop_assert!(found.credit.minor >= new_price);
            }
            if seconds < 0 {
                prop_assert_eq!(found.credit.minor, 0);
            }
        }
    }
}
