//! Against a server that answers as models do, and as they should not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use plugin_api::language::{Role, ask};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// Each question: the key it came with, and its body.
type Asked = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// A model at an address of this machine that always answers this; what it was asked is kept.
async fn model(status: u16, body: String, wait: Duration) -> (ChatCompletions, Asked) {
    let asked: Asked = Arc::default();
    let heard = Arc::clone(&asked);
    let answer = move |headers: HeaderMap, question: String| {
        let (heard, body) = (Arc::clone(&heard), body.clone());
        async move {
            let key = headers.get(AUTHORIZATION).map(|it| it.to_str().unwrap().to_owned());
            heard.lock().unwrap().push((key, serde_json::from_str(&question).unwrap()));
            tokio::time::sleep(wait).await;
            (StatusCode::from_u16(status).unwrap(), body)
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/chat/completions", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config =
        Config { url: &url, key: Some("sk-secret"), name: "small", time: Duration::from_millis(500) };
    (ChatCompletions::new(config).unwrap(), asked)
}

fn completion(text: &str) -> String {
    json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": text } }] }).to_string()
}

fn question() -> Vec<Message> {
    vec![Message::new(Role::System, "Be brief."), Message::new(Role::User, "Is breakfast included?")]
}

#[tokio::test]
async fn it_is_asked_as_servers_of_models_expect_and_its_answer_is_cut() {
    let (model, asked) = model(200, completion(&format!(" {} ", "ä".repeat(90))), Duration::ZERO).await;
    assert_eq!(ask(&model, &question(), 42).await.unwrap(), "ä".repeat(42));
    let expected = json!({
        "model": "small",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "Is breakfast included?" },
        ],
        "max_tokens": 11,
        "stream": false,
    });
    assert_eq!(*asked.lock().unwrap(), [(Some("Bearer sk-secret".to_owned()), expected)]);
    assert!(!format!("{model:?}").contains("sk-secret"));
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_will_not() {
    let huge = completion(&"x".repeat(MOST_BYTES));
    for (status, body, is_passing) in [
        (500, String::new(), true),
        (429, String::new(), true),
        (401, "sk-secret is wrong".to_owned(), false),
        (404, String::new(), false),
        (302, String::new(), false),
        (200, "not JSON".to_owned(), false),
        (200, "{}".to_owned(), false),
        (200, huge, false),
        (200, json!({ "choices": [] }).to_string(), true),
        (200, json!({ "choices": [{ "message": { "content": null } }] }).to_string(), true),
        (200, completion("  "), true),
    ] {
        let (model, _) = model(status, body, Duration::ZERO).await;
        let error = ask(&model, &question(), 100).await.unwrap_err();
        assert_eq!(error.is_passing(), is_passing, "{status} {error}");
        assert!(!error.to_string().contains("breakfast") && !error.to_string().contains("sk-secret"));
    }
}

#[tokio::test]
async fn who_is_slow_or_away_is_given_up() {
    let (model, _) = model(200, completion("Yes."), Duration::from_secs(20)).await;
    assert!(model.answer(&question(), 100).await.unwrap_err().is_passing());
    let config = Config { url: "http://127.0.0.1:1", key: None, name: "small", time: TIME };
    let error = ChatCompletions::new(config).unwrap().answer(&question(), 100).await.unwrap_err();
    assert!(error.is_passing() && !error.to_string().contains("127.0.0.1"), "{error}");
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let config = |url, key| ChatCompletions::new(Config { url, key, name: "small", time: TIME }).unwrap_err();
    assert_eq!(config("nowhere", None), ConfigError::Url);
    assert_eq!(config("http://models.example", Some("a\nb")), ConfigError::Key);
}
