//! Content codings: the compressed neighbours of a file.

use hyper::header::{ACCEPT_ENCODING, HeaderMap};

/// A coding that files are stored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// `.br`
    Brotli,
    /// `.gz`
    Gzip,
}

impl Coding {
    /// All of them, the smallest first.
    pub(crate) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Its name in headers.
    pub(crate) fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What a file's name gets at its end.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// Whether the client takes it. As for nginx, `*` names none.
    pub(crate) fn is_accepted(self, headers: &HeaderMap) -> bool {
        headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|item| self.is_offered(item))
    }

    fn is_offered(self, item: &str) -> bool {
        let (token, quality) = item.split_once(';').unwrap_or((item, "q=1"));
        let quality = quality.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.strip_prefix('='));
        let is_wanted = quality.and_then(|number| number.parse::<f32>().ok()).is_some_and(|q| q > 0.0 && q <= 1.0);
        token.trim().eq_ignore_ascii_case(self.token()) && is_wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[track_caller]
    fn check(value: &'static str, brotli: bool, gzip: bool) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        let accepted = Coding::ALL.map(|coding| coding.is_accepted(&headers));
        assert_eq!(accepted, [brotli, gzip], "{value}");
    }

    #[test]
    fn takes_what_the_client_names() {
        check("gzip, deflate, br, zstd", true, true);
        check("GZIP", false, true);
        check("deflate,BR", true, false);
        check("br;q=0.001, gzip; q=1.000", true, true);
        assert!(!Coding::Gzip.is_accepted(&HeaderMap::new()));
    }

    #[test]
    fn leaves_what_the_client_refuses() {
        check("", false, false);
        check("*", false, false);
        check("x-gzip, brotli", false, false);
        check("br;q=0, gzip ; q=0.000", false, false);
        check("br;q=x, gzip;q=2", false, false);
    }
}
