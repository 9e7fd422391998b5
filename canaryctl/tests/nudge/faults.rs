//! Whatever fails costs the kubelet's minute and no more: it is told once, tried again, and made up for.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::api::{Api, Mode};
use crate::nudge::{Nudge, until};

const READY: (u16, &str) = (200, "ok");

fn ready(nudge: &Nudge) -> bool {
    let (status, text) = nudge.probe("/readyz");
    (status, text.as_str()) == READY
}

fn start() -> Api {
    let api = Api::start();
    api.state().configure("A");
    api.state().add_pods(3);
    api
}

/// A fault that the program reports once and retries until the permission is there.
#[track_caller]
fn waits_for_permission(permission: &'static str, fault: &str) {
    let api = start();
    api.state().forbidden.insert(permission);
    let nudge = Nudge::start(&api, &[]);
    let asked = || api.state().asked.iter().filter(|asked| *asked == permission).count();
    // Each of the three pods may be tried before the first retry.
    until("a retry", || asked() >= if permission == "patch pods" { 4 } else { 3 });
    until("the error", || nudge.errors() == format!("canaryctl: {fault}; trying again\n"));
    // A watch that may list has read the ConfigMap, so its pods are patched.
    if permission != "watch configmaps" {
        until("a failing probe", || nudge.probe("/readyz") == (503, fault.to_owned()));
        assert_eq!(api.state().all_told(), None);
    }
    assert_eq!(nudge.probe("/healthz"), (200, "ok".to_owned()));
    api.state().forbidden.clear();
    api.state().configure("B");
    until("all pods", || api.state().all_told().is_some_and(|told| told.ends_with(".2")));
    until("a successful probe", || ready(&nudge));
}

fn not_allowed(verb: &str, resource: &str) -> String {
    format!("not allowed: User \"nudge\" cannot {verb} resource \"{resource}\" in the namespace \"frontend\"")
}

const WATCHING: &str = "cannot watch the ConfigMap frontend/canary-settings";

// Four tests, because each waits for seconds.
#[test]
fn waits_for_permission_to_list_configmaps() {
    waits_for_permission("list configmaps", &format!("{WATCHING}: {}", not_allowed("list", "configmaps")));
}

#[test]
fn waits_for_permission_to_watch_configmaps() {
    waits_for_permission("watch configmaps", &format!("{WATCHING}: {}", not_allowed("watch", "configmaps")));
}

#[test]
fn waits_for_permission_to_list_pods() {
    waits_for_permission("list pods", &format!("cannot list pods in frontend: {}", not_allowed("list", "pods")));
}

#[test]
fn waits_for_permission_to_patch_pods() {
    waits_for_permission("patch pods", &format!("cannot patch pods: {}", not_allowed("patch", "pods")));
}

#[test]
fn without_an_api_server_it_waits_and_catches_up() {
    let api = start();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 3 pods nudged"));
    until("it watches", || ready(&nudge));
    api.set(Mode::Gone);
    until("it notices", || nudge.probe("/readyz").0 == 503);
    assert_eq!(nudge.probe("/healthz"), (200, "ok".to_owned()));
    api.state().configure("B");
    api.set(Mode::Up);
    assert!(nudge.line().contains(": 3 pods nudged"));
    assert!(api.state().all_told().unwrap().ends_with(".2"));
    until("it is ready", || ready(&nudge));
    assert!(nudge.errors().starts_with("canaryctl: cannot watch the ConfigMap frontend/canary-settings: "));
}

#[test]
fn gone_in_the_middle_of_a_walk_it_goes_on() {
    let api = start();
    api.state().add_pods(60);
    api.state().slowness = Duration::from_millis(20);
    let nudge = Nudge::start(&api, &["--rate", "1000"]);
    until("some pods are told", || api.state().patched.len() >= 20);
    api.set(Mode::Gone);
    until("it notices", || nudge.probe("/readyz").0 == 503);
    let told = api.state().patched.len();
    assert!(told < 60);
    api.set(Mode::Up);
    until("all pods are told", || api.state().all_told().is_some());
    until("it is ready", || ready(&nudge));
    // None of those that had answered before.
    assert!(api.state().patched.len() <= 60 + 10, "{} after {told}", api.state().patched.len());
}

