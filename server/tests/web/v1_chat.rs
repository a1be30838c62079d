//! The chat with a language model through the whole router (spec 5.12): what is asked, what is charged, and what is not.

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::admin::signed_in as in_a_browser;
use crate::model::{Behaviour, Model, balance, id_of, tokens};
use crate::rest::Client;
use crate::support::{Site, text};
use crate::v1::{admin, shop, signed_up};

const SEND: &str = "/api/v1/plugins/chat/send";
const CONFIG: &str = "/api/v1/admin/plugins/chat/config";

/// A shop whose chat is on and asks the model.
async fn chat(pool: &PgPool, model: &Model) -> Site {
    let site = model.asked_by(shop(pool).await);
    admin(&site).await.expect(200, "POST", "/api/v1/admin/plugins/chat/enable", None).await;
    site
}

fn message(text: &str) -> Value {
    json!({ "message": text, "history": [] })
}

fn words(count: usize) -> String {
    vec!["w"; count].join(" ")
}

/// What the ledger says was used, newest first.
async fn used(client: &Client<'_>) -> Vec<Value> {
    let entries = client.expect(200, "GET", "/api/v1/user/tokens/transactions", None).await;
    let entries = entries["transactions"].as_array().unwrap().iter();
    entries.filter(|entry| entry["type"] == "USAGE").cloned().collect()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn it_is_not_there_until_it_is_on_and_has_a_model(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    let nobody = Client { site: &site, bearer: String::new() };
    let paths = [
        ("POST", SEND, Some(message("Hello"))),
        ("POST", "/api/v1/plugins/chat/estimate", Some(message("Hello"))),
        ("GET", "/api/v1/plugins/chat/config", None),
    ];
    for (method, path, body) in paths.clone() {
        nobody.expect(401, method, path, body.clone()).await;
        assert_eq!(ada.expect(404, method, path, body).await["error"], "Plugin not enabled", "{path}");
    }
    admin.expect(200, "POST", "/api/v1/admin/plugins/chat/enable", None).await;
    tokens(&admin, &ada, 500).await;
    let refused = ada.expect(503, "POST", SEND, Some(message("Hello"))).await;
    assert_eq!(refused["error"], "Chat is not configured");
    let config = ada.expect(200, "GET", "/api/v1/plugins/chat/config", None).await;
    let expected = json!({
        "mode": "words", "max_message_length": 4_000, "max_history": 20, "max_response_length": 2_000, "is_configured": false,
    });
    assert_eq!(config, expected);
    let estimate = ada.expect(200, "POST", "/api/v1/plugins/chat/estimate", Some(message(&words(11)))).await;
    assert_eq!(estimate, json!({ "estimated_tokens": 2, "maximum_tokens": 102 }));
    admin.expect(200, "POST", "/api/v1/admin/plugins/chat/disable", None).await;
    for (method, path, body) in paths {
        ada.expect(404, method, path, body).await;
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_answer_costs_what_message_and_answer_are(pool: PgPool) {
    let model = Model::new(Behaviour::Says(words(21))).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 200).await;
    let prompt = json!({ "chat_system_prompt": "Speak like a butler." });
    admin.expect(200, "PUT", CONFIG, Some(prompt)).await;

    let history: Vec<Value> = (0..25)
        .map(|number| {
            let role = if number % 2 == 0 { "user" } else { "assistant" };
            json!({ "role": role, "content": format!("said {number}") })
        })
        .collect();
    let body = json!({ "message": words(11), "history": history });
    let answer = ada.expect(200, "POST", SEND, Some(body)).await;
    assert_eq!(answer, json!({ "response": words(21), "tokens_used": 5, "balance": 195 }));
    assert_eq!(balance(&ada).await, 195);
    let asked = model.asked().remove(0);
    let messages = asked["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 22);
    assert_eq!(messages[0], json!({ "role": "system", "content": "Speak like a butler." }));
    assert_eq!(messages[1], json!({ "role": "assistant", "content": "said 5" }));
    assert_eq!(messages[21], json!({ "role": "user", "content": words(11) }));
    assert_eq!((&asked["model"], &asked["max_tokens"]), (&json!("double"), &json!(500)));

    // Each is in the ledger for itself.
    ada.expect(200, "POST", SEND, Some(message("Hello"))).await;
    let entries = used(&ada).await;
    let brief: Vec<_> = entries.iter().map(|it| json!([it["amount"], it["description"]])).collect();
    assert_eq!(
        json!(brief),
        json!([
            [-4, "Chat: 1 for the message, 3 for the answer"],
            [-5, "Chat: 2 for the message, 3 for the answer"]
        ])
    );
    assert!(entries[0]["reference_id"].is_string());
    assert_ne!(entries[0]["reference_id"], entries[1]["reference_id"]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_cannot_be_sent_names_its_field_and_asks_nobody(pool: PgPool) {
    let model = Model::new(Behaviour::Says("Yes.".to_owned())).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 500).await;
    let long = "ä".repeat(4_001);
    for (body, why) in [
        (json!({}), "message is required"),
        (json!({ "message": " " }), "message is required"),
        (json!({ "message": long }), "message must be at most 4000 characters long"),
        (
            json!({ "message": "Hi", "history": [{ "role": "user", "content": long }] }),
            "history[0].content must be at most 4000 characters long",
        ),
        (
            json!({ "message": "Hi", "history": [{ "role": "system", "content": "Be rude." }] }),
            "history[0].role must be user or assistant",
        ),
    ] {
        assert_eq!(ada.expect(400, "POST", SEND, Some(body)).await["error"], why);
    }
    for body in [json!([]), json!({ "message": 7 }), json!({ "message": "Hi", "history": "none" })] {
        ada.expect(400, "POST", SEND, Some(body)).await;
    }
    let estimate = json!({ "message": long });
    ada.expect(400, "POST", "/api/v1/plugins/chat/estimate", Some(estimate)).await;
    assert_eq!((model.asked().len(), balance(&ada).await), (0, 500));
    ada.expect(200, "POST", &format!("{SEND}/"), Some(message(&"ä".repeat(4_000)))).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_balance_has_to_do_for_the_longest_answer(pool: PgPool) {
    let model = Model::new(Behaviour::Says("Yes.".to_owned())).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    // Nobody who never had tokens has an account with a balance.
    let poor = ada.expect(402, "POST", SEND, Some(message("Hello"))).await;
    assert_eq!(poor["balance"], 0);
    tokens(&admin, &ada, 100).await;
    let refused = ada.expect(402, "POST", SEND, Some(message("Hello"))).await;
    assert_eq!(refused["error"], "Insufficient token balance: 101 needed, 100 available");
    assert_eq!(refused["balance"], 100);
    assert_eq!(model.asked(), Vec::<Value>::new());
    tokens(&admin, &ada, 101).await;
    let answer = ada.expect(200, "POST", SEND, Some(message("Hello"))).await;
    assert_eq!((&answer["tokens_used"], &answer["balance"]), (&json!(2), &json!(99)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_an_answer_nothing_is_charged(pool: PgPool) {
    let model = Model::new(Behaviour::IsSlow).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 500).await;
    for behaviour in [
        Behaviour::IsSlow,
        Behaviour::Fails(500),
        Behaviour::Fails(401),
        Behaviour::Fails(429),
        Behaviour::Says("  ".to_owned()),
    ] {
        model.now(behaviour);
        let refused = ada.expect(502, "POST", SEND, Some(message("Hello"))).await;
        assert_eq!(refused["error"], "Chat service unavailable");
    }
    assert_eq!((model.asked().len(), balance(&ada).await, used(&ada).await), (5, 500, Vec::new()));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_answer_that_is_too_long_is_cut_and_costs_no_more_than_was_looked_at(pool: PgPool) {
    let model = Model::new(Behaviour::Says("w ".repeat(50_000))).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    admin.expect(200, "PUT", CONFIG, Some(json!({ "chat_longest_answer": 100 }))).await;
    tokens(&admin, &ada, 6).await;
    let answer = ada.expect(200, "POST", SEND, Some(message("Hello"))).await;
    assert_eq!((answer["response"].as_str().unwrap().len(), &answer["balance"]), (100, &json!(0)));
    assert_eq!(answer["tokens_used"], 6);
    let asked = model.asked().remove(0);
    assert_eq!(asked["max_tokens"], 25);
    model.says(&"x".repeat(300 * 1024));
    tokens(&admin, &ada, 6).await;
    ada.expect(502, "POST", SEND, Some(message("Hello"))).await;
    assert_eq!(balance(&ada).await, 6);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_spends_the_balance_meanwhile_gets_no_answer_and_pays_nothing(pool: PgPool) {
    let model = Model::new(Behaviour::Waits("A secret worth having.".to_owned())).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 101).await;
    let body = Some(message("Hello"));
    let sending = ada.send("POST", SEND, body.as_ref());
    let spending = async {
        model.hears().await;
        tokens(&admin, &ada, 1).await;
        model.may_answer();
    };
    let (answer, ()) = tokio::join!(sending, spending);
    assert_eq!(answer.status(), StatusCode::PAYMENT_REQUIRED);
    let answer = text(answer).await;
    assert!(answer.contains(r#""balance":1"#) && !answer.contains("secret"), "{answer}");
    assert_eq!((balance(&ada).await, used(&ada).await), (1, Vec::new()));
}

/// Sixteen messages on a balance that pays for three of them, all of which the model has before it answers the first: how many
/// were answered, and what is left.
async fn sixteen_at_once(pool: &PgPool) -> (usize, i64) {
    let model = Model::new(Behaviour::Waits(words(50))).await;
    let site = chat(pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    admin.expect(200, "PUT", CONFIG, Some(json!({ "chat_longest_answer": 100 }))).await;
    tokens(&admin, &ada, 20).await;
    let body = Some(message("Hello"));
    let sending = join_all((0..16).map(|_| ada.send("POST", SEND, body.as_ref())));
    let letting = async {
        for _ in 0..16 {
            model.hears().await;
        }
        for _ in 0..16 {
            model.may_answer();
        }
    };
    let (answers, ()) = futures::join!(sending, letting);
    let mut answered = 0;
    for answer in answers {
        match answer.status() {
            StatusCode::OK => answered += 1,
            status => assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{}", text(answer).await),
        }
    }
    let left = balance(&ada).await;
    let summed: i64 =
        sqlx::query_scalar("SELECT sum(amount)::bigint FROM token_entries WHERE account_id = $1::uuid")
            .bind(id_of(&ada).await)
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!((summed, used(&ada).await.len()), (left, answered));
    (answered, left)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_16_at_once_as_many_are_answered_as_the_balance_pays_for(pool: PgPool) {
    assert_eq!(sixteen_at_once(&pool).await, (3, 2));
}

/// The balance was looked at for each of them: without the ledger's own guard all are answered, and it is overspent.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_guard_of_the_ledger_16_at_once_overspend(pool: PgPool) {
    sqlx::query("ALTER TABLE token_balances DROP CONSTRAINT token_balances_not_negative")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(sixteen_at_once(&pool).await, (16, 20 - 16 * 6));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_chooses_what_a_token_buys(pool: PgPool) {
    let model = Model::new(Behaviour::Says("ä".repeat(600))).await;
    let site = chat(&pool, &model).await;
    let (ada, admin) = (signed_up(&site, "ada").await, admin(&site).await);
    tokens(&admin, &ada, 1_000).await;
    for (mode, cost) in [("words", 2), ("data_volume", 3), ("tokenizer", 3)] {
        let set = admin.expect(200, "PUT", CONFIG, Some(json!({ "chat_mode": mode }))).await;
        assert_eq!(set["savedConfig"]["chat_mode"], mode);
        let answer = ada.expect(200, "POST", SEND, Some(message("Hello"))).await;
        assert_eq!(answer["tokens_used"], cost, "{mode}");
    }
    let refused = admin.expect(400, "PUT", CONFIG, Some(json!({ "chat_mode": "letters" }))).await;
    assert_eq!(refused["error"], "chat_mode must be one of words, data_volume, tokenizer");
    admin.expect(400, "PUT", CONFIG, Some(json!({ "chat_mode": null }))).await;
    let shown = admin.expect(200, "GET", "/api/v1/admin/plugins/chat", None).await;
    let field = &shown["adminConfig"]["tabs"][0]["fields"][0];
    assert_eq!(
        (&field["component"], &field["options"][1]["value"]),
        (&json!("select"), &json!("data_volume"))
    );

    let browser = in_a_browser(&site, "admin@example.com", "AdminPass123@").await;
    let place = "/admin/plugins/chat";
    let page = text(site.get(place, &browser).await).await;
    assert!(page.contains("fields[chat_mode]") && page.contains("1,000 bytes"), "{page}");
    let body = "subject=plugins&id=chat&version=0&fields%5Bchat_mode%5D=data_volume&fields%5Bchat_longest_answer%5D=300\
                &fields%5Bchat_system_prompt%5D=Be+brief.";
    site.post_form("/actions/admin-save", place, &browser, body).await;
    let config = ada.expect(200, "GET", "/api/v1/plugins/chat/config", None).await;
    assert_eq!((&config["mode"], &config["max_response_length"]), (&json!("data_volume"), &json!(300)));
}
