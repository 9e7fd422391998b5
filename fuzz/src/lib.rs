//! What holds for any bytes. Here for the fuzzer, and in `tests/fuzz.rs` for a plain test of the same.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::missing_panics_doc,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a panic is what is looked for"
)]

use canary_runtime::json::document::Kind;
use canary_runtime::{
    AssetUrl, Code, Config, Decision, Details, Diagnostic, Document, Evaluation, EvaluationContext, History, Json,
    Overrides, Visitor,
};
use serde_json::Value;
use url::Url;

/// How many flags of one config are evaluated: a fuzzer is better off with the next config.
const MOST_FLAGS: usize = 64;

/// A config is read or refused with a place in it, the same each time, and whatever it is can be evaluated.
pub fn config(bytes: &[u8]) {
    let text = str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).unwrap_or_default();
    let (config, warnings) = match Config::parse(bytes) {
        Err(fault) => {
            check_place(&fault, text);
            assert_eq!(Config::parse(bytes).map(|(_, warnings)| warnings).expect_err("as before"), fault);
            return;
        }
        Ok(answer) => answer,
    };
    for warning in &warnings {
        check_place(warning, text);
    }
    let (again, same) = Config::parse(bytes).expect("as before");
    assert_eq!(warnings, same);
    assert!(config.flag_keys().eq(again.flag_keys()));
    let keys: Vec<&str> = config.flag_keys().take(MOST_FLAGS).collect();
    let overrides = Overrides::new(["canary"], keys.first().map(|key| format!("{key}:1")).as_deref());
    for (targeting_key, attributes) in [("", "{}"), ("user-1", r#"{"a": {"b": [1, "x", null]}, "plan": "pro"}"#)] {
        let context = EvaluationContext { targeting_key: targeting_key.to_owned(), attributes: document(attributes) };
        for overrides in [&Overrides::default(), &overrides] {
            let evaluation = Evaluation { config: &config, context: &context, overrides, now: 1_800_000_000_000 };
            for key in &keys {
                check_details(&evaluation.flag(key));
            }
            for standing in [Visitor::Identified, Visitor::Bot, Visitor::Anonymous] {
                let decision = Decision::make(&evaluation, standing, History::default());
                assert_eq!(decision, Decision::make(&evaluation, standing, History::default()));
                assert!(decision.bucket.is_none_or(|bucket| bucket < 100_000));
            }
        }
    }
    let _answer = (config.check_origins("https://a.example"), config.check_expiry(Some(0)), config.expires_at());
}

/// A condition in the first line, attributes in the second: combined, conditions mean what logic says.
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
    // One that stands at the limit of depth does not fit into another.
    let Ok((config, _)) = Config::parse(text.as_bytes()) else { return };
    let overrides = Overrides::default();
    let evaluation = Evaluation { config: &config, context: &context, overrides: &overrides, now: 0 };
    let truth = |key| evaluation.flag(key).value.map(|value| value.text() == "true");
    let wanted = truth("if");
    for (key, truth, negated) in [
        ("not", truth("not"), true),
        ("and", truth("and"), false),
        ("or", truth("or"), false),
        ("nor", truth("nor"), true),
    ] {
        assert_eq!(truth, wanted.map(|wanted| wanted != negated), "{key} {condition}");
    }
    let rule = format!(
        r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}, "CANARY_RULES": [{{"if": {condition}, "serve": "canary"}}]}}"#
    );
    if let Ok((config, _)) = Config::parse(rule.as_bytes()) {
        let evaluation = Evaluation { config: &config, ..evaluation };
        let _decision = Decision::make(&evaluation, Visitor::Identified, History::default());
    }
}

/// An own address stays on its origin, and a foreign one is on the origin that it was said to be on.
pub fn asset_url(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let base = Url::parse("https://a.example/").expect("an address");
    match AssetUrl::parse(text) {
        None => {}
        Some(AssetUrl::SameOrigin) => {
            let url = base.join(text).expect("an address");
            assert_eq!((url.origin(), url.query(), url.fragment()), (base.origin(), None, None), "{text}");
        }
        Some(AssetUrl::CrossOrigin(origin)) => {
            // Where the parser refuses it, so does a browser.
            let Ok(url) = base.join(text) else { return };
            assert_eq!(url.origin(), Url::parse(origin).expect("an origin").origin(), "{text}");
            assert_eq!((url.scheme(), url.username(), url.password()), ("https", "", None), "{text}");
        }
    }
}

