//! An order that is not paid for after all.

use domain::access::AccountPermit;
use domain::billing::{InvoiceAction, InvoiceStatus};
use domain::ids::InvoiceId;
use platform::database::Transaction;
use serde_json::json;

use super::publish;
use crate::invoices::managed::void;
use crate::payments::LockedInvoice;
use crate::subscriptions::record::LockedSubscription;
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
        if invoice.reason != "purchase"
            || invoice.status.after(InvoiceAction::Void).is_none()
            || runs(&mut transaction, &invoice).await?
        {
            return Err(Error::InvoiceState("Only an order that was not paid can be given up".to_owned()));
        }
        void(&mut transaction, &invoice, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes an order back whose page for paying could not be made: nobody is reminded of it. One that was paid in the
    /// meantime stays, as does a trial, which runs already.
    pub async fn withdraw(&self, permit: AccountPermit<'_>, id: InvoiceId) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        if invoice.status == InvoiceStatus::Pending && !runs(&mut transaction, &invoice).await? {
            void(&mut transaction, &invoice, now).await?;
            let payload = json!({
                "account_id": permit.account_id(), "invoice_id": id, "reason": "payment_page_failed",
            });
            publish(&mut transaction, permit, "checkout.failed", id.into(), payload, now).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Whether the subscription an invoice is for runs already, as in a trial.
async fn runs(transaction: &mut Transaction, invoice: &LockedInvoice) -> Result<bool> {
    let Some((subscription_id, _)) = invoice.subscription() else { return Ok(false) };
    let subscription = LockedSubscription::load(transaction, invoice.account_id, subscription_id).await?;
    Ok(subscription.state.is_current())
}
