//! Killed at every step: between the server and Postgres stands a proxy that counts what the server says in a request, and
//! kills it (`-9`) at the first statement, at the second, and so on until the request goes through; and when Postgres has
//! committed, before the server learns of it. Each time nothing may be half done, and the same request sent again to
//! a new process completes it, once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};
use stripe_sandbox::{Clock as _, Controls, Endpoint, Payment, Sandbox, signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::keyrack::{eventually_ready, free_port, keyrack, url};

/// What Stripe signs with here.
const SECRET: &str = "whsec_of_these_tests";

/// When the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Before Postgres hears a statement.
    Statement,
    /// When Postgres has committed, before the server hears it.
    Commit,
}

/// What stands between the server and Postgres.
struct Proxy {
    port: u16,
    /// How many statements, or commits, may still pass; negative while nothing is counted.
    left: AtomicI64,
    counts_commits: AtomicBool,
    /// Whether what the worker's role says counts, too: where no jobs run, it is the request that says it.
    counts_worker: AtomicBool,
    kill: Notify,
}

impl Proxy {
    async fn start(postgres: SocketAddr) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            left: AtomicI64::new(-1),
            counts_commits: AtomicBool::new(false),
            counts_worker: AtomicBool::new(false),
            kill: Notify::new(),
        });
        let shared = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((server, _)) = listener.accept().await {
                let on = TcpStream::connect(postgres).await.unwrap();
                // What is passed on in small parts would else wait for each other.
                server.set_nodelay(true).unwrap();
                on.set_nodelay(true).unwrap();
                let (from, mut to) = server.into_split();
                let (mut back, on) = on.into_split();
                let (forth, answers) = (Arc::clone(&shared), Arc::clone(&shared));
                // Whether Postgres' next word on this connection is not passed on.
                let swallows = Arc::new(AtomicBool::new(false));
                let does_swallow = Arc::clone(&swallows);
                tokio::spawn(async move { forth.statements(from, on, &swallows).await });
                tokio::spawn(async move {
                    let mut buffer = vec![0; 16 * 1024];
                    while let Ok(length @ 1..) = back.read(&mut buffer).await {
                        if does_swallow.load(Ordering::SeqCst) {
                            answers.kill.notify_one();
                            break;
                        }
                        if to.write_all(&buffer[..length]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        proxy
    }

    /// Passes on what the server says, message for message (PostgreSQL, "Message Formats").
    async fn statements(
        &self,
        mut from: OwnedReadHalf,
        mut on: OwnedWriteHalf,
        swallows: &AtomicBool,
    ) -> Option<()> {
        let start = read_part(&mut from).await?;
        // Jobs have connections of their own, and say something when they like.
        let is_worker = start.windows(14).any(|part| part == b"keyrack_worker");
        let is_counted = !is_worker || self.counts_worker.load(Ordering::SeqCst);
        on.write_all(&start).await.ok()?;
        let mut is_commit = false;
        loop {
            let mut kind = [0];
            from.read_exact(&mut kind).await.ok()?;
            let mut message = kind.to_vec();
            message.extend(read_part(&mut from).await?);
            let holds = |text: &[u8]| message.windows(text.len()).any(|part| part == text);
            is_commit |= matches!(kind[0], b'Q' | b'P') && holds(b"COMMIT");
            let is_end = matches!(kind[0], b'Q' | b'S');
            let counts_commits = self.counts_commits.load(Ordering::SeqCst);
            if is_end
                && is_counted
                && (is_commit || !counts_commits)
                && self.left.load(Ordering::SeqCst) >= 0
                && self.left.fetch_sub(1, Ordering::SeqCst) == 0
            {
                if !counts_commits {
                    self.kill.notify_one();
                    return None;
                }
                swallows.store(true, Ordering::SeqCst);
            }
            if is_end {
                is_commit = false;
            }
            on.write_all(&message).await.ok()?;
        }
    }

    fn arm(&self, passing: i64, moment: Moment) {
        self.counts_commits.store(moment == Moment::Commit, Ordering::SeqCst);
        self.left.store(passing, Ordering::SeqCst);
    }

    fn disarm(&self) {
        self.left.store(-1, Ordering::SeqCst);
    }
}

/// Length and content of a message.
async fn read_part(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut message = vec![0; 4];
    from.read_exact(&mut message).await.ok()?;
    let length =
        usize::try_from(i32::from_be_bytes([message[0], message[1], message[2], message[3]])).ok()?;
    message.resize(length, 0);
    from.read_exact(&mut message[4..]).await.ok()?;
    Some(message)
}

/// A request, and what there is to be of the account before and after it.
struct Deed {
    path: String,
    body: Value,
    /// What a client hears that is told it was done.
    status: u16,
    before: Value,
    after: Value,
}

struct Scene {
    pool: PgPool,
    proxy: Arc<Proxy>,
    database: String,
    state: std::path::PathBuf,
    /// Stripe, which is not killed, where people pay through it.
    stripe: Option<(Sandbox, String)>,
}

impl Scene {
    async fn set(pool: &PgPool) -> Self {
        let database = url(pool);
        let output = keyrack(&["demo"]).env("DATABASE_URL", &database).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let options = PgConnectOptions::clone(&pool.connect_options());
        let address =
            tokio::net::lookup_host((options.get_host(), options.get_port())).await.unwrap().next().unwrap();
        let proxy = Proxy::start(address).await;
        let through = options.host("127.0.0.1").port(proxy.port).to_url_lossy().to_string();
        let state = std::env::temp_dir().join(format!("keyrack-killed-{}", proxy.port));
        Self { pool: pool.clone(), proxy, database: through, state, stripe: None }
    }

    /// With a Stripe beside it. The server runs no jobs: all that it says is for a request.
    async fn with_stripe(pool: &PgPool) -> Self {
        let mut scene = Self::set(pool).await;
        let endpoint = Endpoint { url: "http://127.0.0.1:9/".to_owned(), secret: SECRET.to_owned() };
        let sandbox = Sandbox::new(stripe_sandbox::Config {
            default_endpoint: Some(endpoint),
            ..stripe_sandbox::Config::default()
        });
        let sandbox = sandbox.unwrap();
        sandbox.set_controls(Controls { hold: true, ..Controls::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener).await });
        scene.stripe = Some((sandbox, url));
        scene.proxy.counts_worker.store(true, Ordering::SeqCst);
        scene
    }

    /// Signs a customer in, who orders something. Gives the token and the invoice.
    async fn order(&self, account: Uuid, port: u16, cart: &Value) -> (String, Uuid) {
        let bearer = sign_in(port, &format!("{account}@example.com"), "TestPass123@").await;
        post(port, "/api/v1/user/checkout", &bearer, platform::ids::new::<Uuid>(), cart).await.unwrap();
        let invoice = sqlx::query_scalar("SELECT id FROM invoices WHERE account_id = $1").bind(account);
        (bearer, invoice.fetch_one(&self.pool).await.unwrap())
    }

    async fn server(&self) -> (tokio::process::Child, u16) {
        let port = free_port().await;
        let mut command = match &self.stripe {
            Some((_, url)) => {
                let mut command = keyrack(&["serve", "--role", "web"]);
                command
                    .env("STRIPE_SECRET_KEY", "sk_test_x")
                    .env("STRIPE_WEBHOOK_SECRET", SECRET)
                    .env("STRIPE_API_URL", url);
                command
            }
            None => keyrack(&["serve"]),
        };
        let server = command
            .env("DATABASE_URL", &self.database)
            .env("KEYRACK_STATE_DIR", &self.state)
            .env("PORT", port.to_string())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        eventually_ready(port).await;
        (server, port)
    }

    /// A customer who never bought anything.
    async fn customer(&self) -> (Uuid, String) {
        let id = platform::ids::new::<Uuid>();
        let email = format!("{id}@example.com");
        sqlx::query(
            "INSERT INTO users (id, email, username, full_name, password_hash, created_at)
             SELECT $1, $2, $2, 'Somebody', password_hash, now() FROM users WHERE email = 'test@example.com'",
        )
        .bind(id)
        .bind(&email)
        .execute(&self.pool)
        .await
        .unwrap();
        (id, email)
    }

    /// Everything that an account has, counted and summed.
    async fn all_of(&self, account: Uuid) -> Value {
        sqlx::query_scalar(
            "SELECT jsonb_build_object(
                 'accounts', (SELECT count(*) FROM billing_accounts WHERE id = $1),
                 'subscriptions', (SELECT coalesce(jsonb_agg(status), '[]') FROM subscriptions WHERE account_id = $1),
                 'invoices', (SELECT coalesce(jsonb_agg(status), '[]') FROM invoices WHERE account_id = $1),
                 'lines', (SELECT count(*) FROM invoice_lines WHERE account_id = $1),
                 'bundles', (SELECT coalesce(jsonb_agg(status), '[]') FROM bundle_purchases WHERE account_id = $1),
                 'addons', (SELECT coalesce(jsonb_agg(status), '[]') FROM addon_subscriptions WHERE account_id = $1),
                 'tokens', (SELECT coalesce(sum(amount), 0)::bigint FROM token_entries WHERE account_id = $1),
                 'told', (SELECT count(*) FROM events WHERE payload ->> 'account_id' = $1::text))",
        )
        .bind(account)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// Kills the server at each step of what `deed` makes for a new customer. Gives how many steps there were.
    async fn at_every_step(
        &self,
        deed: impl AsyncFn(&Self, Uuid, u16) -> Deed,
        actor: Option<(&str, &str)>,
    ) -> i64 {
        let (mut step, mut moment) = (-1, Moment::Statement);
        let (mut server, mut port) = self.server().await;
        let (mut statements, mut unheard_commits) = (0, 0);
        loop {
            let (account, email) = self.customer().await;
            let (login, password) = actor.unwrap_or((email.as_str(), "TestPass123@"));
            let bearer = sign_in(port, login, password).await;
            let deed = deed(self, account, port).await;
            assert_eq!(self.all_of(account).await, deed.before);
            let key = platform::ids::new::<Uuid>();
            // The first time nothing happens to it: with all statements prepared, each is one step afterwards.
            self.proxy.arm(step, moment);
            // To be killed comes first: on a busy machine the server has time to say that its connection is gone.
            let answer = tokio::select! {
                biased;
                () = self.proxy.kill.notified() => None,
                answer = post(port, &deed.path, &bearer, key, &deed.body) => Some(answer.unwrap()),
            };
            if let Some((status, body)) = answer {
                self.proxy.disarm();
                assert_eq!(status, deed.status, "{body}");
                assert_eq!(self.all_of(account).await, deed.after);
                (step, moment) = match (step, moment) {
                    (-1, _) => (0, Moment::Statement),
                    (_, Moment::Statement) => {
                        statements = step;
                        (0, Moment::Commit)
                    }
                    (_, Moment::Commit) => {
                        assert!(unheard_commits >= 1, "no commit was gone through without its answer");
                        return statements;
                    }
                };
                continue;
            }
            server.start_kill().unwrap();
            server.wait().await.unwrap();
            self.proxy.disarm();
            let found = self.settled(account).await;
            assert!(found == deed.before || found == deed.after, "step {step}, {moment:?}: {found}");
            unheard_commits += i32::from(moment == Moment::Commit && found == deed.after);
            (server, port) = self.server().await;
            let (status, body) = post(port, &deed.path, &bearer, key, &deed.body).await.unwrap();
            assert_eq!(status, deed.status, "step {step}, {moment:?}: {body}");
            assert_eq!(self.all_of(account).await, deed.after, "step {step}, {moment:?}");
            step += if moment == Moment::Commit { 1 } else { self.stride() };
        }
    }

    /// Every step is gone through; where there are many and each takes long, some of them, and all with `KEYRACK_ALL_ORDERS`.
    fn stride(&self) -> i64 {
        if self.stripe.is_none() || std::env::var_os("KEYRACK_ALL_ORDERS").is_some() { 1 } else { 5 }
    }

    /// What there is of an account once the backends of the dead server are gone.
    async fn settled(&self, account: Uuid) -> Value {
        for _ in 0..500 {
            let busy: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name LIKE 'keyrack_%' AND pid <> pg_backend_pid()",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            if busy == 0 {
                return self.all_of(account).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the dead server's connections stay");
    }

    async fn cart(&self) -> Value {
        let one = async |sql: &'static str| -> String {
            sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
        };
        json!({
            "plan_id": one("SELECT id::text FROM plans WHERE slug = 'basic'").await,
            "add_on_ids": [one("SELECT id::text FROM addons WHERE is_active ORDER BY sort_order LIMIT 1").await],
            "token_bundle_ids": [one("SELECT id::text FROM token_bundles WHERE token_amount = 500").await],
            "currency": "EUR",
        })
    }
}

/// Sends a request and reads its answer; none if the server goes away meanwhile.
async fn post(port: u16, path: &str, bearer: &str, key: Uuid, body: &Value) -> Option<(u16, String)> {
    let body = body.to_string();
    // A message of Stripe's is believed for its signature.
    let signature = signature::header(&body, SECRET, stripe_sandbox::SystemClock.now().timestamp());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {bearer}\r\nIdempotency-Key: {key}\r\nStripe-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    // A server that is killed says nothing more; whoever waits for the kill hears of it.
    let (Ok(1..), Some(status)) = (read, answer.get(9..12).and_then(|status| status.parse().ok())) else {
        return std::future::pending().await;
    };
    Some((status, answer))
}

async fn sign_in(port: u16, email: &str, password: &str) -> String {
    let body = json!({ "email": email, "password": password });
    let (status, answer) =
        post(port, "/api/v1/auth/login", "none", platform::ids::new::<Uuid>(), &body).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let json: Value =
        serde_json::from_str(&answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()]).unwrap();
    json["token"].as_str().unwrap().to_owned()
}

fn nothing() -> Value {
    json!({
        "accounts": 0, "subscriptions": [], "invoices": [], "lines": 0, "bundles": [], "addons": [], "tokens": 0, "told": 0,
    })
}

fn ordered() -> Value {
    json!({
        "accounts": 1, "subscriptions": ["pending"], "invoices": ["pending"], "lines": 3, "bundles": ["pending"], "addons": ["pending"],
        "tokens": 0, "told": 3,
    })
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_checkout_is_whole_or_nothing_and_completed_by_its_retry(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let cart = scene.cart().await;
    let deed = async |_: &Scene, _: Uuid, _: u16| Deed {
        path: "/api/v1/user/checkout".to_owned(),
        body: cart.clone(),
        status: 201,
        before: nothing(),
        after: ordered(),
    };
    let steps = scene.at_every_step(deed, None).await;
    assert!(steps > 15, "a checkout has more than {steps} steps");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_capture_is_whole_or_nothing_and_completed_by_its_retry(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let cart = scene.cart().await;
    let deed = async |scene: &Scene, account: Uuid, port: u16| {
        let email = format!("{account}@example.com");
        let bearer = sign_in(port, &email, "TestPass123@").await;
        post(port, "/api/v1/user/checkout", &bearer, platform::ids::new::<Uuid>(), &cart).await.unwrap();
        let invoice: Uuid = sqlx::query_scalar("SELECT id FROM invoices WHERE account_id = $1")
            .bind(account)
            .fetch_one(&scene.pool)
            .await
            .unwrap();
        Deed {
            path: format!("/api/v1/admin/invoices/{invoice}/mark-paid"),
            body: json!({ "payment_reference": "bank transfer", "payment_method": "bank" }),
            status: 200,
            before: ordered(),
            after: json!({
                "accounts": 1, "subscriptions": ["active"], "invoices": ["paid"], "lines": 3, "bundles": ["completed"],
                "addons": ["active"], "tokens": 600, "told": 6,
            }),
        }
    };
    let steps = scene.at_every_step(deed, Some(("admin@example.com", "AdminPass123@"))).await;
    assert!(steps > 15, "a capture has more than {steps} steps");
}

/// What was ordered, with a page of Stripe's to pay it on.
fn with_page() -> Value {
    let mut with_page = ordered();
    with_page["told"] = json!(4);
    with_page
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_page_to_pay_on_is_made_once_and_by_its_retry(pool: PgPool) {
    let scene = Scene::with_stripe(&pool).await;
    let cart = scene.cart().await;
    let deed = async |scene: &Scene, account: Uuid, port: u16| {
        let (_, invoice) = scene.order(account, port, &cart).await;
        Deed {
            path: "/api/v1/plugins/stripe/create-session".to_owned(),
            body: json!({ "invoice_id": invoice }),
            status: 200,
            before: ordered(),
            after: with_page(),
        }
    };
    let steps = scene.at_every_step(deed, None).await;
    assert!(steps > 5, "a page has more than {steps} steps");
}

/// The worker's role does what a provider says.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_a_provider_captures_is_whole_or_nothing_and_completed_by_its_retry(pool: PgPool) {
    let scene = Scene::with_stripe(&pool).await;
    let cart = scene.cart().await;
    let deed = async |scene: &Scene, account: Uuid, port: u16| {
        let (bearer, invoice) = scene.order(account, port, &cart).await;
        let body = json!({ "invoice_id": invoice });
        let path = "/api/v1/plugins/stripe/create-session";
        let (_, answer) = post(port, path, &bearer, platform::ids::new::<Uuid>(), &body).await.unwrap();
        let page: Value =
            serde_json::from_str(&answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()]).unwrap();
        let (sandbox, _) = scene.stripe.as_ref().unwrap();
        assert_eq!(sandbox.pay(page["session_id"].as_str().unwrap(), "4242424242424242"), Payment::Paid);
        let message = sandbox.held_webhooks().into_iter().rfind(|it| it.kind == "checkout.session.completed");
        Deed {
            path: "/api/webhooks/stripe".to_owned(),
            body: serde_json::from_str(&message.unwrap().payload).unwrap(),
            status: 200,
            before: with_page(),
            after: json!({
                "accounts": 1, "subscriptions": ["active"], "invoices": ["paid"], "lines": 3, "bundles": ["completed"],
                "addons": ["active"], "tokens": 600, "told": 8,
            }),
        }
    };
    let steps = scene.at_every_step(deed, None).await;
    assert!(steps > 15, "a capture has more than {steps} steps");
}
