use http::{Request, StatusCode};
use platform::database::Database;
use server::serve::readiness::State;

use crate::form_flash::ACTION;
use crate::support::{Site, form, header, json, text};

/// A database that refuses every connection.
fn nowhere() -> Database {
    Database::open("postgres://keyrack@127.0.0.1:1/keyrack", 4).unwrap()
}

#[tokio::test]
async fn while_the_database_is_known_to_be_down_everybody_is_told_at_once() {
    let site = Site::with(nowhere(), &[]);
    site.state.readiness.set(State::Down);
    let started = std::time::Instant::now();

    let page = site.get("/desk", "keyrack_session=whatever").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&page, "retry-after"), "2");
    let html = text(page).await;
    assert!(html.contains("One moment") && html.contains("http-equiv=\"refresh\""));

    // A post must not be repeated by a page that reloads itself.
    let post = site.post_form(ACTION, "/", "", "text=x").await;
    assert_eq!(post.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!text(post).await.contains("http-equiv=\"refresh\""));

    let mut script = form(ACTION, "/", "").body("text=x".into()).unwrap();
    script
        .headers_mut()
        .insert("accept", "application/json".parse().unwrap());
    let response = site.send(script).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(response).await, serde_json::json!("Unavailable"));

    let request = Request::builder()
        .uri("/rooms")
        .header("authorization", "Bearer x")
        .body("".into())
        .unwrap();
    let rest = site.send(request).await;
    assert_eq!(rest.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&rest, "content-type"), "application/problem+json");
    assert!(!header(&rest, "retry-after").is_empty());

    assert_eq!(
        site.get("/icons.svg", "").await.status(),
        StatusCode::OK,
        "files need no database"
    );
    assert_eq!(site.get("/health", "").await.status(), StatusCode::OK);
    assert!(started.elapsed().as_secs() < 2, "nobody waited for a connection");
}

#[tokio::test]
async fn a_database_that_goes_down_in_the_middle_is_a_503_too() {
    let site = Site::with(nowhere(), &[]);
    let page = site.get("/desk", "keyrack_session=whatever").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
}
