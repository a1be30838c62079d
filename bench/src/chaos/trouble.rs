//! Kills the server and Postgres, and starts them again.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::process::Command;

use super::Options;
use crate::house::{Server, free_port};
use crate::http::{Connection, get};

/// A request sent this long after the first answer from the database may still be answered with 503: the server asks for
/// Postgres twice a second, and may hold a connection of which it does not know yet that it is dead.
pub const GRACE: Duration = Duration::from_secs(2);

/// How long coming back may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// When something was down.
#[derive(Debug, Default)]
pub struct Outages(Mutex<Vec<(Instant, Option<Instant>)>>);

impl Outages {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<(Instant, Option<Instant>)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self) {
        self.with(|outages| outages.push((Instant::now(), None)));
    }

    fn end(&self) {
        self.with(|outages| {
            if let Some(last) = outages.last_mut() {
                last.1 = Some(Instant::now());
            }
        });
    }

    /// Whether something is down now.
    pub fn is_on(&self) -> bool {
        self.with(|outages| outages.last().is_some_and(|(_, end)| end.is_none()))
    }

    /// Whether something was down while a request was under way, or shortly before it was sent.
    pub fn explain(&self, sent: Instant) -> bool {
        self.with(|outages| outages.last().is_some_and(|(_, end)| end.is_none_or(|end| sent <= end + GRACE)))
    }
}

/// Where the server's log goes.
pub fn log_file() -> PathBuf {
    std::env::temp_dir().join(format!("keyrack-chaos-{}.log", std::process::id()))
}

/// What is done to the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// `kill -9` of the server.
    Server,
    /// An immediate stop of Postgres, which is a crash to it; the server stays up.
    Postgres(Duration),
    /// Postgres stops, and before it is back the server is killed and started.
    Both(Duration),
}

/// The server, its Postgres, and what became of them.
#[derive(Debug)]
pub struct House {
    options: Options,
    server: Option<Server>,
    port: u16,
    /// How often the server was killed.
    pub kills: u32,
    /// How often Postgres was stopped.
    pub restarts: u32,
    /// From the moment everything was started again to the first answer from the database, the slowest one.
    pub slowest: Duration,
}

impl House {
    /// Starts the server.
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let (options, port) = (options.clone(), free_port()?);
        let mut house = Self { options, server: None, port, kills: 0, restarts: 0, slowest: Duration::ZERO };
        house.server = Some(house.start_server().await?);
        Ok(house)
    }

    /// The running server.
    pub fn server(&self) -> anyhow::Result<&Server> {
        self.server.as_ref().context("the server is not running")
    }

    async fn start_server(&self) -> anyhow::Result<Server> {
        let log = OpenOptions::new().create(true).append(true).open(log_file())?;
        let Options { binary, database, .. } = &self.options;
        Server::start_at(binary, database, self.port, Stdio::from(log)).await
    }

    /// Kills the server for good.
    pub async fn kill_server(&mut self) -> anyhow::Result<()> {
        if let Some(server) = self.server.take() {
            server.stop().await?;
        }
        Ok(())
    }

    async fn postgres(&self, command: &[&str]) -> anyhow::Result<()> {
        let pg_ctl = self.options.postgres_bin.join("pg_ctl");
        // Postgres refuses to run as root.
        let mut process = match &self.options.postgres_user {
            Some(user) => {
                let mut process = Command::new("runuser");
                process.args(["-u", user, "--"]).arg(pg_ctl);
                process
            }
            None => Command::new(pg_ctl),
        };
        process.args(command).arg("--silent").arg("--pgdata").arg(&self.options.postgres_data);
        process.arg("--log").arg(self.options.postgres_data.with_file_name("log"));
        process.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = process.status().await.context("pg_ctl could not be started")?;
        ensure!(status.success(), "pg_ctl {} failed", command.join(" "));
        Ok(())
    }

    /// Does it, and waits until the house answers again.
    pub async fn strike(&mut self, blow: Blow, outages: &Outages, bearer: &str) -> anyhow::Result<()> {
        outages.begin();
        if let Blow::Postgres(_) | Blow::Both(_) = blow {
            self.restarts += 1;
            self.postgres(&["stop", "--mode=immediate"]).await?;
        }
        if let Blow::Server | Blow::Both(_) = blow {
            self.kills += 1;
            self.kill_server().await?;
        }
        let begun = match blow {
            Blow::Server => {
                let begun = Instant::now();
                self.server = Some(self.start_server().await?);
                begun
            }
            Blow::Postgres(away) => {
                tokio::time::sleep(away).await;
                self.start_postgres().await?
            }
            Blow::Both(away) => {
                // The server is started while Postgres is away, and has to wait for it.
                let postgres = async {
                    tokio::time::sleep(away).await;
                    self.start_postgres().await
                };
                let (begun, server) = tokio::try_join!(postgres, self.start_server())?;
                self.server = Some(server);
                begun
            }
        };
        self.wait_for_answer(bearer).await?;
        outages.end();
        self.slowest = self.slowest.max(begun.elapsed());
        Ok(())
    }

    /// Starts Postgres with the options it had; the moment from which it answers.
    async fn start_postgres(&self) -> anyhow::Result<Instant> {
        self.postgres(&["restart", "--wait", "--timeout=60"]).await?;
        Ok(Instant::now())
    }

    /// Asks for something that only the database knows until the answer comes.
    async fn wait_for_answer(&self, bearer: &str) -> anyhow::Result<()> {
        let (begun, address) = (Instant::now(), format!("127.0.0.1:{}", self.port));
        while begun.elapsed() < PATIENCE {
            if let Ok(mut connection) = Connection::open(&address).await
                && let Ok(answer) = connection.send(&get("/rooms", bearer), false).await
                && answer.status == 200
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the server did not come back within {} s", PATIENCE.as_secs())
    }
}
