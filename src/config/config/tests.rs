use super::*;
use crate::bucketing::bucket::bucket;
use crate::config::validator::MAX_FLAGS;
use std::string::{String, ToString};
use std::{format, vec};

#[track_caller]
fn rejected(text: &str, message: &str) {
    assert_eq!(Config::parse(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
}

#[track_caller]
fn with(members: &str) -> (Config, Vec<String>) {
    let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}{members}}}"#);
    let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
    (config, warnings.iter().map(ToString::to_string).collect())
}

fn supported_rules(config: &Config) -> usize {
    config.canary_rules().filter(|rule| rule.is_supported()).count()
}

#[test]
fn the_smallest_config_has_defaults() {
    let (config, warnings) = with("");
    assert_eq!((config.salt(), config.revision(), config.expires_at()), ("canary", None, None));
    assert!(config.canary_bundle().is_none());
    assert_eq!((config.allows_query(), config.counts_automation(), supported_rules(&config)), (false, false, 0));
    assert!(!config.telemetry().exists() && !config.guard().exists());
    assert!(warnings.is_empty());
}

#[test]
fn members_are_read() {
    let (config, warnings) = with(
        r#", "$schema": "x", "SCHEMA_VERSION": 1, "SALT": "release-1.5.0", "REVISION": 9007199254740991, "OVERRIDES": {"query": true},
        "EXPIRES_AT": "1970-01-01T00:00:01Z", "GUARD": {"readyTimeoutMs": 30000, "readyWhen": "started"},
        "TELEMETRY": {"endpoint": "/e", "sampleRate": 1, "cohorts": "balanced", "countAutomation": true},
        "SEGMENTS": {"a": [1]}, "CANARY_RULES": [{"if": {}, "serve": "canary"}]"#,
    );
    assert_eq!(
        (config.salt(), config.revision(), config.expires_at()),
        ("release-1.5.0", Some(9_007_199_254_740_991), Some(1_000))
    );
    assert_eq!((config.allows_query(), config.counts_automation(), supported_rules(&config)), (true, true, 1));
    assert_eq!(config.guard().source(), r#"{"readyTimeoutMs": 30000, "readyWhen": "started"}"#);
    assert_eq!(config.telemetry().member_named("sampleRate").as_number(), Some(1.0));
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn a_byte_order_mark_is_accepted_and_not_counted() {
    assert!(Config::parse(b"\xEF\xBB\xBF{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}").is_ok());
    let (_, warnings) =
        Config::parse(b"\xEF\xBB\xBF{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}, \"X\": 1}").unwrap();
    assert_eq!(warnings[0].to_string(), "I118 X (line 1, column 47): expected a known key; it is ignored");
}

#[test]
fn other_documents_are_rejected() {
    rejected("\n <!doctype html>", "E104 expected JSON, not a web page");
    rejected("\u{feff}\n <!doctype html>", "E104 expected JSON, not a web page");
    rejected("", "E105 line 1, column 1: expected JSON");
    rejected("{\n  \"a\": nul}", "E105 line 2, column 11: expected JSON");
    rejected("[]", "E117 line 1, column 1: expected an object");
    rejected("\n 5", "E117 line 2, column 2: expected an object");
    assert_eq!(Config::parse(b"{\"a\": \"\xff\"}").unwrap_err().to_string(), "E105 expected UTF-8");
    assert_eq!(Config::parse(&vec![b' '; MAX_BYTES + 1]).unwrap_err().to_string(), "E106 expected at most 1 MiB");
    assert_eq!(
        Config::parse(&vec![b'['; 100_000]).unwrap_err().to_string(),
        "E107 line 1, column 65: expected at most 64 levels of nesting"
    );
    rejected(
        "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {},\n\"CANARY_\\u0050ERCENTAGE\": 6}",
        "E108 CANARY_PERCENTAGE (line 2, column 1): expected each key only once",
    );
    rejected(
        r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"a": true, "b": {"salt": "x", "salt": "y"}}}"#,
        "E108 FEATURE_FLAGS.b.salt (line 1, column 74): expected each key only once",
    );
}

