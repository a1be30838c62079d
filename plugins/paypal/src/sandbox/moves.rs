//! What happens to an order, and what is told of it.

use domain::money::Money;
use serde_json::{Value, json};

use super::state::{Capture, Funding, Order, Refund, State};
use super::{Refused, render};

impl State {
    /// The payer says yes. Gives the address that they are led to.
    pub fn approve(&mut self, id: &str, funding: Funding) -> Result<String, Refused> {
        self.known(id)?;
        let (order, _) = self.changed(id)?;
        if order.capture.is_some() {
            return Err(already_captured());
        }
        order.status = "APPROVED";
        order.funding = funding;
        let back = format!("{}token={id}&PayerID={}", with_query(&order.return_url), render::PAYER);
        let told = self.render_known(id)?;
        self.send("CHECKOUT.ORDER.APPROVED", "checkout-order", &told);
        Ok(back)
    }

    /// Takes the money of an order that was approved.
    pub fn capture(&mut self, id: &str) -> Result<Value, Refused> {
        let page = self.page(id);
        let order = self.known(id)?;
        let number = order.unit["invoice_id"].clone();
        let is_paid = |other: &Order| other.capture.is_some() && other.unit["invoice_id"] == number;
        if order.capture.is_some() {
            return Err(already_captured());
        }
        if order.status != "APPROVED" {
            return Err(Refused::impossible(
                "ORDER_NOT_APPROVED",
                "Payer has not yet approved the Order for payment.",
            ));
        }
        if number.is_string() && self.orders.values().any(is_paid) {
            return Err(Refused::impossible("DUPLICATE_INVOICE_ID", "Duplicate Invoice ID detected."));
        }
        let (status, reason, kind) = match order.funding {
            Funding::Good => ("COMPLETED", None, "PAYMENT.CAPTURE.COMPLETED"),
            Funding::Pending => ("PENDING", Some("PENDING_REVIEW"), "PAYMENT.CAPTURE.PENDING"),
            Funding::Declined => {
                let mut declined = Refused::impossible(
                    "INSTRUMENT_DECLINED",
                    "The instrument presented was either declined by the processor or bank, or it can't be used for this payment.",
                );
                declined.redirect = Some(page);
                return Err(declined);
            }
        };
        let (order, at) = self.changed(id)?;
        order.status = "COMPLETED";
        order.capture = Some(Capture {
            id: State::new_id('C'),
            status,
            reason,
            custom_id: order.unit["custom_id"].clone(),
            created: at,
            updated: at,
        });
        self.tell_capture(id, kind)?;
        self.render_known(id)
    }

    /// What becomes of a payment that was pending.
    pub fn finish_pending(&mut self, id: &str, arrives: bool) -> Result<(), Refused> {
        let (status, kind) = if arrives {
            ("COMPLETED", "PAYMENT.CAPTURE.COMPLETED")
        } else {
            ("DECLINED", "PAYMENT.CAPTURE.DENIED")
        };
        self.set_capture(id, status, None)?;
        self.tell_capture(id, kind)
    }

    /// The payer contests a payment.
    pub fn contest(&mut self, id: &str) -> Result<(), Refused> {
        let capture = self.set_capture(id, "PENDING", Some("BUYER_COMPLAINT"))?;
        let dispute = json!({
            "dispute_id": format!("PP-D-{capture}"),
            "status": "OPEN",
            "disputed_transactions": [{ "seller_transaction_id": capture }],
        });
        self.send("CUSTOMER.DISPUTE.CREATED", "dispute", &dispute);
        Ok(())
    }

    /// Gives a part of a payment back, or what is left of it. `kind` says who does so.
    pub fn give_back(&mut self, id: &str, value: Option<&str>, kind: &str) -> Result<Value, Refused> {
        let (order, at) = self.changed(id)?;
        let all = order.amount;
        let went = order.refunds.iter().filter(|refund| refund.status == "COMPLETED");
        let left = all.minor - went.map(|refund| refund.amount.minor).sum::<i64>();
        let capture = order.capture.as_mut().ok_or_else(Refused::unknown)?;
        let can_go = matches!(capture.status, "COMPLETED" | "PARTIALLY_REFUNDED")
            || (kind == "PAYMENT.CAPTURE.REVERSED" && capture.status == "PENDING");
        if left == 0 {
            return Err(Refused::impossible(
                "CAPTURE_FULLY_REFUNDED",
                "The capture has already been fully refunded.",
            ));
        }
        if !can_go {
            return Err(Refused::impossible("TRANSACTION_REFUSED", "The request was refused."));
        }
        let asked = value.map(|value| Money::parse(value, all.currency)).transpose();
        let amount = asked.ok().and_then(|asked| {
            let amount = asked.unwrap_or(Money::new(left, all.currency));
            (1..=left).contains(&amount.minor).then_some(amount)
        });
        let amount = amount.ok_or_else(|| {
            Refused::impossible(
                "REFUND_AMOUNT_EXCEEDED",
                "The refund amount must be less than or equal to the capture amount.",
            )
        })?;
        capture.status = if amount.minor == left { "REFUNDED" } else { "PARTIALLY_REFUNDED" };
        capture.reason = None;
        capture.updated = at;
        let refund = Refund { id: State::new_id('R'), status: "COMPLETED", amount, created: at };
        order.refunds.push(refund.clone());
        let told = self.orders.get(id).map(|order| self.render_refund(order, &refund));
        let told = told.ok_or_else(Refused::unknown)?;
        self.send(kind, "refund", &told);
        Ok(told)
    }

    /// The last refund of an order comes to nothing after all.
    pub fn bounce_refund(&mut self, id: &str) -> Result<(), Refused> {
        let (order, _) = self.changed(id)?;
        let refund = order.refunds.last_mut().ok_or_else(Refused::unknown)?;
        refund.status = "FAILED";
        let refund = refund.clone();
        let is_some_left = order.refunds.iter().any(|refund| refund.status == "COMPLETED");
        self.set_capture(id, if is_some_left { "PARTIALLY_REFUNDED" } else { "COMPLETED" }, None)?;
        let told = self.orders.get(id).map(|order| self.render_refund(order, &refund));
        self.send("PAYMENT.REFUND.FAILED", "refund", &told.ok_or_else(Refused::unknown)?);
        Ok(())
    }

    /// Changes how a payment stands. Gives its id.
    fn set_capture(
        &mut self,
        id: &str,
        status: &'static str,
        reason: Option<&'static str>,
    ) -> Result<String, Refused> {
        let (order, at) = self.changed(id)?;
        let capture = order.capture.as_mut().ok_or_else(Refused::unknown)?;
        (capture.status, capture.reason, capture.updated) = (status, reason, at);
        Ok(capture.id.clone())
    }

    fn tell_capture(&mut self, id: &str, kind: &str) -> Result<(), Refused> {
        let order = self.orders.get(id).ok_or_else(Refused::unknown)?;
        let told = order.capture.as_ref().map(|capture| self.render_capture(order, capture));
        self.send(kind, "capture", &told.ok_or_else(Refused::unknown)?);
        Ok(())
    }

    fn render_known(&self, id: &str) -> Result<Value, Refused> {
        self.orders.get(id).map(|order| self.render(order)).ok_or_else(Refused::unknown)
    }
}

fn already_captured() -> Refused {
    Refused::impossible(
        "ORDER_ALREADY_CAPTURED",
        "Order already captured. If 'intent=CAPTURE' only one capture per order is allowed.",
    )
}

/// An address to which something can be added.
pub fn with_query(url: &str) -> String {
    format!("{url}{}", if url.contains('?') { '&' } else { '?' })
}
