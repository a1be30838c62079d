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
    /// The newest result of its self-audit.
    pub audit: Option<SelfAudit>,
    /// Whether its subscription has lapsed.
    pub has_lapsed: bool,
}

/// How the hotel in use stands.
#[server(prefix = "/actions", endpoint = "day")]
pub async fn load_day() -> Result<Day, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let audit = services.pms.self_audit(who.permit()?).await?;
    let audit = audit.map(|audit| SelfAudit { checked_at: who.local(audit.checked_at), ..audit });
    let has_lapsed = services.pms.has_lapsed(who.permit()?).await?;
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
