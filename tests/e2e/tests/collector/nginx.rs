//! nginx passes reports on to the collector, and keeps nothing of them.

use canary_e2e::http;
use canary_e2e::nginx::Nginx;
use canary_e2e::site_files::SiteFiles;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Duration;

/// A collector that answers 204 and hands over each request: its head, sorted, and its body.
fn collector() -> (String, Receiver<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = channel();
    spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                match line.trim_end() {
                    "" => break,
                    line => head.push(line.to_owned()),
                }
            }
            let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
            head[1..].sort();
            sender.send((head, String::from_utf8(body).unwrap())).unwrap();
        }
    });
    (address, requests)
}

fn serve(site: &SiteFiles, collector: &str) -> Nginx {
    Nginx::start_with(site.root(), |config| {
        config.insert("peer/peer.conf".to_owned(), format!("set $collector {collector};"));
    })
}

#[test]
fn a_report_is_passed_on_with_nothing_that_identifies_a_browser() {
    let site = SiteFiles::empty();
    let (address, requests) = collector();
    let nginx = serve(&site, &address);
    let headers = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Origin", "https://shop.example"),
        ("X-Forwarded-For", "198.51.100.7"),
        ("User-Agent", "a browser"),
        ("Accept-Language", "fr"),
        ("Cookie", "canary_id=secret"),
        ("Referer", "https://shop.example/secret"),
        ("Sec-CH-UA-Platform", "Linux"),
        ("Content-Type", "text/plain"),
    ];
    let url = nginx.url("/runtime/r?n=0123456789abcdef");
    let answer = http::request("POST", &url, &headers, b"{\"v\":1}").unwrap();
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let (head, body) = requests.recv().unwrap();
    let host = nginx.origin().trim_start_matches("http://").to_owned();
    let expected = [
        "POST /runtime/r?n=0123456789abcdef HTTP/1.1".to_owned(),
        "Connection: close".to_owned(),
        "Content-Length: 7".to_owned(),
        format!("Host: {host}"),
        "Origin: https://shop.example".to_owned(),
        "Sec-Fetch-Site: same-origin".to_owned(),
        "X-Forwarded-For: 198.51.100.7, 127.0.0.1".to_owned(),
    ];
    assert_eq!(head, expected);
    assert_eq!(body, "{\"v\":1}");
}

#[test]
fn only_reports_are_posted_and_none_is_logged() {
    let site = SiteFiles::empty();
    let (address, requests) = collector();
    let nginx = serve(&site, &address);
    let mark = nginx.access_log().mark();
    let status = |method: &str, path: &str, body: &[u8]| {
        let answer = http::request(method, &nginx.url(path), &[], body).unwrap();
        (answer.status, answer.header("Allow").unwrap_or_default().to_owned())
    };
    assert_eq!(status("GET", "/runtime/r", b""), (405, "POST".to_owned()));
    assert_eq!(status("POST", "/", b"{}"), (405, "GET, HEAD".to_owned()));
    assert_eq!(status("POST", "/runtime/r/", b"{}"), (405, "GET, HEAD".to_owned()));
    assert_eq!(status("POST", "/runtime/canary.js", b"{}"), (405, "GET, HEAD".to_owned()));
    assert_eq!(status("POST", "/runtime/r", &[b'x'; 2_049]).0, 413);
    assert_eq!(status("POST", "/runtime/r?n=fedcba9876543210", &[b'x'; 2_048]).0, 204);
    assert_eq!(requests.recv().unwrap().1.len(), 2_048);
    assert_eq!(status("GET", "/last", b"").0, 404);
    nginx.access_log().wait_for("the last request", mark, Duration::from_secs(5), |line| line.path == "/last");
    assert!(nginx.access_log().requests_for("/runtime/r", mark).is_empty());
    assert_eq!(status("PUT", "/runtime/r", b"{}"), (405, "POST".to_owned()));
    // A collector that is gone leaves no trace either.
    drop(requests);
    let gone = serve(&site, "127.0.0.1:1");
    let url = gone.url("/runtime/r?n=fedcba9876543210");
    assert_eq!(http::request("POST", &url, &[], b"{}").unwrap().status, 502);
    for log in [nginx.error_log(), gone.error_log()] {
        assert!(!log.contains("/runtime/r ") && !log.contains("fedcba9876543210"), "{log}");
    }
}

#[test]
fn without_a_collector_there_is_no_such_path() {
    let site = SiteFiles::empty();
    let nginx = Nginx::start(site.root());
    assert_eq!(http::request("POST", &nginx.url("/runtime/r"), &[], b"{}").unwrap().status, 404);
}

#[test]
fn the_console_is_not_public() {
    let site = SiteFiles::empty();
    site.write("index.html", "<!doctype html>");
    let (address, requests) = collector();
    let nginx = serve(&site, &address);
    for path in ["/runtime/console", "/runtime/console/", "/runtime/console/data", "/runtime/console/console.js"] {
        assert_eq!(http::get(&nginx.url(path), &[]).status, 404, "{path}");
    }
    assert_eq!(http::get(&nginx.url("/any/page"), &[]).status, 200);
    assert!(requests.try_recv().is_err(), "no request reaches the collector");
}
