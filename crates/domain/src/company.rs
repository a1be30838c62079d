//! A company as the platform's admin sees it: until when its package was agreed, and what that means (spec
//! `hotel-modules.md` 2.2).

use chrono::{Days, NaiveDate};

use crate::text_enum::text_enum;

/// The last day before a package's end that counts as the last month.
const MONTH: u64 = 30;

/// The last one that counts as the last three months.
const QUARTER: u64 = 90;

text_enum! {
    /// How a company's package stands.
    PackageStatus {
        /// Its end is more than 90 days away, or was never agreed.
        Active => "active",
        /// It ends in 31 to 90 days.
        Expiring3Months => "expiring_3_months",
        /// It ends within 30 days, or today.
        Expiring1Month => "expiring_1_month",
        /// It ended before today.
        Expired => "expired",
    }
}

impl PackageStatus {
    /// How a package that ends on `end` stands on a day, and in how many days it ends: negative when that is over, 0
    /// without an end.
    pub fn of(end: Option<NaiveDate>, today: NaiveDate) -> (Self, i64) {
        let Some(end) = end else { return (Self::Active, 0) };
        let days = (end - today).num_days();
        let status = match days {
            ..0 => Self::Expired,
            0..=30 => Self::Expiring1Month,
            31..=90 => Self::Expiring3Months,
            _ => Self::Active,
        };
        (status, days)
    }

    /// The first and the last end of packages that stand like this on a day. Those without an end are active besides.
    pub fn ends(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let after = |days| today.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX);
        match self {
            Self::Expired => (FIRST, today.pred_opt().unwrap_or(FIRST)),
            Self::Expiring1Month => (today, after(MONTH)),
            Self::Expiring3Months => (after(MONTH + 1), after(QUARTER)),
            Self::Active => (after(QUARTER + 1), LAST),
        }
    }
}

/// Before all dates that somebody means, and after all of them.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");
const LAST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        "2027-03-10".parse().unwrap()
    }

    #[test]
    fn packages_stand_as_their_end_says() {
        let of = |days: i64| PackageStatus::of(Some(today() + TimeDelta::days(days)), today());
        for (days, expected) in [
            (100, "active"),
            (91, "active"),
            (90, "expiring_3_months"),
            (60, "expiring_3_months"),
            (31, "expiring_3_months"),
            (30, "expiring_1_month"),
            (10, "expiring_1_month"),
            (0, "expiring_1_month"),
            (-1, "expired"),
        ] {
            assert_eq!((of(days).0.as_str(), of(days).1), (expected, days), "{days}");
        }
        assert_eq!(PackageStatus::of(None, today()), (PackageStatus::Active, 0));
    }

    proptest! {
        #[test]
        fn a_list_of_one_status_has_those_that_stand_like_it(days in -4000_i64..4000) {
            let end = today() + TimeDelta::days(days);
            let (status, _) = PackageStatus::of(Some(end), today());
            for other in PackageStatus::ALL {
                let (first, last) = other.ends(today());
                prop_assert_eq!((first..=last).contains(&end), *other == status, "{}", other);
            }
        }
    }
}
