//! The handle: starts a sandbox, and lets tests and the control page move it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

use crate::config::{Config, Endpoint};
use crate::engine::checkout::Payer;
use crate::engine::payment::Attempt;
use crate::engine::{checkout, dispute, schedule};
use crate::model::endpoint::WebhookEndpoint;
use crate::model::event::{Cause, DeliveryStatus};
use crate::model::{LATEST, Metadata, Timestamp};
use crate::pages::card_form::{CardForm, Problems};
use crate::state::controls::Controls;
use crate::state::{Settings, State};
use crate::webhooks::Webhook;
use crate::{API_VERSION, api, pages, webhooks};

/// The id of the endpoint the starting program gives.
const BUILT_IN: &str = "we_builtin";
const DEFAULT_URL: &str = "http://127.0.0.1:12111";

/// A running double of Stripe. Clones share one state.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

/// How paying a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payment {
    /// The session is complete.
    Paid,
    /// What the page would say at the card.
    Refused(String),
    /// The address of the page where the holder of the card has to authenticate first.
    NeedsAuthentication(String),
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub config: Config,
    state: Mutex<State>,
    outbox: mpsc::UnboundedSender<String>,
    /// Taken by the worker that sends.
    inbox: Mutex<Option<mpsc::UnboundedReceiver<String>>>,
    /// Told after each delivery.
    pub delivered: Notify,
    changed: AtomicBool,
}

impl Sandbox {
    /// A sandbox with the state of the snapshot file, if there is one, else an empty one.
    pub fn new(config: Config) -> std::io::Result<Self> {
        let now = config.clock.now().timestamp();
        let seed = config.seed.unwrap_or_else(rand::random);
        let kept = config.snapshot.as_deref().map(read).transpose()?.flatten();
        let mut state = kept.unwrap_or_else(|| State::new(seed, now));
        state.settings = Settings {
            public_url: config
                .public_url
                .clone()
                .unwrap_or_else(|| DEFAULT_URL.to_owned())
                .trim_end_matches('/')
                .to_owned(),
            payment_retry_days: config.retries.payment_days.clone(),
            after_retries: config.retries.after_payments,
        };
        let (outbox, inbox) = mpsc::unbounded_channel();
        let unsent =
            state.deliveries.iter().filter(|it| it.status == DeliveryStatus::Pending).map(|it| it.id.clone());
        state.batch = unsent.collect();
        let endpoint = config.default_endpoint.clone();
        let sandbox = Self(Arc::new(Inner {
            config,
            state: Mutex::new(state),
            outbox,
            inbox: Mutex::new(Some(inbox)),
            delivered: Notify::new(),
            changed: AtomicBool::new(false),
        }));
        sandbox.set_default_endpoint(endpoint);
        Ok(sandbox)
    }

    /// The REST API, the hosted pages and the control page.
    pub fn router(&self) -> Router {
        api::routes()
            .merge(pages::routes())
            .fallback(api::not_found)
            .method_not_allowed_fallback(api::not_found)
            .with_state(self.clone())
    }

    /// Starts what works in the background: sending webhooks, renewing what falls due, keeping the snapshot. Once is
    /// enough; more often does nothing. It ends with the last handle.
    pub fn start(&self) {
        let inbox = self.0.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(inbox) = inbox {
            tokio::spawn(webhooks::send_all(Arc::downgrade(&self.0), inbox));
            tokio::spawn(tick(Arc::downgrade(&self.0)));
        }
    }

