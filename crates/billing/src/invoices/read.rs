//! Invoices as they are read.

use chrono::{DateTime, Utc};
use domain::billing::account::{CreditNoteView, InvoiceView};
use domain::billing::{InvoiceStatus, TaxRate, Totals};
use domain::ids::{AccountId, InvoiceId, PlanId, SubscriptionId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::managed::InvoiceQuery;
use crate::catalogue::currency;
use crate::documents::CreditNote;
use crate::{Error, Result};

/// An invoice with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The id.
    pub id: InvoiceId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The number on it, such as `INV-2027-000042`.
    pub number: String,
    /// `purchase`, `renewal` or `upgrade`.
    pub reason: String,
    /// The plan on it, if any.
    pub plan_id: Option<PlanId>,
    /// The subscription on it, if any.
    pub subscription_id: Option<SubscriptionId>,
    /// Whether it is paid.
    pub status: InvoiceStatus,
    /// What it comes to.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
    /// The code of the way to pay.
    pub payment_method: Option<String>,
    /// What was said with the payment.
    pub payment_reference: Option<String>,
    /// The checkout at the payment provider.
    pub provider_session_id: Option<String>,
    /// Its date.
    pub invoiced_at: DateTime<Utc>,
    /// When it is to be paid.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i32,
    /// What it is over.
    pub lines: Vec<InvoiceLine>,
    /// Its credit notes and their cancellations, oldest first.
    pub credit_notes: Vec<CreditNote>,
}

impl From<Invoice> for InvoiceView {
    fn from(invoice: Invoice) -> Self {
        let currency = invoice.totals.total.currency;
        let lines = invoice.lines.into_iter();
        let note = |note: CreditNote| CreditNoteView {
            id: note.id,
            number: note.number,
            is_cancellation: note.cancels.is_some(),
            total: Money::new(note.total_minor, currency),
            issued_at: note.issued_at,
        };
        Self {
            id: invoice.id,
            number: invoice.number,
            status: invoice.status,
            totals: invoice.totals,
            tax_rate: invoice.tax_rate,
            invoiced_at: invoice.invoiced_at,
            due_at: invoice.due_at,
            paid_at: invoice.paid_at,
            lines: lines.map(|line| (line.description, Money::new(line.total_minor, currency))).collect(),
            subscription_id: invoice.subscription_id,
            is_order: invoice.reason == "purchase",
            payment_method: invoice.payment_method,
            credit_notes: invoice.credit_notes.into_iter().map(note).collect(),
        }
    }
}

impl Invoice {
    /// Whether it can be paid: not paid yet, and not over.
    pub fn is_payable(&self) -> bool {
        matches!(self.status, InvoiceStatus::Pending)
    }
}

/// A line of an invoice. Amounts are net, in minor units of the invoice's currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvoiceLine {
    /// The id.
    pub id: Uuid,
    /// `subscription`, `token_bundle`, `add_on` or `fee`.
    pub item_type: String,
    /// The purchase.
    pub item_id: Uuid,
    /// What was bought.
    pub catalog_item_id: Uuid,
    /// What it says.
    pub description: String,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price_minor: i64,
    /// The price of all.
    pub total_minor: i64,
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    number: String,
    reason: String,
    plan_id: Option<Uuid>,
    subscription_id: Option<Uuid>,
    status: String,
    currency: String,
    subtotal_minor: i64,
    tax_minor: i64,
    tax_rate: i32,
    payment_method: Option<String>,
    payment_reference: Option<String>,
    provider_session_id: Option<String>,
    invoiced_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    version: i32,
    lines: Json<Vec<InvoiceLine>>,
    credit_notes: Json<Vec<CreditNote>>,
}

impl TryFrom<Row> for Invoice {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let currency: Currency = currency(&row.currency)?;
        let (subtotal, tax) = (Money::new(row.subtotal_minor, currency), Money::new(row.tax_minor, currency));
        Ok(Self {
            id: InvoiceId(row.id),
            account_id: AccountId(row.account_id),
            number: row.number,
            reason: row.reason,
            plan_id: row.plan_id.map(PlanId),
            subscription_id: row.subscription_id.map(SubscriptionId),
            status: row.status.parse()?,
            totals: Totals { subtotal, tax, total: subtotal.checked_add(tax)? },
            tax_rate: TaxRate::new(row.tax_rate).unwrap_or(TaxRate::ZERO),
            payment_method: row.payment_method,
            payment_reference: row.payment_reference,
            provider_session_id: row.provider_session_id,
            invoiced_at: row.invoiced_at,
            due_at: row.due_at,
            paid_at: row.paid_at,
            version: row.version,
            lines: row.lines.0,
            credit_notes: row.credit_notes.0,
        })
    }
}

