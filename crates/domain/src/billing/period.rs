//! How long what was paid for lasts.

use chrono::{DateTime, Days, Utc};

use crate::text_enum::text_enum;

text_enum! {
    /// How often a plan or an add-on is paid for.
    BillingPeriod {
        /// 7 days. (The original took 30, a defect: spec 5.6.)
        Weekly => "weekly",
        /// 30 days.
        Monthly => "monthly",
        /// 90 days.
        Quarterly => "quarterly",
        /// 365 days.
        Yearly => "yearly",
        /// Paid once; lasts 36,500 days.
        OneTime => "one_time",
    }
}

impl BillingPeriod {
    /// The length in days (spec 5.6).
    pub const fn days(self) -> u32 {
        match self {
            Self::Weekly => 7,
            Self::Monthly => 30,
            Self::Quarterly => 90,
            Self::Yearly => 365,
            Self::OneTime => 36_500,
        }
    }

    /// Whether it is paid for again and again.
    pub const fn is_recurring(self) -> bool {
        !matches!(self, Self::OneTime)
    }

    /// The end of a period that begins at `start`. Days of 24 hours in UTC: neither leap years nor changes of the clock
    /// make one customer's period longer than another's.
    pub fn end(self, start: DateTime<Utc>) -> DateTime<Utc> {
        start.checked_add_days(Days::new(self.days().into())).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// What a month of it costs, for figures such as MRR: a year of 365 days has twelve equal months. None for what is
    /// paid once. Rounded half away from zero.
    pub fn per_month(self, price_minor: i64) -> Option<i64> {
        let (numerator, denominator) = match self {
            Self::Weekly => (365, 84),
            Self::Monthly => (1, 1),
            Self::Quarterly => (1, 3),
            Self::Yearly => (1, 12),
            Self::OneTime => return None,
        };
        Some(super::tax::share_half_up(price_minor, numerator, denominator))
    }
}
