//! The core and its exports in a browser: `wasm-pack test --headless --chrome`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a panic fails the test")]

#[path = "vectors/mod.rs"]
mod vectors;

use canary_runtime::web::describe;
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const CONFIG: &[u8] = br#"{
    "CANARY_PERCENTAGE": 5, "REVISION": 7, "FEATURE_FLAGS": {"on": true, "half": 50, "odd": "yes"},
    "ASSETS": {"canary": {"version": "2", "scripts": [{"src": "https://cdn.example/a.js", "integrity": "sha384-AA"}]}}
}"#;

#[wasm_bindgen_test]
fn buckets_are_frozen() {
    assert_eq!(vectors::check_buckets(), 2_042);
}

#[wasm_bindgen_test]
fn percentages_are_exact() {
    assert_eq!(vectors::check_percentages(), 323);
}

#[wasm_bindgen_test]
fn conditions_are_frozen() {
    assert_eq!(vectors::check_conditions(), 131 + 399);
}

#[wasm_bindgen_test]
fn patterns_are_portable() {
    assert_eq!(vectors::check_patterns(), 206 + 151 + 7);
}

#[wasm_bindgen_test]
fn flags_are_frozen() {
    assert_eq!(vectors::check_flags(), 714);
}

#[wasm_bindgen_test]
fn decisions_are_frozen() {
    assert_eq!(vectors::check_decisions(), 260);
}

#[wasm_bindgen_test]
fn a_config_is_described() {
    let describe = |config: &[u8], now: f64, origins: &[u8]| -> Value {
        serde_json::from_slice(&describe(config, now, origins)).expect("JSON")
    };
    let odd = "E112 FEATURE_FLAGS.odd (line 2, column 93): expected true, false, a percentage or an object";
    let listed =
        "I118 ASSETS.canary.scripts[0] (line 3, column 55): expected data-origins of every page to list this origin";
    assert_eq!(describe(CONFIG, f64::NAN, b"https://cdn.example"), json!({"notices": [listed, odd]}));
    let unlisted = "E113 https://cdn.example/a.js: expected its origin in data-origins";
    assert_eq!(describe(CONFIG, f64::NAN, b"https://other.example"), json!({"notices": [], "fault": unlisted}));
    assert_eq!(describe(b"{", f64::NAN, b"")["fault"], "E105 line 1, column 2: expected JSON");
    let ends = br#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "EXPIRES_AT": "1970-01-01T00:00:01Z"}"#;
    for (now, is_expired) in [(999.0, false), (1_000.0, true), (f64::NAN, true)] {
        assert_eq!(describe(ends, now, b"").get("fault").is_some(), is_expired, "{now}");
    }
}
