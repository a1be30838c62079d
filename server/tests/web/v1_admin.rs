//! The admin's part of the billing family through the whole router (spec `subscription-billing.md` 5.7, 5.8, 5.11).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::Client;
use crate::support::Site;
use crate::v1::{admin, ids, shop, signed_up};

pub const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The refusal's text, after its status was what it should be.
pub async fn no(client: &Client<'_>, status: u16, method: &str, path: &str, body: Value) -> String {
    let body = (!body.is_null()).then_some(body);
    text(&client.expect(status, method, path, body).await["error"])
}

pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// A customer who ordered something of everything: their id, and the order.
pub async fn bought(site: &Site, name: &str) -> (String, Value) {
    let customer = signed_up(site, name).await;
    let (plan, addon, bundle) = ids(&customer).await;
    let cart =
        json!({ "plan_id": plan, "add_on_ids": [addon], "token_bundle_ids": [bundle], "currency": "EUR" });
    let bought = customer.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    (text(&bought["invoice"]["user_id"]), bought)
}

/// Every path of the admin asks for the admin before it looks at anything else.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_else_gets_in(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    let document = server::api::document();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/v1/admin/") || path.ends_with("mark-paid") || path.ends_with("/refund") {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{id}", "x").replace("{code}", "x").replace("{slug}", "x");
            assert_eq!(
                no(&ada, 403, &method.to_uppercase(), &path, json!([])).await,
                "Admin access required",
                "{method} {path}"
            );
            tried += 1;
        }
    }
    assert!(tried > 70, "{tried}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn business_is_shown_in_figures(pool: PgPool) {
    let site = shop(&pool).await;
    let (_, order) = bought(&site, "ada").await;
    let boss = admin(&site).await;
    let path = format!("/api/v1/admin/invoices/{}/mark-paid", text(&order["invoice"]["id"]));
    boss.expect(200, "POST", &path, Some(json!({}))).await;
    let shown = boss.expect(200, "GET", "/api/v1/admin/analytics", None).await;
    assert_eq!(shown, boss.expect(200, "GET", "/api/v1/admin/analytics/dashboard", None).await);
    // Two have Basic at 9.99; the demo's customer paid 11.89 for it, and Ada 29.99 for everything.
    assert_eq!(shown["mrr"]["total"], 19.98);
    assert_eq!(shown["active_subscriptions"], json!({ "total": 2, "change_percent": 100 }));
    assert_eq!(shown["revenue"]["total"], 41.88);
    assert_eq!(shown["arpu"]["total"], 20.94);
    assert_eq!(shown["churn"]["total"], 0.0);
    site.clock.advance(chrono::TimeDelta::days(29));
    let boss = admin(&site).await;
    let id = text(&order["subscription"]["id"]);
    boss.expect(200, "POST", &format!("/api/v1/admin/subscriptions/{id}/cancel"), None).await;
    site.clock.advance(chrono::TimeDelta::days(2));
    let boss = admin(&site).await;
    let later = boss.expect(200, "GET", "/api/v1/admin/analytics", None).await;
    assert_eq!(later["revenue"], json!({ "total": 0.0, "change_percent": -100.0 }), "{later}");
    assert_eq!(later["churn"]["total"], 50.0, "{later}");
    assert_eq!(later["user_growth"]["change_percent"], -100.0, "{later}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn messages_of_one_instant_are_each_on_one_page(pool: PgPool) {
    let site = shop(&pool).await;
    sqlx::query(
        "INSERT INTO provider_events (provider, event_id, kind, body, received_at)
         SELECT provider, 'evt_' || n, 'invoice.paid', '{}', '2026-11-20T11:00:00Z'::timestamptz
         FROM generate_series(1, 60) AS n, unnest(ARRAY['paypal', 'stripe']) AS provider",
    )
    .execute(&pool)
    .await
    .unwrap();
    let boss = admin(&site).await;
    let all = "/api/v1/admin/provider-events?before=";
    let (mut seen, mut next) = (BTreeSet::new(), Some(String::new()));
    while let Some(before) = next {
        let page = boss.expect(200, "GET", &format!("{all}{before}"), None).await;
        for event in page["events"].as_array().unwrap() {
            let is_new = seen.insert((text(&event["provider"]), text(&event["event_id"])));
            assert!(is_new, "{event}");
        }
        next = page["next_before"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 120);
    for (before, found) in [
        ("2026-11-20T11:00:00Z", 0),
        ("2026-11-20T11:00:00.000001Z", 50),
        ("2026-11-20T12:00:01%2B01:00", 50),
        ("stripe~evt_none", 0),
        ("%00~%00", 0),
    ] {
        let page = boss.expect(200, "GET", &format!("{all}{before}"), None).await;
        assert_eq!(page["events"].as_array().unwrap().len(), found, "{before}");
    }
    for bad in ["soon", "-5000-01-01T00:00:00Z", "%2B20000-01-01T00:00:00Z"] {
        assert_eq!(no(&boss, 400, "GET", &format!("{all}{bad}"), Value::Null).await, "Invalid before");
    }
}
