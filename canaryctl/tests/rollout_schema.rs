//! The schema of `rollout.yaml`, compared with the parser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![recursion_limit = "256"]

mod support;

use canary_rollout::Rollout;
use jsonschema::Validator;
use serde_json::{Value, json};
use support::{run, text};

const SCHEMA: &str = include_str!("../src/rollout/schema.json");

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).expect("a schema")
}

/// A file with every key that can stand beside the others.
fn full() -> Value {
    json!({
        "apiVersion": "canary.rollout/v1alpha1",
        "kind": "ClientCanary",
        "metadata": {"name": "frontend", "namespace": "shop", "labels": {"a": "b"}, "annotations": {}},
        "spec": {
            "configRef": {"path": "cm.yaml", "name": "canary-settings", "key": "config.json"},
            "stable": {"url": "http://stable", "image": {"path": "stable.yaml", "name": "shop"}},
            "canary": {"url": "https://canary", "image": {"path": "canary.yaml", "name": "shop"}},
            "suspend": false, "pause": true, "skipAnalysis": false, "revertOnDeletion": true, "requireSignatures": false,
            "progressDeadlineSeconds": 600, "stallSeconds": 86400,
            "runs": {"branch": "runs"},
            "push": {
                "branch": "rollout/shop", "pullRequest": true, "provider": "github", "address": "https://git/api/v3",
                "repository": "shop/deploy", "tokenRef": {"env": "TOKEN"}, "timeout": "5s"
            },
            "notifications": {
                "cluster": "production", "console": "https://console/", "commits": "https://git/commit/",
                "reminderSeconds": 3600,
                "providers": [
                    {"name": "flux", "type": "flux", "address": "http://nc/", "kustomization": {"namespace": "flux-system", "name": "apps"}},
                    {"name": "chat", "type": "slack", "addressRef": {"env": "HOOK"}, "channel": "#a", "username": "b", "timeout": "10s"},
                    {"name": "teams", "type": "msteams", "addressRef": {"file": "/run/hook"}},
                    {"name": "hook", "type": "generic", "address": "http://hook/"}
                ]
            },
            "analysis": {
                "interval": "1m", "stepDuration": "1h30m", "threshold": 5, "maxWeight": 50, "stepWeight": 5,
                "stepWeightPromotion": 10, "match": [{"plan": "pro"}], "iterations": 0,
                "primaryReadyThreshold": 100, "canaryReadyThreshold": 90,
                "judge": {
                    "alpha": 0.001, "minViews": 300, "onSampleRatio": "rollback", "onNoData": "hold",
                    "metrics": [
                        {"name": "not-ready", "action": "rollback", "rho": 1.1, "delta": 0.0005, "weight": 1},
                        {"name": "poor-lcp", "action": "dryRun"}
                    ]
                },
                "source": {"collectors": "http://collector:9090", "replicas": 2},
                "metrics": [{"name": "api", "interval": "1m", "thresholdRange": {"min": 0, "max": 1}, "query": "up", "templateVariables": {"a": "b"}}, {"name": "b", "thresholdRange": {"max": 1}, "templateRef": {"name": "t", "namespace": "x"}}],
                "schedule": [{"at": "2026-12-01T08:00:00Z", "weight": 5}],
                "freeze": [{"from": "Fri 16:00", "until": "Mon 08:00", "timeZone": "UTC"}],
                "webhooks": [{"name": "smoke", "type": "pre-rollout", "url": "http://tester/", "timeout": "10s", "retries": 1, "metadata": {"a": "b"}, "muteAlert": true, "disableTLS": false}],
                "alerts": [{"name": "a", "severity": "warn", "providerRef": {"name": "flux", "namespace": "x"}}]
            }
        }
    })
}

/// The JSON pointers of all values below one.
fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    let mut below = |key: &str, value: &Value| pointers(value, &format!("{path}/{key}"), found);
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
}

#[test]
fn prints_the_schema() {
    let output = run(&["rollout", "schema"], "");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), SCHEMA));
}

/// Each value of a full file is replaced or removed in turn, and each mapping gets a key that nobody knows.
#[test]
fn the_schema_agrees_with_the_parser() {
    let validator = validator();
    let read = |value: &Value| Rollout::read(value);
    assert!(read(&full()).is_ok() && validator.is_valid(&full()), "{:?}", read(&full()).err());
    let mut places = Vec::new();
    pointers(&full(), "", &mut places);
    let junk = [
        json!(null),
        json!(true),
        json!("x"),
        json!(""),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(3),
        json!(200),
        json!([]),
        json!({}),
        json!("1m"),
        json!("http://a"),
        json!("error"),
    ];
    let mut cases = vec![full()];
    for place in places.iter().filter(|place| !place.is_empty()) {
        for other in &junk {
            let mut case = full();
            *case.pointer_mut(place).unwrap() = other.clone();
            cases.push(case);
        }
        let (parent, key) = place.rsplit_once('/').unwrap();
        let mut case = full();
        if let Some(map) = case.pointer_mut(parent).unwrap().as_object_mut() {
            map.remove(key);
            cases.push(case);
        }
    }
    for place in &places {
        let mut case = full();
        if let Some(map) = case.pointer_mut(place).unwrap().as_object_mut() {
            map.insert("unknown".to_owned(), json!(1));
            cases.push(case);
        }
    }
    let (mut rejected, mut missed) = (0, Vec::new());
    for case in &cases {
        match (read(case), validator.is_valid(case)) {
            (Ok(_), is_valid) => {
                assert!(is_valid, "rejected: {:?}", validator.iter_errors(case).next().map(|error| error.to_string()));
            }
            (Err(_), false) => rejected += 1,
            (Err(error), true) => missed.push(error.to_string()),
        }
    }
    assert!(rejected > 1000, "{rejected}");
    // What a schema cannot know: forms of times and zones, what no strategy is, and what depends on another value.
    let is_known = |error: &&String| {
        [
            ".freeze[",
            ".schedule[",
            "spec.analysis.stepWeight: missing",
            "expected env or file",
            "one of env and file",
            "found beside address",
            "weight above 0",
            "schedule[",
        ]
        .iter()
        .any(|known| error.contains(known))
    };
    let unknown: Vec<_> = missed.iter().filter(|error| !is_known(error)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
