//! Another plan: a better one at once for the difference, a lesser one at the next renewal (DESIGN 5.4).

use std::collections::HashMap;

use chrono::{DateTime, Days, Utc};
use domain::access::AccountPermit;
use domain::billing::account::ChangeView;
use domain::billing::{Proration, SubscriptionRefusal, SubscriptionStatus, TaxRate, Totals, prorate};
use domain::ids::{AccountId, InvoiceId, PlanId, SubscriptionId};
use domain::money::Money;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::read::{self, Subscription};
use super::record::{LockedSubscription, PlanFacts};
use super::{void_open, void_open_changes};
use crate::catalogue::prices::{TaxPlace, tax_rate};
use crate::checkout::{DUE_DAYS, publish};
use crate::error::CartProblem;
use crate::invoices::{self, NewInvoice, NewLine};
use crate::payments::{Capture, settle};
use crate::{Billing, Error, Result, accounts};

/// What a change of plan costs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What is left of the present plan, and the difference, net.
    pub proration: Proration,
    /// The difference with its tax: what the invoice will say.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
}

/// What a change of plan did.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The subscription: with the new plan if nothing was due, else with the present one until the invoice is paid.
    pub subscription: Subscription,
    /// The invoice over the difference.
    pub invoice_id: InvoiceId,
    /// What it comes to.
    pub change: Change,
}

