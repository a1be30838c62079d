//! What a change of plan costs in the middle of a period.

use chrono::{DateTime, Utc};
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
}

/// The proration of a change at `now` from a plan that was paid until `expires_at` to one at `new_price` (spec 5.6).
///
/// The credit is rounded half to even and the amount due is computed from the rounded credit, so that credit and
/// amount add up to the new price; the original rounds both from the exact credit, which differs by a cent at most.
/// Prices are of one currency, which the caller has seen to.
pub fn prorate(
    price: Money,
    period: BillingPeriod,
    expires_at: DateTime<Utc>,
    new_price: Money,
    now: DateTime<Utc>,
) -> Proration {
    let total = i64::from(period.days());
    let days = (expires_at - now).num_days().clamp(0, total);
    let credit = share_half_even(price.minor, days, total);
    let due = (new_price.minor - credit).max(0);
    Proration {
        // Between 0 and the days of a period.
        days_remaining: u32::try_from(days).unwrap_or(0),
        credit: Money::new(credit, price.currency),
        amount_due: Money::new(due, new_price.currency),
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
    // Not larger than `amount`, since the numerator is at most the denominator.
    i64::try_from(whole + up).unwrap_or(amount)
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
        let found = prorate(euro(2_999), BillingPeriod::Monthly, expires_at, euro(9_999), now());
        assert_eq!((found.days_remaining, found.credit.minor, found.amount_due.minor), (29, 2_899, 7_100));
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
            period in proptest::sample::select(BillingPeriod::ALL),
        ) {
            let expires_at = now() + TimeDelta::seconds(seconds);
            let found = prorate(euro(price), period, expires_at, euro(new_price), now());
            prop_assert!((0..=price).contains(&found.credit.minor));
            prop_assert!(found.days_remaining <= period.days());
            if found.amount_due.minor > 0 {
                prop_assert_eq!(found.credit.minor + found.amount_due.minor, new_price);
            } else {
                prop_assert!(found.credit.minor >= new_price);
            }
            if seconds < 0 {
                prop_assert_eq!(found.credit.minor, 0);
            }
        }
    }
}
