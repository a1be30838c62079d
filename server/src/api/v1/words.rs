//! How this family spells values: upper-case statuses, amounts as text with two decimals, instants in UTC without a zone
//! (DESIGN 5.9, spec 5.1).

use std::str::FromStr;

use billing::Error as E;
use chrono::{DateTime, Utc};
use domain::billing::BillingPeriod;
use domain::money::{Currency, Money};
use http::StatusCode;
use serde::{Deserialize, Deserializer};

use crate::problem::Problem;

/// `2027-01-31T12:00:00.000000`.
pub fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// `29.99`; of a currency without decimals too, as its clients read two.
pub fn amount(money: Money) -> String {
    let text = money.to_decimal_text();
    if text.contains('.') { text } else { format!("{text}.00") }
}

/// An amount in minor units of a currency, as [`amount`].
pub fn minor(minor: i64, currency: Currency) -> String {
    amount(Money::new(minor, currency))
}

/// An amount as a JSON number, for the fields that the original sends so.
pub fn number(money: Money) -> serde_json::Value {
    // The shortest decimal text is read as the number it says.
    serde_json::from_str(&amount(money)).unwrap_or_default()
}

/// `1.5000`: fees have four decimals (DESIGN 5.9).
pub fn fee(amount: &impl ToString) -> String {
    let text = amount.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{decimals:0<4.4}")
}

/// `MONTHLY`.
pub fn period(period: BillingPeriod) -> String {
    period.as_str().to_uppercase()
}

/// An id, or 400 that says of what.
pub fn id<T: FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::bad_request(format!("Invalid {what} ID format")))
}

/// A status in whatever letters, or 400.
pub fn status<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Problem> {
    let text = text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| Problem::bad_request("Invalid status"))).transpose()
}

/// Reads a member that may be `null`, so that it can be told from one that is absent.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Option<T>, D::Error> {
    T::deserialize(reader).map(Some)
}

impl From<E> for Problem {
    fn from(error: E) -> Self {
        match error {
            E::NoSubscription
            | E::NoAddonSubscription
            | E::NoInvoice
            | E::NoCreditNote
            | E::NoPlan
            | E::NoProvider
            | E::ProviderOff
            | E::NoSession
            | E::NoEvent
            | E::Missing(_)
            | E::NoCountry(_) => Self::not_found(error.to_string()),
            E::Conflict(_) => Self::conflict(error.to_string()),
            E::ChangedMeanwhile => Self::conflict(error.to_string()).code("changed_meanwhile"),
            E::Provider(problem) if problem.is_passing() => {
                tracing::warn!(%problem, "billing.provider_unavailable");
                Self::unavailable()
            }
            E::NotYourInvoice | E::NoFeature => Self::forbidden(error.to_string()),
            E::TooManyRequests { retry_after_seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())
                    .code("too_many_requests")
                    .retry_after(retry_after_seconds)
            }
            E::Database(error) => error.into(),
            E::Inconsistent(what) => {
                tracing::error!(what, "billing.inconsistent_row");
                Self::internal()
            }
            other => Self::new(StatusCode::BAD_REQUEST, other.to_string()).code("refused"),
        }
    }
}
