//! Buying (spec 5.4).

use axum::Json;
use axum::extract::State;
use billing::checkout::{BundlePurchase, Order};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::addons::AddonSubscriptionOut;
use super::caller::{Body, User};
use super::invoices::InvoiceOut;
use super::subscriptions::SubscriptionOut;
use super::words::{amount, instant};
use crate::problem::Problem;
use crate::state::AppState;

/// What is to be bought. Prices, tax and the buyer are never taken from it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Cart {
    plan_id: Option<String>,
    #[serde(default)]
    token_bundle_ids: Vec<String>,
    #[serde(default)]
    add_on_ids: Vec<String>,
    /// Three letters; USD if absent.
    currency: Option<String>,
    /// Two letters; its tax applies where the profile has no country.
    country: Option<String>,
    /// How it will be paid.
    payment_method_code: Option<String>,
}

impl Cart {
    fn order(self) -> Result<Order, Problem> {
        let parsed = |text: &String, what: &str| {
            let shown: String = text.chars().take(60).collect();
            text.parse::<Uuid>().map_err(|_| Problem::bad_request(format!("{what}{shown}")))
        };
        let plan_id = match self.plan_id.filter(|id| !id.is_empty()) {
            Some(id) => Some(id.parse().map_err(|_| Problem::bad_request("Invalid plan_id format"))?),
            None => None,
        };
        let bundles =
            self.token_bundle_ids.iter().map(|id| parsed(id, "Invalid token_bundle_id: ").map(Into::into));
        let addons = self.add_on_ids.iter().map(|id| parsed(id, "Invalid add_on_id: ").map(Into::into));
        Ok(Order {
            plan_id,
            bundle_ids: bundles.collect::<Result<_, Problem>>()?,
            addon_ids: addons.collect::<Result<_, Problem>>()?,
            currency: self.currency.filter(|code| !code.is_empty()).unwrap_or_else(|| "USD".to_owned()),
            country: self.country,
            payment_method: self.payment_method_code.filter(|code| !code.is_empty()),
        })
    }
}

/// What was bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bought {
    invoice: InvoiceOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<SubscriptionOut>,
    token_bundles: Vec<PurchaseOut>,
    add_ons: Vec<AddonSubscriptionOut>,
    message: &'static str,
}

/// The purchase of a bundle.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseOut {
    id: Uuid,
    user_id: Uuid,
    bundle_id: Uuid,
    invoice_id: Uuid,
    /// `PENDING` or `COMPLETED`.
    status: String,
    token_amount: i32,
    price: String,
    /// Whether the tokens are there.
    tokens_credited: bool,
    completed_at: Option<String>,
    created_at: String,
}

impl From<BundlePurchase> for PurchaseOut {
    fn from(purchase: BundlePurchase) -> Self {
        Self {
            id: purchase.id.into(),
            user_id: purchase.account_id.into(),
            bundle_id: purchase.bundle_id.into(),
            invoice_id: purchase.invoice_id.into(),
            tokens_credited: purchase.status == "completed",
            status: purchase.status.to_uppercase(),
            token_amount: purchase.token_amount,
            price: amount(purchase.price),
            completed_at: purchase.completed_at.map(instant),
            created_at: instant(purchase.created_at),
        }
    }
}

/// Orders a plan, bundles and add-ons: one invoice, all or nothing.
#[utoipa::path(
    post, path = "/api/v1/user/checkout", tag = "v1 checkout", security(("bearer" = [])), request_body = Cart,
    responses((status = 201, body = Bought), (status = 400, body = Problem), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem))
)]
pub async fn checkout(
    State(state): State<AppState>,
    user: User,
    Body(cart): Body<Cart>,
) -> Result<(StatusCode, Json<Bought>), Problem> {
    let order = cart.order()?;
    let (billing, now) = (&state.services.billing, state.services.clock.now());
    let ordered = billing.checkout(user.account(), &order).await?;
    let made = billing.bought(user.account(), &ordered).await?;
    let bought = Bought {
        invoice: made.invoice.into(),
        subscription: made.subscription.map(|subscription| SubscriptionOut::new(subscription, now)),
        token_bundles: made.bundles.into_iter().map(PurchaseOut::from).collect(),
        add_ons: made.addons.into_iter().map(|own| AddonSubscriptionOut::new(own, now)).collect(),
        message: if ordered.is_complete {
            "Checkout complete. Free plan activated."
        } else {
            "Checkout created. Awaiting payment."
        },
    };
    Ok((StatusCode::CREATED, Json(bought)))
}
