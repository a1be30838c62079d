//! Prices in the reader's currency, and the tax of their country.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::billing::TaxRate;
use domain::ids::AccountId;
use domain::money::{Currency, Money};
use platform::database::Transaction;
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use crate::{Error, Result, input};

/// How many of each currency one of the default currency is.
#[derive(Debug, Clone)]
pub struct Rates {
    rates: HashMap<Currency, Decimal>,
}

impl Rates {
    /// A currency that Keyrack has no decimals for cannot be charged, so it is left out.
    fn of(rows: impl Iterator<Item = (String, Decimal)>) -> Self {
        Self { rates: rows.filter_map(|(code, rate)| Some((code.parse().ok()?, rate))).collect() }
    }

    pub(crate) async fn load(transaction: &mut Transaction) -> Result<Self> {
        let rows = sqlx::query!(r#"SELECT code AS "code: String", rate FROM currencies WHERE is_active"#)
            .fetch_all(&mut **transaction)
            .await?;
        Ok(Self::of(rows.into_iter().map(|row| (row.code, row.rate))))
    }

    /// The rates with the tax of a place on a day, in one query: what every list of prices begins with.
    pub(crate) async fn load_with_tax(
        transaction: &mut Transaction,
        place: &TaxPlace,
        on: NaiveDate,
    ) -> Result<(Self, TaxRate)> {
        let rows = sqlx::query!(
            r#"SELECT c.code AS "code: String", c.rate,
                      (SELECT t.rate FROM tax_rates t
                       WHERE t.country = $1 AND lower(t.region) IN (lower($2), '') AND t.valid @> $3::date
                       ORDER BY (t.region <> '') DESC LIMIT 1) AS tax_rate
               FROM currencies c WHERE c.is_active"#,
            place.country,
            place.region,
            on,
        )
        .fetch_all(&mut **transaction)
        .await?;
        let tax = rows.first().and_then(|row| row.tax_rate).map_or(Ok(TaxRate::ZERO), taxed)?;
        Ok((Self::of(rows.into_iter().map(|row| (row.code, row.rate))), tax))
    }

    /// All currencies that prices can be had in, by their letters.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut currencies: Vec<Currency> = self.rates.keys().copied().collect();
        currencies.sort_unstable();
        currencies
    }

    /// With currencies in which nothing is sold any more: what was sold in them is still counted.
    pub(crate) async fn load_all(transaction: &mut Transaction) -> Result<Self> {
        let rows = sqlx::query!(r#"SELECT code AS "code: String", rate FROM currencies"#)
            .fetch_all(&mut **transaction)
            .await?;
        Ok(Self::of(rows.into_iter().map(|row| (row.code, row.rate))))
    }

    /// The currency that clients name, if prices can be had in it.
    pub fn known(&self, code: &str) -> Result<Currency> {
        let currency = code.trim().parse().ok().filter(|currency| self.rates.contains_key(currency));
        currency.ok_or_else(|| Error::UnknownCurrency(code.chars().take(10).collect()))
    }

    /// A price as the admin changes it: its amount, its currency, both or neither.
    pub(crate) fn repriced(&self, price: Money, text: Option<&str>, currency: Option<&str>) -> Result<Money> {
        if text.is_none() && currency.is_none() {
            return Ok(price);
        }
        let currency = currency.map_or(Ok(price.currency), |code| self.known(code))?;
        let present = price.to_decimal_text();
        input::price(text.unwrap_or(&present), currency)
    }

    /// An amount in another currency, half up to its minor unit (spec 5.11).
    pub fn convert(&self, amount: Money, to: Currency) -> Result<Money> {
        if amount.currency == to {
            return Ok(amount);
        }
        let rate = |currency: Currency| {
            self.rates.get(&currency).copied().ok_or_else(|| Error::UnknownCurrency(currency.to_string()))
        };
        let (from_rate, to_rate) = (rate(amount.currency)?, rate(to)?);
        convert(amount, from_rate, to_rate, to).ok_or(Error::Money(domain::money::MoneyError::Overflow))
    }

    /// What a way to pay costs that takes `amount` of euro for each order (`fixed`), or so many percent (`percentage`): half
    /// up to the minor unit (spec 5.11). Nothing for what costs nothing.
    pub(crate) fn fee(&self, kind: &str, amount: Decimal, net: Money) -> Result<Money> {
        let fee = match kind {
            _ if net.minor == 0 => Some(Money::zero(net.currency)),
            "fixed" => match rounded(amount, Currency::EUR) {
                Some(fee) => Some(self.convert(fee, net.currency)?),
                None => None,
            },
            "percentage" => Decimal::try_new(net.minor, net.currency.decimals())
                .ok()
                .and_then(|major| major.checked_mul(amount)?.checked_div(Decimal::ONE_HUNDRED))
                .and_then(|fee| rounded(fee, net.currency)),
            _ => Some(Money::zero(net.currency)),
        };
        fee.ok_or(Error::Money(domain::money::MoneyError::Overflow))
    }
}

/// An amount of whole units, half up to the minor unit.
fn rounded(major: Decimal, currency: Currency) -> Option<Money> {
    let mut rounded =
        major.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(currency.decimals());
    i64::try_from(rounded.mantissa()).ok().map(|minor| Money::new(minor, currency))
}

fn convert(amount: Money, from_rate: Decimal, to_rate: Decimal, to: Currency) -> Option<Money> {
    let major = Decimal::try_new(amount.minor, amount.currency.decimals()).ok()?;
    rounded(major.checked_mul(to_rate)?.checked_div(from_rate)?, to)
}

/// Where a customer is taxed; nowhere without a country.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaxPlace {
    /// Two letters (ISO 3166-1).
    pub country: Option<String>,
    /// The region of the country, as its rates name it but for capitals.
    pub region: Option<String>,
}

