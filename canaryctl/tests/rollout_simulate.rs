//! `canaryctl rollout simulate` as a whole. What the judge finds is tested with the judge.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::Value;
use support::{fails, run, text};

fn simulate(args: &[&str]) -> String {
    let args: Vec<_> = ["rollout", "simulate"].iter().chain(args).copied().collect();
    let output = run(&args, "");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    text(&output.stdout)
}

const SOME: [&str; 6] = ["--runs", "6", "--scenario", "nothing boots, 1 %", "--scenario", "no change"];

#[test]
fn a_seed_gives_the_same_figures_on_any_number_of_threads() {
    let json = |seed| simulate(&[&SOME[..], &["--output", "json", "--flagger", "--seed", seed]].concat());
    assert_eq!(json("3"), json("3"));
    assert_ne!(json("3"), json("4"));
}

#[test]
fn figures_are_those_of_the_judge() {
    let json: Value = serde_json::from_str(&simulate(&[&SOME[..], &["--output", "json"]].concat())).unwrap();
    assert_eq!((&json["runs"], &json["seed"]), (&6.into(), &1.into()));
    let scenarios = json["scenarios"].as_array().unwrap();
    let [clean, broken] = &scenarios[..] else { panic!("{json}") };
    assert_eq!((&clean["name"], &clean["rolledBack"]), (&"no change".into(), &0.into()));
    assert_eq!((&broken["rolledBack"], &broken["causes"]["evidence"]), (&6.into(), &6.into()));
    assert!(broken["minutes"]["median"].as_u64().unwrap() < 30 && broken["canaryViews"]["p95"].as_u64().unwrap() < 20);
    assert!(clean["minutes"]["median"].is_null() && clean.get("flagger").is_none());
    let bound = clean["rolledBackAtMost"].as_f64().unwrap();
    assert!((bound - (1.0 - 0.05_f64.powf(1.0 / 6.0))).abs() < 1e-9, "{bound}");
}

#[test]
fn a_policy_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("judge.yaml");
    std::fs::write(&path, "metrics: [ { name: not-ready, action: warn } ]\n").unwrap();
    let path = path.display().to_string();
    let json = simulate(&["--runs", "2", "--scenario", "nothing boots, 50 %", "--output", "json", "--policy", &path]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["scenarios"][0]["rolledBack"], 0, "nothing rolls back");
}

#[test]
fn people_read_a_table() {
    let table = simulate(&[&SOME[..], &["--flagger"]].concat());
    assert!(table.starts_with("6 runs each, seed 1; page views a second: 1\n\nSCENARIO               ROLLED BACK"));
    assert!(table.contains("\nnothing boots, 1 %         100.0 %"), "{table}");
    assert!(table.contains("\nFlagger's rule on the same views: 1 % failing views a minute, threshold 5\n"), "{table}");
    assert!(table.ends_with("\nno change: 0 of 6 rolled back, at most 39.304 % (95 %)\n"), "{table}");
    assert!(table.is_ascii() && table.lines().all(|line| line.len() <= 80 && line.trim_end() == line), "{table}");
}

#[test]
fn an_unknown_scenario_is_named() {
    let names = simulate(&["--runs", "1", "--scenario", "silent from 50 %"]);
    assert!(names.contains("silent from 50 %"));
    fails(
        &["rollout", "simulate", "--scenario", "noting"],
        b"",
        "canaryctl: unknown scenario \"noting\", expected one of \"no change\", \"nothing boots, 1 %\", \"20 % broken, 1 %\", \
         \"errors x5, 1 %\", \"nothing boots, 50 %\", \"20 % broken, 50 %\", \"half of WebKit broken\", \"slow x1.5\", \
         \"silent from 50 %\", \"later views broken\", \"forged failures\", \"forged successes\", \"to promotion\"\n",
    );
}
