//! What PayPal sends by itself.

use chrono::{DateTime, TimeDelta, Utc};
use plugin_api::payment::{Event, Message, Subject, WebhookError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::PayPal;
use crate::client::Problem;

/// After how long a message is not believed any more. PayPal repeats one for three days, and does not say whether it signs it
/// anew; an older one can only be somebody's copy. A copy changes nothing, as each is kept once.
const TOO_OLD: TimeDelta = TimeDelta::days(4);

/// What PayPal is asked about a message: the headers that it came with, and the body to the byte.
#[derive(Serialize)]
struct Question<'a> {
    transmission_id: &'a str,
    transmission_time: &'a str,
    transmission_sig: &'a str,
    cert_url: &'a str,
    auth_algo: &'a str,
    webhook_id: &'a str,
    webhook_event: &'a RawValue,
}

#[derive(Deserialize)]
struct Answer {
    verification_status: String,
}

/// What is needed of an event; the rest is read from PayPal, so that it does not matter how old this is.
#[derive(Deserialize)]
struct Told {
    id: String,
    event_type: String,
    create_time: DateTime<Utc>,
    #[serde(default)]
    resource: Value,
}

impl PayPal {
    /// Asks PayPal whether a message is its own, and reads it.
    pub(crate) async fn check(
        &self,
        message: &Message<'_>,
        now: DateTime<Utc>,
    ) -> Result<Event, WebhookError> {
        let question = self.question(message).ok_or(WebhookError::Signature)?;
        let sent = DateTime::parse_from_rfc3339(question.transmission_time);
        if sent.map_err(|_| WebhookError::Signature)? + TOO_OLD < now {
            return Err(WebhookError::Signature);
        }
        let path = "/v1/notifications/verify-webhook-signature";
        match self.client.post::<Answer>(path, None, &question).await {
            Ok(answer) if answer.verification_status == "SUCCESS" => {}
            // What PayPal cannot make sense of is not its own.
            Ok(_) | Err(Problem::Refused(_) | Problem::Unknown) => return Err(WebhookError::Signature),
            Err(Problem::Away(problem)) => {
                tracing::warn!(problem, "paypal.signature_not_checked");
                return Err(WebhookError::Unchecked);
            }
        }
        let told: Told = serde_json::from_slice(message.body).map_err(|_| WebhookError::Payload)?;
        Ok(Event {
            subject: subject(&told.event_type, &told.resource),
            occurred_at: told.create_time,
            id: told.id,
            kind: told.event_type,
        })
    }

    /// None for a message that cannot be PayPal's.
    fn question<'a>(&'a self, message: &Message<'a>) -> Option<Question<'a>> {
        Some(Question {
            transmission_id: message.header("paypal-transmission-id")?,
            transmission_time: message.header("paypal-transmission-time")?,
            transmission_sig: message.header("paypal-transmission-sig")?,
            cert_url: message.header("paypal-cert-url")?,
            auth_algo: message.header("paypal-auth-algo")?,
            webhook_id: &self.webhook_id,
            webhook_event: serde_json::from_slice(message.body).ok()?,
        })
    }
}

/// What an event is about. An order that was approved is captured when it is read.
fn subject(kind: &str, resource: &Value) -> Option<Subject> {
    let text = |path: &str| resource.pointer(path).and_then(Value::as_str).map(str::to_owned);
    if kind.starts_with("CHECKOUT.ORDER.") {
        text("/id").map(Subject::Session)
    } else if kind.starts_with("PAYMENT.CAPTURE.") || kind.starts_with("PAYMENT.REFUND.") {
        // Of a refund or a reversal the payment is named by a link alone.
        refunded(resource).or_else(|| text("/id")).map(Subject::Payment)
    } else if kind.starts_with("CUSTOMER.DISPUTE.") {
        text("/disputed_transactions/0/seller_transaction_id").map(Subject::Payment)
    } else {
        None
    }
}

/// The payment that a refund gives back.
fn refunded(resource: &Value) -> Option<String> {
    let links = resource["links"].as_array()?.iter();
    let up = links.filter(|link| link["rel"] == "up").find_map(|link| link["href"].as_str());
    Some(up?.split_once("/captures/")?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_event_is_about_is_found_in_each_of_its_shapes() {
        let link =
            |rel: &str, to: &str| json!({ "rel": rel, "href": format!("https://api.paypal.com/v2{to}") });
        let refund = json!({ "id": "R1", "links": [link("self", "/payments/refunds/R1"), link("up", "/payments/captures/C1")] });
        let capture = json!({ "id": "C1", "links": [link("self", "/payments/captures/C1"), link("up", "/checkout/orders/O1")] });
        let dispute =
            json!({ "dispute_id": "PP-1", "disputed_transactions": [{ "seller_transaction_id": "C1" }] });
        let payment = Some(Subject::Payment("C1".to_owned()));
        for (kind, resource, expected) in [
            ("CHECKOUT.ORDER.APPROVED", &json!({ "id": "O1" }), Some(Subject::Session("O1".to_owned()))),
            ("PAYMENT.CAPTURE.COMPLETED", &capture, payment.clone()),
            ("PAYMENT.CAPTURE.DENIED", &capture, payment.clone()),
            ("PAYMENT.CAPTURE.REFUNDED", &refund, payment.clone()),
            ("PAYMENT.CAPTURE.REVERSED", &refund, payment.clone()),
            ("CUSTOMER.DISPUTE.CREATED", &dispute, payment),
            ("CUSTOMER.DISPUTE.CREATED", &json!({}), None),
            ("BILLING.SUBSCRIPTION.ACTIVATED", &json!({ "id": "I-1" }), None),
            ("PAYMENT.CAPTURE.DREAMT", &json!([]), None),
        ] {
            assert_eq!(subject(kind, resource), expected, "{kind}");
        }
    }
}
