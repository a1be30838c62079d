//! What the shell around every page needs.

use chrono::NaiveDate;
use domain::booking::SelfAudit;
use leptos::prelude::*;

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;

/// The hotel's business date, and the newest result of its self-audit.
#[server(prefix = "/actions", endpoint = "day")]
pub async fn load_day() -> Result<(NaiveDate, Option<SelfAudit>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let audit = services.pms.self_audit(who.permit()?).await?;
    let audit = audit.map(|audit| SelfAudit { checked_at: who.local(audit.checked_at), ..audit });
    Ok((who.today, audit))
}

/// Looks at another of the reader's hotels.
#[server(prefix = "/actions", endpoint = "choose-hotel")]
pub async fn choose_hotel(hotel_id: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let hotel_id = hotel_id.parse().map_err(|_| AppError::NotFound)?;
    services.identity.choose_hotel(&who.actor, who.session_id, hotel_id).await?;
    ctx::go_to(routes::TODAY, None);
    Ok(())
}
