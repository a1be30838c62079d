//! Company accounts and the gate of modules through the whole router (spec `hotel-modules.md` 2.2, 2.3).

use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use server::web::module_gate::{Gate, Hotel, Tour};
use sqlx::PgPool;
use tower::ServiceExt;

use crate::rest::Client;
use crate::support::{Site, json as body_of, owner};

const PASSWORD: &str = "AdminPass123@";

fn nobody(site: &Site) -> Client<'_> {
    Client { site, bearer: String::new() }
}

fn registration(name: &str) -> Value {
    json!({
        "company_name": format!("{name} Tours"), "admin_username": name, "admin_password": PASSWORD, "admin_full_name": "Ada Admin",
        "contact_phone": "+351 1", "address": "1 Quay, Porto", "tax_office": "Porto", "tax_number": "PT1",
        "package_start_date": "2026-01-01", "package_end_date": "2026-12-01",
    })
}

/// Registers a company; gives its admin, and what the sign-in answered.
async fn company<'a>(site: &'a Site, name: &str) -> (Client<'a>, Value) {
    let made = nobody(site).expect(200, "POST", "/api/auth/register", Some(registration(name))).await;
    let code = made["company_code"].as_str().unwrap().to_owned();
    sign_in(site, &code, name).await
}

async fn sign_in<'a>(site: &'a Site, code: &str, name: &str) -> (Client<'a>, Value) {
    let body = json!({ "company_code": code, "username": name, "password": PASSWORD });
    let answer = nobody(site).expect(200, "POST", "/api/auth/login", Some(body)).await;
    (Client { site, bearer: format!("Bearer {}", answer["access_token"].as_str().unwrap()) }, answer)
}

async fn root(site: &Site) -> Client<'_> {
    site.state.services.identity.create_admin("root@keyrack.example", "Root", PASSWORD).await.unwrap();
    sign_in(site, "1000", "root@keyrack.example").await.0
}

