//! Spreads of tarot cards through the whole router (spec 5.12): what is drawn, charged, limited, and whose it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use futures::future::join_all;
use http::StatusCode;
use plugin_taro::chance::FixedChance;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::model::{Behaviour, Model, balance, id_of, tokens};
use crate::rest::Client;
use crate::support::{Site, text};
use crate::v1::{admin, ids, shop, signed_in, signed_up};
use crate::v1_admin::NOTHING;

const TARO: &str = "/api/v1/taro";
const SESSION: &str = "/api/v1/taro/session";

/// A shop whose plug-in is on.
async fn taro(pool: &PgPool) -> Site {
    let site = shop(pool).await;
    switch_on(&site).await;
    site
}

async fn switch_on(site: &Site) {
    admin(site).await.expect(200, "POST", "/api/v1/admin/plugins/taro/enable", None).await;
}

/// Begins a session: its path.
async fn begun(client: &Client<'_>) -> String {
    let begun = client.expect(201, "POST", SESSION, None).await;
    format!("{SESSION}/{}", begun["session"]["id"].as_str().unwrap())
}

fn kind(kind: &str) -> Value {
    json!({ "type": kind })
}

fn cards(value: &Value) -> BTreeSet<String> {
    let cards = value.as_array().unwrap().iter();
    cards.map(|it| it["card"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn it_is_not_there_until_it_is_on(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let nobody = Client { site: &site, bearer: String::new() };
    let some = format!("{SESSION}/{NOTHING}");
    for (method, path) in [
        ("POST", SESSION.to_owned()),
        ("GET", some.clone()),
        ("POST", format!("{some}/follow-up")),
        ("POST", format!("{some}/follow-up-question")),
        ("POST", format!("{some}/situation")),
        ("POST", format!("{some}/card-explanation")),
        ("GET", format!("{TARO}/history")),
        ("GET", format!("{TARO}/limits")),
    ] {
        let body = (method == "POST").then(|| json!({}));
        nobody.expect(401, method, &path, body.clone()).await;
        assert_eq!(ada.expect(404, method, &path, body).await["error"], "Plugin not enabled", "{path}");
    }
    let path = "/api/v1/admin/taro/prompts";
    ada.expect(403, "GET", path, None).await;
    assert_eq!(admin.expect(404, "GET", path, None).await["error"], "Plugin not enabled");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_session_is_three_cards_for_ten_tokens(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let poor = ada.expect(402, "POST", SESSION, None).await;
    assert_eq!(poor["error"], "Insufficient token balance: 10 needed, 0 available");
    assert_eq!(poor["balance"], 0);
    tokens(&admin, &ada, 25).await;
    let begun = ada.expect(201, "POST", &format!("{SESSION}/"), None).await;
    assert_eq!((&begun["tokens_used"], &begun["balance"]), (&json!(10), &json!(15)));
    let session = &begun["session"];
    let positions: Vec<_> =
        session["cards"].as_array().unwrap().iter().map(|it| it["position"].clone()).collect();
    assert_eq!(json!(positions), json!(["PAST", "PRESENT", "FUTURE"]));
    assert_eq!(cards(&session["cards"]).len(), 3);
    for card in session["cards"].as_array().unwrap() {
        assert!(["UPRIGHT", "REVERSED"].contains(&card["orientation"].as_str().unwrap()));
        assert!(card["name"].is_string() && card["meaning"].as_str().is_some_and(|it| !it.is_empty()));
    }
    assert_eq!((&session["status"], &session["seconds_left"]), (&json!("ACTIVE"), &json!(1_800)));
    let entries = ada.expect(200, "GET", "/api/v1/user/tokens/transactions", None).await;
    let entry = &entries["transactions"][0];
    assert_eq!(
        (&entry["amount"], &entry["type"], &entry["description"], &entry["reference_id"]),
        (&json!(-10), &json!("USAGE"), &json!("Taro: a session"), &session["id"])
    );
    let limits = ada.expect(200, "GET", &format!("{TARO}/limits"), None).await;
    let expected = json!({
        "daily_limit": 3, "used_today": 1, "remaining_today": 2, "resets_at": "2026-11-21T00:00:00.000000", "max_follow_ups": 3,
        "session_cost": 10, "follow_up_cost": 15, "max_question_length": 1_000, "balance": 15, "can_begin": true,
    });
    assert_eq!(limits, expected);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn chance_that_is_the_same_draws_the_same(pool: PgPool) {
    let site = taro(&pool).await;
    let state = site.state.with_chance(Arc::new(FixedChance(7)));
    let site = Site { router: server::web::router(state.clone()), state, clock: site.clock };
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    let one = ada.expect(201, "POST", SESSION, None).await;
    let two = ada.expect(201, "POST", SESSION, None).await;
    assert_eq!(one["session"]["cards"], two["session"]["cards"]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_session_warns_and_then_it_is_over(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    let path = begun(&ada).await;
    site.clock.advance(TimeDelta::minutes(26));
    let session = ada.expect(200, "GET", &path, None).await["session"].clone();
    assert_eq!((&session["is_expiring"], session.get("warning")), (&json!(false), None));
    site.clock.advance(TimeDelta::minutes(1));
    let session = ada.expect(200, "GET", &path, None).await["session"].clone();
    assert_eq!((&session["is_expiring"], &session["seconds_left"]), (&json!(true), &json!(180)));
    assert_eq!(session["warning"], "The session ends within three minutes");
    site.clock.advance(TimeDelta::seconds(179));
    ada.expect(200, "POST", &format!("{path}/follow-up"), Some(kind("ADDITIONAL"))).await;
    site.clock.advance(TimeDelta::seconds(1));
    let (ada, _) = signed_in(&site, "ada@customer.example", "TestPass123@").await;
    for (action, body) in [
        ("follow-up", json!({ "type": "ADDITIONAL" })),
        ("follow-up-question", json!({ "question": "Why?" })),
        ("situation", json!({ "situation_text": "Lost." })),
        ("card-explanation", json!({ "card": "the-fool" })),
    ] {
        let over = ada.expect(410, "POST", &format!("{path}/{action}"), Some(body)).await;
        assert_eq!(over["error"], "Session expired", "{action}");
    }
    assert_eq!(balance(&ada).await, 75);
    let session = ada.expect(200, "GET", &path, None).await["session"].clone();
    assert_eq!((&session["status"], &session["seconds_left"]), (&json!("EXPIRED"), &json!(0)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_day_has_three_sessions_or_as_many_as_the_plan_gives(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 1_000).await;
    for _ in 0..3 {
        begun(&ada).await;
    }
    let refused = ada.expect(402, "POST", SESSION, None).await;
    assert_eq!(refused["error"], "Daily taro limit reached");
    assert_eq!(balance(&ada).await, 970);

    // The admin may let somebody begin anew.
    let id = id_of(&ada).await;
    let reset = format!("/api/v1/admin/taro/users/{id}/reset");
    ada.expect(403, "POST", &reset, None).await;
    let answer = admin.expect(200, "POST", &reset, None).await;
    assert_eq!(answer, json!({ "message": "Daily limit reset", "sessions_reset": 3 }));
    assert_eq!(admin.expect(200, "POST", &reset, None).await["sessions_reset"], 0);
    admin.expect(404, "POST", &format!("/api/v1/admin/taro/users/{NOTHING}/reset"), None).await;
    admin.expect(400, "POST", "/api/v1/admin/taro/users/ada/reset", None).await;
    begun(&ada).await;

    // A plan gives more, and a new day begins anew.
    let (plan, ..) = ids(&ada).await;
    let features = json!({ "features": { "daily_taro_limit": 5, "max_taro_follow_ups": 1 } });
    admin.expect(200, "PUT", &format!("/api/v1/admin/tarif-plans/{plan}"), Some(features)).await;
    let subscription = json!({ "user_id": id, "plan_id": plan, "status": "active" });
    admin.expect(201, "POST", "/api/v1/admin/subscriptions", Some(subscription)).await;
    let limits = async || {
        let limits = ada.expect(200, "GET", &format!("{TARO}/limits"), None).await;
        json!([limits["daily_limit"], limits["used_today"], limits["max_follow_ups"]])
    };
    assert_eq!(limits().await, json!([5, 1, 1]));
    let path = begun(&ada).await;
    ada.expect(200, "POST", &format!("{path}/follow-up"), Some(kind("NEW_SPREAD"))).await;
    ada.expect(402, "POST", &format!("{path}/follow-up"), Some(kind("NEW_SPREAD"))).await;
    for _ in 0..3 {
        begun(&ada).await;
    }
    ada.expect(402, "POST", SESSION, None).await;
    site.clock.advance(TimeDelta::hours(12));
    let (ada, _) = signed_in(&site, "ada@customer.example", "TestPass123@").await;
    begun(&ada).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_16_sessions_at_once_three_begin(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 1_000).await;
    let begun = async || {
        let answers = join_all((0..16).map(|_| ada.send("POST", SESSION, None))).await;
        let mut begun = 0;
        for answer in answers {
            match answer.status() {
                StatusCode::CREATED => begun += 1,
                status => assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{}", text(answer).await),
            }
        }
        begun
    };
    let rows = async |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap()
    };
    assert_eq!(begun().await, 3);
    assert_eq!((balance(&ada).await, rows("taro_sessions").await), (970, 3));
    // Where the tokens are what is short, they decide.
    tokens(&admin, &ada, 25).await;
    admin.expect(200, "POST", &format!("/api/v1/admin/taro/users/{}/reset", id_of(&ada).await), None).await;
    assert_eq!(begun().await, 2);
    assert_eq!((balance(&ada).await, rows("taro_sessions").await), (5, 5));
    let used: i32 = sqlx::query_scalar("SELECT sessions FROM taro_days").fetch_one(&pool).await.unwrap();
    assert_eq!(used, 2, "what was refused is not counted");
}

/// The same where the day's count forgets: all begin, so it is the count that holds them.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_count_of_the_day_all_16_begin(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 1_000).await;
    for statement in [
        "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN NEW.sessions := 0; RETURN NEW; END'",
        "CREATE TRIGGER forget BEFORE INSERT OR UPDATE ON taro_days FOR EACH ROW EXECUTE FUNCTION forget()",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let answers = join_all((0..16).map(|_| ada.send("POST", SESSION, None))).await;
    let begun = answers.iter().filter(|answer| answer.status() == StatusCode::CREATED).count();
    assert_eq!(begun, 16);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn follow_ups_draw_cards_that_are_not_on_the_table(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 54).await;
    let path = begun(&ada).await;
    let follow_up = format!("{path}/follow-up");
    for (body, why) in [
        (json!({}), "type must be SAME_CARDS, ADDITIONAL or NEW_SPREAD"),
        (json!({ "type": "MORE" }), "type must be SAME_CARDS, ADDITIONAL or NEW_SPREAD"),
        (json!({ "type": "SAME_CARDS" }), "question is required with the same cards"),
        (
            json!({ "type": "ADDITIONAL", "question": "x".repeat(1_001) }),
            "question must be at most 1000 characters long",
        ),
    ] {
        assert_eq!(ada.expect(400, "POST", &follow_up, Some(body)).await["error"], why);
    }
    // A question needs a model, and there is none here.
    let question = json!({ "type": "ADDITIONAL", "question": "Why?" });
    let refused = ada.expect(503, "POST", &follow_up, Some(question)).await;
    assert_eq!(refused["error"], "Taro readings are not configured");
    let more = ada.expect(200, "POST", &follow_up, Some(kind("additional"))).await;
    assert_eq!(
        (&more["tokens_used"], &more["balance"], &more["answer"]),
        (&json!(15), &json!(29), &Value::Null)
    );
    assert_eq!(more["follow_up"]["cards"][0]["position"], "ADDITIONAL");
    let shown = ada.expect(200, "GET", &path, None).await;
    assert_eq!((cards(&shown["table"]).len(), &shown["follow_ups_left"]), (4, &json!(2)));
    let body = json!({ "follow_up_type": "NEW_SPREAD" });
    let new = ada.expect(200, "POST", &follow_up, Some(body)).await;
    let shown = ada.expect(200, "GET", &path, None).await;
    assert_eq!(cards(&shown["table"]), cards(&new["follow_up"]["cards"]));
    assert_eq!(cards(&shown["session"]["cards"]).len(), 3);
    let poor = ada.expect(402, "POST", &follow_up, Some(kind("ADDITIONAL"))).await;
    assert_eq!(poor["error"], "Insufficient token balance: 15 needed, 14 available");
    tokens(&admin, &ada, 100).await;
    ada.expect(200, "POST", &follow_up, Some(kind("ADDITIONAL"))).await;
    let refused = ada.expect(402, "POST", &follow_up, Some(kind("ADDITIONAL"))).await;
    assert_eq!(refused["error"], "Maximum follow-ups reached");
    assert_eq!(balance(&ada).await, 85);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn follow_ups_at_once_are_no_more_than_allowed_and_draw_no_card_twice(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 1_000).await;
    let path = begun(&ada).await;
    let (follow_up, body) = (format!("{path}/follow-up"), Some(kind("ADDITIONAL")));
    let mut made = 0;
    for _ in 0..4 {
        for answer in join_all((0..16).map(|_| ada.send("POST", &follow_up, body.as_ref()))).await {
            match answer.status() {
                StatusCode::OK => made += 1,
                StatusCode::CONFLICT | StatusCode::PAYMENT_REQUIRED => {}
                status => panic!("{status} {}", text(answer).await),
            }
        }
    }
    assert_eq!((made, balance(&ada).await), (3, 1_000 - 10 - 3 * 15));
    let shown = ada.expect(200, "GET", &path, None).await;
    assert_eq!(cards(&shown["table"]).len(), 6);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_model_is_told_the_cards_and_what_somebody_asks(pool: PgPool) {
    let model = Model::new(Behaviour::Says("All will be well.".to_owned())).await;
    let site = model.asked_by(taro(&pool).await);
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    let begun = ada.expect(201, "POST", SESSION, None).await["session"].clone();
    let path = format!("{SESSION}/{}", begun["id"].as_str().unwrap());
    let told = || {
        let asked = model.asked().remove(0);
        let text = |index: usize| asked["messages"][index]["content"].as_str().unwrap().to_owned();
        (text(0), text(1))
    };
    let body = json!({ "situation_text": "A new job." });
    let answer = ada.expect(200, "POST", &format!("{path}/situation"), Some(body)).await;
    assert_eq!(answer, json!({ "interpretation": "All will be well." }));
    let (_, asked) = told();
    assert!(asked.ends_with("Situation:\nA new job.") && asked.contains("PAST: "), "{asked}");
    for card in begun["cards"].as_array().unwrap() {
        assert!(asked.contains(card["name"].as_str().unwrap()), "{asked}");
    }

    let card = begun["cards"][1]["card"].clone();
    let explained =
        ada.expect(200, "POST", &format!("{path}/card-explanation"), Some(json!({ "card": card }))).await;
    assert_eq!(
        (&explained["card"], &explained["explanation"]),
        (&begun["cards"][1], &json!("All will be well."))
    );
    told();
    let on_table = cards(&begun["cards"]);
    let other =
        ["the-fool", "the-sun", "death", "justice"].into_iter().find(|it| !on_table.contains(*it)).unwrap();
    for card in [other, "the-joker", ""] {
        let body = Some(json!({ "card": card }));
        let refused = ada.expect(400, "POST", &format!("{path}/card-explanation"), body).await;
        assert_eq!(refused["error"], "card is not on the table");
    }
    for body in [json!({}), json!({ "situation_text": "x".repeat(1_001) })] {
        ada.expect(400, "POST", &format!("{path}/situation"), Some(body)).await;
    }
    assert_eq!(balance(&ada).await, 90, "these are in the price of the session");

    let question = format!("{path}/follow-up-question");
    ada.expect(400, "POST", &question, Some(json!({}))).await;
    let answer = ada.expect(200, "POST", &question, Some(json!({ "question": "When?" }))).await;
    assert_eq!(
        (&answer["answer"], &answer["follow_up"]["type"], &answer["balance"]),
        (&json!("All will be well."), &json!("SAME_CARDS"), &json!(75))
    );
    assert!(told().1.ends_with("Question:\nWhen?"));
    let body = json!({ "type": "ADDITIONAL", "question": "And then?" });
    let answer = ada.expect(200, "POST", &format!("{path}/follow-up"), Some(body)).await;
    let drawn = answer["follow_up"]["cards"][0]["name"].as_str().unwrap();
    assert!(told().1.contains(drawn), "the model sees what was drawn");
    // What people asked is kept nowhere.
    let kept: String = sqlx::query_scalar(
        "SELECT (SELECT json_agg(s) FROM taro_sessions s)::text || (SELECT json_agg(f) FROM taro_follow_ups f)::text",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(!kept.contains("job") && !kept.contains("then?") && !kept.contains("well"), "{kept}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_an_answer_nothing_is_charged_or_counted(pool: PgPool) {
    let model = Model::new(Behaviour::Fails(500)).await;
    let site = model.asked_by(taro(&pool).await);
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    let path = begun(&ada).await;
    let situation = (format!("{path}/situation"), json!({ "situation_text": "Lost." }));
    let question = (format!("{path}/follow-up-question"), json!({ "question": "Why?" }));
    for behaviour in [Behaviour::Fails(500), Behaviour::Fails(403), Behaviour::IsSlow] {
        model.now(behaviour);
        for (path, body) in [&situation, &question] {
            let refused = ada.expect(502, "POST", path, Some(body.clone())).await;
            assert_eq!(refused["error"], "Taro service unavailable");
        }
    }
    let shown = ada.expect(200, "GET", &path, None).await;
    assert_eq!((&shown["follow_ups_left"], balance(&ada).await), (&json!(3), 90));

    // Ten answers are in the price, however many are asked for at once.
    model.says("Well.");
    let asked = join_all((0..16).map(|_| ada.send("POST", &situation.0, Some(&situation.1)))).await;
    assert_eq!(asked.iter().filter(|it| it.status() == StatusCode::OK).count(), 10);
    let refused = ada.expect(402, "POST", &situation.0, Some(situation.1.clone())).await;
    assert_eq!(refused["error"], "No more answers are included in this session");

    // Who spends the tokens while the model answers gets no answer, and pays nothing.
    model.asked();
    model.now(Behaviour::Waits("A secret.".to_owned()));
    let asking = ada.send("POST", &question.0, Some(&question.1));
    let spending = async {
        while model.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        tokens(&admin, &ada, 14).await;
        model.may_answer();
    };
    let (answer, ()) = tokio::join!(asking, spending);
    assert_eq!(answer.status(), StatusCode::PAYMENT_REQUIRED);
    assert!(!text(answer).await.contains("secret"));
    assert_eq!(balance(&ada).await, 14);
    model.asked();
    ada.expect(402, "POST", &question.0, Some(question.1)).await;
    assert!(model.asked().is_empty(), "who has too few tokens asks nobody");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_reaches_what_is_somebody_elses(pool: PgPool) {
    let model = Model::new(Behaviour::Says("Well.".to_owned())).await;
    let site = model.asked_by(taro(&pool).await);
    let (ada, eve, admin) =
        (signed_up(&site, "ada").await, signed_up(&site, "eve").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    tokens(&admin, &eve, 100).await;
    let path = begun(&ada).await;
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("POST", format!("{path}/follow-up"), Some(kind("ADDITIONAL"))),
        ("POST", format!("{path}/follow-up-question"), Some(json!({ "question": "Why?" }))),
        ("POST", format!("{path}/situation"), Some(json!({ "situation_text": "Lost." }))),
        ("POST", format!("{path}/card-explanation"), Some(json!({ "card": "the-fool" }))),
        ("GET", format!("{SESSION}/{NOTHING}"), None),
    ] {
        let refused = eve.expect(404, method, &path, body).await;
        assert_eq!(refused["error"], "Session not found", "{path}");
    }
    assert_eq!(
        eve.expect(400, "GET", &format!("{SESSION}/1"), None).await["error"],
        "Invalid session ID format"
    );
    let none =
        eve.expect(200, "GET", &format!("{TARO}/history?before={}", &path[SESSION.len() + 1..]), None).await;
    assert_eq!(none, json!({ "sessions": [], "next_before": null }));
    assert_eq!((model.asked().len(), balance(&eve).await), (0, 100));
    let limits = eve.expect(200, "GET", &format!("{TARO}/limits"), None).await;
    assert_eq!(limits["used_today"], 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn sessions_are_read_in_parts_newest_first(pool: PgPool) {
    let site = taro(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    let mut paths = Vec::new();
    for _ in 0..3 {
        paths.push(begun(&ada).await);
    }
    ada.expect(200, "POST", &format!("{}/follow-up", paths[2]), Some(kind("ADDITIONAL"))).await;
    let id = id_of(&ada).await;
    for (reader, place) in
        [(&ada, format!("{TARO}/history")), (&admin, format!("/api/v1/admin/taro/users/{id}/sessions"))]
    {
        let first = reader.expect(200, "GET", &format!("{place}?limit=2"), None).await;
        assert_eq!(first["sessions"].as_array().unwrap().len(), 2);
        assert_eq!(first["sessions"][0]["follow_ups"][0]["type"], "ADDITIONAL");
        let before = first["next_before"].as_str().unwrap();
        assert!(paths[1].ends_with(before));
        let last = reader.expect(200, "GET", &format!("{place}?limit=2&before={before}"), None).await;
        assert!(paths[0].ends_with(last["sessions"][0]["id"].as_str().unwrap()));
        assert_eq!(last["next_before"], Value::Null);
        for bad in ["limit=0", "limit=101", "limit=x", "before=1"] {
            reader.expect(400, "GET", &format!("{place}?{bad}"), None).await;
        }
    }
    admin.expect(404, "GET", &format!("/api/v1/admin/taro/users/{NOTHING}/sessions"), None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_chooses_what_the_model_is_told_first(pool: PgPool) {
    let model = Model::new(Behaviour::Says("Well.".to_owned())).await;
    let site = model.asked_by(taro(&pool).await);
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 100).await;
    let path = begun(&ada).await;
    let prompts = "/api/v1/admin/taro/prompts";
    let one = format!("{prompts}/situation");
    let told = async || {
        let body = Some(json!({ "situation_text": "Lost." }));
        ada.expect(200, "POST", &format!("{path}/situation"), body).await;
        model.asked().remove(0)["messages"][0]["content"].as_str().unwrap().to_owned()
    };
    let listed = admin.expect(200, "GET", prompts, None).await;
    assert_eq!(listed["prompts"].as_array().unwrap().len(), 3);
    assert_eq!(listed["prompts"][0]["is_built_in"], true);
    assert_eq!(told().await, listed["prompts"][0]["content"].as_str().unwrap());

    for (body, why) in [
        (json!({}), "slug must be situation, card-explanation or follow-up"),
        (json!({ "slug": "situation" }), "content is required"),
        (
            json!({ "slug": "situation", "content": "a\u{0}b" }),
            "content contains characters that cannot be used",
        ),
        (
            json!({ "slug": "situation", "content": "x".repeat(4_001) }),
            "content must be at most 4000 characters long",
        ),
    ] {
        assert_eq!(admin.expect(400, "POST", prompts, Some(body)).await["error"], why);
    }
    let words = |content: &str| Some(json!({ "slug": "situation", "content": content }));
    admin.expect(404, "PUT", &one, words("Be brief.")).await;
    let made = admin.expect(201, "POST", prompts, words("Speak\nin rhymes.")).await;
    assert_eq!((&made["prompt"]["version"], &made["prompt"]["is_built_in"]), (&json!(1), &json!(false)));
    admin.expect(409, "POST", prompts, words("Be brief.")).await;
    assert_eq!(told().await, "Speak\nin rhymes.");
    let change = json!({ "content": "Be brief.", "version": 1 });
    let changed = admin.expect(200, "PUT", &one, Some(change.clone())).await;
    assert_eq!((&changed["prompt"]["version"], told().await), (&json!(2), "Be brief.".to_owned()));
    admin.expect(409, "PUT", &one, Some(change)).await;
    let back = admin.expect(200, "DELETE", &one, None).await;
    assert_eq!(back["prompt"]["is_built_in"], true);
    admin.expect(404, "DELETE", &one, None).await;
    for (method, body) in [("GET", None), ("PUT", words("x")), ("DELETE", None)] {
        let missing = admin.expect(404, method, &format!("{prompts}/weather"), body).await;
        assert_eq!(missing["error"], "Prompt not found");
    }
    let deeds: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_log WHERE action LIKE 'taro.%' ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(deeds, ["taro.prompt_created", "taro.prompt_changed", "taro.prompt_deleted"]);
}
