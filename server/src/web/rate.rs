//! How often one address may ask (DESIGN 5.8): `/api/v1` alone, whose clients are other people's programs. Each process
//! counts for itself, and forgets when it ends.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::StatusCode;
use identity::Client;

use crate::problem::Problem;
use crate::state::AppState;

/// After how many requests addresses that have long been silent are forgotten.
const FORGET_EVERY: u32 = 10_000;

/// What is counted. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Addresses(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    requests: AtomicU32,
}

impl Addresses {
    /// So many requests a minute of each address; any number if 0.
    pub fn new(per_minute: u32) -> Self {
        Self(NonZeroU32::new(per_minute).map(|most| {
            Arc::new(Counted {
                limiter: RateLimiter::keyed(Quota::per_minute(most)),
                requests: AtomicU32::new(0),
            })
        }))
    }

    /// How many seconds an address has to wait, if it asked too often.
    fn wait(&self, address: IpAddr) -> Option<i64> {
        let counted = self.0.as_ref()?;
        if counted.requests.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            counted.limiter.retain_recent();
        }
        let refused = counted.limiter.check_key(&one_line(address)).err()?;
        let wait = refused.wait_time_from(DefaultClock::default().now());
        Some(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).saturating_add(1))
    }
}

/// What one customer of a network provider has: of IPv6 that is 64 bits of the address.
fn one_line(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// Whether a path is counted. What payment providers send is not: its signature says who they are. Their other paths are
/// outside of `/api/v1` (`api/payments.rs`).
fn is_counted(path: &str) -> bool {
    let provider =
        path.strip_prefix("/api/v1/plugins/").and_then(|provider| provider.strip_suffix("/webhook"));
    path.starts_with("/api/v1/") && provider.is_none_or(|provider| provider.contains('/'))
}

/// Refuses who asks `/api/v1` too often.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<Client>().map(|client| client.address);
    let wait = address
        .filter(|_| is_counted(request.uri().path()))
        .and_then(|address| state.addresses.wait(address));
    match wait {
        None => next.run(request).await,
        Some(seconds) => Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            .retry_after(seconds)
            .into_response(),
    }
}
