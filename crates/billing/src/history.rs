//! What was paid, who signed up, and what subscriptions brought, month by month.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use domain::access::AdminPermit;
use domain::billing::BillingPeriod;
use domain::money::{Currency, Money};
use platform::database::Transaction;

use crate::analytics::{hundredths, percent, share};
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
    /// What a customer who paid in it paid on average.
    pub arpu: Money,
    /// Of those who signed up in it, how many have paid, in hundredths of a percent.
    pub conversion: i64,
    /// What the subscriptions that ran at its end bring a month, at today's prices.
    pub mrr: Money,
    /// Of those that ran at its beginning, how many ended in it, in hundredths of a percent.
    pub churn: i64,
}

/// How many months are told: a year, and the one before to compare with.
pub const MONTHS: u32 = 24;

impl Billing {
    /// The last 24 months up to this one, oldest first: four statements that give a row for each month with a currency or plan.
    pub async fn months(&self, permit: AdminPermit<'_>) -> Result<Vec<MonthOfBusiness>> {
        let now = self.clock.now();
        let first = first_month(now);
        let since = first.and_time(chrono::NaiveTime::MIN).and_utc();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rates = Rates::load_all(&mut transaction).await?;
        let paid = sqlx::query!(
            r#"SELECT date_trunc('month', i.paid_at AT TIME ZONE 'UTC')::date AS "month!", i.currency AS "currency: String",
                      sum(i.total_minor - coalesce(c.credited, 0))::bigint AS "sum!"
               FROM invoices i
               LEFT JOIN (SELECT n.account_id, n.invoice_id, sum(n.total_minor) AS credited FROM credit_notes n
                          WHERE n.cancels IS NULL
                            AND NOT EXISTS (SELECT FROM credit_notes x WHERE x.account_id = n.account_id AND x.cancels = n.id)
                          GROUP BY n.account_id, n.invoice_id) c ON c.account_id = i.account_id AND c.invoice_id = i.id
               WHERE i.status = 'paid' AND i.paid_at >= $1 AND i.paid_at <= $2 AND i.total_minor > 0 GROUP BY 1, 2"#,
            since,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let joined = sqlx::query!(
            r#"SELECT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS "month!", count(*) AS "count!",
                      count(*) FILTER (WHERE EXISTS (SELECT FROM invoices i WHERE i.account_id = users.id AND i.status = 'paid'
                                                              AND i.total_minor > 0)) AS "paying!"
               FROM users
               WHERE created_at >= $1 AND created_at <= $2 AND organisation_id IS NULL AND NOT is_platform_admin GROUP BY 1"#,
            since,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let payers = sqlx::query!(
            r#"SELECT date_trunc('month', paid_at AT TIME ZONE 'UTC')::date AS "month!", count(DISTINCT account_id) AS "count!"
               FROM invoices WHERE status = 'paid' AND paid_at >= $1 AND paid_at <= $2 AND total_minor > 0 GROUP BY 1"#,
            since,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let moves = moves(&mut transaction, &rates, first, now).await?;
        transaction.commit().await?;
        let mut months: Vec<MonthOfBusiness> = (0..MONTHS)
            .filter_map(|n| first.checked_add_months(Months::new(n)))
            .map(MonthOfBusiness::empty)
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
                month.conversion = hundredths(percent(row.paying, row.count));
            }
        }
        for row in payers {
            if let Some(month) = months.iter_mut().find(|month| month.month == row.month) {
                month.arpu = Money::new(share(month.revenue.minor, row.count), Currency::EUR);
            }
        }
        run_on(&mut months, &moves);
        Ok(months)
    }
}

impl MonthOfBusiness {
    fn empty(month: NaiveDate) -> Self {
        let nothing = Money::zero(Currency::EUR);
        Self { month, revenue: nothing, customers: 0, arpu: nothing, conversion: 0, mrr: nothing, churn: 0 }
    }
}

/// Subscriptions of one plan that began or ended in a month; what was before the first month is of the one before it.
struct Moves {
    month: NaiveDate,
    began: i64,
    ended: i64,
    /// Of those that ended, how many had begun in an earlier month.
    lost: i64,
    /// What one brings a month, in the default currency.
    monthly: i64,
}

/// Counts what began and what ended, trials aside. One scan, however many months: what runs is the sum of it.
async fn moves(
    transaction: &mut Transaction,
    rates: &Rates,
    first: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Vec<Moves>> {
    let before = first.checked_sub_months(Months::new(1)).unwrap_or(first);
    let rows = sqlx::query!(
        r#"WITH ran AS (
               SELECT plan_id, date_trunc('month', started_at AT TIME ZONE 'UTC')::date AS began,
                      CASE WHEN least(cancelled_at, expires_at) <= $2
                           THEN date_trunc('month', least(cancelled_at, expires_at) AT TIME ZONE 'UTC')::date END AS ended
               FROM subscriptions
               WHERE started_at <= $2 AND status NOT IN ('pending', 'paused') AND trial_end_at IS NULL
           ), moved AS (
               SELECT plan_id, greatest(began, $1) AS month, 1 AS began, 0 AS ended, 0 AS lost FROM ran
               UNION ALL
               SELECT plan_id, greatest(ended, $1), 0, 1, CASE WHEN began < ended THEN 1 ELSE 0 END FROM ran WHERE ended IS NOT NULL
           )
           SELECT m.month AS "month!", p.price_minor, p.currency AS "currency: String", p.billing_period,
                  sum(m.began)::bigint AS "began!", sum(m.ended)::bigint AS "ended!", sum(m.lost)::bigint AS "lost!"
           FROM moved m JOIN plans p ON p.id = m.plan_id GROUP BY m.month, p.id"#,
        before,
        now,
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            let period: BillingPeriod = row.billing_period.parse()?;
            let price =
                rates.convert(Money::new(row.price_minor, currency(&row.currency)?), Currency::EUR)?;
            let monthly = period.per_month(price.minor).unwrap_or(0);
            Ok(Moves { month: row.month, began: row.began, ended: row.ended, lost: row.lost, monthly })
        })
        .collect()
}

