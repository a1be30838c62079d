//! PayPal's shapes, as far as they matter here. A status that is none of these is unreadable, and not guessed at: it is about
//! money.

use chrono::{DateTime, Utc};
use domain::ids::InvoiceId;
use plugin_api::payment::SessionStatus;
use serde::Deserialize;
use serde_json::Value;

use crate::amount::Amount;
use crate::client::Link;

/// What comes before our invoice's id on an order that nobody shall pay any more.
pub const CLOSED: &str = "closed:";

/// An order.
#[derive(Debug, Deserialize)]
pub struct Order {
    /// PayPal's id of it.
    pub id: String,
    /// How it stands.
    pub status: OrderStatus,
    /// What is paid: one thing, the invoice.
    #[serde(default)]
    pub purchase_units: Vec<Unit>,
    /// When it changed last.
    pub update_time: Option<DateTime<Utc>>,
    /// Where it leads to.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// It waits for its payer.
    Created,
    /// The same, after the payer was shown the page.
    Saved,
    /// The payer said yes; nothing was paid yet.
    Approved,
    /// It is over.
    Voided,
    /// It was captured. Whether that gave money, the capture says.
    Completed,
    /// It waits for its payer.
    PayerActionRequired,
}

/// What is paid with an order.
#[derive(Debug, Deserialize)]
pub struct Unit {
    /// Our invoice's id, with [`CLOSED`] before it or not.
    pub custom_id: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// What came of it.
    #[serde(default)]
    pub payments: Payments,
}

/// What came of an order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payments {
    /// At most one.
    pub captures: Vec<Capture>,
    /// What went back of it.
    pub refunds: Vec<Refund>,
}

/// A payment.
#[derive(Debug, Deserialize)]
pub struct Capture {
    /// PayPal's id of it.
    pub id: String,
    /// How it stands.
    pub status: CaptureStatus,
    /// Why it stands so.
    #[serde(default)]
    pub status_details: StatusDetails,
    /// How much.
    pub amount: Amount,
    /// That of its order.
    pub custom_id: Option<String>,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// What it belongs to.
    #[serde(default)]
    pub supplementary_data: Value,
    /// Where it leads to.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaptureStatus {
    /// The money is there.
    Completed,
    /// The payer's bank said no.
    Declined,
    /// Some of it went back.
    PartiallyRefunded,
    /// The money is on its way, or PayPal holds it.
    Pending,
    /// All of it went back.
    Refunded,
    /// It came to nothing.
    Failed,
}

/// Why a payment stands as it does.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StatusDetails {
    /// PayPal's word for it.
    pub reason: String,
}

/// Money that went back, or should.
#[derive(Debug, Deserialize)]
pub struct Refund {
    /// How it stands.
    pub status: RefundStatus,
    /// How much.
    pub amount: Option<Amount>,
}

/// How a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// It was called off.
    Cancelled,
    /// It came to nothing.
    Failed,
    /// It is on its way.
    Pending,
    /// It is there.
    Completed,
}

impl RefundStatus {
    /// Whether nothing goes back by it.
    pub fn came_to_nothing(self) -> bool {
        matches!(self, Self::Cancelled | Self::Failed)
    }
}

/// The invoice of ours that a `custom_id` names, and whether it is not to be paid any more.
pub fn ours(custom_id: Option<&str>) -> Option<(InvoiceId, bool)> {
    let text = custom_id?;
    let closed = text.strip_prefix(CLOSED);
    Some((closed.unwrap_or(text).parse().ok()?, closed.is_some()))
}

impl Order {
    /// The invoice of ours that it is for, and whether it is closed.
    pub fn ours(&self) -> Option<(InvoiceId, bool)> {
        ours(self.purchase_units.first()?.custom_id.as_deref())
    }

    /// Its payment.
    pub fn capture(&self) -> Option<&Capture> {
        self.purchase_units.first()?.payments.captures.last()
    }

    /// The page where it is approved.
    pub fn url(&self) -> Option<&str> {
        let leads_to_it = |link: &&Link| matches!(link.rel.as_str(), "payer-action" | "approve" | "redirect");
        self.links.iter().find(leads_to_it).map(|link| link.href.as_str())
    }

    /// What became of it as a page to pay on.
    pub fn session_status(&self) -> SessionStatus {
        let is_closed = self.ours().is_some_and(|(_, is_closed)| is_closed);
        match self.status {
            OrderStatus::Completed => match self.capture().map(|it| it.status) {
                Some(
                    CaptureStatus::Completed | CaptureStatus::PartiallyRefunded | CaptureStatus::Refunded,
                ) => SessionStatus::Paid,
                // PayPal captures an order once: this one can give nothing any more.
                Some(CaptureStatus::Declined | CaptureStatus::Failed) => SessionStatus::Expired,
                Some(CaptureStatus::Pending) | None => SessionStatus::Processing,
            },
            OrderStatus::Voided => SessionStatus::Expired,
            _ if is_closed => SessionStatus::Expired,
            _ => SessionStatus::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_still_says_whose_it_is() {
        let id = "01890000-0000-7000-8000-000000000001";
        let invoice: InvoiceId = id.parse().unwrap();
        assert_eq!(ours(Some(id)), Some((invoice, false)));
        assert_eq!(ours(Some(&format!("{CLOSED}{id}"))), Some((invoice, true)));
        assert_eq!(ours(Some("somebody else's")), None);
        assert_eq!(ours(None), None);
    }
}
