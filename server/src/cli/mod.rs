//! The commands of `keyrack`.

mod jobs;
mod plugins;
mod users;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::{Parser, Subcommand};
use identity::Identity;
use platform::clock::{SharedClock, SystemClock};
use platform::settings::{Settings, SettingsError};
use plugin_host::Plugins;

use crate::demo;
use crate::serve::database::Source;
use crate::serve::{self, Role};
use crate::telemetry;

/// Front desk, back office and storefront of a hotel group.
///
/// Settings come from the environment; .env.example lists them all.
#[derive(Debug, Parser)]
#[command(name = "keyrack", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages and REST, and carry out jobs, until told to stop.
    ///
    /// Migrates the database first. SIGINT or SIGTERM stops it in order: it takes no new requests, and lets those
    /// that were begun and running jobs finish, for 30 seconds at most. A second signal stops it at once.
    Serve {
        /// What this process does; several processes may share the work.
        #[arg(long = "role", value_delimiter = ',', default_values = ["web", "worker"])]
        roles: Vec<Role>,
    },
    /// Apply the migrations that the database lacks, and end. `serve` does it too.
    Migrate,
    /// Make demo data, or renew it around today; or fill the database for load work.
    ///
    /// Without options: the demo accounts and hotels. With options: that many hotels more, each with rooms and years
    /// of stays.
    Demo {
        /// How many hotels to add.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        hotels: Option<u32>,
        /// Rooms in each hotel.
        #[arg(long, default_value_t = 50, requires = "hotels", value_parser = clap::value_parser!(u32).range(1..=2000))]
        rooms: u32,
        /// Years of stays in each room.
        #[arg(long, default_value_t = 2, requires = "hotels", value_parser = clap::value_parser!(u32).range(1..=50))]
        years: u32,
    },
    /// Look after users who may do what no page lets them.
    #[command(subcommand)]
    Users(users::Command),
    /// Look after plug-ins: which there are, and which are on.
    #[command(subcommand)]
    Plugins(plugins::Command),
    /// Look after jobs that failed for good.
    #[command(subcommand)]
    Jobs(jobs::Command),
}

/// Reads the command line and does what it says. Exit code 2 is a mistake in the command line or the settings, 1 is
/// anything else that went wrong.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    telemetry::install();
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(problems) => return bad_settings(&problems),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("keyrack: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(carry_out(cli.command, settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(problems) = error.downcast_ref() {
                return bad_settings(problems);
            }
            eprintln!("keyrack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One line for each.
fn bad_settings(problems: &SettingsError) -> ExitCode {
    for problem in &problems.0 {
        eprintln!("keyrack: {problem}");
    }
    ExitCode::from(2)
}

async fn carry_out(command: Command, settings: Settings) -> anyhow::Result<()> {
    if let Command::Serve { roles } = command {
        return serve::run(settings, &roles).await;
    }
    let source = Source::open(&settings).await?;
    let result = with_database(command, &settings, &source).await;
    source.close().await;
    result
}

/// The commands that do one thing to a migrated database and end.
async fn with_database(command: Command, settings: &Settings, source: &Source) -> anyhow::Result<()> {
    source.migrate().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    match command {
        Command::Serve { .. } => Ok(()),
        Command::Migrate => {
            println!("The database is up to date.");
            Ok(())
        }
        Command::Demo { hotels: None, .. } => {
            if !settings.is_local() {
                bail!(
                    "demo accounts have passwords that everybody knows; {} is not this machine",
                    settings.base_url
                );
            }
            demo::refresh(source.options(), &clock).await?;
            println!("The demo data is there, around today.");
            Ok(())
        }
        Command::Demo { hotels: Some(hotels), rooms, years } => {
            let stays = demo::load(source.options(), &*clock, demo::Load { hotels, rooms, years }).await?;
            println!("Made {hotels} hotels with {stays} stays.");
            Ok(())
        }
        Command::Users(command) => {
            users::run(command, &Identity::new(source.database(settings), clock, settings)).await
        }
        Command::Plugins(command) => {
            let plugins = Plugins::new(source.database(settings), clock, crate::plugins::ALL);
            plugins::run(command, &plugins).await
        }
        Command::Jobs(command) => jobs::run(command, &source.database(settings), &clock).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_does_everything_unless_told_otherwise() {
        let roles = |args: &[&str]| match Cli::parse_from(args).command {
            Command::Serve { roles } => roles,
            _ => Vec::new(),
        };
        assert_eq!(roles(&["keyrack", "serve"]), [Role::Web, Role::Worker]);
        assert_eq!(roles(&["keyrack", "serve", "--role", "worker"]), [Role::Worker]);
    }
}
