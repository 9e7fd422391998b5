//! A peer that somebody has taken over: its answers are data, and never pages or headers of this origin.

use super::deployment::Pod;
use super::{asking, image, request};
use canary_e2e::browser::Browser;
use canary_e2e::driver::Driver;
use canary_e2e::engine::Engine;
use canary_e2e::http::{self, Response};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

const PAGE: &str = "<!doctype html><script>document.title = 'taken over'</script>";

/// Headers that a peer must not set for this origin.
const HEADERS: [(&str, &str); 21] = [
    ("Set-Cookie", "canary_id=evil"),
    ("Service-Worker-Allowed", "/"),
    ("Clear-Site-Data", "\"storage\""),
    ("Cache-Control", "public, max-age=1"),
    ("Refresh", "1;url=https://evil.example"),
    ("Strict-Transport-Security", "max-age=0"),
    ("Content-Type", "text/html"),
    ("Content-Security-Policy", "script-src *"),
    ("X-Content-Type-Options", "none"),
    ("Referrer-Policy", "unsafe-url"),
    ("Access-Control-Allow-Origin", "*"),
    ("Location", "https://evil.example/"),
    ("Link", "</evil.js>; rel=preload; as=script"),
    ("SourceMap", "https://evil.example/"),
    ("NEL", "{\"report_to\":\"a\",\"max_age\":9}"),
    ("Last-Modified", "Tue, 01 Dec 2020 00:00:00 GMT"),
    ("Expires", "Tue, 01 Dec 2037 00:00:00 GMT"),
    ("Vary", "*"),
    ("X-Powered-By", "evil"),
    ("X-Accel-Redirect", "/index.html"),
    ("X-Accel-Limit-Rate", "1"),
];

/// A peer that gives every request the same response, and its requests.
struct HostilePeer {
    pod: Pod,
    requests: Arc<Mutex<Vec<String>>>,
}

impl HostilePeer {
    /// `answer` makes a response of a path.
    fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let told = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { continue };
                let _ = stream.write_all(answer(path).as_bytes());
                told.lock().unwrap().push(head[0].clone());
            }
        });
        // Without a name server, because the address is no name.
        Self { pod: asking(9, &address), requests }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        http::get(&self.pod.nginx.url(path), headers)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn response(status: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers = headers.iter().fold(String::new(), |all, (name, value)| all + &format!("{name}: {value}\r\n"));
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// The names and values of a response's headers, but for those that describe this one body.
fn of_the_site(answer: &Response) -> Vec<(String, String)> {
    let own = ["Date", "Content-Length", "ETag", "Accept-Ranges"];
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !own.contains(&name.as_str()));
    headers.sort();
    headers
}

#[test]
fn headers_and_types_of_the_peer_are_replaced() {
    let peer = HostilePeer::start(|_| response("200", &HEADERS, PAGE));
    let local = peer.get(&image::script("1.4.2"), &[("Accept-Encoding", "gzip")]);
    for (path, content_type) in [
        ("/assets/1.5.0/main.js", "text/javascript; charset=utf-8"),
        ("/assets/1.5.0/MAIN.MJS", "text/javascript; charset=utf-8"),
        ("/runtime/lifecycle_0123456789abcdef.js", "text/javascript; charset=utf-8"),
        ("/assets/1.5.0/main.css", "text/css; charset=utf-8"),
        ("/assets/1.5.0/a.txt", "text/plain; charset=utf-8"),
        ("/assets/1.5.0/a.json", "application/json"),
        ("/assets/1.5.0/a.wasm", "application/wasm"),
        ("/assets/1.5.0/page.html/a.png", "image/png"),
    ] {
        let answer = peer.get(path, &[]);
        assert_eq!((answer.status, answer.text().as_str()), (200, PAGE), "{path}");
        let mut expected = of_the_site(&local);
        for (name, value) in &mut expected {
            if name == "Content-Type" {
                content_type.clone_into(value);
            }
        }
        expected.retain(|(name, _)| name != "Content-Encoding");
        assert_eq!(of_the_site(&answer), expected, "{path}");
    }
    let answer = peer.get("/canary/main.js", &[]);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-cache")));
}

