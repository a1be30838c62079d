//! `keyrack jobs`: jobs that failed for good.

use anyhow::bail;
use clap::Subcommand;
use platform::clock::SharedClock;
use platform::database::Database;
use platform::jobs::admin;
use uuid::Uuid;

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the jobs that failed for good, the newest hundred first.
    List,
    /// Have jobs that failed for good tried again.
    Retry {
        /// Their ids, as `list` shows them.
        #[arg(required_unless_present = "all")]
        ids: Vec<Uuid>,
        /// All that `list` shows.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Drop jobs that failed for good: what they were to do is not done.
    Drop {
        /// Their ids, as `list` shows them.
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
}

/// Does what the command says.
pub async fn run(command: Command, database: &Database, clock: &SharedClock) -> anyhow::Result<()> {
    match command {
        Command::List => list(database).await,
        Command::Retry { all: false, ids } => retry(database, clock, &ids).await,
        Command::Retry { all: true, .. } => {
            let ids: Vec<Uuid> =
                admin::dead_letters(database).await?.into_iter().map(|letter| letter.id).collect();
            retry(database, clock, &ids).await
        }
        Command::Drop { ids } => drop_jobs(database, &ids).await,
    }
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let letters = admin::dead_letters(database).await?;
    if letters.is_empty() {
        println!("No job failed for good.");
    }
    for letter in letters {
        let died_at = letter.died_at.format("%Y-%m-%d %H:%M:%S");
        println!(
            "{}  {died_at}  {}  after {} attempts: {}",
            letter.id, letter.queue, letter.attempts, letter.last_error
        );
    }
    Ok(())
}

async fn retry(database: &Database, clock: &SharedClock, ids: &[Uuid]) -> anyhow::Result<()> {
    let mut unknown = Vec::new();
    for id in ids {
        if admin::retry(database, *id, clock.now()).await? {
            println!("{id} is tried again.");
        } else {
            unknown.push(id.to_string());
        }
    }
    known(&unknown)
}

async fn drop_jobs(database: &Database, ids: &[Uuid]) -> anyhow::Result<()> {
    let mut unknown = Vec::new();
    for id in ids {
        if admin::discard(database, *id).await? {
            println!("{id} is dropped.");
        } else {
            unknown.push(id.to_string());
        }
    }
    known(&unknown)
}

fn known(unknown: &[String]) -> anyhow::Result<()> {
    if !unknown.is_empty() {
        bail!("no such dead job: {}", unknown.join(", "));
    }
    Ok(())
}
