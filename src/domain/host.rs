//! Whether a host name certainly means localhost.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the host of a URL is localhost: `localhost` or a name below it (RFC 6761 §6.3), an
/// address in 127.0.0.0/8, or `[::1]`. Any other spelling counts as elsewhere, even if a resolver
/// would accept it, because callers grant privileges to localhost only.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse() == Ok(Ipv6Addr::LOCALHOST);
    }
    let mut labels = host.rsplit('.');
    let named = labels.next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"));
    (named && labels.all(|label| !label.is_empty()))
        || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_few_names() {
        for host in ["localhost", "LocalHost", "app.localhost", "a.b.LOCALHOST", "127.0.0.1", "127.255.0.9"] {
            assert!(is_loopback(host), "{host}");
        }
        assert!(is_loopback("[::1]") && is_loopback("[0:0:0:0:0:0:0:1]"));
    }

    #[test]
    fn what_only_looks_like_it_is_elsewhere() {
        for host in [
            "",
            "events.example",
            "localhost.",
            ".localhost",
            "a..localhost",
            "notlocalhost",
            "localhost.example",
            "localhost@events.example",
            "127.0.0.1.example",
            "127.1",
            "0127.0.0.1",
            "2130706433",
            "0.0.0.0",
            "128.0.0.1",
            "192.168.0.1",
            "::1",
            "[::]",
            "[::1",
            "[::2]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[fe80::1]",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
