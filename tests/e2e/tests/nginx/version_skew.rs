//! Two Deployments with different versions: each fetches the files that it lacks from the other.

mod deployment;
mod dns;
mod hostile_peer;
mod image;
mod peer_script;
mod rolling_update;
mod service;
mod tab;

use canary_e2e::access_log::{AccessLog, Mark};
use canary_e2e::http::{self, Response};
use canary_e2e::nginx;
use canary_e2e::process::free_port;
use canary_e2e::wait::DEADLINE;
use deployment::{CANARY, Pod, STABLE, ask, peer};
use service::Service;
use std::io::{BufRead, BufReader, Read, Write};
use std::iter::from_fn;
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

/// Stable with 1.4.2 and the canary with 1.5.0, one pod each, as peers.
fn pair() -> [Pod; 2] {
    let dns = dns::start(&[STABLE, CANARY]);
    let (stable, canary) = (Service::start(), Service::start());
    let pods = [Pod::start(&["1.4.2"], peer(dns, CANARY, &canary)), Pod::start(&["1.5.0"], peer(dns, STABLE, &stable))];
    stable.add(pods[0].port());
    canary.add(pods[1].port());
    pods
}

/// A pod with 1.4.2 and this peer.
fn asking(dns: u16, peer: &str) -> Pod {
    Pod::start(&["1.4.2"], ask(dns, peer))
}

fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> Response {
    http::request(method, url, headers, b"").unwrap_or_else(|e| panic!("{method} {url}: {e}"))
}

/// The answer without its date.
fn seen(answer: Response) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut headers = answer.headers;
    headers.retain(|(name, _)| name != "Date");
    headers.sort();
    (answer.status, headers, answer.body)
}

#[track_caller]
fn assert_not_found(answer: &Response) {
    assert_eq!((answer.status, answer.text().as_str()), (404, "nothing here"));
    assert_eq!(answer.headers_named("cache-control").collect::<Vec<_>>(), ["no-store"]);
    assert_eq!(answer.headers_named("content-security-policy").count(), 1);
}

/// Path, status and last column of each line in the log for a path below `folder`.
fn lines(log: &AccessLog, folder: &str) -> Vec<(String, u16, String)> {
    let lines = log.since(Mark::START).into_iter().filter(|line| line.path.starts_with(folder));
    lines.map(|line| (line.path, line.status, line.raw.rsplit(' ').next().unwrap().to_owned())).collect()
}

#[test]
fn files_of_the_peer_are_served_like_local_ones() {
    let [stable, canary] = pair();
    for (asked, owner, version) in [(&stable, &canary, "1.5.0"), (&canary, &stable, "1.4.2")] {
        for path in image::paths(version) {
            let etag = http::get(&owner.nginx.url(&path), &[]).header("etag").unwrap().to_owned();
            for method in ["GET", "HEAD"] {
                for (headers, status) in [
                    (vec![], 200),
                    (vec![("Accept-Encoding", "gzip")], 200),
                    (vec![("Accept-Encoding", "gzip, br")], 200),
                    (vec![("Range", "bytes=100-199")], 206),
                    (vec![("Range", "bytes=100-199"), ("If-Range", "\"another\"")], 200),
                    (vec![("If-None-Match", etag.as_str())], 304),
                    (vec![("If-None-Match", "\"another\"")], 200),
                ] {
                    let what = format!("{method} {path} {headers:?}");
                    let here = request(method, &owner.nginx.url(&path), &headers);
                    let there = request(method, &asked.nginx.url(&path), &headers);
                    assert_eq!(there.status, status, "{what}");
                    for (name, _) in &there.headers {
                        assert_eq!(there.headers_named(name).count(), 1, "{name} of {what}");
                    }
                    assert_eq!(seen(there), seen(here), "{what}");
                }
            }
        }

        let answer = http::get(&asked.nginx.url(&image::script(version)), &[("Accept-Encoding", "gzip, br")]);
        assert_eq!(answer.text(), format!("brotli of {}", image::script(version)));
        for (name, value) in [
            ("cache-control", "public, max-age=31536000, immutable"),
            ("content-type", "text/javascript; charset=utf-8"),
            ("content-encoding", "br"),
            ("vary", "Accept-Encoding"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.headers_named(name).collect::<Vec<_>>(), [value]);
        }
        let answer = http::get(&asked.nginx.url(&image::module(version)), &[]);
        assert_eq!(answer.text(), image::contents(&image::module(version)));
    }
}

#[test]
fn files_of_another_version_need_a_peer() {
    let stable = Pod::start(&["1.4.2"], |_| ());
    for path in image::paths("1.5.0") {
        assert_not_found(&http::get(&stable.nginx.url(&path), &[]));
    }
    for path in image::paths("1.4.2") {
        assert_eq!(http::get(&stable.nginx.url(&path), &[]).status, 200);
    }
    assert_eq!(
        lines(&stable.nginx.access_log(), "/assets/1.5.0/main.js"),
        [(image::script("1.5.0"), 404, "peer:-".into())]
    );
}

