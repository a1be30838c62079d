//! What clients of this family ask to see whether anybody is there (DESIGN 5.9).

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
    /// The name that clients look for.
    service: &'static str,
}

/// Whether the family answers.
#[utoipa::path(get, path = "/api/v1/health", tag = "v1 settings", responses((status = 200, body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok", service: "vbwd-api" })
}
