//! What the caller had, and may have.

use axum::Json;
use axum::extract::{Query, State};
use plugin_taro::{FOLLOW_UP_COST, LONGEST_QUESTION, Limits, MANIFEST, SESSION_COST};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::body::TaroSessionsOut;
use crate::api::v1::caller::User;
use crate::api::v1::plugins::in_use;
use crate::api::v1::words::{id, instant};
use crate::problem::Problem;
use crate::state::AppState;

/// Which part of the sessions.
#[derive(Debug, Deserialize, IntoParams)]
pub struct TaroPart {
    /// Those that are older than this one: the `next_before` of the answer before.
    before: Option<String>,
    /// 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl TaroPart {
    /// What is asked for, if that can be.
    pub(in crate::api::v1) fn read(self) -> Result<(Option<Uuid>, i64), Problem> {
        let limit = self.limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            return Err(Problem::bad_request("limit must be between 1 and 100"));
        }
        let before = self.before.filter(|text| !text.is_empty());
        Ok((before.map(|text| id(&text, "session")).transpose()?, limit))
    }
}

/// The caller's sessions, newest first.
#[utoipa::path(
    get, path = "/history", tag = "v1 taro", security(("bearer" = [])), params(TaroPart),
    responses((status = 200, body = TaroSessionsOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn history(
    State(state): State<AppState>,
    user: User,
    Query(part): Query<TaroPart>,
) -> Result<Json<TaroSessionsOut>, Problem> {
    in_use(&state, MANIFEST.name)?;
    let (before, limit) = part.read()?;
    let found = state.taro.history(user.account(), before, limit).await?;
    Ok(Json(TaroSessionsOut::new(found, limit, state.services.clock.now())))
}

/// What the caller may have, and had.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroLimitsOut {
    /// Sessions of a day; none for as many as one likes.
    daily_limit: Option<i64>,
    /// Sessions of this day.
    used_today: i64,
    /// What is left of them; none for as many as one likes.
    remaining_today: Option<i64>,
    /// When the next day begins.
    resets_at: String,
    /// Follow-ups of a session; none for as many as one likes.
    max_follow_ups: Option<i64>,
    /// In tokens.
    session_cost: i64,
    /// In tokens.
    follow_up_cost: i64,
    /// In characters.
    max_question_length: usize,
    /// How many tokens there are.
    balance: i64,
    /// Whether a session can begin now.
    can_begin: bool,
}

impl From<Limits> for TaroLimitsOut {
    fn from(limits: Limits) -> Self {
        let remaining_today = limits.remaining();
        Self {
            daily_limit: limits.daily,
            used_today: limits.used,
            remaining_today,
            resets_at: instant(limits.resets_at),
            max_follow_ups: limits.follow_ups,
            session_cost: SESSION_COST,
            follow_up_cost: FOLLOW_UP_COST,
            max_question_length: LONGEST_QUESTION,
            balance: limits.balance,
            can_begin: remaining_today != Some(0) && limits.balance >= SESSION_COST,
        }
    }
}

/// What the caller may have, and had.
#[utoipa::path(
    get, path = "/limits", tag = "v1 taro", security(("bearer" = [])),
    responses((status = 200, body = TaroLimitsOut), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn limits(
    State(state): State<AppState>,
    user: User,
) -> Result<Json<TaroLimitsOut>, Problem> {
    in_use(&state, MANIFEST.name)?;
    Ok(Json(state.taro.limits(user.account()).await?.into()))
}
