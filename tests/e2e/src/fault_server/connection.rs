//! One connection, with one request.

use super::log::{End, Request, RequestLog, lock};
use super::plan::Plans;
use super::reply::http_date;
use super::reply::{Reply, Sending};
use crate::page_log::{self, LogEntry};
use crate::wait::DEADLINE;
use rustix::net::sockopt::set_socket_linger;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use time::UtcDateTime;

/// The state that the server's threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) root: PathBuf,
    pub(super) plans: Mutex<Plans>,
    pub(super) log: RequestLog,
    pub(super) page_log: Mutex<Vec<LogEntry>>,
    pub(super) stopping: AtomicBool,
    /// How often hanging answers were released.
    pub(super) releases: AtomicUsize,
}

/// How often a waiting thread checks whether to go on.
const GLANCE: Duration = Duration::from_millis(10);

/// More than a browser sends.
const LARGEST_HEAD: usize = 1 << 16;

/// The client or the server is gone.
struct Gone;

pub(super) fn serve(stream: TcpStream, shared: &Shared) {
    let _ = stream.set_write_timeout(Some(DEADLINE));
    let mut connection = Connection { stream, shared };
    // A browser may connect early and send nothing.
    let Ok((request, body)) = connection.read() else { return };
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    if path == page_log::PATH {
        lock(&shared.page_log).extend(LogEntry::parse(&body));
        // A page without an origin may send too.
        let answer = Reply::sound().status(200).body("").header("Access-Control-Allow-Origin", "*");
        let _ = connection.answer(&answer, &path);
        return;
    }
    let request = Request { body, ..request };
    // The tests' own files are not logged.
    let place = (!path.starts_with(page_log::FOLDER)).then(|| shared.log.begin(request));
    let reply = lock(&shared.plans).next(&path);
    let end = if connection.answer(&reply, &path).is_ok() { End::Sent } else { End::Aborted };
    if let Some(place) = place {
        shared.log.end(place, end);
    }
}

struct Connection<'a> {
    stream: TcpStream,
    shared: &'a Shared,
}

impl Connection<'_> {
    /// The request with its body.
    fn read(&mut self) -> Result<(Request, Vec<u8>), Gone> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.read_more(&mut bytes)?;
            if bytes.len() > LARGEST_HEAD {
                return Err(Gone);
            }
        };
        let mut body = bytes.split_off(head);
        let request = parse(&String::from_utf8_lossy(&bytes)).ok_or(Gone)?;
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while body.len() < length {
            self.read_more(&mut body)?;
        }
        Ok((request, body))
    }

    fn read_more(&mut self, bytes: &mut Vec<u8>) -> Result<(), Gone> {
        let mut buffer = [0; 4096];
        loop {
            match self.glance(&mut buffer, GLANCE)? {
                0 => {}
                count => {
                    bytes.extend(buffer.iter().take(count));
                    return Ok(());
                }
            }
        }
    }

    fn answer(&mut self, reply: &Reply, path: &str) -> Result<(), Gone> {
        let (head, body) = render(reply, &self.shared.root, path);
        self.pause(reply.delay)?;
        match reply.sending {
            Sending::Whole => self.send(&[head.as_bytes(), &body].concat()),
            Sending::Hanging => {
                self.hang()?;
                self.send(&[head.as_bytes(), &body].concat())
            }
            Sending::HangingAfter(count) => {
                let (now, later) = body.split_at(count.min(body.len()));
                self.send(&[head.as_bytes(), now].concat())?;
                self.hang()?;
                self.send(later)
            }
            Sending::Trickling { bytes, every } => {
                self.send(head.as_bytes())?;
                for piece in body.chunks(bytes) {
                    self.send(piece)?;
                    self.pause(every)?;
                }
                Ok(())
            }
            Sending::CutAfter(count) => self.send(&[head.as_bytes(), &body[..count.min(body.len())]].concat()),
            Sending::Reset => self.reset(),
            Sending::ResetAfter(count) => {
                self.send(&[head.as_bytes(), &body[..count.min(body.len())]].concat())?;
                // A reset overtakes bytes that are still on the way.
                self.pause(GLANCE * 5)?;
                self.reset()
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.stream.write_all(bytes).map_err(|_| Gone)
    }

    /// Makes the connection end with a reset when its last handle is dropped.
    fn reset(&self) -> Result<(), Gone> {
        set_socket_linger(&self.stream, Some(Duration::ZERO)).map_err(|_| Gone)
    }

    fn hang(&mut self) -> Result<(), Gone> {
        let before = self.shared.releases.load(Ordering::SeqCst);
        while self.shared.releases.load(Ordering::SeqCst) == before {
            self.glance(&mut [0; 64], GLANCE)?;
        }
        Ok(())
    }

    fn pause(&mut self, pause: Duration) -> Result<(), Gone> {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.glance(&mut [0; 64], left.min(GLANCE))?;
        }
    }

    /// Waits a moment for bytes of the client, and fails when it or the server is gone.
    fn glance(&mut self, buffer: &mut [u8], moment: Duration) -> Result<usize, Gone> {
        if self.shared.stopping.load(Ordering::SeqCst) {
            return Err(Gone);
        }
        self.stream.set_read_timeout(Some(moment.max(Duration::from_millis(1)))).map_err(|_| Gone)?;
        match self.stream.read(buffer) {
            Ok(0) => Err(Gone),
            Ok(count) => Ok(count),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => Ok(0),
            Err(_) => Err(Gone),
        }
    }
}

fn parse(head: &str) -> Option<Request> {
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let headers = lines.filter_map(header).collect();
    Some(Request { method, path, headers, body: Vec::new(), at: Instant::now(), end: End::Open })
}

/// The head and the body of an answer.
fn render(reply: &Reply, root: &Path, path: &str) -> (String, Arc<[u8]>) {
    let file = path.trim_start_matches('/');
    let file = if file.is_empty() || file.ends_with('/') { format!("{file}index.html") } else { file.to_owned() };
    let there = (!file.contains("..")).then(|| fs::read(root.join(&file)).ok()).flatten();
    let is_there = reply.body.is_some() || there.is_some();
    let status = reply.status.unwrap_or(if is_there { 200 } else { 404 });
    let own = if status < 400 { there } else { None };
    let body = reply.body.clone().or(own.map(Into::into));
    let type_ = if body.is_some() { content_type(&file) } else { "text/html; charset=utf-8" };
    let body = body.unwrap_or_else(|| format!("<!doctype html><title>{status}</title>").into_bytes().into());

    let mut headers = vec![
        ("Content-Type".to_owned(), type_.to_owned()),
        ("Content-Length".to_owned(), body.len().to_string()),
        ("Cache-Control".to_owned(), "no-store".to_owned()),
        // Without it `WebKitGTK` keeps scripts in its memory cache.
        ("Vary".to_owned(), "*".to_owned()),
        ("Date".to_owned(), http_date(UtcDateTime::now())),
        // A browser repeats a request on a reused connection that breaks.
        ("Connection".to_owned(), "close".to_owned()),
    ];
    for (name, value) in &reply.headers {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        headers.extend(value.clone().map(|value| (name.clone(), value)));
    }
    let mut head = format!("HTTP/1.1 {status} -\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    (head + "\r\n", body)
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
