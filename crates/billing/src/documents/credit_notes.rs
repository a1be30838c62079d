//! Credit notes: a refund makes one, and taking the refund back makes another document that cancels it. Documents that
//! were sent are never changed, so the books of a closed month stay as they are.

use chrono::{DateTime, Datelike, Utc};
use domain::ids::{AccountId, InvoiceId};
use platform::database::Transaction;
use serde::Deserialize;
use uuid::Uuid;

use crate::Result;

/// A credit note of an invoice. Amounts are in minor units of the invoice's currency, and positive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CreditNote {
    /// The id.
    pub id: Uuid,
    /// The number on it, such as `CN-2027-000001`.
    pub number: String,
    /// The credit note that this document takes back, if it is such a one.
    pub cancels: Option<Uuid>,
    /// What it comes to without tax.
    pub subtotal_minor: i64,
    /// The tax in it.
    pub tax_minor: i64,
    /// What it comes to.
    pub total_minor: i64,
    /// Why: the refund's reference.
    pub reference: String,
    /// Its date.
    pub issued_at: DateTime<Utc>,
}

/// What the credit notes of an invoice that hold come to, and the tax in that.
struct Credited {
    invoice_total: i64,
    invoice_tax: i64,
    total: i64,
    tax: i64,
}

impl Credited {
    async fn load(transaction: &mut Transaction, account_id: AccountId, id: InvoiceId) -> Result<Self> {
        Ok(sqlx::query_as!(
            Self,
            r#"SELECT i.total_minor AS "invoice_total!", i.tax_minor AS invoice_tax,
                      coalesce(sum(n.total_minor), 0)::bigint AS "total!", coalesce(sum(n.tax_minor), 0)::bigint AS "tax!"
               FROM invoices i
               LEFT JOIN credit_notes n ON n.account_id = i.account_id AND n.invoice_id = i.id AND n.cancels IS NULL
                   AND NOT EXISTS (SELECT FROM credit_notes x WHERE x.account_id = n.account_id AND x.cancels = n.id)
               WHERE i.account_id = $1 AND i.id = $2
               GROUP BY i.account_id, i.id"#,
            Uuid::from(account_id),
            Uuid::from(id),
        )
        .fetch_one(&mut **transaction)
        .await?)
    }

    /// The tax in the first `total` of the invoice: of the whole it is the invoice's, so that parts add up.
    fn tax_in(&self, total: i64) -> i64 {
        if self.invoice_total == 0 {
            return 0;
        }
        let (tax, whole) = (i128::from(self.invoice_tax), i128::from(self.invoice_total));
        let share = (2 * tax * i128::from(total) + whole) / (2 * whole);
        i64::try_from(share).unwrap_or(self.invoice_tax)
    }
}

/// What the credit notes of an invoice that hold come to.
pub(crate) async fn credited(
    transaction: &mut Transaction,
    account_id: AccountId,
    invoice_id: InvoiceId,
) -> Result<i64> {
    Ok(Credited::load(transaction, account_id, invoice_id).await?.total)
}

/// Writes a credit note of an invoice, over what is missing until `total` of it went back. The caller holds the account's
/// lock.
pub(crate) async fn issue(
    transaction: &mut Transaction,
    account_id: AccountId,
    invoice_id: InvoiceId,
    total: i64,
    reference: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let known = Credited::load(transaction, account_id, invoice_id).await?;
    let tax = known.tax_in(total) - known.tax;
    let subtotal = total - known.total - tax;
    let (id, number) = (platform::ids::new::<Uuid>(), next_number(transaction, now).await?);
    sqlx::query!(
        "INSERT INTO credit_notes (account_id, id, number, invoice_id, currency, subtotal_minor, tax_minor, reference, issued_at)
         SELECT account_id, $3, $4, id, currency, $7, $8, $5, $6 FROM invoices WHERE account_id = $1 AND id = $2",
        Uuid::from(account_id),
        Uuid::from(invoice_id),
        id,
        number,
        reference,
        now,
        subtotal,
        tax,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(id)
}

/// Takes the last credit note of an invoice back whose refund did not happen after all. What was refunded before there were
/// credit notes has none to take back. The caller holds the account's lock.
pub(crate) async fn cancel(
    transaction: &mut Transaction,
    account_id: AccountId,
    invoice_id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<()> {
    let open = sqlx::query_scalar!(
        "SELECT n.id FROM credit_notes n
         WHERE n.account_id = $1 AND n.invoice_id = $2 AND n.cancels IS NULL
           AND NOT EXISTS (SELECT FROM credit_notes x WHERE x.account_id = n.account_id AND x.cancels = n.id)
         ORDER BY n.issued_at DESC, n.id DESC LIMIT 1",
        Uuid::from(account_id),
        Uuid::from(invoice_id),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(open) = open else { return Ok(()) };
    let (id, number) = (platform::ids::new::<Uuid>(), next_number(transaction, now).await?);
    sqlx::query!(
        "INSERT INTO credit_notes (account_id, id, number, invoice_id, cancels, currency, subtotal_minor, tax_minor, reference, issued_at)
         SELECT account_id, $3, $4, invoice_id, id, currency, subtotal_minor, tax_minor, reference, $5
         FROM credit_notes WHERE account_id = $1 AND id = $2",
        Uuid::from(account_id),
        open,
        id,
        number,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The next number of the year; whoever takes it holds the year's row until their document is there, so that one that is
/// rolled back leaves no gap.
async fn next_number(transaction: &mut Transaction, now: DateTime<Utc>) -> Result<String> {
    let year = now.year();
    let last = sqlx::query_scalar!(
        "INSERT INTO credit_note_numbers AS known (year, last) VALUES ($1, 1)
         ON CONFLICT (year) DO UPDATE SET last = known.last + 1 RETURNING last",
        year,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(format!("CN-{year}-{last:06}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tax_of_parts_adds_up_to_that_of_the_invoice() {
        let invoice = Credited { invoice_total: 1_189, invoice_tax: 190, total: 0, tax: 0 };
        assert_eq!((invoice.tax_in(0), invoice.tax_in(1_189)), (0, 190));
        for total in 0..1_189 {
            let tax = invoice.tax_in(total + 1) - invoice.tax_in(total);
            assert!((0..=1).contains(&tax), "no part is of less than nothing: {total}");
        }
    }
}
