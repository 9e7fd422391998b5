//! Malformed requests.

use super::health::CheckedNginx;
use super::secret::{SENTINEL, Secrets};
use canary_e2e::header_scan::{Expected, complaints};
use canary_e2e::http::{Connection, Response};
use std::fmt::Write as _;
use std::time::Duration;

const CLOSE: &str = "Host: a\r\nConnection: close\r\n\r\n";

/// Bytes to send and the status of the answer; 0 for no answer.
fn requests() -> Vec<(String, u16)> {
    let line = |line: &str| format!("{line}\r\n{CLOSE}");
    let with = |headers: &str| format!("GET / HTTP/1.1\r\n{headers}\r\n{CLOSE}");
    let mut many = String::new();
    for number in 0..2_000 {
        let _ = write!(many, "X-{number}: a\r\n");
    }
    vec![
        (line(&format!("GET /{} HTTP/1.1", "a".repeat(9_000))), 414),
        (line(&format!("GET /?{} HTTP/1.1", "a".repeat(100_000))), 414),
        (with(&format!("X: {}", "a".repeat(9_000))), 400),
        (with(&format!("{}: a", "X".repeat(9_000))), 400),
        (with(&format!("Cookie: {}", "a=b; ".repeat(9_000))), 400),
        (with(many.trim_end()), 400),
        (with(&"X: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(10_000)), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), 200),
        (line("GET / HTTP/2.0"), 505),
        (line("GET / HTTP/9.9"), 505),
        (line("GET / HTTP/1.1 HTTP/1.1"), 400),
        (line("GET / JUNK/1.1"), 400),
        (line("TRACE / HTTP/1.1"), 405),
        (line("CONNECT a:1 HTTP/1.1"), 400),
        (line("CONNECT / HTTP/1.1"), 405),
        (line("PROPFIND / HTTP/1.1"), 405),
        (line("DELETE /config/canary.json HTTP/1.1"), 405),
        (line("PUT /assets/x.js HTTP/1.1"), 405),
        (line("OPTIONS / HTTP/1.1"), 405),
        (line("OPTIONS * HTTP/1.1"), 400),
        (line("JUNK / HTTP/1.1"), 405),
        (line("get / HTTP/1.1"), 400),
        (line(&format!("{} / HTTP/1.1", "A".repeat(9_000))), 414),
        (line("GET http://evil.example/ HTTP/1.1"), 200),
        (line("GET http://evil.example/.env HTTP/1.1"), 404),
        (line("GET ftp://evil.example/ HTTP/1.1"), 200),
        (line("GET * HTTP/1.1"), 400),
        (line("GET index.html HTTP/1.1"), 400),
        (line("GET /\0 HTTP/1.1"), 400),
        (line("GET /\u{1} HTTP/1.1"), 400),
        (line("GET /\u{7f} HTTP/1.1"), 400),
        (line("GET /a%00b HTTP/1.1"), 400),
        (line("GET /%zz HTTP/1.1"), 400),
        (with("X\0: a"), 400),
        (with("X: a\0b"), 400),
        (with("no colon here"), 400),
        (with("Content-Length: 99999999"), 413),
        (with("Content-Length: -1"), 400),
        (with("Content-Length: 1\r\nContent-Length: 2"), 400),
        (with("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400),
        (with("Transfer-Encoding: chunked, chunked"), 501),
        (with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400),
        (format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{CLOSE}zz\r\n"), 405),
        (with("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"), 200),
        (with("Expect: nonsense"), 200),
        (with("Range: bytes=0-0,0-1,0-2,0-3,0-4,0-5,0-6,0-7"), 200),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned(), 400),
        ("SSH-2.0-scanner\r\n\r\n".to_owned(), 400),
        ("\r\n".repeat(10), 0),
        ("GET".to_owned(), 0),
    ]
}

/// The bytes that come back until nginx closes the connection, or waits for more.
fn exchange(origin: &str, bytes: &[u8], patience: Duration) -> Vec<u8> {
    let mut connection = Connection::open(origin).unwrap();
    // nginx may answer and close before everything is sent.
    let _ = connection.send(bytes);
    connection.rest(patience)
}

#[test]
fn malformed_requests_get_errors_without_details() {
    let secrets = Secrets::new();
    let server = CheckedNginx::start(secrets.files.root(), |_| ());
    for (request, status) in requests() {
        let patience = Duration::from_millis(if status == 0 { 100 } else { 5_000 });
        let shown: String = request.chars().take(60).collect();
        let bytes = exchange(&server.origin(), request.as_bytes(), patience);
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(SENTINEL) && !text.contains("nginx/"), "{shown:?}: {text}");
        if status == 0 {
            assert_eq!(text, "", "{shown:?}");
            continue;
        }
        let answer = Response::parse("GET", &bytes).unwrap_or_else(|e| panic!("{shown:?}: {e}: {text}"));
        assert_eq!(answer.status, status, "{shown:?}: {text}");
        let cache = if status == 200 { "no-cache" } else { "no-store" };
        assert_eq!(complaints(&answer, Expected { cache, cookie: None }), [""; 0], "{shown:?}: {text}");
    }
    // HTTP/0.9 has no headers: the answer is the page alone.
    assert_eq!(exchange(&server.origin(), b"GET /\r\n", Duration::from_secs(5)), b"the page");
    assert_eq!(exchange(&server.origin(), b"GET /.env\r\n", Duration::from_secs(5)), b"nothing here");
    server.check(None);
}

/// A valid request followed by a malformed one on the same connection.
#[test]
fn garbage_after_a_request_is_rejected() {
    let secrets = Secrets::new();
    let server = CheckedNginx::start(secrets.files.root(), |_| ());
    for (request, status) in requests().into_iter().filter(|(_, status)| *status != 0) {
        let bytes = ["GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", &request].concat();
        let mut connection = Connection::open(&server.origin()).unwrap();
        let _ = connection.send(bytes.as_bytes());
        let shown: String = request.chars().take(60).collect();
        assert_eq!(connection.read("GET").unwrap().text(), "ok\n", "{shown:?}");
        assert_eq!(connection.read("GET").unwrap().status, status, "{shown:?}");
    }
    // A request in a body is not read as a request.
    let smuggled = "GET /.env HTTP/1.1\r\nHost: a\r\n\r\n";
    for body in [
        format!("Content-Length: {}\r\n\r\n{smuggled}", smuggled.len()),
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len()),
    ] {
        let all = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{body}GET /index.html HTTP/1.1\r\n{CLOSE}");
        let bytes = exchange(&server.origin(), all.as_bytes(), Duration::from_secs(5));
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
        assert!(text.contains("ok\n") && text.ends_with("the page"), "{text}");
    }
    // Pipelined requests are answered in order.
    let many = "GET /index.html HTTP/1.1\r\nHost: a\r\n\r\nGET /.env HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200);
    let mut connection = Connection::open(&server.origin()).unwrap();
    connection.send(many.as_bytes()).unwrap();
    for _ in 0..200 {
        assert_eq!([(); 2].map(|()| connection.read("GET").unwrap().status), [200, 404]);
    }
    server.check(None);
}

/// Pseudorandom bytes, the same in each run.
#[test]
fn random_bytes_harm_nothing() {
    let secrets = Secrets::new();
    let server = CheckedNginx::start(secrets.files.root(), |_| ());
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let pieces = [
        "GET ",
        "/",
        " HTTP/1.1",
        "\r\n",
        "\n",
        "Host: a",
        ":",
        " ",
        "\0",
        "..",
        "%2e",
        "\u{ff}",
        "chunked",
        "Transfer-Encoding: ",
    ];
    for _ in 0..500 {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..next() % 40 {
            let piece = usize::try_from(next()).unwrap() % (pieces.len() + 1);
            match pieces.get(piece) {
                Some(piece) => bytes.extend(piece.as_bytes()),
                None => bytes.push(next().to_le_bytes()[0]),
            }
        }
        bytes.extend(b"\r\n\r\n");
        let answer = exchange(&server.origin(), &bytes, Duration::from_millis(2));
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.contains(SENTINEL) && !text.contains("nginx/"), "{bytes:?}: {text}");
    }
    server.check(None);
}
