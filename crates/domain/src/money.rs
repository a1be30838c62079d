//! Money as integer minor units with a currency. No floats, and parts always add up to the whole.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::ProblemCode;

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// Currencies a hotel can choose, with their number of decimals (ISO 4217, "minor unit").
const CURRENCIES: &[(&str, u32)] = &[
    ("AED", 2),
    ("AUD", 2),
    ("BGN", 2),
    ("BHD", 3),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EGP", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("GEL", 2),
    ("HKD", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("MAD", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("NOK", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PEN", 2),
    ("PHP", 2),
    ("PLN", 2),
    ("QAR", 2),
    ("RON", 2),
    ("RSD", 2),
    ("RUB", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TND", 3),
    ("TRY", 2),
    ("TWD", 2),
    ("UAH", 2),
    ("USD", 2),
    ("VND", 0),
    ("ZAR", 2),
];

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");
    /// The United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    pub fn code(&self) -> &str {
        // Only ASCII letters get in through `from_str` and the constants.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// The number of decimals of the minor unit.
    pub fn decimals(self) -> u32 {
        CURRENCIES.iter().find(|(code, _)| *code == self.code()).map_or(2, |(_, decimals)| *decimals)
    }

    /// All currencies a hotel can choose.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().filter_map(|(code, _)| code.parse().ok())
    }
}

impl FromStr for Currency {
    type Err = ProblemCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.to_ascii_uppercase();
        let (code, _) = CURRENCIES.iter().find(|(code, _)| *code == upper).ok_or(ProblemCode::NotOnOffer)?;
        code.as_bytes().try_into().map(Self).map_err(|_| ProblemCode::NotOnOffer)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not a currency code"))
    }
}

/// An amount in minor units (cents) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for what is owed back.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Two amounts could not be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The currencies differ.
    #[error("{0} and {1} cannot be added")]
    CurrencyMismatch(Currency, Currency),
    /// The sum does not fit.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The sum of two amounts of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// Splits the amount by `weights` with the largest-remainder method: the parts add up to the whole, and no part
    /// is more than one minor unit away from its exact share. All weights zero, or none, gives an empty list.
    pub fn allocate(self, weights: &[u32]) -> Vec<Self> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if total == 0 {
            return Vec::new();
        }
        let whole = i128::from(self.minor);
        let shares = weights.iter().map(|weight| whole * i128::from(*weight));
        let mut parts: Vec<(i128, i128)> =
            shares.map(|share| (share.div_euclid(total), share.rem_euclid(total))).collect();
        let mut missing = whole - parts.iter().map(|(part, _)| part).sum::<i128>();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        // Equal remainders are settled by position, so that the same input always gives the same parts.
        order.sort_by_key(|index| (-parts[*index].1, *index));
        for index in order {
            if missing == 0 {
                break;
            }
            parts[index].0 += 1;
            missing -= 1;
        }
        parts
            .into_iter()
            // No part is larger than the whole, which is an i64.
            .map(|(part, _)| Self {
                minor: i64::try_from(part).unwrap_or(self.minor),
                currency: self.currency,
            })
            .collect()
    }

    /// Reads an amount with up to the currency's number of decimals, such as `120`, `120.5` or `1,240.00`.
    /// A comma before exactly three digits groups; a lone comma otherwise is a decimal comma.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, ProblemCode> {
        let bad = ProblemCode::NotAnAmount;
        let text: String = text.trim().chars().filter(|c| !c.is_whitespace() && *c != '\u{a0}').collect();
        let (negative, digits) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let groups = |separator: char| {
            let mut parts = digits.split('.').next().unwrap_or("").split(separator);
            parts.next().is_some_and(|first| (1..=3).contains(&first.len()))
                && parts.all(|part| part.len() == 3)
        };
        let plain = match (digits.contains(','), digits.contains('.')) {
            (true, _) if groups(',') => digits.replace(',', ""),
            (true, false) => digits.replacen(',', ".", 1),
            (true, true) => return Err(bad),
            (false, _) => digits.to_owned(),
        };
        let (major, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let decimals = usize::try_from(currency.decimals()).unwrap_or(2);
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if major.is_empty() || !all_digits(major) || !all_digits(fraction) || fraction.len() > decimals {
            return Err(bad);
        }
        let minor: i64 = format!("{major}{fraction:0<decimals$}").parse().map_err(|_| bad)?;
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }

    /// The plain decimal text, such as `1240.00`, as REST and CSV carry it.
    pub fn to_decimal_text(self) -> String {
        let decimals = usize::try_from(self.currency.decimals()).unwrap_or(2);
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let (major, fraction) = digits.split_at(digits.len() - decimals);
        if decimals == 0 { format!("{sign}{major}") } else { format!("{sign}{major}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_add_up_and_are_fair(minor in -1_000_000_000i64..1_000_000_000, weights in prop::collection::vec(0u32..1000, 1..12)) {
            let parts = Money::new(minor, Currency::EUR).allocate(&weights);
            let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            prop_assume!(total > 0);
            prop_assert_eq!(parts.iter().map(|p| p.minor).sum::<i64>(), minor);
            for (part, weight) in parts.iter().zip(&weights) {
                let distance = (i128::from(part.minor) * total - i128::from(minor) * i128::from(*weight)).abs();
                prop_assert!(distance < total, "{part:?} is more than a cent away");
            }
        }

        #[test]
        fn decimal_text_reads_back(minor in -1_000_000_000_000i64..1_000_000_000_000, index in 0usize..CURRENCIES.len()) {
            let money = Money::new(minor, CURRENCIES[index].0.parse().unwrap());
            prop_assert_eq!(Money::parse(&money.to_decimal_text(), money.currency), Ok(money));
        }

        #[test]
        fn any_text_is_an_amount_or_a_problem(text in ".{0,40}") {
            let _ = Money::parse(&text, Currency::EUR);
        }
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, minor) in [
            ("120", 12_000),
            ("120.5", 12_050),
            ("1,240.00", 124_000),
            ("12,50", 1_250),
            ("1 240,00", 124_000),
            ("−5", -500),
        ] {
            assert_eq!(Money::parse(text, Currency::EUR), Ok(Money::new(minor, Currency::EUR)), "{text}");
        }
        for bad in ["", "abc", "1.234", "1.2.3", "1,2,3", "1e5", "99999999999999999999", ".5", "1,24.00"] {
            assert_eq!(Money::parse(bad, Currency::EUR), Err(ProblemCode::NotAnAmount), "{bad}");
        }
    }
}
