//! What the shell around every page needs.

use chrono::NaiveDate;
use domain::booking::SelfAudit;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;

/// How a hotel stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The hotel's business date.
    pub date: NaiveDate,
    /// The newest result of its self-audit, and how many seconds old it is.
    pub audit: Option<(SelfAudit, i64)>,
    /// Whether its subscription has lapsed.
    pub has_lapsed: bool,
}

/// How the hotel in use stands.
#[server(prefix = "/actions", endpoint = "day")]
pub async fn load_day() -> Result<Day, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let audit = services.pms.self_audit(who.permit()?).await?;
    let now = services.clock.now();
    let audit = audit.map(|audit| {
        let age = (now - audit.checked_at.to_utc()).num_seconds();
        (SelfAudit { checked_at: who.local(audit.checked_at), ..audit }, age)
    });
    let has_lapsed = who.membership().is_some_and(|membership| membership.has_lapsed(now));
    Ok(Day { date: who.today, audit, has_lapsed })
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

/// Makes the rail slim, or wide again, in this browser.
#[server(prefix = "/actions", endpoint = "choose-rail")]
pub async fn choose_rail(size: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, _) = ctx::context()?;
    // A server function is asynchronous, even one that has nothing to wait for.
    let size = std::future::ready(size).await;
    let size = if size == "slim" { "slim" } else { "wide" };
    let secure = if services.is_https { "; Secure" } else { "" };
    let cookie = format!("rail={size}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
    ctx::set_cookie(cookie.parse().map_err(|_| AppError::Internal)?);
    ctx::go_to(&ctx::referring_path().unwrap_or_else(|| routes::TODAY.to_owned()), None);
    Ok(())
}
