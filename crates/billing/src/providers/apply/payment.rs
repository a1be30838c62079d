//! An invoice follows its payment.

use chrono::{DateTime, Utc};
use domain::billing::InvoiceStatus;
use domain::ids::InvoiceId;
use platform::database::Transaction;
use plugin_api::payment::PaymentReading;
use uuid::Uuid;

use super::Purchase;
use crate::payments::{self, Capture, LockedInvoice, Tokens, settle, void_if_too_late};
use crate::providers::pages::{close_later, return_later};
use crate::{Error, Result};

/// What is known of a payment, from all that was read.
struct Kept {
    /// When the money arrived.
    captured_at: Option<DateTime<Utc>>,
    /// How much was refunded.
    refunded_minor: i64,
    /// Whether it went back: refunded whole, or lost to the payer's bank.
    is_back: bool,
}

impl Purchase<'_> {
    /// A page that nobody can pay any more: the next one has another key.
    pub(super) async fn forget_page(
        &self,
        transaction: &mut Transaction,
        id: InvoiceId,
        session: &str,
    ) -> Result<()> {
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

    /// An invoice follows its payment: settled when the money is there, credited in part when a part went back, refunded when
    /// all of it did, restored when it came again. `until` is the end of the period that is paid for, where the provider collects a subscription.
    /// False if the invoice was paid on another page before, so that this payment goes back.
    pub(super) async fn pay(
        &self,
        transaction: &mut Transaction,
        invoice_id: InvoiceId,
        payment: &PaymentReading,
        until: Option<DateTime<Utc>>,
    ) -> Result<bool> {
        let Kept { captured_at: Some(captured_at), refunded_minor, is_back } =
            self.keep(transaction, invoice_id, payment).await?
        else {
            return Ok(true);
        };
        let mut invoice = LockedInvoice::load(transaction, invoice_id).await?;
        if void_if_too_late(transaction, &invoice, self.now).await? {
            invoice.status = InvoiceStatus::Cancelled;
        }
        match invoice.status {
            InvoiceStatus::Pending | InvoiceStatus::Failed => {
                self.leave_other_page(transaction, &invoice).await?;
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
                if !self.was_paid_elsewhere(transaction, &invoice, until.is_some()).await? {
                    return Err(Error::PaidTwice(payment.reference.clone()));
                }
                // On two pages, since one of them could not be closed in time.
                if !is_back {
                    self.give_back(transaction, invoice_id, payment).await?;
                }
                return Ok(false);
            }
            InvoiceStatus::Paid if is_back => self.refund(transaction, invoice_id, payment).await?,
            InvoiceStatus::Refunded if !is_back => {
                payments::restore(transaction, invoice_id, self.now).await?;
            }
            InvoiceStatus::Paid | InvoiceStatus::Refunded => {}
            InvoiceStatus::Cancelled if is_back => {}
            // Money for what nobody owes any more, as from a page that was open in another window or for what is over.
            InvoiceStatus::Cancelled => self.give_back(transaction, invoice_id, payment).await?,
        }
        if !is_back && payment.returned.is_some() {
            payments::credit_part(transaction, invoice_id, refunded_minor, &payment.reference, self.now)
                .await?;
        }
        Ok(true)
    }

    /// Closes the page of another provider where the invoice was to be paid by now.
    async fn leave_other_page(&self, transaction: &mut Transaction, invoice: &LockedInvoice) -> Result<()> {
        let Some((at, session)) = invoice.page.clone().filter(|(at, _)| at != self.provider) else {
            return Ok(());
        };
        close_later(transaction, at, session, self.now).await?;
        sqlx::query!(
            "UPDATE invoices SET provider_session_id = NULL WHERE account_id = $1 AND id = $2",
            Uuid::from(self.account_id),
            Uuid::from(invoice.id),
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    /// Has the provider give a payment back that nobody owes.
    async fn give_back(
        &self,
        transaction: &mut Transaction,
        invoice_id: InvoiceId,
        payment: &PaymentReading,
    ) -> Result<()> {
        tracing::warn!(%invoice_id, reference = payment.reference, "billing.payment_returned");
        return_later(transaction, self.provider, &payment.reference, self.now).await
    }

    /// Whether a provider's payment settled the invoice, so that another one is too much. Of two payments for periods at one
    /// provider that cannot be said: somebody has to look at them, as at one beside what was paid by hand.
    async fn was_paid_elsewhere(
        &self,
        transaction: &mut Transaction,
        invoice: &LockedInvoice,
        is_period: bool,
    ) -> Result<bool> {
        let is_elsewhere = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM payments WHERE account_id = $1 AND invoice_id = $2 AND reference = $4
                              AND (provider <> $3 OR NOT $5)) AS "is_elsewhere!""#,
            Uuid::from(self.account_id),
            Uuid::from(invoice.id),
            self.provider,
            invoice.payment_reference,
            is_period,
        )
        .fetch_one(&mut **transaction)
        .await?;
        Ok(is_elsewhere)
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

    /// Keeps what is known of a payment; older news does not overwrite newer, and an answer that knows nothing of refunds
    /// is no news of them.
    async fn keep(
        &self,
        transaction: &mut Transaction,
        invoice_id: InvoiceId,
        payment: &PaymentReading,
    ) -> Result<Kept> {
        let was = sqlx::query!(
            "SELECT failed_at, disputed_at FROM payments WHERE provider = $1 AND reference = $2",
            self.provider,
            payment.reference,
        )
        .fetch_optional(&mut **transaction)
        .await?;
        let (failed_at, disputed_at) = was.map_or((None, None), |was| (was.failed_at, was.disputed_at));
        let is_disputed = payment.returned.is_some_and(|returned| returned.is_disputed);
        let kept = sqlx::query_as!(
            Kept,
            r#"INSERT INTO payments AS known (provider, reference, account_id, invoice_id, amount_minor, refunded_minor, currency,
                                              captured_at, failed_at, disputed_at, lost_at, created_at, reading_no)
               VALUES ($1, $2, $3, $4, $5, coalesce($6::bigint, 0), $7, $8, $9, CASE WHEN $13::boolean THEN $11::timestamptz END,
                       CASE WHEN $10::boolean THEN $11::timestamptz END, $11, CASE WHEN $6 IS NULL THEN 0 ELSE $12::bigint END)
               ON CONFLICT (provider, reference) DO UPDATE
               SET captured_at = coalesce(known.captured_at, excluded.captured_at),
                   failed_at = coalesce(known.failed_at, excluded.failed_at),
                   refunded_minor = CASE WHEN excluded.reading_no > known.reading_no THEN excluded.refunded_minor ELSE known.refunded_minor END,
                   disputed_at = coalesce(known.disputed_at, excluded.disputed_at),
                   lost_at = CASE WHEN excluded.reading_no <= known.reading_no THEN known.lost_at
                                  WHEN excluded.lost_at IS NULL THEN NULL ELSE coalesce(known.lost_at, excluded.lost_at) END,
                   reading_no = greatest(known.reading_no, excluded.reading_no)
               RETURNING captured_at, refunded_minor,
                         (refunded_minor > 0 AND refunded_minor >= amount_minor) OR lost_at IS NOT NULL AS "is_back!""#,
            self.provider,
            payment.reference,
            Uuid::from(self.account_id),
            Uuid::from(invoice_id),
            payment.amount.minor,
            payment.returned.map(|returned| returned.refunded_minor),
            payment.amount.currency.code(),
            payment.captured_at,
            payment.has_failed.then_some(self.now),
            payment.returned.is_some_and(|returned| returned.is_lost),
            self.now,
            self.number,
            is_disputed,
        )
        .fetch_one(&mut **transaction)
        .await?;
        if is_disputed && disputed_at.is_none() {
            self.tell(transaction, "payment.disputed", "invoice_id", invoice_id.into()).await?;
        }
        if payment.has_failed && failed_at.is_none() && kept.captured_at.is_none() {
            self.tell(transaction, "payment.failed", "invoice_id", invoice_id.into()).await?;
        }
        Ok(kept)
    }
}
