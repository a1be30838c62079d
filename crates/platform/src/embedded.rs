//! A Postgres of our own under the state directory, from the server binaries installed on this machine.
//!
//! `initdb` and `postgres` refuse to run as root, so as root the cluster belongs to an unprivileged user. The last
//! process that uses the cluster stops it; a process that was killed leaves it running for the next one.

use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use nix::unistd::{Gid, Uid, User};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tokio::process::Command;

/// The name of the database and of its owner.
const NAME: &str = "keyrack";

/// A running cluster that this process uses.
#[derive(Debug)]
pub struct Embedded {
    binaries: PathBuf,
    data: PathBuf,
    socket_dir: PathBuf,
    owner: Option<(Uid, Gid)>,
    /// Held shared by every process that uses the cluster.
    in_use: File,
    /// Held by the process that starts or stops it, while it does.
    changing: File,
}

impl Embedded {
    /// Makes the cluster if there is none, starts it if it is not running, and creates the database.
    pub async fn start(state_dir: &Path) -> anyhow::Result<Self> {
        let binaries = find_binaries()?;
        std::fs::create_dir_all(state_dir)
            .with_context(|| format!("cannot create {}", state_dir.display()))?;
        let state_dir = state_dir.canonicalize()?;
        let owner = unprivileged_user()?;
        let home = reachable_home(&state_dir, owner)?;
        let socket_dir = socket_dir(&home);
        make_private_dir(&socket_dir, owner)?;
        let file = |name: &str| File::options().create(true).append(true).open(state_dir.join(name));
        let (in_use, changing) = (file("postgres.in-use")?, file("postgres.changing")?);
        changing.lock()?;
        let embedded = Self { binaries, data: home.join("postgres"), socket_dir, owner, in_use, changing };
        if !embedded.data.join("PG_VERSION").exists() {
            tracing::info!(path = %embedded.data.display(), "postgres.initialising");
            make_private_dir(&embedded.data, owner)?;
            embedded.init().await?;
        }
        if !embedded.is_running().await? {
            embedded.launch().await?;
        }
        embedded.create_database().await?;
        embedded.in_use.lock_shared()?;
        embedded.changing.unlock()?;
        Ok(embedded)
    }

    /// How to connect as the owner of the database.
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.socket_dir).username(NAME).database(NAME)
    }

    /// Starts the cluster again if it has ended, because somebody killed it for example.
    pub async fn revive(&self) -> anyhow::Result<()> {
        if self.is_running().await? { Ok(()) } else { self.launch().await }
    }

    /// Stops the cluster unless another process uses it.
    pub async fn stop(self) {
        // Nobody starts to use it between the question whether somebody does and the stop.
        if self.changing.lock().is_err() || self.in_use.unlock().is_err() || self.in_use.try_lock().is_err() {
            return;
        }
        if let Err(error) = self.run("pg_ctl", &["stop", "--mode=fast", "--wait"]).await {
            tracing::warn!(%error, "postgres.stop_failed");
        }
    }

    async fn init(&self) -> anyhow::Result<()> {
        // Only this user (and root) can reach the socket, so the socket needs no password.
        let args =
            ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username", NAME, "--no-instructions"];
        match self.run("initdb", &args).await {
            Ok(()) => Ok(()),
            // macOS has no C.UTF-8.
            Err(_) => {
                self.run("initdb", &["--auth=trust", "--encoding=UTF8", "--locale=C", "--username", NAME])
                    .await
            }
        }
    }

    async fn is_running(&self) -> anyhow::Result<bool> {
        Ok(self.command("pg_ctl", &["status"]).status().await?.success())
    }

    async fn launch(&self) -> anyhow::Result<()> {
        let options = format!(
            "-k '{}' -c listen_addresses='' -c max_connections=120 -c shared_buffers=256MB -c max_wal_size=4GB",
            self.socket_dir.display()
        );
        let log = self.data.join("server.log");
        let log = log.to_string_lossy().into_owned();
        self.run("pg_ctl", &["start", "--wait", "--log", &log, "-o", &options])
            .await
            .with_context(|| format!("Postgres did not start; its log is {log}"))
    }

    async fn create_database(&self) -> anyhow::Result<()> {
        let mut connection = self.connect_options().database("postgres").connect().await?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(NAME)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            connection.execute(AssertSqlSafe(format!("CREATE DATABASE {NAME}"))).await?;
        }
        Ok(())
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command
            .arg("-D")
            .arg(&self.data)
            .args(args)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Out of our process group, so that Ctrl-C reaches us alone and we stop it in order.
        command.process_group(0);
        if let Some((uid, gid)) = self.owner {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    async fn run(&self, program: &str, args: &[&str]) -> anyhow::Result<()> {
        let output = if program == "pg_ctl" {
            // The server inherits pg_ctl's standard error and keeps it open; waiting for its end would wait for ever.
            let status = self.command(program, args).stderr(Stdio::null()).status().await?;
            (status, String::new())
        } else {
            let output = self.command(program, args).output().await?;
            (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
        };
        if !output.0.success() {
            bail!("{program} failed ({}): {}", output.0, output.1.trim());
        }
        Ok(())
    }
}

/// The newest Postgres, 15 or later, among the usual places.
fn find_binaries() -> anyhow::Result<PathBuf> {
    let mut candidates = Vec::new();
    for root in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql"] {
        let Ok(entries) = std::fs::read_dir(root) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let version: Option<u32> =
                name.trim_start_matches("postgresql@").trim_start_matches("postgresql-").parse().ok();
            let binaries = entry.path().join("bin");
            if let Some(version) =
                version.filter(|version| *version >= 15 && binaries.join("initdb").exists())
            {
                candidates.push((version, binaries));
            }
        }
    }
    candidates.sort();
    if let Some((_, binaries)) = candidates.pop() {
        return Ok(binaries);
    }
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .find(|dir| dir.join("initdb").exists() && dir.join("pg_ctl").exists())
        .context(
            "no Postgres 15 or later is installed: install the package `postgresql`, or set DATABASE_URL",
        )
}

