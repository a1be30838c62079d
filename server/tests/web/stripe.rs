//! Buying through Stripe, by way of the sandbox: what its messages lead to, repeated, late, lost and forged. Every order of
//! them is in `stripe_orders`.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use billing::Billing;
use billing::checkout::Order;
use billing::providers::{Checkout, FollowSubscription, Outcome, PayPage, Providers, Received};
use billing::subscriptions::Subscription;
use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::{InvoiceId, PlanId, TokenBundleId, UserId};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, StatusCode};
use platform::clock::{Clock as _, MovableClock};
use plugin_api::payment::{
    Capabilities, Event, Message, NewSession, PaymentProvider, ProviderError, Reading, Session,
    SessionStatus, Subject, Wanted, WebhookError,
};
use plugin_stripe::{Config, Stripe};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sqlx::PgPool;
use stripe_sandbox::{Controls, Endpoint, Payment, Sandbox, Webhook, signature};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt;
use uuid::Uuid;

use crate::rest::Client;
use crate::support::{Site, json as body_of, text};
use crate::v1::{admin, shop, signed_in};

pub const SECRET: &str = "whsec_of_these_tests";
pub const CARD: &str = "4242424242424242";

#[derive(Debug)]
struct Time(MovableClock);

impl stripe_sandbox::Clock for Time {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

/// The headers of a message with this signature.
pub fn signed(signature: &str) -> HeaderMap {
    HeaderMap::from_iter([("stripe-signature".parse().unwrap(), signature.parse().unwrap())])
}

/// A sandbox of its own, and billing that pays through it. Messages are held back, to be delivered by the test.
pub struct Till {
    pub sandbox: Sandbox,
    pub stripe: Arc<Stripe>,
    pub billing: Billing,
    pub clock: MovableClock,
    base_url: String,
}

fn client(key: &str, base_url: &str) -> Arc<Stripe> {
    let config = Config {
        secret_key: key.to_owned(),
        webhook_secret: SECRET.to_owned(),
        base_url: Some(base_url.to_owned()),
    };
    Arc::new(Stripe::new(config).unwrap())
}

impl Till {
    pub async fn new(site: &Site) -> Self {
        let sandbox = Sandbox::new(stripe_sandbox::Config {
            default_endpoint: Some(Endpoint {
                url: "http://127.0.0.1:9/".to_owned(),
                secret: SECRET.to_owned(),
            }),
            clock: Arc::new(Time(site.clock.clone())),
            ..stripe_sandbox::Config::default()
        })
        .unwrap();
        sandbox.set_controls(Controls { hold: true, ..Controls::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener).await });
        let stripe = client("sk_test_x", &base_url);
        let providers = Providers::new([stripe.clone() as Arc<dyn PaymentProvider>]);
        let billing = site.state.services.billing.clone().with_providers(providers);
        Self { sandbox, stripe, billing, clock: site.clock.clone(), base_url }
    }

    /// The same billing with another key of Stripe's.
    pub fn with_key(&self, key: &str) -> Billing {
        let stripe = client(key, &self.base_url) as Arc<dyn PaymentProvider>;
        self.billing.clone().with_providers(Providers::new([stripe]))
    }

