//! Customers and their cards.

use serde_json::{Value, json};

use super::Render;
use crate::model::card::PaymentMethod;
use crate::model::customer::{Address, Customer};
use crate::model::invoice::InvoiceStatus;
use crate::state::State;

impl Address {
    pub fn render(&self) -> Value {
        json!({
            "city": self.city, "country": self.country, "line1": self.line1,
            "line2": self.line2, "postal_code": self.postal_code, "state": self.state,
        })
    }
}

impl Render for Customer {
    fn render(&self, state: &State) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "customer", "deleted": true });
        }
        let delinquent = state.invoices.iter().any(|invoice| {
            invoice.customer == self.id && invoice.status == InvoiceStatus::Open && invoice.attempt_count > 0
        });
        json!({
            "id": self.id,
            "object": "customer",
            "address": self.address.as_ref().map(Address::render),
            "balance": self.balance,
            "created": self.created,
            "currency": self.currency,
            "customer_account": null,
            "default_source": null,
            "delinquent": delinquent,
            "description": self.description,
            "discount": null,
            "email": self.email,
            "invoice_prefix": self.invoice_prefix,
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": self.default_payment_method,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": false,
            "metadata": self.metadata,
            "name": self.name,
            "next_invoice_sequence": self.next_invoice_sequence,
            "phone": self.phone,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": self.test_clock,
        })
    }
}

impl PaymentMethod {
    pub fn billing_details(&self) -> Value {
        json!({
            "address": Address::default().render(),
            "email": self.email,
            "name": self.name,
            "phone": null,
            "tax_id": null,
        })
    }
}

impl Render for PaymentMethod {
    fn render(&self, _: &State) -> Value {
        let card = self.card();
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": self.billing_details(),
            "card": {
                "brand": card.brand,
                "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
                "country": "US",
                "display_brand": card.brand,
                "exp_month": self.exp_month,
                "exp_year": self.exp_year,
                "fingerprint": format!("sandbox{}", card.last4()),
                "funding": "credit",
                "generated_from": null,
                "last4": card.last4(),
                "networks": { "available": [card.brand], "preferred": null },
                "regulated_status": "unregulated",
                "three_d_secure_usage": { "supported": true },
                "wallet": null,
            },
            "created": self.created,
            "customer": self.customer,
            "customer_account": null,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }
}
