#[cfg(feature = "ssr")]
use billing::SessionStatus;
use chrono::{DateTime, Utc};
use domain::billing::account::InvoiceView;
use domain::ids::InvoiceId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// The account's invoices, newest first, a page of them.
#[server(prefix = "/actions", endpoint = "invoices")]
pub async fn load_invoices(before: Option<InvoiceId>) -> Result<(Vec<InvoiceView>, DateTime<Utc>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let invoices = services.billing.invoices(who.account()?, before).await?;
    Ok((invoices.into_iter().map(Into::into).collect(), services.clock.now()))
}

/// How an invoice is paid without a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// What people call it.
    pub name: String,
    /// What to do then, as the platform says.
    pub text: String,
    /// To whom.
    pub payee: String,
    /// The bank's name, the number of the account and the bank's code; empty where there are none.
    pub bank: [String; 3],
}

/// An invoice, and how it can be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneInvoice {
    /// The invoice.
    pub invoice: InvoiceView,
    /// Whether its payment takes its time.
    pub is_on_its_way: bool,
    /// The providers on whose pages it can be paid: their names in paths, and what payers know them by, if they do.
    pub providers: Vec<(String, Option<String>)>,
    /// How it is paid otherwise.
    pub transfer: Option<Transfer>,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// One invoice. Who comes back from the payment provider's page brings its id along: what was paid there is settled, even
/// if the provider has not said so yet. Says whether the payment is still on its way.
#[server(prefix = "/actions", endpoint = "invoice")]
pub async fn load_invoice(id: InvoiceId, session: Option<String>) -> Result<OneInvoice, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let paying = came_back(&services, permit, session).await;
    let invoice: InvoiceView = billing.invoice(permit, id).await?.into();
    let is_on_its_way = paying == Some(SessionStatus::Processing) && invoice.is_open();
    let transfer = if invoice.is_open() { transfer(billing, &invoice).await? } else { None };
    let providers = billing.providers_on_offer();
    let providers =
        providers.into_iter().map(|it| (it.slug.to_owned(), it.brand.map(str::to_owned))).collect();
    Ok(OneInvoice { invoice, is_on_its_way, providers, transfer, now: services.clock.now() })
}

/// The way that was chosen for an invoice, or the default one, unless it is by card.
#[cfg(feature = "ssr")]
async fn transfer(billing: &billing::Billing, invoice: &InvoiceView) -> Result<Option<Transfer>, AppError> {
    let query = billing::settings::payment_methods::PaymentMethodQuery {
        locale: Some("en".to_owned()),
        currency: Some(invoice.totals.total.currency.to_string()),
        country: None,
    };
    let methods = billing.payment_methods_on_offer(&query).await?;
    let chosen = invoice.payment_method.as_deref();
    let method = methods.into_iter().find(|it| chosen.map_or(it.is_default, |code| it.code == code));
    let Some(method) = method.filter(|it| !billing.is_provider(&it.code)) else {
        return Ok(None);
    };
    // Only what is paid by transfer goes to the bank.
    let seller = (method.code == "invoice").then_some(billing.seller().await?);
    let (payee, bank) = seller
        .map_or_else(Default::default, |it| (it.provider_name, [it.bank_name, it.bank_iban, it.bank_bic]));
    Ok(Some(Transfer { name: method.name, text: method.instructions, payee, bank }))
}

/// Goes to the page for an invoice of a payment provider: of one that was chosen, else of the one where paying was begun or
/// that is offered first.
#[server(prefix = "/actions", endpoint = "pay-invoice")]
pub async fn pay_invoice(id: InvoiceId, #[server(default)] provider: Option<String>) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    go_and_pay(&services, &who, id, provider.as_deref(), &crate::routes::account_invoice(id)).await
}

/// Settles what was paid on the provider's page that somebody comes back from, if they do, and says how it stands, if it can
/// be asked.
#[cfg(feature = "ssr")]
pub async fn came_back(
    services: &crate::server_ctx::Services,
    permit: domain::access::AccountPermit<'_>,
    session: Option<String>,
) -> Option<SessionStatus> {
    let session = session?;
    match services.billing.came_back(permit, &session).await {
        Ok(paying) => Some(paying.status),
        // The page is shown all the same. Where the provider is away for a moment, its word may come by itself meanwhile.
        Err(error) => {
            tracing::warn!(%error, "billing.session_not_read");
            let is_passing = matches!(&error, billing::Error::Provider(problem) if problem.is_passing());
            is_passing.then_some(SessionStatus::Processing)
        }
    }
}

/// Sends the reader to where an invoice is paid, at the provider they chose if they did, from where they come back to `page`.
#[cfg(feature = "ssr")]
pub async fn go_and_pay(
    services: &crate::server_ctx::Services,
    who: &crate::server_ctx::SignedIn,
    id: InvoiceId,
    provider: Option<&str>,
    page: &str,
) -> Result<(), AppError> {
    let (billing, permit) = (&services.billing, who.account()?);
    let checkout = services.payer(&who.actor, page).await?;
    let page = match provider {
        Some(provider) => billing.create_session(permit, provider, id, &checkout).await?,
        None => billing.pay_page(permit, id, &checkout).await?,
    };
    crate::server_ctx::go_to(&page.url, None);
    Ok(())
}
