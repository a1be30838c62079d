//! A payment: the page where an invoice is paid, what became of it, and giving it back.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use domain::ids::InvoiceId;
use domain::money::Money;
use plugin_api::payment::{
    NewSession, PaymentReading, ProviderError, Reading, Returned, Session, SessionReading, SessionStatus,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::amount::Amount;
use crate::{INVOICE_KEY, YooKassa};

/// The longest description that YooKassa takes, in characters.
const LONGEST_DESCRIPTION: usize = 128;

/// How many pages of one [`NewSession::key`] may have ended before anybody was led to them.
const FORGOTTEN_PAGES: usize = 5;

/// Why a payment ended that nobody was refused: its time was over, or we ended it.
const NOBODY_REFUSED: [&str; 3] = ["expired_on_confirmation", "expired_on_capture", "canceled_by_merchant"];

#[derive(Deserialize)]
struct Payment {
    id: String,
    status: PaymentStatus,
    amount: Amount,
    confirmation: Option<Confirmation>,
    created_at: DateTime<Utc>,
    captured_at: Option<DateTime<Utc>>,
    cancellation_details: Option<Cancellation>,
    #[serde(default)]
    metadata: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentStatus {
    Pending,
    WaitingForCapture,
    Succeeded,
    Canceled,
}

#[derive(Deserialize)]
struct Confirmation {
    confirmation_url: Option<String>,
}

#[derive(Deserialize)]
struct Cancellation {
    reason: String,
}

#[derive(Deserialize)]
struct Refunds {
    items: Vec<Refund>,
}

#[derive(Deserialize)]
struct Refund {
    status: RefundStatus,
    amount: Amount,
    cancellation_details: Option<Cancellation>,
}

#[derive(PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefundStatus {
    Pending,
    Succeeded,
    Canceled,
}

impl YooKassa {
    pub(crate) async fn make_page(&self, new: &NewSession) -> Result<Session, ProviderError> {
        let return_url = new.success_url.replace("{session}", &new.invoice_id.to_string());
        let body = json!({
            "amount": Amount::from(total(new)?),
            "capture": true,
            "confirmation": { "type": "redirect", "return_url": return_url },
            "description": description(new),
            "metadata": { INVOICE_KEY: new.invoice_id },
        });
        // Keys are remembered for a day, and pages end after an hour: one whose answer was lost may be over by now.
        let mut over = String::new();
        for _ in 0..FORGOTTEN_PAGES {
            // Somebody may try again from another page, and the same key with another body is refused.
            let key = format!("{}-{}", new.key, fingerprint(&[&return_url, &over]));
            let made: Payment = self.client.post("payments", &key, &body).await?;
            if made.status != PaymentStatus::Canceled {
                let url = made.confirmation.and_then(|it| it.confirmation_url);
                let url = url.filter(|_| made.status == PaymentStatus::Pending);
                let url =
                    url.ok_or_else(|| ProviderError::Refused("the invoice was paid already".to_owned()))?;
                return Ok(Session { id: made.id, url, customer: None });
            }
            over = made.id;
        }
        Err(ProviderError::Refused("the page cannot be paid any more".to_owned()))
    }

    pub(crate) async fn close_page(&self, id: &str) -> Result<(), ProviderError> {
        match self.payment(id).await?.status {
            PaymentStatus::Canceled => Ok(()),
            PaymentStatus::Pending => Err(ProviderError::Unsupported),
            PaymentStatus::Succeeded => Err(ProviderError::Refused("it was paid".to_owned())),
            PaymentStatus::WaitingForCapture => {
                let (path, key) = (format!("payments/{id}/cancel"), format!("cancel-{id}"));
                self.client.post::<Payment>(&path, &key, &json!({})).await.map(drop)
            }
        }
    }

    pub(crate) async fn read_payment(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        let payment = match self.payment(id).await {
            // Of another shop, or of a sandbox that was emptied.
            Err(ProviderError::Unknown) => return Ok(None),
            other => other?,
        };
        // Another program may use the same shop.
        let Some(invoice_id) = payment.invoice_id() else { return Ok(None) };
        let amount = payment.amount.money()?;
        let is_paid = payment.status == PaymentStatus::Succeeded;
        let has_failed = payment.was_refused();
        let returned = if is_paid {
            let refunded_minor = refunded(&self.refunds(id).await?)?;
            Some(Returned { refunded_minor, is_disputed: false, is_lost: false })
        } else {
            None
        };
        let moved = PaymentReading {
            reference: payment.id.clone(),
            amount,
            captured_at: is_paid.then(|| payment.captured_at.unwrap_or(payment.created_at)),
            returned,
            has_failed,
        };
        let page = SessionReading {
            id: payment.id,
            status: match payment.status {
                PaymentStatus::Pending => SessionStatus::Open,
                PaymentStatus::WaitingForCapture => SessionStatus::Processing,
                PaymentStatus::Succeeded => SessionStatus::Paid,
                PaymentStatus::Canceled => SessionStatus::Expired,
            },
            url: payment.confirmation.and_then(|it| it.confirmation_url),
            total: Some(amount),
        };
        Ok(Some(Reading {
            invoice_id,
            customer: None,
            session: Some(page),
            payment: (is_paid || has_failed).then_some(moved),
            subscription: None,
        }))
    }

    pub(crate) async fn give_back(&self, id: &str) -> Result<(), ProviderError> {
        let whole = self.payment(id).await?.amount.money()?;
        let before = self.refunds(id).await?;
        let rest = whole.minor - refunded(&before)?;
        if rest <= 0 {
            return Ok(());
        }
        let amount = Amount::from(Money::new(rest, whole.currency));
        // After another refund, or one that came to nothing, this is a new one; else it is this one again.
        let key = format!("refund-{id}-{}", before.len());
        let made: Refund =
            self.client.post("refunds", &key, &json!({ "payment_id": id, "amount": amount })).await?;
        if made.status == RefundStatus::Canceled {
            let reason = made.cancellation_details.map_or("no reason was given".to_owned(), |it| it.reason);
            return Err(ProviderError::Refused(format!("the refund was canceled: {reason}")));
        }
        Ok(())
    }

    async fn payment(&self, id: &str) -> Result<Payment, ProviderError> {
        // It becomes part of an address.
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_id {
            return Err(ProviderError::Unknown);
        }
        match self.client.get(&format!("payments/{id}")).await {
            // YooKassa says so of some ids that it does not know: there is nothing else here that it could refuse.
            Err(ProviderError::Refused(_)) => Err(ProviderError::Unknown),
            other => other,
        }
    }

    /// What was asked back of a payment that is known: a hundred at most, which is more than anybody makes.
    async fn refunds(&self, id: &str) -> Result<Vec<Refund>, ProviderError> {
        let found: Refunds = self.client.get(&format!("refunds?payment_id={id}&limit=100")).await?;
        Ok(found.items)
    }
}

impl Payment {
    fn invoice_id(&self) -> Option<InvoiceId> {
        self.metadata[INVOICE_KEY].as_str()?.parse().ok()
    }

    /// Whether somebody tried to pay, and could not.
    fn was_refused(&self) -> bool {
        let reason = self.cancellation_details.as_ref().map(|it| it.reason.as_str());
        self.status == PaymentStatus::Canceled && reason.is_some_and(|it| !NOBODY_REFUSED.contains(&it))
    }
}

/// How much went back, or is on its way, in minor units.
fn refunded(refunds: &[Refund]) -> Result<i64, ProviderError> {
    let real = refunds.iter().filter(|it| it.status != RefundStatus::Canceled);
    real.map(|it| Ok(it.amount.money()?.minor)).sum()
}

/// What is paid: the sum of the lines.
fn total(new: &NewSession) -> Result<Money, ProviderError> {
    let mut amounts = new.lines.iter().map(|line| line.amount);
    let first =
        amounts.next().ok_or_else(|| ProviderError::Refused("there is nothing to be paid".to_owned()))?;
    amounts.try_fold(first, Money::checked_add).map_err(|error| ProviderError::Refused(error.to_string()))
}

/// What the payer and the shop read, as far as there is room.
fn description(new: &NewSession) -> String {
    let names: Vec<&str> = new.lines.iter().map(|line| line.name.as_str()).collect();
    let whole = format!("{}: {}", new.invoice_number, names.join(", "));
    whole.chars().take(LONGEST_DESCRIPTION).collect()
}

/// Tells apart requests that share everything else.
fn fingerprint(parts: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
