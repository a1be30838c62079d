//! How facts are written, in the reader's language: the only way a page shows money, dates and numbers.

use chrono::NaiveDate;
use domain::booking::{HistoryEntry, StayRow};
use domain::format::Locale;
use domain::money::{Currency, Money};
use domain::stay::{StayDates, StayStatus};
use leptos::prelude::*;
use ui::StatusBadge;

use crate::texts::{fact_text, fill, status_text, texts};

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

/// `14:05`.
pub fn clock(time: chrono::NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// `Fri 20 Nov 2026, 14:05`, by the clock of the place `at` was read for.
pub fn instant(at: chrono::DateTime<chrono::FixedOffset>) -> String {
    locale().instant(at)
}

/// The state of a stay, and whether the guest is to come or to go by today.
pub fn status(stay: &StayRow, today: NaiveDate) -> impl IntoView + use<> {
    let words = &texts().words;
    let due = match stay.status {
        StayStatus::Reserved if stay.dates.arrival() <= today => Some(words.due_in),
        StayStatus::CheckedIn if stay.dates.departure() <= today => Some(words.due_out),
        _ => None,
    };
    let text = due.unwrap_or_else(|| status_text(stay.status));
    view! { <StatusBadge status=stay.status is_due=due.is_some() text/> }
}

/// The facts of something that was done, in words: `Fri 20 → Mon 23 Nov, before Fri 20 → Sun 22 Nov; room 12`. Amounts
/// need the `currency` they were in.
pub fn facts(entry: &HistoryEntry, today: NaiveDate, currency: Option<Currency>) -> String {
    let fact = |name: &str| entry.facts.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str());
    let dates = |arrival: &str, departure: &str| {
        let (arrival, departure) = (fact(arrival)?.parse().ok()?, fact(departure)?.parse().ok()?);
        StayDates::new(arrival, departure).ok()
    };
    let t = &texts().facts;
    let mut found = Vec::new();
    let now = dates("arrival", "departure");
    if let (Some(now), Some(before)) = (now, dates("arrival_before", "departure_before")) {
        let text = if now == before { t.same_dates } else { t.other_dates };
        found.push(fill(text, &[("now", &stay(now, today)), ("before", &stay(before, today))]));
    } else if let Some(now) = now {
        found.push(stay(now, today));
    }
    for (name, value) in &entry.facts {
        let is_date_of_stay =
            ["arrival", "departure", "arrival_before", "departure_before"].contains(&name.as_str());
        if now.is_some() && is_date_of_stay {
            continue;
        }
        if let (Some(currency), "total_minor", Ok(minor)) = (currency, name.as_str(), value.parse()) {
            found.push(fill(t.total, &[("amount", &money(Money::new(minor, currency)))]));
        } else if let Some(word) = fact_text(name) {
            let value = value.parse().map_or_else(|_| value.clone(), |value| date(value, today));
            found.push(format!("{word} {value}"));
        }
    }
    found.join("; ")
}
