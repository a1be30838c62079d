//! What YooKassa sends by itself.

use chrono::{DateTime, Utc};
use plugin_api::payment::{Event, Message, Subject, WebhookError};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

/// What is needed of a notification; the rest is read from YooKassa, so that it does not matter how old this is.
#[derive(Deserialize)]
struct Told {
    event: String,
    object: Value,
}

/// Reads a notification that came to an address whose `key` has to be `secret`.
pub fn read(message: &Message<'_>, secret: &str, now: DateTime<Utc>) -> Result<Event, WebhookError> {
    let query = message.query.unwrap_or_default().as_bytes();
    let mut keys = form_urlencoded::parse(query).filter(|(name, _)| name == "key");
    let is_ours = keys.next().is_some_and(|(_, key)| key.as_bytes().ct_eq(secret.as_bytes()).into());
    if !is_ours {
        return Err(WebhookError::Signature);
    }
    let Told { event, object } = serde_json::from_slice(message.body).map_err(|_| WebhookError::Payload)?;
    let id = object["id"].as_str().ok_or(WebhookError::Payload)?;
    let payment = match event.split_once('.') {
        Some(("payment", _)) => Some(id),
        Some(("refund", _)) => object["payment_id"].as_str(),
        _ => None,
    };
    let time = |name: &str| DateTime::parse_from_rfc3339(object[name].as_str()?).ok();
    Ok(Event {
        // YooKassa gives notifications no id; an object comes to each of its states once.
        id: format!("{event}:{id}"),
        occurred_at: time("captured_at").or_else(|| time("created_at")).map_or(now, |at| at.to_utc()),
        subject: payment.map(|id| Subject::Payment(id.to_owned())),
        kind: event,
    })
}
