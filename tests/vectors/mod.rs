//! The vectors in this folder, checked wherever this is compiled for. Each function tells how many cases it checked.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]

use canary_runtime::Percentage;
use canary_runtime::bucket::{Domain, bucket};
use serde_json::Value;

/// `bucketing.json`: domain, salt, key and the bucket they fall into.
pub(crate) fn check_buckets() -> usize {
    let cases = cases(include_str!("bucketing.json"), "cases");
    for case in &cases {
        let text = |name: &str| case[name].as_str().expect("a string");
        let domain = [Domain::Canary, Domain::Flag, Domain::Variant]
            .into_iter()
            .find(|domain| domain.as_str() == text("domain"))
            .expect("a known domain");
        assert_eq!(u64::from(bucket(domain, text("salt"), text("key"))), case["bucket"], "{case}");
    }
    cases.len()
}

/// `percentages.json`: how many buckets a percentage takes, and what is none.
pub(crate) fn check_percentages() -> usize {
    let text = include_str!("percentages.json");
    let (valid, invalid) = (cases(text, "valid"), cases(text, "invalid"));
    for case in &valid {
        let percentage = Percentage::new(case["percentage"].as_f64().expect("a number"));
        assert_eq!(percentage.map(Percentage::buckets).map(u64::from), case["buckets"].as_u64(), "{case}");
    }
    for case in &invalid {
        assert_eq!(Percentage::new(case.as_f64().expect("a number")), None, "{case}");
    }
    valid.len() + invalid.len()
}

fn cases(text: &str, name: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).expect("JSON");
    document[name].as_array().expect("an array").clone()
}
