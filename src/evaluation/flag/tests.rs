use super::*;
use crate::json::document::Document;
use crate::targeting::segment::Segments;

/// What the flag `search` is for a user whose buckets are 93,505 (flag) and 16,691 (variant), a moment before 1970 ends.
#[track_caller]
fn check(flag: &str, key: &str, expected: &str) {
    let (flag, attributes) = (Document::parse(flag).unwrap(), Document::parse(r#"{"plan": "pro"}"#).unwrap());
    let subject = Subject { attributes: &attributes, segments: Segments::new(attributes.root().null()) };
    let user = User { targeting_key: key, subject, now: 1_000 };
    assert_eq!(Flag::new("search", flag.root()).evaluate(&user, true).to_json(), expected, "{flag:?}");
}

const ERROR: &str = r#"{"reason":"ERROR","errorCode":"TARGETING_KEY_MISSING"}"#;

const VARIANTS: &str = r#""variants": {"a": {"weight": 16691, "value": 1}, "b": {"weight": 83309, "value": [2]}}"#;

#[test]
fn a_share_is_of_buckets() {
    check("93.505", "user-1", r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
    check("93.506", "user-1", r#"{"value":true,"reason":"SPLIT","bucket":93505}"#);
    check(r#"{"percentage": 93.506}"#, "user-1", r#"{"value":true,"reason":"SPLIT","bucket":93505}"#);
    check(r#"{"percentage": 93.505, "default": 7}"#, "user-1", r#"{"value":7,"reason":"SPLIT","bucket":93505}"#);
    for flag in ["50", r#"{"percentage": 50}"#, r#"{"rules": [{"if": {}, "percentage": 50}]}"#] {
        check(flag, "", ERROR);
    }
    for flag in ["0", "-0.0", r#"{"percentage": 0}"#] {
        check(flag, "", r#"{"value":false,"reason":"STATIC"}"#);
    }
    for flag in ["100", "1e2", r#"{"percentage": 100}"#, "{}", "true"] {
        check(flag, "", r#"{"value":true,"reason":"STATIC"}"#);
    }
}

#[test]
fn variants_split_in_a_domain_of_their_own() {
    let flag = |members: &str| ["{", members, VARIANTS, "}"].concat();
    let (a, b) = (r#"{"value":1,"variant":"a","#, r#"{"value":[2],"variant":"b","#);
    check(&flag(""), "user-1", &[b, r#""reason":"SPLIT","bucket":16691}"#].concat());
    check(
        &flag("").replace("16691", "16692").replace("83309", "83308"),
        "user-1",
        &[a, r#""reason":"SPLIT","bucket":16691}"#].concat(),
    );
    check(&flag(r#""percentage": 100,"#), "user-1", &[b, r#""reason":"STATIC","bucket":16691}"#].concat());
    check(&flag(r#""percentage": 94,"#), "user-1", &[b, r#""reason":"SPLIT","bucket":16691}"#].concat());
    check(&flag(r#""percentage": 50,"#), "user-1", r#"{"reason":"SPLIT","bucket":93505}"#);
    check(
        &flag(r#""percentage": 50, "default": "a","#),
        "user-1",
        &[a, r#""reason":"SPLIT","bucket":93505}"#].concat(),
    );
    check(&flag(r#""percentage": 0, "default": "a","#), "", &[a, r#""reason":"STATIC"}"#].concat());
    check(&flag(""), "", ERROR);
    check(&flag("").replace("16691", "0"), "", &[b, r#""reason":"SPLIT"}"#].concat());
    // Another salt, other buckets.
    check(&flag(r#""salt": "release-2","#), "user-1", &[b, r#""reason":"SPLIT","bucket":92575}"#].concat());
}

#[test]
fn rules_are_tried_from_the_top() {
    let rules = |rules: &str| ["{\"default\": \"none\", \"rules\": [", rules, "]}"].concat();
    check(
        &rules(r#"{"if": {"plan": "free"}, "serve": 1}, {"if": {"plan": "pro"}, "serve": 2}, {"if": {}, "serve": 3}"#),
        "",
        r#"{"value":2,"reason":"TARGETING_MATCH"}"#,
    );
    check(&rules(r#"{"if": {}}"#), "", r#"{"value":true,"reason":"TARGETING_MATCH"}"#);
    check(&rules(r#"{"if": {"plan": "free"}}"#), "", r#"{"value":"none","reason":"DEFAULT"}"#);
    check(&rules(""), "", r#"{"value":true,"reason":"STATIC"}"#);
    check(
        &rules(r#"{"if": {}, "percentage": 94, "serve": 1}"#),
        "user-1",
        r#"{"value":1,"reason":"SPLIT","bucket":93505}"#,
    );
    check(&rules(r#"{"if": {}, "percentage": 100, "serve": 1}"#), "", r#"{"value":1,"reason":"SPLIT"}"#);
}

#[test]
fn a_bucket_is_told_only_where_it_decided() {
    let flag = |rest: &str| ["{\"rules\": [{\"if\": {}, \"percentage\": 50, \"serve\": 1}", rest].concat();
    check(&flag("]}"), "user-1", r#"{"value":false,"reason":"DEFAULT"}"#);
    check(&flag(r#", {"if": {}, "serve": 2}]}"#), "user-1", r#"{"value":2,"reason":"TARGETING_MATCH"}"#);
    check(&flag(r#"], "percentage": 100}"#), "user-1", r#"{"value":true,"reason":"STATIC"}"#);
    check(&flag(r#"], "percentage": 10}"#), "user-1", r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
}

#[test]
fn off_is_the_default() {
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
        check(&["{\"default\": \"off\", ", members, "}"].concat(), "", expected);
    }
    check(&["{\"enabled\": false, ", VARIANTS, "}"].concat(), "", r#"{"reason":"DISABLED"}"#);
}
