//! Paying at PayPal and at YooKassa, beside Stripe: one invoice is paid once, wherever, and what was paid twice goes back.

use std::sync::Arc;

use billing::providers::{ClosePage, Providers, Received, ReturnPayment};
use domain::access::Actor;
use domain::ids::InvoiceId;
use http::{HeaderMap, Request, StatusCode};
use platform::clock::Clock as _;
use plugin_api::payment::{Message, PaymentProvider, SessionStatus, Subject};
use plugin_paypal::PayPal;
use plugin_paypal::sandbox::Funding;
use plugin_yookassa::YooKassa;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::account::ADDRESS;
use crate::admin::signed_in as browser;
use crate::stripe::{Till, customer, order};
use crate::support::{Site, json as body_of, text};
use crate::v1::{admin, shop, signed_up};

/// What YooKassa's notifications come with.
const KEY: &str = "a-secret-of-ours";

/// A shop with all three, each switched on.
struct Mall {
    site: Site,
    till: Till,
    paypal: plugin_paypal::sandbox::Sandbox,
    yookassa: plugin_yookassa::sandbox::Sandbox,
}

impl Mall {
    async fn new(pool: &PgPool) -> Self {
        let mut site = shop(pool).await;
        let mut till = Till::new(&site).await;

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clock = site.clock.clone();
        let config = plugin_paypal::sandbox::Config {
            clock: Arc::new(move || clock.now()),
            ..plugin_paypal::sandbox::Config::at(format!("http://{}", listener.local_addr().unwrap()))
        };
        let keys = config.keys();
        let paypal = plugin_paypal::sandbox::Sandbox::new(config);
        let server = paypal.clone();
        tokio::spawn(async move { server.serve(listener).await });

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let yookassa = plugin_yookassa::sandbox::Sandbox::new(plugin_yookassa::sandbox::Config {
            shop_id: "100500".to_owned(),
            secret_key: "test_key".to_owned(),
            public_url: url.clone(),
            notification_url: None,
        });
        let server = yookassa.clone();
        tokio::spawn(async move { server.serve(listener).await });
        let client = YooKassa::new(plugin_yookassa::Config {
            shop_id: "100500".to_owned(),
            secret_key: "test_key".to_owned(),
            notification_secret: KEY.to_owned(),
            base_url: Some(format!("{url}/v3")),
        });

        let providers: [Arc<dyn PaymentProvider>; 3] =
            [till.stripe.clone(), Arc::new(PayPal::new(keys).unwrap()), Arc::new(client.unwrap())];
        site.state = site.state.clone().with_providers(Providers::new(providers), "");
        site.router = server::web::router(site.state.clone());
        let admin = admin(&site).await;
        for name in ["paypal", "yookassa"] {
            admin.expect(200, "POST", &format!("/api/v1/admin/plugins/{name}/enable"), None).await;
        }
        drop(admin);
        till.billing = site.state.services.billing.clone();
        Self { site, till, paypal, yookassa }
    }

    /// Delivers what PayPal sent so far.
    async fn deliver(&self) {
        for sent in self.paypal.messages() {
            let message = Message { headers: &sent.headers, query: None, body: sent.body.as_bytes() };
            let received = self.till.billing.receive("paypal", &message).await.unwrap();
            assert!(!matches!(received, Received::Kept { .. }), "{received:?}");
        }
    }

    async fn notify(&self, query: &str, body: &str) -> StatusCode {
        let request = Request::post(format!("/api/webhooks/yookassa{query}")).body(body.to_owned().into());
        self.site.send(request.unwrap()).await.status()
    }

    async fn status(&self, buyer: &Actor, id: InvoiceId) -> String {
        let invoice = self.till.billing.invoice(buyer.own_account(), id).await.unwrap();
        format!("{} {}", invoice.status.as_str(), invoice.payment_method.unwrap_or_default())
    }
}

