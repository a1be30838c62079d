//! No money is taken twice, lost or kept, whatever happens on the way.

use plugin_api::payment::contract::Till;
use plugin_api::payment::{PaymentProvider, ProviderError, Reading, SessionStatus, Subject};
use plugin_paypal::sandbox::Funding;

use crate::world::World;

async fn of_payment(world: &World, reference: &str) -> Reading {
    world.paypal.read(&Subject::Payment(reference.to_owned())).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_again() {
    let world = World::new().await;
    let order = world.order("EUR", 1_000);
    world.sandbox.lose_answer("/orders");
    assert!(world.paypal.create_session(&order).await.unwrap_err().is_passing());
    let page = world.paypal.create_session(&order).await.unwrap();
    assert_eq!(world.sandbox.orders(), [page.id]);
}

#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_taken_once() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    assert_eq!(world.times("PAYMENT.CAPTURE.COMPLETED"), 0, "approved is not paid");
    world.sandbox.lose_answer("/capture");
    assert!(world.paypal.read(&Subject::Session(page.id.clone())).await.unwrap_err().is_passing());
    let reading = world.read(&page.id).await;
    assert_eq!(reading.session.unwrap().status, SessionStatus::Paid);
    assert_eq!(world.read(&page.id).await.payment, reading.payment);
    assert_eq!(world.times("PAYMENT.CAPTURE.COMPLETED"), 1);
}

#[tokio::test]
async fn an_order_that_many_read_at_once_is_paid_once() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    let (one, two, three) =
        tokio::join!(world.status(&page.id), world.status(&page.id), world.status(&page.id));
    assert_eq!([one, two, three], [SessionStatus::Paid; 3]);
    assert_eq!(world.times("PAYMENT.CAPTURE.COMPLETED"), 1);
}

#[tokio::test]
async fn an_order_that_somebody_else_captured_is_paid() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    world.sandbox.be_quicker();
    assert_eq!(world.status(&page.id).await, SessionStatus::Paid);
    assert_eq!(world.times("PAYMENT.CAPTURE.COMPLETED"), 1);
}

#[tokio::test]
async fn a_refund_is_made_once() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    let payment = world.read(&page.id).await.payment.unwrap().reference;
    world.sandbox.lose_answer("/refund");
    assert!(world.paypal.refund(&payment).await.unwrap_err().is_passing());
    for _ in 0..2 {
        world.paypal.refund(&payment).await.unwrap();
    }
    assert_eq!(world.times("PAYMENT.CAPTURE.REFUNDED"), 1);
    assert_eq!(of_payment(&world, &payment).await.payment.unwrap().returned.unwrap().refunded_minor, 1_000);
    assert_eq!(world.paypal.refund("none").await, Err(ProviderError::Unknown));
}

#[tokio::test]
async fn what_is_left_after_a_part_went_back_goes_back_too() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    let payment = world.read(&page.id).await.payment.unwrap().reference;
    world.sandbox.refund_part(&page.id, "2.50").unwrap();
    let reading = of_payment(&world, &payment).await;
    assert_eq!(reading.session.unwrap().status, SessionStatus::Paid);
    let part = reading.payment.unwrap();
    assert_eq!(part.returned.unwrap().refunded_minor, 250);
    assert!(part.captured_at.is_some());
    world.paypal.refund(&payment).await.unwrap();
    assert_eq!(of_payment(&world, &payment).await.payment.unwrap().returned.unwrap().refunded_minor, 1_000);
}

#[tokio::test]
async fn after_a_refund_that_came_to_nothing_there_is_another() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    let payment = world.read(&page.id).await.payment.unwrap().reference;
    world.paypal.refund(&payment).await.unwrap();
    world.sandbox.bounce_refund(&page.id).unwrap();
    let refunded =
        async || of_payment(&world, &payment).await.payment.unwrap().returned.unwrap().refunded_minor;
    assert_eq!(refunded().await, 0, "the money is here again");
    world.paypal.refund(&payment).await.unwrap();
    assert_eq!(refunded().await, 1_000);
}

#[tokio::test]
async fn a_card_that_is_declined_leaves_the_page_open() {
    let world = World::new().await;
    let order = world.order("EUR", 1_000);
    let page = world.paypal.create_session(&order).await.unwrap();
    world.sandbox.approve(&page.id, Funding::Declined).unwrap();
    for _ in 0..2 {
        let reading = world.read(&page.id).await;
        let session = reading.session.unwrap();
        assert_eq!((session.status, reading.payment), (SessionStatus::Open, None));
        assert_eq!(session.url.as_deref(), Some(page.url.as_str()), "where another card is chosen");
    }
    world.sandbox.approve(&page.id, Funding::Good).unwrap();
    assert_eq!(world.status(&page.id).await, SessionStatus::Paid);
}

#[tokio::test]
async fn money_that_is_held_arrives_or_does_not() {
    let world = World::new().await;
    for (arrives, status) in [(true, SessionStatus::Paid), (false, SessionStatus::Expired)] {
        let page = world.page("EUR", 1_000).await.unwrap();
        world.sandbox.approve(&page.id, Funding::Pending).unwrap();
        let reading = world.read(&page.id).await;
        assert_eq!(reading.session.unwrap().status, SessionStatus::Processing);
        let payment = reading.payment.unwrap();
        assert_eq!((payment.captured_at, payment.has_failed), (None, false));
        world.sandbox.finish_pending(&page.id, arrives).unwrap();
        let reading = of_payment(&world, &payment.reference).await;
        assert_eq!(reading.session.unwrap().status, status);
        let payment = reading.payment.unwrap();
        assert_eq!((payment.captured_at.is_some(), payment.has_failed), (arrives, !arrives));
    }
}

