//! What was ordered a moment ago, and cannot be paid because the page for it could not be made, was not ordered.

use domain::access::AccountPermit;
use domain::billing::InvoiceStatus;
use domain::ids::InvoiceId;
use serde_json::json;
use uuid::Uuid;

use super::managed::give_up;
use crate::checkout::publish;
use crate::payments::LockedInvoice;
use crate::{Billing, Result};

impl Billing {
    /// Takes an order of the account back: nothing is owed for it, nobody is reminded of it, and what waits for its money
    /// is given up. One that was paid in the meantime stays, as does a trial, which runs already.
    pub async fn withdraw(&self, permit: AccountPermit<'_>, id: InvoiceId) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        let withdrawn = sqlx::query!(
            "UPDATE invoices i SET status = 'cancelled', updated_at = $4
             WHERE account_id = $1 AND id = $2 AND status = $3
               AND NOT EXISTS (SELECT FROM subscriptions s
                               WHERE s.account_id = i.account_id AND s.id = i.subscription_id AND s.status <> 'pending')",
            Uuid::from(permit.account_id()),
            Uuid::from(id),
            InvoiceStatus::Pending.as_str(),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        if withdrawn.rows_affected() == 1 {
            give_up(&mut transaction, &invoice, now).await?;
            let payload = json!({
                "account_id": permit.account_id(), "invoice_id": id, "reason": "payment_page_failed",
            });
            publish(&mut transaction, permit, "checkout.failed", id.into(), payload, now).await?;
        }
        Ok(transaction.commit().await?)
    }
}