    /// Asks the sandbox something that Keyrack never does.
    pub async fn at_stripe(&self, path: &str, form: &str) -> (StatusCode, String) {
        let request = Request::post(path)
            .header("authorization", "Bearer sk_test_x")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(form.to_owned()));
        let answer = self.sandbox.router().oneshot(request.unwrap()).await.unwrap();
        (answer.status(), text(answer).await)
    }

    /// Delivers what was not delivered yet.
    pub async fn deliver_all(&self) {
        for message in self.messages() {
            let received = self.deliver(&message).await;
            assert!(!matches!(received, Received::Kept { .. }), "{}: {received:?}", message.kind);
        }
    }

    pub async fn deliver(&self, message: &Webhook) -> Received {
        self.deliver_to(&self.billing, message).await
    }

    async fn deliver_to(&self, billing: &Billing, message: &Webhook) -> Received {
        let headers = signed(&signature::header(&message.payload, SECRET, self.clock.now().timestamp()));
        let message = Message { headers: &headers, query: None, body: message.payload.as_bytes() };
        billing.receive("stripe", &message).await.unwrap()
    }

    /// What was sent so far, oldest first.
    pub fn messages(&self) -> Vec<Webhook> {
        self.sandbox.held_webhooks()
    }

    pub async fn page(&self, buyer: &Actor, invoice_id: InvoiceId) -> PayPage {
        let checkout = Self::checkout();
        self.billing.create_session(buyer.own_account(), "stripe", invoice_id, &checkout).await.unwrap()
    }

    /// What its buyers bring along.
    pub fn checkout() -> Checkout {
        Checkout {
            email: Some("ada@customer.example".to_owned()),
            success_url: "https://keyrack.example/account?session={session}".to_owned(),
            cancel_url: "https://keyrack.example/account".to_owned(),
        }
    }

    pub fn pay(&self, page: &PayPage) {
        assert_eq!(self.sandbox.pay(&page.session_id, CARD), Payment::Paid);
    }

    /// The whole of what an account has, without ids and the instants at which it was noticed.
    pub async fn end_state(&self, pool: &PgPool, buyer: &Actor) -> Value {
        let account = Uuid::from(buyer.user_id);
        let rows: Value = sqlx::query_scalar(
            "SELECT jsonb_build_object(
                'invoices', (SELECT jsonb_agg(jsonb_build_array(reason, status, total_minor, provider) ORDER BY created_at, id)
                             FROM invoices WHERE account_id = $1),
                'subscriptions', (SELECT jsonb_agg(jsonb_build_array(status, started_at, expires_at, provider_renews, is_past_due))
                                  FROM subscriptions WHERE account_id = $1),
                'bundles', (SELECT jsonb_agg(status) FROM bundle_purchases WHERE account_id = $1),
                'payments', (SELECT jsonb_agg(jsonb_build_array(amount_minor, refunded_minor, captured_at IS NOT NULL) ORDER BY captured_at, amount_minor)
                             FROM payments WHERE account_id = $1),
                'tokens', (SELECT jsonb_agg(jsonb_build_array(kind, amount) ORDER BY kind, amount) FROM token_entries WHERE account_id = $1),
                'balance', (SELECT balance FROM token_balances WHERE account_id = $1))",
        )
        .bind(account)
        .fetch_one(pool)
        .await
        .unwrap();
        rows
    }
}

pub async fn customer(site: &Site) -> Actor {
    let email = format!("{}@customer.example", platform::ids::new::<Uuid>().simple());
    let user_id: UserId =
        site.state.services.identity.register_customer(&email, "TestPass123@").await.unwrap();
    Actor { user_id, username: email, ..Actor::nobody() }
}

/// The plan that has tokens, and a bundle: their ids by the demo's names.
async fn goods(pool: &PgPool) -> (PlanId, TokenBundleId) {
    let plan: Uuid =
        sqlx::query_scalar("SELECT id FROM plans WHERE slug = 'basic'").fetch_one(pool).await.unwrap();
    let bundle: Uuid = sqlx::query_scalar("SELECT id FROM token_bundles ORDER BY sort_order LIMIT 1")
        .fetch_one(pool)
        .await
        .unwrap();
    (plan.into(), bundle.into())
}

pub async fn order(till: &Till, pool: &PgPool, buyer: &Actor) -> InvoiceId {
    let (plan_id, bundle_id) = goods(pool).await;
    let order = Order {
        plan_id: Some(plan_id),
        bundle_ids: vec![bundle_id],
        addon_ids: Vec::new(),
        currency: "EUR".to_owned(),
        country: Some("DE".to_owned()),
        payment_method: None,
    };
    till.billing.checkout(buyer.own_account(), &order).await.unwrap().invoice_id
}

