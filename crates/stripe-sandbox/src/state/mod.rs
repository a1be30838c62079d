//! Everything the sandbox remembers.

pub mod controls;
pub mod events;
pub mod ids;
pub mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use controls::Controls;
use ids::Ids;
use table::Table;

use crate::config::AfterRetries;
use crate::model::Timestamp;
use crate::model::card::PaymentMethod;
use crate::model::checkout::CheckoutSession;
use crate::model::customer::Customer;
use crate::model::dispute::Dispute;
use crate::model::endpoint::WebhookEndpoint;
use crate::model::event::{Cause, Delivery, Event};
use crate::model::invoice::Invoice;
use crate::model::payment::{Authentication, Charge, PaymentIntent, Refund};
use crate::model::portal::PortalSession;
use crate::model::price::{Price, Product};
use crate::model::subscription::Subscription;
use crate::model::test_clock::TestClock;

/// An answer kept under its idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptAnswer {
    pub created: Timestamp,
    /// Stands for the request it answered.
    pub fingerprint: String,
    pub status: u16,
    pub body: Value,
}

/// What rules need to know of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub public_url: String,
    pub payment_retry_days: Vec<i64>,
    pub after_retries: AfterRetries,
}

/// The state of one sandbox.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    pub ids: Ids,
    /// The sandbox's time. While it catches up, this stands at the moment that is being worked off.
    pub now: Timestamp,
    /// Seconds by which people and tests have moved it ahead of the real time.
    pub offset: i64,
    pub customers: Table<Customer>,
    pub products: Table<Product>,
    pub prices: Table<Price>,
    pub payment_methods: Table<PaymentMethod>,
    pub checkout_sessions: Table<CheckoutSession>,
    pub payment_intents: Table<PaymentIntent>,
    pub charges: Table<Charge>,
    pub refunds: Table<Refund>,
    pub disputes: Table<Dispute>,
    pub subscriptions: Table<Subscription>,
    pub invoices: Table<Invoice>,
    pub portal_sessions: Table<PortalSession>,
    pub test_clocks: Table<TestClock>,
    pub authentications: Table<Authentication>,
    pub endpoints: Table<WebhookEndpoint>,
    pub events: Table<Event>,
    pub deliveries: Table<Delivery>,
    pub controls: Controls,
    pub kept_answers: BTreeMap<String, KeptAnswer>,
    /// Charges whose holders will dispute them as soon as the present command is through.
    pub disputes_due: Vec<String>,
    #[serde(skip)]
    pub settings: Settings,
    /// The call that is being worked off.
    #[serde(skip)]
    pub cause: Cause,
    /// Deliveries of the present command, to be sent when it is through.
    #[serde(skip)]
    pub batch: Vec<String>,
}

impl State {
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            ids: Ids::new(seed),
            now,
            offset: 0,
            customers: Table::default(),
            products: Table::default(),
            prices: Table::default(),
            payment_methods: Table::default(),
            checkout_sessions: Table::default(),
            payment_intents: Table::default(),
            charges: Table::default(),
            refunds: Table::default(),
            disputes: Table::default(),
            subscriptions: Table::default(),
            invoices: Table::default(),
            portal_sessions: Table::default(),
            test_clocks: Table::default(),
            authentications: Table::default(),
            endpoints: Table::default(),
            events: Table::default(),
            deliveries: Table::default(),
            controls: Controls::default(),
            kept_answers: BTreeMap::new(),
            disputes_due: Vec::new(),
            settings: Settings::default(),
            cause: Cause::default(),
            batch: Vec::new(),
        }
    }

    /// The time a customer lives in: the test clock's, if they have one.
    pub fn now_for(&self, customer: Option<&str>) -> Timestamp {
        customer
            .and_then(|id| self.customers.get(id))
            .and_then(|customer| customer.test_clock.as_deref())
            .and_then(|clock| self.test_clocks.get(clock))
            .map_or(self.now, |clock| clock.frozen_time)
    }

    /// An address on the hosted pages.
    pub fn hosted(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url)
    }
}
