//! Everybody's subscriptions (spec 5.11).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::subscriptions::managed::{ManagedSubscription, NewSubscription, SubscriptionQuery};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use domain::ids::SubscriptionId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals, limits, searched};
use crate::api::v1::caller::{Admin, Body, MaybeBody};
use crate::api::v1::invoices::InvoiceOut;
use crate::api::v1::subscriptions::SubscriptionOut;
use crate::api::v1::words::{id, status};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(extend))
        .routes(routes!(cancel))
        .routes(routes!(activate))
        .routes(routes!(refund))
}

/// A subscription with its owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedSubscription {
    #[serde(flatten)]
    subscription: SubscriptionOut,
    /// None for an organisation's.
    user_email: Option<String>,
    plan_name: String,
    /// Its invoices, newest first; of one subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_history: Option<Vec<InvoiceOut>>,
}

impl ListedSubscription {
    fn new(managed: ManagedSubscription, now: DateTime<Utc>) -> Self {
        Self {
            user_email: managed.user_email,
            plan_name: managed.subscription.plan.name.clone(),
            subscription: SubscriptionOut::new(managed.subscription, now),
            payment_history: None,
        }
    }
}

/// A part of the subscriptions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedSubscriptions {
    subscriptions: Vec<ListedSubscription>,
    total: i64,
    limit: i64,
    offset: i64,
}

/// One subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedSubscriptionBody {
    subscription: ListedSubscription,
    /// The invoice that came with a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<InvoiceOut>,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// Which subscriptions.
#[derive(Debug, Deserialize, IntoParams)]
struct SubscriptionFilter {
    /// 20 if absent, at most 100.
    limit: Option<i64>,
    offset: Option<i64>,
    /// `PENDING`, `TRIALING`, `ACTIVE`, `PAUSED`, `CANCELLED` (also `canceled`) or `EXPIRED`.
    status: Option<String>,
    user_id: Option<String>,
    plan_id: Option<String>,
    /// A part of the plan's name.
    plan: Option<String>,
}

/// Everybody's subscriptions, newest first.
#[utoipa::path(
    get, path = "/", tag = "v1 admin subscriptions", security(("bearer" = [])), params(SubscriptionFilter),
    responses((status = 200, body = ListedSubscriptions), ReadRefusals)
)]
async fn list(
    State(state): State<AppState>,
    admin: Admin,
    Query(filter): Query<SubscriptionFilter>,
) -> Result<Json<ListedSubscriptions>, Problem> {
    let (limit, offset) = limits(filter.limit, filter.offset);
    let wanted = filter.status.as_deref().map(|text| match text.trim() {
        text if text.eq_ignore_ascii_case("canceled") => "cancelled",
        text => text,
    });
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let query = SubscriptionQuery {
        status: status(wanted)?,
        account_id: given(filter.user_id).map(|text| id(&text, "user")).transpose()?,
        plan_id: given(filter.plan_id).map(|text| id(&text, "plan")).transpose()?,
        plan_name: searched(filter.plan),
        limit,
        offset,
    };
    let found = state.services.billing.managed_subscriptions(admin.permit()?, &query).await?;
    let now = state.services.clock.now();
    let listed = found.items.into_iter().map(|managed| ListedSubscription::new(managed, now));
    Ok(Json(ListedSubscriptions { subscriptions: listed.collect(), total: found.total, limit, offset }))
}

/// A subscription for a customer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SubscriptionIn {
    user_id: Option<String>,
    plan_id: Option<String>,
    /// The same as `plan_id`.
    tarif_plan_id: Option<String>,
    /// An instant, in UTC without a zone; now if absent.
    started_at: Option<String>,
    /// `ACTIVE` or `TRIALING`; active if absent.
    status: Option<String>,
    /// How many calendar months it lasts; as long as the plan's period if absent.
    billing_period_months: Option<i64>,
}

/// An instant with a zone, or in UTC without one; a date is its first instant.
fn instant_of(text: &str) -> Result<DateTime<Utc>, Problem> {
    let text = text.trim();
    let with_zone = DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc)).ok();
    let without = || text.parse::<NaiveDateTime>().ok().map(|at| at.and_utc());
    let date = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
    let found = with_zone.or_else(without).or_else(date);
    found.ok_or_else(|| Problem::bad_request("started_at is not a date"))
}

