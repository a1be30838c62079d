//! What a provider knows becomes what is so here.

mod payment;
mod subscription;

use chrono::{DateTime, Utc};
use domain::ids::AccountId;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use plugin_api::payment::{Reading, SessionStatus, Subject, Wanted};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Outcome;
use crate::payments::{self, LockedInvoice};
use crate::{Billing, Error, Result};

impl Billing {
    /// Asks the provider, and makes what it knows so here. Gives what it said; none if it knows nothing of ours.
    pub(super) async fn read_and_apply(&self, provider: &str, subject: &Subject) -> Result<Option<Reading>> {
        let Some((reading, number)) = self.read(provider, subject).await? else { return Ok(None) };
        let transaction = self.database.begin_worker().await?;
        let (transaction, outcome) = self.apply(transaction, provider, &reading, number).await?;
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

    /// Makes a reading so. What was paid a second time is somebody's to look at, but the provider does not collect it again.
    pub(super) async fn apply(
        &self,
        mut transaction: Transaction,
        provider: &str,
        reading: &Reading,
        number: i64,
    ) -> Result<(Transaction, Outcome)> {
        match apply(&mut transaction, provider, reading, number, self.clock.now()).await {
            // Its money goes back, so its next periods are not collected either; what fails here is done again as a whole.
            Ok((outcome, false)) => {
                self.end_unlinked(provider, reading).await?;
                Ok((transaction, outcome))
            }
            Err(error @ Error::PaidTwice(_)) => {
                // Nobody here waits for the provider.
                transaction.rollback().await?;
                self.end_unlinked(provider, reading).await?;
                Err(error)
            }
            done => Ok((transaction, done?.0)),
        }
    }

    /// Ends what a provider collects, unless it is for one of our subscriptions.
    async fn end_unlinked(&self, provider: &str, reading: &Reading) -> Result<()> {
        let Some(collected) = &reading.subscription else { return Ok(()) };
        let is_linked = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM subscriptions WHERE provider = $1 AND provider_subscription_id = $2) AS "is_linked!""#,
            provider,
            collected.id,
        )
        .fetch_one(self.database.worker())
        .await?;
        if !is_linked {
            let wanted = Wanted { renews: Some(false), is_paused: false, line: None, next_payment_at: None };
            self.provider(provider)?.follow(&collected.id, &wanted).await?;
        }
        Ok(())
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

/// Makes a reading so, under the lock of the account. Gives what there was to do, and whether its payment is kept.
async fn apply(
    transaction: &mut Transaction,
    provider: &str,
    reading: &Reading,
    number: i64,
    now: DateTime<Utc>,
) -> Result<(Outcome, bool)> {
    let invoice = match LockedInvoice::load(transaction, reading.invoice_id).await {
        // Of another installation that uses the same account at the provider.
        Err(Error::NoInvoice) => return Ok((Outcome::Ignored("no such invoice here"), true)),
        other => other?,
    };
    let purchase = Purchase { provider, account_id: invoice.account_id, number, now };
    remember_customer(transaction, invoice.account_id, reading.customer.as_deref()).await?;
    if let Some(session) = reading.session.as_ref().filter(|it| it.status == SessionStatus::Expired) {
        purchase.forget_page(transaction, invoice.id, &session.id).await?;
    }
    let periods = reading.subscription.as_ref().map_or(&[][..], |it| &it.periods);
    let mut is_kept = true;
    if let Some(payment) = &reading.payment {
        let until = periods.first().map(|period| period.ends_at);
        is_kept = purchase.pay(transaction, invoice.id, payment, until).await?;
    }
    if let (Some(collected), Some((id, _)), true) = (&reading.subscription, invoice.subscription(), is_kept) {
        purchase.follow_subscription(transaction, id, collected).await?;
    }
    Ok((Outcome::Handled { account_id: invoice.account_id }, is_kept))
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
