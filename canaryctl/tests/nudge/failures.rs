//! Failures of the API server and of single pods: each is printed once, retried, and recovered from.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::api_server::{ApiServer, Mode};
use crate::process::{Nudge, until};

const READY: (u16, &str) = (200, "ok");

fn ready(nudge: &Nudge) -> bool {
    let (status, text) = nudge.probe("/readyz");
    (status, text.as_str()) == READY
}

fn start() -> ApiServer {
    let api = ApiServer::start();
    api.state().configure("A");
    api.state().add_pods(3);
    api
}

/// A missing permission is printed once, and the request repeated until it succeeds.
#[track_caller]
fn retries_until_permitted(permission: &'static str, fault: &str) {
    let api = start();
    api.state().forbidden.insert(permission);
    let nudge = Nudge::start(&api, &[]);
    let attempts = || api.state().requests.iter().filter(|request| *request == permission).count();
    // The first attempt may patch each of the three pods, so four patches mean a retry.
    until("a retry", || attempts() >= if permission == "patch pods" { 4 } else { 3 });
    until("the error", || nudge.errors() == format!("canaryctl: {fault}; retrying\n"));
    // Without the permission to watch it may still list, and patches the pods once.
    if permission != "watch configmaps" {
        until("a failing probe", || nudge.probe("/readyz") == (503, fault.to_owned()));
        assert_eq!(api.state().common_revision(), None);
    }
    assert_eq!(nudge.probe("/healthz"), (200, "ok".to_owned()));
    api.state().forbidden.clear();
    api.state().configure("B");
    until("all pods", || api.state().common_revision().is_some_and(|revision| revision.ends_with(".2")));
    until("a successful probe", || ready(&nudge));
}

fn not_allowed(verb: &str, resource: &str) -> String {
    format!("not allowed: User \"nudge\" cannot {verb} resource \"{resource}\" in the namespace \"frontend\"")
}

const WATCHING: &str = "cannot watch the ConfigMap frontend/canary-settings";

// Four tests, because each waits for seconds.
#[test]
fn retries_until_permitted_to_list_configmaps() {
    retries_until_permitted("list configmaps", &format!("{WATCHING}: {}", not_allowed("list", "configmaps")));
}

#[test]
fn retries_until_permitted_to_watch_configmaps() {
    retries_until_permitted("watch configmaps", &format!("{WATCHING}: {}", not_allowed("watch", "configmaps")));
}

#[test]
fn retries_until_permitted_to_list_pods() {
    retries_until_permitted("list pods", &format!("cannot list pods in frontend: {}", not_allowed("list", "pods")));
}

#[test]
fn retries_until_permitted_to_patch_pods() {
    retries_until_permitted("patch pods", &format!("cannot patch pods: {}", not_allowed("patch", "pods")));
}

#[test]
fn a_missing_api_server_is_retried() {
    let api = start();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 3 pods nudged"));
    until("it watches", || ready(&nudge));
    api.set(Mode::Down);
    until("it notices", || nudge.probe("/readyz").0 == 503);
    assert_eq!(nudge.probe("/healthz"), (200, "ok".to_owned()));
    api.state().configure("B");
    api.set(Mode::Up);
    assert!(nudge.line().contains(": 3 pods nudged"));
    assert!(api.state().common_revision().unwrap().ends_with(".2"));
    until("it is ready", || ready(&nudge));
    assert!(nudge.errors().starts_with("canaryctl: cannot watch the ConfigMap frontend/canary-settings: "));
}

#[test]
fn a_pass_continues_after_an_outage() {
    let api = start();
    api.state().add_pods(60);
    api.state().latency = Duration::from_millis(20);
    let nudge = Nudge::start(&api, &["--rate", "1000"]);
    until("some pods are patched", || api.state().patches.len() >= 20);
    api.set(Mode::Down);
    until("it notices", || nudge.probe("/readyz").0 == 503);
    let before = api.state().patches.len();
    assert!(before < 60);
    api.set(Mode::Up);
    until("all pods are patched", || api.state().common_revision().is_some());
    until("it is ready", || ready(&nudge));
    // Pods whose patch was answered before the outage are not patched again.
    assert!(api.state().patches.len() <= 60 + 10, "{} after {before}", api.state().patches.len());
}

