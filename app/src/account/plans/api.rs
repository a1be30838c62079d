use domain::billing::account::{QuoteView, Shop};
use domain::ids::PlanId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;

/// What is chosen: ids as the address of the page carries them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// A plan.
    pub plan: String,
    /// Add-ons.
    pub addon: Vec<String>,
    /// Token bundles.
    pub bundle: Vec<String>,
    /// The currency of prices.
    pub currency: String,
}

#[cfg(feature = "ssr")]
impl Chosen {
    fn order(self) -> Result<billing::checkout::Order, AppError> {
        fn id<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
            text.parse().map_err(|_| AppError::NotFound)
        }
        Ok(billing::checkout::Order {
            plan_id: Some(self.plan).filter(|plan| !plan.is_empty()).map(|plan| id(&plan)).transpose()?,
            addon_ids: self.addon.iter().map(|it| id(it)).collect::<Result<_, _>>()?,
            bundle_ids: self.bundle.iter().map(|it| id(it)).collect::<Result<_, _>>()?,
            currency: if self.currency.is_empty() { "EUR".to_owned() } else { self.currency },
            country: None,
            payment_method: None,
        })
    }
}

/// What can be bought, and the plans that the account has.
#[server(prefix = "/actions", endpoint = "shop")]
pub async fn load_shop(currency: Option<String>) -> Result<(Shop, Vec<PlanId>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let permit = who.account()?;
    let current = services.billing.subscriptions(permit).await?;
    let current = current.into_iter().filter(|it| it.state.is_current()).map(|it| it.plan.id).collect();
    Ok((services.billing.shop(permit, currency.as_deref()).await?, current))
}

/// What an order would come to.
#[server(prefix = "/actions", endpoint = "quote")]
pub async fn load_quote(chosen: Chosen) -> Result<QuoteView, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let quote = services.billing.quote(who.account()?, &chosen.order()?).await?;
    Ok(QuoteView { lines: quote.prices, totals: quote.totals, tax_rate: quote.tax_rate })
}

/// Orders what is chosen, and goes to where it is paid.
#[server(prefix = "/actions", endpoint = "order")]
pub async fn order(chosen: Chosen) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let ordered = services.billing.checkout(who.account()?, &chosen.order()?).await?;
    if ordered.is_complete {
        ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new("order_active")));
        return Ok(());
    }
    let page = routes::account_invoice(ordered.invoice_id);
    crate::account::invoices::api::go_and_pay(&services, &who, ordered.invoice_id, &page).await
}