#[tokio::test]
async fn a_payment_that_is_contested_and_taken_back_is_said_to_be_so() {
    let world = World::new().await;
    let page = world.page("EUR", 1_000).await.unwrap();
    world.pay(&page).await;
    let payment = world.read(&page.id).await.payment.unwrap().reference;
    world.sandbox.contest(&page.id).unwrap();
    let returned = async || of_payment(&world, &payment).await.payment.unwrap().returned.unwrap();
    let contested = returned().await;
    assert!(contested.is_disputed && !contested.is_lost && contested.refunded_minor == 0, "{contested:?}");
    world.sandbox.reverse(&page.id).unwrap();
    assert_eq!(returned().await.refunded_minor, 1_000);
    assert_eq!(world.times("PAYMENT.CAPTURE.REVERSED"), 1);
    for message in world.messages().await {
        let event = world.paypal.event(&message.message(), world.now()).await.unwrap();
        let read = world.paypal.read(&event.subject.unwrap()).await.unwrap();
        assert!(read.is_some(), "{} leads nowhere", event.kind);
    }
}

#[tokio::test]
async fn nobody_pays_what_was_closed() {
    let world = World::new().await;
    for is_approved in [false, true] {
        let page = world.page("EUR", 1_000).await.unwrap();
        if is_approved {
            world.pay(&page).await;
        }
        for _ in 0..2 {
            world.paypal.close_session(&page.id).await.unwrap();
        }
        world.pay(&page).await;
        let reading = world.read(&page.id).await;
        assert_eq!((reading.session.unwrap().status, reading.payment), (SessionStatus::Expired, None));
    }
    assert_eq!(world.times("PAYMENT.CAPTURE.COMPLETED"), 0);

    let paid = world.page("EUR", 1_000).await.unwrap();
    world.pay(&paid).await;
    assert_eq!(world.status(&paid.id).await, SessionStatus::Paid);
    assert!(matches!(world.paypal.close_session(&paid.id).await, Err(ProviderError::Refused(_))));
    assert_eq!(world.paypal.close_session("none").await, Err(ProviderError::Unknown));
}

#[tokio::test]
async fn one_invoice_is_not_paid_by_two_orders() {
    let world = World::new().await;
    let order = world.order("EUR", 1_000);
    let first = world.paypal.create_session(&order).await.unwrap();
    let elsewhere = plugin_api::payment::NewSession {
        success_url: "https://shop.example/store".to_owned(),
        ..order.clone()
    };
    let second = world.paypal.create_session(&elsewhere).await.unwrap();
    assert_ne!(first.id, second.id, "it leads back to another page");
    world.pay(&first).await;
    world.pay(&second).await;
    assert_eq!(world.status(&first.id).await, SessionStatus::Paid);
    let reading = world.read(&second.id).await;
    assert_eq!((reading.session.unwrap().status, reading.payment), (SessionStatus::Expired, None));
}

#[tokio::test]
async fn an_order_that_paypal_forgot_is_made_anew() {
    let world = World::new().await;
    let order = world.order("EUR", 1_000);
    let first = world.paypal.create_session(&order).await.unwrap();
    world.sandbox.forget(&first.id);
    assert_eq!(world.paypal.read(&Subject::Session(first.id.clone())).await, Ok(None));
    let second = world.paypal.create_session(&order).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(world.paypal.create_session(&order).await, Ok(second.clone()));
    world.pay(&second).await;
    assert_eq!(world.status(&second.id).await, SessionStatus::Paid);
}

#[tokio::test]
async fn a_payment_is_known_longer_than_its_order() {
    let world = World::new().await;
    let order = world.order("EUR", 1_000);
    let page = world.paypal.create_session(&order).await.unwrap();
    world.pay(&page).await;
    let payment = world.read(&page.id).await.payment.unwrap().reference;
    world.sandbox.forget(&page.id);
    let reading = of_payment(&world, &payment).await;
    assert_eq!((reading.invoice_id, reading.session), (order.invoice_id, None));
    assert_eq!(reading.payment.unwrap().returned.unwrap().refunded_minor, 0);
    world.sandbox.refund_part(&page.id, "2.50").unwrap();
    let part = of_payment(&world, &payment).await.payment.unwrap();
    assert_eq!(part.returned, None, "nobody says how much");
    world.paypal.refund(&payment).await.unwrap();
    let all = of_payment(&world, &payment).await.payment.unwrap();
    assert_eq!(all.returned.unwrap().refunded_minor, 1_000);
}

#[tokio::test]
async fn what_is_somebody_elses_is_nothing_of_ours() {
    let world = World::new().await;
    for id in ["", "../v1/oauth2", "O1?x=1", "ORDER/capture"] {
        assert_eq!(world.paypal.read(&Subject::Session(id.to_owned())).await, Ok(None), "{id:?}");
        assert_eq!(world.paypal.read(&Subject::Payment(id.to_owned())).await, Ok(None), "{id:?}");
        assert_eq!(world.paypal.refund(id).await, Err(ProviderError::Unknown), "{id:?}");
    }
}