/// Takes the job of a queue, of which there is one.
async fn job<T: serde::de::DeserializeOwned>(pool: &PgPool, queue: &str) -> T {
    let jobs: Vec<Value> = sqlx::query_scalar("DELETE FROM jobs WHERE queue = $1 RETURNING payload")
        .bind(queue)
        .fetch_all(pool)
        .await
        .unwrap();
    let [job] = &jobs[..] else { panic!("{queue}: {jobs:?}") };
    serde_json::from_value(job.clone()).unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_turns_to_another_provider_pays_there_and_once(pool: PgPool) {
    let mall = Mall::new(&pool).await;
    let (billing, buyer) = (&mall.till.billing, customer(&mall.site).await);
    let own = buyer.own_account();
    let id = order(&mall.till, &pool, &buyer).await;
    let checkout = Till::checkout();
    let at_stripe = mall.till.page(&buyer, id).await;
    assert_eq!(billing.pay_page(own, id, &checkout).await.unwrap(), at_stripe, "where it was begun");

    let at_paypal = billing.create_session(own, "paypal", id, &checkout).await.unwrap();
    let close: ClosePage = job(&pool, "billing.close_page").await;
    assert_eq!((close.provider.as_str(), &close.session), ("stripe", &at_stripe.session_id));
    billing.close_page(&close.provider, &close.session).await.unwrap();
    assert_eq!(billing.pay_page(own, id, &checkout).await.unwrap(), at_paypal, "where it was begun");

    // Back again: the page that was closed is not the one that is made.
    let again = mall.till.page(&buyer, id).await;
    assert_ne!(again.session_id, at_stripe.session_id);
    let close: ClosePage = job(&pool, "billing.close_page").await;
    billing.close_page(&close.provider, &close.session).await.unwrap();
    mall.paypal.approve(&at_paypal.session_id, Funding::Good).unwrap();
    mall.deliver().await;
    assert_eq!(mall.status(&buyer, id).await, "pending ", "an order that was closed is not captured");

    let at_paypal = billing.create_session(own, "paypal", id, &checkout).await.unwrap();
    mall.paypal.approve(&at_paypal.session_id, Funding::Declined).unwrap();
    let paying = billing.came_back(own, &at_paypal.session_id).await.unwrap();
    assert_eq!(paying.status, SessionStatus::Open, "another card can be tried");
    mall.paypal.approve(&at_paypal.session_id, Funding::Good).unwrap();
    for _ in 0..3 {
        mall.deliver().await;
        assert_eq!(mall.status(&buyer, id).await, "paid paypal");
    }
    let paying = billing.came_back(own, &at_paypal.session_id).await.unwrap();
    assert_eq!((paying.status, paying.invoice_id), (SessionStatus::Paid, id));
    let [subscription] = &billing.subscriptions(own).await.unwrap()[..] else { panic!("one") };
    assert_eq!((subscription.state.status().as_str(), subscription.is_collected), ("active", false));
    // A bundle once, and the tokens of the plan.
    let credited: i64 = sqlx::query_scalar("SELECT count(*) FROM token_entries WHERE account_id = $1")
        .bind(buyer.user_id)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(credited, 2);

    // What PayPal gives back on its own pages is refunded here.
    mall.paypal.reverse(&at_paypal.session_id).unwrap();
    mall.deliver().await;
    assert_eq!(mall.status(&buyer, id).await, "refunded paypal");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_paid_on_two_pages_goes_back_once(pool: PgPool) {
    let mall = Mall::new(&pool).await;
    let (billing, buyer) = (&mall.till.billing, customer(&mall.site).await);
    let own = buyer.own_account();
    let id = order(&mall.till, &pool, &buyer).await;
    let at_stripe = mall.till.page(&buyer, id).await;
    let at_yookassa = billing.create_session(own, "yookassa", id, &Till::checkout()).await.unwrap();
    // Before the first one was closed.
    mall.till.pay(&at_stripe);
    assert!(mall.yookassa.pay(&at_yookassa.session_id));
    let notification = mall.yookassa.messages().pop().unwrap();
    for query in ["", "?key=", "?key=another", "?kei=a-secret-of-ours"] {
        assert_eq!(mall.notify(query, &notification).await, StatusCode::BAD_REQUEST, "{query}");
    }
    let query = format!("?key={KEY}");
    assert_eq!(mall.notify(&query, &notification).await, StatusCode::OK);
    assert_eq!(mall.status(&buyer, id).await, "paid yookassa");
    // Comes back with the invoice: YooKassa is told the address before there is a page.
    let paying = billing.came_back(own, &id.to_string()).await.unwrap();
    assert_eq!((paying.status, paying.invoice_id), (SessionStatus::Paid, id));

    mall.till.deliver_all().await;
    mall.till.deliver_all().await;
    let back: ReturnPayment = job(&pool, "billing.return_payment").await;
    assert_eq!(back.provider, "stripe");
    billing.return_payment(&back).await.unwrap();
    mall.till.deliver_all().await;
    assert_eq!(mall.notify(&query, &notification).await, StatusCode::OK);
    assert_eq!(mall.status(&buyer, id).await, "paid yookassa", "what is owed is paid");
    assert!(mall.yookassa.refunds().is_empty());
    let subscriptions = billing.subscriptions(own).await.unwrap();
    let [subscription] = &subscriptions[..] else { panic!("one: {subscriptions:?}") };
    assert_eq!((subscription.state.status().as_str(), subscription.is_collected), ("active", false));
    let at_stripe = mall.till.stripe.read(&Subject::Session(at_stripe.session_id)).await.unwrap().unwrap();
    assert!(!at_stripe.subscription.unwrap().renews, "nor is the next period collected there");

    // Two pages of one provider, of which none can be closed.
    let buyer = customer(&mall.site).await;
    let own = buyer.own_account();
    let id = order(&mall.till, &pool, &buyer).await;
    let first = billing.create_session(own, "yookassa", id, &Till::checkout()).await.unwrap();
    mall.till.page(&buyer, id).await;
    let second = billing.create_session(own, "yookassa", id, &Till::checkout()).await.unwrap();
    assert_ne!(first.session_id, second.session_id);
    for page in [&first, &second] {
        assert!(mall.yookassa.pay(&page.session_id));
        let notification = mall.yookassa.messages().pop().unwrap();
        assert_eq!(mall.notify(&query, &notification).await, StatusCode::OK);
    }
    let back: ReturnPayment = job(&pool, "billing.return_payment").await;
    assert_eq!((back.provider.as_str(), &back.reference), ("yookassa", &second.session_id));
    billing.return_payment(&back).await.unwrap();
    assert_eq!(mall.status(&buyer, id).await, "paid yookassa");

    // Where a provider is gone with its keys, or refuses, people pay at another one.
    let buyer = customer(&mall.site).await;
    let own = buyer.own_account();
    let id = order(&mall.till, &pool, &buyer).await;
    billing.create_session(own, "yookassa", id, &Till::checkout()).await.unwrap();
    let left = Providers::new([mall.till.stripe.clone() as Arc<dyn PaymentProvider>]);
    let left = billing.clone().with_providers(left);
    let page = left.pay(own, id, &Till::checkout()).await.unwrap().unwrap();
    mall.till.pay(&page);
    mall.till.deliver_all().await;
    assert_eq!(mall.status(&buyer, id).await, "paid stripe");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn every_provider_has_its_paths(pool: PgPool) {
    let mall = Mall::new(&pool).await;
    let (ada, bob) = (signed_up(&mall.site, "ada").await, signed_up(&mall.site, "bob").await);
    let plan = ada.expect(200, "GET", "/api/v1/tarif-plans/basic", None).await["id"].clone();
    let cart = json!({ "plan_id": plan, "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let to_pay = json!({ "invoice_id": bought["invoice"]["id"] });
    let at = |provider: &str, path: &str| format!("/api/v1/plugins/{provider}/{path}");

    for (name, text) in [
        ("square", "Plugin not enabled"),
        ("backend-demo-plugin", "Plugin not enabled"),
        ("%00", "Plugin not enabled"),
        ("analytics", "Payment provider not found"),
    ] {
        let answer = ada.expect(404, "POST", &at(name, "create-session"), Some(to_pay.clone())).await;
        assert_eq!(answer["error"], text, "{name}");
    }
    let nonsense = json!({ "invoice_id": "1" });
    let answer = ada.expect(400, "POST", &at("paypal", "create-order"), Some(nonsense)).await;
    assert_eq!(answer["error"], "Invalid invoice_id format");
    bob.expect(404, "POST", &at("paypal", "create-order"), Some(to_pay.clone())).await;

    let order = ada.expect(200, "POST", &at("paypal", "create-order"), Some(to_pay.clone())).await;
    let id = order["order_id"].as_str().unwrap();
    let session = ada.expect(200, "POST", &at("paypal", "create-session"), Some(to_pay.clone())).await;
    assert_eq!(
        (&session["session_id"], &session["session_url"]),
        (&order["order_id"], &order["approve_url"])
    );
    ada.expect(400, "POST", &at("paypal", "capture-order"), Some(json!({}))).await;
    let to_capture = json!({ "order_id": id });
    bob.expect(404, "POST", &at("paypal", "capture-order"), Some(to_capture.clone())).await;
    let open = ada.expect(200, "POST", &at("paypal", "capture-order"), Some(to_capture.clone())).await;
    assert_eq!(open["status"], "open", "nobody approved it yet");

    mall.paypal.approve(id, Funding::Good).unwrap();
    let sent = mall.paypal.messages().pop().unwrap();
    let deliver = async |headers: &HeaderMap, body: &str| {
        let mut request =
            Request::post("/api/v1/plugins/paypal/webhook").body(body.to_owned().into()).unwrap();
        request.headers_mut().extend(headers.clone());
        mall.site.send(request).await
    };
    mall.paypal.fail_next(1);
    let answer = deliver(&sent.headers, &sent.body).await;
    assert_eq!(
        answer.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "nobody can say whose it is; it comes again"
    );
    let answer = deliver(&sent.headers, &sent.body.replace("APPROVED", "INVENTED")).await;
    assert_eq!((answer.status(), text(answer).await.contains("ignature")), (StatusCode::BAD_REQUEST, true));
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM provider_events").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0);
    assert_eq!(body_of(deliver(&sent.headers, &sent.body).await).await["received"], true);
    let done = ada.expect(200, "POST", &at("paypal", "capture-order"), Some(to_capture)).await;
    assert_eq!((&done["status"], &done["currency"]), (&json!("complete"), &json!("EUR")));
    let status = ada.expect(200, "GET", &at("paypal", &format!("session-status/{id}")), None).await;
    assert_eq!(status["status"], "complete");
    let paid = ada.expect(400, "POST", &at("stripe", "create-session"), Some(to_pay.clone())).await;
    assert_eq!(paid["error"], "Invoice already paid");

    let admin = admin(&mall.site).await;
    admin.expect(200, "POST", "/api/v1/admin/plugins/paypal/disable", None).await;
    for path in ["create-session", "create-order", "capture-order"] {
        let answer = ada.expect(404, "POST", &at("paypal", path), Some(to_pay.clone())).await;
        assert_eq!(answer["error"], "Plugin not enabled", "{path}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_refunds_where_it_was_paid(pool: PgPool) {
    let mall = Mall::new(&pool).await;
    let (billing, buyer) = (&mall.till.billing, customer(&mall.site).await);
    let own = buyer.own_account();
    let admin = crate::stripe::admin_row(&pool).await;
    for provider in ["paypal", "yookassa"] {
        let id = order(&mall.till, &pool, &buyer).await;
        let page = billing.create_session(own, provider, id, &Till::checkout()).await.unwrap();
        if provider == "paypal" {
            mall.paypal.approve(&page.session_id, Funding::Good).unwrap();
        } else {
            assert!(mall.yookassa.pay(&page.session_id));
        }
        billing.session_status(own, provider, &page.session_id).await.unwrap();
        billing.refund(admin.admin().unwrap(), id, "sorry").await.unwrap();
        assert_eq!(mall.status(&buyer, id).await, format!("refunded {provider}"));
    }
    assert_eq!(mall.yookassa.refunds().len(), 1);
    let order = mall.paypal.order(&mall.paypal.orders()[0]).unwrap();
    assert!(order.to_string().contains("REFUNDED"), "{order}");
}

/// What the admin made a way to pay of is offered within its limits alone.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_provider_is_not_offered_beyond_its_limits(pool: PgPool) {
    let mall = Mall::new(&pool).await;
    let site = &mall.site;
    signed_up(site, "ada").await;
    let ada = browser(site, "ada@customer.example", "TestPass123@").await;
    site.post_form("/actions/change-billing-address", "/account/profile", &ada, ADDRESS).await;
    let basic: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM plans WHERE slug = 'basic'").fetch_one(&pool).await.unwrap();
    let offered = async || {
        let page = format!("/account/checkout?plan={basic}&currency=EUR");
        let page = text(site.get(&page, &ada).await).await;
        ["stripe", "paypal", "yookassa"].map(|slug| page.contains(&format!("method={slug}")))
    };
    assert_eq!(offered().await, [true, true, true]);
    let all = "/api/v1/admin/payment-methods";
    let limited = json!({ "code": "paypal", "name": "PayPal", "max_amount": "5.00" });
    let boss = admin(site).await;
    let made = boss.expect(201, "POST", all, Some(limited)).await;
    assert_eq!(offered().await, [true, false, true]);
    let one = format!("{all}/{}", made["method"]["id"].as_str().unwrap());
    boss.expect(200, "PUT", &one, Some(json!({ "max_amount": "500.00" }))).await;
    assert_eq!(offered().await, [true, true, true]);
}
