//! Orders, their payments, and what can happen to them.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::money::Money;
use serde_json::Value;

use super::webhook::Message;
use super::{Clock, Refused};
use crate::amount::{Amount, from_paypal, to_paypal};

/// What a payer pays with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funding {
    /// The money is there at once.
    Good,
    /// The bank says no when the order is captured.
    Declined,
    /// The money is held first.
    Pending,
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: String,
    pub status: &'static str,
    pub unit: Value,
    pub amount: Money,
    pub return_url: String,
    pub cancel_url: String,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub funding: Funding,
    pub capture: Option<Capture>,
    pub refunds: Vec<Refund>,
}

/// A payment.
#[derive(Debug, Clone)]
pub struct Capture {
    pub id: String,
    pub status: &'static str,
    pub reason: Option<&'static str>,
    pub custom_id: Value,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
}

/// Money that went back.
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: String,
    pub status: &'static str,
    pub amount: Money,
    pub created: DateTime<Utc>,
}

/// What was asked for with a key, and what it led to.
type Repeat = (Value, Result<Value, Refused>);

/// All that there is.
pub struct State {
    pub base: String,
    clock: Clock,
    pub orders: BTreeMap<String, Order>,
    /// Orders that nobody can ask about any more. Their payments are known longer.
    pub forgotten: HashSet<String>,
    repeats: HashMap<(String, String), Repeat>,
    pub tokens: HashSet<String>,
    pub messages: Vec<Message>,
    pub fail_next: u32,
    pub lose_answer: Option<String>,
    pub somebody_is_quicker: bool,
}

impl State {
    pub fn new(base: String, clock: Clock) -> Self {
        Self {
            base,
            clock,
            orders: BTreeMap::new(),
            forgotten: HashSet::new(),
            repeats: HashMap::new(),
            tokens: HashSet::new(),
            messages: Vec::new(),
            fail_next: 0,
            lose_answer: None,
            somebody_is_quicker: false,
        }
    }

    /// The present second; PayPal's times have no finer parts.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(0)
    }

    /// An id of 17 letters, as PayPal's are. They are not used again after a restart: others remember them.
    pub fn new_id(first: char) -> String {
        format!("{first}{:016X}", rand::random::<u64>())
    }

    /// Does something once for a key: repeated, it answers with what that became of, and a refusal stays one.
    pub fn once(
        &mut self,
        path: &str,
        key: Option<&str>,
        body: &Value,
        act: impl FnOnce(&mut Self) -> Result<Value, Refused>,
    ) -> Result<Value, Refused> {
        let Some(key) = key else { return act(self) };
        let place = (path.to_owned(), key.to_owned());
        if let Some((first, made)) = self.repeats.get(&place) {
            if first != body {
                return Err(Refused::impossible("DUPLICATE_REQUEST_ID", "Another request has this id."));
            }
            return made.clone().map(|made| match made["id"].as_str().and_then(|id| self.orders.get(id)) {
                Some(order) => self.render(order),
                None => made,
            });
        }
        let made = act(self);
        self.repeats.insert(place, (body.clone(), made.clone()));
        made
    }

    /// Makes an order of what a shop asks for.
    pub fn create(&mut self, wanted: &Value) -> Result<Value, Refused> {
        let unit = wanted["purchase_units"].as_array().filter(|units| units.len() == 1);
        let (Some("CAPTURE"), Some([unit])) = (wanted["intent"].as_str(), unit.map(Vec::as_slice)) else {
            return Err(Refused::invalid("NOT_SUPPORTED", "This field is not currently supported."));
        };
        let is_long = |field: &str| unit[field].as_str().is_some_and(|text| text.chars().count() > 127);
        if ["custom_id", "invoice_id", "description"].into_iter().any(is_long) {
            return Err(Refused::invalid("INVALID_STRING_LENGTH", "The value of a field is too long."));
        }
        let context = &wanted["payment_source"]["paypal"]["experience_context"];
        let address = |field: &str| {
            let url = context[field].as_str().filter(|url| url.starts_with("http") && !url.contains('{'));
            url.map(str::to_owned).ok_or_else(|| {
                Refused::invalid("INVALID_PARAMETER_SYNTAX", "The value of a field is no address.")
            })
        };
        let now = self.now();
        let order = Order {
            id: Self::new_id('O'),
            status: "PAYER_ACTION_REQUIRED",
            amount: amount(&unit["amount"])?,
            unit: unit.clone(),
            return_url: address("return_url")?,
            cancel_url: address("cancel_url")?,
            created: now,
            updated: now,
            funding: Funding::Good,
            capture: None,
            refunds: Vec::new(),
        };
        let made = self.render(&order);
        self.orders.insert(order.id.clone(), order);
        Ok(made)
    }

    /// An order that can be asked about.
    pub fn known(&self, id: &str) -> Result<&Order, Refused> {
        self.orders.get(id).filter(|_| !self.forgotten.contains(id)).ok_or_else(Refused::unknown)
    }

    /// An order of which something is changed, with the instant. No two changes are within a second.
    pub fn changed(&mut self, id: &str) -> Result<(&mut Order, DateTime<Utc>), Refused> {
        let now = self.now();
        let order = self.orders.get_mut(id).ok_or_else(Refused::unknown)?;
        order.updated = now.max(order.updated + TimeDelta::seconds(1));
        let at = order.updated;
        Ok((order, at))
    }

    /// Lets a message be sent.
    pub fn send(&mut self, kind: &str, resource_type: &str, resource: &Value) {
        let at = self.now();
        self.messages.push(Message::new(kind, resource_type, resource, at));
    }
}

/// An amount that PayPal takes.
fn amount(told: &Value) -> Result<Money, Refused> {
    let told: Amount = serde_json::from_value(told.clone())
        .map_err(|_| Refused::invalid("MISSING_REQUIRED_PARAMETER", "A required parameter is missing."))?;
    let unknown =
        || Refused::impossible("CURRENCY_NOT_SUPPORTED", "Currency code is not currently supported.");
    let amount = from_paypal(&told).map_err(|_| unknown())?;
    match to_paypal(amount) {
        _ if amount.minor <= 0 => {
            Err(Refused::impossible("CANNOT_BE_ZERO_OR_NEGATIVE", "Must be greater than zero."))
        }
        Ok(written) if written == told => Ok(amount),
        Ok(_) => Err(Refused::impossible("DECIMALS_NOT_SUPPORTED", "Currency does not support decimals.")),
        Err(_) => Err(unknown()),
    }
}
