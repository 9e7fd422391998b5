//! A server in a process of its own, and a client that can send anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use canary_collector::ConfigLabels;
use canary_collector::Timing;
use canary_collector::server::{Listeners, Options, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The length of a minute and of a horizon, in seconds.
pub(crate) const WINDOW: u64 = 2;
pub(crate) const HORIZON: u64 = 12;
/// A server that stands still for an eighth of a horizon makes a gap. Half of that counts as a stall already.
const STALL: Duration = Duration::from_millis(HORIZON * 1_000 / 8 / 2);

/// Runs a server in this process, if it was started for that. Call it from a test named `serve_in_this_process`.
pub(crate) fn serve_if_asked() {
    let Ok(settings) = std::env::var("COLLECTOR_TEST") else { return };
    let settings: Value = serde_json::from_str(&settings).unwrap();
    let options = Options {
        timing: Timing::new(WINDOW as u32, HORIZON as u32),
        data: settings["data"].as_str().map(PathBuf::from),
        origins: vec!["https://www.example".to_owned()],
        proxies: vec!["127.0.0.0/8".parse().unwrap()],
        address_header: Some("x-client".parse().unwrap()),
        cap: 1_000,
        token: settings["token"].as_str().map(str::to_owned),
        is_logging: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::new(options).unwrap();
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        let listeners = Listeners {
            reports: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            metrics: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            pages: None,
        };
        let address = |listener: &Option<TcpListener>| listener.as_ref().unwrap().local_addr().unwrap().to_string();
        eprintln!("ports {} {}", address(&listeners.reports), address(&listeners.metrics));
        let config = ConfigLabels {
            salt: "release".into(),
            revision: Some(7),
            version: Some("1.5.0".into()),
            endpoint: "/custom/r".into(),
        };
        let (_sender, configs) = watch::channel(Some(config));
        tokio::spawn(tell_stalls());
        let stop = async {
            terminate.recv().await;
        };
        server.run(listeners, configs, stop).await.unwrap();
    });
}

/// Writes a line whenever the server could not run for a while.
async fn tell_stalls() {
    loop {
        let before = Instant::now();
        tokio::time::sleep(Duration::from_millis(50)).await;
        if before.elapsed() > STALL {
            eprintln!("stalled");
        }
    }
}

/// Repeats a scenario that needs a server without stalls. It returns `None` if there was one, so that nothing can be said.
#[track_caller]
pub(crate) fn without_stalls(mut scenario: impl FnMut() -> Option<()>) {
    let is_done = (0..5).any(|_| scenario().is_some());
    assert!(is_done, "the server stalled in each attempt");
}

/// A server in another process.
pub(crate) struct Collector {
    process: Child,
    has_stalled: Arc<AtomicBool>,
    pub(crate) reports: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Collector {
    pub(crate) fn start(settings: &Value) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["serve_in_this_process", "--exact", "--nocapture"])
            .env("COLLECTOR_TEST", settings.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let ports = lines.find_map(|line| line.strip_prefix("ports ").map(str::to_owned)).unwrap();
        let has_stalled = Arc::new(AtomicBool::new(false));
        let stall = Arc::clone(&has_stalled);
        spawn(move || lines.filter(|line| line == "stalled").for_each(|_| stall.store(true, Ordering::Relaxed)));
        let (reports, metrics) = ports.split_once(' ').unwrap();
        let collector =
            Self { process, has_stalled, reports: reports.parse().unwrap(), metrics: metrics.parse().unwrap() };
        wait_until(|| collector.get("/readyz").0 == 200);
        collector
    }

    pub(crate) fn with_data(folder: &Path) -> Self {
        Self::start(&json!({"data": folder}))
    }

    pub(crate) fn signal(mut self, signal: Signal) -> std::process::ExitStatus {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        self.process.wait().unwrap()
    }

    #[allow(dead_code, reason = "the benchmark asks for it")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// `None` if the server stood still for so long that it may have made a gap.
    pub(crate) fn ran(&self) -> Option<()> {
        // The line that says so may be on its way.
        sleep(Duration::from_millis(200));
        (!self.has_stalled.load(Ordering::Relaxed)).then_some(())
    }

    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends a report as a page of the site does. Its nonce is even, so an overloaded server takes it too.
    pub(crate) fn post(&self, body: &str) -> u16 {
        self.post_with("Sec-Fetch-Site: same-origin\r\n", body)
    }

    pub(crate) fn post_with(&self, headers: &str, body: &str) -> u16 {
        let length = body.len();
        let request = format!(
            "POST /runtime/r?n=0123456789abcdee HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        status(&exchange(self.reports, request.as_bytes()))
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.get_with(path, "")
    }

    pub(crate) fn get_with(&self, path: &str, headers: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: collector\r\nConnection: close\r\n{headers}\r\n");
        let answer = exchange(self.metrics, request.as_bytes());
        (status(&answer), body(&answer))
    }

    /// The header and the rows of `/windows`.
    pub(crate) fn windows(&self, query: &str) -> (Value, Vec<Value>) {
        let (status, text) = self.get(&format!("/windows{query}"));
        assert_eq!(status, 200, "{text}");
        let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.next().unwrap(), lines.collect())
    }

    /// The value of a series.
    pub(crate) fn metric(&self, series: &str) -> u64 {
        let (_, text) = self.get("/metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
    }
}

/// A report of the canary.
pub(crate) fn report(kind: &str, age: f64) -> String {
    json!({"v": 1, "kind": kind, "age": age, "salt": "release", "revision": 7, "cohort": "canary", "arm": "canary",
        "version": "1.5.0", "first": "run", "both": false, "returning": false, "engine": "chromium", "device": "desktop"})
    .to_string()
}

/// Sends bytes and returns all that comes back.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

pub(crate) fn status(answer: &[u8]) -> u16 {
    let text = String::from_utf8_lossy(answer);
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// The body of an answer, whole or in chunks.
fn body(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        whole.push_str(&more[..size]);
        rest = &more[size + 2..];
    }
    whole
}

pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

pub(crate) fn minute() -> u64 {
    minute_at(now())
}

pub(crate) fn minute_at(time: f64) -> u64 {
    time as u64 / WINDOW
}

/// Waits until the beginning of the next minute.
pub(crate) fn wait_for_next_minute() -> u64 {
    let next = minute() + 1;
    sleep(Duration::from_secs_f64(((next * WINDOW) as f64 - now()).max(0.0) + 0.05));
    next
}

#[track_caller]
pub(crate) fn wait_until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_mins(2), "it takes too long");
        sleep(Duration::from_millis(50));
    }
}
