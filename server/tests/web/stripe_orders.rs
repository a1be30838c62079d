//! Every order of messages, while what Stripe knows moves on: each message is handled as early as its place allows, with what
//! Stripe knew at that moment.
//!
//! What happens is played once through the sandbox, and written down: the messages, and after each step what Stripe answers about
//! each of them. Then it is told again to a new customer each time, in another order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use billing::providers::{Providers, Received};
use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::{InvoiceId, UserId};
use http::HeaderMap;
use plugin_api::payment::{
    Capabilities, Event, Message as Arrived, NewSession, PaymentProvider, PaymentReading, ProviderError,
    Reading, Session, Subject, Wanted, WebhookError,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use sqlx::PgPool;
use stripe_sandbox::Payment;
use uuid::Uuid;

use crate::stripe::{Till, customer, order, signed};
use crate::support::Site;
use crate::v1::shop;

/// The step after which nothing more happens.
const LAST: usize = 5;

/// The message without which nobody knows that money went back for good. Each of the others may be lost.
const LOST: &str = "charge.dispute.closed";

/// A message: the step that it was sent after, its kind, and what it is about.
#[derive(Debug, Clone)]
struct Message {
    step: usize,
    kind: String,
    subject: Subject,
}

/// What happened once.
#[derive(Debug)]
struct Script {
    messages: Vec<Message>,
    /// After each step, what Stripe answers.
    answers: Vec<Vec<(Subject, Option<Reading>)>>,
}

impl Script {
    /// Bought with a card whose renewals fail; one fails, and is paid with a card whose holder contests it; the dispute is lost;
    /// cancelled; over.
    async fn play(site: &Site, pool: &PgPool) -> Self {
        let (till, buyer) = (Till::new(site).await, customer(site).await);
        let page = till.page(&buyer, order(&till, pool, &buyer).await).await;
        let session = Subject::Session(page.session_id.clone());
        let now = platform::clock::Clock::now(&till.clock);
        let mut seen: Vec<Message> = Vec::new();
        let (mut answers, mut heard) = (Vec::new(), 0);
        for step in 0..=LAST {
            let known = till.stripe.read(&session).await.unwrap().unwrap();
            let collected = known.subscription;
            match step {
                0 => assert_eq!(till.sandbox.pay(&page.session_id, "4000000000000341"), Payment::Paid),
                2 => {
                    let open = collected.unwrap().periods.pop().unwrap();
                    let form = "card_number=4000000000000259&expiry=12%2F40&cvc=123&name=Ada&email=ada%40customer.example";
                    let (status, body) =
                        till.at_stripe(&format!("/invoice/{}/pay", open.reference), form).await;
                    assert!(status.is_redirection(), "{status}: {body}");
                }
                3 => {
                    let created =
                        till.messages().into_iter().find(|it| it.kind == "charge.dispute.created").unwrap();
                    let dispute: Value = serde_json::from_str(&created.payload).unwrap();
                    let id = dispute["data"]["object"]["id"].as_str().unwrap();
                    assert!(till.at_stripe(&format!("/v1/disputes/{id}/close"), "").await.0.is_success());
                }
                4 => {
                    let wanted =
                        Wanted { renews: Some(false), is_paused: false, line: None, next_payment_at: None };
                    till.stripe.follow(&collected.unwrap().id, &wanted).await.unwrap();
                }
                _ => drop(till.sandbox.advance_to_next_renewal()),
            }
            let all = till.messages();
            for message in &all[heard..] {
                let headers = signed(&message.signature);
                let arrived = Arrived { headers: &headers, query: None, body: message.payload.as_bytes() };
                let event = till.stripe.event(&arrived, now).await.unwrap();
                let Some(subject) = event.subject else { continue };
                seen.push(Message { step, kind: message.kind.clone(), subject });
            }
            heard = all.len();
            let mut known = Vec::new();
            for message in &seen {
                known.push((message.subject.clone(), till.stripe.read(&message.subject).await.unwrap()));
            }
            answers.push(known);
        }
        Self { messages: seven(&seen), answers }
    }

    fn answer(&self, step: usize, subject: &Subject) -> Option<Reading> {
        self.answers[step].iter().find(|(of, _)| of == subject).and_then(|(_, answer)| answer.clone())
    }
}

/// Seven messages that say something, one of each kind, of every step of what happened.
fn seven(messages: &[Message]) -> Vec<Message> {
    let kinds = [
        ("checkout.session.completed", 0),
        ("customer.subscription.created", 0),
        ("invoice.payment_failed", 1),
        ("invoice.paid", 2),
        ("charge.dispute.created", 2),
        (LOST, 3),
        ("customer.subscription.deleted", LAST),
    ];
    let of = |(kind, step): &(&str, usize)| {
        let found = messages.iter().find(|it| it.kind == *kind && it.step == *step);
        let all: Vec<_> = messages.iter().map(|it| (it.step, &it.kind)).collect();
        found.unwrap_or_else(|| panic!("{kind} after step {step}: {all:?}")).clone()
    };
    kinds.iter().map(of).collect()
}

/// Stripe as it was after some step, for another customer's invoice.
#[derive(Debug)]
struct Again {
    script: Arc<Script>,
    step: AtomicUsize,
    invoice_id: InvoiceId,
}

impl Again {
    /// What belongs to this customer alone has ids of its own.
    fn own(&self, id: &str) -> String {
        format!("{id}-{}", self.invoice_id)
    }

    fn payment(&self, payment: PaymentReading) -> PaymentReading {
        PaymentReading { reference: self.own(&payment.reference), ..payment }
    }
}

#[async_trait]
impl PaymentProvider for Again {
    fn slug(&self) -> &'static str {
        "stripe"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { subscriptions: true, refunds: true, portal: true }
    }
    async fn create_session(&self, _: &NewSession) -> Result<Session, ProviderError> {
        Err(ProviderError::Unknown)
    }
    async fn close_session(&self, _: &str) -> Result<(), ProviderError> {
        Err(ProviderError::Unknown)
    }
    async fn read(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError> {
        let answer = self.script.answer(self.step.load(Ordering::SeqCst), subject);
        Ok(answer.map(|reading| Reading {
            invoice_id: self.invoice_id,
            customer: reading.customer.map(|id| self.own(&id)),
            payment: reading.payment.map(|payment| self.payment(payment)),
            subscription: reading.subscription.map(|mut subscription| {
                subscription.id = self.own(&subscription.id);
                for period in &mut subscription.periods {
                    period.reference = self.own(&period.reference);
                    period.payment = period.payment.take().map(|payment| self.payment(payment));
                }
                subscription
            }),
            ..reading
        }))
    }
    async fn refund(&self, _: &str) -> Result<(), ProviderError> {
        Err(ProviderError::Unknown)
    }
    async fn follow(&self, _: &str, _: &Wanted) -> Result<bool, ProviderError> {
        Ok(true)
    }
    async fn portal(&self, _: &str, _: &str) -> Result<String, ProviderError> {
        Err(ProviderError::Unknown)
    }
    /// The body is the place of the message.
    async fn event(&self, message: &Arrived<'_>, now: DateTime<Utc>) -> Result<Event, WebhookError> {
        let place: usize = std::str::from_utf8(message.body).unwrap().parse().unwrap();
        let message = &self.script.messages[place];
        Ok(Event {
            id: self.own(&place.to_string()),
            kind: message.kind.clone(),
            occurred_at: now,
            subject: Some(message.subject.clone()),
        })
    }
}

/// Tells messages by their places, in this order, to a new customer, and gives what the customer has in the end. At last everything
/// is over, and one of them comes once more.
async fn told(till: &Till, pool: &PgPool, script: &Arc<Script>, places: &[usize]) -> Value {
    let buyer = somebody(pool).await;
    let invoice_id = order(till, pool, &buyer).await;
    let again = Arc::new(Again { script: Arc::clone(script), step: AtomicUsize::new(0), invoice_id });
    let billing =
        till.billing.clone().with_providers(Providers::new([Arc::clone(&again) as Arc<dyn PaymentProvider>]));
    for place in places {
        again.step.fetch_max(script.messages[*place].step, Ordering::SeqCst);
        let body = place.to_string();
        let message = Arrived { headers: &HeaderMap::new(), query: None, body: body.as_bytes() };
        let received = billing.receive("stripe", &message).await.unwrap();
        assert!(matches!(received, Received::Done { .. }), "{places:?}: {place}: {received:?}");
    }
    again.step.store(LAST, Ordering::SeqCst);
    let last = places.last().unwrap();
    sqlx::query("UPDATE provider_events SET status = 'received' WHERE event_id = $1")
        .bind(again.own(&last.to_string()))
        .execute(pool)
        .await
        .unwrap();
    billing.handle_event("stripe", &again.own(&last.to_string())).await.unwrap();
    till.end_state(pool, &buyer).await
}

/// A customer, without the cost of a password.
async fn somebody(pool: &PgPool) -> Actor {
    let user_id: UserId = platform::ids::new();
    let name = format!("{}@customer.example", Uuid::from(user_id).simple());
    sqlx::query(
        "INSERT INTO users (id, email, username, full_name, password_hash, created_at) VALUES ($1, $2, $2, 'Ada', '', now())",
    )
    .bind(user_id)
    .bind(&name)
    .execute(pool)
    .await
    .unwrap();
    Actor { user_id, username: name, ..Actor::nobody() }
}

/// The `index`th order of some things.
fn permuted<T>(mut things: Vec<T>, mut index: usize) -> Vec<T> {
    let mut ordered = Vec::with_capacity(things.len());
    while !things.is_empty() {
        ordered.push(things.remove(index % things.len()));
        index /= things.len() + 1;
    }
    ordered
}

/// One in how many of the 5,040 orders of seven, and of the 64 losses, is tried: each where `KEYRACK_ALL_ORDERS` is set, which
/// takes a while; else a few.
fn strides() -> (usize, usize) {
    if std::env::var_os("KEYRACK_ALL_ORDERS").is_some() { (1, 1) } else { (5_040 / 20, 4) }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn every_order_and_every_loss_of_messages_leads_to_one_end(pool: PgPool) {
    let site = shop(&pool).await;
    let till = Till::new(&site).await;
    let script = Arc::new(Script::play(&site, &pool).await);
    let in_time: Vec<usize> = (0..7).collect();
    let expected = told(&till, &pool, &script, &in_time).await;
    assert_eq!(
        expected["invoices"],
        json!([["purchase", "paid", 1784, "stripe"], ["renewal", "refunded", 1189, "stripe"]]),
        "{expected:#}"
    );
    let (orders, losses) = strides();
    for index in (0..5_040).step_by(orders) {
        let places = permuted(in_time.clone(), index);
        assert_eq!(told(&till, &pool, &script, &places).await, expected, "{places:?}");
    }
    // Each of the others may be lost: 64 subsets, in some order each.
    let lost = script.messages.iter().position(|message| message.kind == LOST).unwrap();
    let mut random = StdRng::seed_from_u64(7);
    for subset in (0_u32..128).filter(|subset| subset & (1 << lost) != 0).step_by(losses) {
        let mut places: Vec<usize> =
            in_time.iter().copied().filter(|place| subset & (1 << place) != 0).collect();
        places.shuffle(&mut random);
        assert_eq!(told(&till, &pool, &script, &places).await, expected, "{places:?}");
    }
}
