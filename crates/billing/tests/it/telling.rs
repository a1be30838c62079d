//! Webhooks: what is told to whom, signed, tried again and given up; and that nobody waits for anybody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use billing::Error;
use billing::webhooks::{
    Announcer, DeliverWebhooks, Delivery, DeliveryQuery, Endpoint, EndpointChange, Webhooks,
};
use chrono::TimeDelta;
use domain::billing::webhook::DeliveryStatus;
use hmac::{Hmac, Mac};
use platform::database::for_test;
use platform::jobs::{Handlers, run_all_due};
use platform::outbox::Outbox;
use platform::settings::Settings;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::support::{World, order_of};

/// Says nothing at all.
const SILENT: u16 = 0;

/// The headers of a request, and its body.
type Heard = (HashMap<String, String>, String);

/// A machine that is told what happens.
#[derive(Clone)]
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    seen: Arc<Mutex<Vec<Heard>>>,
}

impl Receiver {
    async fn new(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hook?key=private", listener.local_addr().unwrap()),
            status: Arc::new(AtomicU16::new(status)),
            seen: Arc::default(),
        };
        let server = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().answer(stream));
            }
        });
        receiver
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let (headers, body) = loop {
            let mut part = [0; 4096];
            let count = stream.read(&mut part).await.unwrap();
            assert_ne!(count, 0, "a whole request");
            bytes.extend_from_slice(&part[..count]);
            let text = String::from_utf8(bytes.clone()).unwrap();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let headers: HashMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            if headers["content-length"] == body.len().to_string() {
                break (headers, body.to_owned());
            }
        };
        self.seen.lock().unwrap().push((headers, body));
        let status = self.status.load(Ordering::SeqCst);
        if status == SILENT {
            return std::future::pending().await;
        }
        let answer =
            format!("HTTP/1.1 {status} X\r\nlocation: {}\r\ncontent-length: 4\r\n\r\nok\0!", self.url);
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    fn seen(&self) -> Vec<(HashMap<String, String>, Value)> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        seen.into_iter().map(|(headers, body)| (headers, serde_json::from_str(&body).unwrap())).collect()
    }

    fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<_> =
            self.seen().into_iter().map(|(_, body)| body["type"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    }
}

struct Telling {
    world: World,
    webhooks: Webhooks,
}

fn service(world: &World, secret_key: &str) -> Webhooks {
    let settings = Settings::read(&|name| match name {
        "OUTGOING_ALLOW_HTTP" | "OUTGOING_ALLOW_PRIVATE_ADDRESSES" => Some("true".to_owned()),
        "SECRET_KEY" => Some(secret_key.to_owned()),
        _ => None,
    });
    Webhooks::new(for_test(&world.superuser), Arc::new(world.clock.clone()), &settings.unwrap())
}

impl Telling {
    async fn new(pool: PgPool) -> Self {
        let world = World::new(pool).await;
        let webhooks = service(&world, "a secret of these tests, and long enough");
        Self { world, webhooks }
    }

    async fn endpoint(&self, receiver: &Receiver, events: &[&str]) -> (Endpoint, String) {
        let change = EndpointChange {
            url: Some(receiver.url.clone()),
            events: Some(events.iter().map(|kind| (*kind).to_owned()).collect()),
            ..EndpointChange::default()
        };
        let admin = self.world.admin.admin().unwrap();
        let (endpoint, secret) = self.webhooks.create_endpoint(admin, &change, None).await.unwrap();
        (endpoint, secret.expose().to_owned())
    }

    /// Has the outbox tell what happened, without sending it.
    async fn announce(&self) {
        let clock = Arc::new(self.world.clock.clone());
        let outbox = Outbox::new(for_test(&self.world.superuser), clock).with_consumer(Announcer);
        outbox.deliver_all().await.unwrap();
    }