    /// Serves on `listener` until the future is dropped.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        if self.0.config.public_url.is_none() {
            self.set_public_url(&format!("http://{}", reachable(listener.local_addr()?)));
        }
        self.start();
        axum::serve(listener, self.router()).await
    }

    /// Where browsers reach the hosted pages.
    pub fn set_public_url(&self, url: &str) {
        url.trim_end_matches('/').clone_into(&mut self.lock().settings.public_url);
    }

    /// Where events go besides endpoints made through the API.
    pub fn set_default_endpoint(&self, endpoint: Option<Endpoint>) {
        let mut state = self.lock();
        match endpoint {
            None => state.endpoints.remove(BUILT_IN),
            Some(endpoint) => {
                let created = state.now;
                state.endpoints.put(WebhookEndpoint {
                    id: BUILT_IN.to_owned(),
                    created,
                    url: endpoint.url,
                    secret: endpoint.secret,
                    description: None,
                    enabled_events: vec!["*".to_owned()],
                    disabled: false,
                    api_version: Some(API_VERSION.to_owned()),
                    metadata: Metadata::new(),
                    built_in: true,
                });
            }
        }
    }

    /// The sandbox's time, Unix seconds.
    pub fn now(&self) -> Timestamp {
        self.command(Cause::default(), |state| state.now)
    }

    /// Moves the sandbox's time ahead; what falls due on the way happens before this returns.
    pub fn advance(&self, by: Duration) {
        self.command(Cause::default(), |state| {
            let furthest = (LATEST - state.now).max(0);
            state.offset += i64::try_from(by.as_secs()).unwrap_or(furthest).min(furthest);
        });
        self.catch_up();
    }

    /// Moves the sandbox's time to the next renewal, if any is to come.
    pub fn advance_to_next_renewal(&self) -> Option<Timestamp> {
        let due = self.command(Cause::default(), |state| {
            let due = schedule::next_renewal(state)?;
            state.offset += (due - state.now).max(0);
            Some(due)
        });
        self.catch_up();
        due
    }

    /// The switches of webhook delivery.
    pub fn controls(&self) -> Controls {
        self.lock().controls
    }

    /// Sets the switches. Ending a hold sends what was held.
    pub fn set_controls(&self, controls: Controls) {
        self.command(Cause::default(), |state| {
            let released = state.controls.hold && !controls.hold;
            state.controls = controls;
            if released {
                state.release();
            }
        });
    }

    /// Sends a webhook delivery again.
    pub fn send_again(&self, delivery: &str) {
        self.command(Cause::default(), |state| state.send_again(delivery));
    }

    /// Pays an open Checkout Session with a test card, as its page would.
    pub fn pay(&self, session: &str, card_number: &str) -> Payment {
        let form = CardForm { card_number: card_number.to_owned(), ..CardForm::prefilled(None, None) };
        self.command(Cause::default(), |state| {
            let mut problems = Problems::new();
            let card = form.card(state.now, &mut problems);
            if let Some(problem) = problems.into_values().next() {
                return Payment::Refused(problem);
            }
            let known = state.checkout_sessions.get(session).and_then(|it| it.customer_email.clone());
            let payer = Payer { email: known.unwrap_or(form.email), name: form.name, card };
            match checkout::pay(state, session, payer) {
                Ok(Attempt::Paid) => Payment::Paid,
                Ok(Attempt::Declined(decline)) => Payment::Refused(decline.message),
                Ok(Attempt::NeedsAuthentication(page)) => {
                    Payment::NeedsAuthentication(state.hosted(&format!("/authenticate/{page}")))
                }
                Err(problem) => Payment::Refused(problem.message),
            }
        })
    }

    /// The webhooks that are held back, signed now, oldest first: for tests that deliver them in every order themselves.
    pub fn held_webhooks(&self) -> Vec<Webhook> {
        let at = self.0.config.clock.now().timestamp();
        let state = self.lock();
        let held = state.deliveries.iter().filter(|it| it.status == DeliveryStatus::Held);
        held.filter_map(|it| webhooks::sign(&state, it, at)).collect()
    }

    /// Waits until no webhook is on its way any more; those held back do not count.
    pub async fn deliveries_settled(&self) {
        loop {
            let notified = self.0.delivered.notified();
            if !self.lock().deliveries.iter().any(|it| it.status == DeliveryStatus::Pending) {
                return;
            }
            // A delivery may end between the look and the wait; the time limit covers that.
            let _ = tokio::time::timeout(Duration::from_millis(50), notified).await;
        }
    }

    /// Writes the snapshot file now, if one is configured.
    pub fn save(&self) -> std::io::Result<()> {
        match &self.0.config.snapshot {
            None => Ok(()),
            Some(path) => write(path, &self.0.snapshot()?),
        }
    }

    fn catch_up(&self) {
        self.command(Cause::default(), |_| ());
    }

    /// Does something to the state: time is brought up to date before, webhooks are sent after.
    pub(crate) fn command<T>(&self, cause: Cause, work: impl FnOnce(&mut State) -> T) -> T {
        self.0.command(cause, work)
    }

    /// Looks at the state without bringing it up to date.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }
}

impl Inner {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command<T>(&self, cause: Cause, work: impl FnOnce(&mut State) -> T) -> T {
        self.changed.store(true, Ordering::Relaxed);
        self.quietly(|state| {
            state.cause = cause;
            work(state)
        })
    }

    /// A command that is worth a snapshot only if something happens by itself.
    fn quietly<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let made = state.ids.made();
        let target = self.config.clock.now().timestamp().saturating_add(state.offset);
        if let Err(problem) = schedule::catch_up(&mut state, target) {
            tracing::error!(%problem, "the sandbox could not work off what fell due");
        }
        let outcome = work(&mut state);
        if let Err(problem) = dispute::open_due(&mut state) {
            tracing::error!(%problem, "the sandbox could not open a dispute");
        }
        state.cause = Cause::default();
        for delivery in state.take_batch() {
            // The receiver lives as long as the sandbox, or is not started: then deliveries wait in the channel.
            let _ = self.outbox.send(delivery);
        }
        if state.ids.made() != made {
            self.changed.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// Puts a delivery back into the queue.
    pub fn enqueue(&self, delivery: String) {
        let _ = self.outbox.send(delivery);
    }

    fn snapshot(&self) -> std::io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&*self.lock())?)
    }
}

/// Brings time up to date each second and keeps the snapshot file, until the last handle is gone.
async fn tick(inner: std::sync::Weak<Inner>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.quietly(|_| ());
        let changed = inner.changed.swap(false, Ordering::Relaxed);
        if let (true, Some(path)) = (changed, inner.config.snapshot.clone()) {
            let written = tokio::task::spawn_blocking(move || write(&path, &inner.snapshot()?)).await;
            if let Ok(Err(problem)) = written {
                tracing::warn!(%problem, "the sandbox's snapshot could not be written");
            }
        }
    }
}

/// The state a snapshot file holds. One that cannot be read, from another version perhaps, is put aside: a demo that starts
/// empty is better than one that does not start.
fn read(path: &Path) -> std::io::Result<Option<State>> {
    if !path.exists() {
        return Ok(None);
    }
    match serde_json::from_slice(&std::fs::read(path)?) {
        Ok(state) => Ok(Some(state)),
        Err(problem) => {
            let aside = path.with_extension("unreadable");
            tracing::warn!(%problem, aside = %aside.display(), "the sandbox's snapshot cannot be read; starting empty");
            std::fs::rename(path, aside)?;
            Ok(None)
        }
    }
}

/// Writes beside the file and renames, so that a crash never leaves half a snapshot.
fn write(path: &Path, snapshot: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    std::fs::write(&beside, snapshot)?;
    std::fs::rename(beside, path)
}

/// An address browsers can use: "all addresses" is none.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}
