//! Which plans an account has tried out already (DESIGN 5.4).

use chrono::{DateTime, Utc};
use domain::billing::{Plan, PricedPlan};
use domain::ids::AccountId;
use platform::database::Transaction;
use uuid::Uuid;

use crate::Result;

/// The families of plans that an account has tried out.
pub(crate) struct Tried(Vec<Uuid>);

impl Tried {
    pub async fn load(transaction: &mut Transaction, account_id: AccountId) -> Result<Self> {
        let families =
            sqlx::query_scalar!("SELECT family_id FROM trials WHERE account_id = $1", Uuid::from(account_id));
        Ok(Self(families.fetch_all(&mut **transaction).await?))
    }

    pub fn has_any(&self, families: &[Uuid]) -> bool {
        families.iter().any(|family| self.0.contains(family))
    }

    /// The plan as it is offered to this account: without a trial where it was used.
    pub fn without(&self, mut priced: PricedPlan) -> PricedPlan {
        if self.has_any(&families(&priced.plan)) {
            priced.plan.trial_days = 0;
        }
        priced
    }
}

/// The families that share one trial: the single categories that a plan is in; the plan itself where there is none.
pub(crate) fn families(plan: &Plan) -> Vec<Uuid> {
    let single = plan.categories.iter().filter(|category| category.is_single);
    let families: Vec<Uuid> = single.map(|category| category.id.into()).collect();
    if families.is_empty() { vec![plan.id.into()] } else { families }
}

/// Whether the account has not tried a plan of these families before; notes that it does now.
pub(crate) async fn begin_trial(
    transaction: &mut Transaction,
    account_id: AccountId,
    families: &[Uuid],
    now: DateTime<Utc>,
) -> Result<bool> {
    let begun = sqlx::query!(
        "INSERT INTO trials (account_id, family_id, began_at)
         SELECT $1, family_id, $3 FROM unnest($2::uuid[]) AS families (family_id)
         WHERE NOT EXISTS (SELECT FROM trials t WHERE t.account_id = $1 AND t.family_id = ANY ($2))",
        Uuid::from(account_id),
        families,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(begun.rows_affected() > 0)
}
