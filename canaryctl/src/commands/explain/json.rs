//! The answer as JSON.

use canary_runtime::{ErrorCode, Value};
use serde_json::json;

use crate::commands::explain::answer::{Answer, FlagAnswer};

/// Returns one line, in which everything absent is `null`.
pub(crate) fn json(answer: &Answer<'_>) -> String {
    let decision = &answer.decision;
    let flags = answer.flags.iter().map(|FlagAnswer { key, details, .. }| {
        let value = details.value.map_or_else(|| "null".to_owned(), value);
        let members = [
            ("value", value),
            ("variant", text(details.variant)),
            ("reason", text(details.reason.as_str())),
            ("errorCode", text(details.error.map(ErrorCode::as_str))),
        ];
        (*key, object(members))
    });
    object([
        ("variant", text(decision.variant.as_str())),
        ("cohort", text(decision.cohort.as_str())),
        ("bucket", json!(decision.bucket).to_string()),
        ("reason", text(decision.reason.as_str())),
        ("errorCode", text(decision.error.map(ErrorCode::as_str))),
        ("revision", json!(decision.revision).to_string()),
        ("flags", object(flags)),
        ("warnings", json!(answer.warnings).to_string()),
    ])
}

fn text<'a>(text: impl Into<Option<&'a str>>) -> String {
    json!(text.into()).to_string()
}

/// Joins members that are JSON already: `serde_json` would reformat their numbers.
fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let members = members.into_iter().map(|(name, json)| format!("{}:{json}", text(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Returns a value as it is written, without the white space between its tokens, which may include line ends.
pub(crate) fn value(value: Value<'_>) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let kept = value.source().chars().filter(|&char| {
        match char {
            '"' if !escaped => in_string = !in_string,
            ' ' | '\t' | '\n' | '\r' if !in_string => return false,
            _ => {}
        }
        escaped = char == '\\' && !escaped;
        true
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::explain::answer::{Question, Snapshot};
    use canary_runtime::{Document, EvaluationContext, History, Overrides, Visitor};

    #[track_caller]
    fn check(config: &str, flags: &[&str], expected: &str) {
        let context =
            EvaluationContext { targeting_key: "user-1".to_owned(), attributes: Document::parse("{}").unwrap() };
        let question = Question {
            context,
            overrides: Overrides::new(["canary"], []),
            now: 0,
            visitor: Visitor::Identified,
            history: History::default(),
            entry: None,
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        };
        let snapshot = Snapshot::parse(config.as_bytes(), 0);
        assert_eq!(super::json(&Answer::of(&question, &snapshot)), expected, "{config}");
    }

    #[test]
    fn absent_values_are_null() {
        let config = r#"{"CANARY_PERCENTAGE": 5, "REVISION": 7, "OVERRIDES": {"query": true}, "x": 1,
            "FEATURE_FLAGS": {"b": 101, "a": true, "": true}}"#;
        let head = r#"{"variant":"canary","cohort":"canary","bucket":38594,"reason":"TARGETING_MATCH","#;
        let flag = r#""a":{"value":true,"variant":null,"reason":"STATIC","errorCode":null}"#;
        let missing = r#""c":{"value":null,"variant":null,"reason":"ERROR","errorCode":"FLAG_NOT_FOUND"}"#;
        let malformed = r#":{"value":null,"variant":null,"reason":"ERROR","errorCode":"PARSE_ERROR"}"#;
        let warnings = concat!(
            r#""I118 x (line 1, column 71): expected a known key; it is ignored","#,
            r#""E112 FEATURE_FLAGS.b (line 2, column 36): expected a number from 0 to 100 with at most 3 decimals","#,
            r#""E112 FEATURE_FLAGS. (line 2, column 52): "#,
            r#"expected 1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype""#,
        );
        let tail = format!(r#"}},"warnings":[{warnings}]}}"#);
        let head = format!(r#"{head}"errorCode":null,"revision":7,"flags":{{"#);
        check(config, &["c", "a", "c"], &format!("{head}{flag},{missing}{tail}"));
        check(config, &[], &format!("{head}\"\"{malformed},{flag},\"b\"{malformed}{tail}"));
    }

    #[test]
    fn a_config_that_cannot_be_used_has_no_flags() {
        for (config, error, warning) in [
            ("<", "PARSE_ERROR", "E104 expected JSON, not a web page"),
            (
                r#"{"CANARY_PERCENTAGE": 5, "EXPIRES_AT": "1970-01-01T00:00:00Z", "FEATURE_FLAGS": {"a": true}}"#,
                "GENERAL",
                "E115 EXPIRES_AT: expected a time after the Date of the response",
            ),
        ] {
            let head = r#"{"variant":"stable","cohort":"rest","bucket":null,"reason":"ERROR","errorCode":""#;
            let tail = format!(r#"","revision":null,"flags":{{}},"warnings":["{warning}"]}}"#);
            check(config, &["a"], &format!("{head}{error}{tail}"));
        }
    }

    #[test]
    fn values_are_not_reformatted() {
        for (source, expected) in [
            ("1.50", "1.50"),
            ("-0E+00", "-0E+00"),
            ("12345678901234567890123", "12345678901234567890123"),
            (r#""\u0041 \" \\""#, r#""\u0041 \" \\""#),
            ("{\n \"b\" : [ 1,\t\"x y\" ],\r\n \"a\": {}\n}", r#"{"b":[1,"x y"],"a":{}}"#),
        ] {
            let document = Document::parse(source).unwrap();
            assert_eq!(value(Value::Json(document.root())), expected);
        }
    }
}
