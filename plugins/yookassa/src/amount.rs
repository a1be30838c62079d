//! Amounts as YooKassa writes them: decimal text, never without a fraction.

use domain::money::{Currency, Money};
use plugin_api::payment::ProviderError;
use serde::{Deserialize, Serialize};

/// An amount as YooKassa writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    value: String,
    currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        let text = money.to_decimal_text();
        let value = if text.contains('.') { text } else { format!("{text}.00") };
        Self { value, currency: money.currency.code().to_owned() }
    }
}

impl Amount {
    /// The same in our words. What is behind a currency's decimals has to be zeros: nothing is rounded.
    pub fn money(&self) -> Result<Money, ProviderError> {
        let Self { value, currency } = self;
        let unknown = || ProviderError::Refused(format!("{value} {currency} is no amount here"));
        let currency: Currency = currency.parse().map_err(|_| unknown())?;
        let plain = if value.contains('.') {
            value.trim_end_matches('0').trim_end_matches('.')
        } else {
            value.as_str()
        };
        Money::parse(plain, currency).map_err(|_| unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(value: &str, currency: &str) -> Amount {
        Amount { value: value.to_owned(), currency: currency.to_owned() }
    }

    #[test]
    fn amounts_are_written_as_yookassa_does_and_never_rounded() {
        for (minor, currency, value) in [
            (2_999, "EUR", "29.99"),
            (5, "EUR", "0.05"),
            (500_000, "USD", "5000.00"),
            (500, "JPY", "500.00"),
            (4_990, "ISK", "4990.00"),
            (5_124, "KWD", "5.124"),
            (5_120, "KWD", "5.120"),
        ] {
            let money = Money::new(minor, currency.parse().unwrap());
            assert_eq!(Amount::from(money), amount(value, currency));
            assert_eq!(amount(value, currency).money(), Ok(money));
        }
        assert_eq!(amount("5.12", "KWD").money().unwrap().minor, 5_120);
        assert_eq!(amount("100", "EUR").money().unwrap().minor, 10_000);
        for (value, currency) in
            [("500.50", "JPY"), ("1.005", "EUR"), ("", "EUR"), ("ten", "EUR"), ("1.00", "XXX")]
        {
            let refused = amount(value, currency).money().unwrap_err();
            assert_eq!(refused.to_string(), format!("{value} {currency} is no amount here"));
        }
    }
}
