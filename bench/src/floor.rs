//! The floor: pgbench runs the very statements the server runs, taken from `.sqlx`, over the same data.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

/// The text of the one checked query that contains `marker`, with pgbench's variables in place of parameters.
pub fn statement(marker: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let mut found = None;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.sqlx"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let query: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
        let text = query["query"].as_str().unwrap_or_default();
        if text.contains(marker) {
            let parameters =
                query["describe"]["parameters"]["Left"].as_array().map_or(&[][..], Vec::as_slice);
            ensure!(
                parameters.len() == arguments.len(),
                "{marker:?} has {} parameters now",
                parameters.len()
            );
            for (kind, argument) in parameters.iter().zip(arguments) {
                let wants_array = kind.as_str().is_some_and(|kind| kind.ends_with("Array"));
                let is_array = ["ARRAY[", "'{", "NULL"].iter().any(|begin| argument.starts_with(begin));
                ensure!(is_array || !wants_array, "{marker:?} wants an array for {argument}");
            }
            ensure!(found.is_none(), "several queries in .sqlx contain {marker:?}");
            found = Some(substitute(text, arguments));
        }
    }
    found.with_context(|| format!("no query in .sqlx contains {marker:?}"))
}

/// Replaces `$n` from the highest down, so that `$1` does not eat the beginning of `$10`; a script is one line.
fn substitute(text: &str, arguments: &[&str]) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (index, argument) in arguments.iter().enumerate().rev() {
        text = text.replace(&format!("${}", index + 1), argument);
    }
    text
}

/// Runs a script with as many clients and for as many seconds; transactions a second.
pub fn pgbench(database: &str, role: &str, script: &str, clients: u32, seconds: u64) -> anyhow::Result<f64> {
    let text = run(database, role, script, clients, seconds, &[])?;
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
    rate.and_then(|line| line.split(' ').next())
        .and_then(|rate| rate.parse().ok())
        .context("pgbench told no rate")
}

/// The same at a pace of `rate` transactions a second: 99 of 100 were done within this time after they were due.
pub fn pgbench_p99(
    database: &str,
    role: &str,
    script: &str,
    clients: u32,
    seconds: u64,
    rate: f64,
) -> anyhow::Result<Duration> {
    let logs = std::env::temp_dir().join(format!("keyrack-bench-log-{}", std::process::id()));
    std::fs::create_dir_all(&logs)?;
    let prefix = format!("--log-prefix={}", logs.join("log").display());
    run(database, role, script, clients, seconds, &["--log", &prefix, &format!("--rate={rate}")])?;
    let mut times: Vec<u64> = Vec::new();
    for entry in std::fs::read_dir(&logs)? {
        let log = std::fs::read_to_string(entry?.path())?;
        // Client, number, microseconds since it was due, and more.
        times.extend(log.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok()));
    }
    std::fs::remove_dir_all(&logs)?;
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).context("pgbench logged nothing")?;
    Ok(Duration::from_micros(*p99))
}

fn run(
    database: &str,
    role: &str,
    script: &str,
    clients: u32,
    seconds: u64,
    more: &[&str],
) -> anyhow::Result<String> {
    let file = std::env::temp_dir().join(format!("keyrack-bench-{}.sql", std::process::id()));
    std::fs::write(&file, script)?;
    let output = Command::new(pgbench_path())
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--define=number=0"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={seconds}"))
        .arg(format!("--file={}", file.display()))
        .args(more)
        .arg(database)
        .env("PGOPTIONS", format!("-c role={role}"))
        .output()
        .context("pgbench could not be started")?;
    std::fs::remove_file(&file)?;
    ensure!(output.status.success(), "pgbench failed: {}\n{script}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// pgbench is not on the path on Debian.
fn pgbench_path() -> String {
    let versions = (15..30).rev().map(|version| format!("/usr/lib/postgresql/{version}/bin/pgbench"));
    versions.into_iter().find(|path| Path::new(path).exists()).unwrap_or_else(|| "pgbench".to_owned())
}

/// A transaction of somebody of an organisation, as the server opens it.
pub fn transaction(organisation_id: &str, user_id: &str, variables: &str, statements: &[String]) -> String {
    let mut script = format!(
        "{variables}\nBEGIN;\nSELECT set_config('keyrack.organisation', '{organisation_id}', true), set_config('keyrack.actor', '{user_id}', true);\n"
    );
    for statement in statements {
        let _ = writeln!(script, "{statement};");
    }
    script.push_str("COMMIT;\n");
    script
}

#[cfg(test)]
mod tests {
    #[test]
    fn parameters_are_replaced_by_number() {
        assert_eq!(
            super::substitute("$1 $10\n  $2", &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]),
            "a j b"
        );
    }
}