/// `SELECT` of [`Row`]s with a condition.
macro_rules! select_invoices {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT i.id, i.account_id, i.number, i.reason, i.plan_id, i.subscription_id, i.status, i.currency AS "currency: String",
                      i.subtotal_minor, i.tax_minor, i.tax_rate, i.payment_method, i.payment_reference, i.provider_session_id,
                      i.invoiced_at, i.due_at, i.paid_at, i.version,
                      (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'id', l.id, 'item_type', l.item_type, 'item_id', l.item_id, 'catalog_item_id', l.catalog_item_id,
                                  'description', l.description, 'quantity', l.quantity, 'unit_price_minor', l.unit_price_minor,
                                  'total_minor', l.total_minor) ORDER BY l.position), '[]')
                       FROM invoice_lines l WHERE l.account_id = i.account_id AND l.invoice_id = i.id)
                          AS "lines!: Json<Vec<InvoiceLine>>",
                      (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'id', n.id, 'number', n.number, 'cancels', n.cancels, 'subtotal_minor', n.subtotal_minor,
                                  'tax_minor', n.tax_minor, 'total_minor', n.total_minor, 'reference', n.reference,
                                  'issued_at', n.issued_at) ORDER BY n.issued_at, n.id), '[]')
                       FROM credit_notes n WHERE n.account_id = i.account_id AND n.invoice_id = i.id)
                          AS "credit_notes!: Json<Vec<CreditNote>>"
               FROM invoices i "# + $condition,
            $($argument),*
        )
    };
}

/// An account's invoices, newest first, after the one before.
pub(super) async fn of_account(
    transaction: &mut Transaction,
    account_id: AccountId,
    before: Option<InvoiceId>,
    limit: usize,
) -> Result<Vec<Invoice>> {
    let rows = select_invoices!(
        "WHERE i.account_id = $1
           AND ($2::uuid IS NULL OR (i.invoiced_at, i.id) < (SELECT b.invoiced_at, b.id FROM invoices b WHERE b.account_id = $1 AND b.id = $2))
         ORDER BY i.invoiced_at DESC, i.id DESC LIMIT $3",
        Uuid::from(account_id),
        before.map(Uuid::from),
        i64::try_from(limit).unwrap_or(i64::MAX)
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter().map(Invoice::try_from).collect()
}

/// One invoice of an account.
pub(crate) async fn one(
    transaction: &mut Transaction,
    account_id: AccountId,
    id: InvoiceId,
) -> Result<Option<Invoice>> {
    let row =
        select_invoices!("WHERE i.account_id = $1 AND i.id = $2", Uuid::from(account_id), Uuid::from(id))
            .fetch_optional(&mut **transaction)
            .await?;
    row.map(Invoice::try_from).transpose()
}

/// One invoice, whosever it is.
pub(crate) async fn any(transaction: &mut Transaction, id: InvoiceId) -> Result<Option<Invoice>> {
    let row = select_invoices!("WHERE i.id = $1", Uuid::from(id)).fetch_optional(&mut **transaction).await?;
    row.map(Invoice::try_from).transpose()
}

/// Everybody's invoices, newest first, a part of them, and how many there are.
pub(super) async fn listed(
    transaction: &mut Transaction,
    query: &InvoiceQuery,
) -> Result<(Vec<Invoice>, i64)> {
    let status = query.status.map(InvoiceStatus::as_str);
    let account_id = query.account_id.map(Uuid::from);
    let rows = select_invoices!(
        "WHERE ($1::text IS NULL OR i.status = $1) AND ($2::uuid IS NULL OR i.account_id = $2)
           AND ($3::text IS NULL OR position(upper($3) IN i.number) > 0)
         ORDER BY i.created_at DESC, i.id DESC LIMIT $4 OFFSET $5",
        status,
        account_id,
        query.number,
        query.limit,
        query.offset
    )
    .fetch_all(&mut **transaction)
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM invoices i
           WHERE ($1::text IS NULL OR i.status = $1) AND ($2::uuid IS NULL OR i.account_id = $2)
             AND ($3::text IS NULL OR position(upper($3) IN i.number) > 0)"#,
        status,
        account_id,
        query.number,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok((rows.into_iter().map(Invoice::try_from).collect::<Result<_>>()?, total))
}

/// The invoices of one subscription, newest first.
pub(crate) async fn of_subscription(
    transaction: &mut Transaction,
    account_id: AccountId,
    id: SubscriptionId,
) -> Result<Vec<Invoice>> {
    let rows = select_invoices!(
        "WHERE i.account_id = $1 AND i.subscription_id = $2 ORDER BY i.invoiced_at DESC, i.id DESC LIMIT 500",
        Uuid::from(account_id),
        Uuid::from(id)
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter().map(Invoice::try_from).collect()
}
