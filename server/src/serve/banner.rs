//! What somebody at a terminal wants to know.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use platform::settings::Settings;

/// Accounts of the demo data (DESIGN 9): who, and with which password.
const ACCOUNTS: &[(&str, &str, &str)] = &[
    ("reception@harbour.example", "HarbourDesk1!", "reception of Harbour House"),
    ("owner@harbour.example", "HarbourDesk1!", "its owner"),
    ("reception@mill.example", "HarbourDesk1!", "reception of Old Mill Inn, another company"),
    ("test@example.com", "TestPass123@", "a customer with plans, invoices and tokens"),
    ("admin@example.com", "AdminPass123@", "platform admin"),
];

/// Prints the address, and the demo accounts when there are some. Where standard output is a log for machines, somebody
/// who works on this machine finds them on standard error.
pub fn print(settings: &Settings, sandbox: Option<&str>) {
    let text = text(settings, sandbox);
    // A terminal that went away is no reason to stop.
    let _ = if std::io::stdout().is_terminal() {
        write!(std::io::stdout(), "{text}")
    } else if settings.is_local() {
        write!(std::io::stderr(), "{text}")
    } else {
        Ok(())
    };
}

fn text(settings: &Settings, sandbox: Option<&str>) -> String {
    // Writing to a text cannot fail.
    let mut text = format!("\n  Keyrack is ready: {}\n", settings.base_url);
    if settings.demo {
        text.push_str("\n  Demo accounts\n");
        for (login, password, who) in ACCOUNTS {
            let _ = writeln!(text, "    {login:<27} {password:<15} {who}");
        }
    }
    if settings.smtp.is_none() && settings.is_local() {
        let _ =
            writeln!(text, "\n  There is no mail server, so mail is shown at {}/dev/mail", settings.base_url);
    }
    if let Some(sandbox) = sandbox {
        let _ = writeln!(
            text,
            "\n  There is no STRIPE_SECRET_KEY, so people pay in a sandbox where no real money moves: {sandbox}"
        );
    }
    text.push_str("\n  Ctrl-C stops it.\n\n");
    text
}
