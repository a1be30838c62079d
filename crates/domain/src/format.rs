//! The one formatter for money, dates and numbers, the same on the server and in the browser.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};

use crate::money::Money;
use crate::stay::StayDates;

/// The true minus sign, which lines up with digits.
const MINUS: &str = "\u{2212}";

/// How a reader's language writes numbers and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// English as in Ireland and Britain: `€ 1,240.00`, `Fri 20 Nov`.
    #[default]
    English,
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Locale {
    fn weekday(self, date: NaiveDate) -> &'static str {
        let Self::English = self;
        WEEKDAYS[usize::try_from(date.weekday().num_days_from_monday()).unwrap_or(0) % 7]
    }

    fn month(self, date: NaiveDate) -> &'static str {
        let Self::English = self;
        MONTHS[usize::try_from(date.month0()).unwrap_or(0) % 12]
    }

    /// A whole number with groups: `12,480`.
    pub fn number(self, value: i64) -> String {
        let digits = value.unsigned_abs().to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
        if value < 0 {
            text.push_str(MINUS);
        }
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }

    /// An amount with its currency: `€ 1,240.00`, `JPY 12,000`.
    pub fn money(self, money: Money) -> String {
        let decimals = money.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let (major, minor) = (money.minor.unsigned_abs() / unit, money.minor.unsigned_abs() % unit);
        let symbol = match money.currency.code() {
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            "TRY" => "₺",
            other => other,
        };
        let sign = if money.minor < 0 { MINUS } else { "" };
        let major = self.number(i64::try_from(major).unwrap_or(i64::MAX));
        // No-break space: an amount never wraps between symbol and figure.
        if unit == 1 {
            format!("{sign}{symbol}\u{a0}{major}")
        } else {
            format!("{sign}{symbol}\u{a0}{major}.{minor:0width$}", width = decimals as usize)
        }
    }

    /// A date, with the year only when it is not that of `today`: `Fri 20 Nov`, `Fri 20 Nov 2027`.
    pub fn date(self, date: NaiveDate, today: NaiveDate) -> String {
        let short = format!("{} {} {}", self.weekday(date), date.day(), self.month(date));
        if date.year() == today.year() { short } else { format!("{short} {}", date.year()) }
    }

    /// A date with its year: `Fri 20 Nov 2026`.
    pub fn full_date(self, date: NaiveDate) -> String {
        format!("{} {} {} {}", self.weekday(date), date.day(), self.month(date), date.year())
    }

    /// A date as documents and letters write it: `20 Nov 2026`.
    pub fn plain_date(self, date: NaiveDate) -> String {
        format!("{} {} {}", date.day(), self.month(date), date.year())
    }

    /// A stay's dates: `Fri 20 → Mon 23 Nov`, both months where they differ.
    pub fn stay(self, dates: StayDates, today: NaiveDate) -> String {
        let (arrival, departure) = (dates.arrival(), dates.departure());
        let same_month = (arrival.year(), arrival.month()) == (departure.year(), departure.month());
        let from = if same_month {
            format!("{} {}", self.weekday(arrival), arrival.day())
        } else {
            format!("{} {} {}", self.weekday(arrival), arrival.day(), self.month(arrival))
        };
        format!("{from} → {}", self.date(departure, today))
    }

    /// An instant as the clock on the wall shows it where `at` was read: `Fri 20 Nov 2026, 14:05`.
    pub fn instant(self, at: DateTime<FixedOffset>) -> String {
        format!("{}, {}", self.full_date(at.date_naive()), self.time(at))
    }

    /// The time of day as the clock on the wall shows it where `at` was read: `14:05`.
    pub fn time(self, at: DateTime<FixedOffset>) -> String {
        format!("{:02}:{:02}", at.hour(), at.minute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn money_has_groups_a_real_minus_and_its_currency() {
        assert_eq!(Locale::English.money(Money::new(124_000, Currency::EUR)), "€\u{a0}1,240.00");
        assert_eq!(Locale::English.money(Money::new(-5, Currency::USD)), "−$\u{a0}0.05");
        assert_eq!(
            Locale::English.money(Money::new(1_234_567, "JPY".parse().unwrap())),
            "JPY\u{a0}1,234,567"
        );
    }

    #[test]
    fn dates_name_the_year_only_when_it_is_another() {
        let today = date("2026-11-20");
        assert_eq!(Locale::English.date(today, today), "Fri 20 Nov");
        assert_eq!(Locale::English.date(date("2027-01-02"), today), "Sat 2 Jan 2027");
        assert_eq!(Locale::English.plain_date(today), "20 Nov 2026");
        let stay = StayDates::new(date("2026-11-20"), date("2026-11-23")).unwrap();
        assert_eq!(Locale::English.stay(stay, today), "Fri 20 → Mon 23 Nov");
        let over_new_year = StayDates::new(date("2026-12-30"), date("2027-01-02")).unwrap();
        assert_eq!(Locale::English.stay(over_new_year, today), "Wed 30 Dec → Sat 2 Jan 2027");
    }
}
