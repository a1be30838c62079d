//! Disputes.

use serde_json::{Map, Value, json};

use super::Render;
use crate::model::dispute::{Dispute, DisputeStatus};
use crate::state::State;

/// The texts and files evidence may consist of; all but one stay empty here.
const EVIDENCE: &[&str] = &[
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
];

impl Render for Dispute {
    fn render(&self, state: &State) -> Value {
        let mut evidence: Map<String, Value> =
            EVIDENCE.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        evidence.insert("enhanced_evidence".into(), json!({}));
        evidence.insert("uncategorized_text".into(), self.evidence.clone().into());
        let brand = state
            .charges
            .get(&self.charge)
            .and_then(|charge| state.payment_methods.get(&charge.payment_method))
            .map_or("visa", |method| method.card().brand);
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": [],
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": evidence,
            "evidence_details": {
                "due_by": self.evidence_due_by,
                "enhanced_eligibility": {},
                "has_evidence": self.evidence.is_some(),
                "past_due": state.now > self.evidence_due_by,
                "submission_method": if self.submissions > 0 { "manual" } else { "not_submitted" },
                "submission_count": self.submissions,
            },
            "intended_submission_method": null,
            "is_charge_refundable": self.status == DisputeStatus::Won,
            "livemode": false,
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": { "brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": "83" },
                "type": "card",
            },
            "reason": "fraudulent",
            "status": self.status.as_str(),
        })
    }
}
