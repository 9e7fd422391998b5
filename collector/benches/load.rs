//! Reports a second on one core beside Nginx's `return 204`, latency at half of it, and what a hostile flood does.
//!
//! It measures, and fails nothing: `scripts/bench reports`. Server and client have a core each. `CANARY_FLOOD_SECONDS` is
//! how long the flood lasts, 20 unless told.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    dead_code,
    reason = "it measures"
)]

#[path = "../tests/server/support.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Collector, report, wait_until};

const ROUNDS: usize = 5;
const SECONDS: &str = "3";

/// The reports of a view, as one browser sends them, of both arms.
const REPORTS: &str = r#"
local requests, at = {}, 0
local kinds = { '"kind":"exposure","age":0,"decisionMs":31.5', '"kind":"ready","age":412.5,"readyMs":412.5',
  '"kind":"vitals","age":60000,"lcpMs":1840.2,"inpMs":64,"cls":0.013' }
local arms = { '"cohort":"canary","arm":"canary","version":"1.5.0"', '"cohort":"control","arm":"stable","version":"1.4.2"',
  '"cohort":"rest","arm":"stable","version":"1.4.2"' }
function init()
  for n = 1, 999 do
    local body = '{"v":1,' .. kinds[n % 3 + 1] .. ',"salt":"release","revision":7,' .. arms[math.floor(n / 3) % 3 + 1] ..
      ',"first":"run","both":false,"returning":' .. (n % 2 == 0 and "true" or "false") ..
      ',"engine":"chromium","device":"desktop"}'
    requests[n] = wrk.format("POST", string.format("/runtime/r?n=%016x", n * 7919),
      { ["Sec-Fetch-Site"] = "same-origin", ["Content-Type"] = "text/plain" }, body)
  end
end
function request()
  at = at % 999 + 1
  return requests[at]
end
"#;

/// Labels, nonces, clients and sizes that nobody knows.
const FLOOD: &str = r#"
local at = 0
function request()
  at = at + 1
  local name = string.format("x%x", math.random(0, 2147483647))
  local pick = function(list) return list[math.random(#list)] end
  local known = math.random(2) == 1
  local body = '{"v":1,"age":' .. math.random(0, 4000) .. ',"kind":"' .. pick({ "exposure", "ready", "left", "vitals" }) ..
    '","salt":"' .. (known and "release" or name) .. '","revision":' .. (known and 7 or math.random(0, 2147483647)) ..
    ',"cohort":"' .. pick({ "canary", "control", "rest" }) .. '","arm":"' .. pick({ "canary", "stable" }) ..
    '","version":"' .. name .. '","first":' .. pick({ '"run"', '"cohort"', "null" }) .. ',"both":false,"returning":' ..
    pick({ "true", "false" }) .. ',"engine":"' .. pick({ "chromium", "gecko", "webkit", "other" }) .. '","device":"' ..
    pick({ "mobile", "tablet", "desktop" }) .. '"}'
  if at % 10 == 0 then body = string.rep("[", math.random(0, 2040)) end
  return wrk.format("POST", string.format("/runtime/r?n=%08x%08x", math.random(0, 2147483647), at),
    { ["Sec-Fetch-Site"] = "same-origin", ["X-Client"] = string.format("%d.%d.%d.1", math.random(1, 223),
      math.random(0, 255), math.random(0, 255)) }, body)
end
"#;

const NGINX: &str = "daemon off; pid DIR/nginx.pid; error_log stderr crit; worker_processes 1; master_process off;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi; keepalive_requests 100000000;
  server { listen 127.0.0.1:PORT; location / { return 204; } } }";

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn nginx(folder: &Path) -> (Nginx, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = NGINX.replace("DIR", folder.to_str().unwrap()).replace("PORT", &address.port().to_string());
    fs::write(folder.join("nginx.conf"), config).unwrap();
    let program = if Path::new("/usr/sbin/nginx").is_file() { "/usr/sbin/nginx" } else { "nginx" };
    let config = folder.join("nginx.conf");
    let nginx = Command::new(program).arg("-e").arg("stderr").arg("-c").arg(config).stderr(Stdio::null()).spawn();
    wait_until(|| TcpStream::connect(address).is_ok());
    (Nginx(nginx.unwrap()), address)
}

fn pin(pid: u32) {
    let pinned = Command::new("taskset").args(["-apc", "0", &pid.to_string()]).stdout(Stdio::null()).status();
    assert!(pinned.unwrap().success());
}

fn wrk(address: SocketAddr, script: &Path, seconds: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "1", "wrk", "-t1", "-c32", "-d", seconds, "-s"]).arg(script).arg(format!("http://{address}"));
    command
}

