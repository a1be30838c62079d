//! The client Keyrack uses, against the sandbox: every answer it reads and every webhook it parses.
//!
//! async-stripe reads strictly: an object that lacks a required field is an error. So this decides whether ours are whole.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod common;

use common::{AUTHENTICATES, DECLINED, DISPUTED, KEY, RENEWALS_FAIL, SECRET, SUCCEEDS, World};
use stripe::{Client, ClientBuilder};
use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_billing::invoice::{ListInvoice, PayInvoice};
use stripe_billing::subscription::{
    CancelSubscription, RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems,
    UpdateSubscriptionProrationBehavior,
};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionLineItemsPriceDataRecurring,
    CreateCheckoutSessionLineItemsPriceDataRecurringInterval, CreateCheckoutSessionSubscriptionData,
    ProductData, RetrieveCheckoutSession,
};
use stripe_core::charge::RetrieveCharge;
use stripe_core::customer::{CreateCustomer, ListCustomer, RetrieveCustomer};
use stripe_core::payment_intent::{CapturePaymentIntent, RetrievePaymentIntent};
use stripe_core::refund::{CancelRefund, CreateRefund};
use stripe_shared::CheckoutSession;
use stripe_types::Currency;
use stripe_webhook::{EventObject, Webhook};

fn client(world: &World) -> Client {
    ClientBuilder::new(KEY).url(&world.base).build().unwrap()
}

fn line(amount: i64, name: &str, monthly: bool) -> CreateCheckoutSessionLineItems {
    let mut price = CreateCheckoutSessionLineItemsPriceData::new(Currency::EUR);
    price.unit_amount = Some(amount);
    price.product_data = Some(ProductData::new(name));
    price.recurring = monthly.then(|| {
        CreateCheckoutSessionLineItemsPriceDataRecurring::new(
            CreateCheckoutSessionLineItemsPriceDataRecurringInterval::Month,
        )
    });
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price_data = Some(price);
    line.quantity = Some(1);
    line
}

fn session(
    mode: stripe_shared::CheckoutSessionMode,
    lines: Vec<CreateCheckoutSessionLineItems>,
) -> CreateCheckoutSession {
    CreateCheckoutSession::new()
        .mode(mode)
        .line_items(lines)
        .success_url("https://shop.example/done?session={CHECKOUT_SESSION_ID}")
        .cancel_url("https://shop.example/cart")
}

async fn pay(world: &World, session: &CheckoutSession, card: &str) -> (u16, String, String) {
    world.submit(session.url.as_deref().unwrap(), &common::payer(card)).await
}

/// Parses every webhook that came, and says which kinds there were.
async fn parse_all(world: &World) -> Vec<String> {
    let webhooks = world.webhooks().await;
    let broken: Vec<String> = webhooks
        .iter()
        .filter_map(|it| {
            let event = match Webhook::construct_event(&it.payload, &it.signature, SECRET) {
                Err(problem) => return Some(format!("{}: {problem}\n{}", it.kind(), it.payload)),
                Ok(event) => event,
            };
            let known = !matches!(event.data.object, EventObject::Unknown(_));
            let current = event.api_version == Some(stripe_shared::version::VERSION);
            (!known || !current).then(|| format!("{}: unknown, or of another version", it.kind()))
        })
        .collect();
    assert!(broken.is_empty(), "{} of {} webhooks: {}", broken.len(), webhooks.len(), broken.join("\n"));
    webhooks.iter().map(common::Received::kind).collect()
}

#[test]
fn versions_agree() {
    assert_eq!(stripe_sandbox::API_VERSION, stripe_shared::version::VERSION.as_str());
}

#[tokio::test]
async fn a_payment_from_the_session_to_the_refund() {
    let world = World::new().await;
    let client = client(&world);
    let created = session(stripe_shared::CheckoutSessionMode::Payment, vec![line(2500, "Deposit", false)])
        .client_reference_id("order-1")
        .metadata([("invoice".to_owned(), "INV-1".to_owned())])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(created.amount_total, Some(2500));
    let (status, location, _) = pay(&world, &created, SUCCEEDS).await;
    assert_eq!((status, location), (303, format!("https://shop.example/done?session={}", created.id)));

    let paid = RetrieveCheckoutSession::new(created.id.clone())
        .expand(vec!["payment_intent.latest_charge".to_owned(), "line_items".to_owned()])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(paid.payment_status, stripe_shared::CheckoutSessionPaymentStatus::Paid);
    assert_eq!(paid.line_items.unwrap().data.len(), 1);
    let intent = paid.payment_intent.unwrap();
    let intent = intent.as_object().unwrap();
    assert!(intent.latest_charge.as_ref().unwrap().as_object().unwrap().paid);

    let refund =
        CreateRefund::new().payment_intent(intent.id.to_string()).amount(1000).send(&client).await.unwrap();
    assert_eq!(refund.status.as_deref(), Some("succeeded"));
    let charge = intent.latest_charge.as_ref().unwrap().id().clone();
    let charge = RetrieveCharge::new(charge).send(&client).await.unwrap();
    assert_eq!((charge.amount_refunded, charge.refunded), (1000, false));
    let cancelled = CancelRefund::new(refund.id).send(&client).await.unwrap();
    assert_eq!(cancelled.status.as_deref(), Some("canceled"));

    let kinds = parse_all(&world).await;
    for kind in [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "refund.created",
        "charge.refunded",
        "refund.updated",
    ] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} is missing in {kinds:?}");
    }
}

