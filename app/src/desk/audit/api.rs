use domain::booking::HistoryEntry;
use leptos::prelude::*;

use crate::error::AppError;

/// What was done, newest first, where older entries begin, and the hotel's business date.
#[server(prefix = "/actions", endpoint = "audit")]
pub async fn load_audit(
    before: String,
) -> Result<(Vec<HistoryEntry>, Option<String>, chrono::NaiveDate), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let page = services.identity.audit(who.permit()?, before.parse().ok(), 100).await?;
    let entries = page.entries.into_iter().map(|entry| HistoryEntry { at: who.local(entry.at), ..entry });
    Ok((entries.collect(), page.next.map(|id| id.to_string()), who.today))
}
