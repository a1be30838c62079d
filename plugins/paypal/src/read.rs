//! What PayPal knows of a purchase.

use domain::ids::InvoiceId;
use plugin_api::payment::{PaymentReading, ProviderError, Reading, Returned, SessionReading, SessionStatus};

use crate::PayPal;
use crate::amount::from_paypal;
use crate::client::{if_known, path};
use crate::shape::{Capture, CaptureStatus, Order, OrderStatus, Refund, ours};

/// Where payments are.
pub const CAPTURES: &str = "/v2/payments/captures";

impl PayPal {
    pub(crate) async fn read_order(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        let mut order = self.order(id).await?;
        let Some((invoice_id, is_closed)) = order.ours() else { return Ok(None) };
        if order.status == OrderStatus::Approved && !is_closed {
            order = self.capture(order).await?;
        }
        reading(invoice_id, &order).map(Some)
    }

    pub(crate) async fn read_capture(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        let capture = self.captured(id).await?;
        let Some((invoice_id, _)) = ours(capture.custom_id.as_deref()) else { return Ok(None) };
        if let Some(order) = self.order_of(&capture).await? {
            return reading(invoice_id, &order).map(Some);
        }
        // PayPal does not say how long it knows an order; a payment is known longer than it can be refunded.
        let payment = Some(payment(&capture, None)?);
        Ok(Some(Reading { invoice_id, customer: None, session: None, payment, subscription: None }))
    }

    /// A payment, if PayPal knows it.
    pub(crate) async fn captured(&self, id: &str) -> Result<Capture, ProviderError> {
        Ok(self.client.get(&path(CAPTURES, id)?).await?)
    }

    /// The order that a payment came of, if PayPal still knows it.
    pub(crate) async fn order_of(&self, capture: &Capture) -> Result<Option<Order>, ProviderError> {
        let related = capture.supplementary_data.pointer("/related_ids/order_id");
        let linked = || {
            let to_order = |link: &str| Some(link.split_once("/checkout/orders/")?.1.to_owned());
            capture.links.iter().find_map(|link| to_order(&link.href))
        };
        match related.and_then(|id| id.as_str().map(str::to_owned)).or_else(linked) {
            Some(id) => if_known(self.order(&id).await),
            None => Ok(None),
        }
    }
}

fn reading(invoice_id: InvoiceId, order: &Order) -> Result<Reading, ProviderError> {
    let unit = order.purchase_units.first();
    let status = order.session_status();
    let total = unit.and_then(|unit| unit.amount.as_ref()).map(from_paypal).transpose()?;
    let refunds = unit.map_or(&[][..], |unit| &unit.payments.refunds);
    Ok(Reading {
        invoice_id,
        customer: None,
        session: Some(SessionReading {
            id: order.id.clone(),
            status,
            url: order.url().filter(|_| status == SessionStatus::Open).map(str::to_owned),
            total,
        }),
        payment: order.capture().map(|capture| payment(capture, Some(refunds))).transpose()?,
        subscription: None,
    })
}

/// A payment, with what went back of it where that is known.
fn payment(capture: &Capture, refunds: Option<&[Refund]>) -> Result<PaymentReading, ProviderError> {
    use CaptureStatus as Status;
    let amount = from_paypal(&capture.amount)?;
    let refunded = match (capture.status, refunds) {
        (Status::Refunded, _) => Some(amount.minor),
        (Status::PartiallyRefunded, None) => None,
        (_, refunds) => Some(sum(refunds.unwrap_or_default())?),
    };
    // The payer contests it at PayPal, or had their bank take it back; where they lose, it is completed again.
    let reason = capture.status_details.reason.as_str();
    let returned = refunded.map(|refunded_minor| Returned {
        refunded_minor,
        is_disputed: matches!(reason, "BUYER_COMPLAINT" | "CHARGEBACK"),
        is_lost: reason == "CHARGEBACK",
    });
    let is_captured =
        matches!(capture.status, Status::Completed | Status::PartiallyRefunded | Status::Refunded);
    Ok(PaymentReading {
        reference: capture.id.clone(),
        amount,
        captured_at: is_captured.then_some(capture.create_time),
        returned,
        has_failed: matches!(capture.status, Status::Declined | Status::Failed),
    })
}

fn sum(refunds: &[Refund]) -> Result<i64, ProviderError> {
    let counted = refunds.iter().filter(|refund| !refund.status.came_to_nothing());
    counted.filter_map(|refund| refund.amount.as_ref()).map(|it| Ok(from_paypal(it)?.minor)).sum()
}
