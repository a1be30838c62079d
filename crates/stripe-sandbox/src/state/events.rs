//! Telling what happened: events, and their deliveries to those who want them.

use serde_json::{Map, Value};

use super::State;
use crate::model::event::{Delivery, DeliveryStatus, Event};
use crate::render::Render;

/// How many events and deliveries are remembered.
const KEPT: usize = 5_000;

impl State {
    /// Records an event with the object as it is now.
    pub fn emit(&mut self, kind: &str, object: &impl Render) {
        let object = object.render(self);
        self.record(kind, object, None);
    }

    /// Records an `updated` event with what was different in `before`. Nothing different, no event.
    pub fn emit_change(&mut self, kind: &str, before: &Value, object: &impl Render) {
        let after = object.render(self);
        if let Some(previous) = difference(before, &after) {
            self.record(kind, after, Some(previous));
        }
    }

    fn record(&mut self, kind: &str, object: Value, previous: Option<Value>) {
        let event = Event {
            id: self.ids.make("evt"),
            created: self.now,
            kind: kind.to_owned(),
            object,
            previous,
            cause: self.cause.clone(),
        };
        let receivers: Vec<String> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.wants(kind))
            .map(|endpoint| endpoint.id.clone())
            .collect();
        for endpoint in receivers {
            self.dispatch(&event.id, &endpoint);
        }
        self.events.put(event);
        self.forget_oldest();
    }

    /// Puts an event on its way to an endpoint, as the switches say.
    fn dispatch(&mut self, event: &str, endpoint: &str) {
        let copies = if self.controls.duplicate { 2 } else { 1 };
        let dropped = self.controls.drop_next > 0;
        if dropped {
            self.controls.drop_next -= 1;
        }
        for _ in 0..copies {
            let status = match (dropped, self.controls.hold) {
                (true, _) => DeliveryStatus::Dropped,
                (false, true) => DeliveryStatus::Held,
                (false, false) => DeliveryStatus::Pending,
            };
            let delivery = Delivery {
                id: self.ids.make("dlv"),
                event: event.to_owned(),
                endpoint: endpoint.to_owned(),
                status,
                attempts: Vec::new(),
            };
            if status == DeliveryStatus::Pending {
                self.batch.push(delivery.id.clone());
            }
            self.deliveries.put(delivery);
        }
    }

    /// Sends what was held back.
    pub fn release(&mut self) {
        let held: Vec<String> = self
            .deliveries
            .iter()
            .filter(|delivery| delivery.status == DeliveryStatus::Held)
            .map(|delivery| delivery.id.clone())
            .collect();
        for id in &held {
            self.deliveries.update(id, |delivery| delivery.status = DeliveryStatus::Pending);
        }
        self.batch.extend(held);
    }

    /// Sends a delivery again, whatever became of it.
    pub fn send_again(&mut self, delivery: &str) {
        self.deliveries.update(delivery, |delivery| delivery.status = DeliveryStatus::Pending);
        self.batch.push(delivery.to_owned());
    }

    /// The deliveries to send now, in the order the switches ask for.
    pub fn take_batch(&mut self) -> Vec<String> {
        let mut batch = std::mem::take(&mut self.batch);
        if self.controls.shuffle {
            for last in (1..batch.len()).rev() {
                let other = self.ids.number() % (last as u64 + 1);
                batch.swap(last, usize::try_from(other).unwrap_or_default());
            }
        }
        batch
    }

    fn forget_oldest(&mut self) {
        // In large steps, as removing from the front moves all others.
        if self.events.len() <= KEPT + 500 {
            return;
        }
        let oldest_kept = self.events.newest().nth(KEPT).map(|event| event.id.clone());
        if let Some(limit) = oldest_kept {
            let old: std::collections::HashSet<String> =
                self.events.iter().map(|event| event.id.clone()).take_while(|id| *id != limit).collect();
            self.events.retain(|event| !old.contains(&event.id));
            self.deliveries.retain(|delivery| !old.contains(&delivery.event));
        }
    }
}

/// The former values of all fields that changed, one level deep below objects, as Stripe reports them.
fn difference(before: &Value, after: &Value) -> Option<Value> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return None };
    let changed: Map<String, Value> = after
        .iter()
        .filter_map(|(name, new)| {
            let old = before.get(name).unwrap_or(&Value::Null);
            if old == new {
                return None;
            }
            let is_list = new.get("object").is_some();
            let inner =
                if old.is_object() && new.is_object() && !is_list { difference(old, new) } else { None };
            Some((name.clone(), inner.unwrap_or_else(|| old.clone())))
        })
        .collect();
    (!changed.is_empty()).then_some(Value::Object(changed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_former_values_only() {
        let before = json!({"a": 1, "b": {"c": 1, "d": 2}, "e": null});
        let after = json!({"a": 1, "b": {"c": 9, "d": 2}, "e": "x"});
        assert_eq!(difference(&before, &after), Some(json!({"b": {"c": 1}, "e": null})));
        assert_eq!(difference(&before, &before), None);
    }
}
