//! The billing family through the whole router (spec `subscription-billing.md`): what a client of the original does.

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::Client;
use crate::support::{Site, header, json as body_of, text};

/// A shop with the demo's catalogue, and its admin.
pub async fn shop(pool: &PgPool) -> Site {
    let site = Site::new(pool);
    let clock = site.state.services.clock.clone();
    server::demo::for_test(&pool.connect_options(), &clock).await.unwrap();
    site
}

pub async fn signed_up<'a>(site: &'a Site, name: &str) -> Client<'a> {
    let nobody = Client { site, bearer: String::new() };
    let body = json!({ "email": format!("{name}@customer.example"), "password": "TestPass123@" });
    let answer = nobody.expect(200, "POST", "/api/v1/auth/register", Some(body)).await;
    Client { site, bearer: format!("Bearer {}", answer["token"].as_str().unwrap()) }
}

/// Somebody of the demo, signed in, and what the answer said.
pub async fn signed_in<'a>(site: &'a Site, email: &str, password: &str) -> (Client<'a>, Value) {
    let nobody = Client { site, bearer: String::new() };
    let body = json!({ "email": email, "password": password });
    let answer = nobody.expect(200, "POST", "/api/v1/auth/login", Some(body)).await;
    (Client { site, bearer: format!("Bearer {}", answer["token"].as_str().unwrap()) }, answer)
}

pub async fn admin(site: &Site) -> Client<'_> {
    let (admin, answer) = signed_in(site, "admin@example.com", "AdminPass123@").await;
    assert_eq!(answer["user"]["roles"], json!(["ADMIN"]));
    admin
}

