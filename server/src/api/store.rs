//! The module store for machines (spec `hotel-modules.md` 2.4).

use axum::Json;
use axum::extract::State;
use billing::checkout::Order;
use billing::providers::Checkout;
use domain::access::AccountPermit;
use domain::billing::BillingPeriod;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::v1::caller::{Body, User};
use crate::problem::Problem;
use crate::state::AppState;

/// The store's paths.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(modules)).routes(routes!(create_checkout_session))
}

/// A plan that opens a module.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModulePlanOut {
    /// Its name within the module, such as `basic`.
    id: String,
    name: String,
    /// In minor units, without tax.
    amount: i64,
    currency: String,
    /// `week`, `month`, `quarter` or `year`; none for once.
    interval: Option<&'static str>,
}

/// A module.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModuleOut {
    name: String,
    display_name: String,
    enabled: bool,
    plans: Vec<ModulePlanOut>,
}

/// The modules of the store.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModulesOut {
    modules: Vec<ModuleOut>,
}

fn company(user: &User) -> Result<AccountPermit<'_>, Problem> {
    user.0.company_account().map_err(|_| Problem::forbidden("Not allowed"))
}

/// The name of a plan within its module: what follows the module's in its slug.
pub(super) fn plan_name<'a>(module: &str, slug: &'a str) -> &'a str {
    slug.strip_prefix(module).and_then(|rest| rest.strip_prefix('-')).unwrap_or(slug)
}

fn interval(period: BillingPeriod) -> Option<&'static str> {
    match period {
        BillingPeriod::Weekly => Some("week"),
        BillingPeriod::Monthly => Some("month"),
        BillingPeriod::Quarterly => Some("quarter"),
        BillingPeriod::Yearly => Some("year"),
        BillingPeriod::OneTime => None,
    }
}

/// The modules, with their plans, as the caller's company has them.
#[utoipa::path(get, path = "/api/store/modules", tag = "store", security(("bearer" = [])),
    responses((status = 200, body = ModulesOut), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn modules(State(state): State<AppState>, user: User) -> Result<Json<ModulesOut>, Problem> {
    let found = state.services.billing.modules(company(&user)?).await?;
    let modules = found.into_iter().map(|module| {
        let mut letters = module.name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let plans = module.plans.iter().map(|priced| ModulePlanOut {
            id: plan_name(&module.name, &priced.plan.slug).to_owned(),
            name: priced.plan.name.clone(),
            amount: priced.net.minor,
            currency: priced.net.currency.code().to_lowercase(),
            interval: interval(priced.plan.billing_period),
        });
        ModuleOut {
            display_name: first.into_iter().chain(letters).collect(),
            enabled: module.is_enabled,
            plans: plans.collect(),
            name: module.name,
        }
    });
    Ok(Json(ModulesOut { modules: modules.collect() }))
}

/// What to buy. The company is the caller's: another one that is named here is refused (in the original it is trusted).
#[derive(Debug, Deserialize, ToSchema)]
pub struct ModuleOrder {
    module: Option<String>,
    plan_id: Option<String>,
    /// Where to go after paying; a page of ours, else the store's.
    success_url: Option<String>,
    /// Where to go without paying; a page of ours, else the store's.
    cancel_url: Option<String>,
    /// The caller's company; may be left out.
    #[schema(value_type = Option<String>)]
    company_id: Option<serde_json::Value>,
}

/// A page where it is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModuleCheckoutOut {
    session_id: String,
    url: String,
}

/// Nobody buys for a company that is not theirs; naming none is naming one's own.
fn refuse_another_company(named: Option<&serde_json::Value>, own: Uuid) -> Result<(), Problem> {
    let is_own = |id: &str| id.trim().is_empty() || id.trim().parse() == Ok(own);
    match named {
        Some(named) if !named.is_null() && !named.as_str().is_some_and(is_own) => {
            let named: String = named.to_string().chars().take(60).collect();
            tracing::warn!(named, "store.another_company");
            Err(Problem::forbidden("Not allowed"))
        }
        _ => Ok(()),
    }
}

