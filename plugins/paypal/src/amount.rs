//! Amounts as PayPal writes them: decimals of a few currencies, of which some have none there.

use domain::money::{Currency, Money};
use plugin_api::payment::ProviderError;
use serde::{Deserialize, Serialize};

/// The currencies of ours that PayPal takes, and whether it takes them without decimals
/// (<https://developer.paypal.com/api/rest/reference/currency-codes/>).
const CURRENCIES: &[(&str, bool)] = &[
    ("AUD", false),
    ("BRL", false),
    ("CAD", false),
    ("CHF", false),
    ("CNY", false),
    ("CZK", false),
    ("DKK", false),
    ("EUR", false),
    ("GBP", false),
    ("HKD", false),
    ("HUF", true),
    ("ILS", false),
    ("JPY", true),
    ("MXN", false),
    ("MYR", false),
    ("NOK", false),
    ("NZD", false),
    ("PHP", false),
    ("PLN", false),
    ("SEK", false),
    ("SGD", false),
    ("THB", false),
    ("TWD", true),
    ("USD", false),
];

/// An amount of PayPal's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// The code of the currency.
    pub currency_code: String,
    /// A decimal number.
    pub value: String,
}

/// An amount of ours as PayPal takes it. What it does not take is refused and never rounded, since somebody would pay another
/// amount than their invoice says.
pub fn to_paypal(amount: Money) -> Result<Amount, ProviderError> {
    let currency = amount.currency;
    let text = amount.to_decimal_text();
    let Some((_, is_whole)) = CURRENCIES.iter().find(|(code, _)| *code == currency.code()) else {
        return Err(ProviderError::Refused(format!("PayPal does not take {currency}")));
    };
    let value = match text.split_once('.') {
        Some((whole, decimals)) if *is_whole && decimals.bytes().all(|digit| digit == b'0') => {
            whole.to_owned()
        }
        Some(_) if *is_whole => {
            return Err(ProviderError::Refused(format!(
                "PayPal takes {currency} without decimals only, and {text} has some"
            )));
        }
        _ => text,
    };
    Ok(Amount { currency_code: currency.code().to_owned(), value })
}

/// What PayPal counts as an amount of ours.
pub fn from_paypal(amount: &Amount) -> Result<Money, ProviderError> {
    let Amount { currency_code, value } = amount;
    let unreadable = |_| ProviderError::Refused(format!("{value} {currency_code} is no amount of ours"));
    let currency: Currency = currency_code.parse().map_err(unreadable)?;
    Money::parse(value, currency).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().unwrap())
    }

    #[test]
    fn amounts_are_written_as_paypal_does_and_never_rounded() {
        for (amount, text) in [
            (money(2_999, "EUR"), "29.99"),
            (money(5, "USD"), "0.05"),
            (money(500, "JPY"), "500"),
            (money(120_000, "HUF"), "1200"),
            (money(50_000, "TWD"), "500"),
        ] {
            let written = to_paypal(amount).unwrap();
            assert_eq!(
                (written.currency_code.as_str(), written.value.as_str()),
                (amount.currency.code(), text)
            );
            assert_eq!(from_paypal(&written), Ok(amount));
        }
        let refused = |amount| to_paypal(amount).unwrap_err().to_string();
        assert_eq!(refused(money(5_120, "KWD")), "PayPal does not take KWD");
        assert_eq!(refused(money(500, "ISK")), "PayPal does not take ISK");
        assert_eq!(
            refused(money(120_050, "HUF")),
            "PayPal takes HUF without decimals only, and 1200.50 has some"
        );
        for (code, value) in [("EUR", "much"), ("EUR", "1.234"), ("XXX", "1.00")] {
            let amount = Amount { currency_code: code.to_owned(), value: value.to_owned() };
            assert!(from_paypal(&amount).is_err(), "{amount:?}");
        }
    }

    #[test]
    fn every_currency_of_the_list_is_one_of_ours() {
        for (code, _) in CURRENCIES {
            assert_eq!(code.parse::<Currency>().unwrap().code(), *code);
        }
    }
}
