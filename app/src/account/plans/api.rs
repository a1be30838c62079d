use domain::billing::account::{QuoteView, Shop};
use domain::ids::PlanId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::account::profile::AddressForm;
use crate::error::AppError;
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
    /// The code of the way to pay; the default one if empty.
    pub method: String,
}

impl Chosen {
    /// The address of a page with this choice.
    pub fn on(&self, page: &str) -> String {
        let mut pairs: Vec<(&str, &str)> =
            vec![("plan", &self.plan), ("currency", &self.currency), ("method", &self.method)];
        pairs.extend(self.addon.iter().map(|id| ("addon", id.as_str())));
        pairs.extend(self.bundle.iter().map(|id| ("bundle", id.as_str())));
        routes::with_query(page, &pairs)
    }
}

/// A way to pay an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayToPay {
    /// Its code.
    pub code: String,
    /// What people call it; empty for a card.
    pub name: String,
    /// What it is about.
    pub text: String,
    /// Whether it is paid on the page of the payment provider.
    pub is_card: bool,
}

/// An order before it is placed, and what it still needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutView {
    /// What it comes to.
    pub quote: QuoteView,
    /// Whom the invoice will be addressed to.
    pub address: AddressForm,
    /// Whether an invoice needs more than that.
    pub lacks_address: bool,
    /// The countries there are: code and name.
    pub countries: Vec<(String, String)>,
    /// The ways to pay, the default one first.
    pub ways: Vec<WayToPay>,
    /// The one that is chosen.
    pub way: Option<WayToPay>,
}

#[cfg(feature = "ssr")]
impl Chosen {
    /// The order, to be paid by a way that is known; a card need not be on the list of those.
    fn order(&self, payment_method: Option<String>) -> Result<billing::checkout::Order, AppError> {
        fn id<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
            text.parse().map_err(|_| AppError::NotFound)
        }
        Ok(billing::checkout::Order {
            plan_id: Some(&self.plan).filter(|plan| !plan.is_empty()).map(|plan| id(plan)).transpose()?,
            addon_ids: self.addon.iter().map(|it| id(it)).collect::<Result<_, _>>()?,
            bundle_ids: self.bundle.iter().map(|it| id(it)).collect::<Result<_, _>>()?,
            currency: if self.currency.is_empty() { "EUR".to_owned() } else { self.currency.clone() },
            country: None,
            payment_method,
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

/// The ways to pay an order: those of the platform that are for it, and the pages of providers that are none of the ways
/// `configured`: what is one of those is only for the orders that the admin wants to be paid so.
#[cfg(feature = "ssr")]
fn ways(
    methods: Vec<billing::settings::payment_methods::PaymentMethod>,
    configured: &[String],
    providers: &[billing::providers::ProviderOnOffer],
) -> Vec<WayToPay> {
    let mut ways: Vec<WayToPay> = methods
        .into_iter()
        .map(|method| method.translated("en"))
        .map(|method| WayToPay {
            is_card: providers.iter().any(|provider| provider.slug == method.code),
            text: if method.description.is_empty() { method.instructions } else { method.description },
            code: method.code,
            name: method.name,
        })
        .collect();
    for provider in providers {
        if !configured.iter().any(|code| code == provider.slug) {
            ways.push(WayToPay {
                code: provider.slug.to_owned(),
                name: provider.brand.unwrap_or_default().to_owned(),
                text: String::new(),
                is_card: true,
            });
        }
    }
    ways
}

/// What an order would come to, and what it still needs.
#[server(prefix = "/actions", endpoint = "checkout")]
pub async fn load_checkout(chosen: Chosen) -> Result<CheckoutView, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let known = crate::account::profile::known_address(&services, &who).await?;
    let mut quote = billing.quote(permit, &chosen.order(None)?).await?;
    let listed: Vec<String> = quote.ways_to_pay.iter().map(|method| method.code.clone()).collect();
    let configured = billing.payment_method_codes().await?;
    let ways = ways(std::mem::take(&mut quote.ways_to_pay), &configured, &billing.providers_on_offer());
    let way = ways.iter().find(|way| way.code == chosen.method).or(ways.first()).cloned();
    if let Some(code) = way.as_ref().map(|way| way.code.clone()).filter(|code| listed.contains(code)) {
        // What it costs may depend on how it is paid.
        quote = billing.quote(permit, &chosen.order(Some(code))?).await?;
    }
    Ok(CheckoutView {
        quote: QuoteView {
            lines: quote.prices,
            totals: quote.totals,
            tax_rate: quote.tax_rate,
            trial: quote.trial,
        },
        address: known.form,
        lacks_address: !known.lacks.is_empty(),
        countries: known.countries,
        ways,
        way,
    })
}

/// Keeps the address that an order lacks, and goes on with the order.
#[server(prefix = "/actions", endpoint = "order-address")]
pub async fn address_order(form: AddressForm, chosen: Chosen) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    crate::account::profile::keep_address(&services, &who, form, true).await?;
    ctx::go_to(&chosen.on(routes::ACCOUNT_CHECKOUT), None);
    Ok(())
}

/// Orders what is chosen, and goes to where it is paid. A trial begins without a payment.
#[server(prefix = "/actions", endpoint = "order")]
pub async fn order(chosen: Chosen) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let address = billing.profile(permit).await?;
    if address.is_none_or(|stored| !stored.profile.lacks().is_empty()) {
        ctx::go_to(&chosen.on(routes::ACCOUNT_CHECKOUT), None);
        return Ok(());
    }
    let is_card = chosen.method.is_empty() || billing.is_provider(&chosen.method);
    let query = billing::settings::payment_methods::PaymentMethodQuery::default();
    let listed = billing.payment_method_on_offer(&chosen.method, &query).await;
    let method = match listed {
        Ok(method) => Some(method.code),
        Err(billing::Error::Missing(_)) if is_card => None,
        Err(error) => return Err(error.into()),
    };
    let ordered = billing.checkout(permit, &chosen.order(method)?).await?;
    let invoice = routes::account_invoice(ordered.invoice_id);
    if ordered.is_complete || ordered.trial_ends_at.is_some() {
        let notice = if ordered.is_complete { "order_active" } else { "trial_begun" };
        ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new(notice)));
        return Ok(());
    }
    if !is_card {
        ctx::go_to(&invoice, Some(ctx::Notice::new("ordered")));
        return Ok(());
    }
    let back = if permit.is_company() { routes::STORE } else { &invoice };
    let provider = Some(chosen.method.as_str()).filter(|method| !method.is_empty());
    let paying =
        crate::account::invoices::api::go_and_pay(&services, &who, ordered.invoice_id, provider, back).await;
    if let Err(error) = paying {
        // The order is there; ordering once more would be a second one.
        tracing::warn!(%error, "billing.session_not_made");
        ctx::go_to(&invoice, Some(ctx::Notice::new("ordered_unpaid")));
    }
    Ok(())
}
