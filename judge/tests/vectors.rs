//! The judge against an independent computation with 40 digits: `tests/vectors/judge/generate.py`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use canary_judge::{Circumstances, Judge, Policy, Row};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    name: String,
    policy: Policy,
    rows: Vec<Row>,
    expected: Value,
}

const LARGEST: f64 = 1.797e308;

#[track_caller]
fn close(found: f64, expected: &Value, place: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{place}: {found}, expected {expected}");
}

#[test]
fn histories_are_judged_as_computed() {
    let text = include_str!("../../tests/vectors/judge/histories.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 23);
    for Case { name, policy, rows, expected } in cases {
        let verdict = Judge::of_rows(policy, &rows).verdict(&Circumstances::default());
        assert_eq!(verdict.decision.name(), expected["verdict"], "{name}: {verdict}");
        assert_eq!(verdict.minute, expected["minute"].as_u64(), "{name}");
        assert_eq!(verdict.stratum.as_deref(), expected["stratum"].as_str(), "{name}");
        close(verdict.ln_sample_ratio.exp().min(LARGEST), &expected["sampleRatio"], &name);
        assert_eq!(verdict.metrics.len(), expected["metrics"].as_object().unwrap().len(), "{name}");
        for found in &verdict.metrics {
            let metric = found.policy.metric;
            let (place, expected) = (format!("{name}: {metric}"), &expected["metrics"][metric.name()]);
            close(found.ln_e, &expected["logE"], &place);
            close(found.ln_e.exp().min(LARGEST), &expected["e"], &place);
            close(found.ratio.low, &expected["ratio"]["low"], &place);
            match (found.ratio.high, &expected["ratio"]["high"]) {
                (Some(high), expected) if !expected.is_null() => close(high, expected, &place),
                (high, expected) => assert_eq!(high.is_none(), expected.is_null(), "{place}: {high:?}"),
            }
            match found.ln_no_worse {
                Some(ln_no_worse) => close(ln_no_worse, &expected["logNoWorse"], &place),
                None => assert!(expected["logNoWorse"].is_null(), "{place}"),
            }
        }
    }
}