impl Billing {
    /// What [`Billing::upgrade`] would cost now, from the same calculation.
    pub async fn preview_change(
        &self,
        permit: AccountPermit<'_>,
        id: SubscriptionId,
        plan_id: PlanId,
    ) -> Result<Change> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let subscription = LockedSubscription::load(&mut transaction, permit.account_id(), id).await?;
        let plan = offered(&mut transaction, permit, &subscription, plan_id).await?;
        let (change, _) = cost(&mut transaction, &subscription, &plan, now).await?;
        transaction.rollback().await?;
        Ok(change)
    }

    /// What [`Billing::upgrade`] to each of some plans would cost now.
    pub async fn preview_changes(
        &self,
        permit: AccountPermit<'_>,
        id: SubscriptionId,
        plan_ids: &[PlanId],
    ) -> Result<HashMap<PlanId, ChangeView>> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let subscription = LockedSubscription::load(&mut transaction, permit.account_id(), id).await?;
        let basis = Basis::load(&mut transaction, &subscription, now).await?;
        let plans = PlanFacts::load_all_in(&mut transaction, plan_ids, subscription.currency).await?;
        let mut changes = HashMap::new();
        for (plan_id, plan) in plans {
            let change = basis.cost_of(&plan, now)?;
            let view = ChangeView {
                price: plan.price,
                credit: change.proration.credit,
                totals: change.totals,
                tax_rate: change.tax_rate,
                days_remaining: change.proration.days_remaining.into(),
                until: change.proration.until,
            };
            changes.insert(plan_id, view);
        }
        transaction.rollback().await?;
        Ok(changes)
    }

    /// Asks for the difference to a better plan; the subscription gets it when the invoice is paid, at once where
    /// nothing is due, for a period that began when it was asked for: until then the present one is given back. Another upgrade
    /// that was asked for and not paid is taken back. A renewal stays open, in case this is never paid: whichever of them is
    /// paid voids the other.
    pub async fn upgrade(
        &self,
        permit: AccountPermit<'_>,
        id: SubscriptionId,
        plan_id: PlanId,
    ) -> Result<Changed> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        accounts::lock(&mut transaction, permit.account_id()).await?;
        let subscription = LockedSubscription::load(&mut transaction, permit.account_id(), id).await?;
        if subscription.state.at(now).status() != SubscriptionStatus::Active {
            return Err(SubscriptionRefusal::NotActiveToUpgrade.into());
        }
        if subscription.plan_id == plan_id {
            return Err(SubscriptionRefusal::SamePlan.into());
        }
        let plan = offered(&mut transaction, permit, &subscription, plan_id).await?;
        refuse_rivals(&mut transaction, &subscription, plan_id).await?;
        let (change, country) = cost(&mut transaction, &subscription, &plan, now).await?;
        void_open(&mut transaction, &subscription, &["upgrade"], now).await?;
        // Once the present period or that of the better plan is over it is void.
        let ends = [Some(change.proration.until), subscription.state.expires_at()];
        let due_at = ends.into_iter().flatten().chain([now + Days::new(DUE_DAYS)]).min();
        let invoice_id: InvoiceId = platform::ids::new();
        let line = NewLine::subscription(
            id,
            plan_id,
            format!("Upgrade: {}", plan.name),
            change.proration.amount_due,
        );
        invoices::insert(
            &mut transaction,
            NewInvoice {
                id: invoice_id,
                account_id: permit.account_id(),
                reason: "upgrade",
                plan_id: Some(plan_id),
                subscription_id: Some(id),
                from_plan_id: Some(subscription.plan_id),
                period_until: Some(change.proration.until),
                from_expires_at: subscription.state.expires_at(),
                totals: change.totals,
                tax_rate: change.tax_rate,
                tax_country: country,
                payment_method: None,
                due_at,
                lines: &[line],
            },
            now,
        )
        .await?;
        if change.totals.total.minor == 0 {
            settle(&mut transaction, invoice_id, Capture::of_nothing(change.totals.total), now).await?;
        }
        let payload = json!({ "account_id": permit.account_id(), "subscription_id": id, "plan_id": plan_id, "invoice_id": invoice_id });
        publish(&mut transaction, permit, "subscription.upgrade_requested", id.into(), payload, now).await?;
        let found = read::one(&mut transaction, permit.account_id(), id).await?;
        transaction.commit().await?;
        Ok(Changed { subscription: found.ok_or(Error::NoSubscription)?, invoice_id, change })
    }

    /// A lesser plan from the next renewal on.
    pub async fn downgrade(
        &self,
        permit: AccountPermit<'_>,
        id: SubscriptionId,
        plan_id: PlanId,
    ) -> Result<Subscription> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        accounts::lock(&mut transaction, permit.account_id()).await?;
        let mut subscription = LockedSubscription::load(&mut transaction, permit.account_id(), id).await?;
        if subscription.state.at(now).status() != SubscriptionStatus::Active {
            return Err(SubscriptionRefusal::NotActiveToDowngrade.into());
        }
        if subscription.plan_id == plan_id {
            return Err(SubscriptionRefusal::SamePlan.into());
        }
        let plan = offered(&mut transaction, permit, &subscription, plan_id).await?;
        if !plan.billing_period.is_recurring() {
            return Err(SubscriptionRefusal::OneTimeToDowngrade.into());
        }
        refuse_rivals(&mut transaction, &subscription, plan_id).await?;
        subscription.pending_plan_id = Some(plan_id);
        // A renewal that was asked for at the present price is asked for again at the new one.
        void_open_changes(&mut transaction, &subscription, now).await?;
        subscription.save(&mut transaction, now).await?;
        let payload = json!({ "account_id": permit.account_id(), "subscription_id": id, "plan_id": plan_id });
        publish(&mut transaction, permit, "subscription.downgraded", id.into(), payload, now).await?;
        let found = read::one(&mut transaction, permit.account_id(), id).await?;
        transaction.commit().await?;
        found.ok_or(Error::NoSubscription)
    }
}

/// A plan that this kind of account can buy, at its price in the currency of the subscription.
async fn offered(
    transaction: &mut Transaction,
    permit: AccountPermit<'_>,
    subscription: &LockedSubscription,
    id: PlanId,
) -> Result<PlanFacts> {
    let plan = PlanFacts::load_in(transaction, id, subscription.currency).await?;
    if plan.module.is_some() != permit.is_company() {
        return Err(Error::NoPlan);
    }
    if !plan.is_active {
        return Err(CartProblem::PlanNotActive.into());
    }
    Ok(plan)
}

