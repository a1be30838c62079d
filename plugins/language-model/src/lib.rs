//! The port [`LanguageModel`] over `POST {base}/chat/completions`, the interface of `OpenAI` that most servers of models
//! have, also those that run on a machine of one's own.
//!
//! The address is a setting of the environment, so it may be a private one. What is asked and answered is never logged, and
//! an error says nothing of it.

use std::time::Duration;

use async_trait::async_trait;
use plugin_api::language::{LanguageModel, Message, ModelError};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;

/// How long a model may take: a request of ours is given up after 30 seconds.
pub const TIME: Duration = Duration::from_secs(25);

/// The most bytes of an answer: many times those of the longest one that anybody pays for.
const MOST_BYTES: usize = 256 * 1024;

/// How many characters one token of a model is, about: fewer in most languages, so an answer is rather too short.
const CHARACTERS_IN_A_TOKEN: usize = 4;

/// Where a model is, and what it is called there.
#[derive(Debug, Clone, Copy)]
pub struct Config<'a> {
    /// The address before `/chat/completions`, such as `https://models.example/v1`.
    pub url: &'a str,
    /// What proves that we may ask, where that is needed.
    pub key: Option<&'a str>,
    /// The model's name.
    pub name: &'a str,
    /// How long an answer may take, to its end.
    pub time: Duration,
}

/// A setting that cannot be used. Says nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The address is none.
    #[error("LANGUAGE_MODEL_URL is not an address")]
    Url,
    /// The key has characters that no header can carry.
    #[error("LANGUAGE_MODEL_KEY contains characters that cannot be used")]
    Key,
    /// The system could not prepare connections.
    #[error("cannot prepare connections to the language model: {0}")]
    Client(String),
}

/// A model that is asked over HTTP.
#[derive(Debug)]
pub struct ChatCompletions {
    client: Client,
    address: Url,
    name: String,
    time: Duration,
}

impl ChatCompletions {
    /// The model of a configuration. Nothing is asked yet.
    pub fn new(config: Config<'_>) -> Result<Self, ConfigError> {
        let address = format!("{}/chat/completions", config.url.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|_| ConfigError::Url)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = config.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| ConfigError::Key)?;
            // Else it would be a part of what `Debug` shows.
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .default_headers(headers)
            // The key is for this address alone.
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map_err(|error| ConfigError::Client(error.to_string()))?;
        Ok(Self { client, address, name: config.name.to_owned(), time: config.time })
    }

    async fn asked(&self, messages: &[Message], longest: usize) -> Result<String, ModelError> {
        let messages: Vec<_> =
            messages.iter().map(|it| json!({ "role": it.role.as_str(), "content": it.text })).collect();
        let body = json!({
            "model": self.name,
            "messages": messages,
            "max_tokens": longest.div_ceil(CHARACTERS_IN_A_TOKEN),
            "stream": false,
        });
        let request = self
            .client
            .post(self.address.clone())
            .header("content-type", "application/json")
            .body(body.to_string());
        let response = request.send().await.map_err(away)?;
        let status = response.status();
        if !status.is_success() {
            let may_pass = status.is_server_error()
                || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
            let text = format!("status {}", status.as_u16());
            return Err(if may_pass { ModelError::Unavailable(text) } else { ModelError::Refused(text) });
        }
        let completion: Completion = serde_json::from_slice(&read(response).await?)
            .map_err(|_| ModelError::Refused("an answer that is no completion".to_owned()))?;
        let first = completion.choices.into_iter().next();
        Ok(first.and_then(|it| it.message.content).unwrap_or_default())
    }
}

#[async_trait]
impl LanguageModel for ChatCompletions {
    async fn answer(&self, messages: &[Message], longest: usize) -> Result<String, ModelError> {
        let late = || ModelError::Unavailable(format!("no answer within {} ms", self.time.as_millis()));
        tokio::time::timeout(self.time, self.asked(messages, longest)).await.unwrap_or_else(|_| Err(late()))
    }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<CompletionChoice>,
}

#[derive(Deserialize)]
struct CompletionChoice {
    message: CompletionMessage,
}

#[derive(Deserialize)]
struct CompletionMessage {
    /// Absent where a model answers with something else than words.
    content: Option<String>,
}

async fn read(mut response: Response) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(ModelError::Refused(format!("an answer of more than {MOST_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Without the address, in which somebody may have put a secret.
fn away(error: reqwest::Error) -> ModelError {
    ModelError::Unavailable(error.without_url().to_string())
}

#[cfg(test)]
mod tests;
