//! Reading who did what.

use domain::access::{Permit, right};
use domain::booking::{AuditEntry, HistoryEntry};
use serde_json::Value;
use uuid::Uuid;

use crate::{Identity, Result};

/// The most entries on a page.
const MOST: i64 = 200;

/// Some entries, and where the next page begins.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// What to pass as `before` for older entries; none when these were the oldest.
    pub next: Option<Uuid>,
}

impl Identity {
    /// What was done in the hotel, and what the people who work there did with their accounts, such as signing in;
    /// newest first, at most `limit` and 200 entries.
    pub async fn audit(
        &self,
        permit: Permit<'_, right::ViewAudit>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<AuditPage> {
        let limit = limit.clamp(1, MOST);
        let mut transaction = self.database.begin(&permit).await?;
        // Two ranges of one index, each read backwards no further than the page.
        let mut rows = sqlx::query!(
            r#"SELECT a.id AS "id!", a.action AS "action!", a.at AS "at!", a.facts AS "facts!", a.subject, u.full_name AS "by?",
                      deed_about($1, a.action, a.subject) AS about,
                      CASE WHEN a.impersonated_by IS NOT NULL THEN impersonator_name(a.impersonated_by) END AS impersonator
               FROM ((SELECT id, action, at, facts, subject, user_id, impersonated_by FROM audit_log
                      WHERE organisation_id = $1 AND hotel_id = $2 AND id < $3
                      ORDER BY id DESC LIMIT $4)
                     UNION ALL
                     (SELECT id, action, at, facts, subject, user_id, impersonated_by FROM audit_log
                      WHERE organisation_id = $1 AND hotel_id IS NULL AND id < $3
                        AND user_id IN (SELECT user_id FROM memberships WHERE hotel_id = $2)
                      ORDER BY id DESC LIMIT $4)) a
               LEFT JOIN users u ON u.id = a.user_id
               ORDER BY a.id DESC LIMIT $4"#,
            Uuid::from(permit.organisation_id()),
            Uuid::from(permit.hotel_id()),
            before.unwrap_or(Uuid::max()),
            limit + 1,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > page;
        rows.truncate(page);
        let next = if has_more { rows.last().map(|row| row.id) } else { None };
        let entries = rows.into_iter().map(|row| {
            let facts = facts(row.facts, row.impersonator);
            let is_said = |about: &String| {
                row.by.as_ref() == Some(about) || facts.iter().any(|(_, value)| value == about)
            };
            let about = row.about.filter(|about| !about.is_empty() && !is_said(about));
            let deed = HistoryEntry { action: row.action, by: row.by, at: row.at.fixed_offset(), facts };
            AuditEntry { deed, subject: row.subject, about }
        });
        Ok(AuditPage { entries: entries.collect(), next })
    }
}

/// Facts by name, with the admin who acted in the person's name.
fn facts(value: Value, impersonator: Option<String>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let named = match value {
        Value::Object(facts) => facts.into_iter().map(|(name, value)| (name, text(value))).collect(),
        _ => Vec::new(),
    };
    impersonator.map(|name| ("impersonated_by".to_owned(), name)).into_iter().chain(named).collect()
}
