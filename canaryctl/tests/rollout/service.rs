//! The controller as a service, on every form of `--repo`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::support::{DEADLINE, lines, text};

/// A service that ends with its test, also with one that fails.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn get(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_loop_makes_the_commits_and_shows_the_state() {
    let shop = Shop::new("");
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("interval: 1m", "interval: 10s"));
    shop.commit("interval");
    let child = shop.command(&["run", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut service = Running(child);
    let output = lines(service.0.stdout.take().unwrap());
    let url = output.recv_timeout(DEADLINE).unwrap();
    let host = url.strip_prefix("http://").unwrap();
    assert!(get(host, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(output.recv_timeout(DEADLINE).unwrap().starts_with("Progressing at 0 %: "));
    let end = Instant::now() + DEADLINE;
    while !get(host, "/status").contains("\"phase\":\"Progressing\"") {
        assert!(Instant::now() < end, "{}", get(host, "/status"));
        sleep(Duration::from_millis(200));
    }
    assert!(get(host, "/readyz").starts_with("HTTP/1.1 200"));
    let answer = get(host, "/status");
    let status: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        (&status["weight"], &status["version"], &status["stable"]),
        (&json!(10), &json!("1.6.0"), &json!("1.5.0"))
    );
    let metrics = get(host, "/metrics");
    for line in [
        "canary_rollout_status{name=\"frontend\",namespace=\"shop\"} 0\n",
        "canary_rollout_weight{name=\"frontend\",namespace=\"shop\"} 10\n",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    drop(service);
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 10);
}

#[test]
fn a_bare_repository_and_an_address_are_followed() {
    let mut shop = Shop::new("");
    let bare = shop.path("remote.git").display().to_string();
    assert_eq!(shop.run(&["step", "--now", &shop.clock(), "--repo", &bare])["phase"], "Initializing");
    shop.now += 60;
    let address = format!("file://{bare}");
    let report = shop.run(&["step", "--now", &shop.clock(), "--repo", &address, "--branch", "main"]);
    assert_eq!((&report["phase"], &report["weight"]), (&json!("Progressing"), &json!(10)));
    shop.visit(9, 600, 0);
    assert_eq!(shop.run(&["step", "--now", &shop.clock(), "--repo", &address])["weight"], 50);
    let output = shop.command(&["step", "--repo", "/nowhere/at/all"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn status_waits_for_a_state() {
    let mut shop = Shop::new("");
    shop.begin();
    let clock = shop.clock();
    let wait = |state: &str| {
        shop.command(&["status", "--now", &clock, "--wait", "--for", state, "--timeout", "1s"])
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!((wait("held"), wait("promoted")), (Some(0), Some(2)));
    shop.run(&["abort", "--now", &clock]);
    assert_eq!((wait("failed"), wait("promoted")), (Some(0), Some(1)));
}

#[test]
fn a_service_that_starts_after_the_deletion_reverts_and_says_so() {
    let shop = Shop::new("  revertOnDeletion: true\n");
    shop.write("rollout.yaml", &(shop.file("rollout.yaml").replace("interval: 1m", "interval: 10s") + "\n"));
    shop.commit("interval");
    // At the time of the clock, as the service has no other.
    for phase in ["Initializing", "Progressing"] {
        assert_eq!(shop.run(&["step"])["phase"], phase);
    }
    shop.pull();
    shop.git(&["rm", "--quiet", "rollout.yaml"]);
    shop.commit("delete");
    let child = shop.command(&["run", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut service = Running(child);
    let output = lines(service.0.stdout.take().unwrap());
    let url = output.recv_timeout(DEADLINE).unwrap();
    let line = output.recv_timeout(DEADLINE).unwrap();
    let expected = "Failed at 0 %, step 1 of 2: rollout.yaml is deleted, and its revertOnDeletion is true; commit ";
    assert!(line.starts_with(expected), "{line}");
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 0);
    assert!(shop.message().starts_with("rollout(frontend): revert 1.6.0 on deletion of rollout.yaml\n"));
    let answer = get(url.strip_prefix("http://").unwrap(), "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(expected), "{answer}");
    assert_eq!(output.recv_timeout(DEADLINE).unwrap(), "rollout.yaml is deleted, and no run is in progress");
}
