//! Add-ons: those on offer, and the caller's (spec 5.10).

use axum::Json;
use axum::extract::{Path, State};
use billing::invoices::Invoice;
use billing::subscriptions::AddonSubscription;
use chrono::{DateTime, Utc};
use domain::billing::Addon;
use domain::ids::AddonSubscriptionId;
use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::User;
use super::words::{amount, instant, period};
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer;

/// An add-on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddonOut {
    id: Uuid,
    name: String,
    slug: String,
    description: String,
    price: String,
    currency: String,
    billing_period: String,
    #[schema(value_type = Object)]
    config: Value,
    is_active: bool,
    sort_order: i32,
    tarif_plan_ids: Vec<Uuid>,
    version: i32,
    created_at: String,
    updated_at: String,
}

impl From<Addon> for AddonOut {
    fn from(addon: Addon) -> Self {
        Self {
            id: addon.id.into(),
            name: addon.name,
            slug: addon.slug,
            description: addon.description,
            price: amount(addon.price),
            currency: addon.price.currency.to_string(),
            billing_period: period(addon.billing_period),
            config: addon.config,
            is_active: addon.is_active,
            sort_order: addon.sort_order,
            tarif_plan_ids: addon.plans.into_iter().map(Uuid::from).collect(),
            version: addon.version,
            created_at: instant(addon.created_at),
            updated_at: instant(addon.updated_at),
        }
    }
}

/// Add-ons on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddonsOut {
    addons: Vec<AddonOut>,
}

/// One add-on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddonBody {
    pub(in crate::api::v1) addon: AddonOut,
}

/// Add-ons on offer: those for everybody and, with a token that holds, those that go with the caller's plan.
#[utoipa::path(
    get, path = "/api/v1/addons/", tag = "v1 add-ons",
    responses((status = 200, body = AddonsOut))
)]
pub async fn list(State(state): State<AppState>, headers: HeaderMap) -> Result<Json<AddonsOut>, Problem> {
    let reader = match bearer::token(&headers) {
        Some(token) => match state.services.identity.bearer(token).await {
            Ok(actor) => Some(actor.user_id),
            Err(error @ (identity::Error::Database(_) | identity::Error::Internal(_))) => {
                return Err(error.into());
            }
            // Whose token is over sees what everybody sees.
            Err(_) => None,
        },
        None => None,
    };
    let addons = state.services.billing.addons(reader).await?;
    Ok(Json(AddonsOut { addons: addons.into_iter().map(AddonOut::from).collect() }))
}

/// One add-on.
#[utoipa::path(
    get, path = "/api/v1/addons/{id}", tag = "v1 add-ons", params(("id" = String, Path)),
    responses((status = 200, body = AddonBody), (status = 404, body = Problem))
)]
pub async fn get(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<AddonBody>, Problem> {
    let missing = || Problem::not_found("Add-on not found");
    let id = id.parse().map_err(|_| missing())?;
    let addon =
        state.services.billing.addon(id).await?.filter(|addon| addon.is_active).ok_or_else(missing)?;
    Ok(Json(AddonBody { addon: addon.into() }))
}

/// An add-on of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddonSubscriptionOut {
    id: Uuid,
    user_id: Uuid,
    addon_id: Uuid,
    subscription_id: Option<Uuid>,
    invoice_id: Option<Uuid>,
    /// `PENDING`, `ACTIVE`, `CANCELLED` or `EXPIRED`.
    status: String,
    starts_at: Option<String>,
    expires_at: Option<String>,
    cancelled_at: Option<String>,
    /// Whether it can be used now.
    is_valid: bool,
    created_at: String,
    updated_at: String,
    version: i32,
    addon: OwnAddon,
}

/// What one's add-on shows of its kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAddon {
    name: String,
    slug: String,
    description: String,
    price: String,
    billing_period: String,
}

