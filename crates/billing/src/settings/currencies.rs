//! Currencies, and how many of each one of the default currency is.

use domain::access::AdminPermit;
use domain::money::Currency;
use platform::database::Transaction;
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::payments::record;
use crate::{Billing, Error, Result, input};

/// A currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRate {
    /// Three letters (ISO 4217).
    pub code: String,
    /// Its name.
    pub name: String,
    /// How many of it one of the default currency is.
    pub rate: Decimal,
    /// Whether it is the one the others are compared with.
    pub is_default: bool,
    /// Whether prices can be had in it.
    pub is_active: bool,
    /// Counts changes.
    pub version: i32,
}

/// What a new currency is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ExchangeRateChange {
    /// The name.
    pub name: Option<String>,
    /// How many of it one of the default currency is, as decimal text.
    pub rate: Option<String>,
    /// Whether prices can be had in it.
    pub is_active: Option<bool>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Billing {
    /// All currencies: the default one first.
    pub async fn exchange_rates(&self, permit: AdminPermit<'_>) -> Result<Vec<ExchangeRate>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Adds a currency.
    pub async fn create_exchange_rate(
        &self,
        permit: AdminPermit<'_>,
        code: &str,
        change: &ExchangeRateChange,
    ) -> Result<ExchangeRate> {
        let now = self.clock.now();
        let code: Currency = code.trim().parse().map_err(|code| input::invalid("code", code))?;
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        let given = change.rate.as_deref().ok_or_else(|| Error::Invalid("Rate is required".to_owned()))?;
        let rate = exchange_rate(given)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!(
            "INSERT INTO currencies (code, name, rate, is_active) VALUES ($1, $2, $3, $4)",
            code.code(),
            name,
            rate,
            change.is_active.unwrap_or(true),
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| {
            Error::refused_by(error, "currencies_pkey", || {
                Error::Invalid(format!("Currency '{code}' already exists"))
            })
        })?;
        let facts = json!({ "code": code, "rate": rate.to_string() });
        record(&mut transaction, permit, "currency.created", Uuid::nil(), facts, now).await?;
        let made = one(&mut transaction, code.code()).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a currency. The default one's rate is 1 and stays so, and prices can always be had in it; a currency in
    /// which something on offer is priced stays usable too.
    pub async fn change_exchange_rate(
        &self,
        permit: AdminPermit<'_>,
        code: &str,
        change: &ExchangeRateChange,
    ) -> Result<ExchangeRate> {
        let now = self.clock.now();
        let code: Currency = code.trim().parse().map_err(|_| Error::Missing("Currency"))?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!("SELECT FROM currencies WHERE code = $1 FOR NO KEY UPDATE", code.code())
            .execute(&mut *transaction)
            .await?;
        let before = one(&mut transaction, code.code()).await?;
        input::refuse_stale(change.version, before.version)?;
        let name = match &change.name {
            Some(name) => input::required("name", Some(name), input::NAME, "Name cannot be empty")?,
            None => before.name.clone(),
        };
        let rate = change.rate.as_deref().map_or(Ok(before.rate), exchange_rate)?;
        let is_active = change.is_active.unwrap_or(before.is_active);
        if before.is_default && rate != before.rate {
            return Err(Error::Invalid("Cannot change the rate of the default currency".to_owned()));
        }
        if before.is_default && !is_active {
            return Err(Error::Invalid("Cannot deactivate the default currency".to_owned()));
        }
        if before.is_active && !is_active && is_priced_in(&mut transaction, code).await? {
            return Err(Error::Conflict(format!("Prices of what is on offer are in {code}")));
        }
        sqlx::query!(
            "UPDATE currencies SET name = $2, rate = $3, is_active = $4 WHERE code = $1",
            code.code(),
            name,
            rate,
            is_active,
        )
        .execute(&mut *transaction)
        .await?;
        let facts = json!({ "code": code, "rate_before": before.rate.to_string(), "rate": rate.to_string(), "is_active": is_active });
        record(&mut transaction, permit, "currency.changed", Uuid::nil(), facts, now).await?;
        let changed = one(&mut transaction, code.code()).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

/// A rate above zero with at most eight decimals.
fn exchange_rate(text: &str) -> Result<Decimal> {
    let rate: Decimal = text.trim().parse().map_err(|_| input::invalid("rate", "is not a number"))?;
    let rate = rate.normalize();
    if rate <= Decimal::ZERO || rate.scale() > 8 || rate >= Decimal::from(1_000_000_000) {
        return Err(input::invalid("rate", "must be above 0 and below 1000000000, with at most 8 decimals"));
    }
    Ok(rate)
}

async fn is_priced_in(transaction: &mut Transaction, code: Currency) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM plans WHERE currency = $1) OR EXISTS (SELECT FROM addons WHERE currency = $1)
               OR EXISTS (SELECT FROM token_bundles WHERE currency = $1) AS "found!""#,
        code.code(),
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(found)
}

async fn one(transaction: &mut Transaction, code: &str) -> Result<ExchangeRate> {
    load(transaction, Some(code)).await?.pop().ok_or(Error::Missing("Currency"))
}

async fn load(transaction: &mut Transaction, code: Option<&str>) -> Result<Vec<ExchangeRate>> {
    let found = sqlx::query_as!(
        ExchangeRate,
        r#"SELECT code AS "code: String", name, rate, is_default, is_active, version FROM currencies
           WHERE $1::text IS NULL OR code = $1 ORDER BY is_default DESC, code"#,
        code,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::exchange_rate;

    #[test]
    fn rates_are_positive_numbers_that_can_be_stored() {
        assert_eq!(exchange_rate(" 1.08000000000 ").unwrap().to_string(), "1.08");
        for bad in ["0", "-1", "abc", "", "0.000000001", "1000000000", "1e400"] {
            assert!(exchange_rate(bad).is_err(), "{bad}");
        }
    }
}
