use app::error::AppError;
use axum::body::Body;
use http::StatusCode;
use http::header::LOCATION;
use leptos::prelude::*;
use sqlx::PgPool;

use crate::rest::{Client, booking};
use crate::support::{HOME, Site, assert_redirect, cookie, form, header, owner, page, text};

/// Refuses the text `bad`; leads to `/noted` and says `noted` otherwise.
#[server(prefix = "/actions")]
async fn note(text: String, #[server(default)] password: String) -> Result<(), AppError> {
    let _ = password;
    if text == "bad" {
        return Err(AppError::SignInRequired);
    }
    COUNT.lock().unwrap().push(text);
    let response = expect_context::<leptos_axum::ResponseOptions>();
    response.append_header(http::header::SET_COOKIE, "notice=noted; Path=/; HttpOnly".parse().unwrap());
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    leptos_axum::redirect("/noted");
    Ok(())
}

/// What was noted, of all tests.
static COUNT: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

fn noted(text: &str) -> usize {
    COUNT.lock().unwrap().iter().filter(|noted| *noted == text).count()
}

/// Where it is posted to.
pub const ACTION: &str = <Note as leptos::server_fn::ServerFn>::PATH;

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refused_form_is_shown_again_with_what_was_typed_once(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site
        .post_form(ACTION, "/sign-in?next=%2Fdesk", "", "text=bad&extra=caf%C3%A9&password=hunter2")
        .await;
    // Nothing of the refusal is in the address.
    assert_redirect(&response, "/sign-in?next=%2Fdesk");
    let flash = cookie(&response, "flash").unwrap();
    assert!(header(&response, "set-cookie").contains("HttpOnly; SameSite=Lax"));
    let kept: String =
        sqlx::query_scalar("SELECT content::text FROM form_flashes").fetch_one(&pool).await.unwrap();
    assert!(kept.contains("café") && kept.contains(ACTION) && !kept.contains("hunter2"), "{kept}");

    // A file or a script's request in between takes nothing away.
    site.get("/icons.svg", &flash).await;
    let shown = site.get("/sign-in?next=%2Fdesk", &flash).await;
    assert_eq!(cookie(&shown, "flash").unwrap(), "flash=");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM form_flashes").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0, "it is shown once");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refusal_waits_for_the_page_its_form_was_on(pool: PgPool) {
    let site = Site::new(&pool);
    let flash =
        cookie(&site.post_form(ACTION, "/sign-in?next=%2Fdesk", "", "text=bad").await, "flash").unwrap();
    // Opened in another tab meanwhile.
    let other = site.get("/register", &flash).await;
    assert_eq!(cookie(&other, "flash"), None);
    let own = site.get("/sign-in?next=%2Fdesk", &flash).await;
    assert_eq!(cookie(&own, "flash").unwrap(), "flash=");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_flash_is_forgotten_after_five_minutes(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.post_form(ACTION, "/sign-in", "", "text=bad").await;
    let flash = cookie(&response, "flash").unwrap();
    site.clock.advance(chrono::TimeDelta::minutes(6));
    site.get("/sign-in", &flash).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM form_flashes").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 1, "an old one is not handed out; housekeeping deletes it");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refusal_never_leads_to_another_site(pool: PgPool) {
    let site = Site::new(&pool);
    let mut request = form(ACTION, "/", "").body("text=bad".into()).unwrap();
    request.headers_mut().insert("referer", "https://evil.example/sign-in".parse().unwrap());
    assert_redirect(&site.send(request).await, "/");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_carried_out_form_leads_on_with_a_notice_shown_once(pool: PgPool) {
    let site = Site::new(&pool);
    let response = site.post_form(ACTION, "/sign-in", "", "text=notice").await;
    assert_redirect(&response, "/noted");
    let notice = cookie(&response, "notice").unwrap();
    let shown = site.get("/sign-in", &notice).await;
    assert_eq!(cookie(&shown, "notice").unwrap(), "notice=");
    // Nobody puts words of their own on our pages.
    let made_up = site.get("/sign-in", "notice=%3Cscript%3E").await;
    assert!(!text(made_up).await.contains("script%3E"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_clicks_without_a_token_are_two_deeds(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let post = || site.post_form(ACTION, "/", &ada.cookie, "text=unguarded");
    let _ = tokio::join!(post(), post());
    assert_eq!(noted("unguarded"), 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_clicks_with_a_token_are_one_deed_with_the_same_answer(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let post = |text: &str| {
        let body = format!("text={text}&form_token=0192-once-only");
        let (site, ada) = (&site, &ada);
        async move { site.post_form(ACTION, "/", &ada.cookie, &body).await }
    };
    let (first, second) = tokio::join!(post("once"), post("once"));
    let third = post("once").await;
    for response in [&first, &second, &third] {
        assert_redirect(response, "/noted");
        assert!(cookie(response, "notice").is_some());
    }
    assert_eq!(noted("once"), 1);
    // Somebody who goes back and types something else means it.
    assert_redirect(&post("twice").await, "/noted");
    assert_eq!(noted("twice"), 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refused_form_may_be_sent_again_with_its_token(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    for _ in 0..2 {
        let response = site.post_form(ACTION, "/desk", &ada.cookie, "text=bad&form_token=0192-refused").await;
        assert_redirect(&response, "/desk");
        assert!(cookie(&response, "flash").is_some());
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_deed_is_done_when_the_browser_gives_up_on_the_first_click(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let body = "text=given-up&form_token=0192-given-up";
    let begun = async {
        while noted("given-up") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = site.post_form(ACTION, "/", &ada.cookie, body) => panic!("{answer:?}"),
        () = begun => {}
    }
    let second = site.post_form(ACTION, "/", &ada.cookie, body).await;
    assert_redirect(&second, "/noted");
    assert_eq!(noted("given-up"), 1);
}

/// Nobody is signed in yet, so the form's token is nobody's; the account that the first click made tells the second.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_clicks_make_one_account_and_both_lead_on_signed_in(pool: PgPool) {
    let site = Site::new(&pool);
    let hotel = "form[hotel_name]=Twice+Inn&form[currency]=EUR&form[time_zone]=UTC&form[rooms]=G;1-2;Single;80\
        &form[owner_name]=Ada&form[owner_email]=twice@hotel.example&form[password]=HarbourDesk1!";
    let customer = "email=twice@customer.example&password=TestPass123@";
    for (action, page, body, to) in [
        ("/actions/register", "/register", hotel, "/desk"),
        ("/actions/sign-up", "/sign-up", customer, "/account/plans"),
    ] {
        let body = format!("{body}&form_token=0192-twice-{}", page.len());
        let post = || site.post_form(action, page, "", &body);
        let (first, second) = tokio::join!(post(), post());
        for response in [first, second, post().await] {
            assert_redirect(&response, to);
            let session = response.headers().get_all("set-cookie").iter();
            assert!(session.map(|value| value.to_str().unwrap()).any(|value| value.contains("keyrack")));
        }
    }
    let accounts = "SELECT count(*) FROM users WHERE email LIKE 'twice@%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(accounts).fetch_one(&pool).await.unwrap(), 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_must_choose_another_room_need_not_type_the_guest_again(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    let client = Client::of(&site, &ada);
    let (taken, free) = (client.room("1").await, client.room("2").await);
    client.expect(201, "POST", "/bookings/", Some(booking(&taken, 1, "Zoe"))).await;
    let step = |room: &str| {
        format!("/desk/bookings/new?arrival=2026-12-01&departure=2026-12-02&party=1&room={room}&guest=")
    };
    let post = async |room: &str, cookies: &str| {
        let body = format!(
            "form[room_id]={room}&form[arrival]=2026-12-01&form[departure]=2026-12-02&form[party]=1&form[guest_id]=\
             &form[first_name]=Bartholomew&form[phone]=%2B353+1+234"
        );
        site.post_form("/actions/book", &step(room), cookies, &body).await
    };
    let refused = post(&taken, &ada.cookie).await;
    let cookies = format!("{}; {}", ada.cookie, cookie(&refused, "flash").unwrap());
    let come = async |to: &str, from: &str| {
        let request = page(to, &cookies).header("referer", format!("http://{HOME}{from}"));
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        (cookie(&answer, "flash"), text(answer).await)
    };
    let (why, typed) = ("The room has been booked for one of these nights", "value=\"Bartholomew\"");
    let (spent, html) = come(&step(&taken), &step(&taken)).await;
    assert!(html.contains(typed) && html.contains(why), "{html}");
    assert_eq!(spent, None);
    // Other nights, then another room, of which nothing is said that is not true.
    for (to, from) in [(step(""), step(&taken)), (step(&free), step(""))] {
        let (spent, html) = come(&to, &from).await;
        assert!(!html.contains(why) && spent.is_none(), "{html}");
        assert_eq!(html.contains(typed), to == step(&free));
    }
    let booked = post(&free, &cookies).await;
    assert!(header(&booked, "location").starts_with("/desk/bookings/"), "{booked:?}");
    assert_eq!(cookie(&booked, "flash").as_deref(), Some("flash="));
    // Whoever begins anew has another guest before them.
    let (spent, html) = come(&step(&free), "/desk").await;
    assert!(!html.contains("Bartholomew"));
    assert_eq!(spent.as_deref(), Some("flash="));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_scripts_request_is_left_alone(pool: PgPool) {
    let site = Site::new(&pool);
    let mut request = form(ACTION, "/desk", "").body("text=bad".into()).unwrap();
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let response = site.send(request).await;
    assert!(response.headers().get(LOCATION).is_none());
    assert_ne!(response.status(), StatusCode::SEE_OTHER);
    let error: AppError = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(error, AppError::SignInRequired);
}
