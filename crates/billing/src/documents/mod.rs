//! Invoices and credit notes as PDF (spec 5.8).
//!
//! A document is a value with everything that is on it, and drawing it is a pure function of that value: the same facts
//! give the same bytes. Seller and buyer are those of the moment in which the invoice was no longer open.

pub(crate) mod credit_notes;
mod draw;
mod load;
mod parties;
mod sample;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use domain::access::{AccountPermit, AdminPermit};
use domain::billing::{InvoiceStatus, TaxRate, Totals};
use domain::ids::InvoiceId;
use serde::Deserialize;
use uuid::Uuid;

pub use credit_notes::CreditNote;
pub(crate) use load::load;
pub use parties::{Buyer, Seller};

use crate::{Billing, Result};

/// What kind of document it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentKind {
    /// An invoice.
    Invoice,
    /// A refund: its amounts are owed to the buyer.
    CreditNote {
        /// The invoice that was refunded.
        invoice_number: String,
        /// Why; may be empty.
        reference: String,
    },
    /// A refund was taken back: the invoice holds again.
    Cancellation {
        /// The credit note that holds no longer.
        credit_note_number: String,
        /// The invoice that was refunded.
        invoice_number: String,
    },
}

/// A line of a document. Amounts are net, in minor units of the document's currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DocumentLine {
    /// What it is.
    pub description: String,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price_minor: i64,
    /// The price of all.
    pub total_minor: i64,
}

/// Everything that is on an invoice or credit note. Amounts are positive; those of a credit note are drawn with a minus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceDocument {
    /// The invoice that it is, or is about.
    pub invoice_id: InvoiceId,
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// Its own number.
    pub number: String,
    /// Its date.
    pub issued_at: DateTime<Utc>,
    /// When it is to be paid.
    pub due_at: Option<DateTime<Utc>>,
    /// The state of the invoice.
    pub status: InvoiceStatus,
    /// When the invoice was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// How it was paid, or is to be.
    pub payment_method: Option<String>,
    /// What was said with the payment.
    pub payment_reference: Option<String>,
    /// Who sells.
    pub seller: Seller,
    /// Who buys.
    pub buyer: Buyer,
    /// What it is over.
    pub lines: Vec<DocumentLine>,
    /// What it comes to.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
    /// The country of that tax.
    pub tax_country: Option<String>,
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// What it is saved as.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl InvoiceDocument {
    /// The document as a file.
    pub fn to_pdf(&self) -> Pdf {
        let kind = match self.kind {
            DocumentKind::Invoice => "invoice",
            DocumentKind::CreditNote { .. } => "credit-note",
            DocumentKind::Cancellation { .. } => "cancellation",
        };
        Pdf { file_name: format!("{kind}-{}.pdf", self.number), bytes: draw::draw(self) }
    }
}

impl Billing {
    /// An invoice of the account as PDF. [`NoInvoice`](crate::Error::NoInvoice) if it is somebody else's.
    pub async fn invoice_pdf(&self, permit: AccountPermit<'_>, id: InvoiceId) -> Result<Pdf> {
        let mut transaction = self.begin(permit).await?;
        let document = load(&mut transaction, Some(permit.account_id()), id, None).await?;
        transaction.commit().await?;
        Ok(document.to_pdf())
    }

    /// Any invoice as PDF, for the admin.
    pub async fn any_invoice_pdf(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<Pdf> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let document = load(&mut transaction, None, id, None).await?;
        transaction.commit().await?;
        Ok(document.to_pdf())
    }

    /// A credit note of one of the account's invoices as PDF. [`NoInvoice`](crate::Error::NoInvoice) if the invoice is
    /// somebody else's, [`NoCreditNote`](crate::Error::NoCreditNote) if the credit note is not one of the invoice's.
    pub async fn credit_note_pdf(&self, permit: AccountPermit<'_>, id: InvoiceId, note: Uuid) -> Result<Pdf> {
        let mut transaction = self.begin(permit).await?;
        let document = load(&mut transaction, Some(permit.account_id()), id, Some(note)).await?;
        transaction.commit().await?;
        Ok(document.to_pdf())
    }

    /// A credit note of any invoice as PDF, for the admin.
    pub async fn any_credit_note_pdf(
        &self,
        permit: AdminPermit<'_>,
        id: InvoiceId,
        note: Uuid,
    ) -> Result<Pdf> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let document = load(&mut transaction, None, id, Some(note)).await?;
        transaction.commit().await?;
        Ok(document.to_pdf())
    }
}
