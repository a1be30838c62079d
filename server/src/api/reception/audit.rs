//! Who did what, as the desk's page shows it.

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, FixedOffset};
use domain::access::right;
use domain::problem::ProblemCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::values::at;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Page {
    /// The `next` of the page before.
    before: Option<String>,
    /// 1 to 200; 50 where none is given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// A deed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its name, such as `stay.booked`.
    action: String,
    /// The id of what it was done to.
    subject: Option<Uuid>,
    /// That in words, such as a booking's reference and its guest; null when it is gone, or when the facts say it.
    about: Option<String>,
    /// Who did it.
    by: Option<String>,
    at: DateTime<FixedOffset>,
    /// What about it is known, as texts by name.
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
}

/// Some deeds, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntries {
    entries: Vec<Entry>,
    /// What to send as `before` for older ones; null when these were the oldest.
    next: Option<Uuid>,
}

/// What was done in the hotel, newest first. For owners and managers.
#[utoipa::path(
    get, path = "/audit", tag = "audit", security(("bearer" = [])), params(Page),
    responses((status = 200, body = AuditEntries), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Query(page): Query<Page>,
) -> Result<Json<AuditEntries>, Problem> {
    let permit = caller.permit::<right::ViewAudit>(&hotel)?;
    let before = match page.before.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| at("before", ProblemCode::NotFound))?),
        None => None,
    };
    let limit = page.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(at("limit", ProblemCode::OutOfRange { min: 1, max: 200 }));
    }
    let found = state.services.identity.audit(permit, before, limit).await?;
    let entries = found.entries.into_iter().map(|entry| Entry {
        action: entry.deed.action,
        subject: entry.subject,
        about: entry.about,
        by: entry.deed.by,
        at: entry.deed.at,
        facts: entry.deed.facts.into_iter().map(|(name, text)| (name, Value::String(text))).collect(),
    });
    Ok(Json(AuditEntries { entries: entries.collect(), next: found.next }))
}
