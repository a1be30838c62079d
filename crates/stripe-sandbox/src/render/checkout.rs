//! Checkout Sessions and their lines.

use serde_json::{Value, json};

use super::Render;
use crate::model::card::PaymentMethod;
use crate::model::checkout::{CheckoutSession, LineItem, Mode, SessionStatus};
use crate::model::payment::PaymentIntent;
use crate::state::State;

impl LineItem {
    fn render(&self, state: &State) -> Value {
        let price = state.prices.get(&self.price);
        let amount = price.map_or(0, |price| price.unit_amount * self.quantity);
        let name =
            price.and_then(|price| state.products.get(&price.product)).map(|product| product.name.clone());
        json!({
            "id": self.id,
            "object": "item",
            "adjustable_quantity": null,
            "amount_discount": 0,
            "amount_subtotal": amount,
            "amount_tax": 0,
            "amount_total": amount,
            "currency": price.map(|price| price.currency.clone()),
            "description": name,
            "metadata": {},
            "price": price.map(|price| price.render(state)),
            "quantity": self.quantity,
        })
    }
}

impl CheckoutSession {
    pub fn render_line_items(&self, state: &State) -> Vec<Value> {
        self.line_items.iter().map(|item| item.render(state)).collect()
    }

    fn render_customer_details(&self, state: &State) -> Value {
        let known = self.customer.as_deref().and_then(|id| state.customers.get(id));
        let email = self
            .customer_details
            .as_ref()
            .map(|details| details.email.clone())
            .or_else(|| known.and_then(|customer| customer.email.clone()))
            .or_else(|| self.customer_email.clone());
        if email.is_none() {
            return Value::Null;
        }
        let address =
            self.customer_details.as_ref().map(|_| crate::model::customer::Address::default().render());
        json!({
            "address": address,
            "business_name": null,
            "email": email,
            "individual_name": null,
            "name": self.customer_details.as_ref().map(|details| details.name.clone()),
            "phone": null,
            "tax_exempt": "none",
            "tax_ids": self.customer_details.as_ref().map(|_| json!([])),
        })
    }
}

impl Render for CheckoutSession {
    fn render(&self, state: &State) -> Value {
        let total = crate::engine::checkout::total_due_now(state, self);
        let open = self.status == SessionStatus::Open;
        let payment = self.mode == Mode::Payment;
        json!({
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": { "enabled": false },
            "after_expiration": null,
            "allow_promotion_codes": self.allow_promotion_codes,
            "allowed_payment_method_types": null,
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
            "billing_address_collection": null,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "client_secret": null,
            "collected_information": null,
            "consent": null,
            "consent_collection": null,
            "created": self.created,
            "currency": self.currency,
            "currency_conversion": null,
            "custom_fields": [],
            "custom_text": {
                "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null,
            },
            "customer": self.customer,
            "customer_account": null,
            "customer_creation": payment.then(|| self.customer_creation.as_str()),
            "customer_details": self.render_customer_details(state),
            "customer_email": self.customer_email,
            "discounts": [],
            "expires_at": self.expires_at,
            "invoice": self.invoice,
            "invoice_creation": payment.then(|| json!({
                "enabled": false,
                "invoice_data": {
                    "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null,
                    "issuer": null, "metadata": {}, "rendering_options": null,
                },
            })),
            "integration_identifier": null,
            "livemode": false,
            "locale": null,
            "managed_payments": null,
            "metadata": self.metadata,
            "mode": self.mode.as_str(),
            "origin_context": null,
            "payment_intent": self.payment_intent,
            "payment_link": null,
            "payment_method_collection": self.card_collection.as_str(),
            "payment_method_configuration_details": null,
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "payment_status": self.payment_status.as_str(),
            "permissions": null,
            "phone_number_collection": { "enabled": false },
            "recovered_from": null,
            "saved_payment_method_options": null,
            "setup_intent": null,
            "shipping_address_collection": null,
            "shipping_cost": null,
            "shipping_options": [],
            "status": self.status.as_str(),
            "submit_type": null,
            "subscription": self.subscription,
            "success_url": self.success_url,
            "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
            "ui_mode": "hosted_page",
            "url": open.then(|| state.hosted(&format!("/pay/{}", self.id))),
            "wallet_options": null,
        })
    }
}

/// The card an intent was last tried with.
pub fn method_of<'a>(state: &'a State, intent: &PaymentIntent) -> Option<&'a PaymentMethod> {
    state.payment_methods.get(intent.payment_method.as_deref()?)
}
