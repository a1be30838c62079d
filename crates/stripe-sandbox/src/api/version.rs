//! Older shapes for clients that pin an older version (`Stripe-Version`).
//!
//! With version 2025-03-31 Stripe moved the billing period from subscriptions to their items, and took the links to
//! subscription, charge and payment intent off invoices. Whoever asks for an earlier version gets them added back. With
//! 2026-03-25 the hosted page's mode became `hosted_page`.

use serde_json::{Value, json};

use crate::state::State;

const MOVED: &str = "2025-03-31";
const RENAMED: &str = "2026-03-25";

/// Brings an answer into the shape of `version`.
pub fn adapt(answer: &mut Value, version: &str, state: &State) {
    if version < MOVED {
        add_former_fields(answer, state);
    }
    if version < RENAMED {
        give_former_names(answer);
    }
}

fn give_former_names(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(give_former_names),
        Value::Object(fields) => {
            fields.values_mut().for_each(give_former_names);
            if value["object"] == "checkout.session" {
                value["ui_mode"] = "hosted".into();
            }
        }
        _ => {}
    }
}

fn add_former_fields(value: &mut Value, state: &State) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| add_former_fields(element, state)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| add_former_fields(field, state));
            let former = match value["object"].as_str() {
                Some("subscription") => json!({
                    "current_period_start": value["items"]["data"][0]["current_period_start"],
                    "current_period_end": value["items"]["data"][0]["current_period_end"],
                }),
                Some("invoice") => invoice(value, state),
                Some("line_item") => line(value),
                None | Some(_) => return,
            };
            if let (Some(fields), Value::Object(former)) = (value.as_object_mut(), former) {
                fields.extend(former);
            }
        }
        _ => {}
    }
}

fn invoice(value: &Value, state: &State) -> Value {
    let invoice = value["id"].as_str().and_then(|id| state.invoices.get(id));
    let intent = invoice.and_then(|it| it.payment_intent.as_deref());
    let charge = intent.and_then(|id| state.payment_intents.get(id)).and_then(|it| it.latest_charge.clone());
    json!({
        "charge": charge,
        "discount": null,
        "paid": value["status"] == "paid",
        "paid_out_of_band": invoice.is_some_and(|it| it.paid_out_of_band),
        "payment_intent": intent,
        "quote": null,
        "subscription": value["parent"]["subscription_details"]["subscription"],
        "tax": null,
        "total_tax_amounts": [],
    })
}

fn line(value: &Value) -> Value {
    let parent = &value["parent"];
    let item = &parent["subscription_item_details"];
    let once = &parent["invoice_item_details"];
    let mut former = json!({
        "amount_excluding_tax": value["amount"],
        "price": null,
        "proration": item["proration"] == true || once["proration"] == true,
        "proration_details": { "credited_items": null },
        "tax_amounts": [],
        "tax_rates": [],
        "type": if item.is_null() { "invoiceitem" } else { "subscription" },
        "unit_amount_excluding_tax": value["pricing"]["unit_amount_decimal"],
    });
    if item["subscription_item"].is_string() {
        former["subscription_item"] = item["subscription_item"].clone();
    }
    former
}