    /// Carries out what is due.
    async fn send(&self) -> usize {
        let webhooks = self.webhooks.clone();
        let handlers = Handlers::new().on(move |_, DeliverWebhooks { endpoint_id }| {
            let webhooks = webhooks.clone();
            async move {
                webhooks.deliver(endpoint_id).await?;
                Ok(())
            }
        });
        let clock: platform::clock::SharedClock = Arc::new(self.world.clock.clone());
        run_all_due(&for_test(&self.world.superuser), &clock, &Arc::new(handlers)).await.unwrap().len()
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let query = DeliveryQuery { limit: 100, ..DeliveryQuery::default() };
        self.webhooks.deliveries(self.world.admin.admin().unwrap(), &query).await.unwrap()
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_event_is_told_once_and_signed(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let world = &telling.world;
    let receiver = Receiver::new(204).await;
    world.order(&world.bob, order_of(world.basic)).await;
    world.clock.advance(TimeDelta::seconds(1));
    let (_, secret) = telling.endpoint(&receiver, &["checkout.completed", "subscription.created"]).await;
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    telling.announce().await;
    telling.send().await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2, "neither other kinds nor what was before: {seen:?}");
    let (headers, body) =
        seen.iter().find(|(headers, _)| headers["keyrack-event"] == "checkout.completed").unwrap();
    assert_eq!(body["type"], "checkout.completed");
    assert_eq!(body["created_at"], "2027-01-31T12:00:01.000000Z");
    assert_eq!(body["data"]["invoice_id"], json!(ordered.invoice_id));
    assert_eq!(body["data"]["account_id"], json!(world.ada.user_id));
    assert_eq!(headers["content-type"], "application/json");
    assert!(headers["user-agent"].starts_with("Keyrack-Webhooks/"));
    let admin = world.admin.admin().unwrap();
    let delivery =
        telling.webhooks.delivery(admin, headers["keyrack-delivery"].parse().unwrap()).await.unwrap();
    assert_eq!(delivery.status, DeliveryStatus::Succeeded);
    assert_eq!((delivery.response_status, delivery.attempts), (Some(204), 1));
    assert_eq!(json!(delivery.event_id), body["id"]);

    // As a receiver checks it.
    let (time, signature) = headers["keyrack-signature"].split_once(",v1=").unwrap();
    assert_eq!(time, "t=1801396801");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("1801396801.{}", delivery.body.unwrap()).as_bytes());
    assert_eq!(signature, format!("{:x}", mac.finalize().into_bytes()));

