//! A check of response headers, after the public scanners and beyond.
//!
//! `Strict-Transport-Security` is not expected: it belongs where TLS ends.

use crate::http::Response;
use std::collections::{BTreeMap, BTreeSet};

/// What is expected of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected<'a> {
    /// The exact `Cache-Control`.
    pub cache: &'a str,
    /// The scheme of the client if the id cookie is expected.
    pub cookie: Option<Scheme>,
}

/// The scheme between client and Ingress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// The findings for the headers of an answer.
#[must_use]
pub fn complaints(answer: &Response, expected: Expected) -> Vec<String> {
    let mut found = Vec::new();
    let mut demand = |holds: bool, complaint: &str| {
        if !holds {
            found.push(complaint.to_owned());
        }
    };
    let only = |name: &str| {
        let mut values = answer.headers_named(name);
        values.next().filter(|_| values.next().is_none()).unwrap_or_default()
    };

    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    demand(names.len() == names.iter().collect::<BTreeSet<_>>().len(), "a header is there twice");
    demand(!only("server").contains(|c: char| c.is_ascii_digit() || c == '/'), "Server tells a version");
    for name in ["x-powered-by", "via", "access-control-allow-origin", "x-canary-peer", "last-modified"] {
        demand(!names.iter().any(|known| known == name), &format!("{name} is there"));
    }

    let values = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", expected.cache),
    ];
    for (name, value) in values {
        demand(only(name) == value, &format!("{name} is {:?}", only(name)));
    }
    let permissions: BTreeSet<_> = only("permissions-policy").split(',').map(str::trim).collect();
    for feature in ["camera=()", "geolocation=()", "microphone=()"] {
        demand(permissions.contains(feature), &format!("permissions-policy lacks {feature}"));
    }
    found.extend(policy(only("content-security-policy")));
    found.extend(content_type(answer, only("content-type")));
    found.extend(cookie(answer, expected.cookie));
    found
}

/// The findings for a content security policy.
fn policy(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut directives = BTreeMap::new();
    for directive in text.split(';') {
        let mut words = directive.split_whitespace();
        let Some(name) = words.next() else { continue };
        if directives.insert(name, words.collect::<Vec<_>>()).is_some() {
            found.push(format!("CSP has {name} twice"));
        }
    }
    for (name, allowed) in [
        ("default-src", &["'none'"][..]),
        ("base-uri", &["'none'", "'self'"]),
        ("form-action", &["'none'", "'self'"]),
        ("frame-ancestors", &["'none'", "'self'"]),
    ] {
        match directives.get(name).map(Vec::as_slice) {
            Some([value]) if allowed.contains(value) => (),
            other => found.push(format!("CSP has {other:?} for {name}")),
        }
    }
    for (name, sources) in &directives {
        for source in sources {
            let known = matches!(*source, "'none'" | "'self'" | "'wasm-unsafe-eval'")
                || source.starts_with("'sha256-")
                || (*name == "img-src" && *source == "data:");
            if !known {
                found.push(format!("CSP allows {source} for {name}"));
            }
        }
    }
    found
}

/// The finding for a missing or wrong `Content-Type`, or a missing charset.
fn content_type(answer: &Response, value: &str) -> Option<String> {
    let is_text = value.starts_with("text/") || value.starts_with("image/svg+xml");
    let missing = (value.is_empty() && !answer.body.is_empty()) || value == "application/octet-stream";
    let wrong = is_text && !value.ends_with("; charset=utf-8");
    (missing || wrong).then(|| format!("Content-Type is {value:?}"))
}

/// The finding for a missing, wrong or unexpected cookie.
fn cookie(answer: &Response, expected: Option<Scheme>) -> Option<String> {
    let value = answer.header("set-cookie").unwrap_or_default();
    let attributes: BTreeSet<_> = value.split(';').skip(1).map(str::trim).collect();
    let has = |name| attributes.contains(name);
    let right = match expected {
        None => value.is_empty(),
        Some(scheme) => {
            let secure = has("Secure") == (scheme == Scheme::Https);
            let name = if scheme == Scheme::Https { "__Host-canary_id=" } else { "canary_id=" };
            value.starts_with(name) && secure && has("Path=/") && has("SameSite=Lax")
        }
    };
    (!right).then(|| format!("Set-Cookie is {value:?}"))
}
