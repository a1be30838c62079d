//! A stranger and nobody, at the pages of the desk and at every function behind its forms, with another company's ids: a
//! new function is tried without being listed here.

use std::fmt::Write;

use axum::body::Body;
use http::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::rest::{Client, booking};
use crate::support::{Person, Site, form, owner, text};

/// What a stranger must never read.
pub const SECRET: &str = "Zebedee Unheard";

/// Functions that nobody has to be signed in for.
const PUBLIC: [&str; 7] =
    ["sign-in", "sign-out", "register", "sign-up", "forgot-password", "reset-password", "stop-acting"];

/// Ids of a company with a bit of everything: booking, guest, room, type, closure, hotel, colleague, session.
pub async fn ids(site: &Site, harbour: &Person, pool: &PgPool) -> Vec<String> {
    let client = Client::of(site, harbour);
    let room = client.room("harbour-1").await;
    client.expect(201, "POST", "/bookings/", Some(booking(&room, 1, SECRET))).await;
    let closure = json!({ "starts_on": "2026-12-05", "ends_on": "2026-12-06", "reason": SECRET });
    client.expect(201, "POST", &format!("/rooms/{room}/closures"), Some(closure)).await;
    let colleague = json!({ "username": "nils", "password": "a long sentence", "full_name": SECRET });
    client.expect(201, "POST", "/users/", Some(colleague)).await;
    sqlx::query_scalar(
        "SELECT id::text FROM stays UNION ALL SELECT id::text FROM guests UNION ALL SELECT id::text FROM rooms
         UNION ALL SELECT id::text FROM room_types UNION ALL SELECT id::text FROM room_closures
         UNION ALL SELECT id::text FROM bookings UNION ALL SELECT id::text FROM hotels
         UNION ALL SELECT id::text FROM users UNION ALL SELECT id::text FROM sessions",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Everything that belongs to the organisations but those named here, as one text.
pub async fn state(pool: &PgPool, without: &[uuid::Uuid]) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id'
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = format!(
            "SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t WHERE organisation_id <> ALL ($1)"
        );
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(without).fetch_one(pool).await.unwrap();
        let _ = writeln!(all, "{table}: {rows}");
    }
    all
}

/// A body that has, under whatever name a function looks for one, the id.
fn body(id: &str, act: &str) -> String {
    let named =
        ["id", "user_id", "hotel_id", "session_id", "room_id", "guest_id", "invoice_id", "subscription_id"];
    let in_form = ["id", "room_id", "guest_id", "room_type_id", "booking_of"];
    let rest = [
        ("form[arrival]", "2026-12-10"),
        ("form[departure]", "2026-12-11"),
        ("form[party]", "1"),
        ("form[price]", ""),
        ("form[version]", "1"),
        ("form[first_name]", "Eve"),
        ("form[name]", "Eve"),
        ("form[time_zone]", "UTC"),
        ("form[sleeps]", "2"),
        ("form[rate]", "80"),
        ("form[number]", "9"),
        ("form[starts_on]", "2026-12-10"),
        ("form[ends_on]", "2026-12-11"),
        ("form[reason]", "mine"),
        ("form[hotel_name]", "Mine"),
        ("form[currency]", "EUR"),
        ("form[rooms]", ""),
        ("form[username]", "eve-of-mill"),
        ("form[full_name]", "Eve"),
        ("form[role]", "owner"),
        ("form[password]", "a long sentence"),
        ("role", "owner"),
        ("is_active", "false"),
        ("password", "a long sentence"),
        ("condition", "dirty"),
        ("text", "Zeb"),
        ("status", ""),
        ("whole", ""),
        ("full_name", "Eve"),
        ("email", "mill@hotel.example"),
        ("old_password", "wrong"),
        ("new_password", "a long sentence"),
    ];
    let mut body = form_urlencoded::Serializer::new(String::new());
    for name in named {
        body.append_pair(name, id);
    }
    for name in in_form {
        body.append_pair(&format!("form[{name}]"), id);
    }
    body.append_pair("act", &format!("{act}.{id}"));
    body.append_pair("before", id).append_pair("after", id);
    body.extend_pairs(rest);
    body.finish()
}