    // Told again by the outbox, as after a restored backup, it is not told again.
    sqlx::query("DELETE FROM event_cursors").execute(&world.superuser).await.unwrap();
    telling.announce().await;
    telling.send().await;
    assert!(receiver.seen().is_empty());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_not_accepted_is_tried_again_and_then_given_up(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let (world, admin) = (&telling.world, telling.world.admin.admin().unwrap());
    let receiver = Receiver::new(302).await;
    let (endpoint, _) = telling.endpoint(&receiver, &["*"]).await;
    let sent = telling.webhooks.test_endpoint(admin, endpoint.id).await.unwrap();
    telling.send().await;
    let mut ids = vec![receiver.seen().remove(0).1["id"].clone()];
    for minutes in [1, 5, 30, 120, 360, 1_440] {
        receiver.status.store(500, Ordering::SeqCst);
        world.clock.advance(TimeDelta::minutes(minutes) - TimeDelta::seconds(1));
        telling.send().await;
        assert!(receiver.seen().is_empty(), "not before {minutes} minutes");
        world.clock.advance(TimeDelta::seconds(1));
        telling.send().await;
        ids.push(receiver.seen().remove(0).1["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == json!(sent.event_id)), "the same id at each attempt");
    let given_up = telling.webhooks.delivery(admin, sent.id).await.unwrap();
    assert_eq!((given_up.status, given_up.attempts), (DeliveryStatus::Failed, 7));
    assert_eq!((given_up.response_status, given_up.next_attempt_at), (Some(500), None));
    assert_eq!(given_up.response_body.as_deref(), Some("ok\u{fffd}!"));
    world.later(10);
    assert_eq!(telling.send().await, 0);

    // Once more by hand, which fails, and then does not.
    telling.webhooks.retry_delivery(admin, sent.id).await.unwrap();
    telling.send().await;
    let again = telling.webhooks.delivery(admin, sent.id).await.unwrap();
    assert_eq!((again.status, again.attempts), (DeliveryStatus::Failed, 8));
    receiver.status.store(200, Ordering::SeqCst);
    telling.webhooks.retry_delivery(admin, sent.id).await.unwrap();
    telling.send().await;
    let done = telling.webhooks.delivery(admin, sent.id).await.unwrap();
    assert_eq!((done.status, done.attempts), (DeliveryStatus::Succeeded, 9));
}

/// A silent endpoint takes one place: others are served meanwhile, and when the process dies another one goes on.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_endpoint_that_is_down_delays_nobody(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let world = &telling.world;
    let (silent, quick) = (Receiver::new(SILENT).await, Receiver::new(200).await);
    let (down, _) = telling.endpoint(&silent, &["*"]).await;
    let (up, _) = telling.endpoint(&quick, &["subscription.created"]).await;
    for who in [&world.ada, &world.bob] {
        world.order(who, order_of(world.basic)).await;
    }
    telling.announce().await;
    let webhooks = telling.webhooks.clone();
    let stuck = tokio::spawn(async move { webhooks.deliver(down.id).await });
    while silent.seen.lock().unwrap().len() < 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The outbox goes on, another job at the silent endpoint ends at once, and the other endpoint has its own.
    world.order(&world.ada, order_of(world.yearly)).await;
    telling.announce().await;
    assert_eq!(telling.webhooks.deliver(down.id).await.unwrap(), 0);
    assert_eq!(telling.webhooks.deliver(up.id).await.unwrap(), 3);
    assert_eq!(quick.kinds(), ["subscription.created"; 3]);
    assert_eq!(telling.webhooks.deliver(up.id).await.unwrap(), 0);

    // The process that was at it dies. After its minute another one takes over.
    stuck.abort();
    assert!(stuck.await.unwrap_err().is_cancelled());
    silent.seen();
    silent.status.store(200, Ordering::SeqCst);
    telling.send().await;
    assert!(silent.seen().is_empty());
    world.clock.advance(TimeDelta::seconds(60));
    telling.send().await;
    assert_eq!(silent.seen().len(), 9, "eight, and one in a job of its own");
    assert!(telling.deliveries().await.iter().all(|it| it.status == DeliveryStatus::Succeeded));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_inactive_endpoint_is_told_when_it_is_active_again(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let (world, admin) = (&telling.world, telling.world.admin.admin().unwrap());
    let receiver = Receiver::new(200).await;
    let (endpoint, _) = telling.endpoint(&receiver, &["subscription.created"]).await;
    world.order(&world.ada, order_of(world.basic)).await;
    telling.announce().await;
    let set = async |is_active| {
        let change = EndpointChange { is_active: Some(is_active), ..EndpointChange::default() };
        telling.webhooks.change_endpoint(admin, endpoint.id, &change).await.unwrap()
    };
    set(false).await;
    telling.send().await;
    // What happens meanwhile is not kept for it.
    world.order(&world.bob, order_of(world.basic)).await;
    telling.announce().await;
    telling.send().await;
    assert!(receiver.seen().is_empty());
    for refused in [
        telling.webhooks.test_endpoint(admin, endpoint.id).await,
        telling.webhooks.retry_delivery(admin, telling.deliveries().await[0].id).await,
    ] {
        assert!(matches!(refused, Err(Error::Conflict(_))));
    }
    assert_eq!(set(true).await.version, 3);
    telling.send().await;
    assert_eq!(receiver.kinds(), ["subscription.created"]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn secrets_are_sealed_and_rotated(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let (world, admin) = (&telling.world, telling.world.admin.admin().unwrap());
    let receiver = Receiver::new(200).await;
    let (endpoint, first) = telling.endpoint(&receiver, &["*"]).await;
    let (_, second) = telling.webhooks.rotate_secret(admin, endpoint.id, None).await.unwrap();
    assert!(first.starts_with("whsec_") && first.len() > 40 && second.expose() != first);
    let own = "an-own-secret-of-mine";
    let (_, third) = telling.webhooks.rotate_secret(admin, endpoint.id, Some(own)).await.unwrap();
    assert_eq!(third.expose(), own);
    let stored: String =
        sqlx::query_scalar("SELECT e::text || encode(sealed_secret, 'escape') FROM webhook_endpoints e")
            .fetch_one(&world.superuser)
            .await
            .unwrap();
    assert!(!stored.contains(own) && !stored.contains(&first), "{stored}");
    let logged: String = sqlx::query_scalar("SELECT string_agg(a::text, ' ') FROM audit_log a")
        .fetch_one(&world.superuser)
        .await
        .unwrap();
    assert!(!logged.contains(own) && !logged.contains("private"), "{logged}");

    // A server with another secret of its own cannot sign, and says so.
    let other = service(world, "another secret key, which is long enough");
    let sent = other.test_endpoint(admin, endpoint.id).await.unwrap();
    assert_eq!(other.deliver(endpoint.id).await.unwrap(), 1);
    let failed = other.delivery(admin, sent.id).await.unwrap();
    assert_eq!(failed.error.as_deref(), Some("the secret cannot be read: was SECRET_KEY changed?"));
    assert!(receiver.seen().is_empty());
}

/// Everything that happens to a customer who buys, pays, changes, is refunded and deleted; nothing of it names them.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nothing_that_is_told_names_anybody(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let (world, admin) = (&telling.world, telling.world.admin.admin().unwrap());
    let receiver = Receiver::new(200).await;
    telling.endpoint(&receiver, &["*"]).await;
    let account = world.ada.own_account();
    let (_, first) = world.subscribe(&world.ada, world.basic).await;
    let wrong = world.billing.checkout(account, &order_of(world.basic)).await.unwrap_err();
    assert!(matches!(wrong, Error::Cart(_)));
    world.billing.refund(admin, first, "goodwill").await.unwrap();
    world.billing.restored(first).await.unwrap();
    let rival = world.order(&world.bob, order_of(world.basic)).await;
    let better = world.order(&world.bob, order_of(world.pro)).await;
    world.pay(rival.invoice_id).await;
    world.pay(better.invoice_id).await;
    world.billing.close_account(admin, domain::ids::AccountId(world.bob.user_id.0), true).await.unwrap();
    telling.announce().await;
    telling.send().await;
    let seen = receiver.seen();
    let kinds: std::collections::BTreeSet<&str> =
        seen.iter().map(|(_, body)| body["type"].as_str().unwrap()).collect();
    for kind in [
        "checkout.requested",
        "checkout.completed",
        "checkout.failed",
        "payment.captured",
        "payment.completed",
        "refund.requested",
        "payment.refunded",
        "refund.reversed",
        "subscription.created",
        "subscription.activated",
        "subscription.cancelled",
    ] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }
    let failed = seen.iter().find(|(_, body)| body["type"] == "checkout.failed").unwrap();
    assert_eq!(failed.1["data"]["reason"], "already_subscribed");
    let reasons: Vec<_> = seen
        .iter()
        .filter(|(_, body)| body["type"] == "subscription.cancelled")
        .map(|(_, body)| body["data"]["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    for reason in ["refunded", "replaced", "account_closed"] {
        assert!(reasons.contains(&reason), "{reasons:?}");
    }
    for (_, body) in &seen {
        let text = body.to_string();
        assert!(!text.contains('@') && !text.contains("customer.example"), "{text}");
    }
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|(_, body)| body["id"].to_string()).collect();
    assert_eq!(ids.len(), seen.len(), "each event has an id of its own");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn old_deliveries_are_deleted_and_addresses_are_looked_at(pool: PgPool) {
    let telling = Telling::new(pool).await;
    let (world, admin) = (&telling.world, telling.world.admin.admin().unwrap());
    let receiver = Receiver::new(200).await;
    let (endpoint, _) = telling.endpoint(&receiver, &["*"]).await;
    telling.webhooks.test_endpoint(admin, endpoint.id).await.unwrap();
    world.later(29);
    let young = telling.webhooks.test_endpoint(admin, endpoint.id).await.unwrap();
    world.later(2);
    let database = for_test(&world.superuser);
    billing::expiry::delete_expired(&database, platform::clock::Clock::now(&world.clock)).await.unwrap();
    let left: Vec<Uuid> = telling.deliveries().await.iter().map(|it| it.id).collect();
    assert_eq!(left, [young.id]);

    // The server of a developer's machine allows what others do not.
    let strict = Webhooks::new(
        database,
        Arc::new(world.clock.clone()),
        &Settings::read(&|name| {
            (name == "SECRET_KEY").then(|| "a secret of these tests, and long enough".to_owned())
        })
        .unwrap(),
    );
    let change = |url: &str| EndpointChange { url: Some(url.to_owned()), ..EndpointChange::default() };
    for bad in ["http://hooks.example/", "https://127.0.0.1/", "https://[::1]/", "nonsense"] {
        let refused = strict.create_endpoint(admin, &change(bad), None).await.unwrap_err();
        assert!(refused.to_string().starts_with("url "), "{refused}");
    }
    // Also at the moment of sending, whatever was allowed when it was typed.
    strict.deliver(endpoint.id).await.unwrap();
    let refused = strict.delivery(admin, young.id).await.unwrap();
    assert_eq!(refused.error.as_deref(), Some("must begin with https://"));
    assert!(receiver.seen().is_empty());
}
