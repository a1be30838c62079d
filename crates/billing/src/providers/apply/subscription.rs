//! A subscription follows the one that the provider collects.

use std::collections::HashMap;

use domain::billing::{SubscriptionStatus, Totals};
use domain::ids::{InvoiceId, PlanId, SubscriptionId};
use platform::database::Transaction;
use plugin_api::payment::{PaidPeriod, SubscriptionReading, SubscriptionStanding};
use serde_json::json;
use uuid::Uuid;

use super::Purchase;
use crate::invoices::{self, NewInvoice, NewLine};
use crate::payments::rivals;
use crate::providers::{ToTell, follow_later};
use crate::subscriptions::change::tax_of;
use crate::subscriptions::record::{LockedSubscription, PlanFacts};
use crate::subscriptions::{void_open, void_open_changes};
use crate::{Error, Result};

impl Purchase<'_> {
    /// A subscription follows the one that the provider collects.
    pub(super) async fn follow_subscription(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        collected: &SubscriptionReading,
    ) -> Result<()> {
        if collected.standing == SubscriptionStanding::Incomplete {
            return Ok(());
        }
        self.renew(transaction, id, &collected.periods).await?;
        let known = sqlx::query!(
            "SELECT provider_subscription_id, provider_renews, provider_ended, is_past_due, reading_no, changed_no, told_no FROM subscriptions
             WHERE account_id = $1 AND id = $2",
            Uuid::from(self.account_id),
            Uuid::from(id),
        )
        .fetch_one(&mut **transaction)
        .await?;
        if known.provider_subscription_id.as_ref().is_some_and(|other| *other != collected.id) {
            return Err(Error::PaidTwice(collected.id.clone()));
        }
        if known.reading_no >= self.number {
            return Ok(());
        }
        let is_past_due = collected.standing == SubscriptionStanding::PastDue;
        let pay_url = collected.periods.iter().rev().find_map(|period| period.pay_url.as_deref());
        let has_ended = collected.standing == SubscriptionStanding::Ended;
        // What changed here is on its way there, or was when this was read: then it is its older self that is told.
        let is_news = has_ended || (known.changed_no <= known.told_no && self.number > known.told_no);
        let renews = if is_news { Some(collected.renews && !has_ended) } else { known.provider_renews };
        sqlx::query!(
            "UPDATE subscriptions SET provider = $3, provider_subscription_id = $4, provider_renews = $5, is_past_due = $6, reading_no = $7,
                                      updated_at = $8, provider_pay_url = $9, provider_ended = $10
             WHERE account_id = $1 AND id = $2",
            Uuid::from(self.account_id),
            Uuid::from(id),
            self.provider,
            collected.id,
            renews,
            is_past_due,
            self.number,
            self.now,
            pay_url.filter(|_| is_past_due),
            has_ended,
        )
        .execute(&mut **transaction)
        .await?;
        let is_new = known.provider_subscription_id.is_none();
        if is_new {
            self.tell(transaction, "subscription.collected", "subscription_id", id.into()).await?;
        }
        // What is over there never runs again: what does, although it was noted as over, was only not found, as with the key of
        // another account. What was changed here meanwhile was not told.
        let is_found_again = known.provider_ended;
        // What was given up, or came to be paid once, before anybody knew of it there ends there, too; what ran already, as the
        // admin began it, is paid again when it ends here.
        if !has_ended && (is_new || is_found_again) {
            let subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
            let is_current = subscription.state.is_current();
            if is_current {
                // From now on the provider asks.
                void_open(transaction, &subscription, &["renewal"], self.now).await?;
            }
            let coming = PlanFacts::load(transaction, subscription.coming_plan_id()).await?;
            let is_renewed = is_current && coming.billing_period.is_recurring();
            let changed = if is_renewed && !is_found_again { ToTell::NextPeriod } else { ToTell::Renewal };
            follow_later(transaction, &[(self.account_id, id)], changed, self.now).await?;
        }
        if is_past_due && !known.is_past_due {
            self.tell_not_collected(transaction, id).await?;
        }
        // Only what changed at the provider is done here.
        match (known.provider_renews.unwrap_or(true), renews.unwrap_or(true)) {
            (true, false) => self.end_renewal(transaction, id).await?,
            (false, true) => self.reinstate(transaction, id).await?,
            _ => {}
        }
        if has_ended && !known.provider_ended {
            self.end_addons(transaction, id).await?;
        }
        Ok(())
    }

    /// Each further period that was collected has an invoice of its own, once, and access lasts to its end. What was done
    /// for a period is done again only where there is news of its payment.
    async fn renew(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        periods: &[PaidPeriod],
    ) -> Result<()> {
        // Nothing was paid for where the next payment was only moved.
        let collected = periods.iter().skip(1).filter(|period| period.is_paid && period.total.minor > 0);
        let collected: Vec<_> =
            collected.filter_map(|period| Some((period, period.payment.as_ref()?))).collect();
        if collected.is_empty() {
            return Ok(());
        }
        let known = sqlx::query!(
            r#"SELECT provider_invoice_id AS "reference!", id AS "id: InvoiceId", status = 'pending' AS "is_open!" FROM invoices
               WHERE account_id = $1 AND subscription_id = $2 AND provider_invoice_id IS NOT NULL"#,
            Uuid::from(self.account_id),
            Uuid::from(id),
        )
        .fetch_all(&mut **transaction)
        .await?;
        let known: HashMap<_, _> =
            known.into_iter().map(|row| (row.reference, (row.id, row.is_open))).collect();
        for (period, payment) in collected {
            let invoice_id = match known.get(&period.reference) {
                Some((_, false)) if payment.returned.is_none() => continue,
                Some((known, _)) => *known,
                None => self.invoice_of(transaction, id, period).await?,
            };
            self.pay(transaction, invoice_id, payment, Some(period.ends_at)).await?;
        }
        Ok(())
    }

    /// An invoice over a period that the provider asked for: what was paid, with the tax of its day in it.
    async fn invoice_of(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        period: &PaidPeriod,
    ) -> Result<InvoiceId> {
        let subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
        let plan_id: PlanId = subscription.coming_plan_id();
        let plan = PlanFacts::load(transaction, plan_id).await?;
        let (tax_country, tax_rate) = tax_of(transaction, self.account_id, self.now).await?;
        let totals = Totals::within(period.total, tax_rate);
        // What was asked for that period is paid by this.
        void_open(transaction, &subscription, &["renewal"], self.now).await?;
        let invoice_id: InvoiceId = platform::ids::new();
        let line = NewLine::subscription(id, plan_id, format!("Renewal: {}", plan.name), totals.subtotal);
        invoices::insert(
            transaction,
            NewInvoice {
                id: invoice_id,
                account_id: self.account_id,
                reason: "renewal",
                plan_id: Some(plan_id),
                subscription_id: Some(id),
                from_plan_id: None,
                period_until: None,
                from_expires_at: None,
                totals,
                tax_rate,
                tax_country,
                payment_method: Some(self.provider.to_owned()),
                due_at: Some(self.now),
                lines: &[line],
            },
            self.now,
        )
        .await?;
        sqlx::query!(
            "UPDATE invoices SET provider_invoice_id = $3 WHERE account_id = $1 AND id = $2",
            Uuid::from(self.account_id),
            Uuid::from(invoice_id),
            period.reference,
        )
        .execute(&mut **transaction)
        .await?;
        Ok(invoice_id)
    }

    /// What is over at the provider takes the add-ons along (spec 5.10), unless it goes on here: they last to the end of what
    /// was paid.
    async fn end_addons(&self, transaction: &mut Transaction, id: SubscriptionId) -> Result<()> {
        if LockedSubscription::load(transaction, self.account_id, id).await?.state.is_current() {
            return Ok(());
        }
        sqlx::query!(
            "UPDATE addon_subscriptions SET status = 'cancelled', cancelled_at = $3, updated_at = $3
             WHERE account_id = $1 AND subscription_id = $2 AND status = 'active'",
            Uuid::from(self.account_id),
            Uuid::from(id),
            self.now,
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    /// The provider will not go on: cancelled by the customer on its page, or given up after failed payments.
    async fn end_renewal(&self, transaction: &mut Transaction, id: SubscriptionId) -> Result<()> {
        let mut subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
        if !subscription.state.is_current() {
            return Ok(());
        }
        subscription.state = subscription.state.cancelled(self.now);
        subscription.pending_plan_id = None;
        void_open_changes(transaction, &subscription, self.now).await?;
        subscription.write(transaction, self.now).await?;
        self.tell(transaction, "subscription.cancelled", "subscription_id", id.into()).await
    }

    /// Tells that a period could not be collected, with the invoice over it, where there is one: a period that a provider
    /// collects has one once it is paid.
    async fn tell_not_collected(&self, transaction: &mut Transaction, id: SubscriptionId) -> Result<()> {
        let invoice_id = sqlx::query_scalar!(
            "SELECT id FROM invoices
             WHERE account_id = $1 AND subscription_id = $2 AND status IN ('pending', 'failed') AND reason IN ('purchase', 'renewal')
             ORDER BY invoiced_at DESC, id DESC LIMIT 1",
            Uuid::from(self.account_id),
            Uuid::from(id),
        )
        .fetch_optional(&mut **transaction)
        .await?;
        let payload = match invoice_id {
            Some(invoice_id) => json!({ "subscription_id": id, "invoice_id": invoice_id }),
            None => json!({ "subscription_id": id }),
        };
        self.tell_with(transaction, "payment.failed", id.into(), payload).await
    }

    /// The customer changed their mind on the provider's page. What is over here, gave its place to another subscription, or is
    /// paid once, does not come back, and the provider is told so again. What does costs there what it does here: nobody
    /// told the provider while it was to end.
    async fn reinstate(&self, transaction: &mut Transaction, id: SubscriptionId) -> Result<()> {
        let mut subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
        subscription.state = subscription.state.reinstated(self.now);
        let coming = PlanFacts::load(transaction, subscription.coming_plan_id()).await?;
        let comes_back = subscription.state.status() == SubscriptionStatus::Active
            && coming.billing_period.is_recurring()
            && rivals(transaction, &subscription, subscription.plan_id).await?.is_empty();
        if !comes_back {
            return follow_later(transaction, &[(self.account_id, id)], ToTell::Renewal, self.now).await;
        }
        subscription.write(transaction, self.now).await?;
        follow_later(transaction, &[(self.account_id, id)], ToTell::NextPeriod, self.now).await?;
        self.tell(transaction, "subscription.activated", "subscription_id", id.into()).await
    }
}
