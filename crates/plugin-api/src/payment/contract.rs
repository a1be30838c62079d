//! The test that every provider runs: what [`PaymentProvider`] promises, asked of it through somebody who can pay.

#![expect(clippy::expect_used, reason = "a broken promise ends the test")]

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AccountId, InvoiceId};
use domain::money::{Currency, Money};

use super::{
    Interval, NewSession, Payer, PaymentProvider, Reading, Returned, Session, SessionLine, SessionStatus,
    Subject, SubscriptionReading, SubscriptionStanding, Wanted, WebhookError,
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
    /// What the provider sent so far: signatures with bodies, signed at [`Till::now`].
    async fn messages(&self) -> Vec<(String, Vec<u8>)>;
    /// The time by which messages are signed.
    fn now(&self) -> DateTime<Utc>;
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
    provider.close_session(&left.id).await.expect("it is closed");
    let closed = read(provider, Subject::Session(left.id.clone())).await.session.expect("the page");
    assert_eq!(closed.status, SessionStatus::Expired, "nobody can pay it any more");

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
    assert!(messages.len() > 3, "the provider sent something");
    let mut subjects = 0;
    for (signature, body) in &messages {
        let event = provider.event(Some(signature), body, till.now()).expect("its own message");
        assert!(!event.id.is_empty() && !event.kind.is_empty());
        if let Some(subject) = event.subject {
            subjects += 1;
            assert!(
                provider.read(&subject).await.expect("an answer").is_some(),
                "{} leads nowhere",
                event.kind
            );
        }
    }
    assert!(subjects > 3, "messages are about something");
    let (signature, body) = &messages[0];
    let mut forged = body.clone();
    forged[10] ^= 1;
    let refused = Err(WebhookError::Signature);
    assert_eq!(provider.event(Some(signature), &forged, till.now()), refused, "another body");
    assert_eq!(provider.event(Some("t=1,v1=00"), body, till.now()), refused, "another signature");
    assert_eq!(provider.event(Some("nonsense"), body, till.now()), refused);
    assert_eq!(provider.event(None, body, till.now()), refused, "no signature");
    let late = till.now() + TimeDelta::hours(1);
    assert_eq!(provider.event(Some(signature), body, late), refused, "an old one");
}
