//! What the shop has: payments, refunds, and what was asked under which key.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::Refusal;

/// The currencies that YooKassa takes; all of them have two decimals.
const CURRENCIES: [&str; 13] =
    ["RUB", "AMD", "AZN", "BYN", "CNY", "EUR", "INR", "KZT", "MDL", "TRY", "UAH", "USD", "UZS"];

/// The shop.
#[derive(Debug, Default)]
pub struct State {
    pub payments: Vec<Payment>,
    pub refunds: Vec<Refund>,
    /// What was asked under a key, and the id of what was made.
    pub kept: HashMap<String, (String, String)>,
    pub messages: Vec<String>,
    pub faults: Faults,
}

/// What goes wrong next, and how often.
#[derive(Debug, Default)]
pub struct Faults {
    pub failing: u32,
    pub losing: u32,
    pub canceling_refunds: u32,
}

#[derive(Debug)]
pub struct Payment {
    pub id: String,
    pub status: Status,
    /// In hundredths.
    pub amount: i64,
    pub currency: String,
    pub description: Option<String>,
    pub metadata: Value,
    pub return_url: String,
    /// Whether the money is taken without the shop's saying so.
    pub is_captured_at_once: bool,
    pub created_at: DateTime<Utc>,
    pub captured_at: Option<DateTime<Utc>>,
    /// Who ended it, and why.
    pub cancellation: Option<(&'static str, &'static str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    WaitingForCapture,
    Succeeded,
    Canceled,
}

/// What becomes of a payment that waits for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Paid,
    Declined,
    Expired,
}

#[derive(Debug)]
pub struct Refund {
    pub id: String,
    pub payment_id: String,
    /// In hundredths.
    pub amount: i64,
    pub currency: String,
    pub is_canceled: bool,
    pub created_at: DateTime<Utc>,
}

impl State {
    pub fn payment(&self, id: &str) -> Option<&Payment> {
        self.payments.iter().find(|it| it.id == id)
    }

    /// Ends a payment that waits for the customer; false if there is none.
    pub fn end(&mut self, id: &str, ending: Ending, now: DateTime<Utc>) -> bool {
        let waiting = |it: &&mut Payment| it.id == id && it.status == Status::Pending;
        let Some(payment) = self.payments.iter_mut().find(waiting) else { return false };
        match ending {
            Ending::Paid if payment.is_captured_at_once => {
                payment.status = Status::Succeeded;
                payment.captured_at = Some(now);
            }
            Ending::Paid => payment.status = Status::WaitingForCapture,
            Ending::Declined => payment.cancel("payment_network", "insufficient_funds"),
            Ending::Expired => payment.cancel("yoo_money", "expired_on_confirmation"),
        }
        true
    }

    /// Ends a payment whose money waits to be taken.
    pub fn cancel(&mut self, id: &str) -> Result<(), Refusal> {
        let payment = self.payments.iter_mut().find(|it| it.id == id);
        let payment = payment.ok_or_else(|| Refusal::not_found(Some("payment_id")))?;
        if payment.status != Status::WaitingForCapture {
            let text = format!("A payment that is {} cannot be canceled", payment.status.as_str());
            return Err(Refusal::of("payment_id", text));
        }
        payment.cancel("merchant", "canceled_by_merchant");
        Ok(())
    }

    /// Gives money back, never more than was paid. Gives the place of the refund.
    pub fn refund(&mut self, id: &str, amount: &Value, now: DateTime<Utc>) -> Result<usize, Refusal> {
        let payment = self.payment(id).ok_or_else(|| Refusal::not_found(Some("payment_id")))?;
        if payment.status != Status::Succeeded {
            return Err(Refusal::of("payment_id", "Only a payment that succeeded can be refunded"));
        }
        let (amount, currency) = read_amount(amount)?;
        if currency != payment.currency {
            return Err(Refusal::of("amount.currency", "It was paid in another currency"));
        }
        if amount > payment.amount - self.refunded(id) {
            return Err(Refusal::of("amount.value", "That is more than is left of the payment"));
        }
        let is_canceled = take(&mut self.faults.canceling_refunds);
        let payment_id = id.to_owned();
        self.refunds.push(Refund {
            id: new_id(),
            payment_id,
            amount,
            currency,
            is_canceled,
            created_at: now,
        });
        Ok(self.refunds.len() - 1)
    }

