//! How objects look on the wire: today's shapes, with every field Stripe's own description calls required.
//!
//! Fields for features the sandbox lacks are there with the value they have at Stripe while nobody uses the feature, since
//! strict clients refuse an object that lacks them.

mod catalogue;
mod checkout;
mod customer;
mod dispute;
mod invoice;
mod payment;
mod subscription;
mod system;

pub use invoice::InvoicePayment;
pub use system::{WithSecret, event_body};

use serde_json::{Value, json};

use crate::state::State;

/// An object that can be shown to clients.
pub trait Render {
    fn render(&self, state: &State) -> Value;
}

/// A list within an object, complete.
pub fn embedded_list(data: Vec<Value>, url: &str) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "url": url })
}

fn shown<T: Render>(record: Option<&T>, state: &State) -> Option<Value> {
    record.map(|record| record.render(state))
}

impl State {
    /// The object of an id, whatever its kind; clients expand ids to objects.
    pub fn render_any(&self, id: &str) -> Option<Value> {
        let (prefix, _) = id.split_once('_')?;
        match prefix {
            "ch" => shown(self.charges.get(id), self),
            "clock" => shown(self.test_clocks.get(id), self),
            "cs" => shown(self.checkout_sessions.get(id), self),
            "cus" => shown(self.customers.get(id), self),
            "du" => shown(self.disputes.get(id), self),
            "in" => shown(self.invoices.get(id), self),
            "pi" => shown(self.payment_intents.get(id), self),
            "pm" => shown(self.payment_methods.get(id), self),
            "price" => shown(self.prices.get(id), self),
            "prod" => shown(self.products.get(id), self),
            "re" => shown(self.refunds.get(id), self),
            "sub" => shown(self.subscriptions.get(id), self),
            _ => None,
        }
    }
}
