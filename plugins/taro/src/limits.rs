//! How many sessions and follow-ups an account may have.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::access::AccountPermit;
use domain::billing::feature::allowance;
use domain::ids::AccountId;
use platform::database::Transaction;
use uuid::Uuid;

use crate::model::{FOLLOW_UPS, SESSIONS_A_DAY};
use crate::{Error, Result, Taro};

/// What an account may have, and had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Sessions of a day; none for as many as one likes.
    pub daily: Option<i64>,
    /// Sessions of this day.
    pub used: i64,
    /// When the next day begins, in UTC.
    pub resets_at: DateTime<Utc>,
    /// Follow-ups of a session; none for as many as one likes.
    pub follow_ups: Option<i64>,
    /// How many tokens there are.
    pub balance: i64,
}

impl Limits {
    /// How many sessions are left of this day; none for as many as one likes.
    pub fn remaining(&self) -> Option<i64> {
        self.daily.map(|limit| limit.saturating_sub(self.used).max(0))
    }
}

/// What plans give.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// Sessions of a day.
    pub daily: Option<i64>,
    /// Follow-ups of a session.
    pub follow_ups: Option<i64>,
}

impl Taro {
    /// What the account may have, and had.
    pub async fn limits(&self, permit: AccountPermit<'_>) -> Result<Limits> {
        let (account_id, now) = (permit.account_id(), self.clock.now());
        let mut transaction = self.database.begin_as(permit.actor()).await?;
        let allowed = self.allowed(&mut transaction, account_id).await?;
        let used = sqlx::query_scalar!(
            "SELECT sessions FROM taro_days WHERE account_id = $1 AND day = $2",
            Uuid::from(account_id),
            now.date_naive(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(Limits {
            daily: allowed.daily,
            used: used.unwrap_or(0).into(),
            resets_at: next_day(now),
            follow_ups: allowed.follow_ups,
            balance: self.billing.token_balance(permit).await?,
        })
    }

    /// What the plans of an account give it.
    pub(crate) async fn allowed(
        &self,
        transaction: &mut Transaction,
        account_id: AccountId,
    ) -> Result<Allowed> {
        let entitlements = self.billing.entitlements(transaction, account_id).await?;
        Ok(Allowed {
            daily: allowance(&entitlements, "daily_taro_limit", SESSIONS_A_DAY),
            follow_ups: allowance(&entitlements, "max_taro_follow_ups", FOLLOW_UPS),
        })
    }
}

/// Counts a session of a day. The limit is looked at in the statement that counts: of many at once each sees those before
/// it.
pub(crate) async fn count(
    transaction: &mut Transaction,
    account_id: AccountId,
    day: NaiveDate,
    limit: Option<i64>,
) -> Result<()> {
    let counted = sqlx::query!(
        "INSERT INTO taro_days AS known (account_id, day, sessions)
         SELECT $1, $2, 1 WHERE $3::bigint IS NULL OR $3 >= 1
         ON CONFLICT (account_id, day) DO UPDATE SET sessions = known.sessions + 1
         WHERE $3 IS NULL OR known.sessions < $3",
        Uuid::from(account_id),
        day,
        limit,
    )
    .execute(&mut **transaction)
    .await?
    .rows_affected();
    if counted == 1 { Ok(()) } else { Err(Error::DailyLimit) }
}

fn next_day(now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.date_naive();
    today.checked_add_days(Days::new(1)).unwrap_or(today).and_time(NaiveTime::MIN).and_utc()
}
