//! Many clients that are slow or idle.
//!
//! `-- --nocapture` shows their cost.

use super::health::CheckedNginx;
use canary_e2e::fixture::CONFIG;
use canary_e2e::http::{self, Connection, Response};
use canary_e2e::nginx;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::wait::{self, DEADLINE};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::net::Shutdown;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Open files that this process needs besides the connections.
const SPARE: usize = 300;

/// One test at a time, because the limit of open files may not be enough for two.
static ROOM: Mutex<()> = Mutex::new(());

/// Raises the limit of open files and returns the number of connections that it allows.
fn room(wanted: usize) -> (usize, MutexGuard<'static, ()>) {
    let guard = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX).min(20_000);
    if limit.current.is_some_and(|current| current < most) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }).unwrap();
    }
    let room = usize::try_from(most).unwrap().saturating_sub(SPARE).min(wanted);
    if room < wanted {
        println!("only {room} connections of {wanted}: the system allows no more open files");
    }
    (room, guard)
}

fn site_files() -> SiteFiles {
    let files = SiteFiles::empty();
    files.write("index.html", "the page");
    files.write("assets/1.4.2/large.js", vec![b'x'; 8 << 20]);
    files.mount_config(r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#);
    files
}

/// Opens so many connections, each of which sends `bytes`.
fn connect(server: &CheckedNginx, count: usize, bytes: &[u8]) -> Vec<Connection> {
    let connect = || {
        let mut connection = Connection::open(&server.origin()).unwrap();
        let _ = connection.send(bytes);
        connection
    };
    (0..count).map(|_| connect()).collect()
}

/// Checks that other clients are served, each by a connection of its own.
#[track_caller]
fn assert_served(what: &str, server: &CheckedNginx) {
    let longest = serve(server).unwrap_or_else(|failure| panic!("{what}: {failure}"));
    println!("{what}: others wait {:.1} ms at most, {:.1} MB", longest.as_secs_f64() * 1e3, server.memory());
}

/// Requests a page as forty other clients. Returns the longest wait, or the first failure.
fn serve(server: &CheckedNginx) -> Result<Duration, String> {
    let mut longest = Duration::ZERO;
    for path in ["/", CONFIG].iter().cycle().take(40) {
        let start = Instant::now();
        match http::request("GET", &server.url(path), &[], b"") {
            Ok(answer) if answer.status == 200 => longest = longest.max(start.elapsed()),
            answer => return Err(format!("{path}: {:?}", answer.map(|answer| answer.status))),
        }
    }
    Ok(longest)
}

/// nginx has 4096 connections, and closes idle ones to make room.
#[test]
fn ten_thousand_idle_connections_block_no_client() {
    let (count, _alone) = room(10_000);
    let files = site_files();
    let server = CheckedNginx::start(files.root(), |_| ());
    assert_served("alone", &server);
    // The limit of nginx, not that of this process.
    assert_eq!(server.open_files(), [8_192; 2]);
    let idle = connect(&server, count, b"");
    assert_served(&format!("{count} that send nothing"), &server);
    drop(idle);
    let kept = connect(&server, count, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_served(&format!("{count} that stay after an answer"), &server);
    drop(kept);
    server.check(None);
}

/// The bytes that a connection gets until nginx closes it, and the time of that.
fn end(connection: &mut Connection, start: Instant) -> (io::Result<Response>, Duration) {
    let answer = connection.read("GET");
    (answer, start.elapsed())
}

#[test]
fn slow_clients_time_out_and_block_no_client() {
    const COUNT: usize = 1_000;
    let (_, _alone) = room(3 * COUNT);
    let files = site_files();
    let server = CheckedNginx::start(files.root(), |_| ());
    let start = Instant::now();
    let mut heads = connect(&server, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\nX: ");
    // Each sends another byte from time to time, which does not extend the time-out.
    let mut bodies = connect(&server, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    let mut readers = connect(&server, COUNT, b"GET /assets/1.4.2/large.js HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_served("1000 each with slow headers, slow bodies, and slow reads", &server);
    let drip = |connection: &mut Connection| {
        let _ = connection.send(b"a");
        connection.stream().set_nonblocking(true).unwrap();
        let waits = connection.stream().peek(&mut [0]).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock);
        connection.stream().set_nonblocking(false).unwrap();
        (!waits).then_some(())
    };
    // A page does not need the body. nginx waits five seconds for headers.
    assert_eq!(end(&mut bodies[0], start).0.unwrap().status, 200);
    wait::until("slow headers to be cut off", DEADLINE, || drip(&mut heads[0]));
    let time = start.elapsed();
    println!("slow headers are cut off after {time:.1?}");
    assert!(time >= Duration::from_secs(4));
    assert_served("the same, later", &server);
    // A client that begins to read in time gets everything.
    assert_eq!(end(&mut readers[0], start).0.unwrap().body.len(), 8 << 20);
    drop((heads, bodies, readers));
    server.check(None);
}

/// `send_timeout` is half a minute; a shorter one here shows that it is applied.
#[test]
fn clients_that_do_not_read_time_out() {
    let files = site_files();
    let server = CheckedNginx::start(files.root(), |config| {
        nginx::replace(config, "nginx.conf", "send_timeout          30s;", "send_timeout 1s;");
    });
    let log = server.access_log();
    let connections = connect(&server, 10, b"GET /assets/1.4.2/large.js HTTP/1.1\r\nHost: a\r\n\r\n");
    // nginx writes a line at the end of a request.
    wait::until("clients that do not read to time out", DEADLINE, || {
        (log.requests_for("/assets/1.4.2/large.js", canary_e2e::access_log::Mark::START).len() == 10).then_some(())
    });
    for connection in connections {
        assert!(connection.rest(Duration::from_secs(5)).len() < 8 << 20);
    }
    server.check(None);
}

/// More slow clients than connections: others are refused only while nginx waits for headers.
#[test]
fn too_many_slow_clients_time_out_in_seconds() {
    let (count, _alone) = room(6_000);
    let files = site_files();
    let server = CheckedNginx::start(files.root(), |_| ());
    let slow = connect(&server, count, b"GET / HTTP/1.1\r\nHost: a\r\nX: ");
    let start = Instant::now();
    println!("{count} with slow headers: {:.1} MB", server.memory());
    assert!(server.memory() < 64.0, "{} MB are more than a pod has", server.memory());
    // One may be served by chance; all are once the slow clients are gone.
    wait::until("nginx to serve everybody again", DEADLINE, || serve(&server).ok());
    println!("others are served again after {:.1?}", start.elapsed());
    drop(slow);
    server.check(Some("2048 worker_connections are not enough"));
}

/// Files of the peer that nobody reads: the number of requests to the peer has a limit.
#[test]
fn requests_to_the_peer_are_limited() {
    let (count, _alone) = room(2_500);
    let (files, other) = (site_files(), SiteFiles::empty());
    other.write("assets/1.5.0/large.js", vec![b'x'; 8 << 20]);
    let peer = CheckedNginx::start(other.root(), |_| ());
    let address = format!("set $peer {};", peer.origin().trim_start_matches("http://"));
    let server = CheckedNginx::start(files.root(), |config| drop(config.insert("peer/peer.conf".to_owned(), address)));
    let large = server.url("/assets/1.5.0/large.js");
    let unread = connect(&server, count, b"GET /assets/1.5.0/large.js HTTP/1.1\r\nHost: a\r\n\r\n");
    // Requests beyond the limit get a 404 at once.
    assert_eq!(http::get(&large, &[]).status, 404);
    assert_served(&format!("{count} clients of the peer that do not read"), &server);
    assert!(server.memory() < 64.0, "{} MB are more than a pod has", server.memory());
    for connection in &unread {
        let _ = connection.stream().shutdown(Shutdown::Both);
    }
    drop(unread);
    wait::until("the peer's file", DEADLINE, || (http::get(&large, &[]).body.len() == 8 << 20).then_some(()));
    server.check(None);
    peer.check(None);
}