#[test]
fn an_expired_watch_begins_anew() {
    let api = start();
    let nudge = Nudge::start(&api, &[]);
    nudge.line();
    let watches = || api.state().asked.iter().filter(|what| *what == "watch configmaps").count();
    until("it watches", || watches() == 1);
    {
        let mut state = api.state();
        state.expire();
        // Nobody hears of it by a watch.
        state.configure("B");
    }
    assert!(nudge.line().contains(": 3 pods nudged"));
    until("it watches again", || watches() >= 3);
    api.state().configure("C");
    assert!(nudge.line().contains(": 3 pods nudged"));
    assert_eq!(nudge.errors(), "");
}

/// The watch tells of a change, and the list of pods is not answered.
#[track_caller]
fn hang(api: &Api) {
    api.set(Mode::Hanging);
    let before = api.state().arrived;
    api.state().configure("B");
    until("it asks", || api.state().arrived > before);
}

#[test]
fn an_api_server_that_hangs_keeps_nobody() {
    let api = start();
    let mut nudge = Nudge::start(&api, &[]);
    nudge.line();
    until("it watches", || api.state().asked.iter().any(|what| what == "watch configmaps"));
    hang(&api);
    assert_eq!(nudge.probe("/healthz"), (200, "ok".to_owned()));
    let started = Instant::now();
    assert_eq!(nudge.stop(Signal::TERM), Some(0));
    println!("ended {:.3} s after SIGTERM, with a request under way", started.elapsed().as_secs_f64());
}

#[test]
fn a_slow_api_server_is_waited_for() {
    let api = start();
    let nudge = Nudge::start(&api, &[]);
    nudge.line();
    until("it watches", || api.state().asked.iter().any(|what| what == "watch configmaps"));
    hang(&api);
    api.set(Mode::Up);
    assert!(nudge.line().contains(": 3 pods nudged"));
    assert_eq!(nudge.errors(), "");
}

#[test]
fn pods_that_went_away_are_no_fault() {
    let api = start();
    api.state().refused = [("web-0000".to_owned(), 404), ("web-0001".to_owned(), 409)].into();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 1 pod nudged, 2 gone, "));
    until("it is ready", || ready(&nudge));
    assert_eq!((nudge.errors().as_str(), api.state().patched.len()), ("", 3));
}

#[test]
fn a_pod_that_cannot_be_told_keeps_no_other_from_it() {
    let api = start();
    // A webhook that refuses one pod says 403 as well.
    api.state().refused = [("web-0000".to_owned(), 403)].into();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 2 pods nudged, 1 failed, "));
    let fault = "cannot patch the pod web-0000: not allowed: for a reason";
    until("it says so", || nudge.errors() == format!("canaryctl: {fault}; trying again\n"));
    until("a probe is told", || nudge.probe("/readyz") == (503, fault.to_owned()));
    until("it tries again", || api.state().patched.len() >= 5);
    api.state().refused.clear();
    assert!(nudge.line().contains(": 1 pod nudged, 2 had it, "));
    until("it is ready", || ready(&nudge));
}

#[test]
fn a_configmap_that_is_not_there_is_waited_for() {
    let api = Api::start();
    api.state().add_pod("web", json!({}));
    let nudge = Nudge::start(&api, &[]);
    until("it says so", || nudge.errors() == "canaryctl: no ConfigMap frontend/canary-settings; trying again\n");
    assert_eq!(nudge.probe("/readyz"), (503, "no ConfigMap frontend/canary-settings".to_owned()));
    assert_eq!(nudge.probe("/other").0, 404);
    api.state().configure("A");
    assert!(nudge.line().contains(": 1 pod nudged, "));
    until("it is ready", || ready(&nudge));
}
