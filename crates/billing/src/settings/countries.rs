//! The countries in which is sold.

use domain::access::AdminPermit;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::payments::record;
use crate::{Billing, Error, Result, input};

/// Where a country stands in which nothing is sold.
const LAST: i32 = 999;

/// A country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    /// Two letters (ISO 3166-1).
    pub code: String,
    /// Its name in English.
    pub name: String,
    /// Whether customers can choose it.
    pub is_enabled: bool,
    /// Its place in lists.
    pub position: i32,
}

impl Billing {
    /// The countries that customers can choose, in their order.
    pub async fn enabled_countries(&self) -> Result<Vec<Country>> {
        let mut transaction = self.begin_public().await?;
        let found = load(&mut transaction, Some(true)).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// All countries, or those that are enabled or not: first those that are, then by place and name.
    pub async fn countries(&self, permit: AdminPermit<'_>, enabled: Option<bool>) -> Result<Vec<Country>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, enabled).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Lets customers choose a country, at the end of the list; or no longer. Doing it again changes nothing.
    pub async fn enable_country(
        &self,
        permit: AdminPermit<'_>,
        code: &str,
        is_enabled: bool,
    ) -> Result<Country> {
        let now = self.clock.now();
        let shown: String = code.chars().take(10).collect();
        let code = code.trim().to_ascii_uppercase().replace('\0', "\u{fffd}");
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let country = sqlx::query_as!(
            Country,
            r#"UPDATE countries c
               SET is_enabled = $2,
                   position = CASE WHEN c.is_enabled = $2 THEN c.position WHEN NOT $2 THEN $3
                              ELSE (SELECT coalesce(max(o.position), 0) + 1 FROM countries o WHERE o.is_enabled) END
               WHERE c.code = $1
               RETURNING c.code AS "code: String", c.name, c.is_enabled, c.position"#,
            code,
            is_enabled,
            LAST,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NoCountry(shown))?;
        let action = if is_enabled { "country.enabled" } else { "country.disabled" };
        record(&mut transaction, permit, action, Uuid::nil(), json!({ "code": country.code }), now).await?;
        transaction.commit().await?;
        Ok(country)
    }

    /// Puts enabled countries into an order; those that are not named follow, and those that are not enabled stay where
    /// they are.
    pub async fn reorder_countries(&self, permit: AdminPermit<'_>, codes: &[String]) -> Result<Vec<Country>> {
        if codes.is_empty() || codes.len() > 300 {
            return Err(input::invalid("codes", "must be a list of 1 to 300 codes"));
        }
        let now = self.clock.now();
        let codes: Vec<String> =
            codes.iter().map(|code| code.trim().to_ascii_uppercase().replace('\0', "\u{fffd}")).collect();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        sqlx::query!(
            "UPDATE countries SET position = placed.place
             FROM (SELECT c.code, row_number() OVER (ORDER BY named.place NULLS LAST, c.position, c.name)::int AS place
                   FROM countries c
                   LEFT JOIN (SELECT code, min(place) AS place FROM unnest($1::text[]) WITH ORDINALITY AS t (code, place) GROUP BY code)
                        AS named ON named.code = c.code
                   WHERE c.is_enabled) AS placed
             WHERE countries.code = placed.code",
            &codes,
        )
        .execute(&mut *transaction)
        .await?;
        record(&mut transaction, permit, "country.reordered", Uuid::nil(), json!({ "codes": codes }), now)
            .await?;
        let found = load(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// Lets changes of the order come one after the other: two countries that are enabled at once would stand in one place.
async fn lock(transaction: &mut Transaction) -> Result<()> {
    sqlx::query!("LOCK TABLE countries IN SHARE ROW EXCLUSIVE MODE").execute(&mut **transaction).await?;
    Ok(())
}

async fn load(transaction: &mut Transaction, enabled: Option<bool>) -> Result<Vec<Country>> {
    let found = sqlx::query_as!(
        Country,
        r#"SELECT code AS "code: String", name, is_enabled, position FROM countries
           WHERE $1::boolean IS NULL OR is_enabled = $1 ORDER BY is_enabled DESC, position, name, code"#,
        enabled,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(found)
}
