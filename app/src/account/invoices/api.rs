#[cfg(feature = "ssr")]
use billing::SessionStatus;
use domain::billing::account::InvoiceView;
use domain::ids::InvoiceId;
use leptos::prelude::*;

use crate::error::AppError;

/// The account's invoices, newest first, a page of them.
#[server(prefix = "/actions", endpoint = "invoices")]
pub async fn load_invoices(before: Option<InvoiceId>) -> Result<Vec<InvoiceView>, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let invoices = services.billing.invoices(who.account()?, before).await?;
    Ok(invoices.into_iter().map(Into::into).collect())
}

/// One invoice. Who comes back from the payment provider's page brings its id along: what was paid there is settled, even
/// if the provider has not said so yet. Says whether the payment is still on its way.
#[server(prefix = "/actions", endpoint = "invoice")]
pub async fn load_invoice(id: InvoiceId, session: Option<String>) -> Result<(InvoiceView, bool), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let is_on_its_way = came_back(&services, permit, session).await == Some(SessionStatus::Processing);
    Ok((billing.invoice(permit, id).await?.into(), is_on_its_way))
}

/// Goes to the payment provider's page for an invoice.
#[server(prefix = "/actions", endpoint = "pay-invoice")]
pub async fn pay_invoice(id: InvoiceId) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    go_and_pay(&services, &who, id, &crate::routes::account_invoice(id)).await
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
    let provider = services.billing.offered_provider()?;
    match services.billing.session_status(permit, provider, &session).await {
        Ok(paying) => Some(paying.status),
        // The page is shown all the same; the provider's word comes by itself.
        Err(error) => {
            tracing::warn!(%error, "billing.session_not_read");
            None
        }
    }
}

/// Sends the reader to where an invoice is paid, from where they come back to `page`.
#[cfg(feature = "ssr")]
pub async fn go_and_pay(
    services: &crate::server_ctx::Services,
    who: &crate::server_ctx::SignedIn,
    id: InvoiceId,
    page: &str,
) -> Result<(), AppError> {
    let provider = services.billing.offered_provider().ok_or(AppError::Unavailable)?;
    let checkout = services.payer(&who.actor, page).await?;
    let page = services.billing.create_session(who.account()?, provider, id, &checkout).await?;
    crate::server_ctx::go_to(&page.url, None);
    Ok(())
}
