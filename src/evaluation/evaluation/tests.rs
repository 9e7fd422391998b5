use super::*;
use std::string::ToString;
use std::{format, vec};

#[track_caller]
fn evaluate(flags: &str, key: &str, flag: &str, page: &[(&str, &str)]) -> String {
    let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "OVERRIDES": {{"query": true}}, "FEATURE_FLAGS": {{{flags}}}}}"#);
    let (config, _) = Config::parse(text.as_bytes()).unwrap();
    let context = EvaluationContext { targeting_key: key.to_string(), ..EvaluationContext::default() };
    let mut overrides = Overrides::new(None, ["by-query:\"query\""]);
    for (flag, json) in page {
        overrides.set(flag, json);
    }
    let evaluation = Evaluation { config: &config, context: &context, overrides: &overrides, now: 0 };
    evaluation.flag(flag).to_json()
}

#[track_caller]
fn check(flags: &str, flag: &str, expected: &str) {
    assert_eq!(evaluate(flags, "user-1", flag, &[]), expected, "{flags}");
}

const TRUE: &str = r#"{"value":true,"reason":"STATIC"}"#;
const OFF: &str = r#"{"value":false,"reason":"DISABLED"}"#;
const BROKEN: &str = r#"{"reason":"ERROR","errorCode":"PARSE_ERROR"}"#;

#[test]
fn flags_are_found_by_their_keys() {
    check(r#""if": true"#, "if", TRUE);
    check(r#""if": true"#, "serve", r#"{"reason":"ERROR","errorCode":"FLAG_NOT_FOUND"}"#);
    check(r#""if": "x""#, "if", BROKEN);
}

#[test]
fn required_values_are_compared_as_json() {
    for (other, wanted, met) in [
        ("true", "true", true),
        ("false", "false", true),
        ("true", "false", false),
        ("true", "1", false),
        ("100", "true", true),
        ("0", "true", false),
        (r#"{"rules": [{"if": {}, "serve": {"x": [1]}}]}"#, r#"{"x": [1.0]}"#, true),
        (r#"{"rules": [{"if": {}, "serve": {"x": [1]}}]}"#, r#"{"x": [2]}"#, false),
        (r#"{"rules": [{"if": {}, "serve": null}]}"#, "null", true),
        (r#"{"enabled": false}"#, "false", true),
        (r#"{"enabled": false, "default": "d"}"#, "\"d\"", true),
        (r#""malformed""#, "null", false),
    ] {
        check(&format!(r#""a": {{"requires": {{"b": {wanted}}}}}, "b": {other}"#), "a", if met { TRUE } else { OFF });
    }
    check(r#""a": {"requires": {"none": null}}"#, "a", OFF);
    check(r#""a": {"requires": {"b": true, "c": true}}, "b": true, "c": false"#, "a", OFF);
    check(r#""a": {"requires": {"c": true, "b": true}}, "b": true, "c": false"#, "a", OFF);
    check(r#""a": {"requires": {"b": true, "c": false}}, "b": true, "c": false"#, "a", TRUE);
    // A split that needs a key has no value without one.
    let flags = r#""a": {"requires": {"b": true}}, "b": 50"#;
    assert_eq!(evaluate(flags, "", "a", &[]), OFF);
}

#[test]
fn diamonds_are_no_circles() {
    let diamond = r#""a": {"requires": {"b": true, "c": true}}, "b": {"requires": {"d": true}}, "c": {"requires": {"d": true}}, "d": "#;
    check(&format!("{diamond}true"), "a", TRUE);
    check(&format!("{diamond}false"), "a", OFF);
}

#[test]
fn flags_in_a_circle_are_broken_whoever_asks() {
    let circle = r#""a": {"requires": {"b": true}}, "b": {"requires": {"a": true}}"#;
    check(circle, "a", BROKEN);
    check(circle, "b", BROKEN);
    check(r#""a": {"requires": {"a": true}}"#, "a", BROKEN);
    // The value of `b` is none, not what it would be if `a` were only off.
    let flags =
        format!(r#"{circle}, "f": {{"requires": {{"x": false, "b": false}}}}, "x": {{"requires": {{"a": true}}}}"#);
    check(&flags, "x", OFF);
    check(&flags, "f", OFF);
}

fn row(length: usize) -> String {
    let flags: Vec<_> = (1..=length)
        .map(|flag| {
            if flag == length {
                format!(r#""f{flag}": true"#)
            } else {
                format!(r#""f{flag}": {{"requires": {{"f{}": true}}}}"#, flag.saturating_add(1))
            }
        })
        .collect();
    flags.join(",")
}

#[test]
fn sixty_four_flags_may_be_in_a_row() {
    check(&row(64), "f1", TRUE);
    check(&row(65), "f1", BROKEN);
    check(&row(65), "f2", TRUE);
    check(&row(10_000), "f1", BROKEN);
    check(&row(10_000), "f9937", TRUE);
}

#[test]
fn a_tangle_ends() {
    for size in [20, 200] {
        let names: Vec<_> = (0..size).map(|flag| format!("\"f{flag}\": true")).collect();
        let flags: Vec<_> =
            (0..size).map(|flag| format!("\"f{flag}\": {{\"requires\": {{{}}}}}", names.join(","))).collect();
        check(&flags.join(","), "f7", BROKEN);
    }
    // Layers, in each of which every flag requires all of the next: a path for every choice.
    let mut flags = vec![];
    for layer in 0..30_i32 {
        let next: Vec<_> = (0..10).map(|flag| format!("\"l{}f{flag}\": true", layer.saturating_add(1))).collect();
        let next = if layer == 29 { String::new() } else { next.join(",") };
        flags.extend((0..10).map(|flag| format!("\"l{layer}f{flag}\": {{\"requires\": {{{next}}}}}")));
    }
    check(&flags.join(","), "l0f0", TRUE);
}

#[test]
fn a_thousand_flags_may_be_required() {
    let names: Vec<_> = (0..1_000).map(|flag| format!("\"f{flag}\": true")).collect();
    let all = names.join(",");
    check(&format!("{all}, \"all\": {{\"requires\": {{{all}}}}}"), "all", TRUE);
    let one_off = all.replace("\"f999\": true", "\"f999\": false");
    check(&format!("{one_off}, \"all\": {{\"requires\": {{{all}}}}}"), "all", OFF);
}

#[test]
fn overrides_come_before_everything_but_malformed() {
    let overridden = |value: &str| format!(r#"{{"value":{value},"reason":"TARGETING_MATCH","override":true}}"#);
    assert_eq!(evaluate(r#""a": {"enabled": false}"#, "", "a", &[("a", "5")]), overridden("5"));
    assert_eq!(evaluate(r#""by-query": 0"#, "", "by-query", &[]), overridden("\"query\""));
    assert_eq!(evaluate(r#""by-query": 0"#, "", "by-query", &[("by-query", "1")]), overridden("1"));
    assert_eq!(evaluate(r#""a": 101"#, "", "a", &[("a", "5")]), BROKEN);
    assert_eq!(evaluate(r#""a": {"requires": {"a": 5}}"#, "", "a", &[("a", "5")]), BROKEN);
    assert!(evaluate("", "", "a", &[("a", "5")]).contains("FLAG_NOT_FOUND"));
    let flags = r#""a": {"requires": {"b": 7}}, "b": 0"#;
    assert_eq!(evaluate(flags, "", "a", &[]), OFF);
    assert_eq!(evaluate(flags, "", "a", &[("b", "7")]), TRUE);
}
