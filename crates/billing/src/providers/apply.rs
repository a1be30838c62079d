//! What a provider knows becomes what is so here.

use chrono::{DateTime, Utc};
use domain::billing::{InvoiceStatus, SubscriptionStatus, Totals};
use domain::ids::{AccountId, InvoiceId, PlanId, SubscriptionId};
use platform::database::Transaction;
use platform::outbox::{self, Event};
use plugin_api::payment::{
    PaidPeriod, PaymentReading, Reading, SessionStatus, Subject, SubscriptionReading, SubscriptionStanding,
};
use serde_json::json;
use uuid::Uuid;

use super::Outcome;
use crate::invoices::{self, NewInvoice, NewLine};
use crate::payments::{self, Capture, LockedInvoice, Tokens, settle};
use crate::subscriptions::change::tax_of;
use crate::subscriptions::record::{LockedSubscription, PlanFacts};
use crate::{Billing, Error, Result};

impl Billing {
    /// Asks the provider, and makes what it knows so here. Gives what it said; none if it knows nothing of ours.
    pub(super) async fn read_and_apply(&self, provider: &str, subject: &Subject) -> Result<Option<Reading>> {
        let Some((reading, number)) = self.read(provider, subject).await? else { return Ok(None) };
        let mut transaction = self.database.begin_worker().await?;
        let outcome = apply(&mut transaction, provider, &reading, number, self.clock.now()).await?;
        transaction.commit().await?;
        tracing::debug!(?outcome, "billing.provider_read");
        Ok(Some(reading))
    }

