//! Messages, and who can say that they are ours.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::Sha256;

use super::render::time;
use super::{Config, State};

/// The waits before a message is sent, and sent again.
const WAITS: [u64; 6] = [0, 1, 5, 30, 120, 600];

/// How long one delivery may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// PayPal's name of its signatures. What is played here is simpler.
const ALGORITHM: &str = "SHA256withRSA";

/// A message as it is sent.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// What happened, such as `PAYMENT.CAPTURE.COMPLETED`.
    pub kind: String,
    /// The five headers that PayPal signs with.
    pub headers: HeaderMap,
    /// What is sent, to the byte.
    pub body: String,
}

/// A message that is not signed yet.
#[derive(Debug, Clone)]
pub struct Message {
    pub kind: String,
    pub body: String,
    pub at: DateTime<Utc>,
}

/// What a signature is about.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub transmission_id: &'a str,
    pub transmission_time: &'a str,
    pub cert_url: &'a str,
    pub auth_algo: &'a str,
    pub webhook_id: &'a str,
    pub body: &'a str,
}

impl Signed<'_> {
    fn mac(&self, secret: &str) -> Hmac<Sha256> {
        // HMAC takes keys of any length.
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any key");
        let Self { transmission_id, transmission_time, cert_url, auth_algo, webhook_id, body } = self;
        for part in [transmission_id, transmission_time, cert_url, auth_algo, webhook_id, body] {
            mac.update(part.as_bytes());
            mac.update(b"|");
        }
        mac
    }

    /// Whether a signature is right.
    pub fn is_signed(&self, signature: &str, secret: &str) -> bool {
        let signature = STANDARD.decode(signature).unwrap_or_default();
        self.mac(secret).verify_slice(&signature).is_ok()
    }
}

impl Message {
    /// That something happened at `at`.
    pub fn new(kind: &str, resource_type: &str, resource: &Value, at: DateTime<Utc>) -> Self {
        let body = json!({
            "id": format!("WH-{}", State::new_id('E')),
            "event_version": "1.0",
            "create_time": time(at),
            "resource_type": resource_type,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": kind,
            "resource": resource,
        });
        Self { kind: kind.to_owned(), body: body.to_string(), at }
    }

    /// The message as it is sent.
    pub fn signed(&self, config: &Config) -> Webhook {
        let (transmission_id, transmission_time) = (State::new_id('T'), time(self.at));
        let cert_url = format!("{}/v1/notifications/certs/CERT-1", config.public_url);
        let signed = Signed {
            transmission_id: &transmission_id,
            transmission_time: &transmission_time,
            cert_url: &cert_url,
            auth_algo: ALGORITHM,
            webhook_id: &config.webhook_id,
            body: &self.body,
        };
        let signature = STANDARD.encode(signed.mac(&config.client_secret).finalize().into_bytes());
        let headers = [
            ("paypal-transmission-id", transmission_id.as_str()),
            ("paypal-transmission-time", &transmission_time),
            ("paypal-transmission-sig", &signature),
            ("paypal-cert-url", &cert_url),
            ("paypal-auth-algo", ALGORITHM),
        ];
        // An address that is no header could not be called either.
        let headers = headers.into_iter().filter_map(|(name, text)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(text).ok()?))
        });
        Webhook { kind: self.kind.clone(), headers: headers.collect(), body: self.body.clone() }
    }
}

/// Sends messages until they are taken, one after the other.
pub async fn deliver(url: String, messages: Vec<Webhook>) {
    let client = reqwest::Client::new();
    for message in messages {
        for wait in WAITS {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            let request = client
                .post(&url)
                .timeout(TIME_LIMIT)
                .headers(message.headers.clone())
                .header("content-type", "application/json")
                .body(message.body.clone());
            match request.send().await {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) => {
                    tracing::warn!(
                        status = answer.status().as_u16(),
                        message.kind,
                        "paypal_sandbox.not_taken"
                    );
                }
                Err(error) => tracing::warn!(%error, message.kind, "paypal_sandbox.not_taken"),
            }
        }
    }
}
