//! How business goes: what subscriptions bring a month, and what the last 30 days were against the 30 before
//! (spec 5.11).

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::AdminPermit;
use domain::billing::BillingPeriod;
use domain::money::{Currency, Money};
use platform::database::Transaction;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::catalogue::currency;
use crate::catalogue::prices::Rates;
use crate::{Billing, Result};

/// The days that are compared with as many before them.
const DAYS: i64 = 30;

/// A figure, and by how much it changed. Nothing to compare with is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure<T> {
    /// What it is now.
    pub total: T,
    /// The change in percent with two decimals.
    pub change_percent: Decimal,
}

impl<T> Figure<T> {
    /// The change in hundredths of a percent.
    pub fn change_hundredths(&self) -> i64 {
        hundredths(self.change_percent)
    }
}

/// Figures of the platform. Money is in the default currency; rates are percent with two decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// What the subscriptions that run bring a month.
    pub mrr: Figure<Money>,
    /// What was paid in the last 30 days and not given back.
    pub revenue: Figure<Money>,
    /// How many customers signed up in the last 30 days.
    pub user_growth: Figure<i64>,
    /// How many subscriptions run or are tried out.
    pub active_subscriptions: Figure<i64>,
    /// Of those that were paid for 30 days ago, how many in a hundred are over or will not be renewed.
    pub churn: Figure<Decimal>,
    /// Of those who signed up in the last 30 days, how many in a hundred have paid.
    pub conversion: Figure<Decimal>,
    /// What a customer who pays paid on average in the last 30 days.
    pub arpu: Figure<Money>,
}

impl Billing {
    /// The figures as of now, and what they were 30 days before as far as dates tell: four statements, of which each
    /// gives a row for each plan or currency, however many customers there are.
    pub async fn dashboard(&self, permit: AdminPermit<'_>) -> Result<Dashboard> {
        let now = self.clock.now();
        let before = now - TimeDelta::days(DAYS);
        let long_before = before - TimeDelta::days(DAYS);
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rates = Rates::load_all(&mut transaction).await?;
        let (present, past) = subscriptions(&mut transaction, &rates, now, before).await?;
        let counts = sqlx::query!(
            r#"WITH joined AS (
                   SELECT u.id, u.created_at > $2 AS is_new FROM users u
                   WHERE u.created_at > $3 AND u.created_at <= $1 AND u.organisation_id IS NULL AND NOT u.is_platform_admin
               ), paid AS (
                   SELECT started_at, cancelled_at, expires_at, status FROM subscriptions
                   WHERE trial_end_at IS NULL AND status NOT IN ('pending', 'paused')
               ), ended AS (
                   SELECT cancelled_at > $2 AS is_new FROM paid
                   WHERE cancelled_at > $3 AND cancelled_at <= $1
                     AND started_at <= CASE WHEN cancelled_at > $2 THEN $2 ELSE $3 END
                   UNION ALL
                   SELECT expires_at > $2 FROM paid
                   WHERE status = 'expired' AND cancelled_at IS NULL AND expires_at > $3 AND expires_at <= $1
                     AND started_at <= CASE WHEN expires_at > $2 THEN $2 ELSE $3 END
               )
               SELECT (SELECT count(*) FROM joined WHERE is_new) AS "joined!",
                      (SELECT count(*) FROM joined WHERE NOT is_new) AS "joined_before!",
                      (SELECT count(*) FROM joined j WHERE is_new
                         AND EXISTS (SELECT FROM invoices i WHERE i.account_id = j.id AND i.status = 'paid' AND i.total_minor > 0)) AS "paying!",
                      (SELECT count(*) FROM joined j WHERE NOT is_new
                         AND EXISTS (SELECT FROM invoices i WHERE i.account_id = j.id AND i.status = 'paid' AND i.total_minor > 0 AND i.paid_at <= $2))
                          AS "paying_before!",
                      (SELECT count(*) FROM ended WHERE is_new) AS "ended!",
                      (SELECT count(*) FROM ended WHERE NOT is_new) AS "ended_before!",
                      (SELECT count(*) FROM paid WHERE started_at <= $3
                         AND (cancelled_at IS NULL OR cancelled_at > $3) AND (expires_at IS NULL OR expires_at > $3))
                          AS "ran_long_before!""#,
            now,
            before,
            long_before,
        )
        .fetch_one(&mut *transaction)
        .await?;
        let paid = payments(&mut transaction, &rates, now, before, long_before).await?;
        transaction.commit().await?;
        let churn = percent(counts.ended, past.paid);
        let churn_before = percent(counts.ended_before, counts.ran_long_before);
        let conversion = percent(counts.paying, counts.joined);
        let conversion_before = percent(counts.paying_before, counts.joined_before);
        let money = |now: i64, before: i64| Figure {
            total: Money::new(now, Currency::EUR),
            change_percent: change(now.into(), before.into()),
        };
        let count =
            |now: i64, before: i64| Figure { total: now, change_percent: change(now.into(), before.into()) };
        Ok(Dashboard {
            mrr: money(present.monthly, past.monthly),
            revenue: money(paid.now, paid.before),
            user_growth: count(counts.joined, counts.joined_before),
            active_subscriptions: count(present.active, past.active),
            churn: Figure { total: churn, change_percent: change(churn, churn_before) },
            conversion: Figure { total: conversion, change_percent: change(conversion, conversion_before) },
            arpu: money(share(paid.now, paid.payers_now), share(paid.before, paid.payers_before)),
        })
    }
}

