//! Under which names a page may ask.

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap};
use hyper::http::uri::Authority;

/// Whether a request is for this machine by a name that nobody else can give it: an address, or `localhost`. A bundler's
/// development server sees to that itself, but the name in a request that is passed on is no longer the browser's: a
/// site whose name leads here would read the sources.
pub(crate) fn is_ours(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    let name = authority.host().to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.ends_with(".localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn only_what_cannot_be_named_by_others_is_ours() {
        let check = |host| is_ours(&HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]));
        for good in ["localhost", "LocalHost:8080", "shop.localhost:1", "127.0.0.1:8080", "10.0.0.1", "[::1]:8080"] {
            assert!(check(good), "{good}");
        }
        for bad in
            ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "notlocalhost", "localhost.", "a b"]
        {
            assert!(!check(bad), "{bad}");
        }
        assert!(is_ours(&HeaderMap::new()));
    }
}
