use domain::booking::AuditEntry;
use leptos::prelude::*;

use crate::error::AppError;

/// What was done, newest first, where older entries begin, and the hotel's business date.
#[server(prefix = "/actions", endpoint = "audit")]
pub async fn load_audit(
    before: String,
) -> Result<(Vec<AuditEntry>, Option<String>, chrono::NaiveDate), AppError> {
    use domain::booking::HistoryEntry;

    let (services, who) = crate::server_ctx::context()?;
    let page = services.identity.audit(who.permit()?, before.parse().ok(), 100).await?;
    let entries = page.entries.into_iter().map(|entry| {
        let deed = HistoryEntry { at: who.local(entry.deed.at), ..entry.deed };
        AuditEntry { deed, ..entry }
    });
    Ok((entries.collect(), page.next.map(|id| id.to_string()), who.today))
}
