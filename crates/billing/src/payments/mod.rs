//! An invoice is settled, refunded or restored, and what is on it follows (spec 5.5, 5.9).
//!
//! Everything that changes one account happens one after the other, under the lock of its row. Settling twice settles
//! once: the state of the invoice says whether it was done.

mod refund;
mod settle;
mod taken;

pub(crate) use refund::{Tokens, credit_part, refund, restore};
pub(crate) use settle::{Capture, organisation_of, rivals, settle, tell_cancelled, void_if_too_late};
pub use taken::{Taken, Unsettled};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::AdminPermit;
use domain::billing::InvoiceStatus;
use domain::ids::{AccountId, InvoiceId, OrganisationId, PlanId, SubscriptionId};
use domain::money::Money;
use platform::audit::{self, Deed};
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

use crate::catalogue::currency;
use crate::providers::close_later;
use crate::{Billing, Error, Result, accounts};

/// Money that arrived, as a provider or an admin says.
#[derive(Debug, Clone)]
pub struct Payment {
    /// The payer's or provider's reference.
    pub reference: String,
    /// How it was paid, such as `manual` or `stripe`.
    pub method: Option<String>,
    /// How much, where it is known: an admin who marks an invoice as paid names no amount.
    pub paid: Option<Money>,
}

/// What settling an invoice did. Empty where it had been settled before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The subscription that runs now, or has its new plan or period.
    pub subscription_id: Option<SubscriptionId>,
    /// The purchases of bundles that were completed.
    pub bundle_purchases: Vec<Uuid>,
    /// The add-ons that run now.
    pub addon_subscriptions: Vec<Uuid>,
    /// The tokens that were credited.
    pub tokens: i64,
}

/// What a refund took back, or its restoration gave again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reversed {
    /// The subscription that ended, or runs again.
    pub subscription_id: Option<SubscriptionId>,
    /// The purchases of bundles.
    pub bundle_purchases: Vec<Uuid>,
    /// The add-ons.
    pub addon_subscriptions: Vec<Uuid>,
    /// The tokens that were taken back, or credited again.
    pub tokens: i64,
}

/// What settling needs to know of an invoice.
pub(crate) struct LockedInvoice {
    pub id: InvoiceId,
    pub account_id: AccountId,
    pub reason: String,
    pub status: InvoiceStatus,
    pub total: Money,
    pub from_plan_id: Option<PlanId>,
    /// Of an upgrade: by how much its period moves the end that there was when it was asked for.
    pub moves_end_by: TimeDelta,
    pub payment_reference: Option<String>,
    /// Whether it is over a period that a provider collected by itself.
    pub is_collected: bool,
    /// The page where it can be, or was, paid: the provider, and its id there.
    pub page: Option<(String, String)>,
    pub lines: Vec<LockedLine>,
}

pub(crate) struct LockedLine {
    pub item_type: String,
    pub item_id: Uuid,
    pub catalog_item_id: Uuid,
}

impl LockedInvoice {
    /// Takes the lock of the invoice's account, then reads it.
    pub async fn load(transaction: &mut Transaction, id: InvoiceId) -> Result<Self> {
        let account_id = sqlx::query_scalar!(
            r#"SELECT account_id AS "id: AccountId" FROM invoices WHERE id = $1"#,
            Uuid::from(id)
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NoInvoice)?;
        accounts::lock(transaction, account_id).await?;
        let row = sqlx::query!(
            r#"SELECT reason, status, currency AS "currency: String", total_minor AS "total_minor!", from_plan_id, payment_reference,
                      period_until, from_expires_at, provider, provider_session_id,
                      provider_invoice_id IS NOT NULL AS "is_collected!"
               FROM invoices WHERE account_id = $1 AND id = $2"#,
            Uuid::from(account_id),
            Uuid::from(id),
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NoInvoice)?;
        let lines = sqlx::query_as!(
            LockedLine,
            "SELECT item_type, item_id, catalog_item_id FROM invoice_lines WHERE account_id = $1 AND invoice_id = $2 ORDER BY position",
            Uuid::from(account_id),
            Uuid::from(id),
        )
        .fetch_all(&mut **transaction)
        .await?;
        let currency = currency(&row.currency)?;
        Ok(Self {
            id,
            account_id,
            reason: row.reason,
            status: row.status.parse()?,
            total: Money::new(row.total_minor, currency),
            from_plan_id: row.from_plan_id.map(PlanId),
            // Invoices of before periods were kept leave the dates as they are.
            moves_end_by: row
                .period_until
                .zip(row.from_expires_at)
                .map_or(TimeDelta::zero(), |(to, from)| to - from),
            payment_reference: row.payment_reference,
            is_collected: row.is_collected,
            page: row.provider.zip(row.provider_session_id),
            lines,
        })
    }

    /// The purchases of one kind on it.
    pub fn items(&self, item_type: &str) -> Vec<Uuid> {
        self.lines.iter().filter(|line| line.item_type == item_type).map(|line| line.item_id).collect()
    }

    /// The subscription on it, with the plan that was paid for.
    pub fn subscription(&self) -> Option<(SubscriptionId, PlanId)> {
        let line = self.lines.iter().find(|line| line.item_type == "subscription")?;
        Some((SubscriptionId(line.item_id), PlanId(line.catalog_item_id)))
    }
}

