//! Values as clients of the old systems spell them: timestamps with or without a zone, amounts as text or number.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use domain::money::{Currency, Money};
use domain::problem::{FieldProblem, ProblemCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// An amount: `"120.50"` or `120.5`. Answers always carry text, as the original does.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Amount {
    /// As decimal text.
    Text(String),
    /// As a number.
    #[schema(value_type = f64)]
    Number(serde_json::Number),
}

impl Amount {
    /// As decimal text, to be read where the currency is known.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => without_cents(text).to_owned(),
            Self::Number(number) => plain(&number.to_string()),
        }
    }

    /// The amount, or a problem at `field`; never negative.
    pub fn read(&self, field: &str, currency: Currency) -> Result<Money, Problem> {
        let money = Money::parse(&self.text(), currency).map_err(|code| at(field, code))?;
        let limit = domain::room::MAX_RATE_MINOR * 365;
        if (0..=limit).contains(&money.minor) {
            Ok(money)
        } else {
            Err(at(field, ProblemCode::OutOfRange { min: 0, max: limit / 100 }))
        }
    }
}

/// A number's text without a fraction of zeros: `120.0` is `120`.
fn plain(text: &str) -> String {
    match text.split_once('.') {
        Some((major, fraction)) if fraction.chars().all(|c| c == '0') => major.to_owned(),
        _ => text.to_owned(),
    }
}

/// A text without the zeros that clients, and we (`v1::words::amount`), write where a currency has no decimals: `500.00`
/// is `500`. More than two zeros stay: who writes `1.000` may mean a thousand.
fn without_cents(text: &str) -> &str {
    match text.trim().split_once('.') {
        Some((major, "0" | "00")) if !major.is_empty() && major.bytes().all(|b| b.is_ascii_digit()) => major,
        _ => text,
    }
}

/// A problem at one field, as 422.
pub fn at(field: &str, code: ProblemCode) -> Problem {
    Problem::invalid(&[FieldProblem::new(field, code)])
}

/// How clients spell a local time.
const LOCAL: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];

/// An instant with its offset from UTC. A plus sign in a query that nobody escaped arrives as a space.
fn with_offset(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    let plus = usize::from(text.contains('T'));
    DateTime::parse_from_rfc3339(&text.replacen(' ', "+", plus)).ok()
}

/// The civil date a client means in the hotel's zone: of a date, of a local time, or of an instant.
pub fn civil_date(text: &str, time_zone: &str, field: &str) -> Result<NaiveDate, Problem> {
    let text = text.trim();
    if let Ok(date) = text.parse::<NaiveDate>() {
        return in_reach(date, field);
    }
    if let Some(instant) = with_offset(text) {
        return in_reach(instant.with_timezone(&platform::clock::zone(time_zone)).date_naive(), field);
    }
    let local = LOCAL.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    local
        .map(|local| local.date())
        .ok_or_else(|| at(field, ProblemCode::NotADate))
        .and_then(|date| in_reach(date, field))
}

/// The time of day that a client means in the hotel's zone, in whole seconds; none of a date alone, nor of midnight, which
/// stands for a day without a time in what we answer, too.
pub fn time_of_day(text: &str, time_zone: &str) -> Option<NaiveTime> {
    let time = match with_offset(text) {
        Some(instant) => Some(instant.with_timezone(&platform::clock::zone(time_zone)).time()),
        None => local_time(text),
    };
    time.and_then(|time| time.with_nanosecond(0)).filter(|time| *time != NaiveTime::MIN)
}

/// The time of a text without an offset.
fn local_time(text: &str) -> Option<NaiveTime> {
    LOCAL
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok())
        .map(|local| local.time())
}

/// The instant a client means: as it says, or by the hotel's clock.
pub fn instant(text: &str, time_zone: &str, field: &str) -> Result<DateTime<Utc>, Problem> {
    let date = civil_date(text, time_zone, field)?;
    if let Some(instant) = with_offset(text) {
        return Ok(instant.to_utc());
    }
    let time = local_time(text).ok_or_else(|| at(field, ProblemCode::NotADate))?;
    date.and_time(time)
        .and_local_timezone(platform::clock::zone(time_zone))
        .earliest()
        .map(|at| at.to_utc())
        .ok_or_else(|| at(field, ProblemCode::NotADate))
}

