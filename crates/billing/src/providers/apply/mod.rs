//! What a provider knows becomes what is so here.

mod payment;
mod subscription;

use chrono::{DateTime, Utc};
use domain::ids::AccountId;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use plugin_api::payment::{Reading, SessionStatus, Subject};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Outcome;
use crate::payments::{self, LockedInvoice};
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
    /// Tells what became of an invoice (`invoice_id`) or a subscription (`subscription_id`) of the account.
    async fn tell(
        &self,
        transaction: &mut Transaction,
        kind: &'static str,
        what: &'static str,
        subject: Uuid,
    ) -> Result<()> {
        self.tell_with(transaction, kind, subject, json!({ what: subject })).await
    }

    /// [`Purchase::tell`] with further facts.
    async fn tell_with(
        &self,
        transaction: &mut Transaction,
        kind: &'static str,
        subject: Uuid,
        mut payload: Value,
    ) -> Result<()> {
        let organisation_id = payments::organisation_of(transaction, self.account_id).await?;
        payload["account_id"] = json!(self.account_id);
        payload["provider"] = json!(self.provider);
        outbox::publish(&mut **transaction, Event { organisation_id, kind, subject, payload }, self.now)
            .await?;
        Ok(())
    }
}
