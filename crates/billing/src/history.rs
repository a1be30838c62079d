//! What was paid and who signed up, month by month.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use domain::access::AdminPermit;
use domain::money::{Currency, Money};

use crate::catalogue::currency;
use crate::catalogue::prices::Rates;
use crate::{Billing, Result};

/// A month of the platform's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfBusiness {
    /// Its first day, in UTC.
    pub month: NaiveDate,
    /// What was paid in it and not given back, in the default currency.
    pub revenue: Money,
    /// How many customers signed up in it.
    pub customers: i64,
}

/// How many months are told: a year, and the one before to compare with.
pub const MONTHS: u32 = 24;

impl Billing {
    /// The last 24 months up to this one, oldest first: two statements that give a row for each month and currency.
    pub async fn months(&self, permit: AdminPermit<'_>) -> Result<Vec<MonthOfBusiness>> {
        let now = self.clock.now();
        let first = first_month(now);
        let since = first.and_time(chrono::NaiveTime::MIN).and_utc();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rates = Rates::load_all(&mut transaction).await?;
        let paid = sqlx::query!(
            r#"SELECT date_trunc('month', paid_at AT TIME ZONE 'UTC')::date AS "month!", currency AS "currency: String",
                      sum(total_minor)::bigint AS "sum!"
               FROM invoices WHERE status = 'paid' AND paid_at >= $1 AND paid_at <= $2 AND total_minor > 0 GROUP BY 1, 2"#,
            since,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let joined = sqlx::query!(
            r#"SELECT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS "month!", count(*) AS "count!"
               FROM users
               WHERE created_at >= $1 AND created_at <= $2 AND organisation_id IS NULL AND NOT is_platform_admin GROUP BY 1"#,
            since,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let mut months: Vec<MonthOfBusiness> = (0..MONTHS)
            .filter_map(|n| first.checked_add_months(Months::new(n)))
            .map(|month| MonthOfBusiness { month, revenue: Money::new(0, Currency::EUR), customers: 0 })
            .collect();
        for row in paid {
            let sum = rates.convert(Money::new(row.sum, currency(&row.currency)?), Currency::EUR)?;
            if let Some(month) = months.iter_mut().find(|month| month.month == row.month) {
                month.revenue = month.revenue.checked_add(sum)?;
            }
        }
        for row in joined {
            if let Some(month) = months.iter_mut().find(|month| month.month == row.month) {
                month.customers += row.count;
            }
        }
        Ok(months)
    }
}

/// The first day of the first month that is told.
fn first_month(now: DateTime<Utc>) -> NaiveDate {
    let today = now.date_naive();
    let this_month = today.with_day(1).unwrap_or(today);
    this_month.checked_sub_months(Months::new(MONTHS - 1)).unwrap_or(this_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_years_begin_two_years_ago() {
        let first = |text: &str| first_month(text.parse().unwrap()).to_string();
        assert_eq!(first("2026-11-21T10:00:00Z"), "2024-12-01");
        assert_eq!(first("2028-02-29T23:59:59Z"), "2026-03-01");
    }
}