/// The kinds of messages that say something about a purchase, of which each order is tried.
const TELLING: [&str; 7] = [
    "checkout.session.completed",
    "invoice.paid",
    "customer.subscription.created",
    "charge.refunded",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "payment_intent.succeeded",
];

/// What happens at Stripe, step by step: bought, renewed, the renewal refunded, cancelled, ended.
const STEPS: usize = 5;

async fn happens(till: &Till, page: &PayPage, step: usize) {
    let subscription = || async {
        let reading = till.stripe.read(&Subject::Session(page.session_id.clone())).await.unwrap().unwrap();
        reading.subscription.unwrap()
    };
    match step {
        0 => till.pay(page),
        1 | 4 => drop(till.sandbox.advance_to_next_renewal()),
        2 => {
            let periods = subscription().await.periods;
            till.stripe.refund(&periods[1].payment.as_ref().unwrap().reference).await.unwrap();
        }
        _ => {
            let wanted = Wanted { renews: Some(false), is_paused: false, line: None, next_payment_at: None };
            till.stripe.follow(&subscription().await.id, &wanted).await.unwrap();
        }
    }
}

/// One purchase whose messages come afterwards, in the order that `arrange` makes of the telling ones.
async fn afterwards(site: &Site, pool: &PgPool, arrange: impl FnOnce(Vec<Webhook>) -> Vec<Webhook>) -> Value {
    let (till, buyer) = (Till::new(site).await, customer(site).await);
    let page = till.page(&buyer, order(&till, pool, &buyer).await).await;
    for step in 0..STEPS {
        happens(&till, &page, step).await;
    }
    let messages = till.messages();
    let telling = messages.into_iter().filter(|it| TELLING.contains(&it.kind.as_str())).collect();
    for message in arrange(telling) {
        let received = till.deliver(&message).await;
        assert!(!matches!(received, Received::Kept { .. }), "{}: {received:?}", message.kind);
    }
    till.end_state(pool, &buyer).await
}

/// Which random histories are tried: 10,000 where `KEYRACK_ALL_ORDERS` is set, which takes an hour, or those of them that
/// it names as `3000..6000`; else a few.
fn histories() -> Range<u64> {
    let Ok(wanted) = std::env::var("KEYRACK_ALL_ORDERS") else { return 0..15 };
    let named = wanted.split_once("..").map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap()));
    let (from, to) = named.unwrap_or((0, 10_000));
    from..to
}

