//! The caller's subscriptions (spec 5.6).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::subscriptions::Subscription;
use chrono::{DateTime, Utc};
use domain::ids::{PlanId, SubscriptionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::caller::{Body, User};
use super::invoices::InvoiceOut;
use super::plans::CategoryOut;
use super::words::{amount, instant, number, period};
use crate::problem::Problem;
use crate::state::AppState;

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionOut {
    id: Uuid,
    user_id: Uuid,
    tarif_plan_id: Uuid,
    pending_plan_id: Option<Uuid>,
    /// `PENDING`, `ACTIVE`, `TRIALING`, `PAUSED`, `CANCELLED` or `EXPIRED`.
    status: String,
    /// Whether it gives access now; what was cancelled does to its end.
    is_valid: bool,
    /// Whole days to its end.
    days_remaining: i64,
    started_at: Option<String>,
    expires_at: Option<String>,
    trial_end_at: Option<String>,
    cancelled_at: Option<String>,
    paused_at: Option<String>,
    provider_subscription_id: Option<String>,
    created_at: String,
    updated_at: String,
    version: i32,
    plan: SubscribedPlanOut,
    pending_plan: Option<PendingPlanOut>,
}

/// The plan of a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscribedPlanOut {
    id: Uuid,
    name: String,
    slug: String,
    #[schema(value_type = f64)]
    price: Value,
    currency: String,
    billing_period: String,
    categories: Vec<CategoryOut>,
}

/// The plan from the next renewal on.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingPlanOut {
    id: Uuid,
    name: String,
}

impl SubscriptionOut {
    /// A subscription as of `now`.
    pub fn new(subscription: Subscription, now: DateTime<Utc>) -> Self {
        let columns = subscription.state.columns();
        Self {
            id: subscription.id.into(),
            user_id: subscription.account_id.into(),
            tarif_plan_id: subscription.plan.id.into(),
            pending_plan_id: subscription.pending_plan.as_ref().map(|(id, _)| (*id).into()),
            status: columns.status.as_str().to_uppercase(),
            is_valid: subscription.state.gives_access(now),
            days_remaining: subscription.state.days_remaining(now),
            started_at: columns.started_at.map(instant),
            expires_at: columns.expires_at.map(instant),
            trial_end_at: columns.trial_end_at.map(instant),
            cancelled_at: columns.cancelled_at.map(instant),
            paused_at: columns.paused_at.map(instant),
            provider_subscription_id: subscription.provider_subscription_id,
            created_at: instant(subscription.created_at),
            updated_at: instant(subscription.updated_at),
            version: subscription.version,
            plan: SubscribedPlanOut {
                id: subscription.plan.id.into(),
                name: subscription.plan.name,
                slug: subscription.plan.slug,
                price: number(subscription.plan.price),
                currency: subscription.plan.price.currency.to_string(),
                billing_period: period(subscription.plan.billing_period),
                categories: subscription.plan.categories.into_iter().map(CategoryOut::from).collect(),
            },
            pending_plan: subscription.pending_plan.map(|(id, name)| PendingPlanOut { id: id.into(), name }),
        }
    }
}

/// Subscriptions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionsOut {
    subscriptions: Vec<SubscriptionOut>,
}

/// A subscription, or none.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaybeSubscription {
    subscription: Option<SubscriptionOut>,
}

/// A subscription and what was done to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionDone {
    subscription: SubscriptionOut,
    message: &'static str,
    /// The invoice over the difference, on an upgrade.
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<InvoiceOut>,
}

fn id(text: &str) -> Result<SubscriptionId, Problem> {
    text.parse().map_err(|_| Problem::bad_request("Invalid subscription ID format"))
}

fn plan_id(text: Option<&str>, missing: &'static str) -> Result<PlanId, Problem> {
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| Problem::bad_request(missing))?;
    text.parse().map_err(|_| Problem::bad_request("Invalid plan ID format"))
}

/// All of the caller's subscriptions.
#[utoipa::path(
    get, path = "/api/v1/user/subscriptions", tag = "v1 subscriptions", security(("bearer" = [])),
    responses((status = 200, body = SubscriptionsOut), (status = 401, body = Problem))
)]
pub async fn list(State(state): State<AppState>, user: User) -> Result<Json<SubscriptionsOut>, Problem> {
    let now = state.services.clock.now();
    let found = state.services.billing.subscriptions(user.account()).await?;
    Ok(Json(SubscriptionsOut {
        subscriptions: found.into_iter().map(|found| SubscriptionOut::new(found, now)).collect(),
    }))
}

/// The newest subscription that is active or being tried out.
#[utoipa::path(
    get, path = "/api/v1/user/subscriptions/active", tag = "v1 subscriptions", security(("bearer" = [])),
    responses((status = 200, body = MaybeSubscription), (status = 401, body = Problem))
)]
pub async fn active(State(state): State<AppState>, user: User) -> Result<Json<MaybeSubscription>, Problem> {
    let now = state.services.clock.now();
    let found = state.services.billing.live_subscriptions(user.account()).await?.into_iter().next();
    Ok(Json(MaybeSubscription { subscription: found.map(|found| SubscriptionOut::new(found, now)) }))
}

/// All subscriptions that are active or being tried out.
#[utoipa::path(
    get, path = "/api/v1/user/subscriptions/active-all", tag = "v1 subscriptions", security(("bearer" = [])),
    responses((status = 200, body = SubscriptionsOut), (status = 401, body = Problem))
)]
pub async fn active_all(
    State(state): State<AppState>,
    user: User,
) -> Result<Json<SubscriptionsOut>, Problem> {
    let now = state.services.clock.now();
    let found = state.services.billing.live_subscriptions(user.account()).await?;
    Ok(Json(SubscriptionsOut {
        subscriptions: found.into_iter().map(|found| SubscriptionOut::new(found, now)).collect(),
    }))
}

