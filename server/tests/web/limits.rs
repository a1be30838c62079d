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
