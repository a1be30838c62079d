//! Invoices of the caller (spec 5.8).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::documents::CreditNote;
use billing::invoices::{Invoice, InvoiceLine, PAGE};
use domain::ids::InvoiceId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::caller::User;
use super::words::{amount, instant, minor};
use crate::problem::Problem;
use crate::state::AppState;

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceOut {
    id: Uuid,
    user_id: Uuid,
    tarif_plan_id: Option<Uuid>,
    subscription_id: Option<Uuid>,
    invoice_number: String,
    /// The total.
    amount: String,
    subtotal: String,
    tax_amount: String,
    total_amount: String,
    currency: String,
    /// `PENDING`, `PAID`, `FAILED`, `CANCELLED` or `REFUNDED`.
    status: String,
    payment_method: Option<String>,
    payment_ref: Option<String>,
    is_payable: bool,
    invoiced_at: String,
    paid_at: Option<String>,
    /// When it is due.
    expires_at: Option<String>,
    line_items: Vec<LineOut>,
    /// What was refunded, and what of that was taken back, oldest first.
    credit_notes: Vec<CreditNoteOut>,
    version: i32,
}

/// A credit note of an invoice. Amounts are positive; whether they count for or against the invoice is told by `type`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditNoteOut {
    id: Uuid,
    credit_note_number: String,
    /// `CREDIT_NOTE`, or `CANCELLATION` of one.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    /// The credit note that a cancellation takes back.
    cancels: Option<Uuid>,
    subtotal: String,
    tax_amount: String,
    total_amount: String,
    currency: String,
    refund_reference: String,
    issued_at: String,
}

/// A line of an invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineOut {
    id: Uuid,
    invoice_id: Uuid,
    /// `SUBSCRIPTION`, `TOKEN_BUNDLE` or `ADD_ON`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: String,
    /// The purchase.
    item_id: Uuid,
    /// The plan, bundle or add-on.
    catalog_item_id: Uuid,
    description: String,
    quantity: i32,
    unit_price: String,
    amount: String,
}

impl From<Invoice> for InvoiceOut {
    fn from(invoice: Invoice) -> Self {
        let (id, currency) = (Uuid::from(invoice.id), invoice.totals.total.currency);
        let line = |line: InvoiceLine| LineOut {
            id: line.id,
            invoice_id: id,
            kind: line.item_type.to_uppercase(),
            item_id: line.item_id,
            catalog_item_id: line.catalog_item_id,
            description: line.description,
            quantity: line.quantity,
            unit_price: minor(line.unit_price_minor, currency),
            amount: minor(line.total_minor, currency),
        };
        let credit_note = |note: CreditNote| CreditNoteOut {
            id: note.id,
            credit_note_number: note.number,
            kind: if note.cancels.is_some() { "CANCELLATION" } else { "CREDIT_NOTE" },
            cancels: note.cancels,
            subtotal: minor(note.subtotal_minor, currency),
            tax_amount: minor(note.tax_minor, currency),
            total_amount: minor(note.total_minor, currency),
            currency: currency.to_string(),
            refund_reference: note.reference,
            issued_at: instant(note.issued_at),
        };
        Self {
            id,
            user_id: invoice.account_id.into(),
            tarif_plan_id: invoice.plan_id.map(Uuid::from),
            subscription_id: invoice.subscription_id.map(Uuid::from),
            is_payable: invoice.is_payable(),
            invoice_number: invoice.number,
            amount: amount(invoice.totals.total),
            subtotal: amount(invoice.totals.subtotal),
            tax_amount: amount(invoice.totals.tax),
            total_amount: amount(invoice.totals.total),
            currency: currency.to_string(),
            status: invoice.status.as_str().to_uppercase(),
            payment_method: invoice.payment_method,
            payment_ref: invoice.payment_reference,
            invoiced_at: instant(invoice.invoiced_at),
            paid_at: invoice.paid_at.map(instant),
            expires_at: invoice.due_at.map(instant),
            line_items: invoice.lines.into_iter().map(line).collect(),
            credit_notes: invoice.credit_notes.into_iter().map(credit_note).collect(),
            version: invoice.version,
        }
    }
}

/// Invoices, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoicesOut {
    invoices: Vec<InvoiceOut>,
    /// There may be more: the address of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// One invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceBody {
    pub(in crate::api::v1) invoice: InvoiceOut,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct After {
    /// The last invoice of the page before; an answer's `next` has it.
    before: Option<String>,
}

/// The caller's invoices, newest first, a hundred at a time.
#[utoipa::path(
    get, path = "/api/v1/user/invoices", tag = "v1 invoices", security(("bearer" = [])), params(After),
    responses((status = 200, body = InvoicesOut), (status = 400, body = Problem), (status = 401, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    user: User,
    Query(after): Query<After>,
) -> Result<Json<InvoicesOut>, Problem> {
    let before = after.before.filter(|id| !id.is_empty()).map(|id| invoice_id(&id)).transpose()?;
    let invoices = state.services.billing.invoices(user.account(), before).await?;
    let is_full = invoices.len() >= PAGE;
    let next = invoices.last().filter(|_| is_full);
    let next = next.map(|last| format!("/api/v1/user/invoices?before={}", last.id));
    Ok(Json(InvoicesOut { invoices: invoices.into_iter().map(InvoiceOut::from).collect(), next }))
}

/// An id of an invoice, or 400.
pub fn invoice_id(text: &str) -> Result<InvoiceId, Problem> {
    text.parse().map_err(|_| Problem::bad_request("Invalid invoice_id format"))
}

/// One of the caller's invoices. Somebody else's is as unknown as one that does not exist: the original answers 403 and
/// thereby tells which ids there are.
#[utoipa::path(
    get, path = "/api/v1/user/invoices/{id}", tag = "v1 invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = InvoiceBody), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
) -> Result<Json<InvoiceBody>, Problem> {
    let invoice = state.services.billing.invoice(user.account(), invoice_id(&id)?).await?;
    Ok(Json(InvoiceBody { invoice: invoice.into() }))
}
