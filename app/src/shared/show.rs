//! How facts are written, in the reader's language: the only way a page shows money, dates and numbers.

use chrono::NaiveDate;
use domain::booking::StayRow;
use domain::format::Locale;
use domain::money::Money;
use domain::stay::StayDates;

use crate::texts::{fill, texts};

/// The reader's locale.
fn locale() -> Locale {
    Locale::English
}

/// `€ 1,240.00`.
pub fn money(amount: Money) -> String {
    locale().money(amount)
}

/// `Fri 20 Nov`, with the year where it is not that of `today`.
pub fn date(date: NaiveDate, today: NaiveDate) -> String {
    locale().date(date, today)
}

/// `Fri 20 Nov 2026`.
pub fn full_date(date: NaiveDate) -> String {
    locale().full_date(date)
}

/// `Fri 20 → Mon 23 Nov`.
pub fn stay(dates: StayDates, today: NaiveDate) -> String {
    locale().stay(dates, today)
}

/// `3 nights`.
pub fn nights(dates: StayDates) -> String {
    match dates.nights() {
        1 => texts().common.night_one.to_owned(),
        n => fill(texts().common.nights, &[("n", &locale().number(n))]),
    }
}

/// `2 guests`.
pub fn guests(party: i16) -> String {
    match party {
        1 => texts().common.guest_one.to_owned(),
        n => fill(texts().common.guests, &[("n", &locale().number(n.into()))]),
    }
}

/// The number of the stay's room, or a dash while it has none.
pub fn room(stay: &StayRow) -> String {
    stay.room_number.clone().unwrap_or_else(|| "–".to_owned())
}

/// `12,480`.
pub fn number(value: i64) -> String {
    locale().number(value)
}

/// `14:05`, by the clock of the place `at` was read for.
pub fn time(at: chrono::DateTime<chrono::FixedOffset>) -> String {
    locale().time(at)
}

/// `Fri 20 Nov 2026, 14:05`, by the clock of the place `at` was read for.
pub fn instant(at: chrono::DateTime<chrono::FixedOffset>) -> String {
    locale().instant(at)
}