impl Billing {
    /// Settles an invoice whose money arrived, on nobody's word: for demo data. Repeating it changes nothing.
    pub async fn capture(&self, id: InvoiceId, payment: &Payment) -> Result<Settled> {
        let mut transaction = self.database.begin_worker().await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        let settled = settle_past_page(&mut transaction, invoice, payment, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(settled)
    }

    /// Settles an invoice whose money arrived, on the word of the admin. Repeating it changes nothing, and writes nothing down.
    pub async fn arrived(
        &self,
        permit: AdminPermit<'_>,
        id: InvoiceId,
        payment: &Payment,
    ) -> Result<Settled> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        let was_paid = invoice.status == InvoiceStatus::Paid;
        let settled = settle_past_page(&mut transaction, invoice, payment, now).await?;
        if !was_paid {
            record_paid(&mut transaction, permit, id, payment, now).await?;
        }
        transaction.commit().await?;
        Ok(settled)
    }

    /// Settles an invoice on the word of the admin.
    pub async fn mark_paid(
        &self,
        permit: AdminPermit<'_>,
        id: InvoiceId,
        payment: &Payment,
    ) -> Result<Settled> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        match invoice.status {
            InvoiceStatus::Paid => return Err(Error::InvoiceState("Invoice already paid".to_owned())),
            InvoiceStatus::Pending | InvoiceStatus::Failed => {}
            status => {
                return Err(Error::InvoiceState(format!(
                    "Cannot mark as paid: invoice status is {}",
                    status.as_str().to_uppercase()
                )));
            }
        }
        let settled = settle_past_page(&mut transaction, invoice, payment, now).await?;
        record_paid(&mut transaction, permit, id, payment, now).await?;
        transaction.commit().await?;
        Ok(settled)
    }

    /// Gives the money of an invoice back, on the word of the admin; where a provider took it, the provider gives it back
    /// first. Should this process die in between, the provider's own word completes it. Tokens that are spent
    /// while the provider gives the money back are no reason to refuse any more.
    pub async fn refund(&self, permit: AdminPermit<'_>, id: InvoiceId, reference: &str) -> Result<Reversed> {
        let taken = self.taken_by_provider(permit, id, reference).await?;
        self.tell_refund_requested(permit, id).await?;
        if let Some((provider, payment)) = &taken {
            self.give_back(provider, payment).await.map_err(|error| match error {
                Error::Provider(problem) => Error::RefundFailed(problem),
                other => other,
            })?;
        }
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        if taken.is_some() && invoice.status == InvoiceStatus::Refunded {
            // The provider's word was here first.
            return Ok(Reversed::default());
        }
        let tokens = if taken.is_some() { Tokens::AsFarAsTheyGo } else { Tokens::AllOrNothing };
        let reversed = refund(&mut transaction, id, reference, tokens, now).await?;
        record(
            &mut transaction,
            permit,
            "invoice.refunded",
            id.into(),
            json!({ "reference": reference }),
            now,
        )
        .await?;
        transaction.commit().await?;
        Ok(reversed)
    }

    /// Tells that an invoice is to be refunded, before a provider is asked to: should it refuse, that was said.
    async fn tell_refund_requested(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<()> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let account = sqlx::query!(
            r#"SELECT a.id AS "id: AccountId", a.organisation_id AS "organisation_id: OrganisationId"
               FROM billing_accounts a JOIN invoices i ON i.account_id = a.id WHERE i.id = $1"#,
            Uuid::from(id),
        )
        .fetch_one(&mut *transaction)
        .await?;
        let event = Event {
            organisation_id: account.organisation_id,
            kind: "refund.requested",
            subject: id.into(),
            payload: json!({ "account_id": account.id, "invoice_id": id }),
        };
        outbox::publish(&mut *transaction, event, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A refund was taken back: what was bought runs again.
    pub async fn restored(&self, id: InvoiceId) -> Result<Reversed> {
        let mut transaction = self.database.begin_worker().await?;
        let restored = restore(&mut transaction, id, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(restored)
    }

    /// The payment that a provider would have to give back. Tries the refund out first: what cannot be refunded here is
    /// not given back there.
    async fn taken_by_provider(
        &self,
        permit: AdminPermit<'_>,
        id: InvoiceId,
        reference: &str,
    ) -> Result<Option<(String, String)>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        refund(&mut transaction, id, reference, Tokens::AllOrNothing, self.clock.now()).await?;
        let payment = sqlx::query!(
            "SELECT p.provider, p.reference FROM payments p JOIN invoices i ON i.account_id = p.account_id AND i.id = p.invoice_id
             WHERE i.id = $1 AND p.captured_at IS NOT NULL AND p.reference = i.payment_reference",
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.rollback().await?;
        Ok(payment.map(|payment| (payment.provider, payment.reference)))
    }
}

/// Settles an invoice with money that did not come from its page, on which nobody is to pay it again.
async fn settle_past_page(
    transaction: &mut Transaction,
    invoice: LockedInvoice,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<Settled> {
    let settled = settle(transaction, invoice.id, Capture::of(payment), now).await?;
    if let Some((provider, session)) = invoice.page.filter(|_| invoice.status != InvoiceStatus::Paid) {
        close_later(transaction, provider, session, now).await?;
    }
    Ok(settled)
}

/// Writes that the admin said that an invoice is paid.
async fn record_paid(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    id: InvoiceId,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<()> {
    let facts = json!({ "reference": payment.reference });
    record(transaction, permit, "invoice.marked_paid", id.into(), facts, now).await
}

/// Writes what the admin did.
pub(crate) async fn record(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    action: &'static str,
    subject: Uuid,
    facts: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    let deed = Deed {
        organisation_id: None,
        hotel_id: None,
        user_id: Some(permit.actor().user_id),
        action,
        subject: Some(subject),
        facts,
    };
    audit::record(&mut **transaction, deed, now).await?;
    Ok(())
}
