//! Requests a second on one core, compared with a server that does nothing but `return 200`.
//!
//! `make bench` runs it. nginx and wrk have a core each where there are two.

use canary_e2e::base::Base;
use canary_e2e::http;
use canary_e2e::nginx::{self, Config, Nginx};
use canary_e2e::process::find_program;
use canary_e2e::site_files::SiteFiles;
use std::process::Command;

/// The seconds of a round for each URL.
const SECONDS: &str = "2";

/// The number of rounds.
const ROUNDS: usize = 5;

/// The smallest server for the same files. The harness replaces its paths.
const PLAIN: &str = r#"
    daemon off;
    pid /tmp/nginx.pid;
    error_log /dev/stderr warn;
    worker_processes 1;
    events { worker_connections 1024; }
    http {
        access_log off;
        # Not /dev/stdout.
        sendfile on;
        server {
            listen 8080;
            root /usr/share/nginx/html;
            location / { return 200 "ok\n"; }
            location /config/ { }
        }
    }
"#;

/// A URL and the requests a second of each round.
struct Lane {
    name: &'static str,
    url: String,
    coding: &'static str,
    rates: Vec<f64>,
}

#[test]
#[ignore = "measures: make bench"]
fn requests_a_second_on_one_core() {
    let files = SiteFiles::new();
    files.mount_config(&Base::new().config());
    let plain =
        Nginx::start_with(files.root(), |config| drop(config.insert("nginx.conf".to_owned(), PLAIN.to_owned())));
    let ours = Nginx::start_with(files.root(), one_worker);
    let silent = Nginx::start_with(files.root(), |config| {
        one_worker(config);
        nginx::replace(config, "nginx.conf", "access_log  /dev/stdout minimal;", "access_log off; # /dev/stdout");
    });
    let module = files.module();
    let lane = |name, nginx: &Nginx, path: &str, coding| Lane { name, url: nginx.url(path), coding, rates: Vec::new() };
    let mut lanes = [
        lane("return 200, nothing else", &plain, "/", ""),
        lane("config, nothing else", &plain, "/config/canary.json", ""),
        lane("/healthz", &ours, "/healthz", ""),
        lane("config", &ours, "/config/canary.json", ""),
        lane("config, without a log", &silent, "/config/canary.json", ""),
        lane("module, brotli", &ours, &module, "br"),
        lane("asset", &ours, "/assets/1.4.2/main.js", ""),
        lane("page", &ours, "/", ""),
        lane("404 of an asset", &ours, "/assets/gone.js", ""),
    ];
    for nginx in [&plain, &ours, &silent] {
        for pid in [vec![nginx.pid()], nginx.workers()].concat() {
            run("taskset", &["-pc", "0", &pid.to_string()]);
        }
    }
    for _ in 0..ROUNDS {
        for lane in &mut lanes {
            lane.rates.push(wrk(&lane.url, lane.coding));
        }
    }
    let middle = |lane: &mut Lane| {
        lane.rates.sort_by(f64::total_cmp);
        lane.rates[ROUNDS / 2]
    };
    let best = middle(&mut lanes[0]);
    println!("one core{:>38}{:>10}{:>10}{:>10}", "bytes", "median/s", "min/s", "ratio");
    for lane in &mut lanes {
        let rate = middle(lane);
        let headers: &[_] = if lane.coding.is_empty() { &[] } else { &[("Accept-Encoding", lane.coding)] };
        let bytes = http::get(&lane.url, headers).body.len();
        println!("{:<28}{bytes:>18}{rate:>10.0}{:>10.0}{:>10.2}", lane.name, lane.rates[0], rate / best);
    }
}

fn one_worker(config: &mut Config) {
    nginx::replace(config, "nginx.conf", "worker_processes 2;", "worker_processes 1;");
}

/// Requests a second over 32 open connections.
fn wrk(url: &str, coding: &str) -> f64 {
    let core = if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) { "1" } else { "0" };
    let coding = format!("Accept-Encoding: {coding}");
    let printed = run("taskset", &["-c", core, "wrk", "-t1", "-c32", "-d", SECONDS, "-H", &coding, url]);
    let rate = printed.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    rate.unwrap_or_else(|| panic!("{printed}")).trim().parse().unwrap()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(find_program(program)).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
