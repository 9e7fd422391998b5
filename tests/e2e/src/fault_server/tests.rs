use super::{End, FaultServer, Plan, Reply, http_date};
use crate::access_log::Mark;
use crate::http::{get, request};
use crate::page_log::{self, Kind};
use crate::site_files::SiteFiles;
use crate::wait::{DEADLINE, until};
use flate2::read::GzDecoder;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use time::UtcDateTime;

/// The body of the test file, ten bytes.
const BODY: &str = "0123456789";

fn serve() -> (SiteFiles, FaultServer) {
    let files = SiteFiles::empty();
    files.write("a.json", BODY);
    let server = FaultServer::start(files.root());
    (files, server)
}

/// A raw connection that has asked for `/a.json`.
fn ask(server: &FaultServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"GET /a.json HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    stream
}

/// All bytes up to the end of the connection.
fn rest(mut stream: TcpStream) -> Result<String, ErrorKind> {
    let mut text = String::new();
    stream.read_to_string(&mut text).map(|_| text).map_err(|e| e.kind())
}

/// The bytes that come within a moment.
fn so_far(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(stream.read_to_end(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock, "the connection ended");
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Waits until the request number `place` has ended.
fn end(server: &FaultServer, place: usize) -> End {
    until("the end of a request", DEADLINE, || {
        Some(server.log().since(Mark::START).get(place)?.end).filter(|end| *end != End::Open)
    })
}

#[test]
fn serves_files_with_their_types_and_forbids_keeping_them() {
    let (files, server) = serve();
    for (path, type_) in [
        ("/", "text/html; charset=utf-8"),
        ("/b/", "text/html; charset=utf-8"),
        ("/c.js", "text/javascript; charset=utf-8"),
        ("/c.wasm", "application/wasm"),
        ("/a.json", "application/json"),
    ] {
        let file = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
        files.write(&file, BODY);
        let answer = get(&server.url(path), &[]);
        assert_eq!((answer.status, answer.text().as_str()), (200, BODY));
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (Some(type_), Some("no-store")));
    }
    assert_eq!(get(&server.url("/gone"), &[]).status, 404);
    assert_eq!(get(&server.url("/../../../etc/passwd"), &[]).status, 404);
}

#[test]
fn logs_requests() {
    let (_site, server) = serve();
    let _ = get(&server.url("/a.json?q=1"), &[("X-Own", "yes")]);
    let mark = server.log().mark();
    let _ = get(&server.url("/a.json"), &[]);
    assert_eq!(server.log().requests_for("/a.json", Mark::START).len(), 2);
    assert_eq!(server.log().since(mark).len(), 1);
    let line = server.log().wait_for("the first", Mark::START, DEADLINE, |line| line.path.contains('?'));
    assert_eq!((line.method.as_str(), line.path.as_str()), ("GET", "/a.json?q=1"));
    assert_eq!(line.header("x-own"), Some("yes"));
    assert!(line.at <= Instant::now());
    assert_eq!((end(&server, 0), end(&server, 1)), (End::Sent, End::Sent));
}

#[test]
fn collects_the_page_log() {
    let (_site, server) = serve();
    let entry = br#"{"view": "v", "kind": "console", "name": "warn", "detail": "[canary] E101 no"}"#;
    assert_eq!(request("POST", &server.url(page_log::PATH), &[], entry).unwrap().status, 200);
    assert_eq!(request("POST", &server.url(page_log::PATH), &[], b"nonsense").unwrap().status, 200);
    let all = server.page_log();
    assert_eq!((all.len(), all[0].kind, all[0].text()), (1, Kind::Console, "[canary] E101 no"));
    assert!(server.log().since(Mark::START).is_empty());
}

#[test]
fn answers_with_another_status_body_type_and_headers() {
    let (_site, server) = serve();
    let reply = Reply::sound().status(500);
    server.on("/a.json", reply);
    let answer = get(&server.url("/a.json"), &[]);
    assert_eq!(answer.status, 500);
    assert_ne!(answer.text(), BODY);
    let reply = Reply::sound().body("<p>").header("content-type", "text/html").header("Age", "7").without("Date");
    server.on("/a.json", reply);
    let answer = get(&server.url("/a.json"), &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "<p>"));
    assert_eq!(answer.headers_named("Content-Type").collect::<Vec<_>>(), ["text/html"]);
    assert_eq!((answer.header("Age"), answer.header("Date")), (Some("7"), None));
    server.restore();
    let answer = get(&server.url("/a.json"), &[]);
    assert_eq!(answer.text(), BODY);
    let now = UtcDateTime::now();
    let date = answer.header("Date").unwrap();
    assert!([now, now - Duration::from_secs(1)].map(http_date).contains(&date.to_owned()), "{date}");
}

#[test]
fn dates_are_as_http_has_them() {
    let time = UtcDateTime::from_unix_timestamp(784_111_777).unwrap();
    assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
}