/// One of the caller's subscriptions.
#[utoipa::path(
    get, path = "/api/v1/user/subscriptions/{id}", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = MaybeSubscription), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
) -> Result<Json<MaybeSubscription>, Problem> {
    let now = state.services.clock.now();
    let found = state.services.billing.subscription(user.account(), id(&text)?).await?;
    Ok(Json(MaybeSubscription { subscription: Some(SubscriptionOut::new(found, now)) }))
}

fn done(state: &AppState, subscription: Subscription, message: &'static str) -> Json<SubscriptionDone> {
    let subscription = SubscriptionOut::new(subscription, state.services.clock.now());
    Json(SubscriptionDone { subscription, message, invoice: None })
}

/// Will not be renewed; access lasts to its end.
#[utoipa::path(
    post, path = "/api/v1/user/subscriptions/{id}/cancel", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionDone), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn cancel(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
) -> Result<Json<SubscriptionDone>, Problem> {
    let found = state.services.billing.cancel(user.account(), id(&text)?).await?;
    Ok(done(&state, found, "Subscription cancelled. Access continues until expiration."))
}

/// Interrupts it; the time left is kept.
#[utoipa::path(
    post, path = "/api/v1/user/subscriptions/{id}/pause", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionDone), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn pause(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
) -> Result<Json<SubscriptionDone>, Problem> {
    let found = state.services.billing.pause(user.account(), id(&text)?).await?;
    Ok(done(&state, found, "Subscription paused."))
}

/// Goes on: what was paused ends later by as long as that, and what was cancelled is renewed after all.
#[utoipa::path(
    post, path = "/api/v1/user/subscriptions/{id}/resume", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionDone), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn resume(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
) -> Result<Json<SubscriptionDone>, Problem> {
    let found = state.services.billing.resume(user.account(), id(&text)?).await?;
    Ok(done(&state, found, "Subscription resumed."))
}

/// The plan that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Wanted {
    plan_id: Option<String>,
}

/// Asks for the difference to a better plan; the subscription has it when the invoice is paid, at once where nothing is
/// due. (The original changes the plan and charges nothing.)
#[utoipa::path(
    post, path = "/api/v1/user/subscriptions/{id}/upgrade", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = Wanted,
    responses((status = 200, body = SubscriptionDone), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 415, body = Problem))
)]
pub async fn upgrade(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<SubscriptionDone>, Problem> {
    let id = id(&text)?;
    let plan_id = plan_id(wanted.plan_id.as_deref(), "plan_id is required")?;
    let billing = &state.services.billing;
    let changed = billing.upgrade(user.account(), id, plan_id).await?;
    let invoice = billing.invoice(user.account(), changed.invoice_id).await?;
    let message = if invoice.is_payable() { "Upgrade awaiting payment." } else { "Subscription upgraded." };
    let subscription = SubscriptionOut::new(changed.subscription, state.services.clock.now());
    Ok(Json(SubscriptionDone { subscription, message, invoice: Some(invoice.into()) }))
}

/// A lesser plan from the next renewal on.
#[utoipa::path(
    post, path = "/api/v1/user/subscriptions/{id}/downgrade", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = Wanted,
    responses((status = 200, body = SubscriptionDone), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 415, body = Problem))
)]
pub async fn downgrade(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<SubscriptionDone>, Problem> {
    let id = id(&text)?;
    let plan_id = plan_id(wanted.plan_id.as_deref(), "plan_id is required")?;
    let found = state.services.billing.downgrade(user.account(), id, plan_id).await?;
    Ok(done(&state, found, "Downgrade scheduled for next renewal."))
}

/// Stays with the present plan: the lesser one that was to come with the next renewal does not.
#[utoipa::path(
    post, path = "/api/v1/user/subscriptions/{id}/keep-plan", tag = "v1 subscriptions", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionDone), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn keep_plan(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
) -> Result<Json<SubscriptionDone>, Problem> {
    let found = state.services.billing.keep_plan(user.account(), id(&text)?).await?;
    Ok(done(&state, found, "The plan stays."))
}

/// The plan to compare with.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Compared {
    new_plan_id: Option<String>,
}

/// What a change of plan would cost now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProrationOut {
    proration: ProrationBody,
}

/// What a change of plan would cost now. Amounts are net, but for the total.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProrationBody {
    credit: String,
    amount_due: String,
    days_remaining: u32,
    tax_amount: String,
    total_amount: String,
    currency: String,
}

/// What an upgrade would cost now, from the calculation that charges it.
#[utoipa::path(
    get, path = "/api/v1/user/subscriptions/{id}/proration", tag = "v1 subscriptions", security(("bearer" = [])),
    params(("id" = String, Path), Compared),
    responses((status = 200, body = ProrationOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn proration(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Query(compared): Query<Compared>,
) -> Result<Json<ProrationOut>, Problem> {
    let id = id(&text)?;
    let plan_id = plan_id(compared.new_plan_id.as_deref(), "new_plan_id query parameter is required")?;
    let change = state.services.billing.preview_change(user.account(), id, plan_id).await.map_err(
        |error| match error {
            billing::Error::NoPlan => Problem::bad_request("Unable to calculate proration"),
            other => other.into(),
        },
    )?;
    Ok(Json(ProrationOut {
        proration: ProrationBody {
            credit: amount(change.proration.credit),
            amount_due: amount(change.proration.amount_due),
            days_remaining: change.proration.days_remaining,
            tax_amount: amount(change.totals.tax),
            total_amount: amount(change.totals.total),
            currency: change.totals.total.currency.to_string(),
        },
    }))
}
