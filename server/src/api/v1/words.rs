//! How this family spells values: upper-case statuses, amounts as text with two decimals, instants in UTC without a zone
//! (DESIGN 5.9, spec 5.1).

use billing::Error as E;
use chrono::{DateTime, Utc};
use domain::billing::BillingPeriod;
use domain::money::{Currency, Money};
use http::StatusCode;

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

/// `MONTHLY`.
pub fn period(period: BillingPeriod) -> String {
    period.as_str().to_uppercase()
}

impl From<E> for Problem {
    fn from(error: E) -> Self {
        match error {
            E::NoSubscription | E::NoAddonSubscription | E::NoInvoice | E::NoCreditNote | E::NoPlan => {
                Self::not_found(error.to_string())
            }
            E::NoProvider | E::NoSession | E::NoEvent => Self::not_found(error.to_string()),
            E::Provider(problem) if problem.is_passing() => {
                tracing::warn!(%problem, "billing.provider_unavailable");
                Self::unavailable()
            }
            E::NotYourInvoice => Self::forbidden(error.to_string()),
            E::Database(error) => error.into(),
            E::Inconsistent(what) => {
                tracing::error!(what, "billing.inconsistent_row");
                Self::internal()
            }
            other => Self::new(StatusCode::BAD_REQUEST, other.to_string()).code("refused"),
        }
    }
}
