//! What the admin does with spreads of tarot cards (spec 5.12).

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::ids::AccountId;
use http::StatusCode;
use plugin_taro::{MANIFEST, Prompt, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::{Admin, Body};
use crate::api::v1::plugins::in_use;
use crate::api::v1::taro::{TaroPart, TaroSessionsOut};
use crate::api::v1::words::{id, instant};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sessions))
        .routes(routes!(reset))
        .routes(routes!(prompts, create_prompt))
        .routes(routes!(prompt, change_prompt, delete_prompt))
}

fn account_of(text: &str) -> Result<AccountId, Problem> {
    id(text, "user")
}

/// A user's sessions, newest first.
#[utoipa::path(
    get, path = "/users/{id}/sessions", tag = "v1 admin taro", security(("bearer" = [])), params(("id" = String, Path), TaroPart),
    responses((status = 200, body = TaroSessionsOut), ReadRefusals)
)]
async fn sessions(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Query(part): Query<TaroPart>,
) -> Result<Json<TaroSessionsOut>, Problem> {
    in_use(&state, MANIFEST.name)?;
    let (before, limit) = part.read()?;
    let found = state.taro.sessions_of(admin.permit()?, account_of(&text)?, before, limit).await?;
    Ok(Json(TaroSessionsOut::new(found, limit, state.services.clock.now())))
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroReset {
    message: &'static str,
    /// How many sessions of the day were forgotten.
    sessions_reset: i64,
}

/// Lets a user begin as many sessions on this day as if there had been none. Tokens stay as they are.
#[utoipa::path(
    post, path = "/users/{id}/reset", tag = "v1 admin taro", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = TaroReset), WriteRefusals)
)]
async fn reset(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<TaroReset>, Problem> {
    in_use(&state, MANIFEST.name)?;
    let sessions_reset = state.taro.reset(admin.permit()?, account_of(&text)?).await?;
    Ok(Json(TaroReset { message: "Daily limit reset", sessions_reset }))
}

/// What the model is told first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroPromptOut {
    /// What for: `situation`, `card-explanation` or `follow-up`.
    slug: &'static str,
    content: String,
    /// Whether these words are built in; else they are the admin's.
    is_built_in: bool,
    /// Of the admin's words.
    version: Option<i32>,
    updated_at: Option<String>,
}

impl From<Prompt> for TaroPromptOut {
    fn from(prompt: Prompt) -> Self {
        Self {
            slug: prompt.purpose.as_str(),
            content: prompt.content,
            is_built_in: prompt.written.is_none(),
            version: prompt.written.map(|(version, _)| version),
            updated_at: prompt.written.map(|(_, at)| instant(at)),
        }
    }
}

/// What the model is told first, for each purpose.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroPromptsOut {
    prompts: Vec<TaroPromptOut>,
}

/// What the model is told first, for one purpose.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroPromptBody {
    prompt: TaroPromptOut,
}

/// Words of the admin for a purpose.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaroPromptIn {
    /// What for: `situation`, `card-explanation` or `follow-up`.
    #[serde(default)]
    slug: String,
    /// At most 4,000 characters.
    #[serde(default)]
    content: String,
}

/// Other words of the admin.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaroPromptChangeIn {
    /// At most 4,000 characters.
    #[serde(default)]
    content: String,
    /// The version that was read, so that what somebody else changed since is not overwritten.
    version: Option<i32>,
}

async fn shown(state: &AppState, admin: &Admin, purpose: Purpose) -> Result<Json<TaroPromptBody>, Problem> {
    let found = state.taro.prompts(admin.permit()?).await?;
    let prompt = found.into_iter().find(|it| it.purpose == purpose);
    let prompt = prompt.ok_or(plugin_taro::Error::NoPrompt)?.into();
    Ok(Json(TaroPromptBody { prompt }))
}

fn purpose_of(slug: &str) -> Result<Purpose, Problem> {
    Ok(slug.parse().map_err(|()| plugin_taro::Error::NoPrompt)?)
}

/// What the model is told first, for each purpose: the admin's words, else those that are built in.
#[utoipa::path(get, path = "/prompts", tag = "v1 admin taro", security(("bearer" = [])), responses((status = 200, body = TaroPromptsOut), ReadRefusals))]
async fn prompts(State(state): State<AppState>, admin: Admin) -> Result<Json<TaroPromptsOut>, Problem> {
    in_use(&state, MANIFEST.name)?;
    let found = state.taro.prompts(admin.permit()?).await?;
    Ok(Json(TaroPromptsOut { prompts: found.into_iter().map(TaroPromptOut::from).collect() }))
}

/// Takes words of the admin in place of those that are built in.
#[utoipa::path(
    post, path = "/prompts", tag = "v1 admin taro", security(("bearer" = [])), request_body = TaroPromptIn,
    responses((status = 201, body = TaroPromptBody), WriteRefusals)
)]
async fn create_prompt(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<TaroPromptIn>,
) -> Result<(StatusCode, Json<TaroPromptBody>), Problem> {
    in_use(&state, MANIFEST.name)?;
    let purpose = body.slug.trim().parse();
    let purpose = purpose
        .map_err(|()| Problem::bad_request("slug must be situation, card-explanation or follow-up"))?;
    state.taro.create_prompt(admin.permit()?, purpose, &body.content).await?;
    Ok((StatusCode::CREATED, shown(&state, &admin, purpose).await?))
}

/// What the model is told first, for one purpose.
#[utoipa::path(
    get, path = "/prompts/{slug}", tag = "v1 admin taro", security(("bearer" = [])), params(("slug" = String, Path)),
    responses((status = 200, body = TaroPromptBody), ReadRefusals)
)]
async fn prompt(
    State(state): State<AppState>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<TaroPromptBody>, Problem> {
    in_use(&state, MANIFEST.name)?;
    shown(&state, &admin, purpose_of(&slug)?).await
}

/// Changes words of the admin.
#[utoipa::path(
    put, path = "/prompts/{slug}", tag = "v1 admin taro", security(("bearer" = [])), params(("slug" = String, Path)),
    request_body = TaroPromptChangeIn, responses((status = 200, body = TaroPromptBody), WriteRefusals)
)]
async fn change_prompt(
    State(state): State<AppState>,
    admin: Admin,
    Path(slug): Path<String>,
    Body(body): Body<TaroPromptChangeIn>,
) -> Result<Json<TaroPromptBody>, Problem> {
    in_use(&state, MANIFEST.name)?;
    let purpose = purpose_of(&slug)?;
    state.taro.change_prompt(admin.permit()?, purpose, &body.content, body.version).await?;
    shown(&state, &admin, purpose).await
}

/// Goes back to the words that are built in.
#[utoipa::path(
    delete, path = "/prompts/{slug}", tag = "v1 admin taro", security(("bearer" = [])), params(("slug" = String, Path)),
    responses((status = 200, body = TaroPromptBody), WriteRefusals)
)]
async fn delete_prompt(
    State(state): State<AppState>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<TaroPromptBody>, Problem> {
    in_use(&state, MANIFEST.name)?;
    let purpose = purpose_of(&slug)?;
    state.taro.delete_prompt(admin.permit()?, purpose).await?;
    shown(&state, &admin, purpose).await
}
