//! What the caller may use, and how often (spec 5.11, "feature guard").

use axum::Json;
use axum::extract::{Path, State};
use billing::features::Feature;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{MaybeBody, User};
use super::words::instant;
use crate::problem::Problem;
use crate::state::AppState;

/// A feature that the caller may use.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeatureOut {
    feature: String,
    /// How often within the period; none for as often as one likes.
    limit: Option<i64>,
    used: i64,
    /// How often it may still be used; none for as often as one likes.
    remaining: Option<i64>,
    /// When counting begins anew.
    resets_at: String,
}

impl From<Feature> for FeatureOut {
    fn from(feature: Feature) -> Self {
        Self {
            feature: feature.name,
            limit: feature.limit,
            used: feature.used,
            remaining: feature.remaining,
            resets_at: instant(feature.resets_at),
        }
    }
}

/// What the caller may use.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeaturesOut {
    features: Vec<FeatureOut>,
}

/// What the caller may use, by name: what every plan of theirs that runs gives, and what everybody has.
#[utoipa::path(
    get, path = "/api/v1/user/features", tag = "v1 features", security(("bearer" = [])),
    responses((status = 200, body = FeaturesOut), (status = 401, body = Problem))
)]
pub async fn list(State(state): State<AppState>, user: User) -> Result<Json<FeaturesOut>, Problem> {
    let found = state.services.billing.features(user.account()).await?;
    Ok(Json(FeaturesOut { features: found.into_iter().map(FeatureOut::from).collect() }))
}

/// How often a feature is used.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct FeatureUseIn {
    /// Once if absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    amount: Option<i64>,
}

/// A use that was counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeatureUseOut {
    /// Always true: what is not allowed is 403 or 429.
    allowed: bool,
    #[serde(flatten)]
    feature: FeatureOut,
}

/// Uses a feature, and counts it. One that nothing gives is 403; more than is left is 429, and then nothing is counted.
#[utoipa::path(
    post, path = "/api/v1/user/features/{feature}/use", tag = "v1 features", security(("bearer" = [])),
    params(("feature" = String, Path)), request_body = Option<FeatureUseIn>,
    responses((status = 200, body = FeatureUseOut), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn use_it(
    State(state): State<AppState>,
    user: User,
    Path(feature): Path<String>,
    MaybeBody(body): MaybeBody<FeatureUseIn>,
) -> Result<Json<FeatureUseOut>, Problem> {
    let amount = body.amount.unwrap_or(1);
    let used = state.services.billing.use_feature(user.account(), &feature, amount).await?;
    if used.is_allowed {
        return Ok(Json(FeatureUseOut { allowed: true, feature: used.feature.into() }));
    }
    let wait = used.feature.resets_at - state.services.clock.now();
    let (left, limit) = (used.feature.remaining.unwrap_or(0), used.feature.limit.unwrap_or(0));
    let text = format!("Usage limit reached: {left} of {limit} left");
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, text)
        .code("usage_limit_reached")
        // Rounded up, so that who waits as long as told is not refused again.
        .retry_after((wait.num_milliseconds() + 999).div_euclid(1_000)))
}
