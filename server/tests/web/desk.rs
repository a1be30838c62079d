use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{HOME, Person, Site, assert_redirect, cookie, form, header, owner, text};

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

/// What a page gets over the wire, it can read: a field that is there twice cannot be.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_browser_can_read_what_it_is_told_of_a_booking(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let client = crate::rest::Client::of(&site, &ada);
    let room = client.room("ada-1").await;
    let booked = client.expect(201, "POST", "/bookings/", Some(crate::rest::booking(&room, 1, "Zoe"))).await;
    let id = booked["booking_id"].as_str().unwrap_or_else(|| panic!("{booked}")).to_owned();
    let body = Box::leak(format!("id={id}").into_boxed_str());
    let told = text(call(&site, &ada, "/actions/stay", body).await).await;
    let (details, ..): (domain::booking::StayDetails, Vec<domain::room::Room>, chrono::NaiveDate) =
        serde_json::from_str(&told).unwrap();
    assert_eq!(details.row.id.to_string(), id);
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

/// What a form on `page` comes back to when it is refused.
async fn page_after(site: &Site, ada: &Person, action: &str, page: &str, body: &str) -> String {
    let refused = site.post_form(action, page, &ada.cookie, body).await;
    assert_redirect(&refused, page);
    let cookies = format!("{}; {}", ada.cookie, cookie(&refused, "flash").unwrap());
    text(site.get(page, &cookies).await).await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_button_that_did_nothing_says_so_where_it_was(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let id = "01890000-0000-7000-8000-000000000000";
    let cases = [
        ("/actions/act-on-stay", "/desk", format!("act=check_in.{id}&in_list=1")),
        ("/actions/act-on-stay", "/desk", format!("act=undo_check_in.{id}")),
        ("/actions/act-on-stay", "/desk/rooms", format!("act=reinstate.{id}")),
        ("/actions/choose-hotel", "/desk/guests", format!("hotel_id={id}")),
        ("/actions/reopen-room", "/desk/settings", format!("id={id}")),
        ("/actions/remove-room", "/desk/settings", format!("id={id}")),
        ("/actions/end-session", "/desk/profile", format!("session_id={id}")),
        ("/actions/activate-staff", "/desk/staff", format!("user_id={id}")),
    ];
    for (action, page, body) in cases {
        let html = page_after(&site, &ada, action, page, &body).await;
        assert_eq!(html.matches("This was not done. ").count(), 1, "{action} {body}");
        let again = text(site.get(page, &ada.cookie).await).await;
        assert!(!again.contains("This was not done. "), "{action} {body}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_refused_about_one_guest_is_not_in_the_form_of_another(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let add = async |name: &str| {
        let body = format!("id=&form[first_name]={name}");
        let added = site.post_form("/actions/save-guest", "/desk/guests/new", &ada.cookie, &body).await;
        header(&added, "location").to_owned()
    };
    let (first, second) = (add("First").await, add("Second").await);
    let id = first.rsplit('/').next().unwrap();
    let body = format!("id={id}&form[first_name]=Changed&form[phone]=call+me");
    let refused = site.post_form("/actions/save-guest", &first, &ada.cookie, &body).await;
    let cookies = format!("{}; {}", ada.cookie, cookie(&refused, "flash").unwrap());
    let other = text(site.get(&second, &cookies).await).await;
    assert!(other.contains("value=\"Second\"") && !other.contains("Changed") && !other.contains("call me"));
    let own = text(site.get(&first, &cookies).await).await;
    assert!(own.contains("value=\"Changed\"") && own.contains("value=\"call me\""));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_rail_stays_as_narrow_as_it_was_made(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let slim = site.post_form("/actions/choose-rail", "/desk/rooms", &ada.cookie, "size=slim").await;
    assert_redirect(&slim, "/desk/rooms");
    let cookies = format!("{}; {}", ada.cookie, cookie(&slim, "rail").unwrap());
    assert!(text(site.get("/desk", &cookies).await).await.contains("data-rail=\"slim\""));
    assert!(!text(site.get("/desk", &ada.cookie).await).await.contains("data-rail=\"slim\""));
}

#[test]
fn a_search_keeps_every_sign_from_page_to_page() {
    let pairs = [("text", "a+b & c#1 50%"), ("status", ""), ("before", "x")];
    assert_eq!(
        app::routes::with_query("/desk/bookings", &pairs),
        "/desk/bookings?text=a%2Bb%20%26%20c%231%2050%25&before=x"
    );
}

#[test]
fn the_history_says_what_changed() {
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let entry = domain::booking::HistoryEntry {
        action: "stay.changed".to_owned(),
        by: None,
        at: "2026-11-20T12:00:00Z".parse().unwrap(),
        facts: vec![
            fact("arrival", "2026-11-20"),
            fact("arrival_before", "2026-11-20"),
            fact("departure", "2026-11-23"),
            fact("departure_before", "2026-11-22"),
            fact("room", "12"),
            fact("room_changed", "false"),
            fact("total_minor", "36000"),
        ],
    };
    let today = "2026-11-20".parse().unwrap();
    let euro = "EUR".parse().unwrap();
    let words = app::shared::show::facts(&entry, today, Some(euro));
    assert_eq!(words, "Fri 20 → Mon 23 Nov, before Fri 20 → Sun 22 Nov; room 12; total €\u{a0}360.00");
    let without = app::shared::show::facts(&entry, today, None);
    assert_eq!(without, "Fri 20 → Mon 23 Nov, before Fri 20 → Sun 22 Nov; room 12");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn housekeeping_is_offered_no_booking_and_an_owner_every_place(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let body = "form[full_name]=Hana&form[username]=hana&form[email]=&form[role]=housekeeping\
                &form[password]=correct+horse+battery";
    assert_redirect(
        &site.post_form("/actions/create-staff", "/desk/staff", &ada.cookie, body).await,
        "/desk/staff",
    );
    let sign_in = "login=hana&password=correct+horse+battery&next=";
    let signed_in = site.post_form("/actions/sign-in", "/sign-in", "", sign_in).await;
    let hana = cookie(&signed_in, "keyrack_session").unwrap();
    let hers = text(site.get("/desk", &hana).await).await;
    assert!(hers.contains("href=\"/desk/rooms\"") && !hers.contains("href=\"/desk/bookings/new\""));
    // In the rail, among the commands, and in the menu, which is all that a phone shows of them.
    let own = text(site.get("/desk", &ada.cookie).await).await;
    for place in ["/desk/guests", "/desk/staff", "/desk/settings", "/desk/audit"] {
        assert!(own.matches(&format!("href=\"{place}\"")).count() >= 3, "{place}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn every_desk_says_what_the_self_audit_found_and_when(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    sqlx::query(
        "INSERT INTO self_audits (organisation_id, hotel_id, conflicts, checked_at)
         SELECT organisation_id, id, 2, '2026-11-20T11:58:00Z' FROM hotels",
    )
    .execute(&pool)
    .await
    .unwrap();
    let html = text(site.get("/desk", &ada.cookie).await).await;
    assert!(html.contains("audit-alarm") && html.contains("2 conflicts, checked 11:58"));
    assert!(html.contains("All stays were checked at Fri 20 Nov 2026, 11:58"));
}

/// What a field of a page holds.
fn value_of(page: &str, name: &str) -> String {
    let (_, field) = page.split_once(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{page}"));
    let (_, value) = field.split_once("value=\"").unwrap();
    let (value, _) = value.split_once('"').unwrap();
    value.replace("&quot;", "\"").replace("&amp;", "&")
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_is_refused_undoes_nothing_when_they_send_it_again(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let client = crate::rest::Client::of(&site, &ada);
    let made = json!({ "first_name": "Zoe", "phone": "+44 20 1" });
    let made = client.expect(201, "POST", "/guests", Some(made)).await;
    let id = made["customer_id"].as_str().unwrap().to_owned();
    let page = format!("/desk/guests/{id}");
    let first = value_of(&text(site.get(&page, &ada.cookie).await).await, "shown");
    let save = async |shown: &str, phone: &str, email: &str| {
        let fields = [
            ("id", id.as_str()),
            ("shown", shown),
            ("form[first_name]", "Zoe"),
            ("form[phone]", phone),
            ("form[email]", email),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let refused = site.post_form("/actions/save-guest", &page, &ada.cookie, &body).await;
        let cookies = format!("{}; {}", ada.cookie, cookie(&refused, "flash").unwrap_or_default());
        text(site.get(&page, &cookies).await).await
    };

    // A colleague writes another number while a mistake is corrected elsewhere: theirs stays.
    let change = json!({ "phone": "+44 20 2" });
    client.expect(200, "PATCH", &format!("/guests/{id}"), Some(change)).await;
    let refused = save(&first, "+44 20 1", "zoe").await;
    assert!(refused.contains("does not look like an e-mail address"));
    let phone = |shown: &str| serde_json::from_str::<serde_json::Value>(shown).unwrap()["phone"].clone();
    assert_eq!(
        (phone(&value_of(&refused, "shown")), value_of(&refused, "form[phone]")),
        (json!("+44 20 2"), "+44 20 2".into())
    );
    save(&first, "+44 20 1", "zoe@hotel.example").await;
    let known = client.expect(200, "GET", &format!("/guests/{id}"), None).await;
    assert_eq!((&known["phone"], &known["email"]), (&json!("+44 20 2"), &json!("zoe@hotel.example")));

    // Who typed another number is told of it, and sends theirs again.
    let told = save(&first, "+44 20 3", "zoe@hotel.example").await;
    assert!(told.contains("A colleague changed this to “+44 20 2” in the meantime."), "{told}");
    let seen = value_of(&told, "shown");
    assert_eq!((phone(&seen), value_of(&told, "form[phone]")), (json!("+44 20 2"), "+44 20 3".into()));
    save(&seen, "+44 20 3", "zoe@hotel.example").await;
    let known = client.expect(200, "GET", &format!("/guests/{id}"), None).await;
    assert_eq!(known["phone"], "+44 20 3");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_was_typed_of_a_stay_is_kept_although_the_guest_is_back_in_the_house(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let client = crate::rest::Client::of(&site, &ada);
    let room = client.room("ada-1").await;
    let booked = client.expect(201, "POST", "/bookings/", Some(crate::rest::booking(&room, 1, "Zoe"))).await;
    let id = booked["booking_id"].as_str().unwrap();
    let page = format!("/desk/bookings/{id}");
    let body = format!("id={id}&form[rating]=4&form[feedback]=Left+a+scarf");
    let refused = site.post_form("/actions/change-feedback", &page, &ada.cookie, &body).await;
    let cookies = format!("{}; {}", ada.cookie, cookie(&refused, "flash").unwrap());
    let shown = text(site.get(&page, &cookies).await).await;
    assert!(
        shown.contains("How a stay went is noted when the guest has left.") && shown.contains("Left a scarf")
    );
    assert!(!text(site.get(&page, &ada.cookie).await).await.contains("Note how the stay went"));
}
