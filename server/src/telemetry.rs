//! Logs: for people in a terminal, a JSON object a line for machines. Never secrets, cookies, queries or bodies.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT: &str = "info,sqlx=warn";

/// Installs the logger of this process. Logs go to standard error; standard output belongs to the commands.
pub fn install() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.compact().with_target(false).init();
    } else {
        builder.json().flatten_event(true).with_span_list(false).init();
    }
}
