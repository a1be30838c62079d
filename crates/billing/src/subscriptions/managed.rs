//! Subscriptions, for the admin (spec 5.11).

use chrono::{DateTime, Days, Months, Utc};
use domain::access::AdminPermit;
use domain::billing::{BillingPeriod, Plan, SubscriptionState, SubscriptionStatus, Totals};
use domain::ids::{AccountId, InvoiceId, PlanId, SubscriptionId};
use platform::database::{Transaction, violated_constraint};
use platform::outbox::{self, Event};
use serde_json::{Value, json};
use uuid::Uuid;

use super::change::tax_of;
use super::read::{self, Subscription};
use super::record::{LockedSubscription, PlanFacts};
use super::void_open_changes;
use crate::catalogue::plan_by_id;
use crate::checkout::{DUE_DAYS, begin_trial, families, insert_subscription};
use crate::invoices::{self, Invoice, NewInvoice, NewLine};
use crate::payments::record;
use crate::tokens::{self, Entry};
use crate::{Billing, Error, Listed, Result, accounts, input};

/// The event of a subscription that will not be renewed.
const CANCELLED: &str = "subscription.cancelled";

/// The most days by which a subscription is made longer at once.
const MOST_DAYS: i64 = 3_650;

/// The most months for which one is made.
const MOST_MONTHS: i64 = 1_200;

/// Which subscriptions are wanted.
#[derive(Debug, Clone)]
pub struct SubscriptionQuery {
    /// Only those in this state.
    pub status: Option<SubscriptionStatus>,
    /// Only those of this account.
    pub account_id: Option<AccountId>,
    /// Only those of this plan.
    pub plan_id: Option<PlanId>,
    /// Only those of plans whose name has this part.
    pub plan_name: Option<String>,
    /// How many at most.
    pub limit: i64,
    /// After how many.
    pub offset: i64,
}

/// A subscription with the address of its owner.
#[derive(Debug, Clone)]
pub struct ManagedSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// Whose it is; none for an organisation's.
    pub user_email: Option<String>,
}

/// A subscription that the admin makes for a customer.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// The customer's account.
    pub account_id: AccountId,
    /// The plan.
    pub plan_id: PlanId,
    /// When it begins; now if absent.
    pub started_at: Option<DateTime<Utc>>,
    /// Whether it is tried out first.
    pub is_trial: bool,
    /// How many calendar months it lasts; as long as the plan's period if absent.
    pub months: Option<i64>,
}

