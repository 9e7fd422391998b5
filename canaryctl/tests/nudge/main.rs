//! `canaryctl nudge` as a process, with a fake API server.
//!
//! `make test-cluster` runs it with a real API server and kubelets.

#![cfg(feature = "cluster")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod api_server;
mod failures;
mod process;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use api_server::ApiServer;
use process::{Nudge, once, until};
use rustix::process::Signal;
use serde_json::json;
use support::text;

/// Adds four pods that mount the ConfigMap, and three that do not.
fn add_mixed_pods(api: &ApiServer) {
    let mut state = api.state();
    state.configure("A");
    state.add_pods(3);
    state.add_pod(
        "projected",
        json!({"volumes": [
            {"name": "config", "projected": {"sources": [{"configMap": {"name": api_server::NAME}}]}},
        ]}),
    );
    state.add_pod("other", json!({"volumes": [{"name": "config", "configMap": {"name": "other"}}]}));
    state
        .add_pod("sub-path", json!({"containers": [{"volumeMounts": [{"name": "config", "subPath": "config.json"}]}]}));
    state.add_pod("waiting", json!({"nodeName": ""}));
    state.pods.get_mut("web-0002").unwrap()["metadata"]["annotations"].take();
}

#[test]
fn a_change_patches_each_pod_that_mounts_the_configmap_once() {
    let api = ApiServer::start();
    add_mixed_pods(&api);
    let before = api.state().pods.clone();
    let mut nudge = Nudge::start(&api, &[]);
    let line = nudge.line();
    let hash = line.split_once(": 4 pods nudged, ").expect(&line).0.strip_prefix("frontend/canary-settings ").unwrap();
    {
        let mut state = api.state();
        let value = format!("{hash}.1");
        let mounting = ["projected", "web-0000", "web-0001", "web-0002"];
        let mut patched: Vec<_> = state.patches.iter().map(|patch| patch.pod.clone()).collect();
        patched.sort();
        assert_eq!(patched, mounting);
        for patch in &state.patches {
            assert_eq!(patch.body, json!({"metadata": {"annotations": {"canary/config-revision": value}}}));
        }
        for (name, pod) in &state.pods {
            let mut expected = before[name].clone();
            if mounting.contains(&name.as_str()) {
                expected["metadata"]["annotations"]["canary/config-revision"] = json!(value);
            }
            assert_eq!(*pod, expected, "{name}");
        }
        // A label of the ConfigMap is no change. An invalid config is one.
        state.change(|map| map["metadata"]["labels"] = json!({"a": "b"}));
        state.configure("no JSON {");
    }
    assert!(nudge.line().contains(": 4 pods nudged, "));
    assert_eq!(api.state().patches.len(), 8);
    assert_eq!((nudge.stop(Signal::TERM), nudge.errors()), (Some(0), String::new()));
}

#[test]
fn a_restart_patches_no_pod_again() {
    let api = ApiServer::start();
    add_mixed_pods(&api);
    Nudge::start(&api, &[]).line();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 0 pods nudged, 4 up to date, "));
    api.state().add_pod("web-9", json!({}));
    assert!(Nudge::start(&api, &[]).line().contains(": 1 pod nudged, 4 up to date, "));
    assert_eq!(api.state().patches.len(), 5);
}

#[test]
fn a_killed_run_is_continued_by_the_next() {
    let api = ApiServer::start();
    api.state().configure("A");
    api.state().add_pods(60);
    api.state().latency = Duration::from_millis(20);
    let mut nudge = Nudge::start(&api, &["--rate", "1000"]);
    until("some pods are patched", || api.state().patches.len() >= 20);
    nudge.stop(Signal::KILL);
    let nudge = Nudge::start(&api, &["--rate", "1000"]);
    let line = nudge.line();
    let state = api.state();
    assert!(state.common_revision().is_some(), "{line}");
    // Patches in flight at the kill may have been sent twice.
    assert!((60..70).contains(&state.patches.len()), "{} {line}", state.patches.len());
}

#[test]
fn edits_in_quick_succession_become_one() {
    let api = ApiServer::start();
    api.state().configure("A");
    api.state().add_pods(40);
    let nudge = Nudge::start(&api, &["--rate", "1000"]);
    nudge.line();
    api.state().latency = Duration::from_millis(100);
    let before = api.state().patches.len();
    for contents in ["B", "C", "D"] {
        api.state().configure(contents);
    }
    until("the first pods are patched", || api.state().patches.len() > before);
    // A again, while D is being announced: every pod is patched, those with A too, because their files may be D's by now.
    api.state().configure("A");
    nudge.line();
    let state = api.state();
    let last = state.common_revision().expect("all pods have the same revision");
    assert!(last.ends_with(".5"), "{last}");
    let (back, other): (Vec<_>, Vec<_>) = state.patches[before..]
        .iter()
        .map(|patch| patch.body["metadata"]["annotations"]["canary/config-revision"].as_str().unwrap())
        .partition(|value| *value == last);
    assert_eq!(back.len(), 40);
    assert!(other.len() < 40 && other.iter().all(|value| value.ends_with(".4")), "{other:?}");
}

#[test]
fn many_pods_are_listed_in_pages() {
    let api = ApiServer::start();
    api.state().configure("A");
    api.state().add_pods(1000);
    let nudge = Nudge::start(&api, &["--rate", "5000", "--output", "json"]);
    let line: serde_json::Value = serde_json::from_str(&nudge.line()).unwrap();
    println!("1,000 pods with a fake API server: {line}");
    assert_eq!(line["nudged"], 1000);
    let state = api.state();
    assert_eq!((state.patches.len(), state.largest_page), (1000, 250));
    assert_eq!(state.requests.iter().filter(|what| *what == "list pods").count(), 4);
    assert!(state.most_in_flight <= 10, "{}", state.most_in_flight);
    assert_eq!(state.common_revision(), line["revision"].as_str());
}

#[test]
fn the_rate_limits_patches() {
    let api = ApiServer::start();
    api.state().configure("A");
    api.state().add_pods(41);
    Nudge::start(&api, &["--rate", "20"]).line();
    let state = api.state();
    let took = state.patches.last().unwrap().at - state.patches[0].at;
    // Twenty patches after the burst of twenty, at twenty per second, with half a second of tolerance for the first.
    assert!(took > Duration::from_millis(500), "{took:?}");
}

#[test]
fn once_patches_and_exits() {
    let api = ApiServer::start();
    add_mixed_pods(&api);
    let output = once(&api, &[]);
    assert!(text(&output.stdout).contains(": 4 pods nudged, "), "{output:?}");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    api.state().configure("B");
    api.state().rejected.insert("web-0001".to_owned(), 500);
    let output = once(&api, &[]);
    assert!(text(&output.stdout).contains(": 3 pods nudged, 1 failed, "), "{output:?}");
    let error = "canaryctl: cannot patch the pod web-0001: the API server answers 500: for a reason\n";
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), error));
    let output = once(&api, &["--configmap", "other"]);
    let error = "canaryctl: cannot read the ConfigMap frontend/other: not allowed: User \"nudge\" cannot get resource \
         \"configmaps\" in the namespace \"frontend\"\n";
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), error));
}

#[test]
fn a_missing_kubeconfig_is_an_input_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = support::canaryctl(["nudge"]).env_clear().env("HOME", dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.starts_with("canaryctl: found neither a kubeconfig nor the service account of a pod: "), "{error}");
    assert_eq!(error.lines().count(), 1);
}
