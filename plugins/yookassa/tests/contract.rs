//! What every payment provider promises, asked of YooKassa through its double.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod double;
mod world;

use domain::money::Money;
use plugin_api::payment::{
    PaymentProvider, ProviderError, Reading, Returned, SessionLine, SessionStatus, Subject, WebhookError,
    contract,
};
use plugin_yookassa::{Config, YooKassa};
use world::{SECRET, World};

#[tokio::test]
async fn yookassa_keeps_the_contract() {
    let world = World::new().await;
    contract::run(&world.yookassa, &world).await;
}

#[tokio::test]
async fn a_notification_without_the_secret_is_refused() {
    let world = World::new().await;
    let page = world.page(2_380).await;
    assert!(world.sandbox.pay(&page.id));
    let [body] = &world.sandbox.messages()[..] else { panic!("one message") };
    let event = async |key: Option<&str>| world.event(key, body).await;
    let prefix = &SECRET[..SECRET.len() - 1];
    let longer = format!("{SECRET}x");
    for forged in [None, Some(""), Some("nonsense"), Some(prefix), Some(longer.as_str())] {
        assert_eq!(event(forged).await, Err(WebhookError::Signature), "{forged:?}");
    }
    let event = event(Some(SECRET)).await.unwrap();
    assert_eq!(event.id, format!("payment.succeeded:{}", page.id));
    assert_eq!(event.subject, Some(Subject::Payment(page.id.clone())));

    let config = Config { notification_secret: String::new(), ..world.config() };
    assert!(YooKassa::new(config).is_err(), "everybody knows the empty secret");
}

