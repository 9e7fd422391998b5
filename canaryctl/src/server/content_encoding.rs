//! Content encodings that the server sends, and their negotiation.

use hyper::header::{ACCEPT_ENCODING, HeaderMap};

/// An encoding of precompressed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentEncoding {
    /// Brotli, in files that end with `.br`.
    Brotli,
    /// Gzip, in files that end with `.gz`.
    Gzip,
}

impl ContentEncoding {
    /// All encodings, the smallest result first.
    pub(crate) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// The name in HTTP headers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The suffix of the file name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// Whether the client accepts the encoding. As in nginx, `*` does not count.
    pub(crate) fn is_accepted(self, headers: &HeaderMap) -> bool {
        headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|item| self.matches(item))
    }

    fn matches(self, item: &str) -> bool {
        let (token, quality) = item.split_once(';').unwrap_or((item, "q=1"));
        let quality = quality.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.strip_prefix('='));
        let is_allowed = quality.and_then(|number| number.parse::<f32>().ok()).is_some_and(|q| q > 0.0 && q <= 1.0);
        token.trim().eq_ignore_ascii_case(self.name()) && is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[track_caller]
    fn check(value: &'static str, brotli: bool, gzip: bool) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        let accepted = ContentEncoding::ALL.map(|encoding| encoding.is_accepted(&headers));
        assert_eq!(accepted, [brotli, gzip], "{value}");
    }

    #[test]
    fn named_encodings_are_accepted() {
        check("gzip, deflate, br, zstd", true, true);
        check("GZIP", false, true);
        check("deflate,BR", true, false);
        check("br;q=0.001, gzip; q=1.000", true, true);
        assert!(!ContentEncoding::Gzip.is_accepted(&HeaderMap::new()));
    }

    #[test]
    fn other_encodings_are_not_accepted() {
        check("", false, false);
        check("*", false, false);
        check("x-gzip, brotli", false, false);
        check("br;q=0, gzip ; q=0.000", false, false);
        check("br;q=x, gzip;q=2", false, false);
    }
}
