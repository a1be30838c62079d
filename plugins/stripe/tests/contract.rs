//! What every payment provider promises, asked of Stripe through the sandbox.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ids::{AccountId, InvoiceId};
use domain::money::{Currency, Money};
use http::HeaderMap;
use plugin_api::payment::contract::{self, Sent, Till};
use plugin_api::payment::{
    Interval, Message, NewSession, Payer, PaymentProvider, ProviderError, Session, SessionLine, Subject,
    Wanted, WebhookError,
};
use plugin_stripe::{Config, Stripe};
use stripe_sandbox::{Controls, Endpoint, Payment, Sandbox, Webhook, signature};
use tokio::net::TcpListener;
use uuid::Uuid;

const SECRET: &str = "whsec_contract";

fn client(key: &str, base_url: &str) -> Stripe {
    let config = Config {
        secret_key: key.to_owned(),
        webhook_secret: SECRET.to_owned(),
        base_url: Some(base_url.to_owned()),
    };
    Stripe::new(config).unwrap()
}

fn signed(signature: &str) -> HeaderMap {
    HeaderMap::from_iter([("stripe-signature".parse().unwrap(), signature.parse().unwrap())])
}

struct World {
    sandbox: Sandbox,
    stripe: Stripe,
    base_url: String,
    ids: Mutex<u128>,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::new(stripe_sandbox::Config {
            default_endpoint: Some(Endpoint {
                url: "http://127.0.0.1:9/".to_owned(),
                secret: SECRET.to_owned(),
            }),
            seed: Some(1),
            ..stripe_sandbox::Config::default()
        })
        .unwrap();
        sandbox.set_controls(Controls { hold: true, ..Controls::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener).await });
        Self { sandbox, stripe: client("sk_test_x", &base_url), base_url, ids: Mutex::new(0) }
    }

    /// The same account with another key.
    fn with_key(&self, key: &str) -> Stripe {
        client(key, &self.base_url)
    }
}

#[async_trait]
impl Till for World {
    fn new_ids(&self) -> (AccountId, InvoiceId) {
        let mut last = self.ids.lock().unwrap();
        *last += 2;
        (AccountId(Uuid::from_u128(*last)), InvoiceId(Uuid::from_u128(*last + 1)))
    }

    async fn pay(&self, session: &Session) {
        assert_eq!(self.sandbox.pay(&session.id, "4242424242424242"), Payment::Paid);
    }

    async fn next_period(&self) {
        self.sandbox.advance_to_next_renewal().unwrap();
    }

    async fn messages(&self) -> Vec<Sent> {
        let sent =
            |it: Webhook| Sent { headers: signed(&it.signature), query: None, body: it.payload.into_bytes() };
        self.sandbox.held_webhooks().into_iter().map(sent).collect()
    }

    fn now(&self) -> DateTime<Utc> {
        use stripe_sandbox::Clock;
        stripe_sandbox::SystemClock.now()
    }
}

#[tokio::test]
async fn stripe_keeps_the_contract() {
    let world = World::new().await;
    contract::run(&world.stripe, &world).await;
}

