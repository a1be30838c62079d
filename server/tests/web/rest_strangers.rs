//! Nobody and strangers, on every route of the OpenAPI document: a new route is tried without being listed here.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::desk_strangers::{ids, state};
use crate::rest::{Client, booking};
use crate::support::{Site, owner, text};

/// Every operation that wants a token: method, path, whether it takes a body.
fn guarded() -> Vec<(String, String, bool)> {
    let document = server::api::document();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("security").is_some() {
                found.push((method.to_uppercase(), path.clone(), operation.get("requestBody").is_some()));
            }
        }
    }
    assert!(found.len() > 18, "{found:?}");
    found
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_gets_in(pool: PgPool) {
    let site = Site::new(&pool);
    for bearer in ["", "Bearer nonsense", "Basic dXNlcjpwYXNz"] {
        let client = Client { site: &site, bearer: bearer.to_owned() };
        for (method, path, _) in guarded() {
            let path = ["{id}", "{room}", "{credit_note_id}"]
                .iter()
                .fold(path, |path, name| path.replace(name, "1"));
            let answer = client.send(&method, &path, Some(&json!({}))).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
}

/// Somebody of another company uses the ids of the first: the answer is the same as for ids that do not exist, and
/// nothing has changed.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_strangers_ids_are_ids_that_do_not_exist(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let theirs = ids(&site, &harbour, &pool).await;
    let (room, room_type, guest): (Uuid, Uuid, Uuid) = sqlx::query_as(
        "SELECT r.id, r.room_type_id, g.id FROM rooms r, guests g WHERE r.number = 'harbour-1'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let hotel = harbour.hotel_id.to_string();
    let nothing = "01890000-0000-7000-8000-000000000000".to_owned();

    let mill = owner(&site, "mill").await;
    let stranger = Client::of(&site, &mill);
    let own: Uuid = sqlx::query_scalar("SELECT organisation_id FROM hotels WHERE id = $1")
        .bind(Uuid::from(mill.hotel_id))
        .fetch_one(&pool)
        .await
        .unwrap();
    let before = state(&pool, &[own]).await;
    let mut tried = 0;
    for (method, path, takes_body) in guarded() {
        if !path.contains('{') {
            continue;
        }
        for id in &theirs {
            let of = |id: &str| {
                let path = path.replace("{id}", id).replace("{room}", id).replace("{credit_note_id}", id);
                if path.ends_with("/proration") { format!("{path}?new_plan_id={nothing}") } else { path }
            };
            let body =
                takes_body.then(|| json!({ "condition": "dirty", "name": "Mine", "plan_id": nothing }));
            let answer = stranger.send(&method, &of(id), body.as_ref()).await;
            let missing = stranger.send(&method, &of(&nothing), body.as_ref()).await;
            assert!(matches!(answer.status().as_u16(), 403 | 404), "{method} {path}: {}", answer.status());
            assert_eq!(answer.status(), missing.status(), "{method} {path}");
            assert_eq!(
                without_instance(&text(answer).await),
                without_instance(&text(missing).await),
                "{method} {path}"
            );
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");

    // In bodies and queries too.
    let there = |field: &str, id: &str| {
        let mut body = booking("1", 2, "Eve");
        body[field] = json!(id);
        body
    };
    stranger.room("1").await;
    for name in [&room.to_string(), "harbour-1", &nothing] {
        stranger.expect(404, "POST", "/bookings/", Some(there("room_id", name))).await;
        let refused =
            stranger.expect(403, "POST", "/operations/check-in", Some(there("room_id", name))).await;
        assert_eq!(refused["detail"], "Invalid Room ID: This room does not belong to your hotel.");
    }
    for id in [&room_type.to_string(), &nothing] {
        let mut of_type = there("room_type_id", id);
        of_type["room_id"] = Value::Null;
        stranger.expect(404, "POST", "/bookings/", Some(of_type)).await;
    }
    for id in [&guest.to_string(), &nothing] {
        stranger.expect(422, "POST", "/bookings/", Some(there("customer_id", id))).await;
    }
    for id in [&hotel, &nothing] {
        stranger.expect(403, "POST", &format!("/reports/bookings?hotel_id={id}"), None).await;
    }
    assert_eq!(
        stranger.expect(200, "GET", "/bookings/customers/lookup?gov_id=Zebedee%20Unheard", None).await,
        Value::Null
    );
    assert_eq!(stranger.expect(200, "GET", "/bookings/", None).await, json!([]));
    assert_eq!(state(&pool, &[own]).await, before);
}

fn without_instance(body: &str) -> Value {
    let mut problem: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(problem) = problem.as_object_mut() {
        problem.remove("instance");
    }
    // A text that repeats the id of the request tells nothing new.
    let text = problem.to_string();
    let ids = text
        .split(|c: char| !c.is_ascii_hexdigit() && c != '-')
        .filter(|part| part.len() == 36)
        .map(str::to_owned)
        .collect::<Vec<_>>();
    json!(ids.iter().fold(text, |text, id| text.replace(id.as_str(), "ID")))
}

/// Every write takes a key, and says of a strange one that it is strange before anything else.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_strange_key_is_a_bad_request_on_every_write(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let document = server::api::document();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let declared = |name: &str| {
                operation["parameters"].as_array().into_iter().flatten().any(|it| it["name"] == name)
            };
            if !declared("Idempotency-Key") {
                continue;
            }
            tried += 1;
            let uri = path.replace(['{', '}'], "");
            for key in [&b"cl\xc3\xa9"[..], b"", b"\t", &[b'k'; 256]] {
                let request = http::Request::builder()
                    .method(method.to_uppercase().as_str())
                    .uri(&uri)
                    .header("authorization", &harbour.bearer)
                    .header("idempotency-key", key);
                let answer = site.send(request.body("{}".into()).unwrap()).await;
                assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{method} {path} {key:?}");
            }
        }
    }
    assert!(tried > 60, "{tried}");
}

