//! The connection to YooKassa, and what its errors mean.

use std::time::Duration;

use plugin_api::payment::ProviderError;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Config;

/// YooKassa's own address.
const LIVE: &str = "https://api.yookassa.ru/v3";

/// How long one call may take. People wait for some of them.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// How long it may take to find somebody to talk to.
const CONNECTION_LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    shop_id: String,
    secret_key: String,
}

/// What YooKassa says of a call that it did not answer.
#[derive(Deserialize)]
struct Told {
    description: Option<String>,
}

impl Client {
    pub fn new(config: &Config) -> Result<Self, ProviderError> {
        let base_url = config.base_url.as_deref().unwrap_or(LIVE).trim_end_matches('/').to_owned();
        let is_address = Url::parse(&base_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_address {
            return Err(ProviderError::Refused("the payment provider is not set up".to_owned()));
        }
        let http = reqwest::Client::builder()
            .timeout(TIME_LIMIT)
            .connect_timeout(CONNECTION_LIMIT)
            // Nobody else is to be told the key.
            .redirect(Policy::none())
            .build()
            .map_err(away)?;
        let (shop_id, secret_key) = (config.shop_id.clone(), config.secret_key.clone());
        Ok(Self { http, base_url, shop_id, secret_key })
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ProviderError> {
        self.send(self.http.get(format!("{}/{path}", self.base_url))).await
    }

    /// A call that can be repeated: YooKassa answers the second with what the first one made, as it is by then.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<T, ProviderError> {
        let request = self
            .http
            .post(format!("{}/{path}", self.base_url))
            .header("Idempotence-Key", key)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        self.send(request).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ProviderError> {
        let request = request.basic_auth(&self.shop_id, Some(&self.secret_key));
        let answer = request.send().await.map_err(away)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(away)?;
        if status != StatusCode::OK {
            return Err(problem(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| ProviderError::Unavailable(format!("an answer of another shape: {error}")))
    }
}

fn away(error: reqwest::Error) -> ProviderError {
    ProviderError::Unavailable(error.without_url().to_string())
}

/// What an error of YooKassa's means to somebody who does not know YooKassa.
fn problem(status: StatusCode, body: &[u8]) -> ProviderError {
    let told: Option<Told> = serde_json::from_slice(body).ok();
    let text =
        told.and_then(|told| told.description).unwrap_or_else(|| format!("status {}", status.as_u16()));
    match status.as_u16() {
        404 => ProviderError::Unknown,
        // A key that is not taken, which says nothing of what was asked; a call that came too slowly, or too many.
        401 | 403 | 408 | 429 => ProviderError::Unavailable(text),
        400..=499 => ProviderError::Refused(text),
        // Errors of YooKassa's own, and of what is on the way there.
        _ => ProviderError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let problem =
            |status: u16, body: &str| problem(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        for status in [202, 301, 401, 403, 408, 429, 500, 502, 503] {
            assert!(problem(status, "").is_passing(), "{status}");
        }
        for status in [400, 404, 405, 415] {
            assert!(!problem(status, "").is_passing(), "{status}");
        }
        let told = r#"{"type":"error","id":"1","code":"invalid_request","description":"Too much"}"#;
        assert_eq!(problem(400, told), ProviderError::Refused("Too much".to_owned()));
        assert_eq!(problem(502, "<html>"), ProviderError::Unavailable("status 502".to_owned()));
    }
}
