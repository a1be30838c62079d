//! The time, from one place, so that tests can move it.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that can be handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock, cut to microseconds, which is what Postgres keeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> DateTime<Utc> {
        to_micros(Utc::now())
    }
}

fn to_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct MovableClock(Arc<Mutex<DateTime<Utc>>>);

impl MovableClock {
    /// A clock that shows `at`.
    pub fn at(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(to_micros(at))))
    }

    /// Moves the clock forwards, or backwards by a negative amount.
    pub fn advance(&self, by: TimeDelta) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `name` is a time zone of the IANA database.
pub fn is_time_zone(name: &str) -> bool {
    Tz::from_str(name).is_ok()
}

/// The names of all time zones.
pub fn time_zones() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// The civil date at the instant `at` in a hotel's time zone; an unknown zone counts as UTC.
pub fn business_date(time_zone: &str, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone(time_zone)).date_naive()
}

/// The instant as the clock on the hotel's wall shows it.
pub fn local<Z: chrono::TimeZone>(time_zone: &str, at: DateTime<Z>) -> DateTime<FixedOffset> {
    at.with_timezone(&zone(time_zone)).fixed_offset()
}

/// The hotel's time zone; an unknown name counts as UTC.
pub fn zone(name: &str) -> Tz {
    Tz::from_str(name).unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_date_is_the_hotels() {
        let at = "2026-11-20T23:30:00Z".parse().unwrap();
        assert_eq!(business_date("Europe/Berlin", at).to_string(), "2026-11-21");
        assert_eq!(business_date("America/New_York", at).to_string(), "2026-11-20");
    }
}