/// Messages come while things still happen: some at once, some late, some twice, some lost and sent again.
async fn on_the_way(site: &Site, pool: &PgPool, seed: u64) -> Value {
    let mut random = StdRng::seed_from_u64(seed);
    let (till, buyer) = (Till::new(site).await, customer(site).await);
    let page = till.page(&buyer, order(&till, pool, &buyer).await).await;
    let mut seen = 0;
    let mut open: Vec<Webhook> = Vec::new();
    for step in 0..STEPS {
        happens(&till, &page, step).await;
        let all = till.messages();
        open.extend(all[seen..].iter().cloned());
        seen = all.len();
        open.shuffle(&mut random);
        for _ in 0..random.random_range(0..=open.len()) {
            let at = random.random_range(0..open.len());
            till.deliver(&open[at]).await;
            // What is left in is delivered once more.
            if random.random_bool(0.7) {
                open.swap_remove(at);
            }
            if open.is_empty() {
                break;
            }
        }
    }
    for message in till.messages() {
        till.deliver(&message).await;
    }
    till.end_state(pool, &buyer).await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn messages_that_come_while_things_happen_lead_to_the_same_end(pool: PgPool) {
    let site = shop(&pool).await;
    let expected = afterwards(&site, &pool, |messages| messages).await;
    // A few side by side, since each waits for the database and for the sandbox.
    let (site, pool) = (&site, &pool);
    let mut ends = stream::iter(histories())
        .map(|seed| async move { (seed, on_the_way(site, pool, seed).await) })
        .buffer_unordered(4);
    while let Some((seed, end)) = ends.next().await {
        assert_eq!(end, expected, "seed {seed}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_asked_before_does_not_overwrite_what_was_asked_after(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    for message in till.messages() {
        till.deliver(&message).await;
    }
    // Sixteen at once of a refund and of what came before it: each reads and writes for itself.
    let payment: String =
        sqlx::query_scalar("SELECT reference FROM payments").fetch_one(&pool).await.unwrap();
    till.stripe.refund(&payment).await.unwrap();
    let messages = till.messages();
    sqlx::query("UPDATE provider_events SET status = 'received'").execute(&pool).await.unwrap();
    futures::future::join_all(messages.iter().cycle().take(48).map(|message| till.deliver(message))).await;
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(invoice.status.as_str(), "refunded");
    let state = till.end_state(&pool, &buyer).await;
    assert_eq!((&state["balance"], &state["bundles"]), (&json!(0), &json!(["refunded"])), "{state:#}");
}

/// What a [`Late`] Stripe answers late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    /// What is asked about payments.
    Payments,
    /// What it is told about subscriptions.
    Following,
    /// What it is to give back.
    Refunds,
}

/// Stripe, some of whose answers arrive when the test says so.
#[derive(Debug)]
pub struct Late {
    stripe: Arc<Stripe>,
    slow: Slow,
    /// Has a permit for each that waits or waited.
    pub asked: Semaphore,
    pub may_answer: Notify,
}

impl Late {
    pub fn new(stripe: Arc<Stripe>, slow: Slow) -> Arc<Self> {
        Arc::new(Self { stripe, slow, asked: Semaphore::new(0), may_answer: Notify::new() })
    }

    async fn wait(&self) {
        self.asked.add_permits(1);
        self.may_answer.notified().await;
    }
}

#[async_trait]
impl PaymentProvider for Late {
    fn slug(&self) -> &'static str {
        self.stripe.slug()
    }
    fn capabilities(&self) -> Capabilities {
        self.stripe.capabilities()
    }
    async fn create_session(&self, new: &NewSession) -> Result<Session, ProviderError> {
        self.stripe.create_session(new).await
    }
    async fn close_session(&self, session: &str) -> Result<(), ProviderError> {
        self.stripe.close_session(session).await
    }
    async fn read(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError> {
        let reading = self.stripe.read(subject).await;
        if self.slow == Slow::Payments && matches!(subject, Subject::Payment(_)) {
            self.wait().await;
        }
        reading
    }
    async fn refund(&self, payment_reference: &str) -> Result<(), ProviderError> {
        let refunded = self.stripe.refund(payment_reference).await;
        if self.slow == Slow::Refunds {
            self.wait().await;
        }
        refunded
    }
    async fn follow(&self, subscription: &str, wanted: &Wanted) -> Result<bool, ProviderError> {
        if self.slow == Slow::Following {
            self.wait().await;
        }
        self.stripe.follow(subscription, wanted).await
    }
    async fn portal(&self, customer: &str, return_url: &str) -> Result<String, ProviderError> {
        self.stripe.portal(customer, return_url).await
    }
    async fn event(&self, message: &Message<'_>, now: DateTime<Utc>) -> Result<Event, WebhookError> {
        self.stripe.event(message, now).await
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_later_answer_that_knows_nothing_of_refunds_does_not_hide_one(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    for message in till.messages() {
        till.deliver(&message).await;
    }
    let seen = till.messages().len();
    let payment: String =
        sqlx::query_scalar("SELECT reference FROM payments").fetch_one(&pool).await.unwrap();
    till.stripe.refund(&payment).await.unwrap();
    let refunded =
        till.messages().split_off(seen).into_iter().find(|it| it.kind == "charge.refunded").unwrap();

    let late = Late::new(till.stripe.clone(), Slow::Payments);
    let providers = Providers::new([late.clone() as Arc<dyn PaymentProvider>]);
    let slow = Till { billing: till.billing.clone().with_providers(providers), ..Till::new(&site).await };
    let meanwhile = async {
        let _ = late.asked.acquire().await.unwrap();
        till.billing.session_status(buyer.own_account(), "stripe", &page.session_id).await.unwrap();
        late.may_answer.notify_one();
    };
    futures::join!(slow.deliver(&refunded), meanwhile);
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(invoice.status.as_str(), "refunded");
}

pub async fn subscription(till: &Till, buyer: &Actor) -> Subscription {
    till.billing.subscriptions(buyer.own_account()).await.unwrap().remove(0)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_page_is_the_same_until_it_expires_and_pays_once(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let pages = futures::future::join_all((0..8).map(|_| till.page(&buyer, invoice_id))).await;
    assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "one page: {pages:?}");
    till.sandbox.advance(std::time::Duration::from_hours(25));
    let next = till.page(&buyer, invoice_id).await;
    assert_ne!(next, pages[0], "the first one expired");
    till.pay(&next);
    // No message came: whoever looks at the page settles it.
    let paying = till.billing.session_status(buyer.own_account(), "stripe", &next.session_id).await.unwrap();
    assert_eq!((paying.status, paying.invoice_id), (SessionStatus::Paid, invoice_id));
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(invoice.status.as_str(), "paid");
    let stranger = customer(&site).await;
    let error =
        till.billing.session_status(stranger.own_account(), "stripe", &next.session_id).await.unwrap_err();
    assert!(matches!(error, billing::Error::NoSession), "{error:?}");
    let again = Checkout {
        email: None,
        success_url: "https://a.example".into(),
        cancel_url: "https://a.example".into(),
    };
    let error =
        till.billing.create_session(stranger.own_account(), "stripe", invoice_id, &again).await.unwrap_err();
    assert!(matches!(error, billing::Error::NoInvoice), "{error:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_changes_here_changes_at_stripe(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let page = till.page(&buyer, order(&till, &pool, &buyer).await).await;
    till.pay(&page);
    till.billing.session_status(buyer.own_account(), "stripe", &page.session_id).await.unwrap();
    let own = buyer.own_account();
    let id = subscription(&till, &buyer).await.id;
    let follow = async || {
        till.billing
            .follow(&FollowSubscription { account_id: own.account_id(), subscription_id: id })
            .await
            .unwrap();
        let reading = till.stripe.read(&Subject::Session(page.session_id.clone())).await.unwrap().unwrap();
        reading.subscription.unwrap()
    };
    assert!(follow().await.renews);

    // Paused for ten days, the next payment comes ten days later.
    till.billing.pause(own, id).await.unwrap();
    follow().await;
    till.clock.advance(chrono::TimeDelta::days(10));
    till.billing.resume(own, id).await.unwrap();
    let expires_at = subscription(&till, &buyer).await.state.expires_at().unwrap();
    follow().await;
    till.sandbox.advance_to_next_renewal();
    let renewal = follow().await;
    let collected = renewal.periods.iter().filter(|period| period.is_paid && period.total.minor > 0).count();
    assert_eq!(collected, 2, "{renewal:?}");
    for message in till.messages() {
        till.deliver(&message).await;
    }
    let renewed = subscription(&till, &buyer).await.state.expires_at().unwrap();
    assert!(renewed > expires_at + chrono::TimeDelta::days(27), "{renewed} after {expires_at}");

    till.billing.cancel(own, id).await.unwrap();
    assert!(!follow().await.renews, "no further period is collected");
    let jobs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM jobs WHERE queue = 'billing.follow_subscription'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(jobs >= 1, "the change is on its way by itself");
}

/// What Stripe says of an older wish is no wish of the customer's.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_echo_of_a_change_does_not_take_back_a_later_one(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    till.pay(&till.page(&buyer, order(&till, &pool, &buyer).await).await);
    till.deliver_all().await;
    let own = buyer.own_account();
    let id = subscription(&till, &buyer).await.id;
    let job = FollowSubscription { account_id: own.account_id(), subscription_id: id };
    let status = async || subscription(&till, &buyer).await.state.status().as_str();

    let reference: String =
        sqlx::query_scalar("SELECT provider_subscription_id FROM subscriptions WHERE id = $1")
            .bind(Uuid::from(id))
            .fetch_one(&pool)
            .await
            .unwrap();
    let tell_stripe = async |renews| {
        let wanted = Wanted { renews: Some(renews), is_paused: false, line: None, next_payment_at: None };
        till.stripe.follow(&reference, &wanted).await.unwrap();
    };

    // Stripe is told of one change, and its message about that comes when there is another. Either it was noted that it was
    // told, or whoever told it has not come so far.
    for is_noted in [true, false] {
        let tell = async |renews| {
            if is_noted {
                till.billing.follow(&job).await.unwrap();
            } else {
                tell_stripe(renews).await;
            }
        };
        till.billing.cancel(own, id).await.unwrap();
        tell(false).await;
        till.billing.resume(own, id).await.unwrap();
        till.deliver_all().await;
        assert_eq!(status().await, "active", "noted: {is_noted}");

        tell(true).await;
        till.billing.cancel(own, id).await.unwrap();
        till.deliver_all().await;
        assert_eq!(status().await, "cancelled", "noted: {is_noted}");
        till.billing.resume(own, id).await.unwrap();
    }

    // When Stripe knows all, what the customer does on its pages counts.
    till.billing.follow(&job).await.unwrap();
    till.deliver_all().await;
    for (renews, expected) in [(false, "cancelled"), (true, "active")] {
        tell_stripe(renews).await;
        till.deliver_all().await;
        assert_eq!(status().await, expected, "on its page");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_refunds_through_stripe(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    till.billing.session_status(buyer.own_account(), "stripe", &page.session_id).await.unwrap();
    let admin = admin_row(&pool).await;
    let reversed = till.billing.refund(admin.admin().unwrap(), invoice_id, "sorry").await.unwrap();
    assert!(reversed.tokens > 0 && reversed.subscription_id.is_some());
    let reading = till.stripe.read(&Subject::Session(page.session_id.clone())).await.unwrap().unwrap();
    let payment = reading.payment.unwrap().reference;
    let at_stripe = till.stripe.read(&Subject::Payment(payment)).await.unwrap().unwrap().payment.unwrap();
    let returned = at_stripe.returned.unwrap();
    assert_eq!(returned.refunded_minor, at_stripe.amount.minor, "the money went back");
    for message in till.messages() {
        till.deliver(&message).await;
    }
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(invoice.status.as_str(), "refunded", "its own messages change nothing");
}

/// The platform admin of the demo, whose deeds are written down.
pub async fn admin_row(pool: &PgPool) -> Actor {
    let user_id: Uuid = sqlx::query_scalar("SELECT id FROM users WHERE is_platform_admin LIMIT 1")
        .fetch_one(pool)
        .await
        .unwrap();
    Actor { user_id: user_id.into(), is_platform_admin: true, ..Actor::nobody() }
}

pub async fn owner(site: &Site) -> Client<'_> {
    signed_in(site, "owner@harbour.example", "HarbourDesk1!").await.0
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_company_opens_a_module_and_the_admin_sees_what_stripe_sent(pool: PgPool) {
    let mut site = shop(&pool).await;
    let till = Till::new(&site).await;
    site.state.services.billing = till.billing.clone();
    site.router = server::web::router(site.state.clone());
    let boss = owner(&site).await;
    let stranger = signed_in(&site, "reception@mill.example", "HarbourDesk1!").await.0;
    stranger.expect(403, "GET", "/api/store/modules", None).await;
    // Tokens do not live as long as modules.
    let hotel = async || {
        let owner = owner(&site).await;
        owner.expect(200, "GET", "/api/store/modules", None).await["modules"][0].clone()
    };
    let before = hotel().await;
    assert_eq!(
        (&before["name"], &before["display_name"], &before["enabled"]),
        (&json!("hotel"), &json!("Hotel"), &json!(false))
    );
    assert_eq!(
        before["plans"][0],
        json!({ "id": "basic", "name": "Hotel Basic", "amount": 2999, "currency": "usd", "interval": "month" })
    );
    let path = "/api/store/create-checkout-session";
    let missing = boss.expect(400, "POST", path, Some(json!({ "module": "hotel" }))).await;
    assert_eq!(missing["error"], "module and plan_id required");
    boss.expect(400, "POST", path, Some(json!({ "module": "spa", "plan_id": "basic" }))).await;
    // Nobody buys for another company; a page of somebody else's is not looked at, nor a price.
    let order = |company: &Value| json!({ "module": "hotel", "plan_id": "basic", "company_id": company, "success_url": "https://evil.example/", "amount": 1 });
    let orders = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM invoices").fetch_one(&pool).await.unwrap()
    };
    let before = orders().await;
    for other in [json!(platform::ids::new::<Uuid>()), json!(1000), json!("x")] {
        boss.expect(403, "POST", path, Some(order(&other))).await;
    }
    assert_eq!(orders().await, before);
    let own = boss.expect(200, "GET", "/api/auth/me", None).await["company"]["id"].clone();
    let session = boss.expect(200, "POST", path, Some(order(&own))).await;
    let id = session["session_id"].as_str().unwrap();
    assert_eq!(till.sandbox.pay(id, CARD), Payment::Paid);
    for message in till.messages() {
        till.deliver(&message).await;
    }
    let after = hotel().await;
    assert_eq!(after["enabled"], true);
    // It stays open to the end of what was paid and some days for the provider's word, and no longer.
    till.clock.advance(chrono::TimeDelta::days(31));
    assert_eq!(hotel().await["enabled"], true);
    till.clock.advance(chrono::TimeDelta::days(10));
    assert_eq!(hotel().await["enabled"], false);

    let admin = admin(&site).await;
    owner(&site).await.expect(403, "GET", "/api/v1/admin/provider-events", None).await;
    let events = admin.expect(200, "GET", "/api/v1/admin/provider-events?status=handled", None).await;
    let event = &events["events"][0];
    assert!(event["payload"].as_str().unwrap().contains(event["event_id"].as_str().unwrap()));
    let replay =
        format!("/api/v1/admin/provider-events/stripe/{}/replay", event["event_id"].as_str().unwrap());
    assert_eq!(admin.expect(200, "POST", &replay, None).await["status"], "handled");
    // A key makes it part of a transaction that is committed with the answer; it does not wait for itself.
    for _ in 0..2 {
        let request = Request::post(&replay)
            .header("authorization", &admin.bearer)
            .header("idempotency-key", "replay-1");
        let answer = site.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(body_of(answer).await["status"], "handled");
    }
    admin.expect(404, "POST", "/api/v1/admin/provider-events/stripe/none/replay", None).await;
}

/// Sends a body to one of the four paths.
async fn post(site: &Site, path: &str, signature: Option<&str>, body: Vec<u8>) -> (StatusCode, Value) {
    let mut request = Request::builder().method("POST").uri(path).header("content-type", "application/json");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    let answer = site.send(request.body(body.into()).unwrap()).await;
    (answer.status(), body_of(answer).await)
}

const PATHS: [&str; 4] =
    ["/api/webhooks/stripe", "/api/store/webhook", "/billing/webhook", "/api/v1/plugins/stripe/webhook"];

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn only_stripe_is_believed_at_any_of_its_paths(pool: PgPool) {
    let mut site = shop(&pool).await;
    let till = Till::new(&site).await;
    site.state.services.billing = till.billing.clone();
    site.router = server::web::router(site.state.clone());
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    let now = till.clock.now().timestamp();
    let message = till.messages().into_iter().find(|it| it.kind == "checkout.session.completed").unwrap();
    let body = || message.payload.clone().into_bytes();
    for path in PATHS {
        for (what, signature) in [
            ("wrong secret", signature::header(&message.payload, "whsec_other", now)),
            ("expired", signature::header(&message.payload, SECRET, now - 3600)),
            ("of another body", signature::header("{}", SECRET, now)),
            ("none at all", String::new()),
        ] {
            let (status, answer) = post(&site, path, Some(&signature), body()).await;
            assert_eq!(
                (status, &answer["error"]),
                (StatusCode::BAD_REQUEST, &json!("Invalid signature")),
                "{path}: {what}"
            );
        }
        assert_eq!(post(&site, path, None, body()).await.0, StatusCode::BAD_REQUEST);
        let huge = vec![b' '; 1024 * 1024 + 1];
        let signature = signature::header(&String::from_utf8(huge.clone()).unwrap(), SECRET, now);
        assert_eq!(
            post(&site, path, Some(&signature), huge).await.0,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{path}"
        );
        let signature = signature::header("[]", SECRET, now);
        assert_eq!(post(&site, path, Some(&signature), b"[]".to_vec()).await.1["error"], "Invalid payload");
    }
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM provider_events").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0, "nothing of that is kept");
    let unknown = post(&site, "/api/webhooks/paypal", Some("t=1,v1=0"), body()).await;
    assert_eq!(unknown.1["error"], "Unknown payment provider: paypal");

    let good = signature::header(&message.payload, SECRET, now);
    for (path, expected) in PATHS.into_iter().zip(["received", "success", "success", "received"]) {
        let (status, answer) = post(&site, path, Some(&good), body()).await;
        assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!(expected)), "{path}: {answer}");
    }
    assert_eq!(post(&site, PATHS[0], Some(&good), body()).await.1["status"], "duplicate");
    let raw: Vec<u8> = sqlx::query_scalar("SELECT body FROM provider_events").fetch_one(&pool).await.unwrap();
    assert_eq!(raw, body(), "kept to the byte, once");
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(invoice.status.as_str(), "paid");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_cannot_be_done_now_is_kept_and_done_later(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    let message = till.messages().into_iter().find(|it| it.kind == "checkout.session.completed").unwrap();
    // The same keys, and nobody at home.
    let away = Stripe::new(Config {
        secret_key: "sk_test_x".to_owned(),
        webhook_secret: SECRET.to_owned(),
        base_url: Some("http://127.0.0.1:9".to_owned()),
    });
    let providers = Providers::new([Arc::new(away.unwrap()) as Arc<dyn PaymentProvider>]);
    let without = till.billing.clone().with_providers(providers);
    let received = till.deliver_to(&without, &message).await;
    assert!(matches!(received, Received::Kept { .. }), "{received:?}");
    let (status, event_id): (String, String) =
        sqlx::query_as("SELECT status, event_id FROM provider_events").fetch_one(&pool).await.unwrap();
    assert_eq!(status, "failed");
    let waiting: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM jobs WHERE queue = 'billing.provider_event' AND status = 'waiting'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(waiting, 1, "a job tries it again");

    let admin = admin_row(&pool).await;
    let outcome = till.billing.replay(admin.admin().unwrap(), "stripe", &event_id).await.unwrap();
    assert_eq!(outcome, Outcome::Handled { account_id: buyer.own_account().account_id() });
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!(invoice.status.as_str(), "paid");
    assert_eq!(
        till.billing.handle_event("stripe", &event_id).await.unwrap(),
        None,
        "the job finds nothing left"
    );
}
