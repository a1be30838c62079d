//! A stateful double of Stripe: the product can be tried and tested without an account.
//!
//! * It answers Stripe's REST calls under `/v1` ([`Sandbox::router`]), form-encoded in and JSON out, in today's shapes.
//! * It shows hosted pages that need no script: checkout under `/pay`, the billing portal under `/portal`.
//! * It sends signed webhooks with retries, and on demand held back, shuffled, doubled or dropped.
//! * It renews subscriptions when its clock, or one of Stripe's test clocks, passes the end of a period.
//! * `/sandbox` shows all of this and holds the switches; `/sandbox/api` has the same for tests.
//!
//! State lives in memory, with an optional snapshot file ([`Config::snapshot`]). No real money moves anywhere.

// Stripe's objects have many fields, and `json!` recurses once for each.
#![recursion_limit = "512"]

mod api;
mod config;
mod engine;
mod error;
mod form;
mod model;
mod pages;
mod render;
mod sandbox;
mod state;
mod webhooks;

pub use config::{AfterRetries, Clock, Config, Endpoint, Retries, SystemClock};
pub use sandbox::{Payment, Sandbox};
pub use state::controls::Controls;
pub use webhooks::{Webhook, signature};

/// The API version whose shapes the sandbox speaks: the one async-stripe is generated from.
pub const API_VERSION: &str = "2026-09-30.endive";
