//! The same code in a real browser: `wasm-pack test --headless --chrome`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod vectors;

use canary_runtime::web::{Runtime, new_id};
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const CONFIG: &[u8] = br#"{
    "CANARY_PERCENTAGE": 5, "REVISION": 7, "FEATURE_FLAGS": {"on": true, "half": 50, "odd": "yes"},
    "ASSETS": {"canary": {"version": "2", "scripts": [{"src": "https://cdn.example/a.js", "integrity": "sha384-AA"}]}}
}"#;

fn decide(runtime: &mut Runtime, config: &[u8], now: f64) -> Value {
    serde_json::from_str(&runtime.decide(config, now)).expect("JSON")
}

fn flag(runtime: &Runtime, key: &str) -> Value {
    serde_json::from_str(&runtime.flag(key.as_bytes())).expect("JSON")
}

#[wasm_bindgen_test]
fn buckets_are_frozen() {
    assert_eq!(vectors::check_buckets(), 2_042);
}

#[wasm_bindgen_test]
fn percentages_are_exact() {
    assert_eq!(vectors::check_percentages(), 323);
}

#[wasm_bindgen_test]
fn ids_come_from_the_browsers_randomness() {
    let ids = [new_id(), new_id()];
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| b"0123456789abcdef".contains(&byte))));
    assert_ne!(ids[0], ids[1]);
}

#[wasm_bindgen_test]
fn decides_with_a_bundle_for_the_canary_alone() {
    let answer = decide(&mut Runtime::new(b"edge-38162", b"https://cdn.example", false), CONFIG, f64::NAN);
    assert_eq!(
        answer["decision"],
        json!({"variant": "canary", "cohort": "canary", "bucket": 4_999, "reason": "SPLIT", "revision": 7, "eligible": true})
    );
    assert_eq!(answer["bundle"]["scripts"][0]["src"], "https://cdn.example/a.js");
    let notices = answer["notices"].as_array().expect("an array");
    assert!(
        notices.iter().any(|notice| notice.as_str().is_some_and(|line| line.starts_with("E112 FEATURE_FLAGS.odd")))
    );

    let answer = decide(&mut Runtime::new(b"edge-88039", b"https://cdn.example", true), CONFIG, f64::NAN);
    assert_eq!((&answer["decision"]["variant"], &answer["decision"]["eligible"]), (&json!("stable"), &json!(false)));
    assert_eq!(answer.get("bundle"), None);
}

#[wasm_bindgen_test]
fn nobody_known_gets_stable() {
    let decision = &decide(&mut Runtime::new(b"", b"https://cdn.example", false), CONFIG, f64::NAN)["decision"];
    assert_eq!((&decision["variant"], &decision["reason"]), (&json!("stable"), &json!("DISABLED")));
}

#[wasm_bindgen_test]
fn an_origin_that_the_page_does_not_list_costs_the_config() {
    let answer = decide(&mut Runtime::new(b"edge-38162", b"https://other.example", false), CONFIG, f64::NAN);
    assert_eq!(answer["decision"]["variant"], "stable");
    assert_eq!(answer["fault"], "E113 https://cdn.example/a.js: expected its origin among data-origins");
}

#[wasm_bindgen_test]
fn a_faulty_config_leaves_the_one_before_it() {
    let mut runtime = Runtime::new(b"user-1", b"https://cdn.example", false);
    assert_eq!(flag(&runtime, "on"), json!({"reason": "ERROR", "errorCode": "GENERAL"}));
    decide(&mut runtime, CONFIG, f64::NAN);
    assert_eq!(decide(&mut runtime, b"{", f64::NAN)["fault"], "E105 line 1, column 1: expected JSON");
    assert_eq!(flag(&runtime, "on"), json!({"value": true, "reason": "STATIC"}));
    assert_eq!(flag(&runtime, "odd"), json!({"reason": "ERROR", "errorCode": "PARSE_ERROR"}));
    assert_eq!(flag(&runtime, "none"), json!({"reason": "ERROR", "errorCode": "FLAG_NOT_FOUND"}));
}

#[wasm_bindgen_test]
fn expiry_needs_the_replys_time() {
    let config = br#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "EXPIRES_AT": "1970-01-01T00:00:01Z"}"#;
    for (now, variant) in [(999.0, "canary"), (1_000.0, "stable"), (f64::NAN, "stable")] {
        assert_eq!(decide(&mut Runtime::new(b"u", b"", false), config, now)["decision"]["variant"], variant, "{now}");
    }
}
