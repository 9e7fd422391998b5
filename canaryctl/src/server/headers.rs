//! Type and caching of responses as `nginx.conf` has them.

use std::iter;

use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

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

/// A response without the security headers, which the server adds.
pub(crate) fn response(
    status: StatusCode,
    content_type: &'static str,
    cache_control: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

/// The `Cache-Control` of a path.
pub(crate) fn cache_control(path: &str) -> &'static str {
    if path == "/runtime/canary.js" {
        "public, max-age=300, stale-while-revalidate=86400"
    } else if !is_html(path) && (is_bundle(path) || is_hashed(path) || has_content_hash(path)) {
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

/// Whether a file's name carries a hash of its content, as bundlers write it: `index-BfX93kQ1.css`, `main.8e0d5c0a.chunk.js`. In
/// doubt it does not: such a file is revalidated, where a wrong guess would keep an old file for a year.
fn has_content_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut stems = name;
    for _ in 0..3 {
        let Some((before, extension)) = stems.rsplit_once('.') else { return false };
        if extension.is_empty() || !extension.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit()) {
            return false;
        }
        stems = before;
        let part = before.rsplit('.').next().unwrap_or_default();
        let behind =
            part.match_indices(['-', '_']).filter_map(|(index, separator)| part.get(index..)?.strip_prefix(separator));
        if iter::once(part).chain(behind).any(is_content_hash) {
            return true;
        }
    }
    false
}

/// Hexadecimal digits, or eight of base 64 or 32 as Rollup and esbuild write them, which no word or date looks like.
fn is_content_hash(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let is_hex = (8..=64).contains(&bytes.len())
        && bytes.iter().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase);
    let is_base64 = bytes.len() == 8
        && bytes.iter().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
        && has(u8::is_ascii_uppercase)
        && bytes
            .windows(2)
            .any(|pair| matches!(pair, [digit, next] if digit.is_ascii_digit() && !next.is_ascii_digit()));
    is_hex || is_base64
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
            "/runtime/canary_0123456789012345.js",
            // Vite, Astro, Nuxt, esbuild, webpack, Parcel and Create React App.
            "/assets/index-BfX93kQ1.css",
            "/assets/index-B-X93k_1.js",
            "/_astro/index.BfX93kQ1.css",
            "/_nuxt/BfX93kQ1.js",
            "/app-5VQ3HYNP.js",
            "/main.1a2b3c4d5e6f7a8b9c0d.js",
            "/fonts/a.1a2b3c4d.woff2",
            "/static/js/main.8e0d5c0a.chunk.js",
            "/static/js/main.8e0d5c0a.js.map",
        ] {
            assert_eq!(cache_control(path), IMMUTABLE, "{path}");
        }
        for path in [
            "/",
            "/index.html",
            "/assets/1.5.0/index.html",
            "/assets/main.js",
            "/assets/1.5.0/",
            "/runtime/canary_0123456789ABCDEF.js",
            "/assets/user-settings.js",
            "/assets/index-DiwrgTda.html",
            "/report-20240101.js",
            "/jquery-3.7.1.min.js",
            "/book-Chapter2.js",
            "/a-homePage.js",
            "/IMG_20240101_123456.jpg",
            "/1a2b3c4d",
            "/canary_0123456789012345.js",
            "/1a2b3c4d.a.b.c.js",
            "/x-1a2b3c4d.JS",
        ] {
            assert_eq!(cache_control(path), REVALIDATE, "{path}");
        }
        assert_eq!(cache_control("/runtime/canary.js"), "public, max-age=300, stale-while-revalidate=86400");
        for value in [IMMUTABLE, REVALIDATE, NO_STORE, cache_control("/runtime/canary.js")] {
            assert!(NGINX.contains(&format!("\"{value}\"")), "{value}");
        }
    }
}