    /// Asks the provider. The number is taken before: of two readings the later asked one is the newer.
    pub(super) async fn read(&self, provider: &str, subject: &Subject) -> Result<Option<(Reading, i64)>> {
        let provider = self.provider(provider)?;
        let number = sqlx::query_scalar!(r#"SELECT nextval('provider_readings') AS "number!""#)
            .fetch_one(self.database.worker())
            .await?;
        Ok(provider.read(subject).await?.map(|reading| (reading, number)))
    }
}

/// Keeps the provider's id of an account: the newest, since one that was deleted there is made again.
pub(super) async fn remember_customer(
    transaction: &mut Transaction,
    account_id: AccountId,
    customer: Option<&str>,
) -> Result<()> {
    let Some(customer) = customer else { return Ok(()) };
    sqlx::query!(
        "UPDATE billing_accounts SET provider_customer_id = $2 WHERE id = $1 AND provider_customer_id IS DISTINCT FROM $2",
        Uuid::from(account_id),
        customer,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Makes a reading so, under the lock of the account. Gives what there was to do.
pub(super) async fn apply(
    transaction: &mut Transaction,
    provider: &str,
    reading: &Reading,
    number: i64,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let invoice = match LockedInvoice::load(transaction, reading.invoice_id).await {
        // Of another installation that uses the same account at the provider.
        Err(Error::NoInvoice) => return Ok(Outcome::Ignored("no such invoice here")),
        other => other?,
    };
    let purchase = Purchase { provider, account_id: invoice.account_id, number, now };
    remember_customer(transaction, invoice.account_id, reading.customer.as_deref()).await?;
    if let Some(session) = reading.session.as_ref().filter(|it| it.status == SessionStatus::Expired) {
        purchase.forget_page(transaction, invoice.id, &session.id).await?;
    }
    let periods = reading.subscription.as_ref().map_or(&[][..], |it| &it.periods);
    if let Some(payment) = &reading.payment {
        purchase.pay(transaction, invoice.id, payment, periods.first().map(|period| period.ends_at)).await?;
    }
    if let (Some(collected), Some((id, _))) = (&reading.subscription, invoice.subscription()) {
        purchase.follow_subscription(transaction, id, collected).await?;
    }
    Ok(Outcome::Handled { account_id: invoice.account_id })
}

/// Whose purchase it is, and from which reading.
struct Purchase<'a> {
    provider: &'a str,
    account_id: AccountId,
    number: i64,
    now: DateTime<Utc>,
}

impl Purchase<'_> {
    /// A page that nobody can pay any more: the next one has another key.
    async fn forget_page(&self, transaction: &mut Transaction, id: InvoiceId, session: &str) -> Result<()> {
        sqlx::query!(
            "UPDATE invoices SET provider_session_id = NULL, expired_sessions = expired_sessions + 1, updated_at = $4
             WHERE account_id = $1 AND id = $2 AND provider_session_id = $3 AND status = 'pending'",
            Uuid::from(self.account_id),
            Uuid::from(id),
            session,
            self.now,
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    /// An invoice follows its payment: settled when the money is there, refunded when it went back, restored when it came
    /// again. `until` is the end of the period that is paid for, where the provider collects a subscription.
    async fn pay(
        &self,
        transaction: &mut Transaction,
        invoice_id: InvoiceId,
        payment: &PaymentReading,
        until: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let Some(captured_at) = self.keep(transaction, invoice_id, payment).await? else { return Ok(()) };
        let is_back = self.is_back(transaction, &payment.reference).await?;
        let invoice = LockedInvoice::load(transaction, invoice_id).await?;
        match invoice.status {
            InvoiceStatus::Pending | InvoiceStatus::Failed => {
                let capture = Capture {
                    reference: &payment.reference,
                    method: Some(self.provider),
                    provider: Some(self.provider),
                    paid: Some(payment.amount),
                    period: until.map(|until| (captured_at, until)),
                };
                settle(transaction, invoice_id, capture, self.now).await?;
                if is_back {
                    self.refund(transaction, invoice_id, payment).await?;
                }
            }
            InvoiceStatus::Paid | InvoiceStatus::Refunded
                if invoice.payment_reference.as_deref() != Some(payment.reference.as_str()) =>
            {
                return Err(Error::PaidTwice(payment.reference.clone()));
            }
            InvoiceStatus::Paid if is_back => self.refund(transaction, invoice_id, payment).await?,
            InvoiceStatus::Refunded if !is_back => {
                payments::restore(transaction, invoice_id, self.now).await?;
            }
            InvoiceStatus::Paid | InvoiceStatus::Refunded => {}
            InvoiceStatus::Cancelled if is_back => {}
            // Money for what nobody owes: somebody has to look at it.
            InvoiceStatus::Cancelled => {
                return Err(Error::InvoiceState("Invoice is CANCELLED, expected PENDING".to_owned()));
            }
        }
        Ok(())
    }

    /// The money is gone already, so tokens that were spent cannot be a reason to refuse.
    async fn refund(
        &self,
        transaction: &mut Transaction,
        id: InvoiceId,
        payment: &PaymentReading,
    ) -> Result<()> {
        payments::refund(transaction, id, &payment.reference, Tokens::AsFarAsTheyGo, self.now).await?;
        Ok(())
    }

    /// Keeps what is known of a payment; older news does not overwrite newer. Gives when the money arrived, if it did.
    async fn keep(
        &self,
        transaction: &mut Transaction,
        invoice_id: InvoiceId,
        payment: &PaymentReading,
    ) -> Result<Option<DateTime<Utc>>> {
        let was = sqlx::query_scalar!(
            "SELECT failed_at FROM payments WHERE provider = $1 AND reference = $2",
            self.provider,
            payment.reference,
        )
        .fetch_optional(&mut **transaction)
        .await?
        .flatten();
        let row = sqlx::query!(
            "INSERT INTO payments AS known (provider, reference, account_id, invoice_id, amount_minor, refunded_minor, currency,
                                            captured_at, failed_at, disputed_at, created_at, reading_no)
             VALUES ($1, $2, $3, $4, $5, coalesce($6::bigint, 0), $7, $8, $9, $10, $11, $12)
             ON CONFLICT (provider, reference) DO UPDATE
             SET captured_at = coalesce(known.captured_at, excluded.captured_at),
                 failed_at = coalesce(known.failed_at, excluded.failed_at),
                 refunded_minor = CASE WHEN $12 > known.reading_no THEN coalesce($6, known.refunded_minor) ELSE known.refunded_minor END,
                 disputed_at = CASE WHEN $12 > known.reading_no AND $13::boolean IS NOT NULL
                                    THEN CASE WHEN $13 THEN coalesce(known.disputed_at, $11) END ELSE known.disputed_at END,
                 reading_no = greatest(known.reading_no, $12)
             RETURNING captured_at",
            self.provider,
            payment.reference,
            Uuid::from(self.account_id),
            Uuid::from(invoice_id),
            payment.amount.minor,
            payment.refunded_minor,
            payment.amount.currency.code(),
            payment.captured_at,
            payment.has_failed.then_some(self.now),
            (payment.is_disputed == Some(true)).then_some(self.now),
            self.now,
            self.number,
            payment.is_disputed,
        )
        .fetch_one(&mut **transaction)
        .await?;
        if payment.has_failed && was.is_none() && row.captured_at.is_none() {
            let facts =
                json!({ "account_id": self.account_id, "invoice_id": invoice_id, "provider": self.provider });
            self.tell(transaction, "payment.failed", invoice_id.into(), facts).await?;
        }
        Ok(row.captured_at)
    }

    /// Whether a payment went back: refunded whole, or lost to the payer's bank.
    async fn is_back(&self, transaction: &mut Transaction, reference: &str) -> Result<bool> {
        let is_back = sqlx::query_scalar!(
            r#"SELECT (refunded_minor >= amount_minor AND refunded_minor > 0) OR disputed_at IS NOT NULL AS "is_back!"
               FROM payments WHERE provider = $1 AND reference = $2"#,
            self.provider,
            reference,
        )
        .fetch_one(&mut **transaction)
        .await?;
        Ok(is_back)
    }

    /// A subscription follows the one that the provider collects.
    async fn follow_subscription(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        collected: &SubscriptionReading,
    ) -> Result<()> {
        if collected.standing == SubscriptionStanding::Incomplete {
            return Ok(());
        }
        for period in collected.periods.iter().skip(1) {
            self.renew(transaction, id, period).await?;
        }
        let known = sqlx::query!(
            "SELECT provider_subscription_id, provider_renews, is_past_due, reading_no FROM subscriptions
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
        let renews = collected.renews && collected.standing != SubscriptionStanding::Ended;
        sqlx::query!(
            "UPDATE subscriptions SET provider = $3, provider_subscription_id = $4, provider_renews = $5, is_past_due = $6, reading_no = $7,
                                      updated_at = $8
             WHERE account_id = $1 AND id = $2",
            Uuid::from(self.account_id),
            Uuid::from(id),
            self.provider,
            collected.id,
            renews,
            is_past_due,
            self.number,
            self.now,
        )
        .execute(&mut **transaction)
        .await?;
        let facts =
            json!({ "account_id": self.account_id, "subscription_id": id, "provider": self.provider });
        if is_past_due && !known.is_past_due {
            self.tell(transaction, "payment.failed", id.into(), facts.clone()).await?;
        }
        // Only what changed at the provider is done here: what changed here is on its way there.
        match (known.provider_renews.unwrap_or(true), renews) {
            (true, false) => self.end_renewal(transaction, id, collected.standing).await?,
            (false, true) => self.reinstate(transaction, id).await?,
            _ => {}
        }
        Ok(())
    }

    /// A further period was collected: it has an invoice of its own, once, and access lasts to its end.
    async fn renew(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        period: &PaidPeriod,
    ) -> Result<()> {
        // Nothing was paid for where the next payment was only moved.
        let Some(payment) = period.payment.as_ref().filter(|_| period.is_paid && period.total.minor > 0)
        else {
            return Ok(());
        };
        let known = sqlx::query_scalar!(
            r#"SELECT id AS "id: InvoiceId" FROM invoices WHERE provider_invoice_id = $1 AND account_id = $2"#,
            period.reference,
            Uuid::from(self.account_id),
        )
        .fetch_optional(&mut **transaction)
        .await?;
        let invoice_id = match known {
            Some(known) => known,
            None => self.invoice_of(transaction, id, period).await?,
        };
        self.pay(transaction, invoice_id, payment, Some(period.ends_at)).await
    }

    /// An invoice over a period that the provider asked for: what was paid, with the tax of its day in it.
    async fn invoice_of(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        period: &PaidPeriod,
    ) -> Result<InvoiceId> {
        let subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
        let plan_id: PlanId = subscription.pending_plan_id.unwrap_or(subscription.plan_id);
        let plan = PlanFacts::load(transaction, plan_id).await?;
        let (tax_country, tax_rate) = tax_of(transaction, self.account_id, self.now).await?;
        let totals = Totals::within(period.total, tax_rate);
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

    /// The provider will not go on: cancelled by the customer on its page, or given up after failed payments. What is
    /// over there takes the add-ons along (spec 5.10).
    async fn end_renewal(
        &self,
        transaction: &mut Transaction,
        id: SubscriptionId,
        standing: SubscriptionStanding,
    ) -> Result<()> {
        if standing == SubscriptionStanding::Ended {
            sqlx::query!(
                "UPDATE addon_subscriptions SET status = 'cancelled', cancelled_at = $3, updated_at = $3
                 WHERE account_id = $1 AND subscription_id = $2 AND status = 'active'",
                Uuid::from(self.account_id),
                Uuid::from(id),
                self.now,
            )
            .execute(&mut **transaction)
            .await?;
        }
        let mut subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
        if !subscription.state.is_current() {
            return Ok(());
        }
        subscription.state = subscription.state.cancelled(self.now);
        subscription.pending_plan_id = None;
        crate::subscriptions::void_open_changes(transaction, &subscription, self.now).await?;
        subscription.write(transaction, self.now).await?;
        let facts =
            json!({ "account_id": self.account_id, "subscription_id": id, "provider": self.provider });
        self.tell(transaction, "subscription.cancelled", id.into(), facts).await
    }

    /// The customer changed their mind on the provider's page.
    async fn reinstate(&self, transaction: &mut Transaction, id: SubscriptionId) -> Result<()> {
        let mut subscription = LockedSubscription::load(transaction, self.account_id, id).await?;
        subscription.state = subscription.state.reinstated(self.now);
        if subscription.state.status() == SubscriptionStatus::Active {
            subscription.write(transaction, self.now).await?;
            let facts =
                json!({ "account_id": self.account_id, "subscription_id": id, "provider": self.provider });
            self.tell(transaction, "subscription.activated", id.into(), facts).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        transaction: &mut Transaction,
        kind: &'static str,
        subject: Uuid,
        payload: serde_json::Value,
    ) -> Result<()> {
        let organisation_id = payments::organisation_of(transaction, self.account_id).await?;
        outbox::publish(&mut **transaction, Event { organisation_id, kind, subject, payload }, self.now)
            .await?;
        Ok(())
    }
}
