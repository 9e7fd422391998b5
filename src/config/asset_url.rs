//! The URLs that an asset may have.

/// The origin of an asset's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetUrl<'a> {
    /// A path on the page's own origin.
    SameOrigin,
    /// Another origin, `https://host[:port]`. The page must list it, and the asset must have an integrity hash.
    CrossOrigin(&'a str),
}

impl<'a> AssetUrl<'a> {
    /// Parses a URL: a path, or an https origin and a path. A path is `^/[A-Za-z0-9._~/@-]+$` without `..` and `//`.
    ///
    /// ```
    /// use canary_runtime::AssetUrl;
    ///
    /// assert_eq!(AssetUrl::parse("/assets/1.5.0/main.js"), Some(AssetUrl::SameOrigin));
    /// assert_eq!(AssetUrl::parse("https://cdn.example/a.js"), Some(AssetUrl::CrossOrigin("https://cdn.example")));
    /// assert_eq!(AssetUrl::parse("javascript:alert(1)"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        // It works on bytes, because searching strings would add 3 KB to the browser module.
        if is_path(text.as_bytes()) {
            return Some(Self::SameOrigin);
        }
        let rest = text.strip_prefix("https://")?.as_bytes();
        let host = rest.split(|byte| *byte == b'/').next()?;
        let (_, path) = rest.split_at_checked(host.len())?;
        let (origin, _) = text.split_at_checked(text.len().checked_sub(path.len())?)?;
        (is_host(host) && is_path(path)).then_some(Self::CrossOrigin(origin))
    }
}

fn is_path(path: &[u8]) -> bool {
    path.len() > 1
        && path.starts_with(b"/")
        && !path.array_windows().any(|pair| matches!(pair, b".." | b"//"))
        && path.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._~/@-".contains(byte))
}

fn is_host(host: &[u8]) -> bool {
    let mut parts = host.split(|byte| *byte == b':');
    let name = parts.next().unwrap_or_default();
    let port = parts.next().unwrap_or(b"443");
    parts.next().is_none()
        && !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte))
        && (1..=5).contains(&port.len())
        && port.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_paths_and_https_urls() {
        for path in ["/main.js", "/assets/1.5.0/@scope/a-b_c.js", "/js/runtime~main.1.js", "/a/"] {
            assert_eq!(AssetUrl::parse(path), Some(AssetUrl::SameOrigin), "{path}");
        }
        assert_eq!(
            AssetUrl::parse("https://cdn.example:8443/a.js"),
            Some(AssetUrl::CrossOrigin("https://cdn.example:8443"))
        );
    }

    #[test]
    fn rejects_other_urls() {
        for bad in [
            "",
            "/",
            "main.js",
            "javascript:alert(1)",
            "data:text/javascript,1",
            "//evil.example/a.js",
            "\\\\evil.example\\a.js",
            "/\\evil.example/a.js",
            "/%2e%2e/a.js",
            "/a/../b.js",
            "/a//b.js",
            "/a b.js",
            "/a?b",
            "/a#b",
            "/é.js",
            "/a\n.js",
            "http://cdn.example/a.js",
            "HTTPS://cdn.example/a.js",
            "https://user@cdn.example/a.js",
            "https://cdn.example",
            "https:///a.js",
            "https://cdn.example/../a.js",
            "https://cdn.example:/a.js",
            "https://cdn.example:443x/a.js",
            "blob:https://x/1",
        ] {
            assert_eq!(AssetUrl::parse(bad), None, "{bad:?}");
        }
    }
}
