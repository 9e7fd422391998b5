//! `canaryctl serve --proxy` in front of a server that the test controls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use support::{DEADLINE, Server, canaryctl, fails, text};
use tempfile::TempDir;

const CONFIG: &str = r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#;

/// A server whose connections the test answers.
struct Upstream {
    host: String,
    connections: Receiver<TcpStream>,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (sender, connections): (Sender<TcpStream>, _) = channel();
        thread::spawn(move || listener.incoming().map_while(Result::ok).try_for_each(|stream| sender.send(stream)));
        Self { host, connections }
    }

    /// The next connection, and the request on it up to the given end.
    #[track_caller]
    fn accept(&self, end: &str) -> (TcpStream, String) {
        let mut stream = self.connections.recv_timeout(DEADLINE).expect("a connection");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let request = read_to(&mut stream, end);
        (stream, request)
    }
}

/// Reads until the text ends with `end`.
#[track_caller]
fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end.as_bytes()) {
        assert_eq!(stream.read(&mut byte).expect("a byte"), 1, "no {end:?} in {:?}", text(&read));
        read.push(byte[0]);
    }
    text(&read)
}

/// Starts the program without a folder of pages.
fn serve(dir: &TempDir, upstream: &str) -> Server {
    fs::create_dir(dir.path().join("pkg")).unwrap();
    fs::write(dir.path().join("pkg/canary.js"), "loader").unwrap();
    fs::write(dir.path().join("config.json"), CONFIG).unwrap();
    let url = format!("http://{upstream}");
    let mut command = canaryctl(["serve", "--proxy", &url, "--config", "config.json", "--port", "0"]);
    command.current_dir(dir.path());
    Server::start(command, &dir.path().join("stderr"))
}

#[track_caller]
fn send(server: &Server, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(request.replace("SELF", server.host()).as_bytes()).unwrap();
    stream
}

#[test]
fn requests_and_responses_are_forwarded() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    for (method, path) in
        [("GET", "/"), ("PURGE", "/a//b/../%2e?x=%20&y"), ("OPTIONS", "/configs"), ("PUT", "/healthz")]
    {
        let head =
            "Host: SELF\r\nOrigin: http://SELF\r\nTE: trailers\r\nX-One: 1\r\nConnection: close, x-two\r\nX-Two: 2";
        let mut client = send(&server, &format!("{method} {path} HTTP/1.1\r\n{head}\r\nContent-Length: 4\r\n\r\nbody"));
        let (mut stream, request) = upstream.accept("body");
        let host = &upstream.host;
        let expected = [
            &format!("{method} {path} HTTP/1.1"),
            "content-length: 4",
            &format!("host: {host}"),
            &format!("origin: http://{host}"),
            "x-one: 1",
        ];
        assert_eq!(sorted(&request), (expected[0], expected[1..].to_vec(), "body"));
        let answer = "HTTP/1.1 418 I'm a teapot\r\nX-Three: 3\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
                      Content-Length: 6\r\n\r\nanswer";
        stream.write_all(answer.as_bytes()).unwrap();
        let answer = read_to(&mut client, "answer");
        let expected = ["connection: close", "content-length: 6", "set-cookie: a=1", "set-cookie: b=2", "x-three: 3"];
        assert_eq!(sorted(&answer), ("HTTP/1.1 418 I'm a teapot", expected.to_vec(), "answer"));
    }
}

/// The first line, the headers without the date, and the body.
#[track_caller]
fn sorted(message: &str) -> (&str, Vec<&str>, &str) {
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    let (first, headers) = head.split_once("\r\n").unwrap();
    let mut headers: Vec<_> = headers.lines().filter(|line| !line.starts_with("date: ")).collect();
    headers.sort_unstable();
    (first, headers, body)
}

#[test]
fn the_runtime_and_the_config_are_not_forwarded() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    for (path, status, body) in [
        ("/runtime/canary.js", 200, "loader"),
        ("/x/../runtime/canary.js", 200, "loader"),
        ("/config/canary.json", 200, CONFIG),
        ("/canary-config.json", 200, CONFIG),
    ] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{path}");
        assert!(reply.header("content-security-policy").is_some());
    }
    assert_eq!(server.get("/runtime/none.js").status, 404);
    assert_eq!(server.request("POST", "/config/canary.json", &[]).status, 405);
    assert_eq!(server.get("/%2e%2e/x").status, 400);
    assert!(upstream.connections.try_recv().is_err());
}

