//! Checks that hold for any bytes, for the fuzzer and for `tests/fuzz.rs`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::missing_panics_doc,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a panic is a finding"
)]

use canary_runtime::config::is_flag_key;
use canary_runtime::json::Kind;
use canary_runtime::{
    AssetUrl, Code, Config, Details, Diagnostic, Document, Evaluation, EvaluationContext, History, Json, Overrides,
    Visitor,
};
use serde_json::Value;
use std::collections::BTreeSet;
use url::Url;

/// The number of flags of one config that are evaluated, so that the fuzzer gets to the next config.
const MAX_FLAGS: usize = 64;

/// Checks that parsing a config is deterministic and its diagnostics have valid positions, and that it can be evaluated.
pub fn config(bytes: &[u8]) {
    let text = str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).unwrap_or_default();
    let (config, warnings) = match Config::parse(bytes) {
        Err(error) => {
            check_position(&error, text);
            assert_eq!(Config::parse(bytes).map(|(_, warnings)| warnings).expect_err("as before"), error);
            return;
        }
        Ok(parsed) => parsed,
    };
    for warning in &warnings {
        check_position(warning, text);
    }
    let (again, same) = Config::parse(bytes).expect("as before");
    assert_eq!(warnings, same);
    assert!(config.flag_keys().eq(again.flag_keys()));
    let keys: Vec<&str> = config.flag_keys().take(MAX_FLAGS).collect();
    let overrides = Overrides::new(["canary"], keys.first().map(|key| format!("{key}:1")).as_deref());
    for (targeting_key, attributes) in [("", "{}"), ("user-1", r#"{"a": {"b": [1, "x", null]}, "plan": "pro"}"#)] {
        let context = EvaluationContext { targeting_key: targeting_key.to_owned(), attributes: document(attributes) };
        for overrides in [&Overrides::default(), &overrides] {
            let evaluation = Evaluation::new(&config, &context).with_overrides(overrides).at(1_800_000_000_000);
            for key in &keys {
                check_details(&evaluation.flag(key));
            }
            for visitor in [Visitor::Identified, Visitor::Bot, Visitor::Anonymous] {
                let decision = evaluation.decide(visitor, History::default());
                assert_eq!(decision, evaluation.decide(visitor, History::default()));
                assert!(decision.bucket.is_none_or(|bucket| bucket < 100_000));
            }
        }
    }
    let _result = (config.check_origins("https://a.example"), config.check_expiry(Some(0)), config.expires_at());
}

/// Checks that conditions combine as boolean logic says. The first line is a condition, the second attributes.
pub fn condition(bytes: &[u8]) {
    let Some((condition, attributes)) = str::from_utf8(bytes).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    let (Ok(_), Ok(attributes)) = (Document::parse(condition), Document::parse(attributes)) else { return };
    let context = EvaluationContext { targeting_key: "user-1".to_owned(), attributes };
    let text = format!(
        r#"{{"CANARY_PERCENTAGE": 5, "SEGMENTS": {{"a": [1, "b"]}}, "FEATURE_FLAGS": {{
            "if": {{"rules": [{{"if": {condition}}}]}}, "not": {{"rules": [{{"if": {{"$not": {condition}}}}}]}},
            "and": {{"rules": [{{"if": {{"$and": [{{}}, {condition}]}}}}]}}, "or": {{"rules": [{{"if": {{"$or": [{condition}]}}}}]}},
            "nor": {{"rules": [{{"if": {{"$nor": [{condition}]}}}}]}}
        }}}}"#
    );
    // A condition at the maximum depth does not fit into another.
    let Ok((config, _)) = Config::parse(text.as_bytes()) else { return };
    let evaluation = Evaluation::new(&config, &context);
    let is_true = |key| evaluation.flag(key).value.map(|value| value.source() == "true");
    let expected = is_true("if");
    for (key, negated) in [("not", true), ("and", false), ("or", false), ("nor", true)] {
        assert_eq!(is_true(key), expected.map(|expected| expected != negated), "{key} {condition}");
    }
    let rule = format!(
        r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}, "CANARY_RULES": [{{"if": {condition}, "serve": "canary"}}]}}"#
    );
    if let Ok((config, _)) = Config::parse(rule.as_bytes()) {
        let _decision = Evaluation::new(&config, &context).decide(Visitor::Identified, History::default());
    }
}

/// Checks that a URL leads to the origin that [`AssetUrl`] reports.
pub fn asset_url(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let base = Url::parse("https://a.example/").expect("a URL");
    match AssetUrl::parse(text) {
        None => {}
        Some(AssetUrl::SameOrigin) => {
            let url = base.join(text).expect("a URL");
            assert_eq!((url.origin(), url.query(), url.fragment()), (base.origin(), None, None), "{text}");
        }
        Some(AssetUrl::CrossOrigin(origin)) => {
            // A browser rejects it, too.
            let Ok(url) = base.join(text) else { return };
            assert_eq!(url.origin(), Url::parse(origin).expect("an origin").origin(), "{text}");
            assert_eq!((url.scheme(), url.username(), url.password()), ("https", "", None), "{text}");
        }
    }
}

