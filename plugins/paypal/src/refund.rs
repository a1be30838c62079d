//! Money goes back.

use plugin_api::payment::ProviderError;
use serde_json::json;

use crate::PayPal;
use crate::client::{Problem, path};
use crate::read::CAPTURES;
use crate::shape::{CaptureStatus, Refund};

impl PayPal {
    pub(crate) async fn give_back(&self, payment_reference: &str) -> Result<(), ProviderError> {
        let capture = self.captured(payment_reference).await?;
        if capture.status == CaptureStatus::Refunded {
            return Ok(());
        }
        let order = self.order_of(&capture).await?;
        let before =
            order.iter().flat_map(|order| &order.purchase_units).flat_map(|unit| &unit.payments.refunds);
        // After one that came to nothing the next is another, or PayPal would repeat what it said of that one.
        let failed = before.filter(|refund| refund.status.came_to_nothing()).count();
        let key = format!("refund-{payment_reference}-{failed}");
        let path = format!("{}/refund", path(CAPTURES, payment_reference)?);
        match self.client.post::<Refund>(&path, Some(&key), &json!({})).await {
            Ok(refund) if refund.status.came_to_nothing() => {
                Err(ProviderError::Refused("PayPal could not give the money back".to_owned()))
            }
            Ok(_) => Ok(()),
            Err(Problem::Refused(refusal)) if refusal.issue == "CAPTURE_FULLY_REFUNDED" => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }
}
