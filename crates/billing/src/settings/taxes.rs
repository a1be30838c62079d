//! Rates of tax with their history: a new rate from a day on ends the one before it. What was in force stays as it was;
//! invoices keep the rate that was in them. A region is the same one whatever its capitals, as in the addresses of customers.

use chrono::NaiveDate;
use domain::access::AdminPermit;
use domain::billing::TaxRate;
use domain::problem::ProblemCode;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::payments::record;
use crate::{Billing, Error, Result, input};

/// The most rates that are listed.
const MOST: i64 = 1_000;

/// A rate of a country, or of a region of it, for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// The id.
    pub id: Uuid,
    /// Two letters.
    pub country: String,
    /// Empty for the whole country.
    pub region: String,
    /// What it is called on invoices.
    pub name: String,
    /// The rate.
    pub rate: TaxRate,
    /// The first day.
    pub valid_from: Option<NaiveDate>,
    /// The day after the last; none for what has no end yet.
    pub valid_until: Option<NaiveDate>,
    /// Grows with every change.
    pub version: i32,
}

/// A rate to be, or what changes about one.
#[derive(Debug, Clone, Default)]
pub struct TaxChange {
    /// Two letters; a rate keeps its country.
    pub country: Option<String>,
    /// Empty for the whole country; a rate keeps its region.
    pub region: Option<String>,
    /// What it is called on invoices.
    pub name: Option<String>,
    /// The rate in percent as text.
    pub rate: Option<String>,
    /// The first day; today if absent.
    pub valid_from: Option<NaiveDate>,
    /// The version that is changed; [`Error::ChangedMeanwhile`] if it is another by now.
    pub version: Option<i32>,
}

