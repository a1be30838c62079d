//! What belongs to no purchase: events, endpoints, portal visits, test clocks.

use serde_json::{Value, json};

use super::Render;
use crate::API_VERSION;
use crate::model::endpoint::WebhookEndpoint;
use crate::model::event::{DeliveryStatus, Event};
use crate::model::portal::PortalSession;
use crate::model::test_clock::TestClock;
use crate::state::State;

/// An event as one endpoint receives it, in the version that endpoint asked for.
pub fn event_body(event: &Event, pending: usize, api_version: Option<&str>) -> Value {
    let mut data = json!({ "object": event.object });
    if let (Some(fields), Some(previous)) = (data.as_object_mut(), &event.previous) {
        fields.insert("previous_attributes".into(), previous.clone());
    }
    json!({
        "id": event.id,
        "object": "event",
        "api_version": api_version.unwrap_or(API_VERSION),
        "created": event.created,
        "data": data,
        "livemode": false,
        "pending_webhooks": pending,
        "request": { "id": event.cause.request, "idempotency_key": event.cause.idempotency_key },
        "type": event.kind,
    })
}

impl Event {
    /// How many endpoints have not confirmed it yet.
    pub fn pending_webhooks(&self, state: &State) -> usize {
        let waiting = |status| matches!(status, DeliveryStatus::Pending | DeliveryStatus::Held);
        state.deliveries.iter().filter(|it| it.event == self.id && waiting(it.status)).count()
    }
}

impl Render for Event {
    fn render(&self, state: &State) -> Value {
        event_body(self, self.pending_webhooks(state), None)
    }
}

impl Render for WebhookEndpoint {
    fn render(&self, _: &State) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.disabled { "disabled" } else { "enabled" },
            "url": self.url,
        })
    }
}

/// An endpoint just made, which is the one time its secret is told.
pub struct WithSecret<'a>(pub &'a WebhookEndpoint);

impl Render for WithSecret<'_> {
    fn render(&self, state: &State) -> Value {
        let mut endpoint = self.0.render(state);
        if let Some(fields) = endpoint.as_object_mut() {
            fields.insert("secret".into(), self.0.secret.as_str().into());
        }
        endpoint
    }
}

impl Render for PortalSession {
    fn render(&self, state: &State) -> Value {
        json!({
            "id": self.id,
            "object": "billing_portal.session",
            "configuration": "bpc_sandbox",
            "created": self.created,
            "customer": self.customer,
            "customer_account": null,
            "flow": null,
            "livemode": false,
            "locale": null,
            "on_behalf_of": null,
            "return_url": self.return_url,
            "url": state.hosted(&format!("/portal/{}", self.id)),
        })
    }
}

impl Render for TestClock {
    fn render(&self, _: &State) -> Value {
        json!({
            "id": self.id,
            "object": "test_helpers.test_clock",
            "created": self.created,
            "deletes_after": self.created + 30 * 86_400,
            "frozen_time": self.frozen_time,
            "livemode": false,
            "name": self.name,
            "status": "ready",
            "status_details": {},
        })
    }
}
