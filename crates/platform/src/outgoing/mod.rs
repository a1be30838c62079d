//! HTTP to addresses that somebody typed, such as webhooks and calendars (DESIGN 3, "Safety").
//!
//! Whoever may type an address must not reach through this server what only the server reaches: itself, its neighbours,
//! the metadata of its cloud. So an address is looked at when it is typed ([`Outgoing::checked`]) and again with each
//! request, after its name was resolved: the connection goes to the very address that was looked at, and a name that
//! means something else by then is looked at anew. Redirects are not followed, and time and size have an end.

mod addresses;

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

pub use reqwest::Method;

use self::addresses::is_public;

/// The longest address.
const MAX_URL: usize = 2_000;

/// What is allowed beyond HTTPS to the public internet; nothing unless it is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutgoingRules {
    /// Whether addresses may begin with `http://`.
    pub allow_http: bool,
    /// Whether addresses may be private ones, as on a developer's machine or in a closed network.
    pub allow_private_addresses: bool,
}

/// How long an answer may take, and how much of it is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The time from the beginning of the connection to the end of the answer.
    pub time: Duration,
    /// The most bytes of the body; what follows is not read.
    pub bytes: usize,
}

/// What the other side answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub is_cut: bool,
}

/// Why there is no answer. Says nothing about the network that this server is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// The address cannot be used; the text says why, and reads well after the name of a field.
    #[error("{0}")]
    BadAddress(&'static str),
    /// It leads to an address that is not of the public internet.
    #[error("leads to an address that is not a public one")]
    NotPublic,
    /// There was no answer in time.
    #[error("no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// No connection, or it ended too early.
    #[error("{0}")]
    Failed(String),
}

/// Sends requests to addresses that somebody typed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// None where the system could not prepare one, which is logged at the start.
    client: Option<Client>,
    rules: OutgoingRules,
}

impl Outgoing {
    /// Under these rules.
    pub fn new(rules: OutgoingRules) -> Self {
        let client = Client::builder()
            .dns_resolver(std::sync::Arc::new(Guarded { rules }))
            .redirect(Policy::none())
            .referer(false)
            // A proxy would resolve names by itself.
            .no_proxy()
            // Each request looks at its address.
            .pool_max_idle_per_host(0)
            .build()
            .inspect_err(|error| tracing::error!(%error, "outgoing.no_client"))
            .ok();
        Self { client, rules }
    }

    /// The address as it is used, if it can be: `http(s)`, with a host, without a name and password, and not one that
    /// says in numbers that it is a private one. Names are looked at when they are used.
    pub fn checked(&self, address: &str) -> Result<String, OutgoingError> {
        self.url(address).map(String::from)
    }

    fn url(&self, address: &str) -> Result<Url, OutgoingError> {
        let bad = |why| Err(OutgoingError::BadAddress(why));
        if address.len() > MAX_URL {
            return bad("must be at most 2000 characters long");
        }
        let Ok(mut url) = Url::parse(address.trim()) else { return bad("is not an address") };
        match url.scheme() {
            "https" => {}
            "http" if self.rules.allow_http => {}
            "http" => return bad("must begin with https://"),
            _ => return bad("must begin with http:// or https://"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad("must not contain a user name or password");
        }
        let Some(host) = url.host_str() else { return bad("is not an address") };
        let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if number.is_ok_and(|number| !self.rules.allow(number)) {
            return Err(OutgoingError::NotPublic);
        }
        url.set_fragment(None);
        Ok(url)
    }

    /// Sends a request and reads the answer. A redirect is an answer like any other.
    pub async fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Answer, OutgoingError> {
        let url = self.url(address)?;
        let Some(client) = &self.client else {
            return Err(OutgoingError::Failed("this server cannot send requests".to_owned()));
        };
        let request = headers
            .iter()
            .fold(client.request(method, url), |request, (name, value)| request.header(*name, *value))
            .body(body);
        let answer = async {
            let mut response = request.send().await.map_err(|error| told(&error))?;
            let mut answer = Answer { status: response.status().as_u16(), body: Vec::new(), is_cut: false };
            while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
                let room = limits.bytes - answer.body.len();
                answer.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    answer.is_cut = true;
                    break;
                }
            }
            Ok(answer)
        };
        tokio::time::timeout(limits.time, answer).await.unwrap_or(Err(OutgoingError::TimedOut(limits.time)))
    }
}

/// What is said of an error: without the address, which may hold a secret, and with the innermost cause.
fn told(error: &reqwest::Error) -> OutgoingError {
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        if cause.is::<NotPublic>() {
            return OutgoingError::NotPublic;
        }
        let Some(next) = cause.source() else { break };
        cause = next;
    }
    let what = if error.is_connect() {
        "could not connect"
    } else if error.is_builder() {
        return OutgoingError::BadAddress("is not an address");
    } else {
        "the connection ended too early"
    };
    OutgoingError::Failed(format!("{what}: {cause}"))
}

impl OutgoingRules {
    fn allow(self, address: IpAddr) -> bool {
        self.allow_private_addresses || is_public(address)
    }

    /// Those of the addresses of a name that may be connected to.
    fn allowed(self, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
        let allowed: Vec<_> = found.filter(|address| self.allow(address.ip())).collect();
        if allowed.is_empty() { Err(NotPublic) } else { Ok(allowed) }
    }
}

/// None of a name's addresses is a public one.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
struct NotPublic;

/// Resolves names to what may be connected to.
#[derive(Debug)]
struct Guarded {
    rules: OutgoingRules,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.rules;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(rules.allowed(found)?.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
