use axum::body::Body;
use http::{Method, StatusCode};
use sqlx::PgPool;

use crate::form_flash::ACTION;
use crate::support::{HOME, Site, owner, page, text};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_form_on_another_site_does_nothing_here(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let post = |headers: &[(&'static str, String)]| {
        let mut request = page(ACTION, &ada.cookie)
            .method(Method::POST)
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        site.send(request.body(Body::from("text=hello")).unwrap())
    };
    for foreign in [
        vec![("origin", "https://evil.example".to_owned())],
        vec![("origin", "null".to_owned())],
        vec![("sec-fetch-site", "cross-site".to_owned()), ("origin", format!("http://{HOME}"))],
        vec![],
    ] {
        let response = post(&foreign).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(text(response).await.contains("nothing was changed"));
    }
    let own = post(&[("origin", format!("http://{HOME}"))]).await;
    assert_eq!(own.status(), StatusCode::SEE_OTHER);
}
