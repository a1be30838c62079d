//! An order that is not paid for after all.

use domain::access::AccountPermit;
use domain::billing::InvoiceAction;
use domain::ids::InvoiceId;
use uuid::Uuid;

use crate::invoices::managed::give_up;
use crate::payments::LockedInvoice;
use crate::{Billing, Error, Result};

impl Billing {
    /// Gives up an order that was not paid: its invoice is void, and what waits for its money will never run. What runs
    /// already (a trial, a renewal, an upgrade) is cancelled instead.
    pub async fn abandon_order(&self, permit: AccountPermit<'_>, id: InvoiceId) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        if invoice.account_id != permit.account_id() {
            return Err(Error::NoInvoice);
        }
        if invoice.reason != "purchase" || invoice.status.after(InvoiceAction::Void).is_none() {
            return Err(Error::InvoiceState("Only an order that was not paid can be given up".to_owned()));
        }
        sqlx::query!(
            "UPDATE invoices SET status = 'cancelled', updated_at = $3 WHERE account_id = $1 AND id = $2",
            Uuid::from(invoice.account_id),
            Uuid::from(id),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        give_up(&mut transaction, &invoice, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}
