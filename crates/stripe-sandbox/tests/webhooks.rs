//! Delivery: tried again, held back, shuffled, doubled, lost, sent again.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod common;

use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{SECRET, SUCCEEDS, World, payment_form};
use serde_json::Value;
use stripe_sandbox::{Controls, Payment};

async fn bought(world: &World) {
    let session = world.ok("POST", "/v1/checkout/sessions", &payment_form()).await;
    assert_eq!(world.pay(&session, SUCCEEDS).await.0, 303);
}

async fn deliveries(world: &World) -> Vec<Value> {
    let text = world
        .http
        .get(format!("{}/sandbox/api/deliveries", world.base))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["data"].as_array().unwrap().clone()
}

const OF_A_PURCHASE: [&str; 6] = [
    "product.created",
    "price.created",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
];

#[tokio::test]
async fn events_come_signed_and_in_order() {
    let world = World::new().await;
    bought(&world).await;
    assert_eq!(world.kinds().await, OF_A_PURCHASE);
    let first = world.webhooks().await[0].clone();
    let (time, _) = first.signature.strip_prefix("t=").unwrap().split_once(',').unwrap();
    assert_eq!(
        stripe_sandbox::signature::header(&first.payload, SECRET, time.parse().unwrap()),
        first.signature
    );
    let event = first.json();
    assert_eq!(event["api_version"], stripe_sandbox::API_VERSION);
    assert!(event["request"]["id"].as_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn a_refused_webhook_is_tried_again_and_at_last_given_up() {
    let world = World::new().await;
    world.shop.refuse.store(2, Ordering::SeqCst);
    world.ok("POST", "/v1/customers", &[("email", "a@b.example")]).await;
    assert_eq!(world.kinds().await, ["customer.created"]);
    let tried: Vec<Value> = deliveries(&world).await[0]["attempts"].as_array().unwrap().clone();
    assert_eq!(tried.iter().map(|it| it["status"].as_u64().unwrap()).collect::<Vec<_>>(), [500, 500, 200]);

    world.shop.refuse.store(100, Ordering::SeqCst);
    world.ok("POST", "/v1/customers", &[("email", "c@d.example")]).await;
    world.clear().await;
    let given_up = deliveries(&world).await[0].clone();
    assert_eq!(
        (given_up["status"].as_str(), given_up["attempts"].as_array().unwrap().len()),
        (Some("failed"), 4)
    );

    world.shop.refuse.store(0, Ordering::SeqCst);
    world.sandbox.send_again(given_up["id"].as_str().unwrap());
    assert_eq!(world.kinds().await, ["customer.created"]);
}

#[tokio::test]
async fn held_webhooks_wait_until_released() {
    let world = World::new().await;
    world.sandbox.set_controls(Controls { hold: true, ..Controls::default() });
    bought(&world).await;
    assert!(world.kinds().await.is_empty());
    world.sandbox.set_controls(Controls::default());
    assert_eq!(world.kinds().await, OF_A_PURCHASE);
}

#[tokio::test]
async fn shuffled_webhooks_are_the_same_in_another_order() {
    let world = World::new().await;
    world.sandbox.set_controls(Controls { hold: true, shuffle: true, ..Controls::default() });
    bought(&world).await;
    world.sandbox.set_controls(Controls { shuffle: true, ..Controls::default() });
    let mut kinds = world.kinds().await;
    assert_ne!(kinds, OF_A_PURCHASE);
    kinds.sort();
    let mut expected = OF_A_PURCHASE.map(str::to_owned);
    expected.sort();
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn doubled_webhooks_have_one_id() {
    let world = World::new().await;
    world.sandbox.set_controls(Controls { duplicate: true, ..Controls::default() });
    world.ok("POST", "/v1/customers", &[]).await;
    let ids: Vec<String> =
        world.webhooks().await.iter().map(|it| it.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn lost_webhooks_do_not_come_until_sent_again() {
    let world = World::new().await;
    world.sandbox.set_controls(Controls { drop_next: 5, ..Controls::default() });
    bought(&world).await;
    assert_eq!(world.kinds().await, ["checkout.session.completed"]);
    assert_eq!(world.sandbox.controls().drop_next, 0);
    let lost: Vec<Value> =
        deliveries(&world).await.into_iter().filter(|it| it["status"] == "dropped").collect();
    assert_eq!(lost.len(), 5);
    world.sandbox.send_again(lost[0]["id"].as_str().unwrap());
    assert_eq!(world.kinds().await.last().unwrap(), lost[0]["type"].as_str().unwrap());
}

#[tokio::test]
async fn endpoints_get_what_they_ask_for_under_their_own_secret() {
    let world = World::with(|config| config.default_endpoint = None).await;
    let url = {
        // The shop's address is known to the default endpoint only, so a second world lends its own.
        let lender = World::new().await;
        let listed = lender.page("/sandbox").await.1;
        let from = listed.find("http://127.0.0.1").unwrap();
        let url = listed[from..].split('<').next().unwrap().to_owned();
        let endpoint = world
            .ok(
                "POST",
                "/v1/webhook_endpoints",
                &[
                    ("url", &url),
                    ("enabled_events[]", "customer.updated"),
                    ("enabled_events[]", "customer.deleted"),
                ],
            )
            .await;
        let customer = world.ok("POST", "/v1/customers", &[]).await;
        let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
        world.ok("POST", &path, &[("name", "New")]).await;
        world.sandbox.deliveries_settled().await;
        let webhooks = lender.webhooks().await;
        assert_eq!(webhooks.len(), 1);
        assert_eq!(webhooks[0].json()["data"]["previous_attributes"]["name"], Value::Null);
        let secret = endpoint["secret"].as_str().unwrap();
        assert!(
            stripe_webhook::Webhook::construct_event(&webhooks[0].payload, &webhooks[0].signature, secret)
                .is_ok()
        );
        url
    };
    assert!(url.ends_with("/webhook"));
}

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let path = std::env::temp_dir().join(format!("stripe-sandbox-{}.json", std::process::id()));
    let file = path.clone();
    let world = World::with(move |config| config.snapshot = Some(file)).await;
    let (_, session) = world.subscribed_at(1_800_000_000, SUCCEEDS, &[]).await;
    world.sandbox.deliveries_settled().await;
    world.sandbox.advance(Duration::from_hours(24));
    let now = world.sandbox.now();
    world.sandbox.save().unwrap();

    let file = path.clone();
    let again = World::with(move |config| config.snapshot = Some(file)).await;
    assert_eq!(again.subscription_of(&session).await["status"], "active");
    assert!((0..5).contains(&(again.sandbox.now() - now)));
    let made = again.ok("POST", "/v1/customers", &[]).await;
    assert_eq!(
        world.call("GET", &format!("/v1/customers/{}", made["id"].as_str().unwrap()), &[]).await.0,
        404
    );
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_snapshot_of_another_kind_is_put_aside() {
    let path = std::env::temp_dir().join(format!("stripe-sandbox-odd-{}.json", std::process::id()));
    std::fs::write(&path, "{\"ids\": 1}").unwrap();
    let file = path.clone();
    let world = World::with(move |config| config.snapshot = Some(file)).await;
    world.ok("POST", "/v1/customers", &[]).await;
    assert!(!path.exists());
    std::fs::remove_file(path.with_extension("unreadable")).unwrap();
}

#[tokio::test]
async fn nobody_waits_for_an_endpoint_that_is_gone() {
    let world = World::with(|config| config.default_endpoint = None).await;
    let endpoint = world
        .ok("POST", "/v1/webhook_endpoints", &[("url", "http://127.0.0.1:9/"), ("enabled_events[]", "*")])
        .await;
    world.sandbox.set_controls(Controls { hold: true, ..Controls::default() });
    world.ok("POST", "/v1/customers", &[]).await;
    world.ok("DELETE", &format!("/v1/webhook_endpoints/{}", endpoint["id"].as_str().unwrap()), &[]).await;
    world.sandbox.set_controls(Controls::default());
    world.sandbox.deliveries_settled().await;
    assert_eq!(deliveries(&world).await[0]["status"], "failed");
}

#[tokio::test]
async fn a_program_can_pay_and_deliver_by_itself() {
    let world = World::new().await;
    world.sandbox.set_controls(Controls { hold: true, ..Controls::default() });
    let session = world.ok("POST", "/v1/checkout/sessions", &payment_form()).await;
    let id = session["id"].as_str().unwrap();
    assert_eq!(
        world.sandbox.pay(id, common::DECLINED),
        Payment::Refused("Your card was declined.".to_owned())
    );
    let Payment::NeedsAuthentication(page) = world.sandbox.pay(id, common::AUTHENTICATES) else {
        panic!("3-D Secure")
    };
    assert!(page.starts_with(&world.base));
    assert_eq!(world.sandbox.pay(id, SUCCEEDS), Payment::Paid);
    assert!(matches!(world.sandbox.pay(id, SUCCEEDS), Payment::Refused(_)));
    let held = world.sandbox.held_webhooks();
    assert_eq!(held.last().unwrap().kind, "checkout.session.completed");
    for it in held {
        assert!(
            stripe_webhook::Webhook::construct_event(&it.payload, &it.signature, SECRET).is_ok(),
            "{}",
            it.kind
        );
    }
}
