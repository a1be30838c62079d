//! What clients of the original read in answers, and what is refused and how (spec `subscription-billing.md`).

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tracing_subscriber::fmt::MakeWriter;

use crate::rest::Client;
use crate::support::{Site, json as body_of};
use crate::v1::{admin, ids, shop, signed_up};

fn nobody(site: &Site) -> Client<'_> {
    Client { site, bearer: String::new() }
}

/// What is logged while this lives: the test and the server share a thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// The lines since the last call.
    fn lines(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn clients_see_that_the_family_is_there(pool: PgPool) {
    let site = shop(&pool).await;
    let health = nobody(&site).expect(200, "GET", "/api/v1/health/", None).await;
    assert_eq!(health, json!({ "status": "ok", "service": "vbwd-api" }));
    let path = "/api/v1/webhooks/payment/test";
    nobody(&site).expect(401, "POST", path, None).await;
    signed_up(&site, "ada").await.expect(403, "POST", path, None).await;
    assert_eq!(admin(&site).await.expect(200, "POST", path, None).await, json!({ "status": "ok" }));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_tries_what_is_not_theirs_is_in_the_log(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, eve) = (signed_up(&site, "ada").await, signed_up(&site, "eve").await);
    let (_, _, bundle) = ids(&ada).await;
    let cart = json!({ "token_bundle_ids": [bundle], "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let invoice = format!("/api/v1/user/invoices/{}", bought["invoice"]["id"].as_str().unwrap());
    let user: uuid::Uuid = sqlx::query_scalar("SELECT id FROM users WHERE email = 'eve@customer.example'")
        .fetch_one(&pool)
        .await
        .unwrap();

    let log = Log::default();
    let _guard = log.listen();
    let refusal = |lines: Vec<String>| {
        let mut found = lines.into_iter().filter(|line| line.contains("http.refused"));
        let line = found.next().unwrap();
        assert!(line.contains("INFO") && found.next().is_none(), "{line}");
        line
    };
    ada.expect(200, "GET", &invoice, None).await;
    assert!(!log.lines().iter().any(|line| line.contains("http.refused")));
    eve.expect(404, "GET", &invoice, None).await;
    let line = refusal(log.lines());
    assert!(line.contains(&user.to_string()) && line.contains("status=404"), "{line}");
    let huge = Request::post("/api/webhooks/stripe").body(vec![b' '; 1024 * 1024 + 1].into()).unwrap();
    assert_eq!(site.send(huge).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let line = refusal(log.lines());
    assert!(line.contains("/api/webhooks/stripe") && line.contains("status=413"), "{line}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn paying_and_refunding_need_no_body(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let (_, _, bundle) = ids(&ada).await;
    for with_type in [false, true] {
        let cart = json!({ "token_bundle_ids": [bundle], "currency": "EUR" });
        let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
        let id = bought["invoice"]["id"].as_str().unwrap();
        for (action, status) in [("mark-paid", "PAID"), ("refund", "REFUNDED")] {
            let path = format!("/api/v1/admin/invoices/{id}/{action}");
            let mut request = Request::post(&path).header("authorization", &admin.bearer);
            if with_type {
                request = request.header("content-type", "application/json");
            }
            let answer = site.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let answer = body_of(answer).await;
            assert_eq!(answer["invoice"]["status"], status);
            if action == "mark-paid" {
                let paid = &answer["invoice"];
                assert_eq!(
                    (&paid["payment_ref"], &paid["payment_method"]),
                    (&json!("MANUAL"), &json!("manual"))
                );
            } else {
                assert_eq!(answer["invoice"]["credit_notes"][0]["refund_reference"], "ADMIN_REFUND");
            }
        }
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_changes_their_password_goes_on_and_is_told(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    let login = |password: &str| json!({ "email": "ada@customer.example", "password": password });
    let elsewhere =
        nobody(&site).expect(200, "POST", "/api/v1/auth/login", Some(login("TestPass123@"))).await;
    let elsewhere =
        Client { site: &site, bearer: format!("Bearer {}", elsewhere["token"].as_str().unwrap()) };
    let change = json!({ "currentPassword": "TestPass123@", "newPassword": "OtherPass123@" });
    ada.expect(200, "POST", "/api/v1/user/change-password", Some(change)).await;
    ada.expect(200, "GET", "/api/v1/user/profile", None).await;
    elsewhere.expect(401, "GET", "/api/v1/user/profile", None).await;
    let told: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM jobs WHERE payload ->> 'subject' = 'Your Keyrack password was changed'
           AND payload ->> 'to' = 'ada@customer.example' AND payload ->> 'html' IS NOT NULL",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_link_that_was_used_is_said_to_be(pool: PgPool) {
    let site = shop(&pool).await;
    signed_up(&site, "ada").await;
    let email = json!({ "email": "ada@customer.example" });
    nobody(&site).expect(200, "POST", "/api/v1/auth/forgot-password", Some(email)).await;
    let mail: String = sqlx::query_scalar(
        "SELECT payload ->> 'text' FROM jobs WHERE payload ->> 'text' LIKE '%reset-password?token=%'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let token = mail.split("token=").nth(1).unwrap().lines().next().unwrap();
    let path = "/api/v1/auth/reset-password";
    let reset = |token: &str| Some(json!({ "token": token, "new_password": "OtherPass123@" }));
    nobody(&site).expect(200, "POST", path, reset(token)).await;
    assert_eq!(nobody(&site).expect(400, "POST", path, reset(token)).await["error"], "Token already used");
    assert_eq!(nobody(&site).expect(400, "POST", path, reset("x")).await["error"], "Invalid token");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_registration_that_cannot_be_read_did_not_succeed(pool: PgPool) {
    let site = shop(&pool).await;
    for body in [
        json!({ "email": "bob@customer.example" }),
        json!({}),
        json!([]),
        json!({ "email": 1, "password": 2 }),
    ] {
        let refused = nobody(&site).expect(400, "POST", "/api/v1/auth/register", Some(body)).await;
        assert_eq!(refused["success"], false, "{refused}");
        assert!(refused["error"].is_string());
    }
    let request = Request::post("/api/v1/auth/register").header("content-type", "application/json");
    let answer = site.send(request.body(axum::body::Body::from("{")).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(body_of(answer).await["success"], false);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn answers_have_the_members_that_clients_read(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let is_instant = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("20"));
    let plan = ada.expect(200, "GET", "/api/v1/tarif-plans/basic", None).await;
    let addons = ada.expect(200, "GET", "/api/v1/addons", None).await["addons"].clone();
    let bundles = ada.expect(200, "GET", "/api/v1/token-bundles", None).await["bundles"].clone();
    for thing in [&plan, &addons[0], &bundles[0]] {
        assert!(is_instant(&thing["created_at"]) && is_instant(&thing["updated_at"]), "{thing}");
    }
    let cart =
        json!({ "token_bundle_ids": [bundles[0]["id"]], "add_on_ids": [addons[0]["id"]], "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let (invoice, purchase) = (&bought["invoice"], &bought["token_bundles"][0]);
    assert_eq!(
        (&purchase["token_amount"], &purchase["price"], &purchase["invoice_id"]),
        (&bundles[0]["token_amount"], &bundles[0]["price"], &invoice["id"])
    );
    assert_eq!((&purchase["status"], &purchase["tokens_credited"]), (&json!("PENDING"), &json!(false)));
    assert_eq!(purchase["completed_at"], Value::Null);
    let addon = bought["add_ons"][0].clone();
    assert_eq!((&addon["user_id"], &addon["is_valid"]), (&invoice["user_id"], &json!(false)));

    let paid = format!("/api/v1/admin/invoices/{}/mark-paid", invoice["id"].as_str().unwrap());
    admin.expect(200, "POST", &paid, None).await;
    let own = format!("/api/v1/user/addons/{}", addon["id"].as_str().unwrap());
    let own = ada.expect(200, "GET", &own, None).await;
    assert_eq!(own["addon_subscription"]["is_valid"], true);
    let summary = &own["invoice"];
    assert_eq!(
        (&summary["invoice_number"], &summary["status"], &summary["amount"]),
        (&invoice["invoice_number"], &json!("PAID"), &invoice["amount"])
    );
    let entries = ada.expect(200, "GET", "/api/v1/user/tokens/transactions", None).await;
    assert_eq!(entries["transactions"][0]["type"], "PURCHASE");

    let before = ada.expect(200, "GET", "/api/v1/user/profile", None).await["user"].clone();
    assert_eq!(before["updated_at"], before["created_at"]);
    site.clock.advance(chrono::TimeDelta::minutes(1));
    let id = before["id"].as_str().unwrap();
    admin
        .expect(200, "PUT", &format!("/api/v1/admin/users/{id}"), Some(json!({ "name": "Ada Byron" })))
        .await;
    let after = ada.expect(200, "GET", "/api/v1/user/profile", None).await;
    assert_ne!(after["user"]["updated_at"], before["updated_at"]);
    assert_eq!(after["details"]["id"], before["id"]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn whose_token_is_over_sees_the_public_addons(pool: PgPool) {
    let site = shop(&pool).await;
    let public = nobody(&site).expect(200, "GET", "/api/v1/addons/", None).await;
    let forged = Client { site: &site, bearer: "Bearer abc".to_owned() };
    assert_eq!(forged.expect(200, "GET", "/api/v1/addons/", None).await, public);
    let ada = signed_up(&site, "ada").await;
    site.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(ada.expect(200, "GET", "/api/v1/addons/", None).await, public);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_long_list_of_invoices_says_where_it_goes_on(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    let (_, _, bundle) = ids(&ada).await;
    for _ in 0..103 {
        let cart = json!({ "token_bundle_ids": [bundle], "currency": "EUR" });
        ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    }
    let first = ada.expect(200, "GET", "/api/v1/user/invoices", None).await;
    assert_eq!(first["invoices"].as_array().unwrap().len(), 100);
    let rest = ada.expect(200, "GET", first["next"].as_str().unwrap(), None).await;
    assert_eq!(rest["invoices"].as_array().unwrap().len(), 3);
    assert!(rest.get("next").is_none(), "nothing follows: {}", rest["next"]);
    let all = first["invoices"].as_array().unwrap().iter().chain(rest["invoices"].as_array().unwrap());
    let ids: std::collections::BTreeSet<String> = all.map(|invoice| invoice["id"].to_string()).collect();
    assert_eq!(ids.len(), 103, "each once");
}

/// The price and the buyer are never taken from a cart, by whatever name.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_cart_decides_neither_price_nor_buyer(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, bob) = (signed_up(&site, "ada").await, signed_up(&site, "bob").await);
    let profile = bob.expect(200, "GET", "/api/v1/user/profile", None).await;
    let (plan, _, bundle) = ids(&ada).await;
    let honest = json!({ "plan_id": plan, "token_bundle_ids": [bundle], "currency": "EUR" });
    let honest = bob.expect(201, "POST", "/api/v1/user/checkout", Some(honest)).await;
    let cart = json!({
        "plan_id": plan, "token_bundle_ids": [bundle], "currency": "EUR", "user_id": profile["user"]["id"],
        "account_id": profile["user"]["id"], "price": "0.01", "amount": 0, "total": 0, "total_amount": "0.00", "discount": "100",
        "tax_amount": "-5.00", "status": "PAID", "items": [{ "plan_id": plan, "price": 0 }],
    });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    assert_eq!(bought["invoice"]["total_amount"], honest["invoice"]["total_amount"]);
    assert_eq!(bought["invoice"]["status"], "PENDING");
    assert_ne!(bought["invoice"]["user_id"], profile["user"]["id"]);
    let of_bob = bob.expect(200, "GET", "/api/v1/user/invoices", None).await;
    assert_eq!(of_bob["invoices"].as_array().unwrap().len(), 1, "what he ordered himself");
}

/// What nobody believed is in the log, with nothing of what was sent.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_not_believed_is_logged(pool: PgPool) {
    let (site, _till) = crate::stripe_money::shop_with_till(&pool).await;
    let log = Log::default();
    let guard = log.listen();
    let request = Request::post("/api/webhooks/stripe")
        .header("content-type", "application/json")
        .header("stripe-signature", "t=1,v1=00");
    let body = axum::body::Body::from("{\"secret\": \"of nobody's business\"}");
    assert_eq!(site.send(request.body(body).unwrap()).await.status(), StatusCode::BAD_REQUEST);
    let lines = log.lines();
    drop(guard);
    assert!(
        lines.iter().any(|line| line.contains("WARN") && line.contains("billing.webhook_refused")),
        "{lines:#?}"
    );
    assert!(lines.iter().all(|line| !line.contains("nobody's business")), "{lines:#?}");
}

/// However many plans there are, they are read at once, with their categories and prices.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn plans_take_as_many_statements_however_many_there_are(pool: PgPool) {
    let site = shop(&pool).await;
    let log = Log::default();
    let path = "/api/v1/tarif-plans?currency=USD&country=DE";
    // A connection that is opened meanwhile says something, too: so the least of some answers. Other tests begin to listen
    // at the same time, and while one does nothing is heard: such an answer is asked for again.
    let statements = async || {
        let (mut heard, mut least) = (0, (0, usize::MAX, usize::MAX));
        for _ in 0..50 {
            let guard = log.listen();
            log.lines();
            let plans = nobody(&site).expect(200, "GET", path, None).await;
            let lines = log.lines();
            drop(guard);
            let said = |text: &str| {
                lines.iter().filter(|line| line.contains("sqlx::query") && line.contains(text)).count()
            };
            let of_plans = said("SELECT p.id, p.name");
            if of_plans == 0 {
                continue;
            }
            let found = plans["plans"].as_array().unwrap().len();
            least = (found, said("SELECT").min(least.1), of_plans.min(least.2));
            heard += 1;
            if heard == 3 {
                break;
            }
        }
        assert_eq!(heard, 3, "the statements are not to be heard");
        least
    };
    let (few, reads, of_plans) = statements().await;
    assert_eq!(of_plans, 1);
    assert!((1..=3).contains(&reads), "plans, and what their prices and tax are reckoned with: {reads}");
    sqlx::query(
        "INSERT INTO plans (id, name, slug, price_minor, currency, billing_period, features, created_at, updated_at)
         SELECT gen_random_uuid(), 'Plan ' || n, 'plan-' || n, n, 'EUR', 'monthly', '{}', now(), now() FROM generate_series(1, 200) n",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(statements().await, (few + 200, reads, 1));
}
