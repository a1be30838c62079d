//! The order that an invoice is paid with: made, marked as closed, and captured.

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::money::Money;
use plugin_api::payment::{NewSession, ProviderError, Session, SessionStatus};
use serde_json::{Value, json};

use crate::PayPal;
use crate::amount::to_paypal;
use crate::client::{Problem, if_known, path};
use crate::shape::{CLOSED, Order, OrderStatus};

/// Where orders are.
const ORDERS: &str = "/v2/checkout/orders";

/// The most letters that PayPal takes as a description.
const DESCRIPTION: usize = 127;

impl PayPal {
    /// An order, if PayPal still knows it.
    pub(crate) async fn order(&self, id: &str) -> Result<Order, ProviderError> {
        Ok(self.client.get(&path(ORDERS, id)?).await?)
    }

    pub(crate) async fn make_order(&self, new: &NewSession) -> Result<Session, ProviderError> {
        let body = order_of(new)?;
        // Somebody may try again from another page, after this one was made and before anybody knew.
        let key = format!("order-{}-{}", new.key, fingerprint(&body));
        let mut order: Order = self.client.post(ORDERS, Some(&key), &body).await?;
        // PayPal forgets an order that nobody approves after three hours, and the key that it was made with after six.
        let status = if let Some(known) = if_known(self.order(&order.id).await)? {
            known.session_status()
        } else {
            let key = format!("{key}-after-{}", order.id);
            order = self.client.post(ORDERS, Some(&key), &body).await?;
            order.session_status()
        };
        let url = order.url().filter(|_| status == SessionStatus::Open).map(str::to_owned);
        let url = url.ok_or_else(|| ProviderError::Refused("the page cannot be paid any more".to_owned()))?;
        Ok(Session { id: order.id, url, customer: None })
    }

    /// Marks an order, so that it is not captured should somebody approve it: PayPal has no way to close one. If PayPal refuses
    /// that, as once it is captured, what somebody pays is given back.
    pub(crate) async fn mark_closed(&self, id: &str) -> Result<(), ProviderError> {
        let order = self.order(id).await?;
        let (invoice_id, is_closed) = order.ours().ok_or(ProviderError::Unknown)?;
        match order.status {
            OrderStatus::Completed => Err(ProviderError::Refused("the page was paid".to_owned())),
            OrderStatus::Voided => Ok(()),
            _ if is_closed => Ok(()),
            _ => {
                let mark = json!([{
                    "op": "replace",
                    "path": "/purchase_units/@reference_id=='default'/custom_id",
                    "value": format!("{CLOSED}{invoice_id}"),
                }]);
                Ok(self.client.patch(&path(ORDERS, id)?, &mark).await?)
            }
        }
    }

    /// Takes the money of an order that was approved. One that cannot be taken is given as what it is then: one that its payer
    /// has to approve again, or that is over.
    pub(crate) async fn capture(&self, mut order: Order) -> Result<Order, ProviderError> {
        // Another key each time that its payer approved it: PayPal may repeat what it said of a card that was declined.
        let approved = order.update_time.map_or(0, |at| at.timestamp());
        let key = format!("capture-{}-{approved}", order.id);
        let path = format!("{}/capture", path(ORDERS, &order.id)?);
        match self.client.post::<Value>(&path, Some(&key), &json!({})).await {
            Ok(_) => {}
            // Somebody else was quicker.
            Err(Problem::Refused(refusal)) if refusal.issue == "ORDER_ALREADY_CAPTURED" => {}
            Err(Problem::Refused(refusal)) if is_declined(&refusal.issue) => {
                order.status = OrderStatus::PayerActionRequired;
                order.links.extend(refusal.links);
                return Ok(order);
            }
            Err(Problem::Refused(refusal)) if is_over(&refusal.issue) => {
                order.status = OrderStatus::Voided;
                return Ok(order);
            }
            Err(problem) => return Err(problem.into()),
        }
        self.order(&order.id).await
    }
}

/// Whether the payer can try again, as with another card.
fn is_declined(issue: &str) -> bool {
    matches!(
        issue,
        "INSTRUMENT_DECLINED"
            | "ORDER_NOT_APPROVED"
            | "PAYER_ACTION_REQUIRED"
            | "PAYER_CANNOT_PAY"
            | "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"
            | "TRANSACTION_REFUSED"
    )
}

/// Whether another order is needed.
fn is_over(issue: &str) -> bool {
    // The last is of an account that takes each invoice number once: another order would fare the same, another provider not.
    matches!(issue, "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED" | "ORDER_EXPIRED" | "DUPLICATE_INVOICE_ID")
}

/// What PayPal is asked for.
fn order_of(new: &NewSession) -> Result<Value, ProviderError> {
    let refused = |why: &str| ProviderError::Refused(why.to_owned());
    let (first, others) = new.lines.split_first().ok_or_else(|| refused("nothing is to be paid"))?;
    let total = others.iter().try_fold(first.amount, |sum: Money, line| sum.checked_add(line.amount));
    let total = total.map_err(|error| refused(&error.to_string()))?;
    let names: Vec<&str> = new.lines.iter().map(|line| line.name.as_str()).collect();
    let description: String = names.join(", ").chars().take(DESCRIPTION).collect();
    Ok(json!({
        "intent": "CAPTURE",
        "purchase_units": [{
            "custom_id": new.invoice_id.to_string(),
            "invoice_id": new.invoice_number,
            "description": description,
            "amount": to_paypal(total)?,
        }],
        "payment_source": { "paypal": { "experience_context": {
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            // What is bought is there at once, so the money is, too.
            "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
            "return_url": without_session(&new.success_url),
            "cancel_url": new.cancel_url,
        } } },
    }))
}

/// An address without the parts of its query that would hold the order's id.
fn without_session(url: &str) -> String {
    let Some((page, query)) = url.split_once('?') else { return url.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.contains("{session}")).collect();
    if kept.is_empty() { page.to_owned() } else { format!("{page}?{}", kept.join("&")) }
}

/// Tells apart requests that share everything else.
fn fingerprint(body: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    body.to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_orders_id_is_left_out_of_an_address() {
        for (url, expected) in [
            ("https://shop.example/done?session={session}", "https://shop.example/done"),
            ("https://shop.example/done?a=1&session={session}&b=2", "https://shop.example/done?a=1&b=2"),
            ("https://shop.example/done", "https://shop.example/done"),
        ] {
            assert_eq!(without_session(url), expected);
        }
    }
}