#[tokio::test]
async fn a_subscription_from_the_session_to_its_end() {
    let world = World::new().await;
    let client = client(&world);
    let customer = CreateCustomer::new()
        .email("owner@harbour.example")
        .name("Harbour House")
        .send(&client)
        .await
        .unwrap();
    assert_eq!(ListCustomer::new().email("owner@harbour.example").send(&client).await.unwrap().data.len(), 1);
    let mut data = CreateCheckoutSessionSubscriptionData::new();
    data.metadata = Some([("company".to_owned(), "1001".to_owned())].into());
    let created =
        session(stripe_shared::CheckoutSessionMode::Subscription, vec![line(2999, "Hotel Basic", true)])
            .customer(customer.id.to_string())
            .subscription_data(data)
            .send(&client)
            .await
            .unwrap();
    assert_eq!(pay(&world, &created, SUCCEEDS).await.0, 303);
    let paid = RetrieveCheckoutSession::new(created.id).send(&client).await.unwrap();
    let id = paid.subscription.unwrap().id().clone();

    let subscription = RetrieveSubscription::new(id.clone())
        .expand(vec!["latest_invoice.payments".to_owned(), "customer".to_owned()])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(subscription.status, stripe_shared::SubscriptionStatus::Active);
    let invoice = subscription.latest_invoice.unwrap();
    let invoice = invoice.as_object().unwrap();
    assert_eq!((invoice.amount_paid, invoice.payments.as_ref().unwrap().data.len()), (2999, 1));
    let details = invoice.parent.as_ref().unwrap().subscription_details.as_ref().unwrap();
    assert_eq!(details.metadata.as_ref().unwrap()["company"], "1001");

    world.sandbox.advance_to_next_renewal().unwrap();
    assert_eq!(ListInvoice::new().subscription(id.to_string()).send(&client).await.unwrap().data.len(), 2);

    // A second price, and a change to it in the middle of a period.
    let product = subscription.items.data[0].price.product.id().to_string();
    let pro = world
        .ok(
            "POST",
            "/v1/prices",
            &[
                ("product", &product),
                ("unit_amount", "4999"),
                ("currency", "eur"),
                ("recurring[interval]", "month"),
            ],
        )
        .await;
    let mut item = UpdateSubscriptionItems::new();
    item.id = Some(subscription.items.data[0].id.to_string());
    item.price = Some(pro["id"].as_str().unwrap().to_owned());
    let changed = UpdateSubscription::new(id.clone())
        .items(vec![item])
        .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice)
        .metadata([("plan".to_owned(), "pro".to_owned())])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(changed.items.data[0].price.unit_amount, Some(4999));

    let ending = UpdateSubscription::new(id.clone()).cancel_at_period_end(true).send(&client).await.unwrap();
    assert!(ending.cancel_at_period_end && ending.cancel_at.is_some());
    let portal = CreateBillingPortalSession::new()
        .customer(customer.id.to_string())
        .return_url("https://shop.example/account")
        .send(&client)
        .await
        .unwrap();
    assert!(world.page(&portal.url).await.1.contains("Resume"));
    let ended = CancelSubscription::new(id).send(&client).await.unwrap();
    assert_eq!(ended.status, stripe_shared::SubscriptionStatus::Canceled);
    let _ = RetrieveCustomer::new(customer.id).send(&client).await.unwrap();

    let kinds = parse_all(&world).await;
    for kind in [
        "customer.created",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "payment_method.attached",
    ] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} is missing in {kinds:?}");
    }
}

