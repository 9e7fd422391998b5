//! Checks of the vectors in this folder, for native builds and browsers. Each function returns the number of cases.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]
#![allow(clippy::struct_field_names, reason = "the fields are named as in the files")]

use canary_runtime::bucketing::{Domain, bucket};
use canary_runtime::config::parse_rfc3339;
use canary_runtime::{
    Code, Config, Decision, Document, Evaluation, EvaluationContext, History, Overrides, Percentage, Visitor,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use page::Page;

mod page;

/// Checks `bucketing.json`: domain, salt, key and their bucket.
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

/// Checks `percentages.json`: the number of buckets of valid percentages, and invalid ones.
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

/// Checks `conditions.json` and `coercions.json`: attributes that a condition matches or not. Each condition is the rule of a
/// flag.
pub(crate) fn check_conditions() -> usize {
    let files = [include_str!("conditions.json"), include_str!("coercions.json")].map(raw_cases::<Condition>);
    let mut differences = Differences::default();
    for case in files.iter().flatten() {
        let groups = case.groups.map_or("{}", RawValue::get);
        let config = format!(
            r#"{{"CANARY_PERCENTAGE": 5, "SEGMENTS": {groups}, "FEATURE_FLAGS": {{"f": {{"rules": [{{"if": {}}}]}}}}}}"#,
            case.condition
        );
        let details = evaluate(&config, "", case.attributes, &[], "", 0, "f");
        differences.compare(&case.name, &details["value"], &Value::Bool(case.expected));
    }
    differences.assert_none();
    files.iter().map(Vec::len).sum()
}

/// Checks `patterns.json`: portable regular expressions and what they match, and those that are not portable or can be slow.
pub(crate) fn check_patterns() -> usize {
    let text = include_str!("patterns.json");
    let (portable, refused, slow) = (cases(text, "portable"), cases(text, "refused"), cases(text, "slow"));
    let mut differences = Differences::default();
    for case in &portable {
        let operator = if case["ignoreCase"] == true { "$regexi" } else { "$regex" };
        let details = match_pattern(operator, &case["pattern"], &case["text"]);
        differences.compare(&case.to_string(), &details["value"], &case["matches"]);
    }
    for pattern in refused.iter().chain(&slow) {
        let details = match_pattern("$regex", pattern, &Value::from("a"));
        differences.compare(&pattern.to_string(), &details["errorCode"], &Value::from("PARSE_ERROR"));
    }
    differences.assert_none();
    portable.len() + refused.len() + slow.len()
}

/// Checks `flags.json`: the values of flags for a user.
pub(crate) fn check_flags() -> usize {
    let (mut count, mut differences) = (0, Differences::default());
    for case in raw_cases::<Flags>(include_str!("flags.json")) {
        let now = case.now.map_or(0, |now| parse_rfc3339(now).expect("a time"));
        let overrides: Map<String, Value> = case.overrides.unwrap_or_default();
        let query: Vec<_> = overrides.iter().map(|(key, value)| format!("{key}:{value}")).collect();
        let config = if query.is_empty() {
            case.config.get().to_owned()
        } else {
            format!(r#"{{"OVERRIDES": {{"query": true}}, {}"#, &case.config.get()[1..])
        };
        for (key, expected) in case.flags {
            let details = evaluate(&config, &case.key, case.attributes, &query, &case.name, now, &key);
            let member = |name: &str| details.get(name).unwrap_or(&Value::Null);
            let expected = |name: &str| expected.get(name).unwrap_or(&Value::Null);
            for name in ["value", "variant", "reason", "errorCode"] {
                differences.compare(&format!("{}: {key}.{name}", case.name), member(name), expected(name));
            }
            count += 1;
        }
    }
    differences.assert_none();
    count
}

/// Checks `decisions.json`: the bundle that a user gets.
pub(crate) fn check_decisions() -> usize {
    let cases = raw_cases::<Decided>(include_str!("decisions.json"));
    let mut differences = Differences::default();
    for case in &cases {
        let context = EvaluationContext { targeting_key: case.key.clone(), attributes: document(case.attributes) };
        let visitor = match case.standing {
            "known" => Visitor::Identified,
            "automated" => Visitor::Bot,
            "unknown" => Visitor::Anonymous,
            other => panic!("{other}"),
        };
        let history = case.history.as_ref();
        let was = |name: &str| history.is_some_and(|history| history[name] == true);
        let history = History { quarantined: was("quarantined"), held: was("held") };
        let overrides = Overrides::new(case.overridden, None);
        let now = case.now.and_then(parse_rfc3339);
        let config = case.config.ok_or(Code::Expired).and_then(|config| {
            let parsed = Config::parse(config.get().as_bytes());
            parsed.and_then(|(config, _)| config.check_expiry(now).map(|()| config)).map_err(|error| error.code())
        });
        let config_code = config.as_ref().err().copied();
        let decision = match &config {
            Ok(config) => {
                let evaluation = Evaluation::new(config, &context).with_overrides(&overrides).at(now.unwrap_or(0));
                evaluation.decide(visitor, history)
            }
            Err(code) => Decision::without_config(*code),
        };
        let decision: Value = serde_json::from_str(&decision.to_json()).expect("JSON");
        if let Some(config) = case.config {
            let document = Document::parse(config.get()).expect("JSON");
            let response_time = now.map_or(f64::NAN, page::time);
            let expected = match Page::load(&document, &case.key, &context.attributes, response_time) {
                Ok(mut page) => {
                    let is_held = history.held || history.quarantined;
                    let mut found = page.decide(visitor, case.overridden, is_held);
                    found["revision"] = decision["revision"].clone();
                    if !decision.as_object().expect("an object").contains_key("errorCode") {
                        assert_eq!(found.get("errorCode"), None);
                    }
                    found
                }
                Err(code) => {
                    assert_eq!(config_code.map(Code::number), Some(code), "{}", case.name);
                    decision.clone()
                }
            };
            assert_eq!(expected, decision, "{}: the engine and an evaluation", case.name);
        }
        differences.compare(&case.name, &decision, &case.decision);
    }
    differences.assert_none();
    cases.len()
}

/// All differences, so that one run reports each of them.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare(&mut self, name: &str, found: &Value, expected: &Value) {
        if found != expected {
            self.0.push(format!("{name}: {found}, expected {expected}"));
        }
    }

    fn assert_none(&self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

#[derive(serde::Deserialize)]
struct Condition<'a> {
    name: String,
    #[serde(borrow)]
    condition: &'a RawValue,
    #[serde(borrow)]
    attributes: &'a RawValue,
    expected: bool,
    #[serde(borrow)]
    groups: Option<&'a RawValue>,
}

#[derive(serde::Deserialize)]
struct Flags<'a> {
    name: String,
    #[serde(borrow)]
    config: &'a RawValue,
    key: String,
    #[serde(borrow)]
    attributes: &'a RawValue,
    now: Option<&'a str>,
    overrides: Option<Map<String, Value>>,
    flags: Map<String, Value>,
}

