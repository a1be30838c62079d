//! The test that every provider runs: what [`PaymentProvider`] promises, asked of it through somebody who can pay.

#![expect(clippy::expect_used, reason = "a broken promise ends the test")]

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AccountId, InvoiceId};
use domain::money::{Currency, Money};
use http::{HeaderMap, HeaderValue};

use super::{
    Interval, Message, NewSession, Payer, PaymentProvider, ProviderError, Reading, Returned, Session,
    SessionLine, SessionStatus, Subject, SubscriptionReading, SubscriptionStanding, Wanted, WebhookError,
};

/// Somebody who can pay, and the place where the provider's messages arrive.
#[async_trait]
pub trait Till: Send + Sync {
    /// Ids that were never used.
    fn new_ids(&self) -> (AccountId, InvoiceId);
    /// Pays a page, as a customer does.
    async fn pay(&self, session: &Session);
    /// Lets the time pass until a subscription's next period was collected.
    async fn next_period(&self);
    /// What the provider sent so far, at [`Till::now`].
    async fn messages(&self) -> Vec<Sent>;
    /// The time by which messages are signed.
    fn now(&self) -> DateTime<Utc>;
    /// Whether the provider closes a page that nobody paid. Where it cannot, what is paid on it all the same has to go back.
    fn closes_pages(&self) -> bool {
        true
    }
    /// After how long a message is not believed any more; none where messages carry no time that is signed.
    fn too_old(&self) -> Option<TimeDelta> {
        Some(TimeDelta::hours(1))
    }
}

/// A message of the provider's, as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The headers without each of which it is not believed, and no others; none where the query alone says who sent it.
    pub headers: HeaderMap,
    /// The query of the address, where a secret of ours is in it.
    pub query: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Sent {
    /// The same, as it arrives.
    pub fn message(&self) -> Message<'_> {
        Message { headers: &self.headers, query: self.query.as_deref(), body: &self.body }
    }
}