/// What ran at the end of each month, and what was lost in it.
fn run_on(months: &mut [MonthOfBusiness], moves: &[Moves]) {
    let Some(first) = months.first().map(|month| month.month) else { return };
    let (mut running, mut monthly) = (0_i64, 0_i64);
    let mut take = |wanted: &dyn Fn(NaiveDate) -> bool| {
        let ran = running;
        let mut lost = 0;
        for it in moves.iter().filter(|it| wanted(it.month)) {
            running += it.began - it.ended;
            monthly = monthly.saturating_add(it.monthly.saturating_mul(it.began - it.ended));
            lost += it.lost;
        }
        (hundredths(percent(lost, ran)), monthly)
    };
    take(&|month| month < first);
    for month in months {
        let (churn, monthly) = take(&|of| of == month.month);
        (month.churn, month.mrr) = (churn, Money::new(monthly, Currency::EUR));
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
    fn what_runs_is_what_began_and_did_not_end() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let moves =
            |month: &str, began, ended, lost| Moves { month: day(month), began, ended, lost, monthly: 1_000 };
        let mut months = ["2026-10-01", "2026-11-01", "2026-12-01"].map(|it| MonthOfBusiness::empty(day(it)));
        let moves =
            [moves("2026-09-01", 5, 1, 0), moves("2026-10-01", 2, 1, 1), moves("2026-12-01", 0, 2, 1)];
        run_on(&mut months, &moves);
        assert_eq!(months.map(|it| it.mrr.minor), [5_000, 5_000, 3_000]);
        assert_eq!(months.map(|it| it.churn), [2_500, 0, 2_000]);
    }

    #[test]
    fn two_years_begin_two_years_ago() {
        let first = |text: &str| first_month(text.parse().unwrap()).to_string();
        assert_eq!(first("2026-11-21T10:00:00Z"), "2024-12-01");
        assert_eq!(first("2028-02-29T23:59:59Z"), "2026-03-01");
    }
}
