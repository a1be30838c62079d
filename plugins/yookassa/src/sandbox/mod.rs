//! A stateful double of YooKassa: its API under `/v3`, a page to pay on under `/pages`, and its notifications.
//!
//! State lives in memory. No real money moves. What it says is written from YooKassa's documentation and shares no type with
//! the client beside it, so that neither hides a mistake of the other.

mod api;
mod error;
mod page;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tokio::net::TcpListener;

use state::{Ending, State};

/// How long it waits before it sends a notification again that was not taken.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// How long taking a notification may last.
const DELIVERY_LIMIT: Duration = Duration::from_secs(10);

/// The settings of a sandbox.
#[derive(Clone)]
pub struct Config {
    /// The shop's id, the only one that is known.
    pub shop_id: String,
    /// The shop's secret key.
    pub secret_key: String,
    /// Where browsers reach it, such as `http://localhost:4000`.
    pub public_url: String,
    /// Where notifications go, with the secret in its query; none keeps them for [`Sandbox::messages`] alone.
    pub notification_url: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// A double of YooKassa with one shop. Clones share their state.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    config: Config,
    state: Mutex<State>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sandbox").field(&self.0.config).finish()
    }
}

impl Sandbox {
    /// An empty shop.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner { config, state: Mutex::default() }))
    }

    /// All that it answers.
    pub fn router(&self) -> Router {
        let api = Router::new()
            .route("/payments", post(api::create_payment))
            .route("/payments/{id}", get(api::payment))
            .route("/payments/{id}/cancel", post(api::cancel_payment))
            .route("/refunds", get(api::refunds).post(api::create_refund))
            .fallback(api::nothing)
            .layer(from_fn_with_state(self.clone(), api::guard));
        Router::new()
            .nest("/v3", api)
            .route("/pages/{id}", get(page::show))
            .route("/pages/{id}/pay", post(page::pay))
            .route("/pages/{id}/decline", post(page::decline))
            .with_state(self.clone())
    }

    /// Serves on `listener` until the future is dropped.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// Pays, as a customer does on the page. False if that is not possible any more, or there is no such payment.
    ///
    /// Like all that changes something, it has to be called within a runtime if there is a [`Config::notification_url`].
    pub fn pay(&self, payment_id: &str) -> bool {
        self.end(payment_id, Ending::Paid)
    }

    /// Has the customer's bank refuse. False as with [`Sandbox::pay`].
    pub fn decline(&self, payment_id: &str) -> bool {
        self.end(payment_id, Ending::Declined)
    }

    /// Lets the time pass in which the page could be paid. False as with [`Sandbox::pay`].
    pub fn expire(&self, payment_id: &str) -> bool {
        self.end(payment_id, Ending::Expired)
    }

    /// Gives a part back, as the shop's staff does on YooKassa's pages: `value` is decimal text such as `5.00`, in the
    /// payment's currency. False if there is not so much left.
    pub fn give_back(&self, payment_id: &str, value: &str) -> bool {
        let mut state = self.lock();
        let Some(currency) = state.payment(payment_id).map(|it| it.currency.clone()) else { return false };
        let amount = json!({ "value": value, "currency": currency });
        let Ok(index) = state.refund(payment_id, &amount, now()) else { return false };
        self.tell_of_refund(&mut state, index);
        true
    }

    /// The bodies of all notifications so far, oldest first.
    pub fn messages(&self) -> Vec<String> {
        self.lock().messages.clone()
    }

    /// The ids of all payments, oldest first.
    pub fn payments(&self) -> Vec<String> {
        self.lock().payments.iter().map(|it| it.id.clone()).collect()
    }

    /// The ids of all refunds, oldest first.
    pub fn refunds(&self) -> Vec<String> {
        self.lock().refunds.iter().map(|it| it.id.clone()).collect()
    }

    /// Answers the next `count` calls with status 500, without doing anything.
    pub fn fail_next(&self, count: u32) {
        self.lock().faults.failing = count;
    }

    /// Does what the next `count` calls ask for that make something, and loses the answers.
    pub fn lose_next(&self, count: u32) {
        self.lock().faults.losing = count;
    }

    /// Lets the next `count` refunds come to nothing, as where the shop has no money left.
    pub fn cancel_next_refunds(&self, count: u32) {
        self.lock().faults.canceling_refunds = count;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page_url(&self, payment_id: &str) -> String {
        format!("{}/pages/{payment_id}", self.0.config.public_url.trim_end_matches('/'))
    }

    fn end(&self, payment_id: &str, ending: Ending) -> bool {
        let mut state = self.lock();
        let has_ended = state.end(payment_id, ending, now());
        if has_ended {
            self.tell_of_payment(&mut state, payment_id);
        }
        has_ended
    }

    fn tell_of_payment(&self, state: &mut State, id: &str) {
        let Some(payment) = state.payment(id) else { return };
        let event = format!("payment.{}", payment.status.as_str());
        let object = state.payment_object(payment, &self.page_url(id));
        self.tell(state, &json!({ "type": "notification", "event": event, "object": object }));
    }

    /// Only a refund that succeeded is told of.
    fn tell_of_refund(&self, state: &mut State, index: usize) {
        let refund = &state.refunds[index];
        if !refund.is_canceled {
            let object = refund.object();
            self.tell(
                state,
                &json!({ "type": "notification", "event": "refund.succeeded", "object": object }),
            );
        }
    }

    fn tell(&self, state: &mut State, message: &serde_json::Value) {
        let body = message.to_string();
        state.messages.push(body.clone());
        if let Some(url) = self.0.config.notification_url.clone() {
            tokio::spawn(deliver(url, body));
        }
    }
}

/// Sends a notification until it is taken, which is what the status 200 says.
async fn deliver(url: String, body: String) {
    let Ok(http) = reqwest::Client::builder().no_proxy().timeout(DELIVERY_LIMIT).build() else {
        tracing::error!("yookassa_sandbox.no_client");
        return;
    };
    for pause in PAUSES.map(Some).into_iter().chain([None]) {
        let request = http.post(&url).header(CONTENT_TYPE, "application/json").body(body.clone());
        let is_taken = request.send().await.is_ok_and(|answer| answer.status().as_u16() == 200);
        match pause {
            _ if is_taken => return,
            Some(pause) => tokio::time::sleep(pause).await,
            None => tracing::warn!("yookassa_sandbox.notification_not_taken"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox stands for another machine, which has its own clock"
)]
fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
