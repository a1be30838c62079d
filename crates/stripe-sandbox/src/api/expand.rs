//! `expand[]`: ids become the objects they name.

use serde_json::Value;

use crate::error::ApiError;
use crate::render::embedded_list;
use crate::state::State;

const DEEPEST: usize = 4;

/// Expands each path in an answer.
pub fn all(state: &State, mut answer: Value, paths: &[String]) -> Result<Value, ApiError> {
    for path in paths {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > DEEPEST {
            return Err(ApiError::invalid_param(
                "expand",
                "You cannot expand more than 4 levels of a property.",
            ));
        }
        expand(state, &mut answer, &steps).ok_or_else(|| {
            ApiError::invalid_param("expand", format!("This property cannot be expanded ({path})."))
        })?;
    }
    Ok(answer)
}

/// Follows a path; `None` where it leads to nothing that could be expanded.
fn expand(state: &State, value: &mut Value, steps: &[&str]) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else { return Some(()) };
    if let Value::Array(elements) = value {
        return elements.iter_mut().try_for_each(|element| expand(state, element, steps));
    }
    if value.get(*step).is_none() {
        let included = includable(state, value, step)?;
        value.as_object_mut()?.insert((*step).to_owned(), included);
    }
    let inner = value.get_mut(*step)?;
    if let Value::String(id) = inner {
        *inner = state.render_any(id)?;
    }
    if inner.is_null() {
        return Some(());
    }
    match inner {
        Value::Array(elements) if *step == "data" => {
            elements.iter_mut().try_for_each(|it| expand(state, it, rest))
        }
        _ => expand(state, inner, rest),
    }
}

/// Lists that are left out unless they are asked for.
fn includable(state: &State, value: &Value, name: &str) -> Option<Value> {
    let id = value["id"].as_str()?;
    match (value["object"].as_str()?, name) {
        ("checkout.session", "line_items") => {
            let session = state.checkout_sessions.get(id)?;
            Some(embedded_list(
                session.render_line_items(state),
                &format!("/v1/checkout/sessions/{id}/line_items"),
            ))
        }
        ("invoice", "payments") => {
            let invoice = state.invoices.get(id)?;
            Some(embedded_list(invoice.render_payments(state), "/v1/invoice_payments"))
        }
        ("charge", "refunds") => {
            let refunds = state.refunds.newest().filter(|it| it.charge == id);
            let data = refunds.map(|it| crate::render::Render::render(it, state)).collect();
            Some(embedded_list(data, &format!("/v1/charges/{id}/refunds")))
        }
        ("customer", "subscriptions") => {
            let live = state.subscriptions.newest().filter(|it| it.customer == id && it.ended_at.is_none());
            let data = live.map(|it| crate::render::Render::render(it, state)).collect();
            Some(embedded_list(data, &format!("/v1/customers/{id}/subscriptions")))
        }
        _ => None,
    }
}