#[test]
fn answers_by_the_number_of_the_request() {
    let (_site, server) = serve();
    let statuses = |plan: Plan| {
        server.on("/a.json", plan);
        [(); 4].map(|()| get(&server.url("/a.json"), &[]).status)
    };
    let broken = || Reply::sound().status(500);
    assert_eq!(statuses(Plan::first(2, broken())), [500, 500, 200, 200]);
    assert_eq!(statuses(Plan::from_nth(2, broken())), [200, 500, 500, 500]);
    assert_eq!(statuses(Plan::alternating([broken(), Reply::sound()])), [500, 200, 500, 200]);
    assert_eq!(statuses(broken().into()), [500; 4]);
}

#[test]
fn a_star_matches_any_text_and_the_last_plan_counts() {
    let (_site, server) = serve();
    server.on("/a*.json", Reply::sound().status(500));
    server.on("/b*", Reply::sound().status(501));
    let status = |path: &str| get(&server.url(path), &[]).status;
    assert_eq!(["/a.json?q", "/abc.json", "/a.js", "/b"].map(status), [500, 500, 404, 501]);
    server.on("/a.json", Reply::sound());
    assert_eq!(["/a.json", "/abc.json"].map(status), [200, 500]);
}

#[test]
fn hangs_before_the_headers_until_it_is_released() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().hanging());
    let mut stream = ask(&server);
    assert_eq!(so_far(&mut stream), "");
    assert_eq!(server.log().since(Mark::START)[0].end, End::Open);
    server.release();
    assert!(rest(stream).unwrap().ends_with(BODY));
    assert_eq!(end(&server, 0), End::Sent);
}

#[test]
fn hangs_in_mid_body_until_it_is_released() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().hanging_after(4));
    let mut stream = ask(&server);
    let head = so_far(&mut stream);
    assert!(head.contains("Content-Length: 10\r\n") && head.ends_with("\r\n\r\n0123"), "{head}");
    server.release();
    assert_eq!(rest(stream).unwrap(), "456789");
}

#[test]
fn notices_a_client_that_does_not_wait() {
    let (_site, server) = serve();
    server.on("/a.json", Plan::alternating([Reply::sound().hanging(), Reply::sound().hanging_after(1)]));
    drop(ask(&server));
    assert_eq!(end(&server, 0), End::Aborted);
    drop(ask(&server));
    assert_eq!(end(&server, 1), End::Aborted);
    server.on("/a.json", Reply::sound().trickling(1, Duration::from_millis(50)));
    drop(ask(&server));
    assert_eq!(end(&server, 2), End::Aborted);
}

#[test]
fn trickles_and_delays() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().trickling(4, Duration::from_millis(30)));
    let start = Instant::now();
    assert!(rest(ask(&server)).unwrap().ends_with(BODY));
    assert!(start.elapsed() >= Duration::from_millis(90), "{:?}", start.elapsed());
    server.on("/a.json", Reply::sound().trickling(4, Duration::from_mins(1)));
    assert!(so_far(&mut ask(&server)).ends_with("\r\n\r\n0123"));
    server.on("/a.json", Reply::sound().delayed(Duration::from_millis(90)));
    let start = Instant::now();
    assert!(rest(ask(&server)).unwrap().ends_with(BODY));
    assert!(start.elapsed() >= Duration::from_millis(90), "{:?}", start.elapsed());
}

#[test]
fn cuts_the_body_in_order() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().cut_after(4));
    let answer = rest(ask(&server)).unwrap();
    assert!(answer.contains("Content-Length: 10\r\n") && answer.ends_with("\r\n\r\n0123"), "{answer}");
}

#[test]
fn resets_the_connection() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().reset());
    assert_eq!(rest(ask(&server)), Err(ErrorKind::ConnectionReset));
    server.on("/a.json", Reply::sound().reset_after(4));
    let mut stream = ask(&server);
    let mut bytes = Vec::new();
    let mut piece = [0; 512];
    let error = loop {
        match stream.read(&mut piece) {
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) => break error.kind(),
        }
    };
    assert!(bytes.ends_with(b"\r\n\r\n0123"));
    assert_eq!(error, ErrorKind::ConnectionReset);
}

#[test]
fn a_bomb_is_small_when_compressed() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().bomb(4));
    let answer = get(&server.url("/a.json"), &[]);
    assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    assert!(answer.body.len() < 10_000, "{}", answer.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked.len(), 4 << 20);
}

#[test]
fn stops_with_hanging_answers() {
    let (_site, server) = serve();
    server.on("/a.json", Reply::sound().hanging());
    let (address, silent, hanging) = (server.address, TcpStream::connect(server.address).unwrap(), ask(&server));
    server.log().wait_for("the request", Mark::START, DEADLINE, |_| true);
    drop(server);
    assert_eq!(rest(hanging).as_deref(), Ok(""));
    assert_eq!(rest(silent).as_deref(), Ok(""));
    assert!(TcpStream::connect(address).is_err());
}
