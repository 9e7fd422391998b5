//! The headers of every kind of answer, checked as public scanners check them.

use canary_e2e::header_scan::{Expected, Scheme, complaints};
use canary_e2e::http::{self, Connection, Response};
use canary_e2e::nginx::{self, Config, Nginx};
use canary_e2e::site_files::SiteFiles;

const PAGE: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NEVER: &str = "no-store";

/// A site, and a peer with the files that it lacks.
struct Sites {
    here: SiteFiles,
    peer: Nginx,
    _there: SiteFiles,
}

impl Sites {
    fn new() -> Self {
        let [here, there] = [SiteFiles::new(), SiteFiles::empty()];
        // Compression begins at 1 KiB.
        here.mount_config(&format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}}}}{}", " ".repeat(2_000)));
        there.write("assets/1.6.0/main.js", "\"the peer's\"");
        Self { here, peer: Nginx::start(there.root()), _there: there }
    }

    fn serve(&self, edit: impl FnOnce(&mut Config)) -> Server {
        let address = format!("set $peer {};", self.peer.origin().trim_start_matches("http://"));
        let nginx = Nginx::start_with(self.here.root(), |config| {
            config.insert("peer/peer.conf".to_owned(), address);
            edit(config);
        });
        Server { nginx, module: self.here.module() }
    }
}

/// The server of the site.
struct Server {
    nginx: Nginx,
    module: String,
}

impl Server {
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = self.nginx.url(path);
        http::request(method, &url, headers, b"").unwrap_or_else(|e| panic!("{method} {url}: {e}"))
    }

    /// One answer of each kind, with its status and the expected `Cache-Control`.
    fn answers(&self, page: &'static str) -> Vec<(String, Response, &'static str)> {
        let (script, peers) = ("/assets/1.4.2/main.js", "/assets/1.6.0/main.js");
        let gzip = [("Accept-Encoding", "gzip")];
        let brotli = [("Accept-Encoding", "br")];
        let mut all = Vec::new();
        let mut kind = |method: &str, path: &str, headers: &[(&str, &str)], status, cache| {
            let answer = self.ask(method, path, headers);
            assert_eq!(answer.status, status, "{method} {path} {headers:?}");
            all.push((format!("{status} {method} {path} {headers:?}"), answer, cache));
        };
        for path in ["/", "/index.html", "/a/route"] {
            kind("GET", path, &[], 200, page);
        }
        kind("HEAD", "/", &[], 200, page);
        for path in [script, "/assets/1.4.2/main.css", &self.module] {
            kind("GET", path, &[], 200, FOR_EVER);
            kind("GET", path, &[("Range", "bytes=0-9")], 206, FOR_EVER);
        }
        kind("GET", "/favicon.svg", &[], 200, "no-cache");
        kind("GET", &self.module, &gzip, 200, FOR_EVER);
        kind("GET", &self.module, &brotli, 200, FOR_EVER);
        kind("GET", "/runtime/canary.js", &brotli, 200, "public, max-age=300, stale-while-revalidate=86400");
        kind("GET", "/config/canary.json", &[], 200, NEVER);
        kind("GET", "/config/canary.json", &gzip, 200, NEVER);
        kind("GET", "/healthz", &[], 200, "no-cache");
        let etag = self.ask("GET", script, &[]).header("etag").unwrap().to_owned();
        kind("GET", script, &[("If-None-Match", &etag)], 304, FOR_EVER);
        kind("GET", "/gone.js", &[], 404, NEVER);
        kind("GET", "/.env", &[], 404, NEVER);
        kind("POST", "/", &[], 405, NEVER);
        kind("GET", peers, &[], 200, FOR_EVER);
        let etag = self.ask("GET", peers, &[]).header("etag").unwrap().to_owned();
        kind("GET", peers, &[("If-None-Match", &etag)], 304, FOR_EVER);
        kind("GET", "/assets/1.6.0/gone.js", &[], 404, NEVER);
        kind("GET", "/%00", &[], 400, NEVER);
        kind("GET", "/", &[("Content-Length", "2000")], 413, NEVER);
        kind("GET", &format!("/{}", "a".repeat(9_000)), &[], 414, NEVER);
        all
    }

    /// The findings for each answer.
    fn complaints(&self) -> Vec<String> {
        let expected = |cache| Expected { cache, cookie: None };
        let answers = self.answers(PAGE).into_iter();
        answers
            .flat_map(|(kind, answer, cache)| {
                complaints(&answer, expected(cache)).into_iter().map(move |complaint| format!("{complaint}: {kind}"))
            })
            .collect()
    }
}

#[test]
fn header_scan_has_no_findings() {
    let found = Sites::new().serve(|_| ()).complaints();
    assert!(found.is_empty(), "{found:#?}");
}

/// The remaining items of the scanners' lists concern the page.
#[test]
fn pages_have_doctype_language_charset_and_viewport() {
    let sites = Sites::new();
    let server = sites.serve(|_| ());
    for path in ["/", "/gone.js"] {
        let page = server.ask("GET", path, &[]).text();
        let head = &page[..1_024.min(page.len())];
        for text in ["<!doctype html>", "<html lang=\"en\">", "<meta charset=\"utf-8\">", "<meta name=\"viewport\""] {
            assert!(head.contains(text), "{path} lacks {text}: {head}");
        }
    }
}

