//! What an account may use, and how often (spec 5.11, "feature guard"). The rules are in `domain::billing::feature`.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::AccountPermit;
use domain::billing::SubscriptionState;
use domain::billing::feature::{Entitlement, Grant, granted};
use domain::billing::subscription::StateColumns;
use domain::ids::AccountId;
use platform::database::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::modules::open_until;
use crate::{Billing, Error, Result, accounts, input};

/// The most uses that are counted at once.
const MOST_USES: i64 = 1_000_000;

/// The most subscriptions of one account that are looked at: nobody has more that run.
const MOST_SUBSCRIPTIONS: i64 = 500;

/// A feature as an account may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// How often it may be used within the period; none for as often as one likes.
    pub limit: Option<i64>,
    /// How often it was used.
    pub used: i64,
    /// How often it may still be used; none for as often as one likes.
    pub remaining: Option<i64>,
    /// When counting begins anew.
    pub resets_at: DateTime<Utc>,
}

/// What came of a use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Whether it was allowed, and counted. If not, nothing was.
    pub is_allowed: bool,
    /// The feature after it.
    pub feature: Feature,
}

impl Feature {
    fn new(name: String, grant: Grant, used: i64) -> Self {
        let remaining = grant.remaining(used);
        Self { name, limit: grant.limit, used, remaining, resets_at: grant.period.ends_at }
    }
}

impl Billing {
    /// Whether the account has a feature, whatever of it was used.
    pub async fn may_use(&self, permit: AccountPermit<'_>, feature: &str) -> Result<bool> {
        let mut transaction = self.begin(permit).await?;
        let granted = grants(&mut transaction, permit.account_id(), self.clock.now()).await?;
        transaction.commit().await?;
        Ok(granted.contains_key(feature))
    }

    /// The subscriptions of an account that give it something now, within a transaction that may read them.
    pub async fn entitlements(
        &self,
        transaction: &mut Transaction,
        account_id: AccountId,
    ) -> Result<Vec<Entitlement>> {
        entitlements(transaction, account_id, self.clock.now()).await
    }

    /// What the account may use, by name.
    pub async fn features(&self, permit: AccountPermit<'_>) -> Result<Vec<Feature>> {
        let mut transaction = self.begin(permit).await?;
        let granted = grants(&mut transaction, permit.account_id(), self.clock.now()).await?;
        let names: Vec<String> = granted.keys().cloned().collect();
        let periods: Vec<NaiveDate> = granted.values().map(key).collect();
        let counted = sqlx::query!(
            "SELECT u.feature, u.used FROM feature_usage u
             JOIN unnest($2::text[], $3::date[]) AS t (feature, period_start) ON t.feature = u.feature AND t.period_start = u.period_start
             WHERE u.account_id = $1",
            Uuid::from(permit.account_id()),
            &names,
            &periods,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let used: HashMap<String, i64> = counted.into_iter().map(|row| (row.feature, row.used)).collect();
        let feature = |(name, grant)| {
            let used = used.get(&name).copied().unwrap_or(0);
            Feature::new(name, grant, used)
        };
        Ok(granted.into_iter().map(feature).collect())
    }

    /// Uses a feature so many times, if that many are left: all of them are counted, or none. One that nothing gives is
    /// [`Error::NoFeature`].
    pub async fn use_feature(&self, permit: AccountPermit<'_>, feature: &str, amount: i64) -> Result<Use> {
        let amount = input::number("amount", amount, 1, MOST_USES)?;
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let grant = grants(&mut transaction, permit.account_id(), now).await?;
        let grant = grant.get(feature).copied().ok_or(Error::NoFeature)?;
        let account_id = accounts::ensure(&mut transaction, permit, now).await?;
        // The limit is looked at in the statement that counts: of many at once each sees those before it.
        let counted = sqlx::query_scalar!(
            "INSERT INTO feature_usage AS known (account_id, feature, period_start, used)
             SELECT $1, $2, $3, $4 WHERE $5::bigint IS NULL OR $4 <= $5
             ON CONFLICT (account_id, feature, period_start) DO UPDATE SET used = known.used + excluded.used
             WHERE $5 IS NULL OR known.used + excluded.used <= $5
             RETURNING used",
            Uuid::from(account_id),
            feature,
            key(&grant),
            amount,
            grant.limit,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let used = match counted {
            Some(used) => used,
            None => used(&mut transaction, account_id, feature, &grant).await?,
        };
        transaction.commit().await?;
        Ok(Use { is_allowed: counted.is_some(), feature: Feature::new(feature.to_owned(), grant, used) })
    }
}

/// What names a period in `feature_usage`.
fn key(grant: &Grant) -> NaiveDate {
    grant.period.starts_at.date_naive()
}

async fn used(
    transaction: &mut Transaction,
    account_id: AccountId,
    feature: &str,
    grant: &Grant,
) -> Result<i64> {
    let used = sqlx::query_scalar!(
        "SELECT used FROM feature_usage WHERE account_id = $1 AND feature = $2 AND period_start = $3",
        Uuid::from(account_id),
        feature,
        key(grant),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(used.unwrap_or(0))
}

/// What the subscriptions of an account that give access give it.
async fn grants(
    transaction: &mut Transaction,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, Grant>> {
    Ok(granted(&entitlements(transaction, account_id, now).await?, now))
}

/// The subscriptions of an account that give access.
async fn entitlements(
    transaction: &mut Transaction,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<Entitlement>> {
    let rows = sqlx::query!(
        r#"SELECT p.features AS "features: Value", p.billing_period, s.status, s.started_at, s.expires_at, s.trial_end_at, s.cancelled_at,
                  s.paused_at, s.is_collected
           FROM subscriptions s JOIN plans p ON p.id = s.plan_id
           WHERE s.account_id = $1 AND s.status IN ('active', 'trialing', 'cancelled')
           ORDER BY s.expires_at DESC NULLS LAST LIMIT $2"#,
        Uuid::from(account_id),
        MOST_SUBSCRIPTIONS,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut entitlements = Vec::with_capacity(rows.len());
    for row in rows {
        let state = SubscriptionState::try_from(StateColumns {
            status: row.status.parse()?,
            started_at: row.started_at,
            expires_at: row.expires_at,
            trial_end_at: row.trial_end_at,
            cancelled_at: row.cancelled_at,
            paused_at: row.paused_at,
        })?;
        if open_until(&state, row.is_collected).is_some_and(|end| now < end) {
            let billing_period = row.billing_period.parse()?;
            let is_collected = row.is_collected;
            entitlements.push(Entitlement { features: row.features, state, billing_period, is_collected });
        }
    }
    Ok(entitlements)
}
