//! The chat with a language model, for tokens (spec 5.12).

use axum::Json;
use axum::extract::State;
use plugin_api::language::{Message, Role};
use plugin_chat::{
    Config, Error, LONGEST_ANSWER, LONGEST_MESSAGE, MANIFEST, MODE, MOST_HISTORY, Mode, SYSTEM_PROMPT, check,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Body, User};
use super::plugins::{in_use, no_answer, no_model, too_few_tokens};
use crate::problem::Problem;
use crate::state::AppState;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Invalid(text) => Self::bad_request(text),
            Error::NotConfigured => no_model(text),
            Error::NotEnough { needed, balance } => too_few_tokens(&text, needed, balance),
            Error::NoAnswer(error) => no_answer(text, &error),
            Error::Billing(error) => error.into(),
        }
    }
}

/// How the admin set the chat, where it is on.
fn configured(state: &AppState) -> Result<Config, Problem> {
    in_use(state, MANIFEST.name)?;
    let plugins = &state.services.plugins;
    Ok(Config {
        // What is set is one of those on offer.
        mode: plugins.text(MANIFEST.name, MODE).parse().unwrap_or(Mode::Words),
        system_prompt: plugins.text(MANIFEST.name, SYSTEM_PROMPT),
        longest_answer: usize::try_from(plugins.number(MANIFEST.name, LONGEST_ANSWER)).unwrap_or_default(),
    })
}

/// A message of before.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChatMessageIn {
    /// `user` or `assistant`.
    role: String,
    /// At most 4,000 characters.
    content: String,
}

/// A message for the model.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChatIn {
    /// At most 4,000 characters.
    #[serde(default)]
    message: String,
    /// What was said before, oldest first; the last 20 count.
    #[serde(default)]
    history: Vec<ChatMessageIn>,
}

impl ChatIn {
    fn history(&self) -> Result<Vec<Message>, Problem> {
        let message = |(index, it): (usize, &ChatMessageIn)| {
            let role = match it.role.as_str() {
                "user" => Role::User,
                "assistant" => Role::Assistant,
                _ => {
                    let text = format!("history[{index}].role must be user or assistant");
                    return Err(Problem::bad_request(text));
                }
            };
            Ok(Message::new(role, it.content.clone()))
        };
        self.history.iter().enumerate().map(message).collect()
    }
}

/// What the model answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatOut {
    response: String,
    /// What message and answer cost.
    tokens_used: i64,
    /// How many tokens are left.
    balance: i64,
}

/// Sends a message to the model. It is asked only where the tokens would do for the longest answer there can be; what is
/// charged is the answer as it is. Where there is none, or the tokens were spent meanwhile, nothing is charged.
#[utoipa::path(
    post, path = "/api/v1/plugins/chat/send", tag = "v1 plugins", security(("bearer" = [])), request_body = ChatIn,
    responses((status = 200, body = ChatOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 402, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 502, body = Problem),
        (status = 503, body = Problem))
)]
pub async fn send(
    State(state): State<AppState>,
    user: User,
    Body(body): Body<ChatIn>,
) -> Result<Json<ChatOut>, Problem> {
    let config = configured(&state)?;
    let answer = state.chat.send(user.account(), &config, &body.message, &body.history()?).await?;
    Ok(Json(ChatOut { response: answer.text, tokens_used: answer.cost, balance: answer.balance }))
}

/// A message that may be sent.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChatEstimateIn {
    /// At most 4,000 characters.
    #[serde(default)]
    message: String,
}

/// What a message would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatEstimateOut {
    /// The message alone.
    estimated_tokens: i64,
    /// With the longest answer there can be: how many tokens it takes to send it.
    maximum_tokens: i64,
}

/// What a message would cost.
#[utoipa::path(
    post, path = "/api/v1/plugins/chat/estimate", tag = "v1 plugins", security(("bearer" = [])), request_body = ChatEstimateIn,
    responses((status = 200, body = ChatEstimateOut), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem))
)]
pub async fn estimate(
    State(state): State<AppState>,
    _user: User,
    Body(body): Body<ChatEstimateIn>,
) -> Result<Json<ChatEstimateOut>, Problem> {
    let config = configured(&state)?;
    check(&body.message, &[])?;
    let estimated_tokens = config.mode.cost(&body.message);
    Ok(Json(ChatEstimateOut { estimated_tokens, maximum_tokens: config.most(&body.message) }))
}

/// How the chat is set.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatConfigOut {
    /// `words`, `data_volume` or `tokenizer`.
    mode: &'static str,
    /// In characters.
    max_message_length: usize,
    /// How many messages of before count.
    max_history: usize,
    /// In characters.
    max_response_length: usize,
    /// Whether there is a model to ask.
    is_configured: bool,
}

/// How the chat is set.
#[utoipa::path(
    get, path = "/api/v1/plugins/chat/config", tag = "v1 plugins", security(("bearer" = [])),
    responses((status = 200, body = ChatConfigOut), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn config(State(state): State<AppState>, _user: User) -> Result<Json<ChatConfigOut>, Problem> {
    let config = configured(&state)?;
    Ok(Json(ChatConfigOut {
        mode: config.mode.as_str(),
        max_message_length: LONGEST_MESSAGE,
        max_history: MOST_HISTORY,
        max_response_length: config.longest_answer,
        is_configured: state.chat.is_configured(),
    }))
}
