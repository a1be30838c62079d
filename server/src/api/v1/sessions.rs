//! Paying an invoice on a provider's page (spec 5.5, 5.11, 5.12).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use billing::providers::{PayPage, Paying};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use plugin_api::payment::SessionStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Body, User};
use super::invoices::{InvoiceOut, invoice_id};
use super::words::amount;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::state::AppState;

/// What is to be paid.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ToPay {
    invoice_id: Option<String>,
}

/// A page where it is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayPageOut {
    session_id: String,
    session_url: String,
}

/// What became of a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayingOut {
    /// `open`, `complete`, `processing` or `expired`.
    status: &'static str,
    /// What is, or was, to be paid.
    amount_total: Option<String>,
    currency: Option<String>,
    invoice_id: String,
}

impl From<Paying> for PayingOut {
    fn from(paying: Paying) -> Self {
        Self {
            status: match paying.status {
                SessionStatus::Open => "open",
                SessionStatus::Paid => "complete",
                SessionStatus::Processing => "processing",
                SessionStatus::Expired => "expired",
            },
            amount_total: paying.total.map(amount),
            currency: paying.total.map(|total| total.currency.to_string()),
            invoice_id: paying.invoice_id.to_string(),
        }
    }
}

/// An invoice that is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaidOut {
    invoice: InvoiceOut,
    message: &'static str,
}

/// Says where an invoice is paid that is not paid yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotPaid {
    title: &'static str,
    status: u16,
    detail: &'static str,
    /// The same as `detail`.
    error: &'static str,
    session_id: String,
    session_url: String,
}

/// Pays an invoice. Nobody settles one by asking for it (DESIGN 5.5): it is paid where nothing is owed, or once the
/// provider has the money; until then the answer is 402 with the provider's page.
#[utoipa::path(
    post, path = "/api/v1/user/invoices/{id}/pay", tag = "v1 payments", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = PaidOut), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 402, body = NotPaid, content_type = "application/problem+json"), (status = 404, body = Problem),
        (status = 503, body = Problem))
)]
pub async fn pay(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (id, billing) = (invoice_id(&id)?, &state.services.billing);
    let checkout = state.services.payer(&user.0, &app::routes::account_invoice(id)).await?;
    match billing.pay(user.account(), id, &checkout).await {
        Ok(None) => {
            let invoice = billing.invoice(user.account(), id).await?;
            Ok(Json(PaidOut { invoice: invoice.into(), message: "Payment successful" }).into_response())
        }
        Ok(Some(page)) => {
            let status = StatusCode::PAYMENT_REQUIRED;
            let text = "Invoice is not paid yet. Pay it at session_url.";
            let answer = NotPaid {
                title: "Payment Required",
                status: status.as_u16(),
                detail: text,
                error: text,
                session_id: page.session_id,
                session_url: page.url,
            };
            Ok((status, [(CONTENT_TYPE, MEDIA_TYPE)], Json(answer)).into_response())
        }
        Err(billing::Error::NoProvider | billing::Error::ProviderOff) => Err(Problem::bad_request(
            "There is no payment provider. Pay the invoice in the way that it names.",
        )),
        Err(error) => Err(error.into()),
    }
}

/// The page of a provider where an invoice is paid. Asked for again, it is the same page while it can be paid.
#[utoipa::path(
    post, path = "/api/v1/plugins/{provider}/create-session", tag = "v1 payments", security(("bearer" = [])),
    params(("provider" = String, Path, description = "Such as `stripe`")), request_body = ToPay,
    responses((status = 200, body = PayPageOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 415, body = Problem), (status = 503, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    user: User,
    Path(provider): Path<String>,
    Body(body): Body<ToPay>,
) -> Result<Json<PayPageOut>, Problem> {
    let page = page(&state, &user, &provider, &body).await?;
    Ok(Json(PayPageOut { session_id: page.session_id, session_url: page.url }))
}

async fn page(state: &AppState, user: &User, provider: &str, body: &ToPay) -> Result<PayPage, Problem> {
    super::plugins::in_use(state, provider)?;
    let id = body.invoice_id.as_deref().and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| Problem::bad_request("Invalid invoice_id format"))?;
    let checkout = state.services.payer(&user.0, &app::routes::account_invoice(id)).await?;
    Ok(state.services.billing.create_session(user.account(), provider, id, &checkout).await?)
}

/// A page of PayPal's where an invoice is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderOut {
    order_id: String,
    /// Where the payer approves it.
    approve_url: String,
}

/// The same at PayPal, in its words.
#[utoipa::path(
    post, path = "/api/v1/plugins/paypal/create-order", tag = "v1 payments", security(("bearer" = [])), request_body = ToPay,
    responses((status = 200, body = OrderOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 415, body = Problem), (status = 503, body = Problem))
)]
pub async fn create_order(
    State(state): State<AppState>,
    user: User,
    Body(body): Body<ToPay>,
) -> Result<Json<OrderOut>, Problem> {
    let page = page(&state, &user, "paypal", &body).await?;
    Ok(Json(OrderOut { order_id: page.session_id, approve_url: page.url }))
}

/// What was approved.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ToCapture {
    order_id: Option<String>,
}

/// Takes the money that a payer approved at PayPal, and settles what was paid with it; one that nobody approved yet stays open.
#[utoipa::path(
    post, path = "/api/v1/plugins/paypal/capture-order", tag = "v1 payments", security(("bearer" = [])), request_body = ToCapture,
    responses((status = 200, body = PayingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 415, body = Problem), (status = 503, body = Problem))
)]
pub async fn capture_order(
    State(state): State<AppState>,
    user: User,
    Body(body): Body<ToCapture>,
) -> Result<Json<PayingOut>, Problem> {
    super::plugins::in_use(&state, "paypal")?;
    let order = body.order_id.ok_or_else(|| Problem::bad_request("order_id is required"))?;
    Ok(Json(state.services.billing.session_status(user.account(), "paypal", &order).await?.into()))
}

/// What became of a page; what was paid on it is settled, should no webhook have said so yet.
#[utoipa::path(
    get, path = "/api/v1/plugins/{provider}/session-status/{id}", tag = "v1 payments", security(("bearer" = [])),
    params(("provider" = String, Path, description = "Such as `stripe`"), ("id" = String, Path)),
    responses((status = 200, body = PayingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 503, body = Problem))
)]
pub async fn status(
    State(state): State<AppState>,
    user: User,
    Path((provider, id)): Path<(String, String)>,
) -> Result<Json<PayingOut>, Problem> {
    super::plugins::in_use(&state, &provider)?;
    Ok(Json(state.services.billing.session_status(user.account(), &provider, &id).await?.into()))
}

/// The address of a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortalOut {
    url: String,
}

/// The page of Stripe's where a customer changes their card.
#[utoipa::path(
    post, path = "/api/v1/plugins/stripe/portal", tag = "v1 payments", security(("bearer" = [])),
    responses((status = 200, body = PortalOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 503, body = Problem))
)]
pub async fn portal(State(state): State<AppState>, user: User) -> Result<Json<PortalOut>, Problem> {
    let back = format!("{}{}", state.settings.base_url, app::routes::ACCOUNT);
    Ok(Json(PortalOut { url: state.services.billing.portal(user.account(), &back).await? }))
}
