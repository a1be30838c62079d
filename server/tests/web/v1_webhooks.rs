//! Webhooks of our own through the whole router (spec `subscription-billing.md` 5.11).

use http::header::CACHE_CONTROL;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::Client;
use crate::support::{Site, header, json as body_of};
use crate::v1::{admin, shop, signed_up};
use crate::v1_admin::{NOTHING, count, no, text};

const ALL: &str = "/api/v1/admin/webhooks";

async fn made(admin: &Client<'_>, body: Value) -> (String, Value) {
    let made = admin.expect(201, "POST", ALL, Some(body)).await;
    (format!("{ALL}/{}", text(&made["webhook"]["id"])), made)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_keeps_webhooks(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    assert_eq!(no(&admin, 400, "POST", ALL, json!({})).await, "url is required");
    for (bad, field) in [
        (json!({ "url": "nonsense" }), "url"),
        (json!({ "url": "http://hooks.example/" }), "url"),
        (json!({ "url": "https://127.0.0.1/" }), "url"),
        (json!({ "url": "https://169.254.169.254/latest" }), "url"),
        (json!({ "url": "https://[::ffff:10.0.0.1]/" }), "url"),
        (json!({ "url": "https://user:pass@hooks.example/" }), "url"),
        (json!({ "url": format!("https://hooks.example/{}", "x".repeat(3_000)) }), "url"),
        (json!({ "url": "https://hooks.example/", "events": [] }), "events"),
        (json!({ "url": "https://hooks.example/", "events": ["user.renamed\u{0}"] }), "events"),
        (json!({ "url": "https://hooks.example/", "description": "x\u{0}" }), "description"),
        (json!({ "url": "https://hooks.example/", "description": "x".repeat(256) }), "description"),
        (json!({ "url": "https://hooks.example/", "secret": "short" }), "secret"),
        (
            json!({ "url": "https://hooks.example/", "secret": "sixteen characters long, and spaces" }),
            "secret",
        ),
    ] {
        let said = no(&admin, 400, "POST", ALL, bad.clone()).await;
        assert!(said.starts_with(&format!("{field} ")), "{bad}: {said}");
    }
    for bad in [json!([]), json!({ "url": 7 }), json!({ "url": "https://hooks.example/", "events": "*" })] {
        admin.expect(400, "POST", ALL, Some(bad)).await;
    }
    let (one, first) = made(&admin, json!({ "url": "https://hooks.example/a#b" })).await;
    assert_eq!(
        (&first["webhook"]["url"], &first["webhook"]["events"], &first["webhook"]["is_active"]),
        (&json!("https://hooks.example/a"), &json!(["*"]), &json!(true))
    );
    assert!(text(&first["secret"]).starts_with("whsec_"));
    let own = json!({
        "url": "https://8.8.8.8:8443/", "events": ["user.created", "payment.failed", "user.created"], "is_active": false,
        "description": " accounting ", "secret": "a-secret-of-my-own",
    });
    let (_, second) = made(&admin, own).await;
    assert_eq!(second["secret"], "a-secret-of-my-own");
    assert_eq!(
        (&second["webhook"]["events"], &second["webhook"]["description"]),
        (&json!(["payment.failed", "user.created"]), &json!("accounting"))
    );
    let listed = admin.expect(200, "GET", ALL, None).await;
    assert_eq!(listed["webhooks"].as_array().unwrap().len(), 2);
    let shown = admin.expect(200, "GET", &one, None).await;
    for answer in [&listed, &shown] {
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
    let kinds = admin.expect(200, "GET", &format!("{ALL}/events"), None).await;
    assert!(kinds["events"].as_array().unwrap().contains(&json!("security.password_reset.request")));

    let change = json!({ "events": ["payment.captured"], "version": 1 });
    let changed = admin.expect(200, "PUT", &one, Some(change.clone())).await;
    assert_eq!(
        (&changed["webhook"]["version"], &changed["webhook"]["events"]),
        (&json!(2), &json!(["payment.captured"]))
    );
    no(&admin, 409, "PUT", &one, change).await;
    no(&admin, 400, "PUT", &one, json!({ "secret": "a-secret-of-my-own" })).await;
    let rotate = format!("{one}/rotate-secret");
    let rotated = admin.expect(200, "POST", &rotate, None).await;
    assert_ne!(rotated["secret"], first["secret"]);
    let given = json!({ "secret": "another-secret-of-mine" });
    assert_eq!(admin.expect(200, "POST", &rotate, Some(given)).await["secret"], "another-secret-of-mine");
    no(&admin, 400, "POST", &rotate, json!({ "secret": "x" })).await;

    for (method, path) in
        [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/rotate-secret"), ("POST", "/test")]
    {
        let body = if method == "PUT" { json!({}) } else { Value::Null };
        no(&admin, 404, method, &format!("{ALL}/{NOTHING}{path}"), body.clone()).await;
        no(&admin, 400, method, &format!("{ALL}/x{path}"), body).await;
    }
    admin.expect(200, "DELETE", &one, None).await;
    no(&admin, 404, "GET", &one, Value::Null).await;
    let made = "SELECT count(*) FROM audit_log WHERE action LIKE 'webhook.%'";
    assert_eq!(count(&pool, made).await, 6);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_reads_and_repeats_deliveries(pool: PgPool) {
    let allowed = [("OUTGOING_ALLOW_HTTP", "true"), ("OUTGOING_ALLOW_PRIVATE_ADDRESSES", "true")];
    let site = Site::with(platform::database::for_test(&pool), &allowed);
    let clock = site.state.services.clock.clone();
    server::demo::for_test(&pool.connect_options(), &clock).await.unwrap();
    let admin = admin(&site).await;
    let (one, _) = made(&admin, json!({ "url": "http://127.0.0.1:9/" })).await;
    let (other, _) = made(&admin, json!({ "url": "http://127.0.0.1:9/", "is_active": false })).await;
    assert_eq!(no(&admin, 409, "POST", &format!("{other}/test"), Value::Null).await, "Webhook is not active");
    let mut sent = Vec::new();
    for _ in 0..3 {
        let test = admin.expect(202, "POST", &format!("{one}/test"), None).await["delivery"].clone();
        assert_eq!((&test["status"], &test["event"]), (&json!("PENDING"), &json!("webhook.test")));
        sent.push(text(&test["id"]));
    }
    let log = format!("{ALL}/deliveries");
    let page = admin.expect(200, "GET", &format!("{log}?limit=2"), None).await;
    let ids = |page: &Value| {
        page["deliveries"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), [sent[2].clone(), sent[1].clone()]);
    assert!(page["deliveries"][0].get("request_body").is_none());
    let next = format!("{log}?limit=2&before={}", text(&page["next_before"]));
    let rest = admin.expect(200, "GET", &next, None).await;
    assert_eq!((ids(&rest), &rest["next_before"]), (vec![sent[0].clone()], &Value::Null));
    let endpoint = one.rsplit('/').next().unwrap();
    for (filter, found) in [
        ("status=pending".to_owned(), 3),
        ("status=FAILED".to_owned(), 0),
        ("event=webhook.test".to_owned(), 3),
        ("event=user.created%00".to_owned(), 0),
        (format!("webhook_id={endpoint}&status=PENDING"), 3),
        (format!("webhook_id={NOTHING}"), 0),
    ] {
        let page = admin.expect(200, "GET", &format!("{log}?{filter}"), None).await;
        assert_eq!(ids(&page).len(), found, "{filter}");
    }
    for bad in ["status=odd", "webhook_id=x", "before=x", "limit=x"] {
        admin.expect(400, "GET", &format!("{log}?{bad}"), None).await;
    }

    // Nobody listens there, which is kept and shown.
    let webhook: uuid::Uuid = endpoint.parse().unwrap();
    assert_eq!(site.state.services.webhooks.deliver(webhook).await.unwrap(), 3);
    let path = format!("{log}/{}", sent[0]);
    let tried = admin.expect(200, "GET", &path, None).await["delivery"].clone();
    assert_eq!((&tried["attempts"], &tried["status"]), (&json!(1), &json!("PENDING")));
    assert!(text(&tried["error"]).starts_with("could not connect"), "{tried}");
    let sent: Value = serde_json::from_str(tried["request_body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&sent["id"], &sent["type"], &sent["data"]["webhook_id"]),
        (&tried["event_id"], &json!("webhook.test"), &tried["webhook_id"])
    );
    let again = admin.expect(202, "POST", &format!("{path}/retry"), None).await["delivery"].clone();
    assert_eq!(again["next_attempt_at"], "2026-11-20T12:00:00.000000");
    assert_eq!(site.state.services.webhooks.deliver(webhook).await.unwrap(), 1);
    assert_eq!(admin.expect(200, "GET", &path, None).await["delivery"]["attempts"], 2);
    for (method, path) in [("GET", ""), ("POST", "/retry")] {
        no(&admin, 404, method, &format!("{log}/{NOTHING}{path}"), Value::Null).await;
        no(&admin, 400, method, &format!("{log}/x{path}"), Value::Null).await;
    }
}

/// An answer with a secret is kept nowhere, so a repeated request is another one.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_secret_is_not_kept_for_a_repeated_request(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let send = async || {
        let request = Request::builder()
            .method("POST")
            .uri(ALL)
            .header("authorization", &admin.bearer)
            .header("content-type", "application/json")
            .header("idempotency-key", "one");
        let answer = site.send(request.body(r#"{ "url": "https://hooks.example/" }"#.into()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(header(&answer, CACHE_CONTROL.as_str()), "no-store");
        body_of(answer).await
    };
    assert_ne!(send().await["secret"], send().await["secret"]);
    assert_eq!(count(&pool, "SELECT count(*) FROM idempotency_keys").await, 0);
    assert_eq!(count(&pool, "SELECT count(*) FROM webhook_endpoints").await, 2);
    let ada = signed_up(&site, "ada").await;
    no(&ada, 403, "GET", ALL, Value::Null).await;
}