#[tokio::test]
async fn a_message_of_a_shape_that_nobody_knows_is_read_if_it_is_signed() {
    let world = World::new().await;
    let now = world.now();
    let event = async |body: &str| {
        let headers = signed(&signature::header(body, SECRET, now.timestamp()));
        world.stripe.event(&Message { headers: &headers, query: None, body: body.as_bytes() }, now).await
    };
    let new = r#"{"id":"evt_1","type":"invoice.dreamt","created":1,"data":{"object":{"object":"invoice","id":"in_1",
        "parent":{"subscription_details":{"subscription":"sub_1"}}}}}"#;
    assert_eq!(event(new).await.unwrap().subject, Some(Subject::Subscription("sub_1".to_owned())));
    let other = r#"{"id":"evt_2","type":"mandate.updated","created":1,"data":{"object":{"object":"mandate","id":"m"}}}"#;
    assert_eq!(event(other).await.unwrap().subject, None);
    assert_eq!(event("[]").await, Err(WebhookError::Payload));
    assert_eq!(event(r#"{"id":"evt_3"}"#).await, Err(WebhookError::Payload));
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be_so() {
    let config = Config {
        secret_key: "sk_test_x".to_owned(),
        webhook_secret: SECRET.to_owned(),
        base_url: Some("http://127.0.0.1:9".to_owned()),
    };
    let provider: Arc<dyn PaymentProvider> = Arc::new(Stripe::new(config).unwrap());
    let error = provider.read(&Subject::Session("cs_1".to_owned())).await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    assert!(matches!(provider.refund("pi_1").await, Err(ProviderError::Unavailable(_))));
}

#[tokio::test]
async fn a_page_asks_for_what_the_invoice_says_in_every_currency() {
    let world = World::new().await;
    let make = async |minor, currency: &str, interval| {
        let (account_id, invoice_id) = world.new_ids();
        let amount = Money::new(minor, currency.parse().unwrap());
        let new = NewSession {
            key: invoice_id.to_string(),
            invoice_id,
            invoice_number: "INV-2027-000001".to_owned(),
            payer: Payer { account_id, customer: None, email: None, name: None },
            lines: vec![SessionLine { name: "Pro".to_owned(), amount, interval }],
            success_url: "https://shop.example/done".to_owned(),
            cancel_url: "https://shop.example/cart".to_owned(),
        };
        world.stripe.create_session(&new).await
    };
    // 4,990 krónur are 499,000 hundredths at Stripe.
    let page = make(4_990, "ISK", Some(Interval::Months(1))).await.unwrap();
    world.pay(&page).await;
    let read = world.stripe.read(&Subject::Session(page.id.clone())).await.unwrap().unwrap();
    let paid = Money::new(4_990, "ISK".parse().unwrap());
    assert_eq!(read.session.unwrap().total, Some(paid));
    let subscription = read.subscription.unwrap();
    let [first] = &subscription.periods[..] else { panic!("one period: {subscription:?}") };
    assert_eq!((first.total, first.payment.as_ref().unwrap().amount), (paid, paid));

    assert!(make(5_120, "KWD", None).await.is_ok());
    let refused = make(5_124, "KWD", None).await.unwrap_err();
    assert_eq!(refused.to_string(), "Stripe takes KWD with two decimals only, and 5.124 has three");
}

/// A key that was changed at Stripe, and not here yet.
#[tokio::test]
async fn a_key_that_stripe_does_not_take_says_nothing_of_what_was_asked() {
    let world = World::new().await;
    let other = world.with_key("sk_live_rolled");
    assert!(matches!(other.close_session("cs_1").await, Err(ProviderError::Unavailable(_))));
    assert!(matches!(other.refund("pi_1").await, Err(ProviderError::Unavailable(_))));
    assert!(matches!(
        other.read(&Subject::Session("cs_1".to_owned())).await,
        Err(ProviderError::Unavailable(_))
    ));
}

/// Two plans that cost the same, one after the other: the second is no repetition of the first.
#[tokio::test]
async fn plans_of_one_price_and_different_names_are_told_apart() {
    let world = World::new().await;
    let (account_id, invoice_id) = world.new_ids();
    let line = |name: &str, minor| SessionLine {
        name: name.to_owned(),
        amount: Money::new(minor, Currency::EUR),
        interval: Some(Interval::Months(1)),
    };
    let new = NewSession {
        key: invoice_id.to_string(),
        invoice_id,
        invoice_number: "INV-2027-000001".to_owned(),
        payer: Payer { account_id, customer: None, email: None, name: None },
        lines: vec![line("Pro", 3000)],
        success_url: "https://shop.example/done".to_owned(),
        cancel_url: "https://shop.example/cart".to_owned(),
    };
    let page = world.stripe.create_session(&new).await.unwrap();
    world.pay(&page).await;
    let read = async || world.stripe.read(&Subject::Session(page.id.clone())).await.unwrap().unwrap();
    let id = read().await.subscription.unwrap().id;
    for line in [line("Basic", 1000), line("Pro", 3000), line("Starter", 1000)] {
        let wanted =
            Wanted { renews: None, is_paused: false, line: Some(line.clone()), next_payment_at: None };
        assert_eq!(world.stripe.follow(&id, &wanted).await, Ok(true), "{line:?}");
    }
    world.next_period().await;
    let periods = read().await.subscription.unwrap().periods;
    assert_eq!(periods.last().unwrap().total, Money::new(1000, Currency::EUR));

    let wanted = Wanted { renews: Some(false), is_paused: false, line: None, next_payment_at: None };
    assert_eq!(world.stripe.follow(&id, &wanted).await, Ok(true));
    world.next_period().await;
    assert_eq!(world.stripe.follow(&id, &wanted).await, Ok(false), "it is over");
}
