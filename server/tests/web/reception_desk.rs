//! What is done at the desk, done over REST.

use axum::body::Body;
use chrono::TimeDelta;
use http::Request;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::{Client, booking};
use crate::support::{Site, assert_redirect, bearer, json as body_of, owner, text};

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A stay from today on, for so many nights.
fn from_today(room: &str, nights: u32, guest: &str) -> Value {
    json!({
        "room_id": room, "check_in_at": "2026-11-20T15:30:00", "expected_check_out_at": format!("2026-11-{}T11:00:00", 20 + nights),
        "guest_name": guest, "guest_gov_id": guest,
    })
}

/// The same client after some days, with a new token.
async fn later(site: &Site, days: i64) -> Client<'_> {
    site.clock.advance(TimeDelta::days(days));
    Client { site, bearer: bearer(site, "harbour").await }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_hotel_says_how_it_is_subscribed_and_drawn(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let client = Client::of(&site, &harbour);
    let drawing = "UPDATE hotels SET layout = '[{\"name\": \"Ground\"}]', receipt_settings = '{\"headerText\": \"Danke\"}'";
    sqlx::query(drawing).execute(&pool).await.unwrap();
    let path = format!("/hotel/{}", harbour.hotel_id);
    let hotel = client.expect(200, "GET", &path, None).await;
    assert_eq!((&hotel["subscription_valid"], &hotel["valid_to"]), (&json!(true), &Value::Null));
    assert_eq!(hotel["layout_json"], json!([{ "name": "Ground" }]));
    assert_eq!(hotel["receipt_settings_json"]["headerText"], "Danke");
    assert!(text_of(&hotel["created_at"]).starts_with("2026-11-20T12:00:00"));
    assert_eq!(hotel["valid_from"], hotel["created_at"]);
    sqlx::query("UPDATE hotels SET valid_to = '2026-11-20T11:00:00Z'").execute(&pool).await.unwrap();
    assert_eq!(client.expect(200, "GET", &path, None).await["subscription_valid"], false);
    let bad = client.expect(422, "PATCH", &path, Some(json!({ "phone_number": "1".repeat(90) }))).await;
    assert_eq!(bad["errors"][0]["field"], "phone_number");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_booking_keeps_its_times_and_is_checked_out_as_is_said(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = client.room("101").await;
    let with = |field: &str, value: &str| {
        let mut body = from_today(&room, 2, "Ada");
        body[field] = json!(value);
        body
    };
    let odd = client.expect(422, "POST", "/bookings/", Some(with("status", "Completed"))).await;
    assert_eq!(odd["errors"][0]["field"], "status");
    let made = client.expect(201, "POST", "/bookings/", Some(with("status", "CheckedIn"))).await;
    assert_eq!((&made["status"], &made["check_in_at"]), (&json!("CheckedIn"), &json!("2026-11-20T15:30:00")));
    assert_eq!(made["expected_check_out_at"], "2026-11-22T11:00:00");
    let id = text_of(&made["booking_id"]);
    let longer = json!({ "expected_check_out_at": "2026-11-23T09:15:00.345678" });
    let longer = client.expect(200, "PATCH", &format!("/bookings/{id}"), Some(longer)).await;
    assert_eq!(longer["expected_check_out_at"], "2026-11-23T09:15:00");
    assert_eq!(longer["check_in_at"], "2026-11-20T15:30:00");
    // A day says nothing about the time, whether midnight is said or not; nor do fractions that were kept once do harm.
    sqlx::query("UPDATE stays SET departure_time = '09:15:00.345'").execute(&pool).await.unwrap();
    let day = json!({ "expected_check_out_at": "2026-11-23T00:00:00" });
    let day = client.expect(200, "PATCH", &format!("/bookings/{id}"), Some(day)).await;
    assert_eq!(day["expected_check_out_at"], "2026-11-23T09:15:00");

    let client = later(&site, 1).await;
    let out = |query: &str| format!("/operations/check-out/{id}?{query}");
    for (query, field) in [
        ("status=Active", "status"),
        ("total_amount=much", "total_amount"),
        ("actual_check_out_at=soon", "actual_check_out_at"),
        ("actual_check_out_at=2026-11-22T12:00:00Z", "actual_check_out_at"),
        ("actual_check_out_at=2026-11-19T12:00:00Z", "actual_check_out_at"),
    ] {
        let refused = client.expect(422, "POST", &out(query), None).await;
        assert_eq!(refused["errors"][0]["field"], field, "{query}: {refused}");
    }
    let said = out("status=Completed&total_amount=99.50&actual_check_out_at=2026-11-21T08:00:00Z");
    let done = client.expect(200, "POST", &said, None).await;
    assert_eq!(
        (&done["status"], &done["actual_check_out_at"]),
        (&json!("Completed"), &json!("2026-11-21T08:00:00Z"))
    );
    let list = client.expect(200, "GET", "/bookings/", None).await;
    assert_eq!((&list[0]["total_amount"], &list[0]["status"]), (&json!("99.50"), &json!("Completed")));
    assert!(text_of(&list[0]["actual_check_out_at"]).starts_with("2026-11-21T08:00:00"));
    let history = format!("/bookings/customer/{}", text_of(&made["customer_id"]));
    let history = client.expect(200, "GET", &history, None).await;
    assert_eq!(history["bookings_history"][0]["actual_check_out_at"], list[0]["actual_check_out_at"]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_is_made_available_or_dirty_and_not_occupied(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = |status: &str| json!({ "room_number": status, "rate": 80, "status": status });
    assert_eq!(client.expect(201, "POST", "/rooms", Some(room("A"))).await["condition"], "clean");
    assert_eq!(client.expect(201, "POST", "/rooms", Some(room("D"))).await["condition"], "dirty");
    let occupied = client.expect(422, "POST", "/rooms", Some(room("O"))).await;
    assert_eq!(occupied["errors"][0]["field"], "status");
    assert_eq!(client.expect(200, "GET", "/rooms", None).await.as_array().unwrap().len(), 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_that_somebody_is_in_is_refused_in_words(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = client.room("12").await;
    client.expect(201, "POST", "/operations/check-in", Some(from_today(&room, 1, "Ada Byron"))).await;
    let mut next = booking(&room, 1, "Ben");
    next["check_in_at"] = json!("2026-11-21");
    next["expected_check_out_at"] = json!("2026-11-23");
    let next = text_of(&client.expect(201, "POST", "/bookings/", Some(next)).await["booking_id"]);
    let client = later(&site, 1).await;
    let refused = client.expect(409, "PATCH", &format!("/operations/check-in/{next}"), None).await;
    assert_eq!(refused["type"], "urn:keyrack:problem:room_occupied");
    assert!(
        text_of(&refused["detail"]).starts_with("Room 12 is still occupied by Ada Byron (KR-"),
        "{refused}"
    );
    client.expect(200, "POST", "/bookings/room/12/checkout", Some(json!({}))).await;
    client.expect(200, "PATCH", &format!("/operations/check-in/{next}"), None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_booking_is_confirmed_to_its_guest(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = client.room("101").await;
    let mut wanted = from_today(&room, 2, "Ada");
    wanted["guest_email"] = json!("ada@customer.example");
    let made = client.expect(201, "POST", "/bookings/", Some(wanted)).await;
    let path = format!("/bookings/{}/confirmation", text_of(&made["booking_id"]));
    let sent = client.expect(202, "POST", &path, Some(json!({}))).await;
    assert_eq!(sent, json!({ "booking_id": made["booking_id"], "email": "ada@customer.example" }));
    let other = client.expect(202, "POST", &path, Some(json!({ "email": "bea@customer.example" }))).await;
    assert_eq!(other["email"], "bea@customer.example");
    let odd = client.expect(422, "POST", &path, Some(json!({ "email": "nobody" }))).await;
    assert_eq!(odd["errors"][0]["field"], "email");
    client.expect(200, "POST", &path.replace("/confirmation", "/cancel"), None).await;
    assert_eq!(
        client.expect(409, "POST", &path, Some(json!({}))).await["type"],
        "urn:keyrack:problem:refused"
    );
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_booking_is_undone_missed_and_given_another_room(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let (room, other) = (client.room("101").await, client.room("102").await);
    let made = client.expect(201, "POST", "/bookings/", Some(from_today(&room, 2, "Ada"))).await;
    let path = format!("/bookings/{}", text_of(&made["booking_id"]));
    let act = async |status: u16, what: &str| {
        client.expect(status, "POST", &format!("{path}/{what}"), None).await["status"].clone()
    };
    act(409, "undo").await;
    assert_eq!(act(200, "no-show").await, "NoShow");
    assert_eq!(act(200, "undo").await, "Active");
    assert_eq!(act(200, "cancel").await, "Cancelled");
    act(409, "cancel").await;
    assert_eq!(act(200, "undo").await, "Active");
    let in_house = path.replace("/bookings/", "/operations/check-in/");
    client.expect(200, "PATCH", &in_house, None).await;
    assert_eq!(act(200, "undo").await, "Active");
    client.expect(200, "PATCH", &in_house, None).await;
    client.expect(200, "PATCH", &path.replace("/bookings/", "/operations/check-out/"), None).await;
    assert_eq!(act(200, "undo").await, "CheckedIn");

    let added = client.expect(201, "POST", &format!("{path}/rooms"), Some(json!({ "room_id": other }))).await;
    assert_eq!((&added["reference"], &added["customer_id"]), (&made["reference"], &made["customer_id"]));
    assert_eq!(added["expected_check_out_at"], "2026-11-22T00:00:00");
    client.expect(409, "POST", &format!("{path}/rooms"), Some(json!({ "room_id": other }))).await;
    let none = client.expect(422, "POST", &format!("{path}/rooms"), Some(json!({}))).await;
    assert_eq!(none["errors"][0]["field"], "room_id");
    let cheaper = client.expect(200, "PATCH", &path, Some(json!({ "nightly_price": "50" }))).await;
    assert_eq!(cheaper["total_amount"], "100.00");
    let odd = client.expect(422, "PATCH", &path, Some(json!({ "nightly_price": "much" }))).await;
    assert_eq!(odd["errors"][0]["field"], "nightly_price");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn guests_types_and_closures_are_kept_over_rest(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let ada = json!({ "first_name": "Ada", "last_name": "Byron", "gov_id": "p 1" });
    let made = client.expect(201, "POST", "/guests", Some(ada.clone())).await;
    assert_eq!(made["gov_id"], "P 1");
    client.expect(409, "POST", "/guests", Some(ada)).await;
    let nameless = client.expect(422, "POST", "/guests", Some(json!({}))).await;
    assert_eq!(nameless["errors"][0]["field"], "first_name");
    let path = format!("/guests/{}", text_of(&made["customer_id"]));
    let changed = client.expect(200, "PATCH", &path, Some(json!({ "city": "London" }))).await;
    assert_eq!((&changed["city"], &changed["last_name"]), (&json!("London"), &json!("Byron")));
    assert_eq!(client.expect(200, "GET", &path, None).await, changed);
    assert_eq!(client.expect(200, "GET", "/guests?text=byr", None).await[0]["name"], "Ada Byron");
    client.expect(422, "GET", "/guests?before=x", None).await;

    let double = json!({ "name": "Double", "sleeps": 2, "rate": "120.00" });
    let made = client.expect(201, "POST", "/room-types", Some(double.clone())).await;
    client.expect(409, "POST", "/room-types", Some(double)).await;
    let path = format!("/room-types/{}", text_of(&made["room_type_id"]));
    let changed = client.expect(200, "PATCH", &path, Some(json!({ "rate": 130, "overbooking": 1 }))).await;
    assert_eq!((&changed["rate"], &changed["sleeps"]), (&json!("130.00"), &json!(2)));
    let room = client.room("101").await;
    client.expect(409, "DELETE", &path, None).await;

    let closure = json!({ "starts_on": "2026-11-20", "ends_on": "2026-11-22", "reason": "burst pipe" });
    let closures = format!("/rooms/{room}/closures");
    let made = client.expect(201, "POST", &closures, Some(closure.clone())).await;
    client.expect(409, "POST", &closures, Some(closure)).await;
    let bad = client.expect(422, "POST", &closures, Some(json!({ "starts_on": "2026-11-20" }))).await;
    assert_eq!(bad["errors"][0]["field"], "ends_on");
    assert_eq!(client.expect(200, "GET", "/rooms/closures", None).await[0]["reason"], "burst pipe");
    client.expect(409, "POST", "/bookings/", Some(from_today(&room, 1, "Ben"))).await;
    let open = format!("/rooms/closures/{}", text_of(&made["closure_id"]));
    client.expect(204, "DELETE", &open, None).await;
    client.expect(404, "DELETE", &open, None).await;
    client.expect(204, "DELETE", "/rooms/101", None).await;
    client.expect(204, "DELETE", &path, None).await;

    let log = client.expect(200, "GET", "/audit?limit=2", None).await;
    assert_eq!(log["entries"][0]["action"], "room_type.removed");
    assert_eq!(log["entries"][1]["facts"]["number"], "101");
    let older = client.expect(200, "GET", &format!("/audit?before={}", text_of(&log["next"])), None).await;
    assert_eq!(older["entries"][0]["action"], "room.reopened");
    assert_eq!(older["entries"][0]["facts"]["reason"], "burst pipe");
    client.expect(422, "GET", "/audit?limit=0", None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn colleagues_are_changed_and_browsers_signed_out_over_rest(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let client = Client::of(&site, &harbour);
    let nils = json!({ "username": "nils", "password": "a long sentence", "full_name": "Nils" });
    let nils = text_of(&client.expect(201, "POST", "/users/", Some(nils)).await["user_id"]);
    let path = format!("/users/{nils}");
    let changed = json!({ "role": "manager", "is_active": false });
    let changed = client.expect(200, "PATCH", &path, Some(changed)).await;
    assert_eq!((&changed["role"], &changed["is_active"]), (&json!("manager"), &json!(false)));
    let odd = client.expect(422, "PATCH", &path, Some(json!({ "role": "king" }))).await;
    assert_eq!(odd["errors"][0]["field"], "role");
    let me = text_of(&client.expect(200, "GET", "/users/me", None).await["user_id"]);
    client.expect(403, "PATCH", &format!("/users/{me}"), Some(json!({ "role": "reception" }))).await;
    let password = format!("{path}/password");
    let weak = client.expect(422, "PUT", &password, Some(json!({ "password": "x" }))).await;
    assert_eq!(weak["errors"][0]["field"], "password");
    client.expect(204, "PUT", &password, Some(json!({ "password": "another sentence" }))).await;

    let sessions = client.expect(200, "GET", "/auth/sessions", None).await;
    let session = format!("/auth/sessions/{}", text_of(&sessions[0]["session_id"]));
    assert_eq!(site.get("/desk", &harbour.cookie).await.status(), 200);
    client.expect(204, "DELETE", &session, None).await;
    client.expect(404, "DELETE", &session, None).await;
    assert_eq!(site.get("/desk", &harbour.cookie).await.status(), 302);
}

/// An owner's second hotel, by REST and by the page; a colleague works in both.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_company_grows_by_a_hotel(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let client = Client::of(&site, &harbour);
    let annex = json!({
        "name": "Harbour Annex", "address": "2 Quay", "time_zone": "Europe/Lisbon",
        "floors": [{ "name": "G", "rooms": [{ "number": "1", "type": "Single", "rate": "80" }] }],
    });
    let with = |field: &str, value: Value| {
        let mut body = annex.clone();
        body[field] = value;
        body
    };
    for (field, value, at) in [
        ("name", json!(""), "name"),
        ("time_zone", json!("Mars/Olympus"), "time_zone"),
        ("currency", json!("XXQ"), "currency"),
        ("email", json!("x"), "email"),
    ] {
        let refused = client.expect(422, "POST", "/hotel/", Some(with(field, value))).await;
        assert_eq!(refused["errors"][0]["field"], at, "{refused}");
    }
    let nils =
        json!({ "username": "nils", "password": "a long sentence", "full_name": "Nils", "role": "manager" });
    let nils = text_of(&client.expect(201, "POST", "/users/", Some(nils)).await["user_id"]);
    let made = client.expect(201, "POST", "/hotel/", Some(annex.clone())).await;
    let hotel = text_of(&made["hotel_id"]);
    let there = async |method: &str, path: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", &client.bearer)
            .header("x-hotel-id", &hotel)
            .header("content-type", "application/json");
        site.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let rooms = body_of(there("GET", "/rooms", Value::Null).await).await;
    assert_eq!((rooms.as_array().unwrap().len(), &rooms[0]["room_number"]), (1, &json!("1")));
    let drawn = body_of(there("GET", &format!("/hotel/{hotel}"), Value::Null).await).await;
    let room = &drawn["layout_json"][0]["rooms"][0];
    assert_eq!((&room["number"], &room["rate"]), (&json!("1"), &json!("80")));

    // Managers do not make themselves owners.
    let form = "username=nils&password=a+long+sentence";
    let request = Request::post("/auth/token").header("content-type", "application/x-www-form-urlencoded");
    let tokens = body_of(site.send(request.body(Body::from(form)).unwrap()).await).await;
    let manager = Client { site: &site, bearer: format!("Bearer {}", text_of(&tokens["access_token"])) };
    manager.expect(403, "POST", "/hotel/", Some(annex.clone())).await;

    // A role there, for somebody who works here.
    let path = format!("/users/{nils}");
    assert_eq!(there("PATCH", &path, json!({})).await.status(), 422);
    let given = body_of(there("PATCH", &path, json!({ "role": "reception" })).await).await;
    assert_eq!((&given["role"], &given["hotel_id"]), (&json!("reception"), &json!(hotel)));
    let seen = body_of(there("GET", "/users/", Value::Null).await).await;
    assert_eq!(seen.as_array().unwrap().len(), 2);

    // The page does the same, and the desk then offers both.
    let page = text(site.get("/desk/settings/new-hotel", &harbour.cookie).await).await;
    assert!(page.contains("/actions/add-hotel"));
    let body =
        "form[hotel_name]=Third+House&form[currency]=EUR&form[time_zone]=UTC&form[rooms]=G;1-2;Single;80";
    let added = site.post_form("/actions/add-hotel", "/desk/settings/new-hotel", &harbour.cookie, body).await;
    assert_redirect(&added, "/desk/settings");
    let desk = text(site.get("/desk", &harbour.cookie).await).await;
    assert!(desk.contains("Harbour Annex") && desk.contains("Third House"));
    let refused = site
        .post_form(
            "/actions/add-hotel",
            "/desk/settings/new-hotel",
            &harbour.cookie,
            "form[hotel_name]=&form[rooms]=x",
        )
        .await;
    assert_redirect(&refused, "/desk/settings/new-hotel");
    let hotels: i64 = sqlx::query_scalar("SELECT count(*) FROM hotels").fetch_one(&pool).await.unwrap();
    assert_eq!(hotels, 3);
    let staff = format!("user_id={nils}&role=housekeeping");
    let third: uuid::Uuid = sqlx::query_scalar("SELECT id FROM hotels WHERE name = 'Third House'")
        .fetch_one(&pool)
        .await
        .unwrap();
    let chosen =
        site.post_form("/actions/choose-hotel", "/desk", &harbour.cookie, &format!("hotel_id={third}")).await;
    assert_redirect(&chosen, "/desk");
    assert!(text(site.get("/desk/staff", &harbour.cookie).await).await.contains("/actions/give-role"));
    assert_redirect(
        &site.post_form("/actions/give-role", "/desk/staff", &harbour.cookie, &staff).await,
        "/desk/staff",
    );
    let roles: i64 = sqlx::query_scalar("SELECT count(*) FROM memberships WHERE user_id = $1::uuid")
        .bind(&nils)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(roles, 3);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_platforms_admin_adds_a_hotel_for_a_company(pool: PgPool) {
    let site = Site::new(&pool);
    let harbour = owner(&site, "harbour").await;
    let company: uuid::Uuid =
        sqlx::query_scalar("SELECT organisation_id FROM hotels").fetch_one(&pool).await.unwrap();
    site.state.services.identity.register_customer("root@platform.example", "AdminPass123@").await.unwrap();
    sqlx::query("UPDATE users SET is_platform_admin = true WHERE email = 'root@platform.example'")
        .execute(&pool)
        .await
        .unwrap();
    let form = "username=root%40platform.example&password=AdminPass123%40";
    let request = Request::post("/auth/token").header("content-type", "application/x-www-form-urlencoded");
    let tokens = body_of(site.send(request.body(Body::from(form)).unwrap()).await).await;
    let admin = Client { site: &site, bearer: format!("Bearer {}", text_of(&tokens["access_token"])) };
    let missing = admin.expect(422, "POST", "/hotel/", Some(json!({ "name": "Annex" }))).await;
    assert_eq!(missing["errors"][0]["field"], "organisation_id");
    for unknown in ["1", "01890000-0000-7000-8000-000000000000"] {
        let body = json!({ "name": "Annex", "organisation_id": unknown });
        admin.expect(404, "POST", "/hotel/", Some(body)).await;
    }
    let body = json!({ "name": "Annex", "organisation_id": company });
    let made = admin.expect(201, "POST", "/hotel/", Some(body)).await;
    let hotel = format!("/hotel/{}", text_of(&made["hotel_id"]));
    assert_eq!(Client::of(&site, &harbour).expect(200, "GET", &hotel, None).await["name"], "Annex");
}
