//! Response headers as nginx sends them: security headers from `headers.conf`, type and caching from `nginx.conf`.

use std::sync::LazyLock;

use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

/// The single source of the security headers.
const NGINX_HEADERS: &str = include_str!("../../../nginx/headers.conf");

static SECURITY: LazyLock<HeaderMap> = LazyLock::new(|| NGINX_HEADERS.lines().filter_map(parse_add_header).collect());

/// For files whose name changes with their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// For files that have to be revalidated before each use.
const REVALIDATE: &str = "no-cache";

/// For responses that must not be cached.
pub(crate) const NO_STORE: &str = "no-store";

/// The content type of pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The content type of the config.
pub(crate) const JSON: &str = "application/json";

/// The content type of plain text.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// A response with the security headers.
pub(crate) fn response(
    status: StatusCode,
    content_type: &'static str,
    cache_control: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.clone_from(&SECURITY);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

fn parse_add_header(line: &'static str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.strip_prefix("add_header ")?.split_once(' ')?;
    let value = value.strip_prefix('"')?.strip_suffix("\" always;")?;
    Some((name.parse().ok()?, HeaderValue::from_static(value)))
}

/// The `Cache-Control` of a path.
pub(crate) fn cache_control(path: &str) -> &'static str {
    if path == "/runtime/canary.js" {
        "public, max-age=300, stale-while-revalidate=86400"
    } else if !is_html(path) && (is_bundle(path) || is_hashed(path)) {
        IMMUTABLE
    } else {
        REVALIDATE
    }
}

/// Whether a path has the form `/assets/VERSION/...`.
fn is_bundle(path: &str) -> bool {
    path.strip_prefix("/assets/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(version, file)| !version.is_empty() && !file.is_empty())
}

/// Whether a path has the form `/runtime/NAME_HASH.js` or `.wasm`, with a hash of 16 digits.
fn is_hashed(path: &str) -> bool {
    path.strip_prefix("/runtime/")
        .and_then(|file| file.strip_suffix(".js").or_else(|| file.strip_suffix(".wasm")))
        .and_then(|stem| stem.rsplit_once('_'))
        .is_some_and(|(name, hash)| {
            let is_hash = hash.len() == 16 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_hash && !name.is_empty() && !name.contains('/')
        })
}

/// Whether a path names a page.
pub(crate) fn is_html(path: &str) -> bool {
    content_type(path) == HTML
}

/// The content type of a path, by its extension.
pub(crate) fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "html" | "htm" => HTML,
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => JSON,
        "css" => "text/css; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => TEXT,
        "xml" => "application/xml; charset=utf-8",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = include_str!("../../../nginx/nginx.conf");

    #[test]
    fn every_security_header_is_parsed() {
        let count = NGINX_HEADERS.lines().filter(|line| line.trim_start().starts_with("add_header")).count();
        assert_eq!(SECURITY.len(), count);
        assert_eq!(SECURITY["x-content-type-options"], "nosniff");
    }

    #[test]
    fn content_types_are_those_of_nginx() {
        let (_, types) = NGINX.split_once("types {").unwrap();
        let (types, _) = types.split_once('}').unwrap();
        let (_, charset) = NGINX.split_once("charset_types ").unwrap();
        let (charset, _) = charset.split_once(';').unwrap();
        let mut seen = 0;
        for line in types.split(';').filter(|line| !line.trim().is_empty()) {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            let is_text = name == "text/html" || charset.split(' ').any(|with| with == name);
            let expected = if is_text { format!("{name}; charset=utf-8") } else { name.to_owned() };
            for extension in words {
                assert_eq!(content_type(&format!("/a.b/c.{extension}")), expected);
                seen += 1;
            }
        }
        assert!(seen > 20, "only {seen} extensions");
        for path in ["/a", "/a.js/b", "/js", "/a.tar.xyz", "/a."] {
            assert_eq!(content_type(path), "application/octet-stream", "{path}");
        }
        assert_eq!(content_type("/A.HTML"), HTML);
    }

    #[test]
    fn paths_with_a_version_or_a_hash_are_immutable() {
        for path in [
            "/assets/1.5.0/main.js",
            "/assets/v/a/b",
            "/runtime/canary_0123456789abcdef.wasm",
            "/runtime/a_b_0123456789abcdef.js",
        ] {
            assert_eq!(cache_control(path), IMMUTABLE, "{path}");
        }
        for path in [
            "/",
            "/index.html",
            "/assets/1.5.0/index.html",
            "/assets/main.js",
            "/assets/1.5.0/",
            "/runtime/_0123456789abcdef.js",
            "/runtime/canary_0123456789abcde.js",
            "/runtime/canary_0123456789ABCDEF.js",
            "/runtime/canary_0123456789abcdef.css",
            "/runtime/a/b_0123456789abcdef.js",
            "/canary_0123456789abcdef.js",
        ] {
            assert_eq!(cache_control(path), REVALIDATE, "{path}");
        }
        assert_eq!(cache_control("/runtime/canary.js"), "public, max-age=300, stale-while-revalidate=86400");
        for value in [IMMUTABLE, REVALIDATE, NO_STORE, cache_control("/runtime/canary.js")] {
            assert!(NGINX.contains(&format!("\"{value}\"")), "{value}");
        }
    }
}