/// Variants in the first line, separated by spaces, then a flag in every line: what is ignored is told, the rest holds.
pub fn overrides(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (variants, flags) = text.split_once('\n').unwrap_or((text, ""));
    let overrides = Overrides::new(variants.split(' '), flags.lines());
    assert_eq!(overrides.variant(false), None);
    let fault = overrides.check(true, |_| true);
    let sound = variants.split(' ').all(|variant| matches!(variant, "canary" | "stable"))
        && flags.lines().all(|line| well_formed(line).is_some());
    assert_eq!(fault.is_none(), sound, "{fault:?}");
    // Nothing of the address is said again.
    assert!(fault.is_none_or(|fault| fault.key().is_empty() && fault.position().is_none()));
    for (key, json) in flags.lines().filter_map(well_formed) {
        assert_eq!(overrides.flag(key, false), None);
        assert!(overrides.flag(key, true).is_some());
        let mut overrides = overrides.clone();
        overrides.set(key, json);
        assert_eq!(overrides.flag(key, false), Some(document(json).root()));
    }
}

/// The reader takes what `serde_json` takes, and reads the same, but for halves of surrogates and equal names.
pub fn json(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let theirs: Result<Value, _> = serde_json::from_str(text);
    match (Document::parse(text).map_err(Diagnostic::from), theirs) {
        (Ok(ours), Ok(theirs)) => assert!(is_same(ours.root(), &theirs), "{text}"),
        (Ok(_), Err(error)) => {
            let error = error.to_string();
            assert!(["surrogate", "hex escape"].iter().any(|why| error.contains(why)), "{text}: {error}");
        }
        (Err(fault), Ok(_)) => {
            assert!(matches!(fault.code(), Code::Depth | Code::Duplicate), "{text}: {fault}");
            check_place(&fault, text);
        }
        (Err(fault), Err(_)) => check_place(&fault, text),
    }
}

fn is_same(ours: Json, theirs: &Value) -> bool {
    match theirs {
        Value::Null => ours.kind() == Kind::Null && ours.exists(),
        Value::Bool(wanted) => ours.as_bool() == Some(*wanted),
        Value::Number(wanted) => ours.as_number().map(f64::to_bits) == wanted.as_f64().map(f64::to_bits),
        Value::String(wanted) => ours.as_str() == Some(wanted.as_str()),
        Value::Array(wanted) => {
            ours.kind() == Kind::Array
                && ours.items().count() == wanted.len()
                && ours.items().zip(wanted).all(|(ours, theirs)| is_same(ours, theirs))
        }
        Value::Object(wanted) => {
            ours.kind() == Kind::Object
                && ours.members().count() == wanted.len()
                && wanted.iter().all(|(name, theirs)| ours.get(name).is_some_and(|ours| is_same(ours, theirs)))
        }
    }
}

/// A place lies in the text, or right behind it.
fn check_place(fault: &Diagnostic, text: &str) {
    if let Some(place) = fault.position() {
        let line = text.split('\n').nth(place.line - 1).unwrap_or_else(|| panic!("{fault} beyond {text:?}"));
        assert!((1..=line.len() + 1).contains(&place.column), "{fault} beyond {text:?}");
    }
    assert!(!fault.line().is_empty());
}

/// An override of a flag, if it is one.
fn well_formed(line: &str) -> Option<(&str, &str)> {
    let (key, json) = line.split_once(':')?;
    (canary_runtime::config::identifier::is_flag_key(key) && Document::parse(json).is_ok()).then_some((key, json))
}

fn check_details(details: &Details) {
    let json: Value = serde_json::from_str(&details.to_json()).expect("JSON");
    assert_eq!(json["errorCode"].is_string(), json["reason"] == "ERROR", "{json}");
    assert!(details.bucket.is_none_or(|bucket| bucket < 100_000));
}

fn document(json: &str) -> Document {
    Document::parse(json).expect("JSON")
}