#[test]
fn files_that_are_missing_everywhere_are_requested_once() {
    let [stable, canary] = pair();
    let (path, last) = ("/assets/1.3.0/main.js", "/assets/last.js");
    assert_not_found(&http::get(&stable.nginx.url(path), &[]));
    // A request with the header of a peer gets local files alone.
    let mark = [("X-Canary-Peer", "0")];
    assert_not_found(&http::get(&stable.nginx.url(&image::script("1.5.0")), &mark));
    assert_eq!(http::get(&stable.nginx.url(&image::script("1.4.2")), &mark).status, 200);
    // Other paths and local files are not requested from the peer.
    for path in ["/gone.js", "/stable/main.js", "/config/gone.json", "/gone.html", "/assets/.env", "/a/route"] {
        let _ = http::get(&stable.nginx.url(path), &[]);
    }
    let _ = request("POST", &stable.nginx.url("/assets/1.5.0/main.js"), &[]);
    assert_not_found(&http::get(&stable.nginx.url(last), &[]));

    let (asked, answered) = (stable.nginx.access_log(), canary.nginx.access_log());
    for log in [&asked, &answered] {
        log.wait_for(last, Mark::START, DEADLINE, |line| line.path == last);
    }
    let line = |path: &str, peer: &str| (path.to_owned(), 404, peer.to_owned());
    assert_eq!(lines(&answered, "/"), [line(path, "peer:-"), line(last, "peer:-")]);
    let asked = lines(&asked, "/").into_iter().filter(|(_, _, peer)| peer != "peer:-").collect::<Vec<_>>();
    assert_eq!(asked, [line(path, "peer:404"), line(last, "peer:404")]);
}

/// A pod serves its own files, and answers 404 for those of the peer, with `peer` in the log.
#[track_caller]
fn assert_gives_up(what: &str, pod: &Pod, peer: &str) {
    assert_eq!(http::get(&pod.nginx.url(&image::script("1.4.2")), &[]).status, 200, "{what}");
    let start = Instant::now();
    assert_not_found(&http::get(&pod.nginx.url(&image::script("1.5.0")), &[]));
    let time = start.elapsed();
    println!("{what}: 404 after {time:.3?}");
    // A second, and time for a busy machine. The default time-outs of nginx are a minute.
    assert!(time < DEADLINE / 2, "{what}: {time:?}");
    let line = pod.nginx.access_log().wait_for(what, Mark::START, DEADLINE, |line| line.status == 404);
    assert!(line.raw.ends_with(&format!(" {peer}")), "{what}: {}", line.raw);
}

#[test]
fn a_missing_peer_affects_no_local_file() {
    let dns = dns::start(&[CANARY]);
    // The system accepts connections and datagrams, which nobody reads.
    let (silent, silent_dns) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let port = silent.local_addr().unwrap().port();
    let silent_dns = silent_dns.local_addr().unwrap().port();
    // With a full queue the system accepts no connection.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let queue: Vec<_> = from_fn(|| connect().ok()).take(10_000).collect();
    assert!(queue.len() < 10_000, "a queue without an end");
    for (what, dns, name, port, peer) in [
        ("a peer that hangs", dns, CANARY, port, "peer:504"),
        ("a peer that takes no connection", dns, CANARY, address.port(), "peer:504"),
        ("a peer that refuses", dns, CANARY, free_port(), "peer:502"),
        ("a name that nobody knows", dns, STABLE, port, "peer:-"),
        ("no name server", free_port(), CANARY, port, "peer:-"),
        ("a name server that hangs", silent_dns, CANARY, port, "peer:-"),
    ] {
        assert_gives_up(what, &asking(dns, &format!("{name}:{port}")), peer);
    }
}

#[test]
fn errors_of_the_peer_are_not_forwarded() {
    let dns = dns::start(&[CANARY]);
    for answer in ["301 /elsewhere", "400", "403", "405", "429", "500", "502", "503"] {
        let canary = Pod::start(&["1.5.0"], |config| {
            let always = format!("location ^~ /assets/ {{ return {answer}; }}\n        location = /healthz {{");
            nginx::replace(config, "nginx.conf", "location = /healthz {", &always);
        });
        let status = answer.split(' ').next().unwrap();
        let pod = asking(dns, &format!("{CANARY}:{}", canary.port()));
        assert_gives_up(status, &pod, &format!("peer:{status}"));
    }
}

#[test]
fn the_peer_gets_no_user_data() {
    let dns = dns::start(&[CANARY]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let pod = asking(dns, &format!("{CANARY}:{port}"));
    let peer = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head: Vec<_> =
            reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        head[1..].sort();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfile").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut body = String::new();
        reader.read_to_string(&mut body).unwrap();
        (head, body)
    });
    let headers = [
        ("Cookie", "canary_id=secret; session=secret"),
        ("Authorization", "Bearer secret"),
        ("Referer", "https://shop.example/secret"),
        ("User-Agent", "secret"),
        ("Accept-Language", "secret"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("Via", "secret"),
        ("Accept-Encoding", "gzip"),
        ("If-None-Match", "\"tag\""),
    ];
    let url = pod.nginx.url("/assets/1.5.0/a%20b.js");
    let answer = http::request("GET", &url, &headers, b"secret").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "file"));
    let (head, body) = peer.join().unwrap();
    let host = format!("Host: {CANARY}:{port}");
    let expected = [
        "GET /assets/1.5.0/a%20b.js HTTP/1.1",
        "Accept-Encoding: gzip",
        "Connection: close",
        &host,
        "If-None-Match: \"tag\"",
        "X-Canary-Peer: 1",
    ];
    assert_eq!((head, body), (expected.map(str::to_owned).to_vec(), String::new()));
}
