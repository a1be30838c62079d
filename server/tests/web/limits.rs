use axum::body::Body;
use http::StatusCode;
use leptos::prelude::*;
use sqlx::PgPool;

use crate::form_flash::ACTION as NOTE;
use crate::support::{Site, form, header, json, page, text};

#[server(prefix = "/actions")]
async fn defect() -> Result<(), app::error::AppError> {
    tokio::task::yield_now().await;
    panic!("a secret of the inside");
}

const ACTION: &str = <Defect as leptos::server_fn::ServerFn>::PATH;

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_defect_ends_one_request_and_tells_nothing(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.post_form(ACTION, "/", "", "").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let page = text(response).await;
    assert!(page.contains("Reference for support") && !page.contains("secret"));
    assert_eq!(site.get("/health", "").await.status(), StatusCode::OK);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_script_is_told_of_a_defect_in_the_error_it_understands(pool: PgPool) {
    let site = Site::new(&pool);
    let request = form(ACTION, "/", "");
    let mut request = request.body(Body::empty()).unwrap();
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let response = site.send(request).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let error: app::error::AppError = serde_json::from_value(json(response).await).unwrap();
    assert!(format!("{error:?}").starts_with("Internal"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_too_large_is_refused_before_it_is_read(pool: PgPool) {
    let site = Site::new(&pool);
    let large = "a=".to_owned() + &"x".repeat(1024 * 1024);
    let response = site.post_form(NOTE, "/", "", &large).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text(response).await.contains("too much at once"));
    let rest = page("/auth/login", "").method("POST").header("content-length", large.len());
    let response = site.send(rest.body(Body::from(large)).unwrap()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_address_asks_so_often_and_waits_then(pool: PgPool) {
    let site = Site::with(
        platform::database::for_test(&pool),
        &[("RATE_LIMIT_API_PER_MINUTE", "3"), ("TRUST_PROXY", "true")],
    );
    let ask = async |path: &str, address: &str| {
        let request = page(path, "").header("x-forwarded-for", address);
        site.send(request.body(Body::empty()).unwrap()).await
    };
    for _ in 0..3 {
        assert_eq!(ask("/api/v1/settings/terms", "203.0.113.1").await.status(), StatusCode::OK);
    }
    let refused = ask("/api/v1/settings/terms", "203.0.113.1").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    assert_eq!(json(refused).await["detail"], "Too many requests");
    assert_eq!(
        ask("/api/v1/settings/terms", "203.0.113.2").await.status(),
        StatusCode::OK,
        "others are not kept waiting"
    );
    assert_eq!(
        ask("/health", "203.0.113.1").await.status(),
        StatusCode::OK,
        "nor is what watches the server"
    );
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_plug_ins_only_what_providers_send_is_not_counted(pool: PgPool) {
    let site = Site::with(
        platform::database::for_test(&pool),
        &[("RATE_LIMIT_API_PER_MINUTE", "3"), ("TRUST_PROXY", "true")],
    );
    let ask = async |method: &str, path: &str| {
        let request = page(path, "").method(method).header("x-forwarded-for", "203.0.113.1");
        site.send(request.body(Body::empty()).unwrap()).await.status()
    };
    let sent = ["/api/v1/plugins/stripe/webhook", "/api/v1/plugins/paypal/webhook/", "/api/webhooks/stripe"];
    for path in sent.into_iter().cycle().take(9) {
        assert_ne!(ask("POST", path).await, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    let asked = [
        ("GET", "/api/v1/plugins/chat/config"),
        ("POST", "/api/v1/plugins/stripe/create-session"),
        ("POST", "/api/v1/webhooks/payment"),
    ];
    for (method, path) in asked {
        assert_eq!(ask(method, path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    for (method, path) in asked {
        assert_eq!(ask(method, path).await, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    for path in sent {
        assert_ne!(ask("POST", path).await, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
}
