//! The network that a request comes from, as a number that cannot be turned back into an address.

use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};

use hyper::header::{HeaderMap, HeaderName};
use ipnet::IpNet;
use siphasher::sip::SipHasher13;

use crate::cap::Key;

/// How the client of a request is found.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Proxies whose header is believed.
    pub proxies: Vec<IpNet>,
    /// The header with the client's address.
    pub header: Option<HeaderName>,
    /// A secret of this process.
    pub key: Key,
}

impl Clients {
    /// Returns the number of the client's network: /24 of IPv4, /56 of IPv6.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> u64 {
        let address = self.address(peer.to_canonical(), headers);
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        match address {
            IpAddr::V4(address) => hasher.write_u32(address.to_bits() >> 8),
            IpAddr::V6(address) => hasher.write_u128(address.to_bits() >> 72),
        }
        hasher.finish()
    }

    /// The peer, or the last address of the header that is no trusted proxy.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_proxy = |address: &IpAddr| self.proxies.iter().any(|network| network.contains(address));
        let Some(header) = self.header.as_ref().filter(|_| is_proxy(&peer)) else { return peer };
        let lines = headers.get_all(header).iter().filter_map(|line| line.to_str().ok());
        let mut addresses: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
        let mut client = peer;
        while let Some(address) = addresses.pop().and_then(parse) {
            client = address;
            if !is_proxy(&client) {
                break;
            }
        }
        client
    }
}

/// An address with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Clients {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
        Clients { proxies, header: Some(HeaderName::from_static("x-forwarded-for")), key: (1, 2) }
    }

    #[track_caller]
    fn check(peer: &str, lines: &[&str], expected: &str) {
        let headers = lines.iter().map(|line| (HeaderName::from_static("x-forwarded-for"), line.parse().unwrap()));
        let headers: HeaderMap = headers.collect();
        assert_eq!(clients().address(peer.parse().unwrap(), &headers), expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
        check("192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check("10.1.2.3", &[], "10.1.2.3");
        check("10.1.2.3", &["198.51.100.7"], "198.51.100.7");
        check("fd00::1", &["[2001:db8::1]:443"], "2001:db8::1");
        check("10.1.2.3", &["198.51.100.7:1234"], "198.51.100.7");
    }

    #[test]
    fn a_client_cannot_invent_another() {
        check("10.1.2.3", &["203.0.113.9, 198.51.100.7, 10.9.9.9"], "198.51.100.7");
        check("10.1.2.3", &["203.0.113.9", "198.51.100.7"], "198.51.100.7");
        check("10.1.2.3", &["203.0.113.9, nonsense"], "10.1.2.3");
        check("10.1.2.3", &["203.0.113.9, unknown, 10.9.9.9"], "10.9.9.9");
    }

    #[test]
    fn a_network_is_one_client() {
        let client = |address: &str| clients().client(address.parse().unwrap(), &HeaderMap::new());
        assert_eq!(client("192.0.2.1"), client("192.0.2.254"));
        assert_eq!(client("192.0.2.1"), client("::ffff:192.0.2.9"));
        assert_ne!(client("192.0.2.1"), client("192.0.3.1"));
        assert_eq!(client("2001:db8:0:100::1"), client("2001:db8:0:1ff:ffff::1"));
        assert_ne!(client("2001:db8:0:100::1"), client("2001:db8:0:200::1"));
    }
}
