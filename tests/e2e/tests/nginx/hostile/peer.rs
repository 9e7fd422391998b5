//! The peer is requested for versioned files alone, whatever the path.

use super::health::CheckedNginx;
use super::paths;
use super::secret::Secrets;
use canary_e2e::http::Connection;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

/// A peer without files, which reports the heads of its requests.
fn listen() -> (u16, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            if tell.send(head).is_err() {
                return;
            }
        }
    });
    (port, told)
}

/// The path as the peer reads it: decoded once, without `.` and `..`.
fn plain(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap();
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = &tail[2..]).1,
            None => (bytes.push(first), rest = tail).1,
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[test]
fn paths_are_normalized_like_the_peer() {
    assert_eq!(plain("/assets/%2e%2e/a%2Fb//c/./d?e"), "/a/b/c/d");
}

#[test]
fn the_peer_gets_requests_for_versioned_files_alone() {
    let secrets = Secrets::new();
    let (port, told) = listen();
    let peer = format!("set $peer 127.0.0.1:{port};");
    let server =
        CheckedNginx::start(secrets.files.root(), |config| drop(config.insert("peer/peer.conf".to_owned(), peer)));
    // Paths that could match, and absolute URLs as a proxy gets them.
    let mut paths = paths::paths(&secrets);
    paths.retain(|path| path.contains("assets") || path.contains("runtime"));
    paths = paths.into_iter().step_by(2).collect();
    for host in ["evil.example", "evil.example:80", "user@evil.example", "127.0.0.1:1", "[::1]"] {
        paths.push(format!("http://{host}/assets/gone.js"));
        paths.push(format!("/assets/gone.js@{host}"));
        paths.push(format!("//{host}/../assets/gone.js"));
        paths.push(format!("/assets/http://{host}/"));
        paths.push(format!("/assets/%0d%0aHost:%20{host}/x"));
        paths.push(format!("/assets/x%20HTTP/1.1%0d%0aHost:%20{host}%0d%0a%0d%0a"));
    }
    let (statuses, leaks) = paths::ask(&server.origin(), &paths);
    // Headers that mislead a proxy.
    for header in ["Host", "X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"] {
        let mut connection = Connection::open(&server.origin()).unwrap();
        let host = if header == "Host" { String::new() } else { "Host: a\r\n".to_owned() };
        let head = format!("GET /assets/gone.js HTTP/1.1\r\n{host}{header}: evil.example\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        assert_eq!(connection.read("GET").unwrap().status, 404, "{header}");
    }
    assert!(leaks.is_empty(), "{leaks:#?}");

    let asked: Vec<_> = told.try_iter().collect();
    println!("{} paths, {statuses:?}, and the peer was asked {} times", paths.len(), asked.len());
    assert!(asked.len() > 100);
    let host = format!("Host: 127.0.0.1:{port}");
    for head in &asked {
        let words: Vec<_> = head[0].split(' ').collect();
        assert!(words.len() == 3 && words[0] == "GET" && words[2] == "HTTP/1.1", "{head:?}");
        let path = plain(words[1]);
        let below = ["/assets/", "/canary/", "/runtime/"].iter().any(|folder| path.starts_with(folder));
        assert!(below && !path.contains("/."), "{path}: {head:?}");
        let names: BTreeSet<_> = head[1..].iter().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, BTreeSet::from(["Host", "Connection", "X-Canary-Peer"]), "{head:?}");
        assert!(head.contains(&host), "{head:?}");
    }
    server.check(None);
}
