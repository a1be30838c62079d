//! A double of a language model, at an address of this machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use language_model::{ChatCompletions, Config};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::rest::Client;
use crate::support::Site;

/// How long it is waited for.
const TIME: Duration = Duration::from_secs(3);

/// What it does when it is asked.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// Answers.
    Says(String),
    /// Fails with a status.
    Fails(u16),
    /// Answers too late.
    IsSlow,
    /// Answers when it may.
    Waits(String),
}

/// The double.
#[derive(Debug, Clone)]
pub struct Model {
    url: String,
    behaviour: Arc<Mutex<Behaviour>>,
    asked: Arc<Mutex<Vec<Value>>>,
    /// How often it was asked.
    heard: Arc<Semaphore>,
    /// How often it may answer.
    may: Arc<Semaphore>,
}

impl Model {
    pub async fn new(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let model = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            behaviour: Arc::new(Mutex::new(behaviour)),
            asked: Arc::default(),
            heard: Arc::new(Semaphore::new(0)),
            may: Arc::new(Semaphore::new(0)),
        };
        let router = Router::new().route("/chat/completions", post(answer)).with_state(model.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        model
    }

    /// The site with this model.
    pub fn asked_by(&self, site: Site) -> Site {
        let config = Config { url: &self.url, key: None, name: "double", time: TIME };
        let model = ChatCompletions::new(config).unwrap();
        let state = site.state.with_language_model(Arc::new(model));
        Site { router: server::web::router(state.clone()), state, clock: site.clock }
    }

    pub fn now(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub fn says(&self, text: &str) {
        self.now(Behaviour::Says(text.to_owned()));
    }

    /// What it was asked since the last call.
    pub fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Waits until it is asked once more.
    pub async fn hears(&self) {
        self.heard.acquire().await.unwrap().forget();
    }

    /// Lets it answer once.
    pub fn may_answer(&self) {
        self.may.add_permits(1);
    }
}

async fn answer(State(model): State<Model>, question: String) -> (StatusCode, String) {
    model.asked.lock().unwrap().push(serde_json::from_str(&question).unwrap());
    model.heard.add_permits(1);
    let behaviour = model.behaviour.lock().unwrap().clone();
    let text = match behaviour {
        Behaviour::Says(text) => text,
        Behaviour::Fails(status) => return (StatusCode::from_u16(status).unwrap(), "broken".to_owned()),
        Behaviour::IsSlow => {
            tokio::time::sleep(TIME * 4).await;
            "too late".to_owned()
        }
        Behaviour::Waits(text) => {
            model.may.acquire().await.unwrap().forget();
            text
        }
    };
    let body = json!({ "choices": [{ "message": { "role": "assistant", "content": text } }] });
    (StatusCode::OK, body.to_string())
}

/// Gives somebody tokens: so many in all.
pub async fn tokens(admin: &Client<'_>, client: &Client<'_>, balance: i64) {
    let path = format!("/api/v1/admin/users/{}", id_of(client).await);
    admin.expect(200, "PUT", &path, Some(json!({ "token_balance": balance }))).await;
}

/// Whose token it is.
pub async fn id_of(client: &Client<'_>) -> String {
    let profile = client.expect(200, "GET", "/api/v1/user/profile", None).await;
    profile["user"]["id"].as_str().unwrap().to_owned()
}

/// How many tokens somebody has.
pub async fn balance(client: &Client<'_>) -> i64 {
    client.expect(200, "GET", "/api/v1/user/tokens/balance", None).await["balance"].as_i64().unwrap()
}
