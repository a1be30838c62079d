use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use sqlx::PgPool;

use crate::support::{HOME, Person, Site, assert_redirect, form, header, owner};

/// What a script of ours sends.
async fn call(site: &Site, ada: &Person, action: &str, body: &'static str) -> Response {
    let mut request = form(action, "/desk", &ada.cookie).body(Body::from(body)).unwrap();
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    site.send(request).await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_script_that_is_refused_is_told_so_in_the_status_too(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let cases = [
        ("/actions/act-on-stay", "act=check_in.01890000-0000-7000-8000-000000000000", StatusCode::NOT_FOUND),
        ("/actions/act-on-stay", "act=dance.01890000-0000-7000-8000-000000000000", StatusCode::NOT_FOUND),
        // A change of dates has a form of its own; as an act it would be a deed without a change.
        ("/actions/act-on-stay", "act=change.01890000-0000-7000-8000-000000000000", StatusCode::NOT_FOUND),
        ("/actions/sign-in", "login=ada&password=wrong&next=", StatusCode::UNAUTHORIZED),
    ];
    for (action, body, status) in cases {
        assert_eq!(call(&site, &ada, action, body).await.status(), status, "{action} {body}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_way_on_after_sign_in_stays_in_the_desk(pool: PgPool) {
    let site = Site::new(&pool);
    owner(&site, "ada").await;
    let cases = [
        ("%2Fdesk%2Frooms%3Ffloor%3D1", "/desk/rooms?floor=1"),
        ("%2Fdesk%3Fwhole%3Darrivals", "/desk?whole=arrivals"),
        ("%2Fdesk.evil.example", "/desk"),
        ("%2Fdesk%5C..%5C%5Cevil.example", "/desk"),
        ("%2F%2Fevil.example%2Fdesk", "/desk"),
        ("%2Fdesk%2F%0D%0ASet-Cookie%3A%20a%3Db", "/desk"),
        ("https%3A%2F%2Fevil.example", "/desk"),
    ];
    for (next, to) in cases {
        let body = format!("login=ada%40hotel.example&password=correct+horse+battery&next={next}");
        let answer = site.post_form("/actions/sign-in", "/sign-in", "", &body).await;
        assert_redirect(&answer, to);
        assert!(header(&answer, "set-cookie").contains("HttpOnly"));
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_is_not_signed_in_is_led_to_the_sign_in_whatever_they_accept(pool: PgPool) {
    let site = Site::new(&pool);
    for accept in ["text/html", "*/*"] {
        let request = Request::get("/desk/rooms").header("host", HOME).header("accept", accept);
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{accept}");
        assert_eq!(header(&answer, "location"), "/sign-in?next=/desk/rooms");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn dates_that_no_hotel_can_mean_are_refused(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let cases = [
        ("/desk/bookings/report?from=2026-01-01&to=2026-12-31", StatusCode::OK),
        ("/desk/bookings/report?from=&to=", StatusCode::OK),
        ("/desk/bookings/report?from=2026-02-30", StatusCode::BAD_REQUEST),
        ("/desk/bookings/report?to=%2B262142-01-01", StatusCode::BAD_REQUEST),
        ("/desk/bookings/report?to=-4713-01-01", StatusCode::BAD_REQUEST),
        // The panel shows its form with the problem.
        ("/desk/bookings/new?arrival=%2B262142-12-31&departure=%2B262142-12-31", StatusCode::OK),
    ];
    for (path, status) in cases {
        assert_eq!(site.get(path, &ada.cookie).await.status(), status, "{path}");
    }
}

/// An answer that holds a token, or a hash over a password, must not lie in a table for a day.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nothing_about_passwords_and_tokens_is_kept(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let send = async |body: &'static str| {
        let request = Request::post("/auth/login")
            .header("authorization", &ada.bearer)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("idempotency-key", "k-1");
        site.send(request.body(Body::from(body)).unwrap()).await.status()
    };
    let wrong = "username=ada%40hotel.example&password=wrong";
    assert_eq!(send(wrong).await, StatusCode::UNAUTHORIZED);
    let right = "username=ada%40hotel.example&password=correct+horse+battery";
    assert_eq!(send(right).await, StatusCode::OK, "the key was not taken by the other body");
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM idempotency_keys").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0);
}
