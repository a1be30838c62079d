//! Amounts as Stripe counts them: in minor units as we do, but for the króna.

use domain::money::{Currency, Money};
use plugin_api::payment::ProviderError;

/// Whether Stripe counts a currency without decimals in hundredths all the same, as it did when it had some.
fn is_in_hundredths(currency: Currency) -> bool {
    currency.code() == "ISK"
}

/// An amount of ours as Stripe counts it. Stripe takes no thousandths; what has some is refused, since somebody would pay
/// another amount than their invoice says.
pub fn to_stripe(amount: Money) -> Result<i64, ProviderError> {
    let Money { minor, currency } = amount;
    if currency.decimals() == 3 && minor % 10 != 0 {
        return Err(ProviderError::Refused(format!(
            "Stripe takes {currency} with two decimals only, and {} has three",
            amount.to_decimal_text()
        )));
    }
    let factor = if is_in_hundredths(currency) { 100 } else { 1 };
    minor.checked_mul(factor).ok_or_else(|| ProviderError::Refused("the amount is too large".to_owned()))
}

/// What Stripe counts as an amount of ours.
pub fn from_stripe(units: i64, currency: &stripe_types::Currency) -> Result<Money, ProviderError> {
    let currency: Currency = currency
        .to_string()
        .parse()
        .map_err(|_| ProviderError::Refused(format!("unknown currency {currency}")))?;
    if !is_in_hundredths(currency) {
        return Ok(Money::new(units, currency));
    }
    if units % 100 != 0 {
        return Err(ProviderError::Refused(format!("{units} hundredths are no whole {currency}")));
    }
    Ok(Money::new(units / 100, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_does_and_never_rounded() {
        let money = |minor, code: &str| Money::new(minor, code.parse().unwrap());
        for (amount, units) in [
            (money(2_999, "EUR"), 2_999),
            (money(500, "JPY"), 500),
            (money(5, "ISK"), 500),
            (money(5_120, "KWD"), 5_120),
        ] {
            assert_eq!(to_stripe(amount), Ok(units));
            let code = amount.currency.code().to_lowercase().parse().unwrap();
            assert_eq!(from_stripe(units, &code), Ok(amount));
        }
        let refused = to_stripe(money(5_124, "KWD"));
        let why = "Stripe takes KWD with two decimals only, and 5.124 has three";
        assert_eq!(refused, Err(ProviderError::Refused(why.to_owned())));
        assert!(to_stripe(money(i64::MAX, "ISK")).is_err());
        assert!(from_stripe(550, &stripe_types::Currency::ISK).is_err());
    }
}