#[test]
fn statuses_of_the_peer_but_three_become_404() {
    let peer = HostilePeer::start(|path| {
        let status = path.rsplit('/').next().unwrap().trim_end_matches(".js");
        response(status, &HEADERS[..6], if status == "304" { "" } else { PAGE })
    });
    let statuses = [101, 103].into_iter().chain(200..=208).chain([226, 299]).chain(300..=599).chain([600, 700, 999]);
    for status in statuses {
        let answer = peer.get(&format!("/assets/1.5.0/{status}.js"), &[]);
        if [200, 206, 304].contains(&status) {
            assert_eq!(answer.status, status);
        } else {
            super::assert_not_found(&answer);
        }
        for (name, value) in &HEADERS[..6] {
            assert!(!answer.headers_named(name).any(|found| found == *value), "{status}: {name}");
        }
    }
    let line = |status: &str| format!("/assets/1.5.0/{status}.js 404");
    let log = peer.pod.nginx.access_log().since(canary_e2e::access_log::Mark::START);
    let of = |status: &str| log.iter().find(|found| found.raw.contains(&line(status))).unwrap().raw.clone();
    assert!(of("299").ends_with("peer:299"), "{}", of("299"));
}

#[test]
fn the_peer_is_not_asked_for_pages_documents_and_workers() {
    let peer = HostilePeer::start(|_| response("200", &HEADERS, PAGE));
    for path in ["page.html", "page.HTM", "a.xhtml", "a.svg", "a.SVGZ", "a.xml", "a.xsl", "a.pdf", "a.swf", "a", "a."] {
        super::assert_not_found(&peer.get(&format!("/assets/1.5.0/{path}"), &[]));
    }
    for path in
        ["/runtime/canary.js", "/runtime/other.js", "/runtime/a_0123456789abcdef.css", "/stable/main.js", "/a.js"]
    {
        super::assert_not_found(&peer.get(path, &[]));
    }
    super::assert_not_found(&peer.get("/assets/1.5.0/sw.js", &[("Service-Worker", "script")]));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        let answer = request(method, &peer.pod.nginx.url("/assets/1.5.0/main.js"), &[]);
        assert_eq!(answer.status, 405, "{method}");
    }
    assert_eq!(peer.requests(), [""; 0]);
    // Several ranges are no range, and an upgrade is none.
    let answer = peer.get("/assets/1.5.0/main.js?name=value", &[("Range", "bytes=0-1,3-4"), ("Upgrade", "x")]);
    assert_eq!(answer.status, 200);
    assert_eq!(peer.requests(), ["GET /assets/1.5.0/main.js HTTP/1.1"]);
}

/// nginx does not request their files for a worker. The policy allows the site its own.
#[tokio::test]
async fn scripts_of_the_peer_do_not_become_service_workers() {
    let worker = "addEventListener('fetch', e => e.respondWith(new Response('taken over')))";
    let peer = HostilePeer::start(move |_| response("200", &HEADERS[1..2], worker));
    for engine in [Engine::Chromium, Engine::Firefox] {
        let driver = Driver::start(engine);
        let browser = Browser::new(&driver).await;
        browser.goto(&peer.pod.nginx.url("/")).await;
        let register = "navigator.serviceWorker.register('/assets/1.5.0/sw.js', { scope: '/' }).then(() => 1, () => 0)";
        assert_eq!(browser.eval(register).await, 0, "{engine:?}");
        browser.close().await;
    }
    assert_eq!(peer.requests(), [""; 0]);
    let policy = peer.get("/", &[]).header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("; worker-src 'self' ;"), "{policy}");
}
