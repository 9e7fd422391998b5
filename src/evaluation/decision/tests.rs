use super::*;
use crate::config::config::Config;
use crate::evaluation::context::EvaluationContext;
use crate::evaluation::overrides::Overrides;
use std::borrow::ToOwned;
use std::format;
use std::string::String;

fn decide(percentage: &str, key: &str, visitor: Visitor) -> String {
    let text = format!(r#"{{"CANARY_PERCENTAGE": {percentage}, "REVISION": 7, "FEATURE_FLAGS": {{}}}}"#);
    let (config, _) = Config::parse(text.as_bytes()).unwrap();
    let context = EvaluationContext { targeting_key: key.to_owned(), ..EvaluationContext::default() };
    Evaluation::new(&config, &context).decide(visitor, History::default()).to_json()
}

#[test]
fn splits_by_bucket() {
    assert_eq!(
        decide("5", "edge-38162", Visitor::Identified),
        r#"{"variant":"canary","cohort":"canary","bucket":4999,"reason":"SPLIT","revision":7,"eligible":true}"#
    );
    assert_eq!(
        decide("5", "edge-88039", Visitor::Bot),
        r#"{"variant":"stable","cohort":"rest","bucket":5000,"reason":"SPLIT","revision":7,"eligible":false}"#
    );
}

#[test]
fn the_ends_are_not_split() {
    assert_eq!(
        decide("0", "edge-38162", Visitor::Identified),
        r#"{"variant":"stable","cohort":"rest","bucket":4999,"reason":"DISABLED","revision":7,"eligible":false}"#
    );
    assert_eq!(
        decide("100", "edge-899", Visitor::Identified),
        r#"{"variant":"canary","cohort":"canary","bucket":99999,"reason":"STATIC","revision":7,"eligible":true}"#
    );
}

#[test]
fn a_visitor_without_a_bucket_gets_stable() {
    assert_eq!(
        decide("100", "", Visitor::Anonymous),
        r#"{"variant":"stable","cohort":"rest","bucket":null,"reason":"DISABLED","revision":7,"eligible":false}"#
    );
    assert_eq!(
        decide("50", "", Visitor::Identified),
        concat!(
            r#"{"variant":"stable","cohort":"rest","bucket":null,"reason":"ERROR","#,
            r#""errorCode":"TARGETING_KEY_MISSING","revision":7,"eligible":false}"#
        )
    );
}

#[test]
fn without_a_config_everyone_gets_stable() {
    for (code, error) in [(Code::Syntax, "PARSE_ERROR"), (Code::Expired, "GENERAL")] {
        let expected = format!(
            r#"{{"variant":"stable","cohort":"rest","bucket":null,"reason":"ERROR","errorCode":"{error}","revision":null,"eligible":false}}"#
        );
        assert_eq!(Decision::without_config(code).to_json(), expected);
    }
}

#[test]
fn a_page_without_its_entry_gets_stable_and_is_not_counted() {
    let (config, _) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#).unwrap();
    for (key, expected) in [
        (
            "edge-38162",
            concat!(
                r#"{"variant":"stable","cohort":"rest","bucket":null,"reason":"ERROR","#,
                r#""errorCode":"GENERAL","revision":null,"eligible":false}"#
            ),
        ),
        (
            "edge-88039",
            r#"{"variant":"stable","cohort":"rest","bucket":5000,"reason":"SPLIT","revision":null,"eligible":false}"#,
        ),
    ] {
        let context = EvaluationContext { targeting_key: key.to_owned(), ..EvaluationContext::default() };
        let decision = Evaluation::new(&config, &context).decide(Visitor::Identified, History::default());
        assert!(decision.eligible);
        assert_eq!(decision.without_entry().to_json(), expected);
    }
}

/// Checks the decision for bucket 38,594, written as `variant cohort reason counted`.
#[track_caller]
fn check(members: &str, arm: &str, visitor: Visitor, history: History, expected: &str) {
    let text = format!(r#"{{"FEATURE_FLAGS": {{}}, {members}}}"#);
    let (config, _) = Config::parse(text.as_bytes()).unwrap();
    let context = EvaluationContext { targeting_key: "user-1".to_owned(), ..EvaluationContext::default() };
    let overrides = Overrides::new((!arm.is_empty()).then_some(arm), None);
    let decision = Evaluation::new(&config, &context).with_overrides(&overrides).decide(visitor, history);
    let found = [decision.variant.as_str(), decision.cohort.as_str(), decision.reason.as_str()].join(" ");
    let counted = if decision.eligible { " counted" } else { "" };
    assert_eq!([found.as_str(), counted].concat(), expected, "{members} {arm} {visitor:?} {history:?}");
    assert_eq!((decision.bucket, decision.error), (Some(38_594), None));
}

const RULES: &str = r#""CANARY_RULES": [{"if": {"a": 1}, "serve": "canary", "always": true}, {"if": {}, "serve": "stable"},
    {"if": {}, "serve": "canary", "always": true}], "OVERRIDES": {"query": true}"#;

const RULE: &str = r#""CANARY_RULES": [{"if": {}, "serve": "canary"}], "OVERRIDES": {"query": true}"#;

#[test]
fn one_order_of_precedence() {
    let (none, quarantined, held) =
        (History::default(), History { quarantined: true, held: false }, History { quarantined: false, held: true });
    for percentage in [0, 50, 100] {
        let always = format!(r#""CANARY_PERCENTAGE": {percentage}, {RULES}"#);
        for (history, arm) in [(none, ""), (quarantined, ""), (held, "stable"), (none, "stable")] {
            check(&always, arm, Visitor::Identified, history, "canary canary TARGETING_MATCH");
        }
    }
    let off = format!(r#""CANARY_PERCENTAGE": 0, {RULE}"#);
    for (history, arm) in [(none, ""), (quarantined, ""), (none, "canary")] {
        check(&off, arm, Visitor::Identified, history, "stable rest DISABLED");
    }
    let half = format!(r#""CANARY_PERCENTAGE": 50, {RULE}"#);
    for (history, arm) in [(quarantined, ""), (held, "canary"), (History { quarantined: true, held: true }, "stable")] {
        check(&half, arm, Visitor::Identified, history, "stable canary CACHED counted");
    }
    check(&half, "stable", Visitor::Identified, none, "stable rest TARGETING_MATCH");
    check(&half, "canary", Visitor::Identified, none, "canary canary TARGETING_MATCH");
    check(&half, "", Visitor::Identified, none, "canary canary TARGETING_MATCH");
    check(&half.replace("true", "false"), "stable", Visitor::Identified, none, "canary canary TARGETING_MATCH");
    let low = r#""CANARY_PERCENTAGE": 38.594"#;
    check(low, "canary", Visitor::Identified, none, "stable rest SPLIT counted");
    check(r#""CANARY_PERCENTAGE": 38.595"#, "", Visitor::Identified, none, "canary canary SPLIT counted");
    check(low, "", Visitor::Identified, held, "stable rest CACHED counted");
}

#[test]
fn bots_are_served_and_not_counted() {
    let counts = r#""CANARY_PERCENTAGE": 50, "TELEMETRY": {"countAutomation": true}"#;
    let none = History::default();
    check(r#""CANARY_PERCENTAGE": 50"#, "", Visitor::Bot, none, "canary canary SPLIT");
    check(counts, "", Visitor::Bot, none, "canary canary SPLIT counted");
    check(counts, "", Visitor::Anonymous, none, "stable rest DISABLED");
    check(&format!(r#""CANARY_PERCENTAGE": 50, {RULES}"#), "", Visitor::Anonymous, none, "stable rest DISABLED");
}

#[test]
fn at_0_percent_a_missing_key_is_no_error() {
    assert!(decide("0", "", Visitor::Identified).contains(r#""reason":"DISABLED""#));
    assert!(decide("0", "", Visitor::Anonymous).contains(r#""reason":"DISABLED""#));
}
