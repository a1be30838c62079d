//! Plug-ins through the whole router (spec 5.12): what the admin sees, sets and switches, and what is gone while one is off.

use std::sync::Arc;
use std::time::Duration;

use billing::providers::{Providers, ReturnPayment};
use http::{Request, StatusCode};
use plugin_api::payment::PaymentProvider;
use serde_json::json;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::admin::signed_in as in_a_browser;
use crate::rest::Client;
use crate::stripe::{Till, customer, order};
use crate::support::{Site, text};
use crate::v1::{admin, shop, signed_up};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_lists_sets_and_switches_plugins(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    ada.expect(403, "GET", "/api/v1/admin/plugins", None).await;
    ada.expect(403, "POST", "/api/v1/admin/plugins/stripe/disable", None).await;
    ada.expect(403, "GET", "/api/v1/plugins/analytics/active-sessions", None).await;

    let listed = admin.expect(200, "GET", "/api/v1/admin/plugins", None).await;
    let brief: Vec<_> = listed["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["name"], it["status"], it["hasConfig"], it["dependencies"]]))
        .collect();
    assert_eq!(
        json!(brief),
        json!([
            ["stripe", "active", false, []],
            ["paypal", "inactive", false, []],
            ["yookassa", "inactive", false, []],
            ["analytics", "active", true, []],
            ["backend-demo-plugin", "inactive", true, []],
            ["chat", "inactive", true, []],
            ["taro", "inactive", false, []]
        ])
    );

    let nobody = Client { site: &site, bearer: String::new() };
    let off = nobody.expect(404, "GET", "/api/v1/backend-demo-plugin", None).await;
    assert_eq!(off["error"], "Plugin not enabled");
    let path = "/api/v1/admin/plugins/backend-demo-plugin";
    for _ in 0..2 {
        let switched = admin.expect(200, "POST", &format!("{path}/enable"), None).await;
        assert_eq!(switched, json!({ "message": "Plugin enabled", "status": "enabled" }));
    }
    let greeting = nobody.expect(200, "GET", "/api/v1/backend-demo-plugin", None).await;
    assert_eq!(greeting, json!({ "success": true, "greeting": "Hello from the demo plug-in" }));
    let set =
        admin.expect(200, "PUT", &format!("{path}/config"), Some(json!({ "greeting": " Moin " }))).await;
    assert_eq!(set["savedConfig"], json!({ "greeting": "Moin" }));
    assert_eq!(set["configSchema"]["greeting"]["type"], "string");
    assert_eq!(set["adminConfig"]["tabs"][0]["fields"][0]["key"], "greeting");
    let greeting = nobody.expect(200, "GET", "/api/v1/backend-demo-plugin", None).await;
    assert_eq!(greeting["greeting"], "Moin");
    admin.expect(200, "POST", &format!("{path}/disable"), None).await;
    nobody.expect(404, "GET", "/api/v1/backend-demo-plugin", None).await;
    // What was set stays for the next time.
    admin.expect(200, "POST", &format!("{path}/enable"), None).await;
    let greeting = nobody.expect(200, "GET", "/api/v1/backend-demo-plugin", None).await;
    assert_eq!(greeting["greeting"], "Moin");

    let told: Vec<String> =
        sqlx::query_scalar("SELECT kind || ' ' || (payload->>'plugin_name') FROM events WHERE kind LIKE 'plugin.%' ORDER BY position")
            .fetch_all(&pool)
            .await
            .unwrap();
    let name = "backend-demo-plugin";
    let expected = ["enabled", "disabled", "enabled"].map(|it| format!("plugin.{it} {name}"));
    assert_eq!(told, expected, "switching on what is on is no event");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_no_plugin_has_is_refused_and_changes_nothing(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    for (method, path) in [
        ("GET", "/api/v1/admin/plugins/spa"),
        ("POST", "/api/v1/admin/plugins/spa/enable"),
        ("POST", "/api/v1/admin/plugins/spa/disable"),
    ] {
        assert_eq!(admin.expect(404, method, path, None).await["error"], "Plugin 'spa' not found");
    }
    let path = "/api/v1/admin/plugins/analytics/config";
    for (config, why) in [
        (json!({ "active_minutes": 0 }), "active_minutes must be a whole number from 1 to 1440"),
        (json!({ "active_minutes": 1.5 }), "active_minutes must be a whole number from 1 to 1440"),
        (json!({ "active_minutes": null }), "active_minutes must be a whole number from 1 to 1440"),
        (json!({ "active_minutes": 5, "colour": "red" }), "Plugin 'analytics' has no setting 'colour'"),
    ] {
        assert_eq!(admin.expect(400, "PUT", path, Some(config)).await["error"], why);
    }
    admin.expect(400, "PUT", path, Some(json!(["active_minutes"]))).await;
    let greeting = json!({ "greeting": "Two\nlines" });
    admin.expect(400, "PUT", "/api/v1/admin/plugins/backend-demo-plugin/config", Some(greeting)).await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM plugins").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn browsers_count_as_active_for_as_long_as_the_admin_says(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let path = "/api/v1/plugins/analytics/active-sessions";
    let count = async || admin.expect(200, "GET", path, None).await["count"].as_i64().unwrap();
    assert_eq!(count().await, 0);
    in_a_browser(&site, "owner@harbour.example", "HarbourDesk1!").await;
    assert_eq!(count().await, 1);
    site.clock.advance(chrono::TimeDelta::minutes(16));
    assert_eq!(count().await, 0);
    let config = json!({ "active_minutes": "20" });
    admin.expect(200, "PUT", "/api/v1/admin/plugins/analytics/config", Some(config)).await;
    assert_eq!(count().await, 1);
    admin.expect(200, "POST", "/api/v1/admin/plugins/analytics/disable", None).await;
    let off = admin.expect(404, "GET", path, None).await;
    assert_eq!(off["error"], "Plugin not enabled");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_provider_that_is_off_begins_nothing_and_ends_what_it_began(pool: PgPool) {
    let mut site = shop(&pool).await;
    let till = Till::new(&site).await;
    let providers = Providers::new([till.stripe.clone() as Arc<dyn PaymentProvider>]);
    site.state = site.state.clone().with_providers(providers, "");
    site.router = server::web::router(site.state.clone());
    let billing = site.state.services.billing.clone();
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);

    let admin = admin(&site).await;
    assert_eq!(billing.offered_provider(), Some("stripe"));
    admin.expect(200, "POST", "/api/v1/admin/plugins/stripe/disable", None).await;
    assert_eq!(billing.offered_provider(), None);
    let ada = signed_up(&site, "ada").await;
    for (method, path, body) in [
        ("POST", "/api/v1/plugins/stripe/create-session", Some(json!({ "invoice_id": invoice_id }))),
        ("GET", "/api/v1/plugins/stripe/session-status/cs_1", None),
        ("POST", "/api/v1/plugins/stripe/portal", None),
    ] {
        let refused = ada.expect(404, method, path, body).await;
        assert_eq!(refused["error"], "Plugin not enabled", "{path}");
    }
    let message = till.messages().into_iter().find(|it| it.kind == "checkout.session.completed").unwrap();
    let send = async |path: &str| {
        let now = platform::clock::Clock::now(&till.clock).timestamp();
        let signature = stripe_sandbox::signature::header(&message.payload, crate::stripe::SECRET, now);
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("stripe-signature", signature)
            .body(message.payload.clone().into());
        site.send(request.unwrap()).await
    };
    for path in
        ["/api/webhooks/stripe", "/api/store/webhook", "/billing/webhook", "/api/v1/plugins/stripe/webhook"]
    {
        let refused = send(path).await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(text(refused).await.contains("Plugin not enabled"), "{path}");
    }
    let status = async || {
        let invoice = billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
        invoice.status.as_str().to_owned()
    };
    assert_eq!(status().await, "pending");
    // What was paid on a page of before is not lost: the message was kept, and a job does it.
    let event_id: String =
        sqlx::query_scalar("SELECT event_id FROM provider_events").fetch_one(&pool).await.unwrap();
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE queue = 'billing.provider_event'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(jobs, 1);
    billing.handle_event("stripe", &event_id).await.unwrap();
    assert_eq!(status().await, "paid");

    // Money goes back by the provider that took it, on or off.
    let payment: String =
        sqlx::query_scalar("SELECT reference FROM payments").fetch_one(&pool).await.unwrap();
    let job = ReturnPayment { provider: "stripe".to_owned(), reference: payment };
    billing.return_payment(&job).await.unwrap();

    // It is on again, and knows what it was told.
    admin.expect(200, "POST", "/api/v1/admin/plugins/stripe/enable", None).await;
    let again = send("/api/v1/plugins/stripe/webhook").await;
    assert_eq!(again.status(), StatusCode::OK);
    assert!(text(again).await.contains("Handled before"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_way_to_pay_of_a_provider_that_is_off_is_not_offered(pool: PgPool) {
    let mut site = shop(&pool).await;
    let till = Till::new(&site).await;
    let providers = Providers::new([till.stripe.clone() as Arc<dyn PaymentProvider>]);
    site.state = site.state.clone().with_providers(providers, "");
    site.router = server::web::router(site.state.clone());
    let admin = admin(&site).await;
    let method = json!({ "code": "stripe", "name": "Card", "is_active": true });
    admin.expect(201, "POST", "/api/v1/admin/payment-methods", Some(method)).await;
    let path = "/api/v1/settings/payment-methods";
    let codes = async || admin.expect(200, "GET", path, None).await["methods"].to_string();
    assert!(codes().await.contains("stripe"));
    admin.expect(200, "POST", "/api/v1/admin/plugins/stripe/disable", None).await;
    assert!(!codes().await.contains("stripe"));
    admin.expect(404, "GET", &format!("{path}/stripe"), None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_request_that_happens_once_answers_what_it_did(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    for _ in 0..2 {
        let request = Request::put("/api/v1/admin/plugins/backend-demo-plugin/config")
            .header("authorization", &admin.bearer)
            .header("content-type", "application/json")
            .header("idempotency-key", "moin")
            .body(json!({ "greeting": "Moin" }).to_string().into());
        let answer = text(site.send(request.unwrap()).await).await;
        assert!(answer.contains(r#""savedConfig":{"greeting":"Moin"}"#), "{answer}");
    }
    let read = admin.expect(200, "GET", "/api/v1/admin/plugins/backend-demo-plugin", None).await;
    assert_eq!(read["savedConfig"]["greeting"], "Moin");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn other_processes_follow_at_once(pool: PgPool) {
    let (site, other) = (shop(&pool).await, Site::new(&pool));
    let stop = CancellationToken::new();
    let following = tokio::spawn(other.state.services.plugins.clone().follow(stop.clone()));
    let admin = admin(&site).await;
    let path = "/api/v1/admin/plugins/backend-demo-plugin";
    let nobody = Client { site: &other, bearer: String::new() };
    // Switched as often as it takes for the other one to listen; then it has heard of each.
    for (action, status) in [("enable", 200), ("disable", 404), ("enable", 200)] {
        admin.expect(200, "POST", &format!("{path}/{action}"), None).await;
        let wanted = StatusCode::from_u16(status).unwrap();
        let followed = async {
            while nobody.send("GET", "/api/v1/backend-demo-plugin", None).await.status() != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), followed).await.unwrap();
    }
    stop.cancel();
    following.await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admins_page_switches_and_sets_without_javascript(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = in_a_browser(&site, "admin@example.com", "AdminPass123@").await;
    let page = text(site.get("/admin/plugins/stripe", &admin).await).await;
    assert!(page.contains("Takes payments") && !page.contains("fields[greeting]"), "{page}");
    let place = "/admin/plugins/backend-demo-plugin";
    let act = "subject=plugins&id=backend-demo-plugin&action=enable";
    site.post_form("/actions/admin-act", place, &admin, act).await;
    let save = async |greeting: &str| {
        let body =
            format!("subject=plugins&id=backend-demo-plugin&version=0&fields%5Bgreeting%5D={greeting}");
        site.post_form("/actions/admin-save", place, &admin, &body).await;
    };
    save("Servus").await;
    let page = text(site.get(place, &admin).await).await;
    assert!(
        page.contains("Servus") && page.contains("Enabled") && !page.contains("active_minutes"),
        "{page}"
    );
    save("").await;
    let page = text(site.get(place, &admin).await).await;
    assert!(page.contains("Servus"), "an empty greeting is none");
}
