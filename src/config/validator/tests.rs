use crate::config::config::Config;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// Returns the warnings about a flag on the second line.
#[track_caller]
fn flag(flag: &str) -> Vec<String> {
    let text = format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{\"f\":\n{flag}}}}}");
    let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
    let malformed = warnings.iter().any(|warning| warning.to_string().starts_with("E112"));
    assert_eq!(config.flag(0).is_none(), malformed, "{flag}");
    warnings.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn malformed(text: &str, path: &str, column: usize, expected: &str) {
    let path = ["FEATURE_FLAGS.f", path].concat();
    assert_eq!(flag(text), [format!("E112 {path} (line 2, column {column}): expected {expected}")], "{text}");
}

#[test]
fn valid_flags_cause_no_warning() {
    for text in [
        "true",
        "false",
        "0",
        "100",
        "33.333",
        "{}",
        r#"{"enabled": false, "percentage": 0.001, "salt": "a", "default": [1]}"#,
        r#"{"rules": []}"#,
        r#"{"rules": [{"if": {}}, {"if": {"a": 1}, "serve": null, "percentage": 100}]}"#,
        r#"{"variants": {"": {"weight": 0, "value": null}, "b": {"weight": 1000000000, "value": {}}}, "default": ""}"#,
        r#"{"rules": [{"if": {}, "serve": "b"}], "variants": {"b": {"weight": 1, "value": 1}}}"#,
        r#"{"requires": {"anything": [1, 2], "": null}, "from": "2026-12-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}"#,
    ] {
        assert_eq!(flag(text), [""; 0], "{text}");
    }
}

#[test]
fn a_flag_is_a_boolean_a_percentage_or_an_object() {
    let percentage = "a number from 0 to 100 with at most 3 decimals";
    for text in ["null", "\"on\"", "[]"] {
        malformed(text, "", 1, "true, false, a percentage or an object");
    }
    for text in ["-1", "100.001", "0.0001"] {
        malformed(text, "", 1, percentage);
    }
    malformed(r#"{"percentage": "5"}"#, ".percentage", 16, percentage);
    malformed(r#"{"percentage": null}"#, ".percentage", 16, percentage);
}

#[test]
fn every_member_of_a_flag_has_a_schema() {
    let (time, bool) = ("a time such as 2026-12-01T00:00:00Z", "true or false");
    malformed(r#"{"enabled": 1}"#, ".enabled", 13, bool);
    malformed(r#"{"enabled": "true"}"#, ".enabled", 13, bool);
    malformed(r#"{"salt": "a:b"}"#, ".salt", 10, "1 to 64 of A-Z a-z 0-9 _ . -");
    malformed(r#"{"salt": 5}"#, ".salt", 10, "1 to 64 of A-Z a-z 0-9 _ . -");
    malformed(r#"{"from": 1796083200}"#, ".from", 10, time);
    malformed(r#"{"until": "2026-12-01"}"#, ".until", 11, time);
    malformed(r#"{"requires": ["a"]}"#, ".requires", 14, "an object");
    malformed(r#"{"rules": {}}"#, ".rules", 11, "an array");
    malformed(r#"{"rules": [{"if": {}}, true]}"#, ".rules[1]", 24, "an object");
    malformed(r#"{"rules": [{"serve": 1}]}"#, ".rules[0].if", 12, "a condition, which is an object");
    malformed(r#"{"rules": [{"if": []}]}"#, ".rules[0].if", 19, "a condition, which is an object");
    malformed(
        r#"{"rules": [{"if": {}, "percentage": 101}]}"#,
        ".rules[0].percentage",
        37,
        "a number from 0 to 100 with at most 3 decimals",
    );
}

#[test]
fn every_member_of_a_variant_has_a_schema() {
    let weight = "an integer from 0 to 1,000,000,000";
    malformed(r#"{"variants": []}"#, ".variants", 14, "an object");
    malformed(r#"{"variants": {"a": 1}}"#, ".variants.a", 20, "an object");
    malformed(r#"{"variants": {"a": {"value": 1}}}"#, ".variants.a.weight", 20, weight);
    malformed(r#"{"variants": {"a": {"weight": 1}}}"#, ".variants.a.value", 20, "a value");
    for bad in ["-1", "0.5", "1000000001", "\"1\"", "null"] {
        malformed(
            &format!(r#"{{"variants": {{"a": {{"weight": {bad}, "value": 1}}}}}}"#),
            ".variants.a.weight",
            31,
            weight,
        );
    }
    for none in ["{}", r#"{"a": {"weight": 0, "value": 1}}"#] {
        malformed(
            &format!(r#"{{"variants": {none}}}"#),
            ".variants",
            14,
            "variants whose weights are not all 0, with names that are no array indices",
        );
    }
}

#[test]
fn a_flag_with_variants_serves_variants() {
    let variants = r#""variants": {"a": {"weight": 1, "value": 1}}"#;
    malformed(&format!(r#"{{"default": "b", {variants}}}"#), ".default", 13, "the name of a variant");
    malformed(&format!(r#"{{"default": true, {variants}}}"#), ".default", 13, "the name of a variant");
    malformed(
        &format!(r#"{{{variants}, "rules": [{{"if": {{}}, "serve": "A"}}]}}"#),
        ".rules[0].serve",
        78,
        "the name of a variant",
    );
}

#[test]
fn every_operator_has_a_schema() {
    for (condition, path, column, expected) in [
        (r#"{"$and": {}}"#, ".$and", 28, "an array of conditions"),
        (r#"{"$or": 5}"#, ".$or", 27, "an array of conditions"),
        (r#"{"$nor": null}"#, ".$nor", 28, "an array of conditions"),
        (r#"{"$and": [{}, 5]}"#, ".$and[1]", 33, "a condition, which is an object"),
        (r#"{"$not": []}"#, ".$not", 28, "a condition, which is an object"),
        (r#"{"$or": [{"$not": {"$nor": 1}}]}"#, ".$or[0].$not.$nor", 46, "an array of conditions"),
        (r#"{"a": {"$elemMatch": 5}}"#, ".a.$elemMatch", 40, "a condition, which is an object"),
        (r#"{"a": {"$elemMatch": {"$or": 5}}}"#, "", 0, ""),
        (r#"{"a": {"$elemMatch": {"b": 1, "$or": 5}}}"#, ".a.$elemMatch.$or", 56, "an array of conditions"),
        (r#"{"a": {"$regex": "("}}"#, ".a.$regex", 36, PATTERN),
        (r#"{"a": {"$regexi": 5}}"#, ".a.$regexi", 37, PATTERN),
        (r#"{"a": {"$not": {"$regex": "("}}}"#, ".a.$not.$regex", 45, PATTERN),
        (r#"{"a": {"$size": {"$regex": "("}}}"#, ".a.$size.$regex", 46, PATTERN),
        (r#"{"a": {"$all": [1, {"$regex": "("}]}}"#, ".a.$all[1].$regex", 49, PATTERN),
        (r#"{"a": {"$alli": [{"$regexi": "("}]}}"#, ".a.$alli[0].$regexi", 48, PATTERN),
        (r#"{"a": {"$elemMatch": {"$regex": "("}}}"#, ".a.$elemMatch.$regex", 51, PATTERN),
    ] {
        let text = format!(r#"{{"rules": [{{"if": {condition}}}]}}"#);
        if path.is_empty() {
            assert!(!flag(&text).iter().any(|line| line.starts_with("E112")), "{text}");
        } else {
            malformed(&text, &format!(".rules[0].if{path}"), column, expected);
        }
    }
}

const PATTERN: &str = "a regular expression that JavaScript and Rust read alike, and that no text makes slow";

#[test]
fn operators_in_values_are_not_validated() {
    for condition in [
        r#"{"a": {"$regex": "("  , "b": 1}}"#,
        r#"{"a": {"b": {"$regex": "("}}}"#,
        r#"{"a": [{"$regex": "("}]}"#,
        r#"{"a": {"$in": [{"$regex": "("}]}}"#,
        r#"{"$eq": {"a": 1}}"#,
        r#"{"a": {"$in": 5, "$nin": 5, "$all": 5, "$type": 5, "$inGroup": 5, "$size": "x", "$exists": []}}"#,
    ] {
        assert_eq!(flag(&format!(r#"{{"rules": [{{"if": {condition}}}]}}"#)), [""; 0], "{condition}");
    }
}

#[test]
fn unknown_keys_make_a_flag_malformed() {
    for (definition, key, column) in [
        (r#"{"percentge": 5}"#, "percentge", 2),
        (r#"{"rules": [{"if": {}, "serves": 2}]}"#, "rules[0].serves", 23),
        (r#"{"variants": {"v": {"weight": 1, "value": 1, "c": 3}}}"#, "variants.v.c", 46),
    ] {
        let expected = format!("E112 FEATURE_FLAGS.f.{key} (line 2, column {column}): expected a known key");
        assert_eq!(flag(definition), [expected], "{definition}");
    }
    let unknown_operator =
        "I118 FEATURE_FLAGS.f.rules[0].if.x.$y (line 2, column 26): expected a known operator; this one never matches";
    assert_eq!(flag(r#"{"rules": [{"if": {"x": {"$y": 1}}}]}"#), [unknown_operator]);
}

#[test]
fn variants_have_no_names_of_array_indices() {
    for (name, is_valid) in [("0", false), ("12", false), ("01", true), ("1a", true), ("-1", true), ("1.0", true)] {
        let lines = flag(&format!(
            r#"{{"variants": {{"a": {{"weight": 1, "value": 1}}, "{name}": {{"weight": 1, "value": 2}}}}}}"#
        ));
        assert_eq!(lines.is_empty(), is_valid, "{name} {lines:?}");
    }
}

#[test]
fn work_is_bounded() {
    let config = |segment: usize, rules: usize, key: &str| {
        let rule = |nth| format!(r#"{{"if": {{"a{nth}": {{"$inGroup": "s"}}}}, "serve": "canary"}}"#);
        let rules: Vec<_> = (0..rules).map(rule).collect();
        let values: Vec<_> = (0..segment).map(|nth| nth.to_string()).collect();
        let rules = if key == "flag" {
            format!(r#""FEATURE_FLAGS": {{"f": {{"rules": [{}]}}}}"#, rules.join(","))
        } else {
            format!(r#""FEATURE_FLAGS": {{}}, "CANARY_RULES": [{}]"#, rules.join(","))
        };
        format!(r#"{{"CANARY_PERCENTAGE": 5, {rules}, "SEGMENTS": {{"s": [{}]}}}}"#, values.join(","))
    };
    let found = |text: &str| match Config::parse(text.as_bytes()) {
        Ok((_, warnings)) => warnings.first().map(Diagnostic::code),
        Err(error) => Some(error.code()),
    };
    assert_eq!(found(&config(5_000, 10, "")), None);
    assert_eq!(found(&config(5_000, 10, "flag")), None);
    assert_eq!(found(&config(5_000, 100, "")), Some(Code::Limit));
    assert_eq!(found(&config(5_000, 100, "flag")), Some(Code::Flag));

    let variants: Vec<_> = (0..1_000).map(|nth| format!(r#""v{nth}": {{"weight": 1, "value": 1}}"#)).collect();
    let rules = std::vec![r#"{"if": {"a": 1}, "serve": "v999"}"#; 1_000];
    let flag = format!(r#"{{"variants": {{{}}}, "rules": [{}]}}"#, variants.join(","), rules.join(","));
    let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{"f": {flag}}}}}"#);
    assert_eq!(found(&text), Some(Code::Flag));
}

#[track_caller]
fn rule(rule: &str, path: &str, column: usize, expected: &str) {
    let text = format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}}, \"CANARY_RULES\": [\n{rule}]}}");
    let error = Config::parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error, format!("E117 CANARY_RULES[0]{path} (line 2, column {column}): expected {expected}"));
}

#[test]
fn every_member_of_a_canary_rule_has_a_schema() {
    rule("5", "", 1, "an object");
    rule(r#"{"serve": "canary"}"#, ".if", 1, "a condition, which is an object");
    rule(r#"{"if": {}}"#, ".serve", 1, "\"canary\" or \"stable\"");
    rule(r#"{"if": {}, "serve": "Canary"}"#, ".serve", 21, "\"canary\" or \"stable\"");
    rule(r#"{"if": {}, "serve": "stable", "always": 1}"#, ".always", 41, "true or false");
    rule(r#"{"if": {"$and": 1}, "serve": "stable"}"#, ".if.$and", 17, "an array of conditions");
    rule(
        r#"{"if": {"a": {"$x": 1}, "$not": 1}, "serve": "stable"}"#,
        ".if.$not",
        33,
        "a condition, which is an object",
    );
}

#[track_caller]
fn setting(member: &str, path: &str, column: usize, expected: &str) {
    let text = format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}},\n{member}}}");
    let (_, warnings) = Config::parse(text.as_bytes()).unwrap();
    let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(lines, [format!("I118 {path} (line 2, column {column}): expected {expected}")]);
}

#[test]
fn every_setting_has_a_schema() {
    setting(r#""TELEMETRY": 5"#, "TELEMETRY", 14, "an object");
    setting(r#""TELEMETRY": {"endpoint": ""}"#, "TELEMETRY.endpoint", 27, "a string that is not empty");
    for bad in ["-0.1", "1.1", "\"1\""] {
        setting(
            &format!(r#""TELEMETRY": {{"sampleRate": {bad}}}"#),
            "TELEMETRY.sampleRate",
            29,
            "a number from 0 to 1",
        );
    }
    setting(r#""TELEMETRY": {"cohorts": "some"}"#, "TELEMETRY.cohorts", 26, "\"all\" or \"balanced\"");
    setting(r#""TELEMETRY": {"cohorts": "canary"}"#, "TELEMETRY.cohorts", 26, "\"all\" or \"balanced\"");
    setting(r#""TELEMETRY": {"countAutomation": 1}"#, "TELEMETRY.countAutomation", 34, "true or false");
    setting(r#""TELEMETRY": {"horizonSeconds": 0}"#, "TELEMETRY.horizonSeconds", 33, "an integer from 1 to 3,600");
    for bad in ["0", "30001", "0.5", "null"] {
        setting(
            &format!(r#""GUARD": {{"readyTimeoutMs": {bad}}}"#),
            "GUARD.readyTimeoutMs",
            29,
            "an integer from 1 to 30,000",
        );
    }
    setting(r#""GUARD": {"readyWhen": "up"}"#, "GUARD.readyWhen", 24, "\"loaded\" or \"started\"");
    setting(r#""OVERRIDES": {"query": 1}"#, "OVERRIDES.query", 24, "true or false");
    setting(r#""OVERRIDES": true"#, "OVERRIDES", 14, "an object");
    setting(r#""REVISION": 1.5"#, "REVISION", 13, "an integer of at least 0; it is ignored");
}

#[test]
fn integrity_is_one_hash_in_base64() {
    for good in ["sha256-a", "sha384-A+/9==", "sha512-x"] {
        assert!(super::is_integrity(good), "{good}");
    }
    for bad in ["", "sha384-", "sha384-a b", "sha1-a", "SHA384-a", "a", "sha384-a sha256-b"] {
        assert!(!super::is_integrity(bad), "{bad}");
    }
}
