//! Whether a request comes from a page of the site.

use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN};

use crate::report::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks that a page of this site sent the request, or one of a listed origin that sends no `Sec-Fetch-Site`.
///
/// # Errors
///
/// [`Refusal::Site`] or [`Refusal::Origin`].
pub(crate) fn check(headers: &HeaderMap, origins: &[String]) -> Result<(), Refusal> {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
    if sites.peek().is_some() {
        return if sites.all(|site| site.as_bytes() == b"same-origin") { Ok(()) } else { Err(Refusal::Site) };
    }
    let mut sent = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (sent.next().and_then(|origin| origin.to_str().ok()), sent.next()) else {
        return Err(Refusal::Origin);
    };
    let is_listed = || origins.iter().any(|listed| listed.eq_ignore_ascii_case(origin));
    if is_own(origin, headers) || is_listed() { Ok(()) } else { Err(Refusal::Origin) }
}

/// Whether an origin has the host of the request.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    let bare = |text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
    !host.is_empty() && bare(host) == bare(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[track_caller]
    fn verdict(lines: &[(&'static str, &str)], expected: Result<(), Refusal>) {
        assert_eq!(check(&headers(lines), &["https://www.example".to_owned()]), expected, "{lines:?}");
    }

    #[test]
    fn the_browsers_word_decides() {
        verdict(&[("sec-fetch-site", "same-origin")], Ok(()));
        verdict(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], Ok(()));
        for site in ["cross-site", "same-site", "none", "", "Same-Origin", "same-origin, cross-site"] {
            verdict(&[("sec-fetch-site", site), ("host", "a"), ("origin", "https://a")], Err(Refusal::Site));
        }
    }

    #[test]
    fn two_words_are_no_word() {
        let mut two = headers(&[("sec-fetch-site", "same-origin")]);
        two.append("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(check(&two, &[]), Err(Refusal::Site));
        let mut two = headers(&[("host", "a.example"), ("origin", "https://a.example")]);
        two.append("origin", "https://b.example".parse().unwrap());
        assert_eq!(check(&two, &[]), Err(Refusal::Origin));
    }

    #[test]
    fn without_it_the_origin_decides() {
        let own = |host: &str, origin: &str| check(&headers(&[("host", host), ("origin", origin)]), &[]);
        for (host, origin) in [
            ("shop.example", "https://shop.example"),
            ("Shop.example", "https://shop.example"),
            ("shop.example:443", "https://shop.example"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(own(host, origin), Ok(()), "{host} {origin}");
        }
        for (host, origin) in [
            ("shop.example", "https://evil.example"),
            ("shop.example", "null"),
            ("shop.example", ""),
            ("shop.example", "https://shop.example:8443"),
            ("shop.example:80", "https://shop.example"),
            ("shop.example", "ftp://shop.example"),
            ("shop.example", "https://shop.example.evil.example"),
            ("", "https://"),
        ] {
            assert_eq!(own(host, origin), Err(Refusal::Origin), "{host} {origin}");
        }
        verdict(&[("host", "other"), ("origin", "https://www.example")], Ok(()));
        verdict(&[("host", "shop.example")], Err(Refusal::Origin));
        verdict(&[("origin", "https://shop.example")], Err(Refusal::Origin));
    }
}
