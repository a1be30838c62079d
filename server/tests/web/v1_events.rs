//! What front ends tell, and what the caller may use (spec `subscription-billing.md` 5.11, 5.13).

use chrono::TimeDelta;
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::Client;
use crate::support::header;
use crate::v1::{admin, ids, shop, signed_up};
use crate::v1_admin::{count, no, text};

const TELL: &str = "/api/v1/events";

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn front_ends_tell_what_is_on_the_list(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    let nobody = Client { site: &site, bearer: String::new() };
    let types = nobody.expect(200, "GET", "/api/v1/events/types", None).await;
    assert_eq!(types["types"].as_array().unwrap().len(), 21);
    nobody.expect(401, "POST", TELL, Some(json!({ "events": [] }))).await;
    for bad in [json!({}), json!([]), json!({ "events": {} })] {
        ada.expect(400, "POST", TELL, Some(bad)).await;
    }
    let many: Vec<Value> = (0..101).map(|_| json!({ "type": "auth:login" })).collect();
    assert_eq!(no(&ada, 400, "POST", TELL, json!({ "events": many })).await, "events must be at most 100");
    let none = ada.expect(200, "POST", TELL, Some(json!({ "events": [] }))).await;
    assert_eq!(none, json!({ "received": 0, "processed": 0, "errors": [] }));

    let events = json!({ "events": [
        { "type": "auth:login", "data": { "page": "/" }, "timestamp": "2026-11-20T11:59:00Z" },
        { "type": "payment:failed", "timestamp": 1_795_176_000_123_i64 },
        { "type": "subscription:created", "data": null, "timestamp": "2026-11-20T11:59:00.5" },
        { "type": "auth:hacked" },
        { "type": "auth:login", "data": "x".repeat(5_000) },
        { "type": "auth:login", "data": { "a": "\u{0}" } },
        { "type": "auth:login", "timestamp": "soon" },
        { "type": "auth:login", "timestamp": 9_000_000_000_000_000_000_i64 },
        { "type": "auth:login", "timestamp": "9999-01-01T00:00:00Z" },
        {}, { "type": 7 }, 7, null,
    ] });
    let kept = ada.expect(200, "POST", TELL, Some(events)).await;
    assert_eq!((&kept["received"], &kept["processed"]), (&json!(13), &json!(3)));
    assert_eq!(kept["errors"][0], json!({ "index": 3, "error": "Unknown event type: auth:hacked" }));
    let places: Vec<_> = kept["errors"].as_array().unwrap().iter().map(|it| it["index"].clone()).collect();
    assert_eq!(places, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(kept["errors"][7]["error"], "type must be a text");
    assert_eq!(count(&pool, "SELECT count(*) FROM client_events").await, 3);

    let bob = signed_up(&site, "bob").await;
    bob.expect(200, "POST", TELL, Some(json!({ "events": [{ "type": "auth:logout" }] }))).await;
    let boss = admin(&site).await;
    let all = "/api/v1/admin/client-events";
    let page = boss.expect(200, "GET", &format!("{all}?limit=2"), None).await;
    assert_eq!(page["events"][0]["type"], "auth:logout");
    let next = format!("{all}?limit=2&before={}", text(&page["next_before"]));
    let rest = boss.expect(200, "GET", &next, None).await;
    assert_eq!(rest["events"][1]["data"], json!({ "page": "/" }));
    assert_eq!(rest["events"][1]["timestamp"], "2026-11-20T11:59:00.000000");
    let ada_id = text(&rest["events"][0]["user_id"]);
    let hers = boss.expect(200, "GET", &format!("{all}?user_id={ada_id}&type=auth:login"), None).await;
    assert_eq!(hers["events"].as_array().unwrap().len(), 1);
    for bad in ["user_id=x", "before=x", "limit=x"] {
        boss.expect(400, "GET", &format!("{all}?{bad}"), None).await;
    }

    // A deleted user takes along what they told; everybody else's goes after 90 days.
    boss.expect(200, "DELETE", &format!("/api/v1/admin/users/{ada_id}"), Some(json!({ "force": true })))
        .await;
    assert_eq!(count(&pool, "SELECT count(*) FROM client_events").await, 1);
    site.clock.advance(TimeDelta::days(91));
    let now = site.state.services.clock.now();
    billing::expiry::delete_expired(&site.state.database, now).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM client_events) + (SELECT count(*) FROM client_event_windows)";
    assert_eq!(count(&pool, left).await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_hundred_requests_a_minute_are_taken_of_each_user(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, bob) = (signed_up(&site, "ada").await, signed_up(&site, "bob").await);
    let body = json!({ "events": [{ "type": "auth:login" }] });
    let answers = join_all((0..110).map(|_| ada.send("POST", TELL, Some(&body)))).await;
    let taken = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
    assert_eq!(taken, 100);
    let refused = answers.iter().find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS).unwrap();
    assert_eq!(header(refused, "retry-after"), "60");
    bob.expect(200, "POST", TELL, Some(body.clone())).await;
    site.clock.advance(TimeDelta::seconds(30));
    let refused = ada.send("POST", TELL, Some(&body)).await;
    assert_eq!(header(&refused, "retry-after"), "30");
    site.clock.advance(TimeDelta::seconds(30));
    ada.expect(200, "POST", TELL, Some(body)).await;
    assert_eq!(count(&pool, "SELECT count(*) FROM client_events").await, 102);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn features_are_used_up_to_their_limit(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    sqlx::query("UPDATE plans SET features = '{ \"limits\": { \"calls\": 2 } }' WHERE slug = 'basic'")
        .execute(&pool)
        .await
        .unwrap();
    let all = "/api/v1/user/features";
    let free = ada.expect(200, "GET", all, None).await;
    let names: Vec<_> = free["features"].as_array().unwrap().iter().map(|it| text(&it["feature"])).collect();
    assert_eq!(names, ["basic_access", "limited_uploads", "standard_support"]);
    let calls = format!("{all}/calls/use");
    assert_eq!(no(&ada, 403, "POST", &calls, Value::Null).await, "Feature not available");
    no(&ada, 403, "POST", &format!("{all}/%00/use"), Value::Null).await;

    let (plan, ..) = ids(&ada).await;
    let cart = json!({ "plan_id": plan, "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let boss = admin(&site).await;
    let paid = format!("/api/v1/admin/invoices/{}/mark-paid", text(&bought["invoice"]["id"]));
    boss.expect(200, "POST", &paid, Some(json!({}))).await;
    let used = ada.expect(200, "POST", &calls, None).await;
    assert_eq!(
        used,
        json!({
            "allowed": true, "feature": "calls", "limit": 2, "used": 1, "remaining": 1,
            "resets_at": "2026-12-20T12:00:00.000000",
        })
    );
    let answer = ada.send("POST", &calls, Some(&json!({ "amount": 2 }))).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&answer, "retry-after"), (30 * 86_400).to_string());
    ada.expect(200, "POST", &calls, Some(json!({ "amount": 1 }))).await;
    assert_eq!(no(&ada, 429, "POST", &calls, json!({})).await, "Usage limit reached: 0 of 2 left");
    for bad in
        [json!({ "amount": 0 }), json!({ "amount": -1 }), json!({ "amount": 1.5 }), json!({ "amount": "x" })]
    {
        ada.expect(400, "POST", &calls, Some(bad)).await;
    }
    let listed = ada.expect(200, "GET", all, None).await;
    let found = listed["features"].as_array().unwrap().iter().find(|it| it["feature"] == "calls").unwrap();
    assert_eq!((&found["used"], &found["remaining"]), (&json!(2), &json!(0)));
}
