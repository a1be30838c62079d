//! `keyrack users`: what no page lets anybody do.

use std::io::Read;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use identity::{Error, Identity};
use platform::secret;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List users, the first hundred by name.
    List {
        /// Only those whose name, user name or e-mail address begins with this.
        #[arg(default_value = "")]
        text: String,
    },
    /// Create a platform admin.
    CreateAdmin {
        /// E-mail address; also what the admin signs in with.
        email: String,
        /// Full name.
        #[arg(long, default_value = "Platform admin")]
        name: String,
        #[command(flatten)]
        password: Password,
    },
    /// Give a user another password. Ends all their sessions.
    SetPassword {
        /// E-mail address or user name.
        login: String,
        #[command(flatten)]
        password: Password,
    },
}

/// Where a password comes from. Never the command line: everybody on the machine can read that.
#[derive(Debug, Args)]
pub struct Password {
    /// Read the password from standard input; without this, one is made and printed.
    #[arg(long)]
    password_stdin: bool,
}

impl Password {
    /// The password, and whether it was made here.
    fn take(&self) -> anyhow::Result<(String, bool)> {
        if !self.password_stdin {
            return Ok((secret::token().text[..20].to_owned(), true));
        }
        let mut text = String::new();
        std::io::stdin().take(1000).read_to_string(&mut text).context("cannot read the password")?;
        Ok((text.trim_end_matches(['\r', '\n']).to_owned(), false))
    }
}

/// Does what the command says.
pub async fn run(command: Command, identity: &Identity) -> anyhow::Result<()> {
    match command {
        Command::List { text } => list(identity, &text).await,
        Command::CreateAdmin { email, name, password } => {
            let (password, is_made) = password.take()?;
            explain(identity.create_admin(&email, &name, &password).await)?;
            println!("{email} is a platform admin.");
            show(&password, is_made);
            Ok(())
        }
        Command::SetPassword { login, password } => {
            let (password, is_made) = password.take()?;
            explain(identity.set_password(&login, &password).await)?;
            println!("{login} has another password and must sign in again.");
            show(&password, is_made);
            Ok(())
        }
    }
}

fn show(password: &str, is_made: bool) {
    if is_made {
        println!("The password is {password} and is shown this once.");
    }
}

async fn list(identity: &Identity, text: &str) -> anyhow::Result<()> {
    let users = identity.users(text).await?;
    if users.is_empty() {
        println!("There is no such user.");
    }
    for user in users {
        let what = match (user.is_active, user.is_platform_admin) {
            (false, _) => "inactive",
            (true, true) => "platform admin",
            (true, false) => "",
        };
        println!("{}  {:<40} {:<30} {what}", user.id, user.username, user.full_name);
    }
    Ok(())
}

/// Says which field is wrong, and how.
fn explain<T>(result: identity::Result<T>) -> anyhow::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(Error::Invalid(problems)) => {
            bail!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        Err(Error::NotFound) => bail!("there is no such user"),
        Err(error) => Err(error.into()),
    }
}