/// As root, the user that runs the cluster: `postgres` if there is one, else `nobody`.
fn unprivileged_user() -> anyhow::Result<Option<(Uid, Gid)>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some((user.uid, user.gid)));
        }
    }
    bail!("running as root, and there is neither a user `postgres` nor `nobody` to run Postgres as")
}

/// Where the cluster lives: the state directory, unless its owner cannot get there (a checkout below `/root`).
fn reachable_home(state_dir: &Path, owner: Option<(Uid, Gid)>) -> anyhow::Result<PathBuf> {
    let Some((uid, _)) = owner else { return Ok(state_dir.to_owned()) };
    let reachable = state_dir.ancestors().all(|dir| {
        std::fs::metadata(dir).is_ok_and(|meta| {
            meta.mode() & 0o001 != 0 || (meta.uid() == uid.as_raw() && meta.mode() & 0o100 != 0)
        })
    });
    if reachable {
        return Ok(state_dir.to_owned());
    }
    let home = Path::new("/var/lib/keyrack").join(fingerprint(state_dir));
    std::fs::create_dir_all(&home)?;
    Ok(home)
}

/// A short directory for the socket: its path may have 107 characters at most, and a checkout may lie deep.
fn socket_dir(home: &Path) -> PathBuf {
    Path::new("/tmp").join(format!("keyrack-{}", fingerprint(home)))
}

fn fingerprint(path: &Path) -> String {
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hash[..6].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn make_private_dir(dir: &Path, owner: Option<(Uid, Gid)>) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let meta = std::fs::symlink_metadata(dir)?;
    let expected = owner.map_or_else(|| Uid::effective().as_raw(), |(uid, _)| uid.as_raw());
    if !meta.is_dir() || (meta.uid() != expected && meta.uid() != Uid::effective().as_raw()) {
        bail!("{} belongs to somebody else", dir.display());
    }
    if let Some((uid, gid)) = owner {
        chown(dir, Some(uid.as_raw()), Some(gid.as_raw()))?;
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cluster_is_made_once_shared_and_stopped_by_its_last_user() {
        let state = std::env::temp_dir().join(format!("keyrack-embedded-test-{}", std::process::id()));
        let first = Embedded::start(&state).await.unwrap();
        let second = Embedded::start(&state).await.unwrap();
        let options = second.connect_options();
        first.stop().await;
        assert!(options.connect().await.is_ok(), "the second process still uses it");
        second.stop().await;
        assert!(options.connect().await.is_err(), "nobody uses it");
        std::fs::remove_dir_all(&state).unwrap();
    }
}
