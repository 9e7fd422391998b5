//! The core and its exports in a browser: `wasm-pack test --headless --chrome`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a panic fails the test")]

#[path = "vectors/mod.rs"]
mod vectors;

use canary_runtime::web::{Flags, decide, new_id};
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const CONFIG: &[u8] = br#"{
    "CANARY_PERCENTAGE": 5, "REVISION": 7, "FEATURE_FLAGS": {"on": true, "half": 50, "odd": "yes"},
    "ASSETS": {"canary": {"version": "2", "scripts": [{"src": "https://cdn.example/a.js", "integrity": "sha384-AA"}]}}
}"#;

fn view(key: &str, more: &Value) -> Vec<u8> {
    let mut view = json!({"targetingKey": key, "attributes": r#"{"plan": "pro"}"#, "visitor": "identified", "origins": "https://cdn.example"});
    for (name, value) in more.as_object().into_iter().flatten() {
        view[name] = value.clone();
    }
    view.to_string().into_bytes()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn flags(key: &str, config: &[u8]) -> Flags {
    let mut flags = Flags::new(&view(key, &Value::Null));
    flags.load(config, f64::NAN, 0.0);
    flags
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
fn conditions_are_frozen() {
    assert_eq!(vectors::check_conditions(), 131 + 399);
}

#[wasm_bindgen_test]
fn patterns_are_portable() {
    assert_eq!(vectors::check_patterns(), 209 + 151);
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
fn device_ids_are_random() {
    let ids = [new_id(), new_id()];
    assert!(ids.iter().all(|id| id.len() == 32 && id.iter().all(|byte| b"0123456789abcdef".contains(byte))));
    assert_ne!(ids[0], ids[1]);
}

#[wasm_bindgen_test]
fn a_decision_comes_with_the_bundle() {
    let answer = parse(&decide(&view("edge-38162", &Value::Null), CONFIG, f64::NAN, false));
    assert_eq!(
        answer["decision"],
        json!({"variant": "canary", "cohort": "canary", "bucket": 4_999, "reason": "SPLIT", "revision": 7, "eligible": true})
    );
    assert_eq!(answer["bundle"]["scripts"][0]["src"], "https://cdn.example/a.js");
    assert_eq!(answer["flags"], true);

    let answer = parse(&decide(&view("edge-88039", &json!({"visitor": "bot"})), CONFIG, f64::NAN, false));
    assert_eq!((&answer["decision"]["variant"], &answer["decision"]["eligible"]), (&json!("stable"), &json!(false)));
    // Stable gets the version, too, which identifies a canary that failed.
    assert_eq!((&answer["version"], answer.get("salt"), answer.get("guard")), (&json!("2"), None, None));

    let config = br#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "SALT": "s", "GUARD": {"readyTimeoutMs": 5}}"#;
    let answer = parse(&decide(&view("u", &Value::Null), config, f64::NAN, false));
    assert_eq!((&answer["salt"], &answer["guard"]), (&json!("s"), &json!({"readyTimeoutMs": 5})));
    assert_eq!((answer.get("bundle"), answer.get("version")), (None, None));
}

#[wasm_bindgen_test]
fn a_held_browser_stays_with_stable() {
    for (held, variant, reason) in [(false, "canary", "SPLIT"), (true, "stable", "CACHED")] {
        let decision = &parse(&decide(&view("edge-38162", &Value::Null), CONFIG, f64::NAN, held))["decision"];
        assert_eq!((&decision["variant"], &decision["reason"]), (&json!(variant), &json!(reason)));
    }
}

#[wasm_bindgen_test]
fn an_anonymous_visitor_gets_stable() {
    for more in [json!({"visitor": "anonymous"}), json!({"visitor": null}), json!({"visitor": "someone"})] {
        let decision = &parse(&decide(&view("edge-38162", &more), CONFIG, f64::NAN, false))["decision"];
        assert_eq!((&decision["variant"], &decision["reason"]), (&json!("stable"), &json!("DISABLED")), "{more}");
    }
}

#[wasm_bindgen_test]
fn malformed_attributes_only_affect_rules() {
    for attributes in ["[1]".to_owned(), "x".to_owned(), format!("{}{}", "{\"a\":".repeat(70), "}".repeat(70))] {
        let decision = &parse(&decide(
            &view("edge-38162", &json!({"attributes": attributes})),
            CONFIG,
            f64::NAN,
            false,
        ))["decision"];
        assert_eq!(decision["variant"], "canary", "{attributes}");
    }
}

#[wasm_bindgen_test]
fn an_unlisted_origin_rejects_the_config() {
    let view = view("edge-38162", &json!({"origins": "https://other.example"}));
    let answer = parse(&decide(&view, CONFIG, f64::NAN, false));
    assert_eq!((&answer["decision"]["variant"], &answer["code"]), (&json!("stable"), &json!("E113")));
    let loaded = parse(&Flags::new(&view).load(CONFIG, f64::NAN, 0.0));
    assert_eq!(loaded["fault"], "E113 https://cdn.example/a.js: expected its origin in data-origins");
}

#[wasm_bindgen_test]
fn flags_come_with_messages() {
    let mut flags = Flags::new(&view("user-1", &Value::Null));
    assert_eq!(parse(&flags.flag(b"on", b"")), json!({"reason": "ERROR", "errorCode": "GENERAL"}));
    let loaded = parse(&flags.load(CONFIG, f64::NAN, 0.0));
    let odd = "E112 FEATURE_FLAGS.odd (line 2, column 93): expected true, false, a percentage or an object";
    let listed =
        "I118 ASSETS.canary.scripts[0] (line 3, column 55): expected data-origins of every page to list this origin";
    assert_eq!(loaded, json!({"notices": [listed, odd]}));
    assert_eq!(parse(&decide(b"{}", b"{", f64::NAN, false))["code"], "E105");
    // After a rejected config, the one before remains.
    assert_eq!(parse(&flags.load(b"{", f64::NAN, 0.0))["fault"], "E105 line 1, column 2: expected JSON");
    assert_eq!(parse(&flags.flag(b"on", b"")), json!({"value": true, "reason": "STATIC"}));
    assert_eq!(parse(&flags.flag(b"odd", b"")), json!({"reason": "ERROR", "errorCode": "PARSE_ERROR"}));
    assert_eq!(parse(&flags.flag(b"none", b"")), json!({"reason": "ERROR", "errorCode": "FLAG_NOT_FOUND"}));
}

#[wasm_bindgen_test]
fn flags_are_evaluated_for_the_identified_user() {
    let config = br#"{"CANARY_PERCENTAGE": 5, "OVERRIDES": {"query": true}, "FEATURE_FLAGS": {
        "plan": {"rules": [{"if": {"plan": "pro"}, "serve": "p"}], "default": "d"}, "none": 5}}"#;
    let mut flags = flags("user-1", config);
    let value = |flags: &Flags, context: &[u8]| parse(&flags.flag(b"plan", context))["value"].clone();
    assert_eq!(value(&flags, b""), "p");
    assert_eq!(value(&flags, br#"{"targetingKey": "u", "attributes": "{\"plan\": \"free\"}"}"#), "d");
    assert!(flags.identify(br#"{"targetingKey": "u", "attributes": "{}"}"#));
    assert_eq!(value(&flags, b""), "d");
    for bad in [&b"{"[..], b"[]", br#"{"targetingKey": 5}"#, br#"{"attributes": "[]"}"#, br#"{"attributes": {}}"#] {
        assert!(!flags.identify(bad));
        assert_eq!(parse(&flags.flag(b"plan", bad))["errorCode"], "INVALID_CONTEXT");
    }
    flags.set_override(b"plan", b"[1]");
    assert_eq!(parse(&flags.flag(b"plan", b"")), json!({"value": [1], "reason": "TARGETING_MATCH", "override": true}));
    flags.set_override(b"", b"");
    assert_eq!(value(&flags, b""), "d");
}

#[wasm_bindgen_test]
fn describe_has_the_state_for_the_panel() {
    let config = br#"{"CANARY_PERCENTAGE": 12.5, "REVISION": 3, "SALT": "s", "OVERRIDES": {"query": true},
        "FEATURE_FLAGS": {"b": {"percentage":  5}, "a": true, "odd": "yes"}}"#;
    let mut flags = Flags::new(&view("user-1", &json!({"flagOverrides": ["a:5", "gone:1"]})));
    assert_eq!((parse(&flags.describe()), parse(&flags.definition(b"a"))), (json!({}), Value::Null));
    flags.load(config, f64::NAN, 0.0);
    let mut state = json!({"query": true, "percentage": 12_500, "revision": 3, "salt": "s", "targetingKey": "user-1",
        "keys": ["a", "b", "odd"], "overridden": ["a"]});
    assert_eq!(parse(&flags.describe()), state);
    flags.set_override(b"", b"");
    flags.set_override(b"b", b"1");
    flags.identify(br#"{"targetingKey": "user-2"}"#);
    (state["overridden"], state["targetingKey"]) = (json!(["b"]), json!("user-2"));
    assert_eq!(parse(&flags.describe()), state);
    for (key, definition) in [("b", &br#"{"percentage":  5}"#[..]), ("a", b"true"), ("odd", b"null"), ("none", b"null")]
    {
        assert_eq!(flags.definition(key.as_bytes()), definition, "{key}");
    }
}

#[wasm_bindgen_test]
fn overrides_in_the_url_must_be_allowed() {
    let config = |on: bool| {
        format!(r#"{{"CANARY_PERCENTAGE": 5, "OVERRIDES": {{"query": {on}}}, "FEATURE_FLAGS": {{"a": true}}}}"#)
            .into_bytes()
    };
    let view = view("edge-88039", &json!({"arm": ["canary"], "flagOverrides": ["a:5"]}));
    for (on, variant, value, notices) in [
        (true, "canary", json!(5), json!([])),
        (
            false,
            "stable",
            json!(true),
            json!(["E701 expected OVERRIDES.query to be true for an override in the URL; it is ignored"]),
        ),
    ] {
        assert_eq!(parse(&decide(&view, &config(on), f64::NAN, false))["decision"]["variant"], variant);
        let mut flags = Flags::new(&view);
        assert_eq!(parse(&flags.load(&config(on), f64::NAN, 0.0)), json!({"notices": notices}));
        assert_eq!(parse(&flags.flag(b"a", b""))["value"], value);
    }
}

#[wasm_bindgen_test]
fn expiry_needs_the_time_of_the_response() {
    let config = br#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "EXPIRES_AT": "1970-01-01T00:00:01Z"}"#;
    for (now, variant) in [(999.0, "canary"), (1_000.0, "stable"), (f64::NAN, "stable")] {
        assert_eq!(
            parse(&decide(&view("u", &Value::Null), config, now, false))["decision"]["variant"],
            variant,
            "{now}"
        );
    }
}

#[wasm_bindgen_test]
fn dates_of_flags_are_compared_with_the_response_or_the_clock() {
    let config = br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"f": {"from": "1970-01-01T00:00:01Z"}}}"#;
    for (response_time, clock, value) in
        [(999.0, 2_000.0, false), (1_000.0, 0.0, true), (f64::NAN, 999.0, false), (f64::NAN, 1_000.0, true)]
    {
        let mut flags = Flags::new(&view("u", &Value::Null));
        flags.load(config, response_time, clock);
        assert_eq!(parse(&flags.flag(b"f", b""))["value"], value, "{response_time} {clock}");
    }
}
