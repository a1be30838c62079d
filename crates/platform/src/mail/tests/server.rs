//! A mail server for the tests: `aiosmtpd` in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::settings::{Smtp, SmtpEncryption};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

const NEEDED: &str = "The tests of mail need a Python with the package `aiosmtpd`: `./dev test` makes one, \
                      or set KEYRACK_TEST_PYTHON.";

/// A mail server in a process of its own.
pub struct Server {
    port: u16,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

/// A mail as the server saw it, after Python took it apart.
#[derive(Debug, Deserialize)]
pub struct Received {
    pub sender: String,
    pub recipients: Vec<String>,
    pub headers: Value,
    pub r#type: String,
    pub text: Option<String>,
    pub html: Option<String>,
    /// By name: content type, and content in hexadecimal digits.
    pub files: Value,
}

impl Server {
    pub async fn start(arguments: &[&str]) -> Self {
        let python = std::env::var_os("KEYRACK_TEST_PYTHON").map_or_else(
            || {
                PathBuf::from(std::env::var_os("HOME").unwrap_or_default())
                    .join(".cache/keyrack/venv/bin/python")
            },
            PathBuf::from,
        );
        let mut process = Command::new(&python)
            .args(["-c", include_str!("server.py")])
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start ({error}). {NEEDED}", python.display()));
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = timeout(PATIENCE, output.next_line()).await.unwrap().unwrap();
        let port =
            port.unwrap_or_else(|| panic!("{} did not start the mail server. {NEEDED}", python.display()));
        Self { port: port.parse().unwrap(), output, _process: process }
    }

    /// The next mail, which must have been accepted by now or soon.
    pub async fn received(&mut self) -> Received {
        let line = timeout(PATIENCE, self.output.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    pub fn settings(&self) -> Smtp {
        Smtp {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: None,
            password: None,
            from: "Harbour House <desk@harbour.example>".to_owned(),
            encryption: SmtpEncryption::None,
        }
    }
}
