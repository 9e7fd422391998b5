//! Clients that are slow, or do nothing at all, and very many.
//!
//! What they cost is printed: `-- --nocapture` shows it.

use super::health::Unharmed;
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

/// What this process needs beside the crowd's connections.
const SPARE: usize = 300;

/// One crowd at a time: there may not be open files for two.
static ROOM: Mutex<()> = Mutex::new(());

/// Raises what this process may open as far as it may; how large a crowd can be then.
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

/// So many connections, each after it has sent `bytes`.
fn crowd(server: &Unharmed, count: usize, bytes: &[u8]) -> Vec<Connection> {
    let connect = || {
        let mut connection = Connection::open(&server.origin()).unwrap();
        let _ = connection.send(bytes);
        connection
    };
    (0..count).map(|_| connect()).collect()
}

/// Others are served, each by a connection of its own.
#[track_caller]
fn assert_served(what: &str, server: &Unharmed) {
    let longest = serve(server).unwrap_or_else(|failure| panic!("{what}: {failure}"));
    println!("{what}: others wait {:.1} ms at most, {:.1} MB", longest.as_secs_f64() * 1e3, server.memory());
}

/// Asks as forty others would; the longest that one waited, or the first that was not served.
fn serve(server: &Unharmed) -> Result<Duration, String> {
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

/// 4096 connections have room; idle ones make it.
#[test]
fn ten_thousand_idle_connections_keep_nobody_out() {
    let (count, _alone) = room(10_000);
    let files = site_files();
    let server = Unharmed::start(files.root(), |_| ());
    assert_served("alone", &server);
    // Its own, and not what this process has.
    assert_eq!(server.open_files(), [8_192; 2]);
    let silent = crowd(&server, count, b"");
    assert_served(&format!("{count} that send nothing"), &server);
    drop(silent);
    let kept = crowd(&server, count, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_served(&format!("{count} that stay after an answer"), &server);
    drop(kept);
    server.check(None);
}

/// What a connection gets until nginx ends it, and when that was.
fn end(connection: &mut Connection, start: Instant) -> (io::Result<Response>, Duration) {
    let answer = connection.read("GET");
    (answer, start.elapsed())
}

#[test]
fn slow_clients_are_cut_off_and_keep_nobody_out() {
    const COUNT: usize = 1_000;
    let (_, _alone) = room(3 * COUNT);
    let files = site_files();
    let server = Unharmed::start(files.root(), |_| ());
    let start = Instant::now();
    let mut heads = crowd(&server, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\nX: ");
    // Each of them sends a byte more from time to time, which gives it no more time.
    let mut bodies = crowd(&server, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    let mut readers = crowd(&server, COUNT, b"GET /assets/1.4.2/large.js HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_served("1000 each with slow headers, slow bodies, and deaf ears", &server);
    let drip = |connection: &mut Connection| {
        let _ = connection.send(b"a");
        connection.stream().set_nonblocking(true).unwrap();
        let waits = connection.stream().peek(&mut [0]).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock);
        connection.stream().set_nonblocking(false).unwrap();
        (!waits).then_some(())
    };
    // The page does not wait for a body; the headers are waited for no longer than five seconds.
    assert_eq!(end(&mut bodies[0], start).0.unwrap().status, 200);
    wait::until("slow headers to be cut off", DEADLINE, || drip(&mut heads[0]));
    let time = start.elapsed();
    println!("slow headers are cut off after {time:.1?}");
    assert!(time >= Duration::from_secs(4));
    assert_served("the same, later", &server);
    // Whoever begins to read in time gets all of it.
    assert_eq!(end(&mut readers[0], start).0.unwrap().body.len(), 8 << 20);
    drop((heads, bodies, readers));
    server.check(None);
}

/// `send_timeout` is half a minute; here it is less, to see that it is there.
#[test]
fn whoever_does_not_read_is_cut_off() {
    let files = site_files();
    let server = Unharmed::start(files.root(), |config| {
        nginx::replace(config, "nginx.conf", "send_timeout          30s;", "send_timeout 1s;");
    });
    let log = server.access_log();
    let connections = crowd(&server, 10, b"GET /assets/1.4.2/large.js HTTP/1.1\r\nHost: a\r\n\r\n");
    // A line is written when it is over with a request.
    wait::until("deaf clients to be cut off", DEADLINE, || {
        (log.requests_for("/assets/1.4.2/large.js", canary_e2e::access_log::Mark::START).len() == 10).then_some(())
    });
    for connection in connections {
        assert!(connection.rest(Duration::from_secs(5)).len() < 8 << 20);
    }
    server.check(None);
}

/// More than there is room for: others are refused, for as long as nginx waits for headers, and not longer.
#[test]
fn more_slow_clients_than_there_is_room_for_are_over_in_seconds() {
    let (count, _alone) = room(6_000);
    let files = site_files();
    let server = Unharmed::start(files.root(), |_| ());
    let slow = crowd(&server, count, b"GET / HTTP/1.1\r\nHost: a\r\nX: ");
    let start = Instant::now();
    println!("{count} with slow headers: {:.1} MB", server.memory());
    assert!(server.memory() < 64.0, "{} MB are more than a pod has", server.memory());
    // One that is served may be lucky; all of them are once the slow ones are gone.
    wait::until("nginx to serve everybody again", DEADLINE, || serve(&server).ok());
    println!("others are served again after {:.1?}", start.elapsed());
    drop(slow);
    server.check(Some("2048 worker_connections are not enough"));
}

/// What a file of the peer's costs while nobody reads it: no more than so many are asked for at a time.
#[test]
fn deaf_clients_of_the_peer_are_too_few_to_fill_a_pod() {
    let (count, _alone) = room(2_500);
    let (files, other) = (site_files(), SiteFiles::empty());
    other.write("assets/1.5.0/large.js", vec![b'x'; 8 << 20]);
    let peer = Unharmed::start(other.root(), |_| ());
    let address = format!("set $peer {};", peer.origin().trim_start_matches("http://"));
    let server = Unharmed::start(files.root(), |config| drop(config.insert("peer/peer.conf".to_owned(), address)));
    let large = server.url("/assets/1.5.0/large.js");
    let deaf = crowd(&server, count, b"GET /assets/1.5.0/large.js HTTP/1.1\r\nHost: a\r\n\r\n");
    // Those that are too many have their 404 at once.
    assert_eq!(http::get(&large, &[]).status, 404);
    assert_served(&format!("{count} deaf clients of the peer"), &server);
    assert!(server.memory() < 64.0, "{} MB are more than a pod has", server.memory());
    for connection in &deaf {
        let _ = connection.stream().shutdown(Shutdown::Both);
    }
    drop(deaf);
    wait::until("the peer's file", DEADLINE, || (http::get(&large, &[]).body.len() == 8 << 20).then_some(()));
    server.check(None);
    peer.check(None);
}
