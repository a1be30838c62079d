//! Spreads of tarot cards, for tokens (spec 5.12).

mod body;
mod read;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use plugin_taro::spread::FollowUpKind;
use plugin_taro::{Error, FOLLOW_UP_COST, MANIFEST, SESSION_COST};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(in crate::api::v1) use body::TaroSessionsOut;
use body::{TaroCardOut, TaroFollowUpOut, TaroSessionBody, TaroSessionOut};
pub(in crate::api::v1) use read::TaroPart;

use super::caller::{Body, User};
use super::plugins::{in_use, no_answer, no_model, too_few_tokens};
use super::words::id;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(get))
        .routes(routes!(follow_up))
        .routes(routes!(follow_up_question))
        .routes(routes!(situation))
        .routes(routes!(card_explanation))
        .routes(routes!(read::history))
        .routes(routes!(read::limits))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Invalid(text) => Self::bad_request(text),
            Error::NoSession | Error::NoPrompt | Error::NoUser => Self::not_found(text),
            Error::Expired => Self::new(StatusCode::GONE, text).code("session_expired"),
            Error::NotEnough { needed, balance } => too_few_tokens(&text, needed, balance),
            Error::DailyLimit | Error::FollowUpLimit | Error::AnswerLimit => {
                Self::payment_required(text).code("limit_reached")
            }
            Error::PromptExists => Self::conflict(text),
            Error::ChangedMeanwhile => Self::conflict(text).code("changed_meanwhile"),
            Error::NotConfigured => no_model(text),
            Error::NoAnswer(error) => no_answer(text, &error),
            Error::Inconsistent(what) => {
                tracing::error!(what, "taro.inconsistent_row");
                Self::internal()
            }
            Error::Billing(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// A spread that begins.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroBegun {
    session: TaroSessionOut,
    /// What it cost.
    tokens_used: i64,
    /// How many tokens are left.
    balance: i64,
}

/// Draws three cards, for 10 tokens: what was, what is and what comes. 402 where there are fewer, or the day has as many
/// sessions as the plan gives (3 where it says nothing).
#[utoipa::path(
    post, path = "/session", tag = "v1 taro", security(("bearer" = [])),
    responses((status = 201, body = TaroBegun), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 404, body = Problem))
)]
async fn begin(State(state): State<AppState>, user: User) -> Result<(StatusCode, Json<TaroBegun>), Problem> {
    in_use(&state, MANIFEST.name)?;
    let (session, balance) = state.taro.begin(user.account()).await?;
    let session = TaroSessionOut::new(session, state.services.clock.now());
    Ok((StatusCode::CREATED, Json(TaroBegun { session, tokens_used: SESSION_COST, balance })))
}

/// A session, with the cards that lie on the table.
#[utoipa::path(
    get, path = "/session/{id}", tag = "v1 taro", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = TaroSessionBody), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem))
)]
async fn get(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
) -> Result<Json<TaroSessionBody>, Problem> {
    let id = session_id(&state, &text)?;
    let (session, follow_ups_left) = state.taro.session(user.account(), id).await?;
    let table = session.table().into_iter().map(TaroCardOut::from).collect();
    let session = TaroSessionOut::new(session, state.services.clock.now());
    Ok(Json(TaroSessionBody { session, table, follow_ups_left }))
}

fn session_id(state: &AppState, text: &str) -> Result<Uuid, Problem> {
    in_use(state, MANIFEST.name)?;
    id(text, "session")
}

/// How a session goes on.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaroFollowUpIn {
    /// `SAME_CARDS`, `ADDITIONAL` (one more card) or `NEW_SPREAD` (three in place of those on the table).
    #[serde(rename = "type", alias = "follow_up_type", default)]
    #[schema(rename = "type")]
    kind: String,
    /// What the language model is asked, at most 1,000 characters; needed with `SAME_CARDS`.
    question: Option<String>,
}

/// How a session went on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroFollowedUp {
    follow_up: TaroFollowUpOut,
    /// The model's answer, where there was a question.
    answer: Option<String>,
    /// What it cost.
    tokens_used: i64,
    /// How many tokens are left.
    balance: i64,
}