#[derive(serde::Deserialize)]
struct Decided<'a> {
    name: String,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    key: String,
    #[serde(borrow)]
    attributes: &'a RawValue,
    now: Option<&'a str>,
    standing: &'a str,
    history: Option<Value>,
    #[serde(rename = "override")]
    overridden: Option<&'a str>,
    decision: Value,
}

fn match_pattern(operator: &str, pattern: &Value, text: &Value) -> Value {
    let config = format!(
        r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{"f": {{"rules": [{{"if": {{"a": {{"{operator}": {pattern}}}}}}}]}}}}}}"#
    );
    let attributes = format!(r#"{{"a": {text}}}"#);
    evaluate(&config, "", serde_json::from_str(&attributes).expect("JSON"), &[], "", 0, "f")
}

fn evaluate(text: &str, key: &str, attributes: &RawValue, query: &[String], name: &str, now: i64, flag: &str) -> Value {
    let (config, _) = Config::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error} {text}"));
    let context = EvaluationContext { targeting_key: key.to_owned(), attributes: document(attributes) };
    // By the page, because an address gives a flag only what it declares.
    let mut overrides = Overrides::default();
    for (key, value) in query.iter().filter_map(|text| text.split_once(':')) {
        overrides.set(key, value);
    }
    let evaluation = Evaluation::new(&config, &context).with_overrides(&overrides).at(now);
    let details = serde_json::from_str(&evaluation.flag(flag).to_json()).expect("JSON");

    let document = Document::parse(text).expect("JSON");
    let mut page = Page::load(&document, key, &context.attributes, f64::NAN).expect("a config");
    for (key, value) in query.iter().filter_map(|text| text.split_once(':')) {
        page.set_override(key, value);
    }
    assert_eq!(page.flag(flag, now), details, "{name}: the engine and an evaluation");
    details
}

fn document(json: &RawValue) -> Document {
    Document::parse(json.get()).expect("JSON")
}

fn raw_cases<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Vec<T> {
    #[derive(serde::Deserialize)]
    struct File<T> {
        cases: Vec<T>,
    }
    serde_json::from_str::<File<T>>(text).expect("vectors").cases
}

fn cases(text: &str, name: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).expect("JSON");
    document[name].as_array().expect("an array").clone()
}
