//! `canaryctl nudge` as a process, beside a stand-in for the API server.
//!
//! It is no proof of what a real one does: `make test-cluster` has that, with kubelets.

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

mod api;
mod faults;
mod nudge;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use api::Api;
use nudge::{Nudge, once, until};
use rustix::process::Signal;
use serde_json::json;
use support::text;

/// Pods that mount the ConfigMap, and others.
fn fleet(api: &Api) {
    let mut state = api.state();
    state.configure("A");
    state.add_pods(3);
    state.add_pod(
        "projected",
        json!({"volumes": [
            {"name": "config", "projected": {"sources": [{"configMap": {"name": api::NAME}}]}},
        ]}),
    );
    state.add_pod("other", json!({"volumes": [{"name": "config", "configMap": {"name": "other"}}]}));
    state
        .add_pod("sub-path", json!({"containers": [{"volumeMounts": [{"name": "config", "subPath": "config.json"}]}]}));
    state.add_pod("waiting", json!({"nodeName": ""}));
    state.pods.get_mut("web-0002").unwrap()["metadata"]["annotations"].take();
}

#[test]
fn a_change_reaches_each_pod_that_mounts_it_once() {
    let api = Api::start();
    fleet(&api);
    let before = api.state().pods.clone();
    let mut nudge = Nudge::start(&api, &[]);
    let line = nudge.line();
    let hash = line.split_once(": 4 pods nudged, ").expect(&line).0.strip_prefix("frontend/canary-settings ").unwrap();
    {
        let mut state = api.state();
        let value = format!("{hash}.1");
        let followers = ["projected", "web-0000", "web-0001", "web-0002"];
        let mut patched: Vec<_> = state.patched.iter().map(|one| one.pod.clone()).collect();
        patched.sort();
        assert_eq!(patched, followers);
        for patch in &state.patched {
            assert_eq!(patch.body, json!({"metadata": {"annotations": {"canary/config-revision": value}}}));
        }
        for (name, pod) in &state.pods {
            let mut expected = before[name].clone();
            if followers.contains(&name.as_str()) {
                expected["metadata"]["annotations"]["canary/config-revision"] = json!(value);
            }
            assert_eq!(*pod, expected, "{name}");
        }
        // What is in it does not matter, and what is on it is no change.
        state.change(|map| map["metadata"]["labels"] = json!({"a": "b"}));
        state.configure("no JSON {");
    }
    assert!(nudge.line().contains(": 4 pods nudged, "));
    assert_eq!(api.state().patched.len(), 8);
    assert_eq!((nudge.stop(Signal::TERM), nudge.errors()), (Some(0), String::new()));
}

#[test]
fn a_restart_tells_nobody_again() {
    let api = Api::start();
    fleet(&api);
    Nudge::start(&api, &[]).line();
    let nudge = Nudge::start(&api, &[]);
    assert!(nudge.line().contains(": 0 pods nudged, 4 had it, "));
    // New is what was not there.
    api.state().add_pod("web-9", json!({}));
    assert!(Nudge::start(&api, &[]).line().contains(": 1 pod nudged, 4 had it, "));
    assert_eq!(api.state().patched.len(), 5);
}

#[test]
fn killed_in_the_middle_it_goes_on() {
    let api = Api::start();
    api.state().configure("A");
    api.state().add_pods(60);
    api.state().slowness = Duration::from_millis(20);
    let mut nudge = Nudge::start(&api, &["--rate", "1000"]);
    until("some pods are told", || api.state().patched.len() >= 20);
    nudge.stop(Signal::KILL);
    let nudge = Nudge::start(&api, &["--rate", "1000"]);
    let line = nudge.line();
    let state = api.state();
    assert!(state.all_told().is_some(), "{line}");
    // Those that were under way then may have been told twice.
    assert!((60..70).contains(&state.patched.len()), "{} {line}", state.patched.len());
}

#[test]
fn edits_in_quick_succession_become_the_last() {
    let api = Api::start();
    api.state().configure("A");
    api.state().add_pods(40);
    let nudge = Nudge::start(&api, &["--rate", "1000"]);
    nudge.line();
    api.state().slowness = Duration::from_millis(100);
    let before = api.state().patched.len();
    for contents in ["B", "C", "D"] {
        api.state().configure(contents);
    }
    until("the first pods are told", || api.state().patched.len() > before);
    // Back again while others were still to be told of D: all are told, those of A too, whose files may be D's by now.
    api.state().configure("A");
    nudge.line();
    let state = api.state();
    let last = state.all_told().expect("all the same");
    assert!(last.ends_with(".5"), "{last}");
    let (back, other): (Vec<_>, Vec<_>) = state.patched[before..]
        .iter()
        .map(|one| one.body["metadata"]["annotations"]["canary/config-revision"].as_str().unwrap())
        .partition(|value| *value == last);
    assert_eq!(back.len(), 40);
    assert!(other.len() < 40 && other.iter().all(|value| value.ends_with(".4")), "{other:?}");
}

#[test]
fn many_pods_are_told_in_turn() {
    let api = Api::start();
    api.state().configure("A");
    api.state().add_pods(1000);
    let nudge = Nudge::start(&api, &["--rate", "5000", "--output", "json"]);
    let line: serde_json::Value = serde_json::from_str(&nudge.line()).unwrap();
    println!("1,000 pods beside a stand-in: {line}");
    assert_eq!(line["nudged"], 1000);
    let state = api.state();
    assert_eq!((state.patched.len(), state.largest), (1000, 250));
    assert_eq!(state.asked.iter().filter(|what| *what == "list pods").count(), 4);
    assert!(state.most_abreast <= 10, "{}", state.most_abreast);
    assert_eq!(state.all_told(), line["revision"].as_str());
}

#[test]
fn the_rate_is_kept() {
    let api = Api::start();
    api.state().configure("A");
    api.state().add_pods(41);
    Nudge::start(&api, &["--rate", "20"]).line();
    let state = api.state();
    let took = state.patched.last().unwrap().at - state.patched[0].at;
    // Twenty after those that need not wait, at twenty a second, less what the first may have been late.
    assert!(took > Duration::from_millis(500), "{took:?}");
}

#[test]
fn once_is_a_look_with_an_answer() {
    let api = Api::start();
    fleet(&api);
    let output = once(&api, &[]);
    assert!(text(&output.stdout).contains(": 4 pods nudged, "), "{output:?}");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    api.state().configure("B");
    api.state().refused.insert("web-0001".to_owned(), 500);
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
fn no_cluster_is_an_input_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = support::canaryctl(["nudge"]).env_clear().env("HOME", dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.starts_with("canaryctl: no kubeconfig, and no service account of a pod: "), "{error}");
    assert_eq!(error.lines().count(), 1);
}