/// Goes on with a session, for 15 tokens. 402 where there are fewer, or the session has as many follow-ups as the plan gives
/// (3 where it says nothing). Cards are drawn without a language model; a question needs one, and where it does not answer
/// nothing is charged and no card drawn. 409 if another follow-up came between; 410 when the session is over.
#[utoipa::path(
    post, path = "/session/{id}/follow-up", tag = "v1 taro", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = TaroFollowUpIn,
    responses((status = 200, body = TaroFollowedUp), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 410, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 502, body = Problem), (status = 503, body = Problem))
)]
async fn follow_up(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Body(body): Body<TaroFollowUpIn>,
) -> Result<Json<TaroFollowedUp>, Problem> {
    let id = session_id(&state, &text)?;
    let kind = body.kind.trim().to_uppercase().parse();
    let kind =
        kind.map_err(|()| Problem::bad_request("type must be SAME_CARDS, ADDITIONAL or NEW_SPREAD"))?;
    followed_up(&state, &user, id, kind, body.question.as_deref()).await
}

/// A question to the cards on the table.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaroQuestionIn {
    /// At most 1,000 characters.
    #[serde(default)]
    question: String,
}

/// Asks the cards on the table a question: the same as a follow-up with `SAME_CARDS`.
#[utoipa::path(
    post, path = "/session/{id}/follow-up-question", tag = "v1 taro", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = TaroQuestionIn,
    responses((status = 200, body = TaroFollowedUp), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 410, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 502, body = Problem), (status = 503, body = Problem))
)]
async fn follow_up_question(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Body(body): Body<TaroQuestionIn>,
) -> Result<Json<TaroFollowedUp>, Problem> {
    let id = session_id(&state, &text)?;
    if body.question.trim().is_empty() {
        return Err(Problem::bad_request("question is required"));
    }
    followed_up(&state, &user, id, FollowUpKind::SameCards, Some(&body.question)).await
}

async fn followed_up(
    state: &AppState,
    user: &User,
    id: Uuid,
    kind: FollowUpKind,
    question: Option<&str>,
) -> Result<Json<TaroFollowedUp>, Problem> {
    let (follow_up, reading) = state.taro.follow_up(user.account(), id, kind, question).await?;
    Ok(Json(TaroFollowedUp {
        follow_up: follow_up.into(),
        answer: reading.answer,
        tokens_used: FOLLOW_UP_COST,
        balance: reading.balance,
    }))
}

/// What somebody tells of their situation.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaroSituationIn {
    /// At most 1,000 characters.
    #[serde(default)]
    situation_text: String,
}

/// What the model said.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroReadingOut {
    interpretation: String,
}

/// What the cards on the table say of a situation, by the language model. It is in the price of the session, which has ten
/// such answers (402 after those).
#[utoipa::path(
    post, path = "/session/{id}/situation", tag = "v1 taro", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = TaroSituationIn,
    responses((status = 200, body = TaroReadingOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 404, body = Problem), (status = 410, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 502, body = Problem), (status = 503, body = Problem))
)]
async fn situation(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Body(body): Body<TaroSituationIn>,
) -> Result<Json<TaroReadingOut>, Problem> {
    let id = session_id(&state, &text)?;
    let interpretation = state.taro.situation(user.account(), id, &body.situation_text).await?;
    Ok(Json(TaroReadingOut { interpretation }))
}

/// A card to explain.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaroCardIn {
    /// Its `card`, such as `ace-of-cups`.
    #[serde(default)]
    card: String,
}

/// What a card means.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroExplanationOut {
    card: TaroCardOut,
    explanation: String,
}

/// What a card on the table means where it lies, by the language model. It is in the price of the session, as `/situation`.
#[utoipa::path(
    post, path = "/session/{id}/card-explanation", tag = "v1 taro", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = TaroCardIn,
    responses((status = 200, body = TaroExplanationOut), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 402, body = Problem), (status = 404, body = Problem), (status = 410, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 502, body = Problem), (status = 503, body = Problem))
)]
async fn card_explanation(
    State(state): State<AppState>,
    user: User,
    Path(text): Path<String>,
    Body(body): Body<TaroCardIn>,
) -> Result<Json<TaroExplanationOut>, Problem> {
    let id = session_id(&state, &text)?;
    let (card, explanation) = state.taro.explain(user.account(), id, &body.card).await?;
    Ok(Json(TaroExplanationOut { card: card.into(), explanation }))
}
