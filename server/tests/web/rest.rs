//! The reception family through the whole router: the paths of spec `reception.md`, happy and bad.

use axum::body::Body;
use axum::response::Response;
use futures::future::join_all;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Person, Site, json as body_of, owner, text};

/// A REST client of one person.
pub struct Client<'a> {
    pub site: &'a Site,
    pub bearer: String,
}

impl<'a> Client<'a> {
    pub fn of(site: &'a Site, person: &Person) -> Self {
        Self { site, bearer: person.bearer.clone() }
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let mut request = Request::builder().method(method).uri(path).header("authorization", &self.bearer);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.site.send(request.body(body).unwrap()).await
    }

    /// The answer's body, after its status was what it should be.
    pub async fn expect(&self, status: u16, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.send(method, path, body.as_ref()).await;
        let found = answer.status().as_u16();
        let text = text(answer).await;
        assert_eq!(found, status, "{method} {path}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// A room, and its id.
    pub async fn room(&self, number: &str) -> String {
        let body = json!({ "room_number": number, "room_type": "Double", "rate": "120.00" });
        self.expect(201, "POST", "/rooms", Some(body)).await["room_id"].as_str().unwrap().to_owned()
    }
}

/// A booking of a room for one night, some days after the test's present.
pub fn booking(room: &str, day: u32, guest: &str) -> Value {
    json!({
        "room_id": room, "check_in_at": format!("2026-12-{day:02}T15:00:00"),
        "expected_check_out_at": format!("2026-12-{:02}T11:00:00", day + 1),
        "guest_name": guest, "guest_gov_id": guest, "status": "Active",
    })
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_client_of_the_old_system_works(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = client.room("101").await;
    let taken = client.expect(409, "POST", "/rooms", Some(json!({ "room_number": "101", "rate": 80 }))).await;
    assert_eq!(taken["errors"][0]["field"], "room_number");
    let free = "/rooms/available?check_in_at=2026-12-01&expected_check_out_at=2026-12-03T11:00:00Z";
    let rooms = client.expect(200, "GET", free, None).await;
    assert_eq!(
        (rooms[0]["room_number"].as_str(), rooms[0]["total_amount"].as_str()),
        (Some("101"), Some("240.00"))
    );

    // By number, for the night that was free; then it is not.
    let made = client.expect(201, "POST", "/bookings/", Some(booking("101", 1, "Ana María Ruiz"))).await;
    assert_eq!((made["status"].as_str(), made["total_amount"].as_str()), (Some("Active"), Some("120.00")));
    let taken = client.expect(409, "POST", "/bookings", Some(booking(&room, 1, "Ben"))).await;
    assert_eq!(taken["error"], "Room is already booked for these dates");
    assert_eq!(taken["detail"], taken["error"]);
    assert_eq!(client.expect(200, "GET", free, None).await, json!([]));

    let id = made["booking_id"].as_str().unwrap();
    let early = client.expect(409, "PATCH", &format!("/operations/check-in/{id}"), None).await;
    assert_eq!(early["detail"], "the stay begins on 2026-12-01");
    site.clock.advance(chrono::TimeDelta::days(11));
    let client = Client { site: &site, bearer: crate::support::bearer(&site, "harbour").await };
    let done = client.expect(200, "PATCH", &format!("/operations/check-in/{id}"), None).await;
    assert_eq!(done["status"], "CheckedIn");
    let current = client.expect(200, "GET", "/bookings/room/101/current", None).await;
    assert_eq!(current["guest_name"], "Ana María Ruiz");
    let rating = json!({ "rating": 4, "notes": "quiet" });
    client.expect(200, "POST", "/bookings/room/101/checkout", Some(rating)).await;
    let gone = client.expect(404, "POST", "/bookings/room/101/checkout", Some(json!({}))).await;
    assert_eq!(gone["detail"], "No active booking found for this room");
    let known =
        client.expect(200, "GET", "/bookings/customers/lookup?gov_id=ana+mar%C3%ADa+ruiz", None).await;
    assert_eq!(
        (known["insights"]["localStays"].as_i64(), known["average_rating"].as_str()),
        (Some(1), Some("4.00"))
    );
    assert_eq!(known["insights"]["notes"], json!(["quiet"]));
    assert_eq!(
        client.expect(200, "GET", "/bookings/customers/lookup?gov_id=nobody", None).await,
        Value::Null
    );

    let report =
        client.expect(200, "POST", "/reports/bookings?start_date=2026-12-01&end_date=2026-12-01", None).await;
    let report = report.as_str().unwrap().to_owned();
    let mut lines = report.lines();
    assert_eq!(
        lines.next(),
        Some(
            "booking_id,hotel_id,customer_id,room_id,created_by_user_id,num_guests,check_in_at,expected_check_out_at,\
             actual_check_out_at,total_amount,cash_amount,card_amount,status"
        )
    );
    let line = lines.next().unwrap();
    assert!(line.contains(",1,2026-12-01T15:00:00,2026-12-02T11:00:00,2026-12-01T"), "{line}");
    assert!(line.ends_with(",120.00,0.00,0.00,Completed"), "{line}");
    let none = client.expect(404, "POST", "/reports/bookings?start_date=2027-01-01", None).await;
    assert_eq!(none["detail"], "No bookings found for criteria");

    // Who is expected is the room's, and who never came is not.
    client.expect(201, "POST", "/bookings/", Some(booking(&room, 2, "Cem"))).await;
    for (status, day) in [(200, 2), (404, 3)] {
        site.clock.advance(chrono::TimeDelta::days(1));
        let client = Client { site: &site, bearer: crate::support::bearer(&site, "harbour").await };
        let current = client.expect(status, "GET", "/bookings/room/101/current", None).await;
        assert_eq!(current["guest_name"] == "Cem", status == 200, "on the {day}th");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_requests_one_gets_the_room(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = client.room("101").await;
    for round in 0..100 {
        assert_eq!(rush(&client, &room, round).await, (1, 63), "round {round}");
    }
    let stays: i64 = sqlx::query_scalar("SELECT count(*) FROM stays").fetch_one(&pool).await.unwrap();
    assert_eq!(stays, 100);
}

/// The same without the guards: the race is real, so the test above proves something.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_constraints_several_requests_get_the_room(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    let room = client.room("101").await;
    for statement in [
        "ALTER TABLE stays DROP CONSTRAINT stays_room_taken",
        "ALTER TABLE room_type_nights DROP CONSTRAINT room_type_nights_sold_out",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let (booked, _) = rush(&client, &room, 0).await;
    assert!(booked > 1, "{booked}");
}

/// 64 requests for one room and one night; how many got it, and how many were told that it is taken.
async fn rush(client: &Client<'_>, room: &str, round: u64) -> (usize, usize) {
    let arrival = chrono::NaiveDate::from_ymd_opt(2026, 12, 1).unwrap() + chrono::Days::new(round);
    let bodies: Vec<_> = (0..64)
        .map(|desk| {
            json!({
                "room_id": room, "check_in_at": arrival, "expected_check_out_at": arrival + chrono::Days::new(1),
                "guest_name": format!("Guest {desk}"), "guest_gov_id": format!("G{desk}"),
            })
        })
        .collect();
    let answers = join_all(bodies.iter().map(|body| client.send("POST", "/bookings/", Some(body)))).await;
    let count = |status: StatusCode| answers.iter().filter(|answer| answer.status() == status).count();
    (count(StatusCode::CREATED), count(StatusCode::CONFLICT))
}

/// The answer that is kept is committed with the work: there is one exactly if the other is there.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn work_whose_answer_cannot_be_kept_is_not_done(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    client.room("101").await;
    let room_type: String =
        sqlx::query_scalar("SELECT id::text FROM room_types").fetch_one(&pool).await.unwrap();
    let body = json!({
        "room_type_id": room_type, "check_in_at": "2026-12-01", "expected_check_out_at": "2026-12-02",
        "guest_name": "Ada", "guest_gov_id": "A1",
    });
    let send = async || {
        let request = Request::post("/bookings/")
            .header("authorization", &client.bearer)
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1");
        client.site.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let bookings = async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM bookings").fetch_one(&pool).await.unwrap()
    };
    // As if the process died between the two.
    let refuse = "ALTER TABLE idempotency_keys ADD CONSTRAINT no_answer CHECK (status IS NULL)";
    sqlx::query(refuse).execute(&pool).await.unwrap();
    assert_eq!(send().await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(bookings().await, 0);
    sqlx::query("ALTER TABLE idempotency_keys DROP CONSTRAINT no_answer").execute(&pool).await.unwrap();
    let made = body_of(send().await).await;
    assert_eq!(made["room_id"], Value::Null, "{made}");
    assert_eq!(body_of(send().await).await, made);
    assert_eq!(bookings().await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn bad_bookings_name_the_field_and_leave_nothing(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client::of(&site, &owner(&site, "harbour").await);
    client.room("101").await;
    let with = |field: &str, value: Value| {
        let mut body = booking("101", 1, "Ada");
        body[field] = value;
        body
    };
    let cases = [
        (with("check_in_at", json!("soon")), 422, "check_in_at"),
        (with("check_in_at", json!("2026-12-02")), 400, ""),
        (with("check_in_at", json!("2026-11-01")), 422, "check_in_at"),
        (with("expected_check_out_at", json!("2028-12-01")), 422, "expected_check_out_at"),
        (with("num_guests", json!(9)), 422, "num_guests"),
        (with("num_guests", json!(0)), 422, "num_guests"),
        (with("guest_name", json!("x".repeat(10_000))), 422, "guest_name"),
        (with("guest_name", json!("nul\u{0}")), 422, "guest_name"),
        (with("guest_gov_id", json!("")), 400, ""),
        (with("total_amount", json!("1e9999")), 422, "total_amount"),
        (with("cash_amount", json!(-5)), 422, "cash_amount"),
        (with("customer_id", json!("12")), 422, "customer_id"),
        (with("room_id", json!("999")), 404, ""),
        (with("room_id", json!("01890000-0000-7000-8000-000000000000")), 404, ""),
    ];
    for (body, status, field) in cases {
        let problem = client.expect(status, "POST", "/bookings/", Some(body.clone())).await;
        if !field.is_empty() {
            assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
        }
    }
    let text = Request::post("/bookings/")
        .header("authorization", &client.bearer)
        .header("content-type", "text/plain");
    assert_eq!(
        site.send(text.body(Body::from("{}")).unwrap()).await.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let broken = Request::post("/bookings/")
        .header("authorization", &client.bearer)
        .header("content-type", "application/json");
    let answer = site.send(broken.body(Body::from("{")).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(body_of(answer).await["status"], 400);
    for table in ["SELECT count(*) FROM bookings", "SELECT count(*) FROM guests"] {
        let rows: i64 = sqlx::query_scalar(table).fetch_one(&pool).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_hotel_registers_signs_in_and_refreshes(pool: PgPool) {
    let site = Site::new(&pool);
    let client = Client { site: &site, bearer: String::new() };
    let room = |number: &str| json!({ "id": 1, "number": number, "type": "Single", "rate": 80.5, "x": 0, "y": 0, "width": 10, "height": 10 });
    let hotel = |email: &str, numbers: [&str; 2]| {
        json!({
            "hotelName": "Zum Löwen", "email": "hello@loewen.example", "phone": "1", "streetAddress": "Markt 1", "city": "Bonn",
            "state": "NRW", "zipCode": "53111", "country": "Germany", "ownerName": "Ola", "ownerEmail": email,
            "password": "a long sentence", "floors": [{ "id": 1, "name": "Ground", "rooms": [room(numbers[0]), room(numbers[1])] }],
            "receiptSettings": { "headerText": "Danke" },
        })
    };
    let twice =
        client.expect(400, "POST", "/auth/register", Some(hotel("ola@loewen.example", ["1", "1"]))).await;
    assert_eq!(twice["detail"], "Duplicate room number found in layout: 1");
    let made =
        client.expect(200, "POST", "/auth/register", Some(hotel("ola@loewen.example", ["1", "2"]))).await;
    assert_eq!(made["status"], "success");
    let known =
        client.expect(400, "POST", "/auth/register", Some(hotel("ola@loewen.example", ["1", "2"]))).await;
    assert_eq!(known["detail"], "User with this email already exists");
    assert_eq!(known["errors"][0]["field"], "ownerEmail");
    let mut nowhere = hotel("nils@loewen.example", ["1", "2"]);
    nowhere["hotelName"] = json!("");
    let refused = client.expect(422, "POST", "/auth/register", Some(nowhere)).await;
    assert_eq!(refused["errors"][0]["field"], "hotelName");
    // Postgres has no place for a NUL.
    let mut nul = hotel("nils@loewen.example", ["1", "2"]);
    nul["receiptSettings"]["headerText"] = json!("a\u{0}");
    let refused = client.expect(422, "POST", "/auth/register", Some(nul)).await;
    assert_eq!(refused["errors"][0]["field"], "receiptSettings");
    let mut nul = hotel("nils@loewen.example", ["1", "2"]);
    nul["floors"][0]["id"] = json!("a\u{0}");
    let refused = client.expect(422, "POST", "/auth/register", Some(nul)).await;
    assert_eq!(refused["errors"][0]["field"], "floors");

    let sign_in = async |path: &str, password: &str| {
        let form = format!("username=ola%40loewen.example&password={}", password.replace(' ', "+"));
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        site.send(request.body(Body::from(form)).unwrap()).await
    };
    let refused = sign_in("/auth/login", "wrong").await;
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    assert_eq!(body_of(refused).await["detail"], "Incorrect username or password");
    let tokens = body_of(sign_in("/auth/token", "a long sentence").await).await;
    assert_eq!((tokens["token_type"].as_str(), &tokens["hotel_id"]), (Some("bearer"), &made["hotel_id"]));
    let own = Client { site: &site, bearer: format!("Bearer {}", tokens["access_token"].as_str().unwrap()) };
    let rooms = own.expect(200, "GET", "/rooms/", None).await;
    assert_eq!((rooms.as_array().unwrap().len(), rooms[0]["rate"].as_str()), (2, Some("80.50")));
    let address =
        own.expect(200, "GET", &format!("/hotel/{}", made["hotel_id"].as_str().unwrap()), None).await;
    assert_eq!(address["address"], "Markt 1, Bonn, NRW 53111, Germany");
    own.expect(200, "GET", "/users/me", None).await;
    let colleague = json!({ "username": "nils", "password": "a long sentence", "full_name": "Nils" });
    own.expect(201, "POST", "/users/", Some(colleague.clone())).await;
    own.expect(409, "POST", "/users/", Some(colleague)).await;

    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    client.expect(200, "POST", "/auth/refresh", Some(refresh.clone())).await;
    client.expect(401, "POST", "/auth/refresh", Some(refresh)).await;
    let forgot = client
        .expect(200, "POST", "/auth/forgot-password", Some(json!({ "email": "nobody@x.example" })))
        .await;
    assert_eq!(forgot["message"], "If email exists, reset link sent");
    let reset = json!({ "token": "x", "new_password": "another sentence" });
    assert_eq!(
        client.expect(400, "POST", "/auth/reset-password", Some(reset)).await["detail"],
        "Invalid token"
    );
}