/// Answers a second by 32 connections that stay open.
fn rate(address: SocketAddr, script: &Path) -> f64 {
    let output = wrk(address, script, SECONDS).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("Non-2xx"), "{text}");
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    rate.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap()
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Sends at a fixed rate, and returns the sorted latencies from the moment at which each report was due.
fn latencies(address: SocketAddr, rate: f64) -> Vec<Duration> {
    const CONNECTIONS: u32 = 8;
    let pause = Duration::from_secs_f64(f64::from(CONNECTIONS) / rate);
    let body = report("exposure", 0.0);
    let length = body.len();
    let request = format!(
        "POST /runtime/r?n=0123456789abcdef HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let start = Instant::now() + Duration::from_millis(100);
    let client = |number: u32| {
        let request = request.clone();
        spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            let (mut due, mut answer, mut found) = (start + pause * number / CONNECTIONS, [0; 4_096], Vec::new());
            while start.elapsed() < Duration::from_secs(5) {
                sleep(due.saturating_duration_since(Instant::now()));
                stream.write_all(request.as_bytes()).unwrap();
                let length = stream.read(&mut answer).unwrap();
                assert!(answer[..length].starts_with(b"HTTP/1.1 204"));
                found.push(due.elapsed());
                due += pause;
            }
            found
        })
    };
    let clients: Vec<_> = (0..CONNECTIONS).map(client).collect();
    let mut all: Vec<Duration> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    all.sort_unstable();
    all
}

fn quantile(sorted: &[Duration], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3
}

fn speed(collector: &Collector, folder: &Path) {
    let script = folder.join("reports.lua");
    fs::write(&script, REPORTS).unwrap();
    let (nginx, bare) = nginx(folder);
    pin(nginx.0.id());
    pin(collector.id());
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bares.push(rate(bare, &script));
        ours.push(rate(collector.reports, &script));
    }
    drop(nginx);
    let (ours, bare) = (median(&mut ours), median(&mut bares));
    println!("reports a second on one core      {ours:>9.0}");
    println!("nginx, return 204, same requests  {bare:>9.0}    ratio {:.2}", ours / bare);
    for share in [0.5, 0.25] {
        let sorted = latencies(collector.reports, ours * share);
        println!(
            "at {:>6.0}/s ({} sent)     p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms",
            ours * share,
            sorted.len(),
            quantile(&sorted, 0.5),
            quantile(&sorted, 0.99),
            quantile(&sorted, 0.999)
        );
    }
}

fn flood(collector: &Collector, folder: &Path) {
    let seconds = std::env::var("CANARY_FLOOD_SECONDS").unwrap_or_else(|_| "20".to_owned());
    let script = folder.join("flood.lua");
    fs::write(&script, FLOOD).unwrap();
    let before = collector.resident_kib();
    let mut wrk = wrk(collector.reports, &script, &seconds).stdout(Stdio::piped()).spawn().unwrap();
    let mut slow = Vec::new();
    let (mut largest, mut metrics, mut windows) = (0, Vec::new(), Vec::new());
    while wrk.try_wait().unwrap().is_none() {
        for _ in 0..60 {
            if let Ok(mut stream) = TcpStream::connect_timeout(&collector.reports, Duration::from_millis(100)) {
                let _ = stream.write_all(b"POST /runtime/r HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n{");
                slow.push(stream);
            }
        }
        if slow.len() > 900 {
            slow.drain(..300);
        }
        let start = Instant::now();
        assert_eq!(collector.get("/metrics").0, 200);
        metrics.push(start.elapsed());
        let since = support::minute() - 8;
        let start = Instant::now();
        assert_eq!(collector.get(&format!("/windows?since={since}")).0, 200);
        windows.push(start.elapsed());
        largest = largest.max(collector.resident_kib());
        sleep(Duration::from_millis(100));
    }
    let mut text = String::new();
    wrk.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap_or("?").trim();
    metrics.sort_unstable();
    windows.sort_unstable();
    println!("hostile flood for {seconds} s: {rate} a second, resident {before} KiB before, {largest} KiB at most");
    println!(
        "meanwhile /metrics                p50 {:.1} ms, max {:.1} ms",
        quantile(&metrics, 0.5),
        quantile(&metrics, 1.0)
    );
    println!(
        "meanwhile /windows, last minutes  p50 {:.1} ms, max {:.1} ms",
        quantile(&windows, 0.5),
        quantile(&windows, 1.0)
    );
    drop(slow);
    let start = Instant::now();
    let (_, all) = collector.get("/windows");
    println!("/windows, all of {} MB           {:.0} ms", all.len() >> 20, start.elapsed().as_secs_f64() * 1e3);
}

fn main() {
    support::serve_if_asked();
    if std::env::var_os("COLLECTOR_TEST").is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(&Value::Null);
    speed(&collector, folder.path());
    drop(collector);
    let collector = Collector::with_data(folder.path());
    pin(collector.id());
    flood(&collector, folder.path());
}