/// An address without the parts of its query that would hold the id of a provider's page.
fn without_session(url: &str) -> String {
    let Some((page, query)) = url.split_once('?') else { return url.to_owned() };
    let holds_id = |pair: &&str| pair.contains("{session}") || pair.contains("{CHECKOUT_SESSION_ID}");
    let kept: Vec<&str> = query.split('&').filter(|pair| !holds_id(pair)).collect();
    if kept.is_empty() { page.to_owned() } else { format!("{page}?{}", kept.join("&")) }
}

/// Orders a plan that opens a module; gives the page where it is paid, or the success page where nothing is to be paid. Where there can be none, nothing was ordered.
#[utoipa::path(post, path = "/api/store/create-checkout-session", tag = "store", security(("bearer" = [])), request_body = ModuleOrder,
    responses((status = 200, body = ModuleCheckoutOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 415, body = Problem), (status = 500, body = Problem), (status = 503, body = Problem)))]
pub async fn create_checkout_session(
    State(state): State<AppState>,
    user: User,
    Body(order): Body<ModuleOrder>,
) -> Result<Json<ModuleCheckoutOut>, Problem> {
    let permit = company(&user)?;
    refuse_another_company(order.company_id.as_ref(), permit.account_id().into())?;
    let (Some(module), Some(plan)) = (order.module, order.plan_id) else {
        return Err(Problem::bad_request("module and plan_id required"));
    };
    let billing = &state.services.billing;
    let provider =
        billing.offered_provider().ok_or_else(|| Problem::bad_request("Stripe is not configured"))?;
    let found = billing.modules(permit).await?.into_iter().find(|it| it.name == module);
    let found = found.ok_or_else(|| Problem::bad_request("Invalid module"))?;
    let plan = found.plans.into_iter().find(|it| plan_name(&module, &it.plan.slug) == plan);
    let priced = plan.ok_or_else(|| Problem::bad_request("Invalid plan_id"))?;
    let ordered = billing
        .checkout(
            permit,
            &Order {
                plan_id: Some(priced.plan.id),
                bundle_ids: Vec::new(),
                addon_ids: Vec::new(),
                // That in which it was shown.
                currency: priced.net.currency.to_string(),
                country: None,
                payment_method: None,
            },
        )
        .await?;
    let base = &state.settings.base_url;
    // Somebody who comes back from paying must not be led to a stranger's page.
    let ours = |url: Option<String>, usual: String| {
        url.filter(|url| {
            url.strip_prefix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .unwrap_or(usual)
    };
    let usual = state.services.payer(&user.0, app::routes::STORE).await?;
    let checkout = Checkout {
        success_url: ours(order.success_url, usual.success_url),
        cancel_url: ours(order.cancel_url, format!("{base}{}", app::routes::STORE)),
        ..usual
    };
    if ordered.is_complete {
        // What costs nothing runs already: there is no page to pay on, and what names an order is its invoice.
        return Ok(Json(ModuleCheckoutOut {
            session_id: ordered.invoice_id.to_string(),
            url: without_session(&checkout.success_url),
        }));
    }
    match billing.create_session(permit, provider, ordered.invoice_id, &checkout).await {
        Ok(page) => Ok(Json(ModuleCheckoutOut { session_id: page.session_id, url: page.url })),
        Err(error) => {
            tracing::warn!(%error, "store.no_checkout_session");
            // Who tries again orders again.
            billing.withdraw(permit, ordered.invoice_id).await?;
            let is_passing = matches!(&error, billing::Error::Provider(problem) if problem.is_passing());
            let status =
                if is_passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
            Err(Problem::new(status, "Failed to create checkout session"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_pages_id_is_left_out_of_an_address() {
        for (url, expected) in [
            ("https://keyrack.example/store?session={session}", "https://keyrack.example/store"),
            ("https://keyrack.example/?a=1&id={CHECKOUT_SESSION_ID}&b=2", "https://keyrack.example/?a=1&b=2"),
            ("https://keyrack.example/done", "https://keyrack.example/done"),
        ] {
            assert_eq!(without_session(url), expected);
        }
    }
}