/// Calls a function as a script of ours does.
async fn call(site: &Site, cookie: &str, path: &str, body: String) -> (StatusCode, String) {
    let mut request = form(path, "/desk", cookie).body(Body::from(body)).unwrap();
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let answer = site.send(request).await;
    (answer.status(), text(answer).await)
}

fn functions() -> Vec<&'static str> {
    let found: Vec<_> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path)
        // Two are these tests' own.
        .filter(|path| {
            path.starts_with("/actions/") && !path.ends_with("/note") && !path.ends_with("/defect")
        })
        .collect();
    assert!(found.len() > 50, "{found:?}");
    found
}

fn is_public(path: &str) -> bool {
    path.strip_prefix("/actions/").is_some_and(|name| PUBLIC.contains(&name))
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_stranger_reads_and_changes_nothing_by_the_functions_behind_forms(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let ids = ids(&site, &harbour, &pool).await;
    let mill = owner(&site, "mill").await;
    let of_mill: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM organisations WHERE name = 'Hotel mill'")
            .fetch_all(&pool)
            .await
            .unwrap();
    let before = state(&pool, &of_mill).await;
    assert!(before.contains(SECRET));
    for path in functions().into_iter().filter(|path| !is_public(path)) {
        for id in &ids {
            for act in if path.ends_with("/act-on-stay") {
                &["cancel", "check_in", "no_show"][..]
            } else {
                &[""][..]
            } {
                let (status, answer) = call(&site, &mill.cookie, path, body(id, act)).await;
                assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}: {answer}");
                assert!(!answer.contains(SECRET), "{path}: {answer}");
            }
        }
    }
    assert_eq!(state(&pool, &of_mill).await, before);
    let of_harbour = "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = 'harbour@hotel.example'";
    assert_eq!(sqlx::query_scalar::<_, i64>(of_harbour).fetch_one(&pool).await.unwrap(), 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_reads_or_changes_anything_by_the_functions_behind_forms(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let ids = ids(&site, &harbour, &pool).await;
    let before = state(&pool, &[]).await;
    for path in functions().into_iter().filter(|path| !is_public(path)) {
        let (status, answer) = call(&site, "", path, body(&ids[0], "cancel")).await;
        assert!(status.is_client_error(), "{path}: {status} {answer}");
        assert!(!answer.contains(SECRET), "{path}");
    }
    assert_eq!(state(&pool, &[]).await, before);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_strangers_pages_are_pages_that_do_not_exist(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let ids = ids(&site, &harbour, &pool).await;
    let mill = owner(&site, "mill").await;
    let shown = site.get(&format!("/desk/bookings/{}", ids[0]), &harbour.cookie).await;
    assert!(text(shown).await.contains(SECRET), "its own people see it");
    for page in ["/desk/bookings/", "/desk/guests/"] {
        for id in &ids {
            let answer = site.get(&format!("{page}{id}"), &mill.cookie).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{page}{id}");
            assert!(!text(answer).await.contains(SECRET), "{page}{id}");
        }
    }
    for page in
        ["", "/bookings", "/bookings?text=Zeb", "/rooms", "/guests?text=Zeb", "/staff", "/settings", "/audit"]
    {
        let answer = site.get(&format!("/desk{page}"), &mill.cookie).await;
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        assert!(!text(answer).await.contains(SECRET), "{page}");
    }
    for id in &ids {
        let query = format!("room={id}&room_id={id}&guest={id}&guest_id={id}&booking_of={id}&to={id}");
        let answer = site
            .get(&format!("/desk/bookings/new?arrival=2026-12-10&departure=2026-12-11&{query}"), &mill.cookie)
            .await;
        assert!(!text(answer).await.contains(SECRET), "{id}");
    }
}
