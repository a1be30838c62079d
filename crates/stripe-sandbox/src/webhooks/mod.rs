//! Sending events: signed, one after the other, again after a wait when refused.

pub mod signature;

use std::sync::{Arc, Weak};

use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::model::Timestamp;
use crate::model::event::{Attempt, Delivery, DeliveryStatus};
use crate::render::event_body;
use crate::sandbox::Inner;
use crate::state::State;

/// How much of a receiver's answer is kept.
const KEPT_ANSWER: usize = 300;

/// Sends deliveries in the order they come, until the sandbox is gone.
///
/// One at a time, so that the order is the one asked for; a receiver that wants another can ask for a shuffle.
pub(crate) async fn send_all(sandbox: Weak<Inner>, mut inbox: UnboundedReceiver<String>) {
    let Ok(client) =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()
    else {
        tracing::error!("the sandbox cannot send webhooks: no HTTP client");
        return;
    };
    loop {
        // Waiting with a strong handle would keep the sandbox alive for ever.
        let next = tokio::time::timeout(std::time::Duration::from_secs(1), inbox.recv()).await;
        match (next, sandbox.upgrade()) {
            (Ok(Some(delivery)), Some(sandbox)) => {
                send(&client, &sandbox, &delivery).await;
                sandbox.delivered.notify_waiters();
            }
            (Ok(None), _) | (_, None) => return,
            (Err(_), Some(_)) => {}
        }
    }
}

/// An event ready to be posted to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The address it goes to.
    pub url: String,
    /// What happened, such as `invoice.paid`.
    pub kind: String,
    /// The body, to the byte as it was signed.
    pub payload: String,
    /// The value of the header `Stripe-Signature`.
    pub signature: String,
}

/// A delivery, signed at `at`; none where event or endpoint are gone.
pub(crate) fn sign(state: &State, delivery: &Delivery, at: Timestamp) -> Option<Webhook> {
    let event = state.events.get(&delivery.event)?;
    let endpoint = state.endpoints.get(&delivery.endpoint)?;
    let body = event_body(event, event.pending_webhooks(state), endpoint.api_version.as_deref());
    let payload = format!("{body:#}");
    let signature = signature::header(&payload, &endpoint.secret, at);
    Some(Webhook { url: endpoint.url.clone(), kind: event.kind.clone(), payload, signature })
}

async fn send(client: &reqwest::Client, sandbox: &Arc<Inner>, delivery: &str) {
    let at = sandbox.config.clock.now().timestamp();
    let Some(webhook) = pack(sandbox, delivery, at) else {
        give_up(sandbox, delivery, at);
        return;
    };
    let outcome = client
        .post(&webhook.url)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header(USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header("Stripe-Signature", webhook.signature)
        .timeout(sandbox.config.retries.webhook_timeout)
        .body(webhook.payload)
        .send()
        .await;
    let attempt = match outcome {
        Err(problem) => Attempt { at, status: None, answer: problem.to_string() },
        Ok(response) => {
            let status = Some(response.status().as_u16());
            let answer = response.text().await.unwrap_or_default().chars().take(KEPT_ANSWER).collect();
            Attempt { at, status, answer }
        }
    };
    note(sandbox, delivery, attempt);
}

fn pack(sandbox: &Inner, delivery: &str, at: Timestamp) -> Option<Webhook> {
    let state = sandbox.lock();
    let delivery = state.deliveries.get(delivery).filter(|it| it.status == DeliveryStatus::Pending)?;
    sign(&state, delivery, at)
}

/// Ends a delivery whose endpoint is gone, so that nobody waits for it.
fn give_up(sandbox: &Inner, id: &str, at: i64) {
    sandbox.lock().deliveries.update(id, |delivery| {
        if delivery.status == DeliveryStatus::Pending {
            delivery.status = DeliveryStatus::Failed;
            delivery.attempts.push(Attempt { at, status: None, answer: "The endpoint is gone.".to_owned() });
        }
    });
}

/// Writes an attempt down and plans the next one, if one is left.
fn note(sandbox: &Arc<Inner>, id: &str, attempt: Attempt) {
    let accepted = attempt.status.is_some_and(|status| (200..300).contains(&status));
    let mut wait = None;
    sandbox.lock().deliveries.update(id, |delivery| {
        delivery.attempts.push(attempt);
        let failed = delivery.attempts.len();
        wait = sandbox.config.retries.webhooks.get(failed - 1).copied().filter(|_| !accepted);
        delivery.status = match (accepted, wait) {
            (true, _) => DeliveryStatus::Delivered,
            (false, Some(_)) => DeliveryStatus::Pending,
            (false, None) => DeliveryStatus::Failed,
        };
    });
    if let Some(wait) = wait {
        let (sandbox, id) = (Arc::downgrade(sandbox), id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(sandbox) = sandbox.upgrade() {
                sandbox.enqueue(id);
            }
        });
    }
}