/// Subscribes a customer; the invoice is to be paid in 30 days.
#[utoipa::path(
    post, path = "/", tag = "v1 admin subscriptions", security(("bearer" = [])), request_body = SubscriptionIn,
    responses((status = 201, body = ListedSubscriptionBody), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<SubscriptionIn>,
) -> Result<(StatusCode, Json<ListedSubscriptionBody>), Problem> {
    let given = |text: Option<String>, missing: &'static str| {
        text.filter(|text| !text.is_empty()).ok_or_else(|| Problem::bad_request(missing))
    };
    let user_id = given(body.user_id, "user_id is required")?;
    let plan_id = given(body.plan_id.or(body.tarif_plan_id), "plan_id is required")?;
    let is_trial = match body.status.as_deref().map(str::to_lowercase).as_deref() {
        None | Some("" | "active") => false,
        Some("trialing") => true,
        Some(_) => return Err(Problem::bad_request("status must be ACTIVE or TRIALING")),
    };
    let new = NewSubscription {
        account_id: id(&user_id, "user")?,
        plan_id: id(&plan_id, "plan")?,
        started_at: body.started_at.as_deref().map(instant_of).transpose()?,
        is_trial,
        months: body.billing_period_months,
    };
    let (made, invoice) = state.services.billing.create_subscription(admin.permit()?, &new).await?;
    let subscription = ListedSubscription::new(made, state.services.clock.now());
    let body = ListedSubscriptionBody {
        subscription,
        invoice: Some(invoice.into()),
        message: Some("Subscription created"),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

fn subscription_id(text: &str) -> Result<SubscriptionId, Problem> {
    id(text, "subscription")
}

/// One subscription with its invoices.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ListedSubscriptionBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ListedSubscriptionBody>, Problem> {
    let id = subscription_id(&text)?;
    let (found, invoices) = state.services.billing.managed_subscription(admin.permit()?, id).await?;
    let mut subscription = ListedSubscription::new(found, state.services.clock.now());
    subscription.payment_history = Some(invoices.into_iter().map(InvoiceOut::from).collect());
    Ok(Json(ListedSubscriptionBody { subscription, invoice: None, message: None }))
}

fn done(
    state: &AppState,
    changed: ManagedSubscription,
    message: &'static str,
) -> Json<ListedSubscriptionBody> {
    let subscription = ListedSubscription::new(changed, state.services.clock.now());
    Json(ListedSubscriptionBody { subscription, invoice: None, message: Some(message) })
}

/// By how much longer.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Extension {
    /// 30 if absent.
    days: Option<i64>,
}

/// Makes an active subscription longer.
#[utoipa::path(
    post, path = "/{id}/extend", tag = "v1 admin subscriptions", security(("bearer" = [])), params(("id" = String, Path)), request_body = Option<Extension>,
    responses((status = 200, body = ListedSubscriptionBody), WriteRefusals)
)]
async fn extend(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    MaybeBody(extension): MaybeBody<Extension>,
) -> Result<Json<ListedSubscriptionBody>, Problem> {
    let (id, days) = (subscription_id(&text)?, extension.days.unwrap_or(30));
    let changed = state.services.billing.extend_subscription(admin.permit()?, id, days).await?;
    Ok(done(&state, changed, "Subscription extended"))
}

/// It will not be renewed; access lasts to its end.
#[utoipa::path(
    post, path = "/{id}/cancel", tag = "v1 admin subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ListedSubscriptionBody), WriteRefusals)
)]
async fn cancel(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ListedSubscriptionBody>, Problem> {
    let id = subscription_id(&text)?;
    let changed = state.services.billing.cancel_subscription(admin.permit()?, id).await?;
    Ok(done(&state, changed, "Subscription cancelled"))
}

/// Lets a subscription run for a full period, with its tokens, although nothing was paid.
#[utoipa::path(
    post, path = "/{id}/activate", tag = "v1 admin subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ListedSubscriptionBody), WriteRefusals)
)]
async fn activate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<ListedSubscriptionBody>, Problem> {
    let id = subscription_id(&text)?;
    let changed = state.services.billing.activate_subscription(admin.permit()?, id).await?;
    Ok(done(&state, changed, "Subscription activated"))
}

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SubscriptionRefund {
    #[serde(default)]
    reason: String,
}

/// Cancels it with a reason. Money and tokens go back by the refund of its invoice.
#[utoipa::path(
    post, path = "/{id}/refund", tag = "v1 admin subscriptions", security(("bearer" = [])), params(("id" = String, Path)), request_body = Option<SubscriptionRefund>,
    responses((status = 200, body = ListedSubscriptionBody), WriteRefusals)
)]
async fn refund(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    MaybeBody(body): MaybeBody<SubscriptionRefund>,
) -> Result<Json<ListedSubscriptionBody>, Problem> {
    let id = subscription_id(&text)?;
    let changed = state.services.billing.refund_subscription(admin.permit()?, id, &body.reason).await?;
    Ok(done(&state, changed, "Subscription refunded"))
}