/// A hotel that the caller does not work in is told on every operation that says it reads the header, before anything else.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn another_hotel_is_unknown_wherever_it_can_be_named(pool: PgPool) {
    let site = Site::new(&pool);
    let (harbour, mill) = (owner(&site, "harbour").await, owner(&site, "mill").await);
    let document = server::api::document();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let names = operation["parameters"].as_array().into_iter().flatten();
            if !names.into_iter().any(|it| it["name"] == "X-Hotel-Id") {
                continue;
            }
            tried += 1;
            let day = "check_in_at=2026-12-01&expected_check_out_at=2026-12-02&gov_id=1";
            let uri = format!("{}?{day}", path.replace(['{', '}'], ""));
            let body = booking("1", 1, "Ada").to_string();
            let request = http::Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&uri)
                .header("authorization", &harbour.bearer)
                .header("content-type", "application/json")
                .header("x-hotel-id", mill.hotel_id.to_string());
            let with_fields = body.replace('}', ",\"room_number\":\"1\",\"rate\":1,\"username\":\"x\",\"password\":\"x\",\"full_name\":\"x\"}");
            let answer = site.send(request.body(with_fields.into()).unwrap()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
            assert!(text(answer).await.contains("Hotel not found"), "{method} {path}");
        }
    }
    assert!(tried > 30, "{tried}");
}

/// Every operation that reads the database says that it may be away.
#[test]
fn an_absent_database_is_described() {
    let document = server::api::document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_static = operation["tags"][0] == "documentation";
            assert!(is_static || operation["responses"].get("503").is_some(), "{method} {path}");
        }
    }
}

/// The document as clients know it: a change of the interface shows in review.
#[test]
fn the_document_is_as_it_was_agreed() {
    insta::assert_json_snapshot!("openapi", server::api::document());
}
