//! The server under test, and what is known about its data.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::postgres::PgPool;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::http::{Connection, get};

/// Runs a command of Keyrack to its end.
pub async fn keyrack(binary: &str, database: &str, arguments: &[&str]) -> anyhow::Result<()> {
    println!("keyrack {}", arguments.join(" "));
    let status = Command::new(binary)
        .args(arguments)
        .env("DATABASE_URL", database)
        .env("RUST_LOG", "warn")
        .status()
        .await?;
    anyhow::ensure!(status.success(), "keyrack {} failed", arguments.join(" "));
    Ok(())
}

/// The running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Host and port.
    pub address: String,
    /// From the start of the process to its first `200` at `/ready`.
    pub ready_after: Duration,
}

impl Server {
    /// Starts the binary on a free port and waits until it is ready.
    pub async fn start(binary: &str, database: &str) -> anyhow::Result<Self> {
        Self::start_at(binary, database, free_port()?, Stdio::inherit()).await
    }

    /// The same on a port of one's own, with its log going to `log`.
    pub async fn start_at(binary: &str, database: &str, port: u16, log: Stdio) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(binary)
            .arg("serve")
            .env("KEYRACK_STATE_DIR", std::env::temp_dir().join("keyrack-bench"))
            .env("DATABASE_URL", database)
            .env("PORT", port.to_string())
            .env("RUST_LOG", "warn")
            .env("RATE_LIMIT_API_PER_MINUTE", "0")
            .env(
                "LEPTOS_SITE_ROOT",
                std::env::var("KEYRACK_SITE").unwrap_or_else(|_| "target/site".to_owned()),
            )
            .env("LEPTOS_SITE_PKG_DIR", "pkg")
            .env("LEPTOS_HASH_FILES", "true")
            .env("LEPTOS_HASH_FILE_NAME", "hash.txt")
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{binary} could not be started"))?;
        let address = format!("127.0.0.1:{port}");
        while started.elapsed() < Duration::from_mins(1) {
            if let Ok(mut connection) = Connection::open(&address).await
                && let Ok(answer) = connection.send(&get("/ready", ""), false).await
                && answer.status == 200
            {
                return Ok(Self { child, address, ready_after: started.elapsed() });
            }
            if let Some(status) = child.try_wait()? {
                bail!("the server ended before it was ready: {status}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the server was not ready after a minute")
    }

    /// Resident memory in megabytes.
    pub fn memory(&self) -> anyhow::Result<f64> {
        let id = self.child.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Kills it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

/// A port that nobody listens on.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A hotel and somebody who is signed in there.
#[derive(Debug, Clone)]
pub struct Hotel {
    /// The organisation.
    pub organisation_id: Uuid,
    /// The hotel.
    pub hotel_id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// Headers of a signed-in browser.
    pub cookie: String,
    /// Headers of a REST client.
    pub bearer: String,
}

impl Hotel {
    /// The hotel with the most rooms whose owner's e-mail address is like `owner`, and that owner, signed in both ways.
    pub async fn find(pool: &PgPool, server: &Server, owner: &str) -> anyhow::Result<Self> {
        let (organisation_id, hotel_id, user_id, email): (Uuid, Uuid, Uuid, String) = sqlx::query_as(
            "SELECT h.organisation_id, h.id, u.id, u.email FROM hotels h
             JOIN memberships m ON m.hotel_id = h.id AND m.role = 'owner' JOIN users u ON u.id = m.user_id
             WHERE u.email LIKE $1
             ORDER BY (SELECT count(*) FROM rooms r WHERE r.hotel_id = h.id) DESC, h.id LIMIT 1",
        )
        .bind(owner)
        .fetch_one(pool)
        .await
        .context("the database has no such hotel")?;
        let cookie = browser(pool, user_id, Some(hotel_id)).await?;
        let form = format!("username={}&password=HarbourDesk1!", email.replace('@', "%40"));
        let request = format!(
            "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let answer = Connection::open(&server.address).await?.send(request.as_bytes(), true).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).context("no token was given")?;
        let token_text = answer["access_token"].as_str().context("no access token")?;
        Ok(Self {
            organisation_id,
            hotel_id,
            user_id,
            cookie,
            bearer: format!("Authorization: Bearer {token_text}\r\n"),
        })
    }

    /// The ids of its rooms, and of their types.
    pub async fn rooms(&self, pool: &PgPool) -> anyhow::Result<Vec<(Uuid, Uuid)>> {
        Ok(sqlx::query_as("SELECT id, room_type_id FROM rooms WHERE hotel_id = $1")
            .bind(self.hotel_id)
            .fetch_all(pool)
            .await?)
    }
}

/// Headers of a browser in which somebody is signed in.
pub async fn browser(pool: &PgPool, user_id: Uuid, hotel_id: Option<Uuid>) -> anyhow::Result<String> {
    let token = platform::secret::token();
    sqlx::query(
        "INSERT INTO sessions (id, token_hash, user_id, hotel_id, user_agent, address, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, 'bench', '127.0.0.1', now(), now(), now() + interval '1 day')",
    )
    .bind(platform::ids::new::<Uuid>())
    .bind(&token.hash)
    .bind(user_id)
    .bind(hotel_id)
    .execute(pool)
    .await?;
    Ok(format!("Cookie: keyrack_session={}\r\n", token.text))
}
