//! What the browser is sent: the size of the code, and what Lighthouse says about two pages.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context;
use tokio::process::Command;

/// Kilobytes of the main wasm file and of the largest one that is loaded later, as brotli.
pub fn wasm_sizes(site: &str) -> anyhow::Result<(f64, f64)> {
    let (mut main, mut lazy) = (None, 0.0f64);
    for entry in std::fs::read_dir(Path::new(site).join("pkg")).context("the pages are not built")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".wasm.br") {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "files are smaller than 2^52 bytes")]
        let size = entry.metadata()?.len() as f64 / 1000.0;
        if name.starts_with("keyrack.") { main = Some(size) } else { lazy = lazy.max(size) }
    }
    Ok((main.context("there is no main file; build with --precompress")?, lazy))
}

/// Lighthouse's scores of a page, from 0 to 100: performance, accessibility, best practices. `headers` go with each
/// request. It plays a slow phone on a slow network. Each is the middle of three looks, as Lighthouse advises: a machine that
/// is busy elsewhere for a moment changes what one look says.
pub async fn lighthouse(url: &str, headers: &serde_json::Value) -> anyhow::Result<[f64; 3]> {
    let mut looks = Vec::new();
    let mut failures = 0;
    while looks.len() < 3 {
        match look(url, headers).await {
            Ok(scores) => looks.push(scores),
            // Now and then Chromium gives it no trace to judge ("Please run Lighthouse again").
            Err(error) if failures < 2 => {
                failures += 1;
                println!("  Lighthouse is asked again: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    Ok([0, 1, 2].map(|category| {
        let mut scores: Vec<f64> = looks.iter().map(|scores| scores[category]).collect();
        scores.sort_by(f64::total_cmp);
        scores[1]
    }))
}

async fn look(url: &str, headers: &serde_json::Value) -> anyhow::Result<[f64; 3]> {
    // Not by way of a pipe: Node ends with what did not fit into it still unwritten.
    let path = std::env::temp_dir().join(format!("keyrack-lighthouse-{}.json", std::process::id()));
    let status = Command::new("node_modules/.bin/lighthouse")
        .args([url, "--quiet", "--output=json"])
        .arg(format!("--output-path={}", path.display()))
        .arg("--only-categories=performance,accessibility,best-practices")
        .arg("--chrome-flags=--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking")
        .arg(format!("--extra-headers={headers}"))
        .env("CHROME_PATH", std::env::var("KEYRACK_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()))
        .stderr(Stdio::inherit())
        .status()
        .await
        .context("lighthouse could not be started; ./dev setup installs it")?;
    anyhow::ensure!(status.success(), "lighthouse ended with {status}");
    let report = std::fs::read(&path).context("lighthouse gave no report")?;
    std::fs::remove_file(&path)?;
    let report: serde_json::Value =
        serde_json::from_slice(&report).context("lighthouse's report is broken")?;
    let score = |category: &str| {
        let score = report["categories"][category]["score"].as_f64();
        score.map(|score| score * 100.0).with_context(|| format!("lighthouse gave no score for {category}"))
    };
    Ok([score("performance")?, score("accessibility")?, score("best-practices")?])
}
