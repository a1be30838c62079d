//! The admin's paths (spec 5.7, 5.8, 5.11): one file for each resource. Whoever is not the admin, and has no role that
//! permits it (`permission`), is refused before anything else of the request is looked at.

mod addons;
mod analytics;
mod categories;
mod client_events;
mod countries;
mod currencies;
mod invoices;
mod payment_methods;
pub mod permission;
mod plans;
mod plugins;
mod provider_events;
mod roles;
mod settings;
mod subscriptions;
mod taro;
mod taxes;
mod token_bundles;
mod users;
mod webhooks;

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};
use utoipa_axum::router::OpenApiRouter;

use crate::problem::MEDIA_TYPE;
use crate::state::AppState;

/// The admin's paths.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .nest("/api/v1/admin/tarif-plan-categories", categories::router())
        // The path of the code, and the one of its documents.
        .nest("/api/v1/admin/tarif-plans", plans::router())
        .nest("/api/v1/admin/plans", plans::router())
        .nest("/api/v1/admin/addons", addons::router())
        .nest("/api/v1/admin/token-bundles", token_bundles::router())
        .nest("/api/v1/admin/provider-events", provider_events::router())
        .nest("/api/v1/admin/webhooks", webhooks::router())
        .nest("/api/v1/admin/client-events", client_events::router())
        .nest("/api/v1/admin/users", users::router())
        .nest("/api/v1/admin/roles", roles::router())
        .nest("/api/v1/admin/permissions", roles::permissions_router())
        .nest("/api/v1/admin/analytics", analytics::router())
        .nest("/api/v1/admin/invoices", invoices::router())
        .nest("/api/v1/admin/subscriptions", subscriptions::router())
        .nest("/api/v1/admin/payment-methods", payment_methods::router())
        .nest("/api/v1/admin/countries", countries::router())
        .nest("/api/v1/admin/currencies", currencies::router())
        .nest("/api/v1/admin/taxes", taxes::router())
        .nest("/api/v1/admin/plugins", plugins::router())
        .nest("/api/v1/admin/taro", taro::router())
        .nest("/api/v1/admin/settings", settings::router())
        .nest("/api/v1/admin/profile", settings::profile_router())
}

fn refusals(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let refusal = |status: &u16| {
        let reason = http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
        let response =
            ResponseBuilder::new().description(reason.unwrap_or("Error")).content(MEDIA_TYPE, body);
        (status.to_string(), RefOr::T(response.build()))
    };
    statuses.iter().map(refusal).collect()
}

/// What can be said no to the admin who reads.
struct ReadRefusals;

impl IntoResponses for ReadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[400, 401, 403, 404])
    }
}

/// What can be said no to the admin who changes something.
struct WriteRefusals;

impl IntoResponses for WriteRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[400, 401, 403, 404, 409, 413, 415])
    }
}

/// Which page of a list, and whether with what is not on offer.
#[derive(Debug, Deserialize, IntoParams)]
struct Paging {
    /// From 1.
    page: Option<i64>,
    /// 20 if absent, at most 100.
    per_page: Option<i64>,
    /// Yes if absent.
    include_inactive: Option<bool>,
}

impl Paging {
    fn page(&self) -> billing::Page {
        billing::Page::asked(self.page, self.per_page)
    }

    fn with_inactive(&self) -> bool {
        self.include_inactive.unwrap_or(true)
    }
}

/// How many pages there are.
fn pages(total: i64, page: billing::Page) -> i64 {
    total.max(0).unsigned_abs().div_ceil(page.per_page.max(1).unsigned_abs()).try_into().unwrap_or(i64::MAX)
}

/// How many, and after how many: 20 unless it is said, and at most 100 (spec 5.8).
fn limits(limit: Option<i64>, offset: Option<i64>) -> (i64, i64) {
    (limit.unwrap_or(20).clamp(1, 100), offset.unwrap_or(0).clamp(0, 10_000_000))
}

/// What is looked for, if anything. Postgres cannot store NUL, so nothing has it.
fn searched(text: Option<String>) -> Option<String> {
    let text = text.map(|text| text.trim().replace('\0', "\u{fffd}"))?;
    (!text.is_empty()).then(|| text.chars().take(255).collect())
}