pub async fn ids(client: &Client<'_>) -> (String, String, String) {
    let plan = client.expect(200, "GET", "/api/v1/tarif-plans/basic", None).await;
    let addons = client.expect(200, "GET", "/api/v1/addons", None).await;
    let bundles = client.expect(200, "GET", "/api/v1/token-bundles", None).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    (id(&plan), id(&addons["addons"][0]), id(&bundles["bundles"][0]))
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn one_address_makes_no_more_accounts_than_sign_ins_may_fail_there(pool: PgPool) {
    let site = Site::new(&pool);
    let nobody = Client { site: &site, bearer: String::new() };
    let weak = json!({ "email": "ada@customer.example", "password": "weak" });
    for _ in 0..50 {
        nobody.expect(400, "POST", "/api/v1/auth/register", Some(weak.clone())).await;
    }
    nobody.expect(429, "POST", "/api/v1/auth/register", Some(weak)).await;
    nobody.expect(429, "POST", "/api/auth/register", Some(json!({ "company_name": "Wave" }))).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_customer_signs_up_buys_pays_changes_and_leaves(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let details = json!({ "first_name": "Ada", "last_name": "Byron", "region": "Nordrhein-Westfalen", "country": "de", "city": "Köln" });
    let changed = ada.expect(200, "PUT", "/api/v1/user/details", Some(details)).await;
    assert_eq!(changed["details"]["country"], "DE");
    assert_eq!(changed["details"]["region"], "Nordrhein-Westfalen");
    // A version that is not the newest any more is refused.
    let move_to = |city: &str, version: &Value| Some(json!({ "city": city, "version": version }));
    let seen = &changed["details"]["version"];
    let moved = ada.expect(200, "PUT", "/api/v1/user/details", move_to("Bonn", seen)).await;
    assert_eq!((&moved["details"]["city"], moved["details"]["version"].as_i64()), (&json!("Bonn"), Some(2)));
    ada.expect(409, "PUT", "/api/v1/user/profile", move_to("Ulm", seen)).await;
    ada.expect(400, "PUT", "/api/v1/user/profile", move_to("Ulm", &json!("two"))).await;
    let profile = ada.expect(200, "GET", "/api/v1/user/profile/", None).await;
    assert_eq!(profile["details"]["city"], "Bonn");
    assert_eq!(
        (&profile["user"]["name"], &profile["user"]["status"]),
        (&json!("Ada Byron"), &json!("ACTIVE"))
    );

    let (plan, addon, bundle) = ids(&ada).await;
    let cart =
        json!({ "plan_id": plan, "add_on_ids": [addon], "token_bundle_ids": [bundle], "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart.clone())).await;
    assert_eq!(bought["message"], "Checkout created. Awaiting payment.");
    let invoice = &bought["invoice"];
    assert_eq!(
        (&invoice["subtotal"], &invoice["tax_amount"], &invoice["total_amount"], &invoice["status"]),
        (&json!("29.99"), &json!("5.70"), &json!("35.69"), &json!("PENDING"))
    );
    let invoice_id = invoice["id"].as_str().unwrap();

    // Only who is authenticated settles, and with the amount that is due.
    let arrived =
        |amount: &str| json!({ "invoice_id": invoice_id, "payment_reference": "p-1", "amount": amount });
    ada.expect(403, "POST", "/api/v1/webhooks/payment", Some(arrived("35.69"))).await;
    let wrong = admin.expect(400, "POST", "/api/v1/webhooks/payment", Some(arrived("0.01"))).await;
    assert_eq!(wrong["error"], "Amount does not match the invoice");
    let paid = admin.expect(200, "POST", "/api/v1/webhooks/payment", Some(arrived("35.69"))).await;
    assert_eq!((&paid["status"], &paid["items_activated"]["tokens_credited"]), (&json!("paid"), &json!(600)));
    let again = admin.expect(200, "POST", "/api/v1/webhooks/payment", Some(arrived("35.69"))).await;
    assert_eq!(again["items_activated"]["tokens_credited"], 0);
    let noted = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM audit_log WHERE action = 'invoice.marked_paid' AND subject = $1::uuid AND user_id IS NOT NULL
           AND facts = '{\"reference\": \"p-1\"}'",
    );
    assert_eq!(noted.bind(invoice_id).fetch_one(&pool).await.unwrap(), 1, "once, with its reference");
    assert_eq!(ada.expect(200, "GET", "/api/v1/user/tokens/balance", None).await, json!({ "balance": 600 }));
    let entries = ada.expect(200, "GET", "/api/v1/user/tokens/transactions", None).await;
    assert_eq!(entries["transactions"].as_array().unwrap().len(), 2);

    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    let subscription = active["subscription"]["id"].as_str().unwrap().to_owned();
    let of = |action: &str| format!("/api/v1/user/subscriptions/{subscription}/{action}");
    let pro = ada.expect(200, "GET", "/api/v1/tarif-plans/pro", None).await["id"].clone();
    let preview = ada
        .expect(200, "GET", &format!("{}?new_plan_id={}", of("proration"), pro.as_str().unwrap()), None)
        .await;
    let upgraded = ada.expect(200, "POST", &of("upgrade"), Some(json!({ "plan_id": pro }))).await;
    assert_eq!(upgraded["invoice"]["total_amount"], preview["proration"]["total_amount"]);
    assert_eq!(upgraded["subscription"]["plan"]["name"], "Basic");
    let upgrade = upgraded["invoice"]["id"].as_str().unwrap();
    let marked = format!("/api/v1/admin/invoices/{upgrade}/mark-paid");
    admin.expect(200, "POST", &marked, Some(json!({}))).await;
    assert_eq!(admin.expect(400, "POST", &marked, Some(json!({}))).await["error"], "Invoice already paid");
    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    assert_eq!(active["subscription"]["plan"]["name"], "Pro");

    ada.expect(200, "POST", &of("pause"), None).await;
    let twice = ada.expect(400, "POST", &of("pause"), None).await;
    assert_eq!(twice["error"], "Subscription is already paused");
    ada.expect(200, "POST", &of("resume"), None).await;
    let cancelled = ada.expect(200, "POST", &of("cancel"), None).await;
    assert_eq!(cancelled["message"], "Subscription cancelled. Access continues until expiration.");
    assert_eq!(cancelled["subscription"]["is_valid"], true);

    let refunded = format!("/api/v1/admin/invoices/{invoice_id}/refund");
    let refund = admin.expect(200, "POST", &refunded, Some(json!({}))).await;
    assert_eq!(
        (&refund["invoice"]["status"], &refund["items_reversed"]["tokens_debited"]),
        (&json!("REFUNDED"), &json!(600))
    );
    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    assert_eq!(active["subscription"], Value::Null);
}

/// Each visit to a page to pay on leaves an order: however many there are since, what runs is found.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_runs_is_found_behind_any_number_of_orders(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let (plan, ..) = ids(&ada).await;
    let cart = json!({ "plan_id": plan, "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let paid = format!("/api/v1/admin/invoices/{}/mark-paid", bought["invoice"]["id"].as_str().unwrap());
    admin.expect(200, "POST", &paid, Some(json!({}))).await;
    let running = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    let running = &running["subscription"]["id"];
    assert!(running.is_string());
    sqlx::query(
        "INSERT INTO subscriptions (account_id, id, plan_id, status, currency, created_at, updated_at)
         SELECT account_id, gen_random_uuid(), plan_id, 'pending', currency, created_at + interval '1 hour', updated_at
         FROM subscriptions, generate_series(1, 500) WHERE account_id = $1::uuid",
    )
    .bind(bought["invoice"]["user_id"].as_str().unwrap())
    .execute(&pool)
    .await
    .unwrap();
    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    assert_eq!(&active["subscription"]["id"], running);
    let all = ada.expect(200, "GET", "/api/v1/user/subscriptions/active-all", None).await;
    let all = all["subscriptions"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["id"]), (1, running));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn documents_are_files_for_their_owner_and_the_admin(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, bob, admin) =
        (signed_up(&site, "ada").await, signed_up(&site, "bob").await, admin(&site).await);
    let (plan, ..) = ids(&ada).await;
    let cart = json!({ "plan_id": plan, "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let (id, number) =
        (bought["invoice"]["id"].as_str().unwrap(), bought["invoice"]["invoice_number"].as_str().unwrap());
    assert_eq!(bought["invoice"]["credit_notes"], json!([]));
    let file = async |client: &Client<'_>, path: &str, name: &str| {
        let answer = client.send("GET", path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&answer, "content-type"), "application/pdf");
        assert_eq!(header(&answer, "content-disposition"), format!("attachment; filename={name}"));
        assert_eq!(header(&answer, "cache-control"), "no-store");
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        bytes
    };
    let own = file(&ada, &format!("/api/v1/user/invoices/{id}/pdf"), &format!("invoice-{number}.pdf")).await;
    let any =
        file(&admin, &format!("/api/v1/admin/invoices/{id}/pdf/"), &format!("invoice-{number}.pdf")).await;
    assert_eq!(own, any);

    admin.expect(200, "POST", &format!("/api/v1/admin/invoices/{id}/mark-paid"), Some(json!({}))).await;
    let refund = format!("/api/v1/admin/invoices/{id}/refund");
    admin.expect(200, "POST", &refund, Some(json!({ "refund_reference": "goodwill" }))).await;
    let invoice = ada.expect(200, "GET", &format!("/api/v1/user/invoices/{id}"), None).await;
    let note = &invoice["invoice"]["credit_notes"][0];
    assert_eq!(
        (&note["credit_note_number"], &note["type"], &note["total_amount"], &note["refund_reference"]),
        (
            &json!("CN-2026-000001"),
            &json!("CREDIT_NOTE"),
            &invoice["invoice"]["total_amount"],
            &json!("goodwill")
        )
    );
    let note = note["id"].as_str().unwrap();
    let of = |family: &str, note: &str| format!("/api/v1/{family}/invoices/{id}/credit-notes/{note}/pdf");
    file(&ada, &of("user", note), "credit-note-CN-2026-000001.pdf").await;
    file(&admin, &of("admin", note), "credit-note-CN-2026-000001.pdf").await;

    let nothing = "01890000-0000-7000-8000-000000000000";
    for path in [format!("/api/v1/user/invoices/{id}/pdf"), of("user", note)] {
        assert_eq!(bob.expect(404, "GET", &path, None).await["error"], "Invoice not found");
    }
    for path in [format!("/api/v1/admin/invoices/{id}/pdf"), of("admin", note)] {
        ada.expect(403, "GET", &path, None).await;
    }
    assert_eq!(ada.expect(404, "GET", &of("user", nothing), None).await["error"], "Credit note not found");
    ada.expect(400, "GET", &of("user", "x"), None).await;
    ada.expect(400, "GET", "/api/v1/user/invoices/x/pdf", None).await;
    admin.expect(404, "GET", &format!("/api/v1/admin/invoices/{nothing}/pdf"), None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn refusals_are_in_the_words_that_clients_know(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    let nobody = Client { site: &site, bearer: String::new() };
    let odd = Client { site: &site, bearer: "Basic abc".to_owned() };
    let forged = Client { site: &site, bearer: "Bearer abc".to_owned() };
    let path = "/api/v1/user/profile";
    let without = site.get(path, "").await;
    assert_eq!(body_of(without).await["error"], "Authorization header is required");
    assert_eq!(odd.expect(401, "GET", path, None).await["error"], "Invalid Authorization header format");
    assert_eq!(forged.expect(401, "GET", path, None).await["error"], "Invalid or expired token");

    let again = json!({ "email": "ada@customer.example", "password": "TestPass123@" });
    let taken = nobody.expect(400, "POST", "/api/v1/auth/register", Some(again)).await;
    assert_eq!(
        (&taken["success"], &taken["error"]),
        (&json!(false), &json!("User with this email already exists"))
    );
    let weak = json!({ "email": "bob@customer.example", "password": "password" });
    nobody.expect(400, "POST", "/api/v1/auth/register", Some(weak)).await;
    let wrong = json!({ "email": "ada@customer.example", "password": "nope" });
    let wrong = nobody.expect(401, "POST", "/api/v1/auth/login", Some(wrong)).await;
    assert_eq!(wrong["error"], "Invalid credentials");
    assert_eq!(nobody.expect(400, "GET", "/api/v1/auth/check-email", None).await["error"], "Email required");

    let cart = |cart: Value| ada.expect(400, "POST", "/api/v1/user/checkout", Some(cart));
    assert_eq!(
        cart(json!({})).await["error"],
        "At least one item required (plan_id, token_bundle_ids, or add_on_ids)"
    );
    assert_eq!(cart(json!({ "plan_id": "x" })).await["error"], "Invalid plan_id format");
    assert_eq!(cart(json!({ "add_on_ids": ["x"] })).await["error"], "Invalid add_on_id: x");
    assert_eq!(cart(json!({ "plan_id": 5 })).await["status"], 400);
    let nothing = "01890000-0000-7000-8000-000000000000";
    assert_eq!(cart(json!({ "plan_id": nothing })).await["error"], "Plan not found");
    let (plan, ..) = ids(&ada).await;
    assert_eq!(cart(json!({ "plan_id": plan, "currency": "XXX" })).await["error"], "Unknown currency: XXX");

    let bad = ada
        .expect(
            400,
            "PUT",
            "/api/v1/user/details",
            Some(json!({ "shoe_size": "9", "city": "x".repeat(101) })),
        )
        .await;
    assert!(bad["error"]["shoe_size"].is_array(), "{bad}");
    let bad = ada.expect(400, "PUT", "/api/v1/user/profile", Some(json!({ "city": "x".repeat(101) }))).await;
    assert_eq!(bad["error"]["city"][0], "must be at most 100 characters long");
    let malformed = ada.expect(400, "POST", "/api/v1/user/subscriptions/x/cancel", None).await;
    assert_eq!(malformed["error"], "Invalid subscription ID format");
    let unknown =
        ada.expect(404, "POST", &format!("/api/v1/user/subscriptions/{nothing}/cancel"), None).await;
    assert_eq!(unknown["error"], "Subscription not found");
    let plans = nobody.expect(200, "GET", "/api/v1/tarif-plans?currency=XXX", None).await;
    assert_eq!(plans["plans"][0]["error"], "Unknown currency: XXX");
    nobody.expect(404, "GET", "/api/v1/tarif-plans?category=none", None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn plans_come_with_the_tax_of_a_country(pool: PgPool) {
    let site = shop(&pool).await;
    let nobody = Client { site: &site, bearer: String::new() };
    let plans = nobody.expect(200, "GET", "/api/v1/tarif-plans/?country=DE&currency=EUR", None).await;
    let basic = &plans["plans"][0];
    assert_eq!(
        (&basic["display_price"], &basic["tax_amount"], &basic["gross_price"], &basic["tax_rate"]),
        (&json!("9.99"), &json!("1.90"), &json!("11.89"), &json!("19.00"))
    );
    let dollars = nobody.expect(200, "GET", "/api/v1/tarif-plans?currency=usd", None).await;
    assert_eq!(dollars["plans"][0]["display_price"], "10.79");
}

/// Hashes of cost 12, as the original stores them, are accepted once and then replaced.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_password_of_the_original_still_signs_in(pool: PgPool) {
    let site = shop(&pool).await;
    signed_up(&site, "ada").await;
    let hash = "$2b$12$GhvMmNVjRW29ulnudl.LbuU6L9XeBaImIVKQHywBIO8b5p0JHlo4C";
    sqlx::query("UPDATE users SET password_hash = $1 WHERE email = 'ada@customer.example'")
        .bind(hash)
        .execute(&pool)
        .await
        .unwrap();
    let stored = async || {
        sqlx::query_scalar::<_, String>(
            "SELECT password_hash FROM users WHERE email = 'ada@customer.example'",
        )
        .fetch_one(&pool)
        .await
        .unwrap()
    };
    let nobody = Client { site: &site, bearer: String::new() };
    let login = |password: &str| json!({ "email": "ada@customer.example", "password": password });
    nobody.expect(401, "POST", "/api/v1/auth/login", Some(login("wrong"))).await;
    assert_eq!(stored().await, hash);
    nobody.expect(200, "POST", "/api/v1/auth/login", Some(login("AllMine123@"))).await;
    assert!(stored().await.starts_with("$argon2id$"));
    nobody.expect(200, "POST", "/api/v1/auth/login", Some(login("AllMine123@"))).await;
}

/// A repeated request with its key is one checkout.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_repeated_checkout_is_one(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = signed_up(&site, "ada").await;
    let (plan, ..) = ids(&ada).await;
    let cart = json!({ "plan_id": plan, "currency": "EUR" }).to_string();
    let mut answers = Vec::new();
    for _ in 0..3 {
        let request = http::Request::post("/api/v1/user/checkout")
            .header("authorization", &ada.bearer)
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1");
        let answer = site.send(request.body(axum::body::Body::from(cart.clone())).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        answers.push(text(answer).await);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let invoices = ada.expect(200, "GET", "/api/v1/user/invoices", None).await;
    assert_eq!(invoices["invoices"].as_array().unwrap().len(), 1);
}

/// What is absent of a change stays, also while somebody else changes it.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn changes_of_a_profile_at_once_lose_nothing(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let fields =
        ["first_name", "last_name", "address_line_1", "city", "postal_code", "region", "phone", "company"];
    let own = "/api/v1/user/details";
    join_all(fields.map(|field| ada.expect(200, "PUT", own, Some(json!({ field: field }))))).await;
    let details = ada.expect(200, "GET", own, None).await["details"].clone();
    assert_eq!(fields.map(|field| details[field].clone()), fields.map(|field| json!(field)));

    let one = format!("/api/v1/admin/users/{}", details["user_id"].as_str().unwrap());
    let again = |field: &str| json!(format!("{field} 2"));
    join_all(fields.map(|field| {
        let change = json!({ "details": { field: again(field) } });
        admin.expect(200, "PUT", &one, Some(change))
    }))
    .await;
    let details = ada.expect(200, "GET", own, None).await["details"].clone();
    assert_eq!(fields.map(|field| details[field].clone()), fields.map(again));

    let settings = ["theme", "density", "start_page", "sound", "columns", "city"];
    let own = "/api/v1/admin/profile";
    join_all(settings.map(|name| admin.expect(200, "PUT", own, Some(json!({ name: name }))))).await;
    let profile = admin.expect(200, "GET", own, None).await["profile"].clone();
    assert_eq!(settings.map(|name| profile[name].clone()), settings.map(|name| json!(name)));
}