/// A date that a hotel can mean.
fn in_reach(date: NaiveDate, field: &str) -> Result<NaiveDate, Problem> {
    if domain::stay::is_in_reach(date) { Ok(date) } else { Err(at(field, ProblemCode::NotADate)) }
}

/// Whether the hotel's zone matters: only an instant with an offset names a day that depends on it.
pub fn has_offset(text: &str) -> bool {
    with_offset(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_names_a_day_in_the_hotels_zone() {
        let read =
            |text: &str| civil_date(text, "Europe/Berlin", "check_in_at").ok().map(|date| date.to_string());
        assert_eq!(read("2027-03-10").as_deref(), Some("2027-03-10"));
        assert_eq!(read("2027-03-10T15:00:00").as_deref(), Some("2027-03-10"));
        assert_eq!(read("2027-03-10T23:30:00Z").as_deref(), Some("2027-03-11"));
        assert_eq!(read("2027-03-10T15:00:00 01:00").as_deref(), Some("2027-03-10"));
        assert_eq!(read("soon"), None);
        assert_eq!(read("99999-01-01"), None);
    }

    #[test]
    fn a_time_is_of_whole_seconds_and_midnight_is_none() {
        let read = |text: &str| time_of_day(text, "Europe/Berlin").map(|time| time.to_string());
        assert_eq!(read("2026-12-01T15:00:12.345Z").as_deref(), Some("16:00:12"));
        assert_eq!(read(" 2026-12-01T15:00:12.345678").as_deref(), Some("15:00:12"));
        assert_eq!(read("2026-12-01 15:00").as_deref(), Some("15:00:00"));
        for day in ["2026-12-01", "2026-12-01T00:00:00", "2026-12-01T00:00:00.000", "2026-11-30T23:00:00Z"] {
            assert_eq!(read(day), None, "{day}");
        }
        assert!(instant("2026-12-01T00:00:00", "Europe/Berlin", "at").is_ok());
    }

    #[test]
    fn an_offset_is_seen_where_it_is_read() {
        for text in [
            "2027-03-10T00:30:00+01:00",
            "2027-03-10T00:30:00 01:00",
            "2027-03-10T00:30:00-03:00",
            "2027-03-10T00:30:00Z",
        ] {
            assert!(has_offset(text), "{text}");
        }
        for text in ["2027-03-10", "2027-03-10T00:30:00", "2027-03-10 00:30"] {
            assert!(!has_offset(text), "{text}");
        }
    }

    #[test]
    fn an_instant_in_the_hour_that_comes_twice_is_the_one_that_was_said() {
        let read = |text: &str| instant(text, "Europe/Berlin", "at").ok().map(|at| at.to_rfc3339());
        assert_eq!(read("2026-10-25T01:30:00Z").as_deref(), Some("2026-10-25T01:30:00+00:00"));
        assert_eq!(
            read("2026-10-25T02:30:00").as_deref(),
            Some("2026-10-25T00:30:00+00:00"),
            "the earlier one"
        );
    }

    #[test]
    fn amounts_are_read_without_floats() {
        let read = |json: &str| {
            serde_json::from_str::<Amount>(json).unwrap().read("rate", Currency::EUR).ok().map(|m| m.minor)
        };
        assert_eq!(read("\"120.50\""), Some(12_050));
        assert_eq!(read("120.0"), Some(12_000));
        assert_eq!(read("120"), Some(12_000));
        assert_eq!(read("-1"), None);
        assert_eq!(read("1e99"), None);
    }

    #[test]
    fn an_amount_is_read_as_we_write_it() {
        let read = |text: &str, currency: Currency| {
            Amount::Text(text.to_owned()).read("amount", currency).ok().map(|money| money.minor)
        };
        for code in ["JPY", "KRW", "CLP", "ISK"] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!((read("500.00", currency), read("500.50", currency)), (Some(500), None), "{code}");
        }
        let dinar: Currency = "KWD".parse().unwrap();
        assert_eq!((read("1.00", dinar), read("1.000", dinar)), (Some(1_000), Some(1_000)));
        assert_eq!(read(" 500.00 ", Currency::EUR), Some(50_000));
        for text in ["1.000", ".00", "12,50.00", "1.2.00"] {
            assert_eq!(read(text, Currency::EUR), None, "{text}");
        }
    }
}
