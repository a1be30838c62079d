//! Who is at the other end of the connection: for sign-in limits and the list of sessions.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::USER_AGENT;
use identity::Client;

use crate::state::AppState;

/// The longest description of a browser that is kept.
const MAX_USER_AGENT: usize = 300;

/// Adds the [`Client`] to the request's extensions.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = address(request.headers(), peer, state.settings.trust_proxy);
    let agent = request.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let user_agent = agent.map(|text| text.chars().take(MAX_USER_AGENT).collect()).unwrap_or_default();
    request.extensions_mut().insert(Client { address, user_agent });
    next.run(request).await
}

/// The last entry of `X-Forwarded-For` when our own balancer sets it (the ones before it are what the client claims),
/// else the other end of the connection.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, trust_proxy: bool) -> IpAddr {
    let forwarded = || {
        let last =
            headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
        last.parse().ok()
    };
    let address = if trust_proxy { forwarded().or(peer) } else { peer };
    address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(forwarded: &str, trust_proxy: bool) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        address(&headers, Some(IpAddr::from([10, 0, 0, 1])), trust_proxy).to_string()
    }

    #[test]
    fn only_our_own_balancers_word_counts() {
        assert_eq!(with("1.2.3.4, 5.6.7.8", true), "5.6.7.8");
        assert_eq!(with("1.2.3.4", false), "10.0.0.1");
        assert_eq!(with("nonsense", true), "10.0.0.1");
    }
}
