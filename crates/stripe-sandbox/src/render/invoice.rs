//! Invoices, their lines, and the payments on them.

use serde_json::{Value, json};

use super::{Render, embedded_list};
use crate::model::customer::{Address, Customer};
use crate::model::invoice::{Invoice, InvoiceLine, InvoiceStatus};
use crate::state::State;

impl InvoiceLine {
    /// What the line stands for: a period of a subscription's item, or something between two periods.
    fn render_parent(&self, invoice: &Invoice) -> Value {
        match &self.subscription_item {
            Some(item) => json!({
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": self.proration,
                    "proration_details": { "credited_items": null },
                    "subscription": invoice.subscription,
                    "subscription_item": item,
                },
                "type": "subscription_item_details",
            }),
            None => json!({
                "invoice_item_details": {
                    "invoice_item": self.id.replacen("il_", "ii_", 1),
                    "proration": self.proration,
                    "proration_details": { "credited_items": null },
                    "subscription": invoice.subscription,
                },
                "subscription_item_details": null,
                "type": "invoice_item_details",
            }),
        }
    }

    fn render(&self, invoice: &Invoice, state: &State) -> Value {
        let price = state.prices.get(&self.price);
        json!({
            "id": self.id,
            "object": "line_item",
            "amount": self.amount,
            "currency": invoice.currency,
            "description": self.description,
            "discount_amounts": [],
            "discountable": !self.proration,
            "discounts": [],
            "invoice": invoice.id,
            "livemode": false,
            "metadata": invoice.subscription_metadata,
            "parent": self.render_parent(invoice),
            "period": { "end": self.period_end, "start": self.period_start },
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": { "price": self.price, "product": price.map(|price| price.product.clone()) },
                "type": "price_details",
                "unit_amount_decimal": price.map(|price| price.unit_amount.to_string()),
            },
            "quantity": self.quantity,
            "quantity_decimal": self.quantity.to_string(),
            "subscription": invoice.subscription,
            "subtotal": self.amount,
            "taxes": [],
        })
    }
}

/// The payment of an invoice, which links it to a payment intent.
pub struct InvoicePayment<'a>(pub &'a Invoice);

impl Render for InvoicePayment<'_> {
    fn render(&self, state: &State) -> Value {
        let invoice = self.0;
        let paid = invoice.status == InvoiceStatus::Paid;
        let intent = invoice.payment_intent.as_deref().and_then(|id| state.payment_intents.get(id));
        json!({
            "id": invoice.payment,
            "object": "invoice_payment",
            "amount_paid": paid.then_some(invoice.amount_paid),
            "amount_requested": invoice.amount_due(),
            "created": intent.map_or(invoice.created, |intent| intent.created),
            "currency": invoice.currency,
            "invoice": invoice.id,
            "is_default": true,
            "livemode": false,
            "payment": { "payment_intent": invoice.payment_intent, "type": "payment_intent" },
            "status": match invoice.status {
                InvoiceStatus::Paid => "paid",
                InvoiceStatus::Void => "canceled",
                _ => "open",
            },
            "status_transitions": { "canceled_at": invoice.voided_at, "paid_at": invoice.paid_at },
        })
    }
}

impl Invoice {
    pub fn render_lines(&self, state: &State) -> Vec<Value> {
        self.lines.iter().map(|line| line.render(self, state)).collect()
    }

    pub fn render_payments(&self, state: &State) -> Vec<Value> {
        self.payment.iter().map(|_| InvoicePayment(self).render(state)).collect()
    }
}

impl Render for Invoice {
    fn render(&self, state: &State) -> Value {
        let customer: Option<&Customer> = state.customers.get(&self.customer);
        let total = self.total();
        let hosted = self.finalized_at.map(|_| state.hosted(&format!("/invoice/{}", self.id)));
        json!({
            "id": self.id,
            "object": "invoice",
            "account_country": "US",
            "account_name": "Stripe sandbox",
            "account_tax_ids": null,
            "amount_due": self.amount_due(),
            "amount_overpaid": 0,
            "amount_paid": self.amount_paid,
            "amount_remaining": self.amount_remaining(),
            "amount_shipping": 0,
            "application": null,
            "attempt_count": self.attempt_count,
            "attempted": self.attempt_count > 0 || self.status == InvoiceStatus::Paid,
            "auto_advance": self.auto_advance,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null },
            "automatically_finalizes_at": null,
            "billing_reason": self.billing_reason.as_str(),
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.currency,
            "custom_fields": null,
            "customer": self.customer,
            "customer_account": null,
            "customer_address": customer.and_then(|it| it.address.as_ref()).map(Address::render),
            "customer_email": customer.and_then(|it| it.email.clone()),
            "customer_name": customer.and_then(|it| it.name.clone()),
            "customer_phone": customer.and_then(|it| it.phone.clone()),
            "customer_shipping": null,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": null,
            "default_source": null,
            "default_tax_rates": [],
            "description": null,
            "discounts": [],
            "due_date": null,
            "effective_at": self.finalized_at,
            "ending_balance": self.ending_balance,
            "footer": null,
            "from_invoice": null,
            "hosted_invoice_url": hosted,
            "invoice_pdf": null,
            "issuer": { "type": "self" },
            "last_finalization_error": null,
            "latest_revision": null,
            "lines": embedded_list(self.render_lines(state), &format!("/v1/invoices/{}/lines", self.id)),
            "livemode": false,
            "metadata": self.metadata,
            "next_payment_attempt": self.next_payment_attempt,
            "number": self.number,
            "on_behalf_of": null,
            "parent": {
                "quote_details": null,
                "subscription_details": { "metadata": self.subscription_metadata, "subscription": self.subscription },
                "type": "subscription_details",
            },
            "payment_settings": { "default_mandate": null, "payment_method_options": null, "payment_method_types": null },
            "period_end": self.period_end,
            "period_start": self.period_start,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "receipt_number": null,
            "rendering": null,
            "shipping_cost": null,
            "shipping_details": null,
            "starting_balance": self.starting_balance,
            "statement_descriptor": null,
            "status": self.status.as_str(),
            "status_transitions": {
                "finalized_at": self.finalized_at,
                "marked_uncollectible_at": self.marked_uncollectible_at,
                "paid_at": self.paid_at,
                "voided_at": self.voided_at,
            },
            "subtotal": total,
            "subtotal_excluding_tax": total,
            "test_clock": customer.and_then(|it| it.test_clock.clone()),
            "total": total,
            "total_discount_amounts": [],
            "total_excluding_tax": total,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
            "webhooks_delivered_at": self.finalized_at,
        })
    }
}
