use super::*;
use crate::config::config::Config;
use crate::evaluation::context::EvaluationContext;
use crate::evaluation::overrides::Overrides;
use crate::json::document::Document;
use std::string::{String, ToString};
use std::{format, vec};

/// Checks the flag `search`, one second after the start of 1970. The buckets of `user-1` are 93,505 (flag) and 16,691
/// (variant).
#[track_caller]
fn check_one(flag: &str, key: &str, expected: &str) {
    let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{"search": {flag}}}}}"#);
    let (config, _) = Config::parse(text.as_bytes()).unwrap();
    let attributes = Document::parse(r#"{"plan": "pro"}"#).unwrap();
    let context = EvaluationContext { targeting_key: key.to_string(), attributes };
    let details = Evaluation::new(&config, &context).at(1_000).flag("search");
    assert_eq!(details.to_json(), expected, "{flag}");
}

const ERROR: &str = r#"{"reason":"ERROR","errorCode":"TARGETING_KEY_MISSING"}"#;

const VARIANTS: &str = r#""variants": {"a": {"weight": 16691, "value": 1}, "b": {"weight": 83309, "value": [2]}}"#;

#[test]
fn a_percentage_includes_buckets() {
    check_one("93.505", "user-1", r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
    check_one("93.506", "user-1", r#"{"value":true,"reason":"SPLIT","bucket":93505}"#);
    check_one(r#"{"percentage": 93.506}"#, "user-1", r#"{"value":true,"reason":"SPLIT","bucket":93505}"#);
    check_one(r#"{"percentage": 93.505, "default": 7}"#, "user-1", r#"{"value":7,"reason":"SPLIT","bucket":93505}"#);
    for flag in ["50", r#"{"percentage": 50}"#, r#"{"rules": [{"if": {}, "percentage": 50}]}"#] {
        check_one(flag, "", ERROR);
    }
    for flag in ["0", "-0.0", r#"{"percentage": 0}"#] {
        check_one(flag, "", r#"{"value":false,"reason":"STATIC"}"#);
    }
    for flag in ["100", "1e2", r#"{"percentage": 100}"#, "{}", "true"] {
        check_one(flag, "", r#"{"value":true,"reason":"STATIC"}"#);
    }
}

#[test]
fn variants_have_a_domain_of_their_own() {
    let flag = |members: &str| ["{", members, VARIANTS, "}"].concat();
    let (a, b) = (r#"{"value":1,"variant":"a","#, r#"{"value":[2],"variant":"b","#);
    check_one(&flag(""), "user-1", &[b, r#""reason":"SPLIT","bucket":16691}"#].concat());
    check_one(
        &flag("").replace("16691", "16692").replace("83309", "83308"),
        "user-1",
        &[a, r#""reason":"SPLIT","bucket":16691}"#].concat(),
    );
    check_one(&flag(r#""percentage": 100,"#), "user-1", &[b, r#""reason":"STATIC","bucket":16691}"#].concat());
    check_one(&flag(r#""percentage": 94,"#), "user-1", &[b, r#""reason":"SPLIT","bucket":16691}"#].concat());
    check_one(&flag(r#""percentage": 50,"#), "user-1", r#"{"reason":"SPLIT","bucket":93505}"#);
    check_one(
        &flag(r#""percentage": 50, "default": "a","#),
        "user-1",
        &[a, r#""reason":"SPLIT","bucket":93505}"#].concat(),
    );
    check_one(&flag(r#""percentage": 0, "default": "a","#), "", &[a, r#""reason":"STATIC"}"#].concat());
    check_one(&flag(""), "", ERROR);
    check_one(&flag("").replace("16691", "0"), "", &[b, r#""reason":"SPLIT"}"#].concat());
    // Another salt gives other buckets.
    check_one(&flag(r#""salt": "release-2","#), "user-1", &[b, r#""reason":"SPLIT","bucket":92575}"#].concat());
}

#[test]
fn the_first_matching_rule_applies() {
    let rules = |rules: &str| ["{\"default\": \"none\", \"rules\": [", rules, "]}"].concat();
    check_one(
        &rules(r#"{"if": {"plan": "free"}, "serve": 1}, {"if": {"plan": "pro"}, "serve": 2}, {"if": {}, "serve": 3}"#),
        "",
        r#"{"value":2,"reason":"TARGETING_MATCH"}"#,
    );
    check_one(&rules(r#"{"if": {}}"#), "", r#"{"value":true,"reason":"TARGETING_MATCH"}"#);
    check_one(&rules(r#"{"if": {"plan": "free"}}"#), "", r#"{"value":"none","reason":"DEFAULT"}"#);
    check_one(&rules(""), "", r#"{"value":true,"reason":"STATIC"}"#);
    check_one(
        &rules(r#"{"if": {}, "percentage": 94, "serve": 1}"#),
        "user-1",
        r#"{"value":1,"reason":"SPLIT","bucket":93505}"#,
    );
    check_one(&rules(r#"{"if": {}, "percentage": 100, "serve": 1}"#), "", r#"{"value":1,"reason":"SPLIT"}"#);
}

#[test]
fn a_bucket_is_reported_only_if_it_decided() {
    let flag = |rest: &str| ["{\"rules\": [{\"if\": {}, \"percentage\": 50, \"serve\": 1}", rest].concat();
    check_one(&flag("]}"), "user-1", r#"{"value":false,"reason":"DEFAULT"}"#);
    check_one(&flag(r#", {"if": {}, "serve": 2}]}"#), "user-1", r#"{"value":2,"reason":"TARGETING_MATCH"}"#);
    check_one(&flag(r#"], "percentage": 100}"#), "user-1", r#"{"value":true,"reason":"STATIC"}"#);
    check_one(&flag(r#"], "percentage": 10}"#), "user-1", r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
}

#[test]
fn a_disabled_flag_has_its_default() {
    for (members, on) in [
        (r#""enabled": false"#, false),
        (r#""enabled": true"#, true),
        (r#""from": "1970-01-01T00:00:01Z""#, true),
        (r#""from": "1970-01-01T00:00:01.001Z""#, false),
        (r#""until": "1970-01-01T00:00:01Z""#, false),
        (r#""until": "1970-01-01T00:00:01.001Z""#, true),
    ] {
        let expected =
            if on { r#"{"value":true,"reason":"STATIC"}"# } else { r#"{"value":"off","reason":"DISABLED"}"# };
        check_one(&["{\"default\": \"off\", ", members, "}"].concat(), "", expected);
    }
    check_one(&["{\"enabled\": false, ", VARIANTS, "}"].concat(), "", r#"{"reason":"DISABLED"}"#);
}

#[track_caller]
fn evaluate(flags: &str, key: &str, flag: &str, page: &[(&str, &str)]) -> String {
    let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "OVERRIDES": {{"query": true}}, "FEATURE_FLAGS": {{{flags}}}}}"#);
    let (config, _) = Config::parse(text.as_bytes()).unwrap();
    let context = EvaluationContext { targeting_key: key.to_string(), ..EvaluationContext::default() };
    let mut overrides = Overrides::new(None, ["by-query:\"query\""]);
    for (flag, json) in page {
        overrides.set(flag, json);
    }
    Evaluation::new(&config, &context).with_overrides(&overrides).flag(flag).to_json()
}

#[track_caller]
fn check(flags: &str, flag: &str, expected: &str) {
    assert_eq!(evaluate(flags, "user-1", flag, &[]), expected, "{flags}");
}

const TRUE: &str = r#"{"value":true,"reason":"STATIC"}"#;
const OFF: &str = r#"{"value":false,"reason":"DISABLED"}"#;
const MALFORMED: &str = r#"{"reason":"ERROR","errorCode":"PARSE_ERROR"}"#;

#[test]
fn flags_are_looked_up_by_key() {
    check(r#""if": true"#, "if", TRUE);
    check(r#""if": true"#, "serve", r#"{"reason":"ERROR","errorCode":"FLAG_NOT_FOUND"}"#);
    check(r#""if": "x""#, "if", MALFORMED);
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
    // Without a targeting key, a percentage has no value.
    let flags = r#""a": {"requires": {"b": true}}, "b": 50"#;
    assert_eq!(evaluate(flags, "", "a", &[]), OFF);
}

#[test]
fn a_diamond_is_not_a_cycle() {
    let diamond = r#""a": {"requires": {"b": true, "c": true}}, "b": {"requires": {"d": true}}, "c": {"requires": {"d": true}}, "d": "#;
    check(&format!("{diamond}true"), "a", TRUE);
    check(&format!("{diamond}false"), "a", OFF);
}

#[test]
fn flags_in_a_cycle_are_malformed_wherever_the_evaluation_starts() {
    let cycle = r#""a": {"requires": {"b": true}}, "b": {"requires": {"a": true}}"#;
    check(cycle, "a", MALFORMED);
    check(cycle, "b", MALFORMED);
    check(r#""a": {"requires": {"a": true}}"#, "a", MALFORMED);
    // `b` has no value, rather than the one that it would have if `a` were off.
    let flags =
        format!(r#"{cycle}, "f": {{"requires": {{"x": false, "b": false}}}}, "x": {{"requires": {{"a": true}}}}"#);
    check(&flags, "x", OFF);
    check(&flags, "f", OFF);
}

fn chain(length: usize) -> String {
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
fn a_chain_has_at_most_sixty_four_flags() {
    check(&chain(64), "f1", TRUE);
    check(&chain(65), "f1", MALFORMED);
    check(&chain(65), "f2", TRUE);
    check(&chain(10_000), "f1", MALFORMED);
    check(&chain(10_000), "f9937", TRUE);
}

#[test]
fn many_paths_are_evaluated_in_little_time() {
    for size in [20, 200] {
        let names: Vec<_> = (0..size).map(|flag| format!("\"f{flag}\": true")).collect();
        let flags: Vec<_> =
            (0..size).map(|flag| format!("\"f{flag}\": {{\"requires\": {{{}}}}}", names.join(","))).collect();
        check(&flags.join(","), "f7", MALFORMED);
    }
    // In each layer, every flag requires all of the next layer: 10^30 paths.
    let mut flags = vec![];
    for layer in 0..30_i32 {
        let next: Vec<_> = (0..10).map(|flag| format!("\"l{}f{flag}\": true", layer.saturating_add(1))).collect();
        let next = if layer == 29 { String::new() } else { next.join(",") };
        flags.extend((0..10).map(|flag| format!("\"l{layer}f{flag}\": {{\"requires\": {{{next}}}}}")));
    }
    check(&flags.join(","), "l0f0", TRUE);
}

#[test]
fn a_flag_may_require_a_thousand() {
    let names: Vec<_> = (0..1_000).map(|flag| format!("\"f{flag}\": true")).collect();
    let all = names.join(",");
    check(&format!("{all}, \"all\": {{\"requires\": {{{all}}}}}"), "all", TRUE);
    let one_off = all.replace("\"f999\": true", "\"f999\": false");
    check(&format!("{one_off}, \"all\": {{\"requires\": {{{all}}}}}"), "all", OFF);
}

#[test]
fn overrides_apply_to_all_but_malformed_flags() {
    let overridden = |value: &str| format!(r#"{{"value":{value},"reason":"TARGETING_MATCH","override":true}}"#);
    assert_eq!(evaluate(r#""a": {"enabled": false}"#, "", "a", &[("a", "5")]), overridden("5"));
    let declared = r#""by-query": {"default": "off", "rules": [{"if": {"a": 1}, "serve": "query"}]}"#;
    assert_eq!(evaluate(declared, "", "by-query", &[]), overridden("\"query\""));
    assert_eq!(evaluate(declared, "", "by-query", &[("by-query", "1")]), overridden("1"));
    assert_eq!(evaluate(r#""by-query": 0"#, "", "by-query", &[]), r#"{"value":false,"reason":"STATIC"}"#);
    assert_eq!(evaluate(r#""a": 101"#, "", "a", &[("a", "5")]), MALFORMED);
    assert_eq!(evaluate(r#""a": {"requires": {"a": 5}}"#, "", "a", &[("a", "5")]), MALFORMED);
    assert!(evaluate("", "", "a", &[("a", "5")]).contains("FLAG_NOT_FOUND"));
    let flags = r#""a": {"requires": {"b": 7}}, "b": 0"#;
    assert_eq!(evaluate(flags, "", "a", &[]), OFF);
    assert_eq!(evaluate(flags, "", "a", &[("b", "7")]), TRUE);
}