#[test]
fn percentages_are_not_coerced() {
    let expected = "expected a number from 0 to 100 with at most 3 decimals";
    for bad in ["-1", "101", "\"10\"", "true", "null", "18446744073709551616", "33.3333", "[5]", "{}", "1e-4", "1e300"]
    {
        rejected(
            &format!(r#"{{"CANARY_PERCENTAGE": {bad}, "FEATURE_FLAGS": {{}}}}"#),
            &format!("E109 CANARY_PERCENTAGE (line 1, column 23): {expected}"),
        );
    }
    rejected(r#"{"FEATURE_FLAGS": {}}"#, &format!("E109 CANARY_PERCENTAGE (line 1, column 1): {expected}"));
    rejected("{}", &format!("E109 CANARY_PERCENTAGE (line 1, column 1): {expected}"));
    for bad in ["NaN", "1e999", "-1e999", "01", "+1"] {
        let error =
            Config::parse(format!(r#"{{"CANARY_PERCENTAGE": {bad}, "FEATURE_FLAGS": {{}}}}"#).as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::Syntax, "{bad}");
    }
    for (good, buckets) in
        [("-0", 0), ("0e999", 0), ("1e-999", 0), ("1E2", 100_000), ("5.0000000000000000001", 5_000), ("0.001", 1)]
    {
        let text = format!(r#"{{"CANARY_PERCENTAGE": {good}, "FEATURE_FLAGS": {{}}}}"#);
        assert_eq!(Config::parse(text.as_bytes()).unwrap().0.percentage.buckets(), buckets, "{good}");
    }
}

#[test]
fn malformed_keys_reject_the_config() {
    for (member, message) in [
        (r#""SCHEMA_VERSION": 2"#, "E110 SCHEMA_VERSION (line 2, column 19): expected 1, the newest supported version"),
        (r#""SCHEMA_VERSION": 0"#, "E117 SCHEMA_VERSION (line 2, column 19): expected an integer of at least 1"),
        (r#""SCHEMA_VERSION": "1""#, "E117 SCHEMA_VERSION (line 2, column 19): expected an integer of at least 1"),
        (r#""SCHEMA_VERSION": null"#, "E117 SCHEMA_VERSION (line 2, column 19): expected an integer of at least 1"),
        (r#""SALT": "a:b""#, "E117 SALT (line 2, column 9): expected 1 to 64 of A-Z a-z 0-9 _ . -"),
        (
            r#""EXPIRES_AT": "tomorrow""#,
            "E117 EXPIRES_AT (line 2, column 15): expected a time such as 2026-12-01T00:00:00Z",
        ),
        (r#""ASSETS": []"#, "E117 ASSETS (line 2, column 11): expected an object"),
        (r#""SEGMENTS": {"a": [], "b": {}}"#, "E117 SEGMENTS.b (line 2, column 28): expected an array"),
        (r#""SEGMENTS": []"#, "E117 SEGMENTS (line 2, column 13): expected an object"),
        (r#""CANARY_RULES": {}"#, "E117 CANARY_RULES (line 2, column 17): expected an array"),
    ] {
        rejected(&format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}},\n{member}}}"), message);
    }
    rejected(r#"{"CANARY_PERCENTAGE": 5}"#, "E117 FEATURE_FLAGS (line 1, column 1): expected an object");
    rejected(
        r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": []}"#,
        "E117 FEATURE_FLAGS (line 1, column 43): expected an object",
    );
    // The other keys may have another meaning in a newer version.
    rejected(
        r#"{"SCHEMA_VERSION": 2}"#,
        "E110 SCHEMA_VERSION (line 1, column 20): expected 1, the newest supported version",
    );
}

#[test]
fn small_problems_are_warnings() {
    let (config, warnings) = with(r#", "REVISION": -1, "TEAM": "web", "ASSETS": {"stable": {}}"#);
    assert!(config.revision().is_none() && config.canary_bundle().is_none());
    assert_eq!(
        warnings,
        [
            "I118 REVISION (line 1, column 59): expected an integer of at least 0; it is ignored",
            "I118 TEAM (line 1, column 63): expected a known key; it is ignored",
            "I118 ASSETS.stable (line 1, column 89): expected a known key; it is ignored",
        ]
    );
}

#[test]
fn a_malformed_setting_counts_as_missing() {
    let (config, warnings) = with(
        ",\n\"TELEMETRY\": {\"more\": 1, \"countAutomation\": true, \"sampleRate\": 2},\n\"GUARD\": {\"readyTimeoutMs\": 0},\n\"OVERRIDES\": {\"query\": 1}",
    );
    assert!(!config.telemetry().exists() && !config.guard().exists());
    assert_eq!((config.allows_query(), config.counts_automation()), (false, false));
    assert_eq!(
        warnings,
        [
            "I118 TELEMETRY.more (line 2, column 15): expected a known key; it is ignored",
            "I118 TELEMETRY.sampleRate (line 2, column 65): expected a number from 0 to 1",
            "I118 GUARD.readyTimeoutMs (line 3, column 29): expected an integer from 1 to 30,000",
            "I118 OVERRIDES.query (line 4, column 24): expected true or false",
        ]
    );
    let (config, _) =
        with(r#", "OVERRIDES": {"query": true}, "GUARD": 5, "TELEMETRY": {"countAutomation": true}, "REVISION": "1""#);
    assert_eq!((config.allows_query(), config.counts_automation()), (true, true));
    assert!(!config.guard().exists() && config.revision().is_none());
}

#[test]
fn unsupported_rules_never_match() {
    let (config, warnings) = with(
        r#", "GUARD": 5, "CANARY_RULES": [{"if": {"a": {"$x": 1}}, "serve": "canary"}, {"if": {}, "serve": "stable"},
        {"if": {"a": {"$regex": "(?=a)"}}, "serve": "canary"}, {"if": {"$not": {"a": {"$regex": 5}}}, "serve": "canary"}]"#,
    );
    assert_eq!(supported_rules(&config), 1);
    assert_eq!(
        warnings[1..],
        [
            "I118 CANARY_RULES[0].if.a.$x (line 1, column 90): expected a known operator; this one never matches",
            "I118 CANARY_RULES[2].if.a.$regex (line 2, column 33): expected a regular expression that JavaScript and Rust read alike, and that no text makes slow",
            "I118 CANARY_RULES[3].if.$not.a.$regex (line 2, column 97): expected a regular expression that JavaScript and Rust read alike, and that no text makes slow",
        ]
    );
}

#[test]
fn a_malformed_flag_does_not_affect_others() {
    let text = br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"z": true, "__proto__": true, "bad": "on", "a": false, "if": 7}}"#;
    let (config, warnings) = Config::parse(text).unwrap();
    let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "E112 FEATURE_FLAGS.__proto__ (line 1, column 55): expected 1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype",
            "E112 FEATURE_FLAGS.bad (line 1, column 81): expected true, false, a percentage or an object",
        ]
    );
    assert_eq!(config.flag_keys().collect::<Vec<_>>(), ["__proto__", "a", "bad", "if", "z"]);
    let valid: Vec<_> = (0..5).map(|index| config.flag(index).map(Flag::key)).collect();
    assert_eq!(valid, [None, Some("a"), None, Some("if"), Some("z")]);
    assert_eq!((config.flag_index("if"), config.flag_index("none"), config.flag_count()), (Some(3), None, 5));
    assert!(config.flag(5).is_none());
}

#[test]
fn flags_in_a_cycle_are_malformed() {
    let text = r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"c": {"requires": {"b": true}}, "x": 1.5555,
        "b": {"requires": {"a": true}}, "a": {"enabled": false, "requires": {"b": true}}}}"#;
    let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
    let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let expected = "expected no dependency cycle, and chains of at most 64 flags";
    assert_eq!(
        lines,
        [
            "E112 FEATURE_FLAGS.x (line 1, column 81): expected a number from 0 to 100 with at most 3 decimals",
            &format!("E112 FEATURE_FLAGS.a.requires (line 2, column 77): {expected}"),
            &format!("E112 FEATURE_FLAGS.b.requires (line 2, column 27): {expected}"),
        ]
    );
    let valid: Vec<_> = (0..4).map(|index| config.flag(index).is_some()).collect();
    assert_eq!(valid, [false, false, true, false]);
}

#[test]
fn missing_and_malformed_flags_are_no_dependencies() {
    let text = |last: &str| {
        let flags = (0..64).map(|flag| format!(r#""f{flag:02}": {{"requires": {{"f{:02}": true}}}}"#, flag + 1));
        let flags: Vec<_> = flags.chain([last.to_string()]).collect();
        format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","))
    };
    for (last, malformed) in [("\"other\": true", 0), ("\"f64\": \"on\"", 1), ("\"f64\": true", 1)] {
        let (config, warnings) = Config::parse(text(last).as_bytes()).unwrap();
        assert_eq!((warnings.len(), config.flag(0).is_none()), (malformed, last.ends_with("true") && malformed == 1));
    }
}

#[test]
fn too_many_flags_are_rejected() {
    let flags: Vec<_> = (0..=MAX_FLAGS).map(|index| format!("\"f{index}\":1")).collect();
    let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","));
    rejected(&text, "E111 FEATURE_FLAGS (line 1, column 43): expected at most 10,000 flags");
}

#[test]
fn the_limits_are_inclusive() {
    let flags: Vec<_> = (0..MAX_FLAGS).map(|index| format!("\"f{index}\":1")).collect();
    let mut text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","));
    text.extend(std::iter::repeat_n(' ', MAX_BYTES - text.len()));
    assert_eq!(text.len(), MAX_BYTES);
    assert!(Config::parse(text.as_bytes()).is_ok());
}

#[test]
fn expiry_depends_on_the_time_of_the_response() {
    let (config, _) = with(r#", "EXPIRES_AT": "1970-01-01T00:00:01Z""#);
    assert!(config.check_expiry(Some(999)).is_ok());
    for now in [Some(1_000), None] {
        let error = config.check_expiry(now).unwrap_err();
        assert_eq!(error.to_string(), "E115 EXPIRES_AT: expected a time after the Date of the response");
    }
    assert!(with("").0.check_expiry(None).is_ok());
}

#[test]
fn reports_are_sampled_by_a_hash_of_their_own() {
    let sampled = |telemetry: &str| {
        let (config, _) = with(&format!(r#", "SALT": "s"{telemetry}"#));
        (0..1_000).filter(|user| config.samples_report(format!("user-{user}").as_bytes())).count()
    };
    assert_eq!(sampled(""), 0);
    assert_eq!(sampled(r#", "TELEMETRY": 5"#), 0);
    assert_eq!(sampled(r#", "TELEMETRY": {}"#), 1_000);
    assert_eq!(sampled(r#", "TELEMETRY": {"sampleRate": 1}"#), 1_000);
    assert_eq!(sampled(r#", "TELEMETRY": {"sampleRate": 0}"#), 0);
    let below = |limit| (0..1_000).filter(|user| bucket(Domain::Report, "s", &format!("user-{user}")) < limit).count();
    assert_eq!(sampled(r#", "TELEMETRY": {"sampleRate": 0.1234567}"#), below(12_346));
}