/// What a token says about itself.
fn claims(bearer: &str) -> Value {
    use base64::Engine as _;
    let part = bearer.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_company_registers_signs_in_and_sees_itself(pool: PgPool) {
    let site = Site::new(&pool);
    let made = nobody(&site).expect(200, "POST", "/api/auth/register", Some(registration("ada"))).await;
    assert_eq!((&made["company_code"], &made["company_name"]), (&json!("1001"), &json!("ada Tours")));
    let again = nobody(&site).expect(400, "POST", "/api/auth/register", Some(registration("ada"))).await;
    assert_eq!(again["error"], "Username already exists");
    let with = |field: &str, value: Value| {
        let mut body = registration("eve");
        body[field] = value;
        body
    };
    for bad in [
        with("company_name", json!(" ")),
        with("company_name", json!("a\u{0}b")),
        with("admin_username", json!("x")),
        with("admin_password", json!("short")),
        with("admin_full_name", Value::Null),
        with("admin_email", json!("eve")),
        with("address", json!("x".repeat(401))),
        with("package_end_date", json!("soon")),
        with("package_end_date", json!("+262142-01-01")),
        with("company_name", json!(7)),
        json!([]),
    ] {
        nobody(&site).expect(400, "POST", "/api/auth/register", Some(bad)).await;
    }
    assert_eq!(made["message"], "Company registered successfully");

    let login = async |code: &str, name: &str, password: &str| {
        let body = json!({ "company_code": code, "username": name, "password": password });
        nobody(&site).expect(401, "POST", "/api/auth/login", Some(body)).await["error"].clone()
    };
    assert_eq!(login("4711", "ada", PASSWORD).await, "Invalid company code");
    assert_eq!(login("1001", "ada", "wrong").await, "Invalid username or password");
    assert_eq!(login("1001", "eve", PASSWORD).await, "Invalid username or password");
    assert_eq!(login("1000", "ada", PASSWORD).await, "Invalid username or password");
    let (ada, answer) = sign_in(&site, "1001", "ada").await;
    assert_eq!((&answer["token_type"], &answer["company"]["code"]), (&json!("bearer"), &json!("1001")));
    assert_eq!((&answer["user"]["is_admin"], &answer["user"]["permissions"]), (&json!(true), &json!({})));
    let said = claims(&ada.bearer);
    assert_eq!((&said["sub"], &said["company_id"]), (&answer["user"]["id"], &answer["company"]["id"]));
    assert_eq!((&said["is_admin"], said.get("impersonated_by")), (&json!(true), None));

    let me = ada.expect(200, "GET", "/api/auth/me", None).await;
    assert_eq!((&me["user"], &me["company"]), (&answer["user"], &answer["company"]));
    assert_eq!(me["impersonated_by"], Value::Null);
    let own = ada.expect(200, "GET", "/api/companies/me/", None).await["company"].clone();
    assert_eq!((&own["tax_number"], &own["package_end_date"]), (&json!("PT1"), &json!("2026-12-01")));
    assert_eq!(
        (&own["modules_enabled"], &own["billing"]),
        (&json!({ "tour": true, "hotel": false }), &Value::Null)
    );
    // Without a hotel it buys what opens one.
    ada.expect(200, "GET", "/api/store/modules", None).await;
    // Whoever registered a hotel is of a company, too; a customer is of none.
    let harbour = Client::of(&site, &owner(&site, "harbour").await);
    let me = harbour.expect(200, "GET", "/api/auth/me", None).await;
    assert_eq!((&me["user"]["is_admin"], &me["company"]["code"]), (&json!(true), &json!("1002")));
    assert_eq!(me["user"]["permissions"]["hotel"]["manage_billing"], true);
    let customer = crate::v1::signed_up(&site, "cleo").await;
    assert_eq!(customer.expect(200, "GET", "/api/auth/me", None).await["company"], Value::Null);
    customer.expect(404, "GET", "/api/companies/me", None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_manages_companies_and_nobody_else_does(pool: PgPool) {
    let site = Site::new(&pool);
    let ((ada, _), (bob, _)) = (company(&site, "ada").await, company(&site, "bob").await);
    let (root, customer) = (root(&site).await, crate::v1::signed_up(&site, "cleo").await);
    let all = "/api/admin/customers";
    let found = root.expect(200, "GET", all, None).await;
    assert_eq!(found.as_array().unwrap().len(), 2, "the platform's own is none of them");
    // 2026-11-20 to 2026-12-01.
    assert_eq!((&found[0]["remaining_days"], &found[0]["status"]), (&json!(11), &json!("expiring_1_month")));
    for (filter, count) in
        [("expiring_1_month", 2), ("active", 0), ("unknown", 0), ("ACTIVE", 0), ("%00", 0), ("", 2)]
    {
        let found = root.expect(200, "GET", &format!("{all}?status_filter={filter}"), None).await;
        assert_eq!(found.as_array().unwrap().len(), count, "{filter}");
    }
    let id = found[1]["id"].as_str().unwrap();
    let one = format!("{all}/{id}");
    let details = root.expect(200, "GET", &one, None).await;
    assert_eq!(
        (&details["users"][0]["username"], &details["users"][0]["is_admin"]),
        (&json!("ada"), &json!(true))
    );
    for other in [&ada, &bob, &customer] {
        for (method, path) in
            [("GET", all), ("GET", one.as_str()), ("PUT", one.as_str()), ("POST", "/api/admin/impersonate")]
        {
            let refused = other.expect(403, method, path, Some(json!({}))).await;
            assert_eq!(refused["error"], "Only system admins can access this endpoint");
        }
    }

    let changed = json!({
        "company_name": "Ada & Co", "package_end_date": "2027-11-20", "address": "", "modules_enabled": { "hotel": true },
        "owner_name": "Ada Byron", "owner_password": "Another123@",
    });
    let answer = root.expect(200, "PUT", &one, Some(changed)).await;
    assert_eq!(
        (&answer["company_name"], &answer["address"], &answer["tax_office"]),
        (&json!("Ada & Co"), &Value::Null, &json!("Porto"))
    );
    assert_eq!((&answer["status"], &answer["remaining_days"]), (&json!("active"), &json!(365)));
    assert_eq!(answer["modules_enabled"], json!({ "tour": true, "hotel": true }));
    assert_eq!(answer["users"][0]["full_name"], "Ada Byron");
    ada.expect(401, "GET", "/api/auth/me", None).await;
    bob.expect(200, "GET", "/api/auth/me", None).await;
    // One bad part, and none of it happens.
    for bad in [
        json!({ "company_name": "No", "modules_enabled": { "spa": true } }),
        json!({ "company_name": "No", "owner_username": "bob" }),
        json!({ "company_name": "No", "package_end_date": "31.12.2027" }),
        json!({ "company_name": "No", "owner_password": "x" }),
    ] {
        root.expect(400, "PUT", &one, Some(bad)).await;
    }
    assert_eq!(root.expect(200, "GET", &one, None).await["company_name"], "Ada & Co");
    let system = format!("{all}/{}", uuid::Uuid::from_u128(0x1000));
    root.expect(403, "GET", &system, None).await;
    root.expect(403, "PUT", &system, Some(json!({ "company_name": "Mine" }))).await;
    for missing in ["x", "01890000-0000-7000-8000-000000000000"] {
        let answer = root.expect(404, "GET", &format!("{all}/{missing}"), None).await;
        assert_eq!(answer["error"], "Customer not found");
        root.expect(404, "PUT", &format!("{all}/{missing}"), Some(json!({}))).await;
    }
    let deeds: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_log WHERE action IN ('company.changed', 'module.granted')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(deeds, 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_acts_in_somebodys_name_says_so_and_leaves_a_trace(pool: PgPool) {
    let site = Site::new(&pool);
    let ((_, ada), (_, bob)) = (company(&site, "ada").await, company(&site, "bob").await);
    let root = root(&site).await;
    let path = "/api/admin/impersonate";
    let order =
        |company: &Value, user: &Value| Some(json!({ "company_id": company["id"], "user_id": user["id"] }));
    for missing in
        [json!({}), json!({ "company_id": ada["company"]["id"] }), json!({ "company_id": "", "user_id": "" })]
    {
        assert_eq!(
            root.expect(400, "POST", path, Some(missing)).await["error"],
            "company_id and user_id required"
        );
    }
    root.expect(404, "POST", path, order(&ada["company"], &bob["user"])).await;
    root.expect(404, "POST", path, Some(json!({ "company_id": "x", "user_id": "y" }))).await;
    let me = root.expect(200, "GET", "/api/auth/me", None).await;
    assert_eq!((&me["company"]["code"], &me["user"]["is_admin"]), (&json!("1000"), &json!(true)));
    root.expect(403, "POST", path, order(&me["company"], &me["user"])).await;

    let made = root.expect(200, "POST", path, order(&ada["company"], &ada["user"])).await;
    assert_eq!((&made["expires_in"], made.get("refresh_token")), (&json!(900), None));
    let guest = Client { site: &site, bearer: format!("Bearer {}", made["access_token"].as_str().unwrap()) };
    assert_eq!(claims(&guest.bearer)["impersonated_by"], me["user"]["id"]);
    let seen = guest.expect(200, "GET", "/api/auth/me", None).await;
    assert_eq!((&seen["user"], &seen["company"]), (&ada["user"], &ada["company"]));
    assert_eq!(seen["impersonated_by"], me["user"]["id"]);
    guest.expect(403, "POST", path, order(&bob["company"], &bob["user"])).await;
    let password =
        json!({ "old_password": PASSWORD, "current_password": PASSWORD, "new_password": "Another123@" });
    let changed = guest.send("POST", "/api/v1/user/change-password", Some(&password)).await;
    assert!(changed.status().is_client_error(), "{}", changed.status());
    sign_in(&site, "1001", "ada").await;

    let trace: Vec<(String, Value)> = sqlx::query_as(
        "SELECT action, facts FROM audit_log WHERE impersonated_by IS NOT NULL AND organisation_id = $1 ORDER BY id",
    )
    .bind(ada["company"]["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap())
    .fetch_all(&pool)
    .await
    .unwrap();
    let paths: Vec<_> =
        trace.iter().map(|(action, facts)| (action.as_str(), facts["path"].as_str())).collect();
    assert_eq!(
        paths,
        [
            ("user.impersonated", None),
            ("impersonation.request", Some("/api/auth/me")),
            ("impersonation.request", Some(path)),
            ("impersonation.request", Some("/api/v1/user/change-password")),
        ]
    );
    assert!(trace.iter().all(|(_, facts)| facts["admin"] == "Root" && facts["name"] == "Ada Admin"));
    site.clock.advance(chrono::TimeDelta::minutes(15));
    guest.expect(401, "GET", "/api/auth/me", None).await;
}

/// A token is never kept for a repeated request.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn answers_with_tokens_are_not_kept(pool: PgPool) {
    let site = Site::new(&pool);
    let (ada, signed_in) = company(&site, "ada").await;
    let root = root(&site).await;
    let order = json!({ "company_id": signed_in["company"]["id"], "user_id": signed_in["user"]["id"] });
    let login = json!({ "company_code": "1001", "username": "ada", "password": PASSWORD });
    for (client, path, body) in [(&root, "/api/admin/impersonate", order), (&ada, "/api/auth/login", login)] {
        let request = Request::post(path)
            .header("authorization", &client.bearer)
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1");
        let answer = site.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM idempotency_keys").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0);
}

/// What a route of a module answers to a token.
async fn at_the_gate(site: &Site, bearer: &str) -> (StatusCode, Value) {
    let router =
        axum::Router::new()
            .route(
                "/hotel",
                get(|gate: Gate<Hotel>| async move {
                    gate.caller.map(|it| it.username.clone()).unwrap_or_default()
                }),
            )
            .with_state(site.state.clone());
    let mut request = Request::get("/hotel");
    if !bearer.is_empty() {
        request = request.header("authorization", bearer);
    }
    let answer = router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let status = answer.status();
    if status.is_success() { (status, Value::Null) } else { (status, body_of(answer).await) }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_module_is_for_companies_that_have_it_where_the_setting_says_so(pool: PgPool) {
    let open = Site::new(&pool);
    let (ada, answer) = company(&open, "ada").await;
    assert_eq!(at_the_gate(&open, "").await.0, StatusCode::OK, "nothing is told apart");
    assert_eq!(at_the_gate(&open, &ada.bearer).await.0, StatusCode::OK);

    let site = Site::with(platform::database::for_test(&pool), &[("MODULES_ENABLED", "true")]);
    let said = async |bearer: &str| {
        let (status, body) = at_the_gate(&site, bearer).await;
        (status.as_u16(), body["error"].as_str().unwrap_or_default().to_owned())
    };
    let refused = "Module 'hotel' is not enabled for your company. Please contact admin.";
    assert_eq!(said("").await, (401, "Authentication required".to_owned()));
    assert_eq!(said("Bearer nonsense").await, (401, "Authentication required".to_owned()));
    assert_eq!(said(&ada.bearer).await, (403, refused.to_owned()));
    let cleo = crate::v1::signed_up(&site, "cleo").await;
    assert_eq!(said(&cleo.bearer).await, (403, "Company not found in token".to_owned()));
    let root = root(&site).await;
    assert_eq!(said(&root.bearer).await.0, 200, "those of the company 1000 pass");
    // The module that every company has.
    let actor =
        site.state.services.identity.bearer(ada.bearer.strip_prefix("Bearer ").unwrap()).await.unwrap();
    let tour = server::web::module_gate::check(
        &site.state,
        Some(&actor),
        <Tour as server::web::module_gate::Module>::NAME,
    );
    assert!(tour.await.is_ok());

    let one = format!("/api/admin/customers/{}", answer["company"]["id"].as_str().unwrap());
    root.expect(200, "PUT", &one, Some(json!({ "modules_enabled": { "hotel": true, "tour": false } }))).await;
    assert_eq!(said(&ada.bearer).await.0, 200);
    let ada = Client { site: &site, bearer: ada.bearer };
    let own = ada.expect(200, "GET", "/api/companies/me", None).await;
    assert_eq!(own["company"]["modules_enabled"], json!({ "tour": false, "hotel": true }));
    root.expect(200, "PUT", &one, Some(json!({ "modules_enabled": { "hotel": false } }))).await;
    assert_eq!(said(&ada.bearer).await, (403, refused.to_owned()));
    // The desk does not hang on it: who registered a hotel works there.
    let harbour = Client::of(&site, &owner(&site, "harbour").await);
    harbour.room("101").await;
}
