//! Whom a rate limit counts: the network that a request comes from.
//!
//! An IPv4 address is one client. With IPv6 everybody has at least a /64 (RFC 6177), which is more addresses
//! than anybody could count. So the /64 is the client.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The network that a request comes from. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientKey(Option<IpAddr>);

impl ClientKey {
    /// All clients that cannot be told apart.
    pub const UNKNOWN: Self = Self(None);

    /// Reads an address. A missing address and one that is not valid are the same client, so nobody
    /// evades a limit by leaving the address out.
    #[must_use]
    pub fn parse(address: Option<&str>) -> Self {
        let address: Option<IpAddr> = address.and_then(|text| text.trim().parse().ok());
        // `::ffff:192.0.2.1` is an IPv4 address that came through a dual-stack socket (RFC 4291 §2.5.5.2).
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 @ IpAddr::V4(_) => v4,
        }))
    }

    /// Whether the request comes from localhost. In a deployment none does: the platform says where a
    /// request comes from, whatever its sender claims.
    #[must_use]
    pub const fn is_this_machine(self) -> bool {
        match self.0 {
            Some(address) => address.is_loopback() || matches!(address, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            None => false,
        }
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("unknown"),
            Some(IpAddr::V4(address)) => address.fmt(f),
            Some(IpAddr::V6(network)) => write!(f, "{network}/64"),
        }
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> String {
        ClientKey::parse(Some(address)).to_string()
    }

    #[test]
    fn an_ipv4_address_is_a_client_however_it_is_written() {
        for address in ["192.0.2.1", " 192.0.2.1 ", "::ffff:192.0.2.1", "::FFFF:c000:201"] {
            assert_eq!(key(address), "192.0.2.1", "{address}");
        }
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_a_client() {
        for address in ["2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::192.0.2.1"] {
            assert_eq!(key(address), "2001:db8:1:2::/64", "{address}");
        }
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("::1"), key("192.0.2.1"));
    }

    #[test]
    fn what_is_no_address_and_none_at_all_are_one_client() {
        for address in ["", "localhost", "192.0.2", "192.0.2.1, 192.0.2.2", "fe80::1%eth0", "[::1]"] {
            assert_eq!(ClientKey::parse(Some(address)), ClientKey::UNKNOWN, "{address}");
        }
        assert_eq!(ClientKey::parse(None), ClientKey::UNKNOWN);
    }

    #[test]
    fn the_machine_itself_is_told_from_others() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("2001:db8::1", false),
            ("", false),
        ] {
            assert_eq!(ClientKey::parse(Some(address)).is_this_machine(), expected, "{address}");
        }
    }

    #[test]
    fn debug_shows_no_address() {
        assert_eq!(format!("{:?}", ClientKey::parse(Some("192.0.2.1"))), "ClientKey(…)");
    }
}