/// Checks that overrides apply or are reported. The first line has arms, separated by spaces, every other line a flag.
pub fn overrides(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (arms, flags) = text.split_once('\n').unwrap_or((text, ""));
    let overrides = Overrides::new(arms.split(' '), flags.lines());
    assert_eq!(overrides.arm(false), None);
    let mut keys = BTreeSet::new();
    let first: Vec<_> = flags.lines().filter_map(parse_override).filter(|(key, _)| keys.insert(*key)).collect();
    // Each flag declares the value that it is overridden with, if that is no boolean.
    let members: Vec<_> = first.iter().map(|(key, json)| format!("\"{key}\": {{\"default\": {json}}}")).collect();
    let text = format!(
        r#"{{"CANARY_PERCENTAGE": 5, "OVERRIDES": {{"query": true}}, "FEATURE_FLAGS": {{{}}}}}"#,
        members.join(", ")
    );
    // A value may be nested too deep for a config.
    let Ok((config, _)) = Config::parse(text.as_bytes()) else { return };
    let ignored = overrides.check(&config);
    let is_valid = arms.split(' ').all(|arm| matches!(arm, "canary" | "stable"))
        && flags.lines().all(|line| parse_override(line).is_some());
    assert_eq!(ignored.is_none(), is_valid, "{ignored:?}");
    // The message does not quote the URL.
    assert!(ignored.is_none_or(|ignored| ignored.key().is_empty() && ignored.position().is_none()));
    for (key, json) in first {
        let Some(flag) = config.flag_index(key).and_then(|index| config.flag(index)) else { continue };
        assert_eq!(overrides.flag(flag, false), None);
        assert!(overrides.flag(flag, true).is_some());
        let mut overrides = overrides.clone();
        overrides.set(key, json);
        assert_eq!(overrides.flag(flag, false), Some(document(json).root()));
    }
}

/// Checks that the parser accepts what `serde_json` accepts and makes the same of it, except for lone surrogates and duplicate
/// keys.
pub fn json(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let theirs: Result<Value, _> = serde_json::from_str(text);
    match (Document::parse(text).map_err(Diagnostic::from), theirs) {
        (Ok(ours), Ok(theirs)) => assert!(is_same(ours.root(), &theirs), "{text}"),
        (Ok(_), Err(error)) => {
            let error = error.to_string();
            assert!(["surrogate", "hex escape"].iter().any(|why| error.contains(why)), "{text}: {error}");
        }
        (Err(error), Ok(_)) => {
            assert!(matches!(error.code(), Code::Depth | Code::Duplicate), "{text}: {error}");
            check_position(&error, text);
        }
        (Err(error), Err(_)) => check_position(&error, text),
    }
}

fn is_same(ours: Json, theirs: &Value) -> bool {
    match theirs {
        Value::Null => ours.kind() == Kind::Null && ours.exists(),
        Value::Bool(theirs) => ours.as_bool() == Some(*theirs),
        Value::Number(theirs) => ours.as_number().map(f64::to_bits) == theirs.as_f64().map(f64::to_bits),
        Value::String(theirs) => ours.as_str() == Some(theirs.as_str()),
        Value::Array(theirs) => {
            ours.kind() == Kind::Array
                && ours.items().count() == theirs.len()
                && ours.items().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        Value::Object(theirs) => {
            ours.kind() == Kind::Object
                && ours.members().count() == theirs.len()
                && theirs.iter().all(|(key, theirs)| ours.get(key).is_some_and(|ours| is_same(ours, theirs)))
        }
    }
}

/// Checks that a position is in the text or directly after it.
fn check_position(diagnostic: &Diagnostic, text: &str) {
    if let Some(position) = diagnostic.position() {
        let line = text.split('\n').nth(position.line - 1).unwrap_or_else(|| panic!("{diagnostic} beyond {text:?}"));
        assert!((1..=line.len() + 1).contains(&position.column), "{diagnostic} beyond {text:?}");
    }
    assert!(!diagnostic.line().is_empty());
}

/// Parses an override of a flag.
fn parse_override(line: &str) -> Option<(&str, &str)> {
    let (key, json) = line.split_once(':')?;
    (is_flag_key(key) && Document::parse(json).is_ok()).then_some((key, json))
}

fn check_details(details: &Details) {
    let json: Value = serde_json::from_str(&details.to_json()).expect("JSON");
    assert_eq!(json["errorCode"].is_string(), json["reason"] == "ERROR", "{json}");
    assert!(details.bucket.is_none_or(|bucket| bucket < 100_000));
}

fn document(json: &str) -> Document {
    Document::parse(json).expect("JSON")
}
