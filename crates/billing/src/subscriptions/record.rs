//! A subscription's row, and what is needed of its plan.

use chrono::{DateTime, Utc};
use domain::billing::subscription::StateColumns;
use domain::billing::{BillingPeriod, SubscriptionState};
use domain::ids::{AccountId, PlanId, SubscriptionId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::catalogue::currency;
use crate::catalogue::prices::Rates;
use crate::providers::{ToTell, follow_later};
use crate::{Error, Result};

/// A subscription under the lock of its account.
pub(crate) struct LockedSubscription {
    pub account_id: AccountId,
    pub id: SubscriptionId,
    pub plan_id: PlanId,
    pub pending_plan_id: Option<PlanId>,
    pub state: SubscriptionState,
    /// In which it was bought, and goes on.
    pub currency: Currency,
    /// Whether a payment provider collects it.
    pub is_collected: bool,
    /// Whether it goes on, and with which plan, as it was read.
    read: (bool, PlanId),
}

impl LockedSubscription {
    /// Reads it; the caller holds the account's lock.
    pub async fn load(
        transaction: &mut Transaction,
        account_id: AccountId,
        id: SubscriptionId,
    ) -> Result<Self> {
        let row = sqlx::query!(
            r#"SELECT plan_id, pending_plan_id, status, started_at, expires_at, trial_end_at, cancelled_at, paused_at,
                    currency AS "currency: String", is_collected
             FROM subscriptions WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE"#,
            Uuid::from(account_id),
            Uuid::from(id),
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NoSubscription)?;
        let state = SubscriptionState::try_from(StateColumns {
            status: row.status.parse()?,
            started_at: row.started_at,
            expires_at: row.expires_at,
            trial_end_at: row.trial_end_at,
            cancelled_at: row.cancelled_at,
            paused_at: row.paused_at,
        })?;
        let (plan_id, pending_plan_id) = (PlanId(row.plan_id), row.pending_plan_id.map(PlanId));
        Ok(Self {
            account_id,
            id,
            plan_id,
            pending_plan_id,
            read: (state.is_current(), pending_plan_id.unwrap_or(plan_id)),
            state,
            currency: currency(&row.currency)?,
            is_collected: row.is_collected,
        })
    }

    /// Writes it back, and lets a provider that collects it know.
    pub async fn save(&self, transaction: &mut Transaction, now: DateTime<Utc>) -> Result<()> {
        self.write(transaction, now).await?;
        if self.is_collected {
            let changed = if self.is_renewed_otherwise(transaction).await? {
                ToTell::Renewal
            } else {
                ToTell::NextPeriod
            };
            follow_later(transaction, &[(self.account_id, self.id)], changed, now).await?;
        }
        Ok(())
    }

    /// The plan of its next period.
    pub fn coming_plan_id(&self) -> PlanId {
        self.pending_plan_id.unwrap_or(self.plan_id)
    }

    /// Whether it changed whether it is renewed: whether it goes on, and with a plan that has a next period. Another plan alone
    /// is another price.
    async fn is_renewed_otherwise(&self, transaction: &mut Transaction) -> Result<bool> {
        let (was_current, before) = self.read;
        let coming = self.coming_plan_id();
        if was_current != self.state.is_current() || before == coming {
            return Ok(was_current != self.state.is_current());
        }
        let before = PlanFacts::load(transaction, before).await?;
        let coming = PlanFacts::load(transaction, coming).await?;
        Ok(before.billing_period.is_recurring() != coming.billing_period.is_recurring())
    }

    /// What is asked for the next period is due when this one ends, wherever a pause or a gift moves that; while it is interrupted
    /// nobody knows when.
    pub async fn move_due_date(&self, transaction: &mut Transaction, now: DateTime<Utc>) -> Result<()> {
        let end = match self.state {
            SubscriptionState::Paused { .. } => None,
            state => state.expires_at(),
        };
        sqlx::query!(
            "UPDATE invoices SET due_at = $3, updated_at = $4
             WHERE account_id = $1 AND subscription_id = $2 AND reason = 'renewal' AND status = 'pending'
               AND ($3::timestamptz IS NULL OR due_at IS NULL OR due_at < $3)",
            Uuid::from(self.account_id),
            Uuid::from(self.id),
            end,
            now,
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    /// Writes it back as the provider that collects it says it is.
    pub async fn write(&self, transaction: &mut Transaction, now: DateTime<Utc>) -> Result<()> {
        let columns = self.state.columns();
        sqlx::query!(
            "UPDATE subscriptions
             SET plan_id = $3, pending_plan_id = $4, status = $5, started_at = $6, expires_at = $7, trial_end_at = $8, cancelled_at = $9,
                 paused_at = $10, updated_at = $11
             WHERE account_id = $1 AND id = $2",
            Uuid::from(self.account_id),
            Uuid::from(self.id),
            Uuid::from(self.plan_id),
            self.pending_plan_id.map(Uuid::from),
            columns.status.as_str(),
            columns.started_at,
            columns.expires_at,
            columns.trial_end_at,
            columns.cancelled_at,
            columns.paused_at,
            now,
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}

/// What payments and changes need to know of a plan.
pub(crate) struct PlanFacts {
    pub name: String,
    pub price: Money,
    pub billing_period: BillingPeriod,
    pub default_tokens: i64,
    pub is_active: bool,
    pub module: Option<String>,
}

impl PlanFacts {
    pub async fn load(transaction: &mut Transaction, id: PlanId) -> Result<Self> {
        Self::find(transaction, id).await?.ok_or(Error::NoPlan)
    }

    pub async fn find(transaction: &mut Transaction, id: PlanId) -> Result<Option<Self>> {
        Ok(Self::load_all(transaction, &[id]).await?.pop().map(|(_, plan)| plan))
    }

    /// With its price in a currency: its own one there if it has one, else converted.
    pub async fn load_in(transaction: &mut Transaction, id: PlanId, currency: Currency) -> Result<Self> {
        let found = Self::load_all_in(transaction, &[id], currency).await?.pop();
        found.map(|(_, plan)| plan).ok_or(Error::NoPlan)
    }

    /// [`PlanFacts::load_in`] for several.
    pub async fn load_all_in(
        transaction: &mut Transaction,
        ids: &[PlanId],
        currency: Currency,
    ) -> Result<Vec<(PlanId, Self)>> {
        let mut plans = Self::read(transaction, ids, Some(currency)).await?;
        if plans.iter().any(|(_, plan)| plan.price.currency != currency) {
            let rates = Rates::load_all(transaction).await?;
            for (_, plan) in &mut plans {
                plan.price = rates.convert(plan.price, currency)?;
            }
        }
        Ok(plans)
    }

    pub async fn load_all(transaction: &mut Transaction, ids: &[PlanId]) -> Result<Vec<(PlanId, Self)>> {
        Self::read(transaction, ids, None).await
    }

    /// Plans at their own price in `wanted`, where they have one, else in their own currency.
    async fn read(
        transaction: &mut Transaction,
        ids: &[PlanId],
        wanted: Option<Currency>,
    ) -> Result<Vec<(PlanId, Self)>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from(*id)).collect();
        let rows = sqlx::query!(
            r#"SELECT p.id, p.name, coalesce(o.price_minor, p.price_minor) AS "price_minor!",
                      coalesce(o.currency, p.currency) AS "currency!: String", p.billing_period, p.features AS "features: Value", p.is_active,
                      p.module
               FROM plans p LEFT JOIN plan_prices o ON o.plan_id = p.id AND o.currency = $2 WHERE p.id = ANY ($1)"#,
            &ids,
            wanted.map(|currency| currency.to_string()),
        )
        .fetch_all(&mut **transaction)
        .await?;
        rows.into_iter()
            .map(|row| {
                let plan = Self {
                    name: row.name,
                    price: Money::new(row.price_minor, currency(&row.currency)?),
                    billing_period: row.billing_period.parse()?,
                    default_tokens: domain::billing::catalogue::default_tokens(&row.features),
                    is_active: row.is_active,
                    module: row.module,
                };
                Ok((PlanId(row.id), plan))
            })
            .collect()
    }
}
