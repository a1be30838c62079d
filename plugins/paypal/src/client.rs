//! The connection to PayPal, and what its errors mean.

use std::time::{Duration, Instant};

use plugin_api::payment::ProviderError;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::Config;

/// PayPal's live API.
const LIVE: &str = "https://api-m.paypal.com";

/// How long one call may take. People wait for some of them.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// How long finding PayPal may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_mins(1);

/// A connection to PayPal.
pub struct Client {
    http: reqwest::Client,
    config: Config,
    token: Mutex<Option<Token>>,
}

/// What calls are allowed with.
#[derive(Clone)]
struct Token {
    text: String,
    good_until: Instant,
}

/// A link from one thing of PayPal's to another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What is there.
    pub rel: String,
}

/// Why PayPal did not do what it was asked for.
#[derive(Debug)]
pub enum Problem {
    /// It could not be reached, is not well, or does not take our keys.
    Away(String),
    /// It does not know the thing.
    Unknown,
    /// It understood and refused.
    Refused(Refusal),
}

/// What PayPal says where it refuses.
#[derive(Debug)]
pub struct Refusal {
    /// PayPal's name of the reason, such as `INSTRUMENT_DECLINED`.
    pub issue: String,
    /// The reason for people.
    pub text: String,
    /// Where it goes on, such as the page where another card can be chosen.
    pub links: Vec<Link>,
}

impl From<Problem> for ProviderError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Away(text) => Self::Unavailable(text),
            Problem::Unknown => Self::Unknown,
            Problem::Refused(refusal) => Self::Refused(refusal.text),
        }
    }
}

impl From<reqwest::Error> for Problem {
    fn from(error: reqwest::Error) -> Self {
        // The address says nothing that the caller does not know.
        Self::Away(error.without_url().to_string())
    }
}

impl Client {
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let http = reqwest::Client::builder()
            .timeout(TIME_LIMIT)
            .connect_timeout(CONNECT_LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ProviderError::Refused(error.to_string()))?;
        Ok(Self { http, config, token: Mutex::new(None) })
    }

    /// Asks for a thing.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        parse(&self.call::<()>(Method::GET, path, None, None).await?)
    }

    /// Makes something. Repeated with the same key, PayPal answers with what the first one made.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        parse(&self.call(Method::POST, path, key, Some(body)).await?)
    }

    /// Changes a thing.
    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Result<(), Problem> {
        self.call(Method::PATCH, path, None, Some(body)).await.map(drop)
    }

    async fn call<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&B>,
    ) -> Result<Vec<u8>, Problem> {
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|error| Problem::Away(error.to_string()))?;
        let mut refused = None;
        loop {
            let token = self.token(refused.as_deref()).await?;
            let mut request = self
                .http
                .request(method.clone(), self.address(path))
                .bearer_auth(&token)
                .header("Prefer", "return=representation");
            if let Some(key) = key {
                request = request.header("PayPal-Request-Id", key);
            }
            if let Some(body) = &body {
                request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
            }
            let answer = request.send().await?;
            // A token can be withdrawn before its time.
            if answer.status() == StatusCode::UNAUTHORIZED && refused.is_none() {
                refused = Some(token);
                continue;
            }
            return read(answer).await;
        }
    }

    /// What calls are allowed with: the token that there is, unless it was refused or is about to end.
    async fn token(&self, refused: Option<&str>) -> Result<String, Problem> {
        // Held while asking: whoever waits for a token waits for this one.
        let mut token = self.token.lock().await;
        if let Some(known) = &*token
            && known.good_until > Instant::now()
            && refused != Some(known.text.as_str())
        {
            return Ok(known.text.clone());
        }
        let Config { client_id, client_secret, .. } = &self.config;
        let asked = Instant::now();
        let request = self
            .http
            .post(self.address("/v1/oauth2/token"))
            .basic_auth(client_id, Some(client_secret))
            .form(&[("grant_type", "client_credentials")]);
        let granted: Granted = parse(&read(request.send().await?).await?)?;
        let lifetime = Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        *token = Some(Token { text: granted.access_token.clone(), good_until: asked + lifetime });
        Ok(granted.access_token)
    }

    fn address(&self, path: &str) -> String {
        let base = self.config.base_url.as_deref().unwrap_or(LIVE);
        format!("{}{path}", base.trim_end_matches('/'))
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// The path of a thing. An id that could not be PayPal's would lead elsewhere.
pub fn path(things: &str, id: &str) -> Result<String, Problem> {
    let is_one = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_one { Ok(format!("{things}/{id}")) } else { Err(Problem::Unknown) }
}

/// None for what PayPal does not know.
pub fn if_known<T>(answer: Result<T, ProviderError>) -> Result<Option<T>, ProviderError> {
    match answer {
        Err(ProviderError::Unknown) => Ok(None),
        answer => answer.map(Some),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::Away(format!("PayPal's answer is unreadable: {error}")))
}

async fn read(answer: Response) -> Result<Vec<u8>, Problem> {
    let status = answer.status();
    let body = answer.bytes().await?;
    if status.is_success() { Ok(body.into()) } else { Err(problem(status, &body)) }
}

/// What PayPal says where something did not work; of these, calls have the first half and tokens the second.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    name: String,
    message: String,
    debug_id: String,
    details: Vec<Detail>,
    links: Vec<Link>,
    error: String,
    error_description: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    issue: String,
    description: String,
}

fn problem(status: StatusCode, body: &[u8]) -> Problem {
    // Whatever it says, the status counts.
    let told: Told = serde_json::from_slice(body).unwrap_or_default();
    let first = |texts: [&str; 3]| texts.into_iter().find(|it| !it.is_empty()).map(str::to_owned);
    let detail = told.details.into_iter().next().unwrap_or_default();
    let issue = first([&detail.issue, &told.name, &told.error]).unwrap_or_default();
    let text = first([&detail.description, &told.message, &told.error_description])
        .unwrap_or_else(|| format!("PayPal answered with status {}", status.as_u16()));
    match status.as_u16() {
        404 => Problem::Unknown,
        // Keys that are not taken, which says nothing of what was asked; too many requests, a conflict with another one that is
        // under way, and errors of PayPal's own.
        401 | 403 | 408 | 409 | 429 | 500.. => Problem::Away(text),
        _ => {
            // PayPal's support asks for the id.
            tracing::warn!(status = status.as_u16(), issue, debug_id = told.debug_id, "paypal.refused");
            Problem::Refused(Refusal { issue, text, links: told.links })
        }
    }
}
