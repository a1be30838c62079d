//! Payment intents, charges and refunds.

use serde_json::{Value, json};

use super::Render;
use super::checkout::method_of;
use crate::model::card::{Decline, PaymentMethod};
use crate::model::payment::{
    Charge, ChargeStatus, IntentCancellation, IntentStatus, PaymentIntent, Refund, RefundReason,
};
use crate::state::State;

impl PaymentIntent {
    fn render_last_error(&self, state: &State) -> Value {
        let Some(error) = &self.last_error else { return Value::Null };
        let mut shown = json!({
            "charge": self.latest_charge,
            "code": error.code,
            "doc_url": format!("https://stripe.com/docs/error-codes/{}", error.code.replace('_', "-")),
            "message": error.message,
            "type": if error.decline_code.is_some() { "card_error" } else { "invalid_request_error" },
        });
        if let (Some(fields), Some(code)) = (shown.as_object_mut(), &error.decline_code) {
            fields.insert("decline_code".into(), code.as_str().into());
        }
        if let (Some(fields), Some(method)) = (shown.as_object_mut(), method_of(state, self)) {
            fields.insert("payment_method".into(), method.render(state));
        }
        shown
    }

    fn render_next_action(&self, state: &State) -> Value {
        match (&self.authentication, self.status) {
            (Some(id), IntentStatus::RequiresAction) => json!({
                "type": "redirect_to_url",
                "redirect_to_url": { "url": state.hosted(&format!("/authenticate/{id}")), "return_url": null },
            }),
            _ => Value::Null,
        }
    }
}

impl Render for PaymentIntent {
    fn render(&self, state: &State) -> Value {
        let capturable = if self.status == IntentStatus::RequiresCapture { self.amount } else { 0 };
        // A card that was refused is let go again; the client has to bring another.
        let method = (self.status != IntentStatus::RequiresPaymentMethod)
            .then_some(self.payment_method.as_ref())
            .flatten();
        json!({
            "id": self.id,
            "object": "payment_intent",
            "allowed_payment_method_types": null,
            "amount": self.amount,
            "amount_capturable": capturable,
            "amount_details": { "tip": {} },
            "amount_received": self.amount_received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason.map(IntentCancellation::as_str),
            "capture_method": self.capture_method.as_str(),
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "description": self.description,
            "excluded_payment_method_types": null,
            "last_payment_error": self.render_last_error(state),
            "latest_charge": self.latest_charge,
            "livemode": false,
            "managed_payments": null,
            "metadata": self.metadata,
            "next_action": self.render_next_action(state),
            "on_behalf_of": null,
            "payment_method": method,
            "payment_method_configuration_details": null,
            "payment_method_options": {
                "card": {
                    "installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic",
                },
            },
            "payment_method_types": ["card"],
            "payment_record": null,
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": self.keep_card.then_some("off_session"),
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status.as_str(),
            "transfer_data": null,
            "transfer_group": null,
        })
    }
}

impl Charge {
    fn render_outcome(&self) -> Value {
        let reason = self
            .failure
            .as_ref()
            .map(|decline| decline.decline_code.clone().unwrap_or_else(|| decline.code.clone()));
        let paid = self.failure.is_none();
        json!({
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": if paid { "approved_by_network" } else { "declined_by_network" },
            "reason": reason,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": if paid { "Payment complete." } else { "The bank returned the decline code." },
            "type": if paid { "authorized" } else { "issuer_declined" },
        })
    }

    fn render_method_details(&self, method: Option<&PaymentMethod>) -> Value {
        let Some(method) = method else { return Value::Null };
        let card = method.card();
        json!({
            "type": "card",
            "card": {
                "amount_authorized": self.failure.is_none().then_some(self.amount),
                "authorization_code": null,
                "brand": card.brand,
                "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
                "country": "US",
                "electronic_commerce_indicator": null,
                "exp_month": method.exp_month,
                "exp_year": method.exp_year,
                "extended_authorization": { "status": "disabled" },
                "fingerprint": format!("sandbox{}", card.last4()),
                "funding": "credit",
                "incremental_authorization": { "status": "unavailable" },
                "installments": null,
                "last4": card.last4(),
                "mandate": null,
                "multicapture": { "status": "unavailable" },
                "network": card.brand,
                "network_token": { "used": false },
                "network_transaction_id": null,
                "overcapture": { "maximum_amount_capturable": self.amount, "status": "unavailable" },
                "regulated_status": "unregulated",
                "three_d_secure": self.authenticated.then(|| json!({
                    "authentication_flow": "challenge", "electronic_commerce_indicator": "05", "exemption_indicator": null,
                    "result": "authenticated", "result_reason": null, "transaction_id": null, "version": "2.2.0",
                })),
                "transaction_link_id": null,
                "wallet": null,
            },
        })
    }
}

impl Render for Charge {
    fn render(&self, state: &State) -> Value {
        let method = state.payment_methods.get(&self.payment_method);
        let paid = self.status == ChargeStatus::Succeeded;
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": null,
            "billing_details": method.map(PaymentMethod::billing_details),
            "calculated_statement_descriptor": paid.then_some("STRIPE SANDBOX"),
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": self.failure.as_ref().map(|decline| &decline.code),
            "failure_message": self.failure.as_ref().map(|decline: &Decline| &decline.message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": self.render_outcome(),
            "paid": paid,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": self.render_method_details(method),
            "radar_options": {},
            "receipt_email": self.receipt_email,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": paid && self.amount_captured > 0 && self.amount_refunded == self.amount_captured,
            "review": null,
            "shipping": null,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status.as_str(),
            "transfer_data": null,
            "transfer_group": null,
        })
    }
}

impl Render for Refund {
    fn render(&self, state: &State) -> Value {
        let charge = state.charges.get(&self.charge);
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": charge.and_then(|it| it.customer.clone()),
            "customer_account": null,
            "destination_details": {
                "card": { "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund" },
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method": charge.map(|it| it.payment_method.clone()),
            "reason": self.reason.map(RefundReason::as_str),
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status.as_str(),
            "transfer_reversal": null,
        })
    }
}
