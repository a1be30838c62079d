//! Whoever settles an invoice is authenticated (DESIGN 5.5): here the admin; a provider by its signature elsewhere.

use axum::Json;
use axum::extract::{Path, State};
use billing::payments::{Payment, Reversed, Settled};
use domain::access::{PlatformPermission, Resource};
use domain::ids::InvoiceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::{Body, MaybeBody, User};
use super::invoices::{InvoiceOut, invoice_id};
use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

/// What runs now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Activated {
    subscription: Option<Uuid>,
    token_bundles: Vec<Uuid>,
    add_ons: Vec<Uuid>,
    tokens_credited: i64,
}

impl From<Settled> for Activated {
    fn from(settled: Settled) -> Self {
        Self {
            subscription: settled.subscription_id.map(Uuid::from),
            token_bundles: settled.bundle_purchases,
            add_ons: settled.addon_subscriptions,
            tokens_credited: settled.tokens,
        }
    }
}

/// Money that arrived.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Arrived {
    invoice_id: Option<String>,
    payment_reference: Option<String>,
    amount: Option<Amount>,
    currency: Option<String>,
}

/// What a payment did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Captured {
    status: &'static str,
    invoice_id: Uuid,
    payment_reference: String,
    items_activated: Activated,
}

/// Settles an invoice whose money arrived. For the admin; the amount must be that of the invoice. Repeating it changes
/// nothing. (The original lets anybody settle any invoice.)
#[utoipa::path(
    post, path = "/api/v1/webhooks/payment", tag = "v1 payments", security(("bearer" = [])), request_body = Arrived,
    responses((status = 200, body = Captured), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn webhook(
    State(state): State<AppState>,
    user: User,
    Body(arrived): Body<Arrived>,
) -> Result<Json<Captured>, Problem> {
    let permit = user.may(PlatformPermission::manage(Resource::Invoices))?;
    let given = |text: Option<String>, missing: &'static str| {
        text.filter(|text| !text.trim().is_empty()).ok_or_else(|| Problem::bad_request(missing))
    };
    let id = given(arrived.invoice_id, "invoice_id is required")?;
    let reference = given(arrived.payment_reference, "payment_reference is required")?;
    let amount = arrived.amount.ok_or_else(|| Problem::bad_request("amount is required"))?;
    let id = invoice_id(&id)?;
    let billing = &state.services.billing;
    let invoice = billing.any_invoice(permit, id).await.map_err(|error| not_found(error, id))?;
    let currency = match arrived.currency.as_deref().filter(|code| !code.is_empty()) {
        Some(code) => code.parse().map_err(|_| Problem::bad_request("Unknown currency"))?,
        None => invoice.totals.total.currency,
    };
    let reference: String = reference.replace('\0', "").chars().take(255).collect();
    let payment =
        Payment { reference: reference.clone(), method: None, paid: Some(amount.read("amount", currency)?) };
    let settled = billing.arrived(permit, id, &payment).await?;
    Ok(Json(Captured {
        status: "paid",
        invoice_id: id.into(),
        payment_reference: reference,
        items_activated: settled.into(),
    }))
}

/// An answer to a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Heard {
    status: &'static str,
}

/// Says that whoever asks could settle invoices, and settles none.
#[utoipa::path(
    post, path = "/api/v1/webhooks/payment/test", tag = "v1 payments", security(("bearer" = [])),
    responses((status = 200, body = Heard), (status = 401, body = Problem), (status = 403, body = Problem))
)]
pub async fn test(user: User) -> Result<Json<Heard>, Problem> {
    user.may(PlatformPermission::manage(Resource::Invoices))?;
    Ok(Json(Heard { status: "ok" }))
}

fn not_found(error: billing::Error, id: InvoiceId) -> Problem {
    match error {
        billing::Error::NoInvoice => Problem::bad_request(format!("Invoice {id} not found")),
        other => other.into(),
    }
}

/// How an invoice was paid.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Paid {
    payment_reference: Option<String>,
    payment_method: Option<String>,
}

/// An invoice that was settled.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkedPaid {
    invoice: InvoiceOut,
    items_activated: Activated,
    message: &'static str,
}

/// Marks an invoice as paid. For the admin.
#[utoipa::path(
    post, path = "/api/v1/admin/invoices/{id}/mark-paid", tag = "v1 admin", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = Option<Paid>,
    responses((status = 200, body = MarkedPaid), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem))
)]
pub async fn mark_paid(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
    MaybeBody(paid): MaybeBody<Paid>,
) -> Result<Json<MarkedPaid>, Problem> {
    let permit = user.may(PlatformPermission::manage(Resource::Invoices))?;
    let id = invoice_id(&id)?;
    let text = |text: Option<String>, usual: &str| -> String {
        text.filter(|text| !text.trim().is_empty())
            .unwrap_or_else(|| usual.to_owned())
            .replace('\0', "")
            .chars()
            .take(255)
            .collect()
    };
    let payment = Payment {
        reference: text(paid.payment_reference, "MANUAL"),
        method: Some(text(paid.payment_method, "manual")),
        paid: None,
    };
    let billing = &state.services.billing;
    let settled = billing.mark_paid(permit, id, &payment).await?;
    let invoice = billing.any_invoice(permit, id).await?;
    Ok(Json(MarkedPaid {
        invoice: invoice.into(),
        items_activated: settled.into(),
        message: "Invoice marked as paid",
    }))
}

/// Why money goes back.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Refund {
    refund_reference: Option<String>,
}

/// What a refund took back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReversedOut {
    subscription: Option<Uuid>,
    token_bundles: Vec<Uuid>,
    add_ons: Vec<Uuid>,
    tokens_debited: i64,
}

impl From<Reversed> for ReversedOut {
    fn from(reversed: Reversed) -> Self {
        Self {
            subscription: reversed.subscription_id.map(Uuid::from),
            token_bundles: reversed.bundle_purchases,
            add_ons: reversed.addon_subscriptions,
            tokens_debited: reversed.tokens,
        }
    }
}

/// An invoice that was refunded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refunded {
    invoice: InvoiceOut,
    items_reversed: ReversedOut,
    message: &'static str,
}

/// Takes everything on a paid invoice back. For the admin.
#[utoipa::path(
    post, path = "/api/v1/admin/invoices/{id}/refund", tag = "v1 admin", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = Option<Refund>,
    responses((status = 200, body = Refunded), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem))
)]
pub async fn refund(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
    MaybeBody(body): MaybeBody<Refund>,
) -> Result<Json<Refunded>, Problem> {
    let permit = user.may(PlatformPermission::manage(Resource::Invoices))?;
    let id = invoice_id(&id)?;
    let reference = body.refund_reference.filter(|text| !text.trim().is_empty());
    let reference: String =
        reference.unwrap_or_else(|| "ADMIN_REFUND".to_owned()).replace('\0', "").chars().take(255).collect();
    let billing = &state.services.billing;
    let reversed = billing.refund(permit, id, &reference).await?;
    let invoice = billing.any_invoice(permit, id).await?;
    Ok(Json(Refunded {
        invoice: invoice.into(),
        items_reversed: reversed.into(),
        message: "Invoice refunded",
    }))
}
