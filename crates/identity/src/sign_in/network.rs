//! Networks, as limits and known places count them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network that one person or house is taken to be in: an IPv4 address's /24, an IPv6 address's /48. Mobile phones and
/// offices change their address within it, and whoever has an IPv6 line has a /64 to a /48 of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network that `address` is in. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) counts as IPv4.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self { first: Ipv4Addr::new(a, b, c, 0).into(), prefix: 24 }
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Self { first: Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into(), prefix: 48 }
            }
        }
    }
}

impl fmt::Display for Network {
    /// As Postgres reads an `inet`: `192.0.2.0/24`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// Who is counted as one address: an IPv4 address, or an IPv6 /48, of which one line may use every address.
pub(crate) fn one_line(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        address @ IpAddr::V6(_) => Network::of(address).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network_and_strangers_do_not() {
        let network = |text: &str| Network::of(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:7:1::5"), "2001:db8:7::/48");
        assert_ne!(network("192.0.3.77"), network("192.0.2.77"));
        assert_eq!(one_line("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
        assert_eq!(one_line("2001:db8:7:1::5".parse().unwrap()), "2001:db8:7::/48");
    }
}