/// Asks a provider everything.
pub async fn run(provider: &dyn PaymentProvider, till: &dyn Till) {
    paid_once(provider, till).await;
    if provider.capabilities().subscriptions {
        paid_again_and_again(provider, till).await;
    }
    knows_its_own_messages(provider, till).await;
    for unknown in [
        Subject::Session("none".into()),
        Subject::Subscription("none".into()),
        Subject::Payment("none".into()),
    ] {
        assert_eq!(provider.read(&unknown).await, Ok(None), "{unknown:?} is nothing of ours");
    }
    let wanted = Wanted { renews: Some(true), is_paused: false, line: None, next_payment_at: None };
    assert_eq!(provider.follow("none", &wanted).await, Ok(false), "nothing is collected");
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn order(till: &dyn Till, lines: Vec<SessionLine>) -> NewSession {
    let (account_id, invoice_id) = till.new_ids();
    NewSession {
        key: invoice_id.to_string(),
        invoice_id,
        invoice_number: "INV-2027-000001".to_owned(),
        payer: Payer {
            account_id,
            customer: None,
            email: Some("ada@customer.example".to_owned()),
            name: Some("Ada Byron".to_owned()),
        },
        lines,
        success_url: "https://shop.example/done?session={session}".to_owned(),
        cancel_url: "https://shop.example/cart".to_owned(),
    }
}

fn line(name: &str, minor: i64, interval: Option<Interval>) -> SessionLine {
    SessionLine { name: name.to_owned(), amount: euro(minor), interval }
}

async fn read(provider: &dyn PaymentProvider, subject: Subject) -> Reading {
    provider.read(&subject).await.expect("an answer").expect("one of ours")
}

async fn paid_once(provider: &dyn PaymentProvider, till: &dyn Till) {
    let order = order(till, vec![line("500 tokens", 595, None), line("Support", 1785, None)]);
    let session = provider.create_session(&order).await.expect("a page");
    assert_eq!(provider.create_session(&order).await.as_ref(), Ok(&session), "the same key is the same page");
    let of_session = || Subject::Session(session.id.clone());
    let before = read(provider, of_session()).await;
    let page = before.session.expect("the page");
    assert_eq!(
        (page.status, page.total),
        (SessionStatus::Open, Some(euro(2380))),
        "the lines are what is paid"
    );
    assert_eq!(page.url.as_deref(), Some(session.url.as_str()));

    let left = self::order(till, vec![line("500 tokens", 595, None)]);
    let left = provider.create_session(&left).await.expect("a page");
    if till.closes_pages() {
        provider.close_session(&left.id).await.expect("it is closed");
        let closed = read(provider, Subject::Session(left.id.clone())).await.session.expect("the page");
        assert_eq!(closed.status, SessionStatus::Expired, "nobody can pay it any more");
    } else {
        let answer = provider.close_session(&left.id).await;
        assert_eq!(answer, Err(ProviderError::Unsupported), "it stays open, and that is said");
        till.pay(&left).await;
        let late = read(provider, Subject::Session(left.id.clone())).await.payment.expect("the payment");
        assert!(late.captured_at.is_some(), "what is paid all the same is known");
        provider.refund(&late.reference).await.expect("a refund");
        let back = read(provider, Subject::Payment(late.reference)).await.payment.expect("the payment");
        assert_eq!(back.returned.map(|it| it.refunded_minor), Some(595), "and goes back");
    }

    till.pay(&session).await;
    let after = read(provider, of_session()).await;
    assert_eq!(after.invoice_id, order.invoice_id);
    assert_eq!(after.session.expect("the page").status, SessionStatus::Paid);
    let payment = after.payment.expect("the payment");
    assert_eq!(payment.amount, euro(2380));
    assert!(payment.captured_at.is_some() && after.subscription.is_none());

    if provider.capabilities().refunds {
        provider.refund(&payment.reference).await.expect("a refund");
        provider.refund(&payment.reference).await.expect("the same refund");
        let reading = read(provider, Subject::Payment(payment.reference.clone())).await;
        assert_eq!(reading.invoice_id, order.invoice_id);
        let back = reading.payment.expect("the payment");
        assert_eq!(
            back.returned,
            Some(Returned { refunded_minor: 2380, is_disputed: false, is_lost: false })
        );
        assert!(back.captured_at.is_some(), "it was captured all the same");
    }
    if provider.capabilities().portal {
        let customer = after.customer.expect("the payer");
        let portal = provider.portal(&customer, "https://shop.example/account").await.expect("the portal");
        assert!(portal.starts_with("http"), "{portal}");
    }
}

async fn paid_again_and_again(provider: &dyn PaymentProvider, till: &dyn Till) {
    let monthly = line("Pro", 3570, Some(Interval::Months(1)));
    let order = order(till, vec![monthly, line("500 tokens", 595, None)]);
    let session = provider.create_session(&order).await.expect("a page");
    till.pay(&session).await;
    let reading = read(provider, Subject::Session(session.id.clone())).await;
    let subscription = reading.subscription.expect("a subscription");
    let of_subscription = || Subject::Subscription(subscription.id.clone());
    assert_eq!((subscription.standing, subscription.renews), (SubscriptionStanding::Running, true));
    let [first] = subscription.periods.as_slice() else { panic!("one period: {:?}", subscription.periods) };
    assert_eq!((first.total, first.is_paid), (euro(4165), true), "what is paid once is on the first");
    let paid = first.payment.as_ref().expect("its payment");
    assert_eq!(reading.payment.as_ref().map(|it| &it.reference), Some(&paid.reference));
    assert!(first.ends_at > till.now() + TimeDelta::days(27));

    till.next_period().await;
    let renewed = read(provider, of_subscription()).await;
    assert_eq!(renewed.invoice_id, order.invoice_id, "it leads back to the purchase");
    let renewed = renewed.subscription.expect("a subscription");
    assert_eq!(
        renewed.periods.iter().map(|period| period.total).collect::<Vec<_>>(),
        [euro(4165), euro(3570)]
    );
    assert!(renewed.periods[1].ends_at > renewed.periods[0].ends_at);
    let payment = renewed.periods[1].payment.as_ref().expect("its payment");
    let by_payment = read(provider, Subject::Payment(payment.reference.clone())).await;
    assert_eq!(by_payment.invoice_id, order.invoice_id, "so does the payment of a later period");

    let wanted = |renews: bool, is_paused, line| Wanted {
        renews: Some(renews),
        is_paused,
        line,
        next_payment_at: None,
    };
    let follow = async |wanted: Wanted| {
        assert_eq!(provider.follow(&subscription.id, &wanted).await, Ok(true), "it follows");
        assert_eq!(provider.follow(&subscription.id, &wanted).await, Ok(true), "and does so again");
        read(provider, of_subscription()).await.subscription.expect("a subscription")
    };
    assert!(!follow(wanted(false, false, None)).await.renews, "cancelled here, it is not renewed there");
    let other_price =
        Wanted { renews: None, ..wanted(true, false, Some(line("Pro", 4760, Some(Interval::Months(1))))) };
    assert!(!follow(other_price).await.renews, "and stays so, whatever else changes");
    assert!(follow(wanted(true, true, None)).await.renews);
    let paused = renewed.periods.len();
    till.next_period().await;
    let asleep = read(provider, of_subscription()).await.subscription.expect("a subscription");
    assert_eq!(
        asleep.periods.iter().filter(|period| period.is_paid).count(),
        paused,
        "paused, nothing is collected"
    );
    follow(wanted(true, false, Some(line("Basic", 1190, Some(Interval::Months(1)))))).await;
    till.next_period().await;
    let cheaper = read(provider, of_subscription()).await.subscription.expect("a subscription");
    let last = cheaper.periods.last().expect("a period");
    assert_eq!(
        (last.total, last.is_paid),
        (euro(1190), true),
        "another plan is paid from the next period on"
    );
    let yearly = Some(line("Basic", 11900, Some(Interval::Year)));
    let paid = |it: &SubscriptionReading| {
        it.periods.iter().filter(|period| period.is_paid && period.total.minor > 0).count()
    };
    for next_payment_at in [None, Some(last.ends_at)] {
        let waiting =
            follow(Wanted { line: yearly.clone(), next_payment_at, ..wanted(true, false, None) }).await;
        assert_eq!(paid(&waiting), paid(&cheaper), "also one of another interval: {waiting:?}");
    }
    till.next_period().await;
    let yearly = read(provider, of_subscription()).await.subscription.expect("a subscription");
    let next = yearly.periods.last().expect("a period");
    assert_eq!((next.total, next.is_paid), (euro(11900), true));
    assert!(next.ends_at > last.ends_at + TimeDelta::days(364), "{next:?}");
}

async fn knows_its_own_messages(provider: &dyn PaymentProvider, till: &dyn Till) {
    let messages = till.messages().await;
    // One payment and its refund have less to say than subscriptions.
    let least = if provider.capabilities().subscriptions { 4 } else { 2 };
    assert!(messages.len() >= least, "the provider sent something");
    let mut subjects = 0;
    let mut ids = BTreeSet::new();
    for sent in &messages {
        let event = provider.event(&sent.message(), till.now()).await.expect("its own message");
        assert!(!event.id.is_empty() && !event.kind.is_empty());
        let again = provider.event(&sent.message(), till.now()).await;
        assert_eq!(again.as_ref(), Ok(&event), "sent again, it is the same");
        assert!(ids.insert(event.id), "{} has the id of another", event.kind);
        if let Some(subject) = event.subject {
            subjects += 1;
            assert!(
                provider.read(&subject).await.expect("an answer").is_some(),
                "{} leads nowhere",
                event.kind
            );
        }
    }
    assert!(subjects >= least, "messages are about something");
    let refuses = async |sent: Sent, now, what: &str| {
        let answer = provider.event(&sent.message(), now).await;
        assert_eq!(answer, Err(WebhookError::Signature), "{what}");
    };
    let (sent, now) = (&messages[0], till.now());
    assert!(sent.query.is_some() || !sent.headers.is_empty(), "nothing says who sent it");
    for name in sent.headers.keys() {
        let mut without = sent.clone();
        without.headers.remove(name);
        refuses(without, now, &format!("without {name}")).await;
        for text in ["t=1,v1=00", "nonsense", ""] {
            let mut other = sent.clone();
            other.headers.insert(name, HeaderValue::from_static(text));
            refuses(other, now, &format!("another {name}")).await;
        }
    }
    if sent.query.is_some() {
        for query in [None, Some("nonsense".to_owned()), Some(String::new())] {
            refuses(Sent { query, ..sent.clone() }, now, "another query").await;
        }
    }
    // A secret in the address says who sends, but not what.
    if !sent.headers.is_empty() {
        let mut forged = sent.clone();
        forged.body[10] ^= 1;
        refuses(forged, now, "another body").await;
    }
    if let Some(age) = till.too_old() {
        refuses(sent.clone(), now + age, "an old one").await;
    }
}