impl TaxPlace {
    /// A place as a client names it.
    pub fn named(country: Option<&str>, region: Option<&str>) -> Self {
        let text = |text: &str| Some(text.trim().replace('\0', "\u{fffd}")).filter(|text| !text.is_empty());
        Self {
            country: country.and_then(text).map(|code| code.to_ascii_uppercase()),
            region: region.and_then(text),
        }
    }

    /// Where an account's address is.
    pub(crate) async fn of(transaction: &mut Transaction, account_id: AccountId) -> Result<Self> {
        let row = sqlx::query!(
            r#"SELECT country AS "country: String", region FROM billing_profiles WHERE account_id = $1"#,
            Uuid::from(account_id),
        )
        .fetch_optional(&mut **transaction)
        .await?;
        Ok(row.map(|row| Self { country: row.country, region: row.region }).unwrap_or_default())
    }
}

/// The rate of a place on a day: that of the region if there is one, else the country's own, else none (spec 5.11).
pub(crate) async fn tax_rate(
    transaction: &mut Transaction,
    place: &TaxPlace,
    on: NaiveDate,
) -> Result<TaxRate> {
    let Some(country) = &place.country else { return Ok(TaxRate::ZERO) };
    let rate = sqlx::query_scalar!(
        "SELECT rate FROM tax_rates WHERE country = $1 AND lower(region) IN (lower($2), '') AND valid @> $3::date
         ORDER BY (region <> '') DESC LIMIT 1",
        country,
        place.region,
        on,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    rate.map_or(Ok(TaxRate::ZERO), taxed)
}

fn taxed(rate: i32) -> Result<TaxRate> {
    TaxRate::new(rate).ok_or_else(|| Error::Inconsistent(format!("tax rate {rate}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_half_up_and_nothing_costs_nothing() {
        let usd = "USD".parse::<Currency>().unwrap();
        let text = |text: &str| text.parse::<Decimal>().unwrap();
        let rates =
            Rates::of([("EUR".to_owned(), Decimal::ONE), ("USD".to_owned(), text("1.08"))].into_iter());
        let cases = [
            ("percentage", "2.5", Money::new(999, Currency::EUR), 25),
            ("percentage", "2.5", Money::new(1_020, Currency::EUR), 26),
            ("fixed", "1.50", Money::new(999, Currency::EUR), 150),
            ("fixed", "1.50", Money::new(999, usd), 162),
            ("fixed", "1.50", Money::new(0, usd), 0),
            ("none", "1.50", Money::new(999, usd), 0),
        ];
        for (kind, amount, net, minor) in cases {
            assert_eq!(
                rates.fee(kind, text(amount), net).unwrap(),
                Money::new(minor, net.currency),
                "{kind} {amount}"
            );
        }
    }

    #[test]
    fn amounts_are_converted_half_up_and_keep_their_decimals() {
        let currency = |code: &str| code.parse::<Currency>().unwrap();
        let rate = |text: &str| text.parse::<Decimal>().unwrap();
        let cases = [
            (Money::new(999, currency("EUR")), "1", "1.08", "USD", 1079),
            (Money::new(1079, currency("USD")), "1.08", "1", "EUR", 999),
            (Money::new(999, currency("EUR")), "1", "160.55", "JPY", 1604),
            (Money::new(1, currency("EUR")), "1", "0.3", "KWD", 3),
            (Money::new(25, currency("USD")), "2", "1", "EUR", 13),
        ];
        for (amount, from, to_rate, to, minor) in cases {
            let found = convert(amount, rate(from), rate(to_rate), currency(to)).unwrap();
            assert_eq!(found.minor, minor, "{amount:?} to {to}");
        }
        assert_eq!(
            convert(Money::new(i64::MAX, currency("EUR")), rate("1"), rate("99999999"), currency("KWD")),
            None
        );
    }
}
