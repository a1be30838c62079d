use axum::body::Body;
use http::{Method, Request, StatusCode};
use sqlx::PgPool;

use crate::support::{Site, header, json, owner, page, text};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn scripts_of_a_page_carry_the_nonce_of_its_header(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.get("/sign-in", "").await;
    let policy = header(&response, "content-security-policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    assert!(
        nonce.len() >= 20
            && policy.contains("'wasm-unsafe-eval'")
            && policy.contains("frame-ancestors 'none'")
    );
    assert!(!policy.contains("unsafe-inline"));
    let html = text(response).await;
    assert!(html.contains(&format!("nonce=\"{nonce}\"")));
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&nonce), "a script without the nonce: <script{tag}>");
    }
    let again = site.get("/sign-in", "").await;
    assert_ne!(policy, header(&again, "content-security-policy"), "a nonce is used once");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn every_answer_tells_browsers_what_to_refuse(pool: PgPool) {
    let site = Site::new(&pool);
    for path in ["/sign-in", "/health", "/pkg/keyrack.css", "/rooms/nothing", "/nothing"] {
        let response = site.get(path, "").await;
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "referrer-policy"), "same-origin", "{path}");
        assert!(header(&response, "content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!header(&response, "permissions-policy").is_empty(), "{path}");
        assert_eq!(header(&response, "strict-transport-security"), "", "not on plain HTTP: {path}");
        assert_eq!(header(&response, "x-request-id").len(), 36, "{path}");
    }
    let settings =
        [("BASE_URL", "https://desk.example"), ("SECRET_KEY", "0123456789012345678901234567890123456789")];
    let site = Site::with(platform::database::for_test(&pool), &settings);
    let response = site.get("/sign-in", "").await;
    assert!(header(&response, "strict-transport-security").starts_with("max-age="));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn pages_of_somebody_signed_in_are_kept_nowhere(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    assert_eq!(header(&site.get("/", &ada.cookie).await, "cache-control"), "no-store");
    assert_eq!(header(&site.get("/rooms/nothing", "").await, "cache-control"), "no-store");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_session_that_is_over_loses_its_cookie(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.get("/sign-in", "keyrack_session=bad").await;
    let set = header(&response, "set-cookie").to_owned();
    assert!(set.starts_with("keyrack_session=;") && set.contains("Max-Age=0"), "{set}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn files_are_compressed_beforehand_and_asked_about_by_tag(pool: PgPool) {
    let site = Site::new(&pool);
    let ask = |name: &'static str, value: String| {
        site.send(Request::builder().uri("/pkg/keyrack.css").header(name, value).body(Body::empty()).unwrap())
    };
    let plain = ask("accept", "*/*".to_owned()).await;
    let tag = header(&plain, "etag").to_owned();
    assert!(tag.starts_with("W/\""));
    // The names of a build without hashes are used again by the next.
    assert_eq!(header(&plain, "cache-control"), "no-cache");
    let compressed = ask("accept-encoding", "br".to_owned()).await;
    assert_eq!(header(&compressed, "content-encoding"), "br");
    assert_ne!(header(&compressed, "etag"), tag);
    let known = ask("if-none-match", tag).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(known).await, "");
    assert_eq!(site.get("/nothing.css", "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(site.get("/../Cargo.toml", "").await.status(), StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn pages_are_compressed(pool: PgPool) {
    let site = Site::new(&pool);
    for encoding in ["br", "gzip"] {
        let request = page("/sign-in", "").header("accept-encoding", encoding).body(Body::empty()).unwrap();
        assert_eq!(header(&site.send(request).await, "content-encoding"), encoding);
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn rest_says_no_in_problems(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.get("/rooms/nothing/here/", "").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    let id = header(&response, "x-request-id").to_owned();
    let problem = json(response).await;
    assert_eq!(problem["instance"], format!("urn:uuid:{id}"));
    assert_eq!(problem["detail"], problem["error"]);
    let request = Request::builder().method(Method::DELETE).uri("/health/").body(Body::empty()).unwrap();
    let response = site.send(request).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_eq!(json(response).await["status"], 405);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn pages_say_no_in_pages(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.get("/nothing", "").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(header(&response, "content-type").starts_with("text/html"));
    let slash = site.get("/sign-in/", "").await;
    assert_eq!((slash.status().as_u16(), header(&slash, "location")), (308, "/sign-in"));
    assert_eq!(site.get("//evil.example/", "").await.status(), StatusCode::NOT_FOUND);
    let request = page("/sign-in", "").method(Method::DELETE).header("sec-fetch-site", "same-origin");
    let response = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(text(response).await.contains("<h1>"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_health_of_the_process_and_of_its_database_are_two_things(pool: PgPool) {
    let site = Site::new(&pool);
    let health = json(site.get("/health", "").await).await;
    assert_eq!(health, serde_json::json!({ "status": "ok", "service": "keyrack" }));
    assert_eq!(site.get("/ready/", "").await.status(), StatusCode::OK);
    site.state.readiness.set(server::serve::readiness::State::Starting);
    assert_eq!(site.get("/ready", "").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.get("/health", "").await.status(), StatusCode::OK);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn rest_answers_with_and_without_a_slash_at_the_end(pool: PgPool) {
    let site = Site::new(&pool);
    for (method, path) in [(Method::GET, "/rooms"), (Method::POST, "/users")] {
        for path in [path.to_owned(), format!("{path}/")] {
            let request = Request::builder().method(&method).uri(&path).body(Body::empty()).unwrap();
            let response = site.send(request).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(header(&response, "www-authenticate"), "Bearer", "{method} {path}");
        }
    }
}
