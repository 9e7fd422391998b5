//! The check of a report's body that holds for any bytes, for the fuzzer and for `collector/tests/fuzz.rs`.

use canary_collector::{Event, Refusal, Report};
use serde_json::{Map, Value};

const MAX_AGE_MS: f64 = 75_000.0;

/// Checks that the parser takes what a plain reading of the same JSON takes, and refuses the rest for the same reason.
pub fn report(bytes: &[u8]) {
    let parsed = Report::parse(bytes, MAX_AGE_MS);
    assert_eq!(parsed, Report::parse(bytes, MAX_AGE_MS));
    let fields = match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return assert_eq!(parsed, Err(Refusal::Malformed)),
        // Unknown fields may hold what is no value: nobody looks at them.
        Err(_) => return,
    };
    match parsed {
        Ok(report) => {
            assert!(is_report(&fields), "{fields:?}");
            let number = |name: &str| fields.get(name).and_then(Value::as_f64);
            assert_eq!(Some(report.age), number("age"));
            assert_eq!(report.revision.map(|revision| revision as f64), number("revision"));
            assert_eq!(report.salt, fields["salt"].as_str().unwrap_or_default());
            let is_final = matches!(report.event, Event::Vitals { is_final: true, .. });
            assert!(report.age >= 0.0 && (is_final || report.age <= MAX_AGE_MS));
        }
        Err(Refusal::Age) => {
            assert!(is_report(&fields), "{fields:?}");
            assert!(fields["age"].as_f64().is_some_and(|age| !(0.0..=MAX_AGE_MS).contains(&age)), "{fields:?}");
        }
        Err(refusal) => {
            assert_eq!(refusal, Refusal::Malformed);
            // Of a key that is there twice a map keeps the last. The parser refuses a report with one.
            let text = String::from_utf8_lossy(bytes);
            let is_twice = |name: &str| text.matches(&format!("\"{name}\"")).count() > 1 || text.contains("\\u");
            assert!(!is_report(&fields) || NAMES.iter().any(|name| is_twice(name)), "{text}");
        }
    }
}

const NAMES: [&str; 21] = [
    "v",
    "kind",
    "age",
    "salt",
    "revision",
    "version",
    "cohort",
    "arm",
    "first",
    "both",
    "returning",
    "engine",
    "device",
    "decisionMs",
    "readyMs",
    "code",
    "own",
    "lcpMs",
    "inpMs",
    "cls",
    "final",
];

/// Whether an object is a report, whatever its age.
fn is_report(fields: &Map<String, Value>) -> bool {
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let is_name = |value: &Value| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        value.as_str().is_some_and(|text| (1..=64).contains(&text.len()) && text.bytes().all(is_allowed))
    };
    let is_one_of = |name: &str, words: &[&str]| field(name).as_str().is_some_and(|text| words.contains(&text));
    let optional = |name: &str, check: &dyn Fn(&Value) -> bool| field(name).is_null() || check(field(name));
    let is_time = |value: &Value| value.as_f64().is_some_and(|number| number >= 0.0);
    let is_whole =
        |value: &Value| value.as_f64().is_some_and(|number| number.fract() == 0.0 && number <= 9_007_199_254_740_991.0);
    let is_bool = |name: &str| field(name).is_boolean();
    let has_own_fields = match field("kind").as_str() {
        Some("failed") => is_name(field("code")),
        Some("error") => is_bool("own"),
        Some("exposure" | "ready" | "left" | "vitals") => true,
        _ => false,
    };
    field("v").as_f64() == Some(1.0)
        && field("age").is_number()
        && is_name(field("salt"))
        && optional("revision", &|value| is_whole(value) && is_time(value))
        && optional("version", &is_name)
        && is_one_of("cohort", &["canary", "control", "rest"])
        && is_one_of("arm", &["canary", "stable"])
        && optional("first", &|_| is_one_of("first", &["run", "cohort"]))
        && is_bool("both")
        && is_bool("returning")
        && is_one_of("engine", &["chromium", "gecko", "webkit", "other"])
        && is_one_of("device", &["mobile", "tablet", "desktop"])
        && ["decisionMs", "readyMs", "lcpMs", "inpMs", "cls"].iter().all(|name| optional(name, &is_time))
        && optional("code", &is_name)
        && ["own", "final"].iter().all(|name| optional(name, &Value::is_boolean))
        && has_own_fields
}
