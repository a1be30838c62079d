//! PayPal's shapes.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::money::Money;
use serde_json::{Value, json};

use super::state::{Capture, Order, Refund, State};
use crate::amount::to_paypal;

/// The only payer that there is.
pub const PAYER: &str = "ADA1815BYRON";

impl State {
    /// The page where an order is approved.
    pub fn page(&self, id: &str) -> String {
        format!("{}/checkoutnow?token={id}", self.base)
    }

    /// An order.
    pub fn render(&self, order: &Order) -> Value {
        let path = format!("{}/v2/checkout/orders/{}", self.base, order.id);
        let mut links = vec![link("self", "GET", &path)];
        let mut unit = order.unit.clone();
        unit["reference_id"] = json!("default");
        let mut rendered = json!({
            "id": order.id,
            "intent": "CAPTURE",
            "status": order.status,
            "create_time": time(order.created),
            "update_time": time(order.updated),
        });
        if order.status == "PAYER_ACTION_REQUIRED" {
            links.push(link("payer-action", "GET", &self.page(&order.id)));
        } else {
            rendered["payer"] = json!({ "payer_id": PAYER, "email_address": "ada@customer.example" });
        }
        if order.status == "APPROVED" {
            links.push(link("update", "PATCH", &path));
            links.push(link("capture", "POST", &format!("{path}/capture")));
        }
        if let Some(capture) = &order.capture {
            let refunds: Vec<Value> =
                order.refunds.iter().map(|refund| self.render_refund(order, refund)).collect();
            unit["payments"] = json!({ "captures": [self.render_capture(order, capture)] });
            if !refunds.is_empty() {
                unit["payments"]["refunds"] = json!(refunds);
            }
        }
        rendered["purchase_units"] = json!([unit]);
        rendered["links"] = json!(links);
        rendered
    }

    /// The payment of an order.
    pub fn render_capture(&self, order: &Order, capture: &Capture) -> Value {
        let path = format!("{}/v2/payments/captures/{}", self.base, capture.id);
        let mut rendered = json!({
            "id": capture.id,
            "status": capture.status,
            "amount": amount(order.amount),
            "final_capture": true,
            "custom_id": capture.custom_id,
            "invoice_id": order.unit["invoice_id"],
            "supplementary_data": { "related_ids": { "order_id": order.id } },
            "create_time": time(capture.created),
            "update_time": time(capture.updated),
            "links": [
                link("self", "GET", &path),
                link("refund", "POST", &format!("{path}/refund")),
                link("up", "GET", &format!("{}/v2/checkout/orders/{}", self.base, order.id)),
            ],
        });
        if let Some(reason) = capture.reason {
            rendered["status_details"] = json!({ "reason": reason });
        }
        rendered
    }

    /// A refund of an order's payment.
    pub fn render_refund(&self, order: &Order, refund: &Refund) -> Value {
        let capture = order.capture.as_ref().map_or("", |capture| &capture.id);
        json!({
            "id": refund.id,
            "status": refund.status,
            "amount": amount(refund.amount),
            "create_time": time(refund.created),
            "update_time": time(refund.created),
            "links": [
                link("self", "GET", &format!("{}/v2/payments/refunds/{}", self.base, refund.id)),
                link("up", "GET", &format!("{}/v2/payments/captures/{capture}", self.base)),
            ],
        })
    }
}

fn link(rel: &str, method: &str, href: &str) -> Value {
    json!({ "rel": rel, "method": method, "href": href })
}

/// Orders are only made in amounts that PayPal takes.
fn amount(amount: Money) -> Value {
    to_paypal(amount).map_or(Value::Null, |amount| json!(amount))
}

/// An instant, without parts of a second.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