impl AddonSubscriptionOut {
    /// As it stands at `now`.
    pub fn new(own: AddonSubscription, now: DateTime<Utc>) -> Self {
        Self {
            id: own.id.into(),
            user_id: own.account_id.into(),
            is_valid: own.is_valid(now),
            addon_id: own.addon.into(),
            subscription_id: own.subscription_id.map(Uuid::from),
            invoice_id: own.invoice_id.map(Uuid::from),
            status: own.status.to_uppercase(),
            starts_at: own.starts_at.map(instant),
            expires_at: own.expires_at.map(instant),
            cancelled_at: own.cancelled_at.map(instant),
            created_at: instant(own.created_at),
            updated_at: instant(own.updated_at),
            version: own.version,
            addon: OwnAddon {
                name: own.name,
                slug: own.slug,
                description: own.description,
                price: amount(own.price),
                billing_period: period(own.billing_period),
            },
        }
    }
}

/// The caller's add-ons.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAddons {
    addon_subscriptions: Vec<AddonSubscriptionOut>,
}

/// One of the caller's add-ons.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAddonBody {
    addon_subscription: AddonSubscriptionOut,
}

/// One of the caller's add-ons, and what is to be paid for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAddonDetails {
    addon_subscription: AddonSubscriptionOut,
    invoice: Option<AddonInvoice>,
}

/// What one sees of the invoice that an add-on is on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddonInvoice {
    id: Uuid,
    invoice_number: String,
    /// Of everything on the invoice.
    amount: String,
    currency: String,
    /// `PENDING`, `PAID`, `FAILED`, `CANCELLED` or `REFUNDED`.
    status: String,
    invoiced_at: String,
    paid_at: Option<String>,
}

impl From<Invoice> for AddonInvoice {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id.into(),
            invoice_number: invoice.number,
            amount: amount(invoice.totals.total),
            currency: invoice.totals.total.currency.to_string(),
            status: invoice.status.as_str().to_uppercase(),
            invoiced_at: instant(invoice.invoiced_at),
            paid_at: invoice.paid_at.map(instant),
        }
    }
}

/// The caller's add-ons, newest first.
#[utoipa::path(
    get, path = "/api/v1/user/addons", tag = "v1 add-ons", security(("bearer" = [])),
    responses((status = 200, body = OwnAddons), (status = 401, body = Problem))
)]
pub async fn own(State(state): State<AppState>, user: User) -> Result<Json<OwnAddons>, Problem> {
    let found = state.services.billing.addon_subscriptions(user.account()).await?;
    let now = state.services.clock.now();
    let found = found.into_iter().map(|own| AddonSubscriptionOut::new(own, now));
    Ok(Json(OwnAddons { addon_subscriptions: found.collect() }))
}

fn own_id(text: &str) -> Result<AddonSubscriptionId, Problem> {
    text.parse().map_err(|_| Problem::bad_request("Invalid add-on subscription ID format"))
}

/// One of the caller's add-ons.
#[utoipa::path(
    get, path = "/api/v1/user/addons/{id}", tag = "v1 add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = OwnAddonDetails), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn own_one(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
) -> Result<Json<OwnAddonDetails>, Problem> {
    let billing = &state.services.billing;
    let found = billing.addon_subscription(user.account(), own_id(&id)?).await?;
    let invoice = match found.invoice_id {
        Some(id) => Some(billing.invoice(user.account(), id).await?.into()),
        None => None,
    };
    let addon_subscription = AddonSubscriptionOut::new(found, state.services.clock.now());
    Ok(Json(OwnAddonDetails { addon_subscription, invoice }))
}

/// An add-on is not renewed; it lasts to its end.
#[utoipa::path(
    post, path = "/api/v1/user/addons/{id}/cancel", tag = "v1 add-ons", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = OwnAddonBody), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn cancel(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
) -> Result<Json<OwnAddonBody>, Problem> {
    let found = state.services.billing.cancel_addon(user.account(), own_id(&id)?).await?;
    let addon_subscription = AddonSubscriptionOut::new(found, state.services.clock.now());
    Ok(Json(OwnAddonBody { addon_subscription }))
}
