//! `canaryctl collect` and the collector in `canaryctl serve`, as processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a panic is how a test fails"
)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::Receiver;
use std::thread::sleep;
use std::time::{Duration, Instant, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::folder::{FILE, Folder};
use support::{DEADLINE, canaryctl, fails, lines};

/// A running collector.
struct Collector {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    reports: String,
    metrics: String,
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Collector {
    #[track_caller]
    fn start(args: &[&str]) -> Self {
        let mut child = canaryctl(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = lines(child.stderr.take().unwrap());
        let lines = lines(child.stdout.take().unwrap());
        let line = || lines.recv_timeout(DEADLINE).expect("a line on standard output");
        let host = |line: String| line.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        let (reports, metrics) = (host(line()), host(line()));
        Self { child, lines, errors, reports, metrics }
    }

    #[track_caller]
    fn collect(folder: &Folder, more: &[&str]) -> Self {
        let config = folder.path(FILE);
        let first = ["collect", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--window=2", "--horizon=4"];
        let collector = Self::start(&[&first[..], &["--config", config.to_str().unwrap()], more].concat());
        collector.wait_until(|| collector.get("/readyz").0 == 200);
        collector
    }

    fn exchange(host: &str, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn get(&self, path: &str) -> (u16, String) {
        Self::exchange(&self.metrics, &format!("GET {path} HTTP/1.0\r\nHost: a\r\n\r\n"))
    }

    /// Sends a report with an even nonce, which an overloaded server takes too.
    fn post(&self, revision: u64) -> u16 {
        let body = json!({"v": 1, "kind": "exposure", "age": 0, "salt": "release-1.5.0", "revision": revision,
            "cohort": "canary", "arm": "canary", "version": "1.5.0", "both": false, "returning": false,
            "engine": "gecko", "device": "mobile"})
        .to_string();
        let head = "POST /runtime/r?n=0123456789abcdee HTTP/1.0\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n";
        let length = body.len();
        Self::exchange(&self.reports, &format!("{head}Content-Length: {length}\r\n\r\n{body}")).0
    }

    #[track_caller]
    fn wait_until(&self, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < DEADLINE, "{}", self.get("/metrics").1);
            sleep(Duration::from_millis(50));
        }
    }

    fn windows(&self) -> (Value, Vec<Value>) {
        let text = self.get("/windows").1;
        let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.next().unwrap(), lines.collect())
    }

    fn exposures(&self, revision: &str) -> u64 {
        let series =
            format!(r#"canary_exposures_total{{arm="canary",cohort="canary",revision="{revision}",version="1.5.0"}} "#);
        let text = self.get("/metrics").1;
        text.lines().find_map(|line| line.strip_prefix(&series)).map_or(0, |count| count.parse().unwrap())
    }

    fn stop(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn labels_are_those_of_the_config_and_follow_it() {
    let folder = Folder::new();
    let collector = Collector::collect(&folder, &[]);
    assert_eq!((collector.post(1), collector.exposures("1")), (204, 1));
    assert_eq!((collector.post(2), collector.exposures("other")), (204, 1));
    folder.write(FILE, &folder.read().replace("\"REVISION\": 1,", "\"REVISION\": 2,"));
    let zero = r#"revision="2",version="1.5.0"} 0"#;
    collector.wait_until(|| collector.get("/metrics").1.contains(zero));
    assert_eq!((collector.post(2), collector.exposures("2")), (204, 1));
    // A config that is broken changes nothing.
    folder.write(FILE, &folder.read().replace("\"CANARY_PERCENTAGE\": 5", "\"CANARY_PERCENTAGE\": 500"));
    let is_told = |line: String| line.contains("CANARY_PERCENTAGE");
    assert!(std::iter::from_fn(|| collector.errors.recv_timeout(DEADLINE).ok()).any(is_told), "nothing is said of it");
    assert_eq!((collector.post(2), collector.exposures("2")), (204, 2));
    collector.wait_until(|| collector.windows().1.iter().filter(|row| row["revision"] == 2).count() > 0);
}

#[test]
fn windows_outlive_the_process() {
    let folder = Folder::new();
    let data = folder.path("data");
    let mut collector = Collector::collect(&folder, &["--data", data.to_str().unwrap()]);
    assert_eq!(collector.post(1), 204);
    let name = collector.windows().0["collector"].clone();
    assert_eq!(collector.stop(Signal::TERM), Some(0));
    let mut again = Collector::collect(&folder, &["--data", data.to_str().unwrap()]);
    again.wait_until(|| !again.windows().1.is_empty());
    let (header, rows) = again.windows();
    assert_eq!((&header["collector"], &rows[0]["exposed"]), (&name, &json!(1)));
    assert_eq!(again.stop(Signal::KILL), None);
    let third = Collector::collect(&folder, &["--data", data.to_str().unwrap()]);
    assert_eq!(third.windows().1, rows);
    let config = folder.path(FILE);
    let args =
        ["collect", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap(), "--listen=127.0.0.1:0"];
    drop(third);
    fails(
        &args,
        b"",
        &format!(
            "canaryctl: {}/windows.redb was written with --window 2 --horizon 4; use these, or another --data\n",
            data.display()
        ),
    );
}

#[test]
fn reports_are_printed_where_asked_for() {
    let folder = Folder::new();
    let collector = Collector::collect(&folder, &["--log-reports"]);
    assert_eq!(collector.post(1), 204);
    let line: Value = serde_json::from_str(&collector.lines.recv_timeout(DEADLINE).unwrap()).unwrap();
    assert_eq!((&line["kind"], &line["revision"]), (&json!("exposure"), &json!(1)));
}

#[test]
fn the_token_is_read_from_its_file() {
    let folder = Folder::new();
    folder.write("token", "secret\n");
    let token = folder.path("token");
    let collector = Collector::collect(&folder, &["--token-file", token.to_str().unwrap()]);
    assert_eq!(collector.get("/windows").0, 401);
    let request = "GET /windows HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n";
    assert_eq!(Collector::exchange(&collector.metrics, request).0, 200);
}

#[test]
fn serve_has_the_collector_inside() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("pkg")).unwrap();
    fs::create_dir_all(folder.path("www")).unwrap();
    folder.write("pkg/canary.js", "loader");
    folder.write("www/index.html", "<!doctype html>");
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let (site, config, runtime) = (path("www"), path(FILE), path("pkg"));
    let args = ["serve", &site, "--config", &config, "--runtime", &runtime, "--port=0", "--metrics-port=0"];
    let collector = Collector::start(&[&args[..], &["--window=1", "--horizon=1"]].concat());
    collector.wait_until(|| collector.get("/readyz").0 == 200);
    assert_eq!((collector.post(1), collector.exposures("1")), (204, 1));
    collector.wait_until(|| !collector.windows().1.is_empty());
    let get = "GET /runtime/r HTTP/1.0\r\nHost: localhost\r\n\r\n";
    assert_eq!(Collector::exchange(&collector.reports, get).0, 405);
    let page = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
    assert_eq!(Collector::exchange(&collector.reports, page).0, 200);
    let page = "GET /runtime/console/ HTTP/1.0\r\nHost: localhost\r\n\r\n";
    assert_eq!(Collector::exchange(&collector.reports, page).0, 200);
    assert_eq!(
        collector.lines.recv_timeout(DEADLINE).unwrap(),
        format!("http://{}/runtime/console/", collector.reports)
    );
    assert!(collector.lines.recv_timeout(DEADLINE).unwrap().starts_with("config: 5 % canary"));
}

#[test]
fn the_console_needs_a_token_for_its_data_alone() {
    let folder = Folder::new();
    folder.write("token", "secret");
    let collector = Collector::collect(&folder, &["--token-file", folder.path("token").to_str().unwrap()]);
    let status = |path: &str| collector.get(path).0;
    assert_eq!((status("/runtime/console/"), status("/runtime/console/console.js")), (200, 200));
    assert_eq!((status("/runtime/console/data"), status("/runtime/console/gone")), (401, 404));
    let request = "GET /runtime/console/data HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n";
    let (status, body) = Collector::exchange(&collector.metrics, request);
    let data: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &data["controller"]), (200, &Value::Null));
    assert_eq!((&data["site"]["run"], &data["site"]["percentage"]), (&json!("release-1.5.0"), &json!(5)));
}

/// Sends simulated visitors, of whom many fail on the canary. Returns the site as the console shows it with its verdict, or
/// nothing if the collector stood still meanwhile.
fn roll_back(collector: &Collector) -> Option<Value> {
    collector.wait_until(|| collector.get("/readyz").0 == 200);
    let data = || -> Value { serde_json::from_str(&collector.get("/runtime/console/data").1).unwrap() };
    let minute = || UNIX_EPOCH.elapsed().unwrap().as_secs() / 2;
    let first = minute();
    let address = format!("http://{}/", collector.reports);
    let mut traffic = canaryctl(["traffic", &address, "--rate=200", "--views=800", "--fails=canary=60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Before a minute is final.
    let recent = |arm: &str| data()["site"]["recent"]["views"][arm]["exposed"].as_u64().unwrap();
    collector.wait_until(|| recent("canary") > 0 && recent("stable") > 0);
    let mut printed = String::new();
    traffic.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(traffic.wait().unwrap().success() && printed.starts_with("800 simulated visitors: "), "{printed}");
    let last = minute();
    collector.wait_until(|| collector.windows().0["through"].as_u64() >= Some(last));
    let gaps = collector.windows().0["gaps"].clone();
    if gaps.as_array().unwrap().iter().any(|gap| gap[1].as_u64() > Some(first)) {
        return None;
    }
    collector.wait_until(|| data()["site"]["verdict"] == "rollback");
    Some(data()["site"].clone())
}

#[test]
fn simulated_visitors_move_the_console() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("pkg")).unwrap();
    folder.write("pkg/canary.js", "loader");
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let (site, config, runtime) = (path("pkg"), path(FILE), path("pkg"));
    let args = ["serve", &site, "--config", &config, "--runtime", &runtime, "--port=0", "--metrics-port=0"];
    // A process that stands still for a quarter of a second makes a gap, in which the judge holds.
    let site = (0..5).find_map(|_| {
        let collector = Collector::start(&[&args[..], &["--window=2", "--horizon=2"]].concat());
        roll_back(&collector)
    });
    let site = site.expect("a run without a gap");
    assert_eq!((&site["metrics"][0]["name"], &site["metrics"][0]["mark"]), (&json!("not-ready"), &json!("worse")));
    assert_eq!(site["codes"][0]["code"], "E401");
    let columns = [&site["series"]["minutes"], &site["series"]["canary"]["exposed"], &site["series"]["set"]];
    let lengths = columns.map(|column| column.as_array().unwrap().len());
    assert!(lengths[0] > 0 && lengths == [lengths[0]; 3], "{lengths:?}");
}

#[test]
fn wrong_arguments_say_what_is_expected() {
    fails(&["collect", "--config", "gone.yaml"], b"", "canaryctl: no config gone.yaml: name one with --config\n");
    for (args, expected) in [
        (
            ["--origin", "shop.example"],
            "invalid value 'shop.example' for '--origin <URL>': expected https://HOST, without a path",
        ),
        (["--origin", "https://shop.example/"], "expected https://HOST, without a path"),
        (["--trusted-proxy", "10.0.0.0/8"], "--client-address-header <NAME>"),
        (["--client-address-header", "X-Real-IP"], "--trusted-proxy <CIDR>"),
        (["--window", "0"], "0 is not in 1..=3600"),
    ] {
        let output = support::run(&["collect", args[0], args[1]], "");
        let errors = support::text(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains(expected), "{errors}");
    }
}
