//! The console's files, which are part of this program, and their headers.

use canary_collector::server::{Pages, WholeAnswer};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Name, type and content of each file; the page has no name.
const FILES: [(&str, &str, &[u8]); 10] = [
    ("", HTML, include_bytes!("../../console/index.html")),
    ("icon.svg", SVG, include_bytes!("../../console/icon.svg")),
    ("console.css", CSS, include_bytes!("../../console/console.css")),
    ("console.js", JAVASCRIPT, include_bytes!("../../console/console.js")),
    ("charts.js", JAVASCRIPT, include_bytes!("../../console/charts.js")),
    ("dom.js", JAVASCRIPT, include_bytes!("../../console/dom.js")),
    ("model.js", JAVASCRIPT, include_bytes!("../../console/model.js")),
    ("sections.js", JAVASCRIPT, include_bytes!("../../console/sections.js")),
    ("statistics.js", JAVASCRIPT, include_bytes!("../../console/statistics.js")),
    ("words.js", JAVASCRIPT, include_bytes!("../../console/words.js")),
];

/// Nothing but files of this folder, and no string that becomes code or markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Whether a path is the console's.
pub(crate) fn is_console(path: &str) -> bool {
    path.strip_prefix(Pages::PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path is that of the data.
pub(crate) fn is_data(path: &str) -> bool {
    path.strip_prefix(Pages::PREFIX) == Some("/data")
}

/// The response for a file.
pub(crate) fn file(path: &str) -> WholeAnswer {
    let Some(name) = path.strip_prefix(Pages::PREFIX).and_then(|rest| rest.strip_prefix('/')) else {
        let mut answer = respond(StatusCode::PERMANENT_REDIRECT, TEXT, "/runtime/console/\n");
        answer.headers_mut().insert(LOCATION, HeaderValue::from_static("/runtime/console/"));
        return answer;
    };
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, content_type, body)) => respond(StatusCode::OK, content_type, *body),
        None => respond(StatusCode::NOT_FOUND, TEXT, "the console has no such file\n"),
    }
}

/// The response with the data.
pub(crate) fn data(value: &serde_json::Value) -> WholeAnswer {
    respond(StatusCode::OK, JSON, value.to_string())
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> WholeAnswer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Small, and those of another version of this program must not be mixed with these.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_has_a_folder_of_its_own() {
        for (path, is) in [
            ("/runtime/console", true),
            ("/runtime/console/", true),
            ("/runtime/console/data", true),
            ("/runtime/consoles", false),
            ("/runtime/", false),
        ] {
            assert_eq!(is_console(path), is, "{path}");
        }
        assert!(is_data("/runtime/console/data") && !is_data("/runtime/console/x/data"));
    }

    #[test]
    fn every_file_has_a_policy_without_exceptions() {
        for (name, content_type, _) in FILES {
            let answer = file(&format!("/runtime/console/{name}"));
            assert_eq!(
                (answer.status().as_u16(), answer.headers()[CONTENT_TYPE].as_bytes()),
                (200, content_type.as_bytes()),
                "{name}"
            );
            let policy = answer.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; ") && !policy.contains("unsafe"));
        }
        assert_eq!(file("/runtime/console/gone.js").status(), StatusCode::NOT_FOUND);
        assert_eq!(file("/runtime/console").headers()[LOCATION], "/runtime/console/");
    }
}