/// The runtime reads it in the page, and does not reload it.
#[test]
fn an_answer_to_a_post_says_so() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    for (method, expected) in [("POST", true), ("GET", false)] {
        let mut client = send(&server, &format!("{method} /order HTTP/1.1\r\nHost: SELF\r\nContent-Length: 0\r\n\r\n"));
        let (mut stream, _) = upstream.accept("\r\n\r\n");
        let answer = "HTTP/1.1 200 OK\r\nServer-Timing: db\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer.as_bytes()).unwrap();
        let answer = read_to(&mut client, "\r\n\r\nok");
        assert!(answer.contains("server-timing: db\r\n"), "{answer}");
        assert_eq!(answer.contains("server-timing: post\r\n"), expected, "{method}: {answer}");
    }
}

#[test]
fn bodies_are_streamed() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    let mut client = send(&server, "POST /up HTTP/1.1\r\nHost: SELF\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    let (mut stream, _) = upstream.accept("one\r\n");
    client.write_all(b"3\r\ntwo\r\n0\r\n\r\n").unwrap();
    assert!(read_to(&mut stream, "0\r\n\r\n").contains("two"));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").unwrap();
    read_to(&mut client, "data: 1\n\n");
    stream.write_all(b"data: 2\n\n").unwrap();
    read_to(&mut client, "data: 2\n\n");
    drop(stream);
    read_to(&mut client, "0\r\n\r\n");
}

#[test]
fn a_websocket_is_forwarded() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    let request = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: vite-hmr";
    let mut client = send(&server, &format!("GET /?token=1 HTTP/1.1\r\nHost: SELF\r\n{request}\r\n\r\n"));
    let (mut stream, request) = upstream.accept("\r\n\r\n");
    for line in ["connection: upgrade\r\n", "upgrade: websocket\r\n", "sec-websocket-protocol: vite-hmr\r\n"] {
        assert!(request.contains(line), "{request}");
    }
    let accept = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello";
    stream.write_all(accept.as_bytes()).unwrap();
    let answer = read_to(&mut client, "hello");
    assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
    assert!(answer.contains("connection: upgrade\r\nupgrade: websocket\r\n"), "{answer}");
    client.write_all(b"ping").unwrap();
    read_to(&mut stream, "ping");
    stream.write_all(b"pong").unwrap();
    read_to(&mut client, "pong");
    drop(client);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_refused_upgrade_is_forwarded() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    let mut client = send(&server, "GET / HTTP/1.1\r\nHost: SELF\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let (mut stream, _) = upstream.accept("\r\n\r\n");
    stream.write_all(b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nno").unwrap();
    assert!(!read_to(&mut client, "no").contains("upgrade: x"));
}

#[test]
fn a_refused_connection_is_reported() {
    let (dir, closed) = (tempfile::tempdir().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let host = closed.local_addr().unwrap().to_string();
    drop(closed);
    let server = serve(&dir, &host);
    let reply = server.get("/");
    let message = format!("502: no answer from the server at http://{host}: Connection refused (os error 111)\n");
    assert_eq!((reply.status, reply.body), (502, message));
    assert_eq!(server.get("/config/canary.json").body, CONFIG);
}

#[test]
fn a_closed_connection_is_reported() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    let mut client = send(&server, "GET / HTTP/1.1\r\nHost: SELF\r\nConnection: close\r\n\r\n");
    drop(upstream.accept("\r\n\r\n"));
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let message = format!(
        "502: no answer from the server at http://{}: connection closed before message completed\n",
        upstream.host
    );
    assert!(answer.ends_with(&message), "{answer}");
}

#[test]
fn a_foreign_host_is_refused() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
    let server = serve(&dir, &upstream.host);
    let mut client = send(&server, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\n403: use localhost or an IP address as the host\n"), "{answer}");
    assert!(upstream.connections.try_recv().is_err());
}

#[test]
fn malformed_addresses_are_refused() {
    let url = "https://localhost:5173";
    let message = format!(
        "error: invalid value '{url}' for '--proxy <URL>': expected http://HOST or http://HOST:PORT, as the bundler prints \
         it\n\nFor more information, try '--help'.\n"
    );
    fails(&["serve", "--proxy", url], b"", &message);
    fails(
        &["serve", "www", "--proxy", "http://localhost:1"],
        b"",
        "error: the argument '[DIR]' cannot be used with '--proxy <URL>'\n\nUsage: canaryctl serve \
         <DIR>\n\nFor more information, try '--help'.\n",
    );
}