/// Refuses a plan of a single category in which another subscription has the place.
async fn refuse_rivals(
    transaction: &mut Transaction,
    subscription: &LockedSubscription,
    plan_id: PlanId,
) -> Result<()> {
    let taken = sqlx::query_scalar!(
        "SELECT c.name FROM single_subscriptions s JOIN plan_categories c ON c.id = s.category_id
         JOIN plans_in_categories m ON m.category_id = c.id AND m.plan_id = $3
         WHERE s.account_id = $1 AND s.subscription_id <> $2 ORDER BY c.sort_order, c.name LIMIT 1",
        Uuid::from(subscription.account_id),
        Uuid::from(subscription.id),
        Uuid::from(plan_id),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    taken.map_or(Ok(()), |category| Err(CartProblem::SingleCategory(category).into()))
}

/// What a change costs at `now`, and the country whose tax is in it.
async fn cost(
    transaction: &mut Transaction,
    subscription: &LockedSubscription,
    plan: &PlanFacts,
    now: DateTime<Utc>,
) -> Result<(Change, Option<String>)> {
    let basis = Basis::load(transaction, subscription, now).await?;
    Ok((basis.cost_of(plan, now)?, basis.country))
}

/// What the cost of a change depends on, besides the plan.
struct Basis {
    present: PlanFacts,
    /// What a period of the present plan counts for: its price, or nothing while that is not paid.
    worth: Money,
    expires_at: DateTime<Utc>,
    country: Option<String>,
    tax_rate: TaxRate,
}

impl Basis {
    async fn load(
        transaction: &mut Transaction,
        subscription: &LockedSubscription,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let (country, tax_rate) = tax_of(transaction, subscription.account_id, now).await?;
        let present = PlanFacts::load_in(transaction, subscription.plan_id, subscription.currency).await?;
        let worth = if is_unpaid(transaction, subscription).await? {
            Money::zero(present.price.currency)
        } else {
            present.price
        };
        Ok(Self {
            present,
            worth,
            expires_at: subscription.state.expires_at().unwrap_or(now),
            country,
            tax_rate,
        })
    }

    /// What a change to `plan` costs. Both prices are in the currency of the subscription.
    fn cost_of(&self, plan: &PlanFacts, now: DateTime<Utc>) -> Result<Change> {
        let Self { present, worth, expires_at, tax_rate, .. } = self;
        let paid = (*worth, present.billing_period);
        let proration = prorate(paid, *expires_at, (plan.price, plan.billing_period), now);
        let totals = Totals::of([proration.amount_due], *tax_rate, present.price.currency)?;
        Ok(Change { proration, totals, tax_rate: *tax_rate })
    }
}

/// Whether nobody paid for the running period yet, as where the admin began it: the newest invoice that it runs by is open. A
/// renewal that was asked for while it runs is not one of them, since it is for the next period.
async fn is_unpaid(transaction: &mut Transaction, subscription: &LockedSubscription) -> Result<bool> {
    let is_unpaid = sqlx::query_scalar!(
        r#"SELECT status <> 'paid' AS "is_unpaid!" FROM invoices
           WHERE account_id = $1 AND subscription_id = $2
             AND (status = 'paid'
                  OR status IN ('pending', 'failed') AND (reason = 'purchase' OR reason = 'renewal' AND invoiced_at < $3))
           ORDER BY invoiced_at DESC, id DESC LIMIT 1"#,
        Uuid::from(subscription.account_id),
        Uuid::from(subscription.id),
        subscription.state.columns().started_at,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(is_unpaid.unwrap_or(false))
}

/// The country whose tax an account pays for what it has, and the rate there: that of its address, else the one that its
/// newest paid order named. An order that named none says nothing, and one that was never paid counts only where none was.
pub(crate) async fn tax_of(
    transaction: &mut Transaction,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<(Option<String>, TaxRate)> {
    let mut place = TaxPlace::of(transaction, account_id).await?;
    if place.country.is_none() {
        let named = sqlx::query_scalar!(
            r#"SELECT tax_country AS "country: String" FROM invoices
               WHERE account_id = $1 AND reason = 'purchase' AND tax_country IS NOT NULL
               ORDER BY status IN ('paid', 'refunded') DESC, invoiced_at DESC, id DESC LIMIT 1"#,
            Uuid::from(account_id),
        )
        .fetch_optional(&mut **transaction)
        .await?;
        place = TaxPlace { country: named.flatten(), region: None };
    }
    let rate = tax_rate(transaction, &place, now.date_naive()).await?;
    Ok((place.country, rate))
}
