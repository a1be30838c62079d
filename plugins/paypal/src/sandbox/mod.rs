//! A stateful double of PayPal: payment can be tried and tested without an account.
//!
//! * It answers those of PayPal's calls that the plug-in makes ([`Sandbox::router`]), in PayPal's shapes, with its refusals and
//!   its memory of `PayPal-Request-Id`.
//! * `/checkoutnow` is the page where a payer approves an order, by a button.
//! * It sends signed messages to [`Config::webhook_url`], with repetition, and shows them to tests ([`Sandbox::messages`]).
//! * It fails when it is told to: [`Sandbox::fail_next`], [`Sandbox::lose_answer`], [`Sandbox::be_quicker`].
//!
//! State lives in memory. No real money moves anywhere.

mod api;
mod moves;
mod page;
mod refused;
mod render;
mod state;
mod webhook;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::net::TcpListener;

pub use refused::Refused;
pub use state::Funding;
pub use webhook::Webhook;

use state::State;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The settings of a sandbox.
#[derive(Clone)]
pub struct Config {
    /// The id that the plug-in has to have.
    pub client_id: String,
    /// The secret that it has to have.
    pub client_secret: String,
    /// The id of the webhook: messages are signed for it.
    pub webhook_id: String,
    /// Where browsers and the plug-in reach the sandbox.
    pub public_url: String,
    /// Where messages are sent; without one they are only kept.
    pub webhook_url: Option<String>,
    /// Where the time comes from. Messages carry it: receivers must live by the same clock.
    pub clock: Clock,
}

impl Config {
    /// A sandbox at an address, with keys that everybody knows and the machine's clock, which sends no messages.
    #[expect(clippy::disallowed_methods, reason = "the sandbox's one question to the machine")]
    pub fn at(public_url: impl Into<String>) -> Self {
        Self {
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            webhook_id: "1SANDBOX".to_owned(),
            public_url: public_url.into(),
            webhook_url: None,
            clock: Arc::new(|| std::time::SystemTime::now().into()),
        }
    }

    /// What the plug-in needs to use it.
    pub fn keys(&self) -> crate::Config {
        crate::Config {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            webhook_id: self.webhook_id.clone(),
            base_url: Some(self.public_url.clone()),
        }
    }
}

/// A double of PayPal. Clones are the same one.
#[derive(Clone)]
pub struct Sandbox {
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("public_url", &self.config.public_url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox in which nothing has happened yet.
    pub fn new(config: Config) -> Self {
        let state = State::new(config.public_url.clone(), Arc::clone(&config.clock));
        Self { config: Arc::new(config), state: Arc::new(Mutex::new(state)) }
    }

    /// All that it answers.
    pub fn router(&self) -> Router {
        api::router(self.clone()).merge(page::router(self.clone()))
    }

    /// Answers at an address until it is dropped.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// Approves an order as its payer does. Gives the address that they are led to: that of the shop, with `token`.
    pub fn approve(&self, order: &str, funding: Funding) -> Result<String, Refused> {
        self.change(|state| state.approve(order, funding))
    }

    /// What becomes of a payment that was pending: the money arrives, or it does not.
    pub fn finish_pending(&self, order: &str, arrives: bool) -> Result<(), Refused> {
        self.change(|state| state.finish_pending(order, arrives))
    }

    /// The payer contests a payment at PayPal, which holds it. How that ends, [`Sandbox::finish_pending`] and
    /// [`Sandbox::reverse`] say.
    pub fn contest(&self, order: &str) -> Result<(), Refused> {
        self.change(|state| state.contest(order))
    }

    /// PayPal takes a payment back, as after a dispute that was lost.
    pub fn reverse(&self, order: &str) -> Result<(), Refused> {
        self.change(|state| state.give_back(order, None, "PAYMENT.CAPTURE.REVERSED").map(drop))
    }

    /// The seller gives a part of a payment back, on PayPal's own pages. The amount is written as PayPal does.
    pub fn refund_part(&self, order: &str, value: &str) -> Result<(), Refused> {
        self.change(|state| state.give_back(order, Some(value), "PAYMENT.CAPTURE.REFUNDED").map(drop))
    }

    /// The last refund of an order comes to nothing after all.
    pub fn bounce_refund(&self, order: &str) -> Result<(), Refused> {
        self.change(|state| state.bounce_refund(order))
    }

    /// PayPal forgets an order, as it does some hours after it was made. The key that it was made with is still known, and so is
    /// its payment.
    pub fn forget(&self, order: &str) {
        self.lock().forgotten.insert(order.to_owned());
    }

    /// All tokens are over, though they were to last longer.
    pub fn withdraw_tokens(&self) {
        self.lock().tokens.clear();
    }

    /// The next so many calls are answered with an error of PayPal's own, and nothing is done. Asking for a token does not
    /// count.
    pub fn fail_next(&self, calls: u32) {
        self.lock().fail_next = calls;
    }

    /// The answer of the next call whose path ends so is lost after what was asked for is done.
    pub fn lose_answer(&self, path_end: &str) {
        self.lock().lose_answer = Some(path_end.to_owned());
    }

    /// Somebody else captures the next order just before it is captured.
    pub fn be_quicker(&self) {
        self.lock().somebody_is_quicker = true;
    }

    /// Everything that was sent so far, oldest first.
    pub fn messages(&self) -> Vec<Webhook> {
        self.lock().messages.iter().map(|message| message.signed(&self.config)).collect()
    }

    /// A message with any body, signed as PayPal's.
    pub fn sign(&self, body: &str) -> Webhook {
        let at = (self.config.clock)();
        webhook::Message { kind: String::new(), body: body.to_owned(), at }.signed(&self.config)
    }

    /// The ids of all orders.
    pub fn orders(&self) -> Vec<String> {
        self.lock().orders.keys().cloned().collect()
    }

    /// An order as PayPal describes it; none if it does not know it, or not any more.
    pub fn order(&self, id: &str) -> Option<Value> {
        let state = self.lock();
        state.known(id).ok().map(|order| state.render(order))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something, and sends the messages that come of it.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let (made, messages) = {
            let mut state = self.lock();
            let before = state.messages.len();
            let made = act(&mut state);
            (made, state.messages[before..].to_vec())
        };
        if let Some(url) = &self.config.webhook_url
            && !messages.is_empty()
        {
            let messages = messages.iter().map(|message| message.signed(&self.config)).collect();
            tokio::spawn(webhook::deliver(url.clone(), messages));
        }
        made
    }
}