#[test]
fn the_id_cookie_is_set_on_pages_and_secure_with_tls() {
    let on = |config: &mut Config| {
        nginx::replace(config, "nginx.conf", "$id_cookie_switch { default off; }", "$id_cookie_switch { default on; }");
    };
    let sites = Sites::new();
    let server = sites.serve(on);
    for (kind, answer, cache) in server.answers("private, no-store") {
        let cookie = (cache == "private, no-store").then_some(Scheme::Http);
        assert_eq!(complaints(&answer, Expected { cache, cookie }), [""; 0], "{kind}");
    }
    let answer = server.ask("GET", "/", &[("X-Forwarded-Proto", "https")]);
    let expected = Expected { cache: "private, no-store", cookie: Some(Scheme::Https) };
    assert_eq!(complaints(&answer, expected), [""; 0]);
    // Negative controls: a configuration without one of these words is found.
    for (text, without) in [
        ("$id_value; Path=/; SameSite=Lax; Max-Age=7776000$id_secure", "$id_value; Path=/; SameSite=Lax"),
        (" SameSite=Lax;", ""),
        (" Path=/;", ""),
    ] {
        let server = sites.serve(|config| {
            on(config);
            nginx::replace(config, "nginx.conf", text, without);
        });
        let answer = server.ask("GET", "/", &[("X-Forwarded-Proto", "https")]);
        let found = complaints(&answer, expected);
        assert!(found.len() == 1 && found[0].starts_with("Set-Cookie"), "{text}: {found:?}");
    }
}

/// Negative controls: each of these edits is found, with a finding that begins with these words.
#[test]
fn every_header_mutant_is_found() {
    let headers = "headers.conf";
    let server = "nginx.conf";
    let sites = Sites::new();
    for (file, text, instead, complaint) in [
        (headers, "default-src 'none'", "default-src 'self'", "CSP has Some([\"'self'\"]) for default-src"),
        (headers, "default-src 'none'; ", "", "CSP has None for default-src"),
        (headers, "'wasm-unsafe-eval'", "'unsafe-eval'", "CSP allows 'unsafe-eval' for script-src"),
        (headers, "style-src 'self'", "style-src 'unsafe-inline'", "CSP allows 'unsafe-inline' for style-src"),
        (headers, "img-src 'self' data:", "img-src https:", "CSP allows https: for img-src"),
        (headers, "connect-src 'self'", "connect-src *", "CSP allows * for connect-src"),
        (headers, "script-src 'self'", "script-src 'self' data:", "CSP allows data: for script-src"),
        (headers, "base-uri 'self'; ", "", "CSP has None for base-uri"),
        (headers, "form-action 'self'; ", "", "CSP has None for form-action"),
        (headers, "; frame-ancestors 'self'", "", "CSP has None for frame-ancestors"),
        (headers, "manifest-src 'self'", "base-uri 'none'", "CSP has base-uri twice"),
        (headers, "add_header Content-Security-Policy", "add_header X-Nothing", "CSP has None for default-src"),
        (headers, "\"nosniff\" always", "\"nosniff\"", "x-content-type-options is \"\""),
        (headers, "\"strict-origin-when-cross-origin\"", "\"unsafe-url\"", "referrer-policy is \"unsafe-url\""),
        (
            headers,
            "add_header Cross-Origin-Opener-Policy \"same-origin\"",
            "add_header X-Nothing \"\"",
            "cross-origin-opener-policy",
        ),
        (
            headers,
            "add_header Cross-Origin-Resource-Policy \"same-origin\"",
            "add_header X-Nothing \"\"",
            "cross-origin-resource-policy",
        ),
        (headers, "camera=(), ", "", "permissions-policy lacks camera=()"),
        (headers, "add_header Referrer-Policy", "add_header X-Powered-By", "x-powered-by is there"),
        (
            server,
            "include    headers.conf;",
            "include headers.conf; add_header referrer-policy no-referrer;",
            "a header is there twice",
        ),
        (server, "server_tokens     off", "server_tokens on", "Server tells a version"),
        (server, "charset       utf-8;", "", "Content-Type is \"text/html\""),
        (server, "text/css                  css;", "", "Content-Type is \"application/octet-stream\""),
        (server, "/config/canary.json  \"no-store\";", "", "cache-control is \"no-cache\""),
        (server, "~^[45]   \"no-store\";", "", "cache-control is \"no-cache\""),
        (server, "add_header Last-Modified \"\" always;", "", "last-modified is there"),
        (server, "default_type text/plain;", "add_header X-Own 1;", "CSP has None for default-src"),
        (
            server,
            "$id_cookie_switch { default off; }",
            "$id_cookie_switch { default on; }",
            "Set-Cookie is \"canary_id=",
        ),
        (server, "add_header X-Peer-Status ", "add_header Via peer; add_header X-Peer-Status ", "via is there"),
    ] {
        let found = sites.serve(|config| nginx::replace(config, file, text, instead)).complaints();
        assert!(found.iter().any(|found| found.starts_with(complaint)), "{text:?} as {instead:?}: {found:#?}");
    }
}

/// nginx answers a header that is too long before it knows the location.
#[test]
fn answers_to_malformed_requests_have_the_headers() {
    let sites = Sites::new();
    let server = sites.serve(|_| ());
    let mut connection = Connection::open(&server.nginx.origin()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").and_then(|()| connection.send(&[b'a'; 9_000])).unwrap();
    let answer = connection.read("GET").unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(complaints(&answer, Expected { cache: NEVER, cookie: None }), [""; 0]);
}
