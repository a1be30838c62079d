//! A document's facts, in one statement.

use chrono::{DateTime, Utc};
use domain::billing::{TaxRate, Totals};
use domain::ids::{AccountId, InvoiceId};
use domain::money::Money;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Buyer, DocumentKind, DocumentLine, InvoiceDocument, Seller};
use crate::catalogue::currency;
use crate::{Error, Result};

struct Row {
    number: String,
    status: String,
    currency: String,
    subtotal_minor: i64,
    invoice_subtotal_minor: i64,
    tax_minor: i64,
    tax_rate: i32,
    tax_country: Option<String>,
    payment_method: Option<String>,
    payment_reference: Option<String>,
    invoiced_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    seller: Json<Seller>,
    buyer: Json<Option<Buyer>>,
    lines: Json<Vec<DocumentLine>>,
    credit_note: Option<String>,
    credited_at: Option<DateTime<Utc>>,
    reference: Option<String>,
    cancelled_number: Option<String>,
}

/// An invoice, or one of its credit notes; of one account, if one is given.
pub(crate) async fn load(
    connection: &mut PgConnection,
    account_id: Option<AccountId>,
    id: InvoiceId,
    credit_note_id: Option<Uuid>,
) -> Result<InvoiceDocument> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT i.number, i.status, i.currency AS "currency: String", coalesce(n.subtotal_minor, i.subtotal_minor) AS "subtotal_minor!",
                  i.subtotal_minor AS invoice_subtotal_minor,
                  coalesce(n.tax_minor, i.tax_minor) AS "tax_minor!", i.tax_rate, coalesce(c.name, i.tax_country) AS tax_country,
                  coalesce(m.name, i.payment_method) AS payment_method, i.payment_reference, i.invoiced_at, i.due_at, i.paid_at,
                  coalesce(i.parties -> 'seller', billing_seller()) AS "seller!: Json<Seller>",
                  coalesce(i.parties -> 'buyer', billing_buyer(i.account_id), 'null') AS "buyer!: Json<Option<Buyer>>",
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('description', l.description, 'quantity', l.quantity,
                              'unit_price_minor', l.unit_price_minor, 'total_minor', l.total_minor) ORDER BY l.position), '[]')
                   FROM invoice_lines l WHERE l.account_id = i.account_id AND l.invoice_id = i.id) AS "lines!: Json<Vec<DocumentLine>>",
                  n.number AS "credit_note?", n.issued_at AS "credited_at?", n.reference AS "reference?", x.number AS "cancelled_number?"
           FROM invoices i
           LEFT JOIN countries c ON c.code = i.tax_country
           LEFT JOIN payment_methods m ON m.code = i.payment_method
           LEFT JOIN credit_notes n ON n.account_id = i.account_id AND n.invoice_id = i.id AND n.id = $3
           LEFT JOIN credit_notes x ON x.account_id = n.account_id AND x.id = n.cancels
           WHERE i.id = $1 AND ($2::uuid IS NULL OR i.account_id = $2)"#,
        Uuid::from(id),
        account_id.map(Uuid::from),
        credit_note_id,
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(Error::NoInvoice)?;
    if credit_note_id.is_some() && row.credit_note.is_none() {
        return Err(Error::NoCreditNote);
    }
    row.document(id)
}

impl Row {
    fn document(self, invoice_id: InvoiceId) -> Result<InvoiceDocument> {
        let row = self;
        let currency = currency(&row.currency)?;
        let (subtotal, tax) = (Money::new(row.subtotal_minor, currency), Money::new(row.tax_minor, currency));
        let mut document = InvoiceDocument {
            invoice_id,
            kind: DocumentKind::Invoice,
            number: row.number,
            issued_at: row.invoiced_at,
            due_at: row.due_at,
            status: row.status.parse()?,
            paid_at: row.paid_at,
            payment_method: row.payment_method,
            payment_reference: row.payment_reference,
            seller: row.seller.0,
            buyer: row.buyer.0.unwrap_or_default(),
            lines: row.lines.0,
            totals: Totals { subtotal, tax, total: subtotal.checked_add(tax)? },
            tax_rate: TaxRate::new(row.tax_rate).unwrap_or(TaxRate::ZERO),
            tax_country: row.tax_country,
        };
        if let (Some(number), Some(issued_at)) = (row.credit_note, row.credited_at) {
            let invoice_number = std::mem::replace(&mut document.number, number);
            document.issued_at = issued_at;
            if row.subtotal_minor != row.invoice_subtotal_minor {
                document.lines = vec![DocumentLine::of(
                    &format!("Part of invoice {invoice_number}"),
                    1,
                    row.subtotal_minor,
                )];
            }
            document.kind = match row.cancelled_number {
                Some(credit_note_number) => DocumentKind::Cancellation { credit_note_number, invoice_number },
                None => {
                    DocumentKind::CreditNote { invoice_number, reference: row.reference.unwrap_or_default() }
                }
            };
        }
        Ok(document)
    }
}