impl Billing {
    /// Everybody's subscriptions, newest first.
    pub async fn managed_subscriptions(
        &self,
        permit: AdminPermit<'_>,
        query: &SubscriptionQuery,
    ) -> Result<Listed<ManagedSubscription>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let (found, total) = read::listed(&mut transaction, query).await?;
        let owners = found.iter().map(|subscription| subscription.account_id);
        let addresses = accounts::addresses(&mut transaction, owners).await?;
        transaction.commit().await?;
        let with_address = |subscription: Subscription| ManagedSubscription {
            user_email: addresses.get(&subscription.account_id).cloned(),
            subscription,
        };
        Ok(Listed { items: found.into_iter().map(with_address).collect(), total })
    }

    /// One subscription with its invoices, newest first.
    pub async fn managed_subscription(
        &self,
        permit: AdminPermit<'_>,
        id: SubscriptionId,
    ) -> Result<(ManagedSubscription, Vec<Invoice>)> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = managed(&mut transaction, id).await?;
        let account_id = found.subscription.account_id;
        let invoices = invoices::read::of_subscription(&mut transaction, account_id, id).await?;
        transaction.commit().await?;
        Ok((found, invoices))
    }

    /// Subscribes a customer, with an invoice that is to be paid in 30 days. Its tokens come with the payment. Somebody
    /// who has the plan, or another one of a category that allows one, or who used its trial, is [`Error::Conflict`].
    pub async fn create_subscription(
        &self,
        permit: AdminPermit<'_>,
        new: &NewSubscription,
    ) -> Result<(ManagedSubscription, Invoice)> {
        let now = self.clock.now();
        let started_at = new.started_at.unwrap_or(now);
        if !domain::stay::is_in_reach(started_at.date_naive()) {
            return Err(input::invalid("started_at", "is not a date"));
        }
        let mut transaction = self.database.begin_admin(&permit).await?;
        accounts::ensure_customer(&mut transaction, new.account_id, now).await?;
        accounts::lock(&mut transaction, new.account_id).await?;
        let plan = PlanFacts::load(&mut transaction, new.plan_id).await?;
        if plan.module.is_some() {
            return Err(Error::NoPlan);
        }
        let has_it = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM subscriptions WHERE account_id = $1 AND plan_id = $2
                                AND status IN ('active', 'trialing', 'paused')) AS "found!""#,
            Uuid::from(new.account_id),
            Uuid::from(new.plan_id),
        )
        .fetch_one(&mut *transaction)
        .await?;
        if has_it {
            return Err(taken());
        }
        let state = if new.is_trial {
            trial(&mut transaction, new, started_at, now).await?
        } else {
            let months =
                new.months.map(|months| input::number("billing_period_months", months, 1, MOST_MONTHS));
            let expires_at = end_of(plan.billing_period, months.transpose()?, started_at)
                .ok_or_else(|| input::invalid("billing_period_months", "is too large"))?;
            SubscriptionState::Active { started_at, expires_at }
        };
        let id: SubscriptionId = platform::ids::new();
        insert_subscription(
            &mut transaction,
            new.account_id,
            id,
            (new.plan_id, plan.price.currency),
            state,
            now,
        )
        .await
        .map_err(conflict)?;
        let invoice_id: InvoiceId = platform::ids::new();
        let (tax_country, tax_rate) = tax_of(&mut transaction, new.account_id, now).await?;
        let line = NewLine::subscription(id, new.plan_id, plan.name.clone(), plan.price);
        let due_from = if new.is_trial { state.expires_at().unwrap_or(now) } else { now };
        let invoice = NewInvoice {
            id: invoice_id,
            account_id: new.account_id,
            reason: "purchase",
            plan_id: Some(new.plan_id),
            subscription_id: Some(id),
            from_plan_id: None,
            period_until: None,
            from_expires_at: None,
            totals: Totals::of([plan.price], tax_rate, plan.price.currency)?,
            tax_rate,
            tax_country,
            payment_method: None,
            due_at: due_from.checked_add_days(Days::new(DUE_DAYS)),
            lines: &[line],
        };
        invoices::insert(&mut transaction, invoice, now).await?;
        let facts =
            json!({ "user_id": new.account_id, "plan_id": new.plan_id, "status": state.status().as_str() });
        tell(&mut transaction, permit, "subscription.created", id, facts, now).await?;
        invoices::tell_issued(&mut transaction, new.account_id, invoice_id, now).await?;
        let made = managed(&mut transaction, id).await?;
        let invoice = invoices::read::any(&mut transaction, invoice_id).await?.ok_or(Error::NoInvoice)?;
        transaction.commit().await?;
        Ok((made, invoice))
    }

    /// Makes an active subscription longer.
    pub async fn extend_subscription(
        &self,
        permit: AdminPermit<'_>,
        id: SubscriptionId,
        days: i64,
    ) -> Result<ManagedSubscription> {
        let days = input::number("days", days, 1, MOST_DAYS)?;
        let facts = json!({ "days": days });
        let days = u32::try_from(days).unwrap_or_default();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let now = self.clock.now();
        let mut subscription = locked(&mut transaction, id).await?;
        subscription.state = subscription.state.at(now).extended(days)?;
        subscription.save(&mut transaction, now).await?;
        subscription.move_due_date(&mut transaction, now).await?;
        tell(&mut transaction, permit, "subscription.extended", id, facts, now).await?;
        let changed = managed(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// It will not be renewed; access lasts to its end. No money and no tokens go back. `action` is what is written down.
    async fn end_subscription(
        &self,
        permit: AdminPermit<'_>,
        id: SubscriptionId,
        action: &'static str,
        facts: Value,
    ) -> Result<ManagedSubscription> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let mut subscription = locked(&mut transaction, id).await?;
        subscription.state = subscription.state.at(now).cancelled(now);
        subscription.pending_plan_id = None;
        void_open_changes(&mut transaction, &subscription, now).await?;
        subscription.save(&mut transaction, now).await?;
        tell(&mut transaction, permit, action, id, facts, now).await?;
        if action != CANCELLED {
            // Who listens for the end of subscriptions hears of this one, too.
            publish(&mut transaction, CANCELLED, id, now).await?;
        }
        let changed = managed(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// It will not be renewed; access lasts to its end.
    pub async fn cancel_subscription(
        &self,
        permit: AdminPermit<'_>,
        id: SubscriptionId,
    ) -> Result<ManagedSubscription> {
        self.end_subscription(permit, id, CANCELLED, json!({})).await
    }

    /// Cancels it, with a reason. Money goes back by the refund of its invoice (spec 5.9).
    pub async fn refund_subscription(
        &self,
        permit: AdminPermit<'_>,
        id: SubscriptionId,
        reason: &str,
    ) -> Result<ManagedSubscription> {
        let reason = input::text("reason", reason, 500)?;
        self.end_subscription(permit, id, "subscription.refunded", json!({ "reason": reason })).await
    }

    /// Lets a subscription run for a full period from now, with the plan's tokens, although nothing was paid. The
    /// payment of its invoice, if it comes, brings no tokens again.
    pub async fn activate_subscription(
        &self,
        permit: AdminPermit<'_>,
        id: SubscriptionId,
    ) -> Result<ManagedSubscription> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let mut subscription = locked(&mut transaction, id).await?;
        let plan = PlanFacts::load(&mut transaction, subscription.plan_id).await?;
        if subscription.state.at(now).status() == SubscriptionStatus::Trialing {
            return Err(domain::billing::SubscriptionRefusal::TrialNeedsPayment.into());
        }
        subscription.state = subscription.state.at(now).activated(now, plan.billing_period)?;
        subscription.save(&mut transaction, now).await.map_err(conflict)?;
        subscription.move_due_date(&mut transaction, now).await?;
        if plan.default_tokens > 0 {
            let invoice = sqlx::query_scalar!(
                "SELECT id FROM invoices WHERE account_id = $1 AND subscription_id = $2 AND status = 'pending' AND reason = 'purchase'
                 ORDER BY invoiced_at, id LIMIT 1",
                Uuid::from(subscription.account_id),
                Uuid::from(id),
            )
            .fetch_optional(&mut *transaction)
            .await?;
            let entry = Entry {
                amount: plan.default_tokens,
                kind: "subscription",
                reference_id: invoice,
                description: format!("Plan tokens: {}", plan.name),
            };
            tokens::enter(&mut transaction, subscription.account_id, entry, now).await?;
        }
        let facts = json!({ "plan_id": subscription.plan_id, "tokens": plan.default_tokens });
        tell(&mut transaction, permit, "subscription.activated", id, facts, now).await?;
        let changed = managed(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

fn taken() -> Error {
    Error::Conflict("User already has an active subscription".to_owned())
}

/// The place in a single category is taken: what customers are told as 400 is 409 for the admin.
fn conflict(error: Error) -> Error {
    match error {
        Error::AlreadySubscribed => taken(),
        Error::Database(error) if violated_constraint(&error) == Some("single_subscriptions_one") => taken(),
        other => other,
    }
}

/// The end of what the admin gives: calendar months (spec 5.6), and seven days where the plan is by the week.
fn end_of(period: BillingPeriod, months: Option<i64>, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let months = match (months, period) {
        (Some(months), _) => months,
        (None, BillingPeriod::Weekly) => return Some(period.end(start)),
        (None, BillingPeriod::Monthly) => 1,
        (None, BillingPeriod::Quarterly) => 3,
        (None, BillingPeriod::Yearly) => 12,
        (None, BillingPeriod::OneTime) => 1_200,
    };
    start.checked_add_months(Months::new(u32::try_from(months).ok()?))
}

/// The trial of a plan, which an account has once, whoever begins it.
async fn trial(
    transaction: &mut Transaction,
    new: &NewSubscription,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<SubscriptionState> {
    let plan = Plan::try_from(plan_by_id(transaction, new.plan_id, None).await?.ok_or(Error::NoPlan)?)?;
    let Ok(days @ 1..) = u16::try_from(plan.trial_days) else {
        return Err(Error::Invalid("Plan has no trial period".to_owned()));
    };
    if !begin_trial(transaction, new.account_id, &families(&plan), now).await? {
        return Err(Error::Conflict("User has already used a trial".to_owned()));
    }
    Ok(SubscriptionState::trial(started_at, days))
}

/// A subscription under the lock of its account.
async fn locked(transaction: &mut Transaction, id: SubscriptionId) -> Result<LockedSubscription> {
    let account_id = sqlx::query_scalar!(
        r#"SELECT account_id AS "id: AccountId" FROM subscriptions WHERE id = $1"#,
        Uuid::from(id)
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or(Error::NoSubscription)?;
    accounts::lock(transaction, account_id).await?;
    LockedSubscription::load(transaction, account_id, id).await
}

async fn managed(transaction: &mut Transaction, id: SubscriptionId) -> Result<ManagedSubscription> {
    let subscription = read::any(transaction, id).await?.ok_or(Error::NoSubscription)?;
    let owner = subscription.account_id;
    let user_email = accounts::addresses(transaction, std::iter::once(owner)).await?.remove(&owner);
    Ok(ManagedSubscription { subscription, user_email })
}

/// Writes what the admin did, and tells those who listen.
async fn tell(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    action: &'static str,
    id: SubscriptionId,
    facts: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    publish(transaction, action, id, now).await?;
    record(transaction, permit, action, id.into(), facts, now).await
}

/// Tells those who listen.
async fn publish(
    transaction: &mut Transaction,
    kind: &'static str,
    id: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = sqlx::query!(
        r#"SELECT a.id AS "account_id: AccountId", a.organisation_id AS "organisation_id: domain::ids::OrganisationId"
           FROM billing_accounts a JOIN subscriptions s ON s.account_id = a.id WHERE s.id = $1"#,
        Uuid::from(id),
    )
    .fetch_one(&mut **transaction)
    .await?;
    let payload = json!({ "account_id": row.account_id, "subscription_id": id });
    let event = Event { organisation_id: row.organisation_id, kind, subject: id.into(), payload };
    Ok(outbox::publish(&mut **transaction, event, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_admin_gives_lasts_calendar_months() {
        let start: DateTime<Utc> = "2028-01-31T12:00:00Z".parse().unwrap();
        let end = |period, months| end_of(period, months, start).unwrap().date_naive().to_string();
        assert_eq!(end(BillingPeriod::Monthly, None), "2028-02-29");
        assert_eq!(end(BillingPeriod::Yearly, None), "2029-01-31");
        assert_eq!(end(BillingPeriod::Weekly, None), "2028-02-07");
        assert_eq!(end(BillingPeriod::Weekly, Some(2)), "2028-03-31");
        assert_eq!(end(BillingPeriod::OneTime, None), "2128-01-31");
    }
}