    /// What went back of a payment, in hundredths.
    fn refunded(&self, id: &str) -> i64 {
        self.refunds.iter().filter(|it| it.payment_id == id && !it.is_canceled).map(|it| it.amount).sum()
    }

    /// A payment as YooKassa shows it.
    pub fn payment_object(&self, payment: &Payment, page_url: &str) -> Value {
        let is_paid = matches!(payment.status, Status::WaitingForCapture | Status::Succeeded);
        let refunded = self.refunded(&payment.id);
        let mut object = json!({
            "id": payment.id,
            "status": payment.status.as_str(),
            "amount": write_amount(payment.amount, &payment.currency),
            "recipient": { "account_id": "100500", "gateway_id": "100700" },
            "created_at": write_time(payment.created_at),
            "metadata": payment.metadata,
            "paid": is_paid,
            "refundable": payment.status == Status::Succeeded && refunded < payment.amount,
            "test": true,
        });
        if let Some(description) = &payment.description {
            object["description"] = json!(description);
        }
        if payment.status == Status::Pending {
            object["confirmation"] = json!({
                "type": "redirect", "return_url": payment.return_url, "confirmation_url": page_url,
            });
        }
        if let Some(at) = payment.captured_at {
            object["captured_at"] = json!(write_time(at));
        }
        if refunded > 0 {
            object["refunded_amount"] = write_amount(refunded, &payment.currency);
        }
        if let Some((party, reason)) = payment.cancellation {
            object["cancellation_details"] = json!({ "party": party, "reason": reason });
        }
        object
    }
}

impl Payment {
    fn cancel(&mut self, party: &'static str, reason: &'static str) {
        self.status = Status::Canceled;
        self.cancellation = Some((party, reason));
    }
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::WaitingForCapture => "waiting_for_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

impl Refund {
    /// A refund as YooKassa shows it.
    pub fn object(&self) -> Value {
        let mut object = json!({
            "id": self.id,
            "payment_id": self.payment_id,
            "status": if self.is_canceled { "canceled" } else { "succeeded" },
            "amount": write_amount(self.amount, &self.currency),
            "created_at": write_time(self.created_at),
        });
        if self.is_canceled {
            object["cancellation_details"] = json!({ "party": "yoo_money", "reason": "insufficient_funds" });
        }
        object
    }
}

/// Whether one is left, which is taken.
pub fn take(left: &mut u32) -> bool {
    let is_left = *left > 0;
    *left = left.saturating_sub(1);
    is_left
}

/// An id that was never used, also not before this process.
pub fn new_id() -> String {
    Uuid::from_u128(rand::random()).to_string()
}

/// An amount in hundredths, with its currency.
pub fn read_amount(amount: &Value) -> Result<(i64, String), Refusal> {
    let currency = amount["currency"].as_str().filter(|it| CURRENCIES.contains(it));
    let currency = currency.ok_or_else(|| Refusal::of("amount.currency", "The currency is not supported"))?;
    let hundredths = || {
        let (whole, fraction) = amount["value"].as_str()?.split_once('.')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() != 2 {
            return None;
        }
        format!("{whole}{fraction}").parse().ok().filter(|it| *it > 0)
    };
    let value = hundredths().ok_or_else(|| Refusal::of("amount.value", "The amount is incorrect"))?;
    Ok((value, currency.to_owned()))
}

/// An amount as YooKassa writes it.
pub fn write_amount(hundredths: i64, currency: &str) -> Value {
    let value = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    json!({ "value": value, "currency": currency })
}

fn write_time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
