//! A load generator that costs little: one connection a task, requests written by hand, answers read to their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The status line and the headers, in lower case.
    pub head: String,
    /// The body, chunks joined.
    pub body: Vec<u8>,
    /// From the first byte sent to the first byte of the answer.
    pub first_byte: Duration,
    /// From the first byte sent to the last byte of the answer.
    pub total: Duration,
}

/// A connection that is kept open.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("nobody listens at {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a whole request and reads the whole answer. `keep` false drops body bytes as they come.
    pub async fn send(&mut self, request: &[u8], keep: bool) -> anyhow::Result<Answer> {
        let started = Instant::now();
        self.stream.write_all(request).await?;
        self.buffer.clear();
        self.fill().await?;
        let first_byte = started.elapsed();
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|text| text.parse().ok()).context("not an HTTP answer")?;
        self.buffer.drain(..head_end);
        let header = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
        };
        let mut body = Vec::new();
        if header("transfer-encoding:").is_some_and(|value| value.contains("chunked")) {
            self.chunked(&mut body, keep).await?;
        } else {
            let length: usize = header("content-length:").and_then(|value| value.parse().ok()).unwrap_or(0);
            while self.buffer.len() < length {
                self.fill().await?;
            }
            body.extend_from_slice(&self.buffer[..length]);
            self.buffer.drain(..length);
        }
        Ok(Answer { status, head, body, first_byte, total: started.elapsed() })
    }

    async fn chunked(&mut self, body: &mut Vec<u8>, keep: bool) -> anyhow::Result<()> {
        loop {
            let line_end = loop {
                if let Some(at) = find(&self.buffer, b"\r\n") {
                    break at;
                }
                self.fill().await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[..line_end])?.trim(), 16)?;
            self.buffer.drain(..line_end + 2);
            while self.buffer.len() < size + 2 {
                self.fill().await?;
            }
            if keep {
                body.extend_from_slice(&self.buffer[..size]);
            }
            self.buffer.drain(..size + 2);
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A request without a body.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").into_bytes()
}

/// A `POST` with a JSON body.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    write("POST", path, headers, body)
}

/// A request that writes, with a JSON body or an empty one.
pub fn write(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

/// What a load showed.
#[derive(Debug)]
pub struct Load {
    /// Answers a second.
    pub rate: f64,
    /// 99 of 100 answers came within this time.
    pub p99: Duration,
    /// Answers with another status than wanted.
    pub failed: u64,
}

/// Sends what `request` makes (it is given a running number) from `connections` connections for `time`, either as fast as
/// answers come or at `pace` requests a second in all. At a pace, time spent waiting for a free connection counts.
pub async fn load(
    address: &str,
    connections: u32,
    time: Duration,
    pace: Option<f64>,
    wanted: u16,
    request: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
) -> anyhow::Result<Load> {
    let request = Arc::new(request);
    let number = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (address, request, number) = (address.to_owned(), Arc::clone(&request), Arc::clone(&number));
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let (mut times, mut failed) = (Vec::new(), 0u64);
            while started.elapsed() < time {
                let this = number.fetch_add(1, Ordering::Relaxed);
                let due = match pace {
                    Some(rate) => {
                        #[expect(clippy::cast_precision_loss, reason = "a few million requests at most")]
                        let due = started + Duration::from_secs_f64(this as f64 / rate);
                        tokio::time::sleep_until(due.into()).await;
                        due
                    }
                    None => Instant::now(),
                };
                let answer = connection.send(&request(this), false).await?;
                failed += u64::from(answer.status != wanted);
                times.push(due.elapsed());
            }
            anyhow::Ok((times, failed))
        }));
    }
    let (mut times, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (some, bad) = task.await??;
        times.extend(some);
        failed += bad;
    }
    let elapsed = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a few million requests at most")]
    Ok(Load { rate: times.len() as f64 / elapsed, p99, failed })
}