/// Subscriptions at an instant.
#[derive(Debug, Default)]
struct Running {
    /// What they bring a month, in minor units of the default currency.
    monthly: i64,
    /// Those that are active or tried out.
    active: i64,
    /// Those of them that are paid for.
    paid: i64,
}

/// What runs now, and what ran at `before` as far as its plan today and its dates tell. Trials bring nothing, as what is paused,
/// of which nothing tells since when it is.
async fn subscriptions(
    transaction: &mut Transaction,
    rates: &Rates,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<(Running, Running)> {
    let rows = sqlx::query!(
        r#"SELECT p.price_minor, p.currency AS "currency: String", p.billing_period,
                  count(*) FILTER (WHERE s.status = 'active' AND s.expires_at > $1) AS "active!",
                  count(*) FILTER (WHERE s.status = 'trialing' AND s.expires_at > $1) AS "trialing!",
                  count(*) FILTER (WHERE r.ran) AS "ran!",
                  count(*) FILTER (WHERE r.ran AND s.trial_end_at IS NULL AND s.status <> 'paused') AS "ran_paid!"
           FROM subscriptions s JOIN plans p ON p.id = s.plan_id
                CROSS JOIN LATERAL (SELECT s.started_at <= $2 AND s.status <> 'pending' AND (s.cancelled_at IS NULL OR s.cancelled_at > $2)
                                      AND (s.expires_at IS NULL OR s.expires_at > $2) AS ran) r
           WHERE s.started_at IS NOT NULL AND (s.expires_at IS NULL OR s.expires_at > $2)
           GROUP BY p.id"#,
        now,
        before,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let (mut present, mut past) = (Running::default(), Running::default());
    for row in rows {
        let period: BillingPeriod = row.billing_period.parse()?;
        let price = rates.convert(Money::new(row.price_minor, currency(&row.currency)?), Currency::EUR)?;
        let monthly = period.per_month(price.minor).unwrap_or(0);
        present.monthly = present.monthly.saturating_add(monthly.saturating_mul(row.active));
        present.active += row.active + row.trialing;
        present.paid += row.active;
        past.monthly = past.monthly.saturating_add(monthly.saturating_mul(row.ran_paid));
        past.active += row.ran;
        past.paid += row.ran_paid;
    }
    Ok((present, past))
}

/// What was paid, in minor units of the default currency, and by how many.
#[derive(Debug, Default)]
struct Paid {
    now: i64,
    before: i64,
    payers_now: i64,
    payers_before: i64,
}

async fn payments(
    transaction: &mut Transaction,
    rates: &Rates,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
    long_before: DateTime<Utc>,
) -> Result<Paid> {
    // A sum for each currency, less what credit notes gave back of it; and, without a currency, how many paid.
    let rows = sqlx::query!(
        r#"SELECT currency AS "currency?: String", is_new AS "is_new!", sum(total_minor)::bigint AS "sum!", count(DISTINCT account_id) AS "payers!"
           FROM (SELECT i.account_id, i.currency, i.total_minor - coalesce(c.credited, 0) AS total_minor, i.paid_at > $2 AS is_new
                 FROM invoices i
                 LEFT JOIN (SELECT n.account_id, n.invoice_id, sum(n.total_minor) AS credited FROM credit_notes n
                            WHERE n.cancels IS NULL
                              AND NOT EXISTS (SELECT FROM credit_notes x WHERE x.account_id = n.account_id AND x.cancels = n.id)
                            GROUP BY n.account_id, n.invoice_id) c ON c.account_id = i.account_id AND c.invoice_id = i.id
                 WHERE i.status = 'paid' AND i.paid_at > $3 AND i.paid_at <= $1 AND i.total_minor > 0) AS paid
           GROUP BY GROUPING SETS ((is_new, currency), (is_new))"#,
        now,
        before,
        long_before,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut paid = Paid::default();
    for row in rows {
        let (total, payers) = if row.is_new {
            (&mut paid.now, &mut paid.payers_now)
        } else {
            (&mut paid.before, &mut paid.payers_before)
        };
        match row.currency {
            None => *payers = row.payers,
            Some(code) => {
                let sum = rates.convert(Money::new(row.sum, currency(&code)?), Currency::EUR)?;
                *total = total.saturating_add(sum.minor);
            }
        }
    }
    Ok(paid)
}

/// By how many percent `now` is more than `before`: nothing to compare with is no change, or 100 where there is
/// something now.
fn change(now: Decimal, before: Decimal) -> Decimal {
    if before.is_zero() {
        return if now.is_zero() { Decimal::ZERO } else { Decimal::ONE_HUNDRED };
    }
    let change = (now - before).checked_mul(Decimal::ONE_HUNDRED).and_then(|part| part.checked_div(before));
    round(change.unwrap_or(Decimal::ZERO))
}

/// Percent in hundredths.
pub(crate) fn hundredths(percent: Decimal) -> i64 {
    let hundredths = percent.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::ZERO);
    hundredths.round().try_into().unwrap_or(0)
}

/// How many in a hundred; none of none is 0.
pub(crate) fn percent(part: i64, whole: i64) -> Decimal {
    let whole = Decimal::from(whole);
    let percent = Decimal::from(part).checked_mul(Decimal::ONE_HUNDRED);
    round(percent.and_then(|percent| percent.checked_div(whole)).unwrap_or(Decimal::ZERO))
}

/// The average, half up; of none it is 0.
pub(crate) fn share(sum: i64, count: i64) -> i64 {
    let exact = Decimal::from(sum).checked_div(Decimal::from(count)).unwrap_or(Decimal::ZERO);
    exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).try_into().unwrap_or(sum)
}

fn round(value: Decimal) -> Decimal {
    let mut rounded = value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_percent_of_what_was() {
        let of = |now: i64, before: i64| change(now.into(), before.into()).to_string();
        assert_eq!(of(150, 100), "50.00");
        assert_eq!(of(50, 100), "-50.00");
        assert_eq!(of(1, 3), "-66.67");
        assert_eq!(of(0, 0), "0");
        assert_eq!(of(5, 0), "100");
        assert_eq!(percent(1, 3).to_string(), "33.33");
        assert_eq!(percent(1, 0).to_string(), "0.00");
        assert_eq!((share(100, 3), share(0, 0), share(5, 2)), (33, 0, 3));
    }
}