#[tokio::test]
async fn a_notification_of_a_shape_that_nobody_knows_is_read_if_it_has_the_secret() {
    let world = World::new().await;
    let event = async |body: &str| world.event(Some(SECRET), body).await;
    let new = event(r#"{"event":"refund.dreamt","object":{"id":"r","payment_id":"p","created_at":7}}"#);
    let new = new.await.unwrap();
    assert_eq!(new.subject, Some(Subject::Payment("p".to_owned())));
    assert_eq!((new.id.as_str(), new.occurred_at), ("refund.dreamt:r", World::NOW));
    let other = event(r#"{"type":"notification","event":"payout.succeeded","object":{"id":"po-1"}}"#);
    assert_eq!(other.await.unwrap().subject, None);
    let dated = event(
        r#"{"event":"payment.succeeded","object":{"id":"p","created_at":"2027-03-01T10:00:00.000Z",
        "captured_at":"2027-03-01T13:01:00.000+03:00"}}"#,
    );
    assert_eq!(dated.await.unwrap().occurred_at.to_rfc3339(), "2027-03-01T10:01:00+00:00");
    for senseless in
        ["[]", "", r#"{"event":"payment.succeeded"}"#, r#"{"event":"payment.succeeded","object":{}}"#]
    {
        assert_eq!(event(senseless).await, Err(WebhookError::Payload), "{senseless}");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_or_unwell_is_said_to_be_so() {
    let world = World::new().await;
    let page = world.page(2_380).await;
    world.sandbox.fail_next(1);
    let error = world.read(&page.id).await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    assert!(world.read(&page.id).await.is_ok(), "and well again");

    let config = Config { base_url: Some("http://127.0.0.1:9/v3".to_owned()), ..world.config() };
    let away = YooKassa::new(config).unwrap();
    let error = away.read(&Subject::Session(page.id.clone())).await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    assert!(matches!(away.refund(&page.id).await, Err(ProviderError::Unavailable(_))));
    let config = Config { base_url: Some("nowhere".to_owned()), ..world.config() };
    assert!(matches!(YooKassa::new(config), Err(ProviderError::Refused(_))));
}

/// A key that was changed at YooKassa, and not here yet.
#[tokio::test]
async fn a_key_that_yookassa_does_not_take_says_nothing_of_what_was_asked() {
    let world = World::new().await;
    let page = world.page(2_380).await;
    let other = YooKassa::new(Config { secret_key: "live_rolled".to_owned(), ..world.config() }).unwrap();
    assert!(matches!(other.close_session(&page.id).await, Err(ProviderError::Unavailable(_))));
    assert!(matches!(other.refund(&page.id).await, Err(ProviderError::Unavailable(_))));
    let read = other.read(&Subject::Session(page.id.clone())).await;
    assert!(matches!(read, Err(ProviderError::Unavailable(_))));
    assert!(!format!("{:?} {other:?}", world.config()).contains("test_"), "no key is ever written out");
}

#[tokio::test]
async fn a_page_asks_for_what_the_invoice_says_or_is_refused() {
    let world = World::new().await;
    let page = async |minors: &[i64], currency: &str| {
        let currency = currency.parse().unwrap();
        let line = |minor: &i64| SessionLine {
            name: "Pro".to_owned(),
            amount: Money::new(*minor, currency),
            interval: None,
        };
        let mut new = world.order(minors.iter().map(line).collect());
        new.invoice_number = "n".repeat(200);
        world.yookassa.create_session(&new).await
    };
    let made = page(&[4_000, 990], "USD").await.unwrap();
    let read = world.read(&made.id).await.unwrap().unwrap();
    assert_eq!(read.session.unwrap().total, Some(Money::new(4_990, "USD".parse().unwrap())));

    // A currency without decimals, one with three, nothing, and a discount that leaves less than nothing.
    for (minors, currency) in
        [(vec![500], "JPY"), (vec![5_124], "KWD"), (vec![], "EUR"), (vec![100, -100], "EUR")]
    {
        let refused = page(&minors, currency).await.unwrap_err();
        assert!(matches!(refused, ProviderError::Refused(_)), "{currency}: {refused:?}");
    }
    assert_eq!(world.sandbox.payments(), [made.id]);
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_payment() {
    let world = World::new().await;
    let new = world.order(vec![World::line(2_380)]);
    world.sandbox.lose_next(1);
    let lost = world.yookassa.create_session(&new).await.unwrap_err();
    assert!(lost.is_passing(), "{lost:?}");
    let page = world.yookassa.create_session(&new).await.unwrap();
    assert_eq!(world.sandbox.payments(), [page.id.as_str()]);

    let elsewhere = "https://shop.example/store?session={session}".to_owned();
    let other = plugin_api::payment::NewSession { success_url: elsewhere, ..new.clone() };
    let other = world.yookassa.create_session(&other).await.unwrap();
    assert_ne!(other.id, page.id, "who comes back to another page is led there");

    // Nobody knew of the page until its time was over.
    assert!(world.sandbox.expire(&page.id));
    let next = world.yookassa.create_session(&new).await.unwrap();
    assert_ne!(next.id, page.id);
    assert_eq!(world.yookassa.create_session(&new).await, Ok(next));
    assert_eq!(world.sandbox.payments().len(), 3);
}

#[tokio::test]
async fn a_payment_goes_back_once_however_often_that_is_asked() {
    let world = World::new().await;
    let page = world.page(2_380).await;
    assert!(matches!(world.yookassa.refund(&page.id).await, Err(ProviderError::Refused(_))), "not paid");
    assert!(world.sandbox.pay(&page.id));
    assert!(world.sandbox.give_back(&page.id, "3.80"), "a part, by the shop's staff");
    assert_eq!(world.returned(&page.id).await, 380);

    world.sandbox.cancel_next_refunds(1);
    let refused = world.yookassa.refund(&page.id).await.unwrap_err();
    assert_eq!(refused.to_string(), "the refund was canceled: insufficient_funds");
    assert_eq!(world.returned(&page.id).await, 380);

    let (one, other) = tokio::join!(world.yookassa.refund(&page.id), world.yookassa.refund(&page.id));
    assert_eq!((one, other), (Ok(()), Ok(())), "the rest, twice at once");
    assert_eq!(world.yookassa.refund(&page.id).await, Ok(()), "and once more");
    assert_eq!(world.returned(&page.id).await, 2_380);
    assert_eq!(world.sandbox.refunds().len(), 3);
    assert!(!world.sandbox.give_back(&page.id, "0.01"), "nothing is left");
    assert_eq!(world.yookassa.refund("none").await, Err(ProviderError::Unknown));
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_again() {
    let world = World::new().await;
    let page = world.page(2_380).await;
    assert!(world.sandbox.pay(&page.id));
    world.sandbox.lose_next(1);
    assert!(world.yookassa.refund(&page.id).await.unwrap_err().is_passing());
    assert_eq!(world.yookassa.refund(&page.id).await, Ok(()));
    assert_eq!(world.sandbox.refunds().len(), 1);
}

#[tokio::test]
async fn who_is_refused_is_told_from_who_did_not_pay() {
    let world = World::new().await;
    let (declined, left) = (world.page(2_380).await, world.page(2_380).await);
    assert!(world.sandbox.decline(&declined.id) && world.sandbox.expire(&left.id));
    assert!(!world.sandbox.pay(&declined.id), "it is over");
    let status = |reading: &Reading| reading.session.as_ref().unwrap().status;
    let declined = world.read(&declined.id).await.unwrap().unwrap();
    let payment = declined.payment.as_ref().unwrap();
    assert_eq!((status(&declined), payment.has_failed), (SessionStatus::Expired, true));
    assert_eq!((payment.captured_at, payment.returned), (None, None));
    let expired = world.read(&left.id).await.unwrap().unwrap();
    assert_eq!((status(&expired), expired.payment), (SessionStatus::Expired, None));
    assert_eq!(world.yookassa.close_session(&left.id).await, Ok(()), "it is closed");
}

/// Somebody else's program may take money in two steps, and another shop's payments are nothing of ours.
#[tokio::test]
async fn only_money_that_waits_to_be_taken_can_be_let_go() {
    let world = World::new().await;
    let (_, invoice_id) = world.ids();
    let make = async |metadata| world.make_payment(false, metadata).await;
    let ours = make(serde_json::json!({ "invoice_id": invoice_id })).await;
    assert!(world.sandbox.pay(&ours));
    let read = world.read(&ours).await.unwrap().unwrap();
    assert_eq!((read.session.unwrap().status, read.payment), (SessionStatus::Processing, None));
    assert_eq!(world.yookassa.close_session(&ours).await, Ok(()));
    let read = world.read(&ours).await.unwrap().unwrap();
    assert_eq!((read.session.unwrap().status, read.payment), (SessionStatus::Expired, None));

    let paid = world.page(2_380).await;
    assert!(world.sandbox.pay(&paid.id));
    assert!(matches!(world.yookassa.close_session(&paid.id).await, Err(ProviderError::Refused(_))));
    let none = || Ok::<_, ProviderError>(None::<Reading>);
    for metadata in [serde_json::json!({}), serde_json::json!({ "invoice_id": 7 })] {
        assert_eq!(world.read(&make(metadata).await).await, none());
    }
    // Addresses that would lead to the payment, and are no ids.
    for odd in
        [format!("{}?a=b", paid.id), format!("../payments/{}", paid.id), "..".to_owned(), String::new()]
    {
        assert_eq!(world.read(&odd).await, none(), "{odd:?}");
    }
}

#[tokio::test]
async fn what_is_returned_is_the_whole_truth() {
    let world = World::new().await;
    let page = world.page(2_380).await;
    assert!(world.sandbox.pay(&page.id));
    let by_page = world.read(&page.id).await.unwrap().unwrap();
    let by_payment = world.yookassa.read(&Subject::Payment(page.id.clone())).await.unwrap().unwrap();
    assert_eq!(by_page, by_payment, "the page is the payment");
    let returned = by_page.payment.unwrap().returned;
    assert_eq!(returned, Some(Returned { refunded_minor: 0, is_disputed: false, is_lost: false }));
}
