//! Taxes: a rate in hundredths of a percent on a net amount.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};
use crate::problem::ProblemCode;

/// A rate of tax or of a fee: hundredths of a percent, so 19 % is 1900. At most 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaxRate(u16);

/// A whole, in hundredths of a percent.
const WHOLE: i64 = 10_000;

impl TaxRate {
    /// No tax.
    pub const ZERO: Self = Self(0);

    /// A rate from hundredths of a percent; none above 100 %.
    pub fn new(hundredths: i32) -> Option<Self> {
        u16::try_from(hundredths).ok().filter(|rate| i64::from(*rate) <= WHOLE).map(Self)
    }

    /// Hundredths of a percent.
    pub fn hundredths(self) -> i32 {
        self.0.into()
    }

    /// The tax on a net amount, half up to the minor unit (spec 5.11).
    pub fn of_net(self, net: Money) -> Money {
        Money::new(share_half_up(net.minor, self.0.into(), WHOLE), net.currency)
    }

    /// A net amount with its tax.
    pub fn gross_of(self, net: Money) -> Result<Money, MoneyError> {
        net.checked_add(self.of_net(net))
    }

    /// The net amount that a gross one contains, half up (spec 5.11).
    pub fn net_of(self, gross: Money) -> Money {
        Money::new(share_half_up(gross.minor, WHOLE, WHOLE + i64::from(self.0)), gross.currency)
    }
}

impl fmt::Display for TaxRate {
    /// As a percentage with two decimals, such as `19.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl FromStr for TaxRate {
    type Err = ProblemCode;

    /// Reads a percentage with up to two decimals, such as `19` or `7.7`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = ProblemCode::OutOfRange { min: 0, max: 100 };
        let text = text.trim().trim_end_matches('%').trim_end();
        let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 3
            || decimals.len() > 2
            || !is_number(whole)
            || !is_number(decimals)
        {
            return Err(bad);
        }
        let number = format!("{whole}{decimals:0<2}").parse().map_err(|_| bad.clone())?;
        Self::new(number).ok_or(bad)
    }
}

/// `amount × numerator / denominator` in whole minor units, a half away from zero. The denominator is positive.
pub(super) fn share_half_up(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(numerator);
    let denominator = i128::from(denominator);
    let rounded = (exact.abs() * 2 + denominator) / (denominator * 2) * exact.signum();
    i64::try_from(rounded).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Currency;

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, hundredths) in [("19", 1900), ("7.7", 770), ("8,1 %", 810), ("0", 0), ("100", 10_000)] {
            assert_eq!(text.parse::<TaxRate>().map(TaxRate::hundredths), Ok(hundredths), "{text}");
        }
        for text in ["", "-1", "100.01", "1.234", "a", "1e2", "+5", "1000"] {
            assert!(text.parse::<TaxRate>().is_err(), "{text}");
        }
        assert_eq!("8.1".parse::<TaxRate>().unwrap().to_string(), "8.10");
    }

    #[test]
    fn half_a_cent_goes_up() {
        let rate: TaxRate = "19".parse().unwrap();
        let euro = |minor| Money::new(minor, Currency::EUR);
        assert_eq!(rate.of_net(euro(2_900)), euro(551));
        assert_eq!(rate.of_net(euro(50)), euro(10), "9.5 cents");
        assert_eq!(rate.of_net(euro(-50)), euro(-10));
        assert_eq!(rate.net_of(euro(11_900)), euro(10_000));
    }

    proptest! {
        #[test]
        fn a_net_amount_is_found_again_in_its_gross_one(net in 0_i64..1_000_000_000, rate in 0_i32..=10_000) {
            let rate = TaxRate::new(rate).unwrap();
            let net = Money::new(net, Currency::EUR);
            let gross = net.checked_add(rate.of_net(net)).unwrap();
            prop_assert!((rate.net_of(gross).minor - net.minor).abs() <= 1);
            prop_assert_eq!(rate.to_string().parse::<TaxRate>().unwrap(), rate);
        }
    }
}