impl Billing {
    /// Rates with their history, newest first in each country and region; those of one country if one is named.
    pub async fn taxes(&self, permit: AdminPermit<'_>, country: Option<&str>) -> Result<Vec<Tax>> {
        let country = country.map(|code| code.trim().to_ascii_uppercase().replace('\0', "\u{fffd}"));
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None, country.as_deref()).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One rate.
    pub async fn tax(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<Tax> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// A new rate from a day on, which ends the one before it that day. A rate that begins that day or later is
    /// [`Error::Conflict`].
    pub async fn create_tax(&self, permit: AdminPermit<'_>, change: &TaxChange) -> Result<Tax> {
        let now = self.clock.now();
        let id: Uuid = platform::ids::new();
        let code = input::required("country", change.country.as_deref(), 10, "Country is required")?;
        let code = code.to_ascii_uppercase();
        let region = input::text("region", change.region.as_deref().unwrap_or(""), 100)?;
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        let given = change.rate.as_deref().ok_or_else(|| Error::Invalid("Rate is required".to_owned()))?;
        let rate: TaxRate = given.parse().map_err(|code: ProblemCode| input::invalid("rate", code))?;
        let from = in_reach(change.valid_from.unwrap_or_else(|| now.date_naive()))?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        let is_known = sqlx::query!("SELECT FROM countries WHERE code = $1 FOR NO KEY UPDATE", code)
            .fetch_optional(&mut *transaction)
            .await?;
        if is_known.is_none() {
            return Err(Error::NoCountry(code));
        }
        let later = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM tax_rates WHERE country = $1 AND lower(region) = lower($2) AND lower(valid) >= $3) AS "found!""#,
            code,
            region,
            from,
        )
        .fetch_one(&mut *transaction)
        .await?;
        if later {
            return Err(Error::Conflict("A rate begins on this day or later".to_owned()));
        }
        sqlx::query!(
            "UPDATE tax_rates SET valid = daterange(lower(valid), $3) WHERE country = $1 AND lower(region) = lower($2) AND valid @> $3::date",
            code,
            region,
            from,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO tax_rates (id, country, region, name, rate, valid, created_at) VALUES ($1, $2, $3, $4, $5, daterange($6, NULL), $7)",
            id,
            code,
            region,
            name,
            rate.hundredths(),
            from,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let facts =
            json!({ "country": code, "region": region, "rate": rate.to_string(), "valid_from": from });
        record(&mut transaction, permit, "tax.created", id, facts, now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes the name of a rate, or the rate itself before it is in force; else a new one is to be made.
    pub async fn change_tax(&self, permit: AdminPermit<'_>, id: Uuid, change: &TaxChange) -> Result<Tax> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!("SELECT FROM tax_rates WHERE id = $1 FOR UPDATE", id).execute(&mut *transaction).await?;
        let before = one(&mut transaction, id).await?;
        input::refuse_stale(change.version, before.version)?;
        let differs = |given: &Option<String>, known: &str| {
            given.as_ref().is_some_and(|given| !given.trim().eq_ignore_ascii_case(known))
        };
        if differs(&change.country, &before.country) || differs(&change.region, &before.region) {
            return Err(Error::Invalid("country and region cannot be changed".to_owned()));
        }
        if change.valid_from.is_some_and(|from| Some(from) != before.valid_from) {
            return Err(Error::Invalid("valid_from cannot be changed".to_owned()));
        }
        let name = match &change.name {
            Some(name) => input::required("name", Some(name), input::NAME, "Name cannot be empty")?,
            None => before.name.clone(),
        };
        let rate = match &change.rate {
            Some(rate) => rate.parse().map_err(|code: ProblemCode| input::invalid("rate", code))?,
            None => before.rate,
        };
        if rate != before.rate && !before.is_to_come(now.date_naive()) {
            return Err(Error::Conflict("The rate is or was in force. Add a new one instead.".to_owned()));
        }
        sqlx::query!("UPDATE tax_rates SET name = $2, rate = $3 WHERE id = $1", id, name, rate.hundredths())
            .execute(&mut *transaction)
            .await?;
        let facts = json!({ "name": name, "rate_before": before.rate.to_string(), "rate": rate.to_string() });
        record(&mut transaction, permit, "tax.changed", id, facts, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Takes back a rate that is to come; the one before it goes on.
    pub async fn delete_tax(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!("SELECT FROM tax_rates WHERE id = $1 FOR UPDATE", id).execute(&mut *transaction).await?;
        let tax = one(&mut transaction, id).await?;
        if !tax.is_to_come(now.date_naive()) {
            return Err(Error::Conflict("The rate is or was in force and cannot be deleted".to_owned()));
        }
        sqlx::query!("DELETE FROM tax_rates WHERE id = $1", id).execute(&mut *transaction).await?;
        sqlx::query!(
            "UPDATE tax_rates SET valid = daterange(lower(valid), $4) WHERE country = $1 AND lower(region) = lower($2) AND upper(valid) = $3",
            tax.country,
            tax.region,
            tax.valid_from,
            tax.valid_until,
        )
        .execute(&mut *transaction)
        .await?;
        let facts = json!({ "country": tax.country, "region": tax.region, "rate": tax.rate.to_string() });
        record(&mut transaction, permit, "tax.deleted", id, facts, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl Tax {
    fn is_to_come(&self, today: NaiveDate) -> bool {
        self.valid_from.is_some_and(|from| from > today)
    }
}

/// A day that a law can mean, and Postgres can store.
fn in_reach(day: NaiveDate) -> Result<NaiveDate> {
    if domain::stay::is_in_reach(day) { Ok(day) } else { Err(input::invalid("valid_from", "is not a date")) }
}

async fn one(transaction: &mut Transaction, id: Uuid) -> Result<Tax> {
    load(transaction, Some(id), None).await?.pop().ok_or(Error::Missing("Tax"))
}

async fn load(transaction: &mut Transaction, id: Option<Uuid>, country: Option<&str>) -> Result<Vec<Tax>> {
    let rows = sqlx::query!(
        r#"SELECT id, country AS "country: String", region, name, rate, lower(valid) AS valid_from, upper(valid) AS valid_until,
                  version
           FROM tax_rates WHERE ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR country = $2)
           ORDER BY country, lower(region), lower(valid) DESC NULLS LAST LIMIT $3"#,
        id,
        country,
        MOST,
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Tax {
                id: row.id,
                country: row.country,
                region: row.region,
                name: row.name,
                rate: TaxRate::new(row.rate)
                    .ok_or_else(|| Error::Inconsistent(format!("tax rate {}", row.rate)))?,
                valid_from: row.valid_from,
                valid_until: row.valid_until,
                version: row.version,
            })
        })
        .collect()
}
