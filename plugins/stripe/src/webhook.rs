//! What Stripe sends by itself.

use chrono::{DateTime, Utc};
use plugin_api::payment::{Event, Message, Subject, WebhookError};
use serde::Deserialize;
use serde_json::Value;
use stripe_webhook::{Webhook, WebhookError as StripeWebhookError};

/// The header that carries the signature.
const SIGNATURE: &str = "stripe-signature";

/// What is needed of an event; the rest is read from Stripe, so that it does not matter how old this is.
#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

pub fn read(message: &Message<'_>, secret: &str, now: DateTime<Utc>) -> Result<Event, WebhookError> {
    let signature = message.header(SIGNATURE).ok_or(WebhookError::Signature)?;
    let body = std::str::from_utf8(message.body).map_err(|_| WebhookError::Signature)?;
    match Webhook::construct_event_with_timestamp(body, signature, secret, now.timestamp()) {
        // A shape that the library does not know yet is read all the same: the signature was looked at first.
        Ok(_) | Err(StripeWebhookError::BadParse(_)) => {}
        Err(_) => return Err(WebhookError::Signature),
    }
    let told: Told = serde_json::from_str(body).map_err(|_| WebhookError::Payload)?;
    Ok(Event {
        subject: subject(&told.data.object),
        occurred_at: DateTime::from_timestamp(told.created, 0).ok_or(WebhookError::Payload)?,
        id: told.id,
        kind: told.kind,
    })
}

/// What an event is about, by the kind of the object it carries.
fn subject(object: &Value) -> Option<Subject> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
    match object["object"].as_str()? {
        "checkout.session" => text("/id").map(Subject::Session),
        "subscription" => text("/id").map(Subject::Subscription),
        "invoice" => text("/parent/subscription_details/subscription").map(Subject::Subscription),
        "payment_intent" => text("/id").map(Subject::Payment),
        "charge" | "refund" | "dispute" => text("/payment_intent").map(Subject::Payment),
        _ => None,
    }
}
