use std::time::Duration;

use http::{Request, StatusCode};
use platform::database::Database;
use server::serve::readiness::{self, State};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::form_flash::ACTION;
use crate::support::{Site, form, header, json, owner, text};

/// A database that refuses every connection.
fn nowhere() -> Database {
    Database::open("postgres://keyrack@127.0.0.1:1/keyrack", 4).unwrap()
}

#[tokio::test]
async fn while_the_database_is_known_to_be_down_everybody_is_told_at_once() {
    let site = Site::with(nowhere(), &[]);
    site.state.readiness.set(State::Down);
    let started = std::time::Instant::now();

    let page = site.get("/desk", "keyrack_session=whatever").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&page, "retry-after"), "2");
    let html = text(page).await;
    assert!(html.contains("One moment") && html.contains("http-equiv=\"refresh\""));

    // A post must not be repeated by a page that reloads itself.
    let post = site.post_form(ACTION, "/", "", "text=x").await;
    assert_eq!(post.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!text(post).await.contains("http-equiv=\"refresh\""));

    let mut script = form(ACTION, "/", "").body("text=x".into()).unwrap();
    script.headers_mut().insert("accept", "application/json".parse().unwrap());
    let response = site.send(script).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(response).await, serde_json::json!("Unavailable"));

    let request =
        Request::builder().uri("/rooms").header("authorization", "Bearer x").body("".into()).unwrap();
    let rest = site.send(request).await;
    assert_eq!(rest.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&rest, "content-type"), "application/problem+json");
    assert!(!header(&rest, "retry-after").is_empty());

    assert_eq!(site.get("/icons.svg", "").await.status(), StatusCode::OK, "files need no database");
    assert_eq!(site.get("/health", "").await.status(), StatusCode::OK);
    assert!(started.elapsed().as_secs() < 2, "nobody waited for a connection");
}

#[tokio::test]
async fn a_database_that_goes_down_in_the_middle_is_a_503_too() {
    let site = Site::with(nowhere(), &[]);
    let page = site.get("/desk", "keyrack_session=whatever").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_database_that_goes_away_and_comes_back_is_noticed_both_times(pool: PgPool) {
    let gate = Gate::to(&pool).await;
    let options = gate.options(&pool);
    let site = Site::with(Database::new(&options, 8), &[]);
    let watch = readiness::watch(
        site.state.readiness.clone(),
        site.state.database.clone(),
        options,
        site.state.stop.clone(),
    );
    let watch = tokio::spawn(watch);
    let ada = owner(&site, "ada").await;
    let desk = || async { site.get("/", &ada.cookie).await.status() };
    assert_eq!(desk().await, StatusCode::OK);

    gate.close();
    eventually(|| site.state.readiness.state() == State::Down).await;
    assert_eq!(desk().await, StatusCode::SERVICE_UNAVAILABLE);

    gate.open();
    eventually(|| site.state.readiness.is_up()).await;
    assert_eq!(desk().await, StatusCode::OK, "without a restart");

    site.state.stop.cancel();
    watch.await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_open_page_waits_for_the_database_instead_of_being_refused(pool: PgPool) {
    let site = Site::new(&pool);
    let ada = owner(&site, "ada").await;
    site.state.readiness.set(State::Down);
    let stream = site.get("/desk/live", &ada.cookie);
    tokio::pin!(stream);
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut stream).await.is_err());
    site.state.readiness.set(State::Up);
    assert_eq!(stream.await.status(), StatusCode::OK);
}

/// Waits for what a background task will do soon.
async fn eventually(condition: impl Fn() -> bool) {
    for _ in 0..100 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never happened");
}

/// Stands between the server and Postgres, and can be closed.
struct Gate {
    is_open: tokio::sync::watch::Sender<bool>,
    port: u16,
}

impl Gate {
    async fn to(pool: &PgPool) -> Self {
        let options = pool.connect_options();
        let (is_open, opened) = tokio::sync::watch::channel(true);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut opened, options) = (opened.clone(), options.clone());
                tokio::spawn(async move {
                    let mut postgres = connect(&options).await;
                    tokio::select! {
                        _ = opened.wait_for(|open| !open) => {}
                        _ = tokio::io::copy_bidirectional(&mut client, &mut postgres) => {}
                    }
                });
            }
        });
        Self { is_open, port }
    }

    fn options(&self, pool: &PgPool) -> PgConnectOptions {
        let real = pool.connect_options();
        // Made anew: a socket would win over host and port.
        PgConnectOptions::new_without_pgpass()
            .username(real.get_username())
            .database(real.get_database().unwrap())
            .host("127.0.0.1")
            .port(self.port)
    }

    fn close(&self) {
        self.is_open.send_replace(false);
    }

    fn open(&self) {
        self.is_open.send_replace(true);
    }
}

/// Postgres itself, by socket or by network.
async fn connect(options: &PgConnectOptions) -> Box<dyn Stream> {
    let (host, port) = (options.get_host(), options.get_port());
    let directory = options.get_socket().cloned().or_else(|| host.starts_with('/').then(|| host.into()));
    match directory {
        Some(directory) => {
            Box::new(UnixStream::connect(directory.join(format!(".s.PGSQL.{port}"))).await.unwrap())
        }
        None => Box::new(TcpStream::connect((host, port)).await.unwrap()),
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
