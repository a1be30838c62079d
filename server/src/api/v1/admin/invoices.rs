//! Everybody's invoices (spec 5.8).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::invoices::managed::{InvoiceDetails, InvoiceQuery, ManagedInvoice};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, WriteRefusals, limits, searched};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::Admin;
use crate::api::v1::invoices::{InvoiceBody, InvoiceOut, invoice_id};
use crate::api::v1::subscriptions::SubscriptionOut;
use crate::api::v1::words::{id, instant, status};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, delete))
        .routes(routes!(duplicate))
        .routes(routes!(void))
        .routes(routes!(restore))
}

/// An invoice with its owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedInvoice {
    #[serde(flatten)]
    invoice: InvoiceOut,
    /// None for an organisation's.
    user_email: Option<String>,
    created_at: String,
}

impl From<ManagedInvoice> for ListedInvoice {
    fn from(managed: ManagedInvoice) -> Self {
        Self {
            user_email: managed.user_email,
            created_at: instant(managed.invoice.invoiced_at),
            invoice: managed.invoice.into(),
        }
    }
}

/// A part of the invoices.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedInvoices {
    invoices: Vec<ListedInvoice>,
    total: i64,
    limit: i64,
    offset: i64,
}

/// Which invoices.
#[derive(Debug, Deserialize, IntoParams)]
struct InvoiceFilter {
    /// 20 if absent, at most 100.
    limit: Option<i64>,
    offset: Option<i64>,
    /// `PENDING`, `PAID`, `FAILED`, `CANCELLED` or `REFUNDED`.
    status: Option<String>,
    user_id: Option<String>,
    /// A part of the number.
    search: Option<String>,
}

/// Everybody's invoices, newest first.
#[utoipa::path(
    get, path = "/", tag = "v1 admin invoices", security(("bearer" = [])), params(InvoiceFilter),
    responses((status = 200, body = ListedInvoices), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(filter): Query<InvoiceFilter>,
) -> Result<Json<ListedInvoices>, Problem> {
    let (limit, offset) = limits(filter.limit, filter.offset);
    let user_id = filter.user_id.filter(|text| !text.is_empty());
    let query = InvoiceQuery {
        status: status(filter.status.as_deref())?,
        account_id: user_id.map(|text| id(&text, "user")).transpose()?,
        number: searched(filter.search),
        limit,
        offset,
    };
    let found = state.services.billing.managed_invoices(admin.permit()?, &query).await?;
    let invoices = found.items.into_iter().map(ListedInvoice::from).collect();
    Ok(Json(ListedInvoices { invoices, total: found.total, limit, offset }))
}

/// An invoice with everything around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailedInvoice {
    #[serde(flatten)]
    invoice: InvoiceOut,
    created_at: String,
    /// When it is due; its own date where nothing else is said.
    due_date: String,
    user_email: Option<String>,
    /// None for an organisation's.
    user: Option<InvoiceUser>,
    plan: Option<InvoicePlan>,
    subscription: Option<SubscriptionOut>,
}

/// Whose invoice it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceUser {
    id: Uuid,
    email: String,
    name: String,
}

/// The plan on an invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoicePlan {
    id: Uuid,
    name: String,
    slug: String,
}

/// An invoice with everything around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailedInvoiceBody {
    invoice: DetailedInvoice,
}

/// One invoice.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = DetailedInvoiceBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<DetailedInvoiceBody>, Problem> {
    let found = state.services.billing.invoice_details(admin.permit()?, invoice_id(&text)?).await?;
    let InvoiceDetails { invoice, user, plan, subscription } = found;
    let user_id = Uuid::from(invoice.account_id);
    let now = state.services.clock.now();
    Ok(Json(DetailedInvoiceBody {
        invoice: DetailedInvoice {
            created_at: instant(invoice.invoiced_at),
            due_date: instant(invoice.due_at.unwrap_or(invoice.invoiced_at)),
            user_email: user.as_ref().map(|(email, _)| email.clone()),
            user: user.map(|(email, name)| InvoiceUser { id: user_id, email, name }),
            plan: plan.map(|(id, name, slug)| InvoicePlan { id: id.into(), name, slug }),
            subscription: subscription.map(|subscription| SubscriptionOut::new(subscription, now)),
            invoice: invoice.into(),
        },
    }))
}

/// Asks for the same once more: a new invoice with the same lines, to be paid in 30 days.
#[utoipa::path(
    post, path = "/{id}/duplicate", tag = "v1 admin invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 201, body = InvoiceBody), WriteRefusals)
)]
async fn duplicate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<InvoiceBody>), Problem> {
    let made = state.services.billing.duplicate_invoice(admin.permit()?, invoice_id(&text)?).await?;
    Ok((StatusCode::CREATED, Json(InvoiceBody { invoice: made.into() })))
}

/// Nothing is owed any more. What was paid is refunded instead.
#[utoipa::path(
    post, path = "/{id}/void", tag = "v1 admin invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = InvoiceBody), WriteRefusals)
)]
async fn void(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<InvoiceBody>, Problem> {
    let voided = state.services.billing.void_invoice(admin.permit()?, invoice_id(&text)?).await?;
    Ok(Json(InvoiceBody { invoice: voided.into() }))
}

/// Takes a refund back: the invoice is paid, and what was bought runs again.
#[utoipa::path(
    post, path = "/{id}/restore", tag = "v1 admin invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = InvoiceBody), WriteRefusals)
)]
async fn restore(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<InvoiceBody>, Problem> {
    let id = invoice_id(&text)?;
    state.services.billing.restore(admin.permit()?, id).await?;
    let restored = state.services.billing.any_invoice(admin.permit()?, id).await?;
    Ok(Json(InvoiceBody { invoice: restored.into() }))
}

/// Says that an invoice is not deleted: numbers have no gaps. It can be voided.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.billing.delete_invoice(admin.permit()?, invoice_id(&text)?).await?;
    Ok(Json(Said::done("Invoice deleted")))
}