#[tokio::test]
async fn what_goes_wrong_can_be_read_too() {
    let world = World::new().await;
    let client = client(&world);
    let created = session(stripe_shared::CheckoutSessionMode::Payment, vec![line(900, "Parking", false)])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(pay(&world, &created, DECLINED).await.0, 402);
    let (status, page, _) = pay(&world, &created, AUTHENTICATES).await;
    assert_eq!(status, 303);
    assert!(page.starts_with("/authenticate/"));
    let (_, back, _) = world.submit(&page, &[("result", "fail")]).await;
    assert_eq!(back, format!("/pay/{}?problem=authentication", created.id));
    assert_eq!(pay(&world, &created, DISPUTED).await.0, 303);
    let dispute = world.ok("GET", "/v1/disputes", &[]).await["data"][0]["id"].as_str().unwrap().to_owned();
    world
        .ok(
            "POST",
            &format!("/v1/disputes/{dispute}"),
            &[("evidence[uncategorized_text]", "winning_evidence")],
        )
        .await;

    let created =
        session(stripe_shared::CheckoutSessionMode::Subscription, vec![line(2999, "Hotel Basic", true)])
            .send(&client)
            .await
            .unwrap();
    assert_eq!(pay(&world, &created, RENEWALS_FAIL).await.0, 303);
    world.sandbox.advance_to_next_renewal().unwrap();
    let subscription = RetrieveCheckoutSession::new(created.id)
        .send(&client)
        .await
        .unwrap()
        .subscription
        .unwrap()
        .id()
        .clone();
    let open = ListInvoice::new().subscription(subscription.to_string()).send(&client).await.unwrap().data;
    let refused = PayInvoice::new(open[0].id.clone().unwrap()).send(&client).await.unwrap_err();
    let stripe::StripeError::Stripe(error, 402) = refused else { panic!("{refused:?}") };
    assert_eq!(error.type_, stripe::ApiErrorsType::CardError);

    let missing = RetrieveCustomer::new("cus_none").send(&client).await.unwrap_err();
    let stripe::StripeError::Stripe(error, 404) = missing else { panic!("{missing:?}") };
    assert_eq!(error.code, Some(stripe::ApiErrorsCode::ResourceMissing));
    let left = session(stripe_shared::CheckoutSessionMode::Payment, vec![line(900, "Parking", false)])
        .send(&client)
        .await
        .unwrap();
    world.sandbox.advance(std::time::Duration::from_hours(25));
    assert_eq!(
        RetrieveCheckoutSession::new(left.id).send(&client).await.unwrap().status,
        Some(stripe_shared::CheckoutSessionStatus::Expired)
    );

    let kinds = parse_all(&world).await;
    for kind in [
        "charge.failed",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "charge.dispute.created",
        "charge.dispute.closed",
        "invoice.payment_failed",
        "checkout.session.expired",
    ] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} is missing in {kinds:?}");
    }
}

#[tokio::test]
async fn money_is_captured_by_hand_and_trials_pause() {
    let world = World::new().await;
    let client = client(&world);
    let mut form = common::payment_form();
    form.push(("payment_intent_data[capture_method]", "manual"));
    let created = world.ok("POST", "/v1/checkout/sessions", &form).await;
    assert_eq!(world.pay(&created, SUCCEEDS).await.0, 303);
    let id = created["id"].as_str().unwrap();
    let intent =
        RetrieveCheckoutSession::new(id).send(&client).await.unwrap().payment_intent.unwrap().id().clone();
    let reserved = RetrievePaymentIntent::new(intent.clone()).send(&client).await.unwrap();
    assert_eq!((reserved.amount_capturable, reserved.amount_received), (5000, 0));
    let captured = CapturePaymentIntent::new(intent).amount_to_capture(4000).send(&client).await.unwrap();
    assert_eq!(captured.amount_received, 4000);

    let mut form = common::subscription_form();
    form.extend([
        ("payment_method_collection", "if_required"),
        ("subscription_data[trial_period_days]", "14"),
        ("subscription_data[trial_settings][end_behavior][missing_payment_method]", "pause"),
    ]);
    let created = world.ok("POST", "/v1/checkout/sessions", &form).await;
    assert_eq!(
        world.submit(created["url"].as_str().unwrap(), &[("email", "a@b.example"), ("name", "A B")]).await.0,
        303
    );
    world.sandbox.advance(std::time::Duration::from_hours(15 * 24));
    let paid =
        world.ok("GET", &format!("/v1/checkout/sessions/{}", created["id"].as_str().unwrap()), &[]).await;
    let subscription = world.subscription_of(&paid).await;
    assert_eq!(subscription["status"], "paused");
    let customer = subscription["customer"].as_str().unwrap();
    world
        .ok(
            "POST",
            &format!("/v1/customers/{customer}"),
            &[("invoice_settings[default_payment_method]", "pm_card_visa")],
        )
        .await;
    let resumed = world
        .ok("POST", &format!("/v1/subscriptions/{}/resume", subscription["id"].as_str().unwrap()), &[])
        .await;
    assert_eq!(resumed["status"], "active");

    let kinds = parse_all(&world).await;
    for kind in [
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "customer.subscription.trial_will_end",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.updated",
    ] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} is missing in {kinds:?}");
    }
}