#[test]
fn an_expired_watch_starts_again() {
    let api = start();
    let nudge = Nudge::start(&api, &[]);
    nudge.line();
    let watches = || api.state().requests.iter().filter(|what| *what == "watch configmaps").count();
    until("it watches", || watches() == 1);
    {
        let mut state = api.state();
        state.expire();
        // No watch reports this change.
        state.configure("B");
    }
    assert!(nudge.line().contains(": 3 pods nudged"));
    until("it watches again", || watches() >= 3);
    api.state().configure("C");
    assert!(nudge.line().contains(": 3 pods nudged"));
    assert_eq!(nudge.errors(), "");
}

/// Lets the watch report a change, and leaves the list of pods unanswered.
#[track_caller]
fn hang(api: &ApiServer) {
    api.set(Mode::Hanging);
    let before = api.state().received;
    api.state().configure("B");
    until("it sends a request", || api.state().received > before);
}

#[test]
fn a_hanging_api_server_does_not_delay_the_exit() {
    let api = start();
    let mut nudge = Nudge::start(&api, &[]);
    nudge.line();
    until("it watches", || api.state().requests.iter().any(|what| what == "watch configmaps"));
    hang(&api);
    assert_eq!(nudge.probe("/healthz"), (200, "ok".to_owned()));
    let started = Instant::now();
    assert_eq!(nudge.stop(Signal::TERM), Some(0));
    println!("ended {:.3} s after SIGTERM, with a request in flight", started.elapsed().as_secs_f64());
}

#[test]
fn a_slow_api_server_is_awaited() {
    let api = start();
    let nudge = Nudge::start(&api, &[]);
    nudge.line();
    until("it watches", || api.state().requests.iter().any(|what| what == "watch configmaps"));
    hang(&api);
    api.set(Mode::Up);
    assert!(nudge.line().contains(": 3 pods nudged"));
    assert_eq!(nudge.errors(), "");
}

#[test]
fn deleted_pods_are_no_failure() {
    let api = start();
    api.state().rejected = [("web-0000".to_owned(), 404), ("web-0001".to_owned(), 409)].into();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 1 pod nudged, 2 gone, "));
    until("it is ready", || ready(&nudge));
    assert_eq!((nudge.errors().as_str(), api.state().patches.len()), ("", 3));
}

#[test]
fn a_pod_that_cannot_be_patched_does_not_block_others() {
    let api = start();
    // A webhook that rejects one pod answers 403 as well.
    api.state().rejected = [("web-0000".to_owned(), 403)].into();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 2 pods nudged, 1 failed, "));
    let fault = "cannot patch the pod web-0000: not allowed: for a reason";
    until("it prints the error", || nudge.errors() == format!("canaryctl: {fault}; retrying\n"));
    until("the probe reports it", || nudge.probe("/readyz") == (503, fault.to_owned()));
    until("it retries", || api.state().patches.len() >= 5);
    api.state().rejected.clear();
    assert!(nudge.line().contains(": 1 pod nudged, 2 up to date, "));
    until("it is ready", || ready(&nudge));
}

#[test]
fn a_missing_configmap_is_retried() {
    let api = ApiServer::start();
    api.state().add_pod("web", json!({}));
    let nudge = Nudge::start(&api, &[]);
    until("it prints the error", || {
        nudge.errors() == "canaryctl: ConfigMap frontend/canary-settings not found; retrying\n"
    });
    assert_eq!(nudge.probe("/readyz"), (503, "ConfigMap frontend/canary-settings not found".to_owned()));
    assert_eq!(nudge.probe("/other").0, 404);
    api.state().configure("A");
    assert!(nudge.line().contains(": 1 pod nudged, "));
    until("it is ready", || ready(&nudge));
}
