//! A server without a socket, and somebody who is signed in.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use domain::hotel::RegistrationForm;
use domain::ids::HotelId;
use http::header::{ACCEPT, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::request::Builder;
use http::{Method, Request, StatusCode};
use leptos::config::LeptosOptions;
use platform::clock::MovableClock;
use platform::database::Database;
use platform::ids;
use platform::settings::{PasswordCost, Settings};
use server::serve::readiness::State;
use server::state::AppState;
use sqlx::PgPool;
use tower::ServiceExt;

/// What the browser's address bar says.
pub const HOME: &str = "localhost:3000";

/// A server over one test database.
pub struct Site {
    pub state: AppState,
    pub clock: MovableClock,
    pub router: Router,
}

impl Site {
    /// With the settings of a developer's machine.
    pub fn new(pool: &PgPool) -> Self {
        Self::with(platform::database::for_test(pool), &[])
    }

    /// With some settings, over any database.
    pub fn with(database: Database, settings: &[(&str, &str)]) -> Self {
        let clock = MovableClock::at("2026-11-20T12:00:00Z".parse().unwrap());
        let find =
            |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let settings = Settings { password_cost: PasswordCost::LEAST, ..Settings::read(&find).unwrap() };
        let options =
            LeptosOptions::builder().output_name("keyrack").site_root(site().display().to_string()).build();
        let state = AppState::new(database, Arc::new(clock.clone()), settings, options);
        state.readiness.set(State::Up);
        let router = server::web::router(state.clone());
        Self { state, clock, router }
    }

    pub async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// What a browser sends for a page.
    pub async fn get(&self, path: &str, cookies: &str) -> Response {
        self.send(page(path, cookies).body(Body::empty()).unwrap()).await
    }

    /// What a browser sends for a plain form on the page `from`.
    pub async fn post_form(&self, action: &str, from: &str, cookies: &str, body: &str) -> Response {
        self.send(form(action, from, cookies).body(Body::from(body.to_owned())).unwrap()).await
    }
}

pub fn page(path: &str, cookies: &str) -> Builder {
    let request =
        Request::builder().uri(path).header(HOST, HOME).header(ACCEPT, "text/html,application/xhtml+xml");
    if cookies.is_empty() { request } else { request.header(COOKIE, cookies) }
}

pub fn form(action: &str, from: &str, cookies: &str) -> Builder {
    page(action, cookies)
        .method(Method::POST)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", format!("http://{HOME}"))
        .header("referer", format!("http://{HOME}{from}"))
}

pub async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

pub async fn json(response: Response) -> serde_json::Value {
    serde_json::from_str(&text(response).await).unwrap()
}

pub fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// `name=value` of a cookie that the answer sets.
pub fn cookie(response: &Response, name: &str) -> Option<String> {
    let set = response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let pair =
        set.filter_map(|value| value.split(';').next()).find(|pair| pair.starts_with(&format!("{name}=")))?;
    Some(pair.to_owned())
}

pub fn assert_redirect(response: &Response, to: &str) {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers().get(LOCATION).unwrap(), to);
}

/// A directory with what a build would have left.
fn site() -> PathBuf {
    static SITE: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    SITE.get_or_init(|| {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("site");
        std::fs::create_dir_all(root.join("pkg")).unwrap();
        std::fs::write(root.join("pkg/keyrack.css"), "body{}").unwrap();
        std::fs::write(
            root.join("pkg/keyrack.css.br"),
            [0x0b, 0x02, 0x80, b'b', b'o', b'd', b'y', b'{', b'}', 0x03],
        )
        .unwrap();
        std::fs::write(root.join("icons.svg"), "<svg/>").unwrap();
        root
    })
    .clone()
}

/// Somebody who runs a hotel: a session's cookie and a bearer token.
pub struct Person {
    pub name: String,
    pub cookie: String,
    pub bearer: String,
    pub hotel_id: HotelId,
}

const PASSWORD: &str = "correct horse battery";

/// Registers a hotel of its own with its owner, who signs in.
pub async fn owner(site: &Site, name: &str) -> Person {
    let form = RegistrationForm {
        hotel_name: format!("Hotel {name}"),
        currency: "EUR".to_owned(),
        time_zone: "Europe/Lisbon".to_owned(),
        owner_name: name.to_owned(),
        owner_email: email(name),
        password: PASSWORD.to_owned(),
        ..RegistrationForm::default()
    };
    let identity = &site.state.services.identity;
    let (organisation_id, hotel_id, owner_id) = (ids::new(), ids::new(), ids::new());
    let mut transaction = site.state.database.begin_in(organisation_id, owner_id).await.unwrap();
    let registration = form.check().unwrap();
    identity.register(&mut transaction, organisation_id, hotel_id, owner_id, &registration).await.unwrap();
    transaction.commit().await.unwrap();
    let session = identity.sign_in(&email(name), PASSWORD, &client()).await.unwrap();
    let bearer = bearer(site, name).await;
    Person { name: name.to_owned(), cookie: format!("keyrack_session={}", session.token), bearer, hotel_id }
}

/// A token that holds for half an hour from now.
pub async fn bearer(site: &Site, name: &str) -> String {
    let tokens = site.state.services.identity.issue_tokens(&email(name), PASSWORD, &client()).await.unwrap();
    format!("Bearer {}", tokens.access_token)
}

fn email(name: &str) -> String {
    format!("{name}@hotel.example")
}

fn client() -> identity::Client {
    identity::Client { address: IpAddr::from([127, 0, 0, 1]), user_agent: "test".to_owned() }
}
