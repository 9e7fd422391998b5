use super::*;
use crate::Diagnostic;
use std::format;
use std::string::ToString;

#[track_caller]
fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

#[track_caller]
fn equal(a: &str, b: &str, expected: bool) {
    let (a, b) = (document(a), document(b));
    assert_eq!(a == b, expected, "{a:?} {b:?}");
    assert_eq!(b == a, expected, "{b:?} {a:?}");
}

#[test]
fn equality_ignores_spelling() {
    for (a, b) in [
        ("null", " null\n"),
        ("1", "1.0"),
        ("100", "1e2"),
        ("0", "-0"),
        ("\"a\"", "\"\\u0061\""),
        ("[1,[ ],{}]", "[1.0, [],{ }]"),
        (r#"{"a":{"b":[1]}}"#, r#"{"\u0061": {"b": [1]}}"#),
    ] {
        equal(a, b, true);
    }
}

#[test]
fn equality_distinguishes_kinds_values_and_order() {
    for (a, b) in [
        ("null", "false"),
        ("null", "0"),
        ("1", "\"1\""),
        ("1", "true"),
        ("\"a\"", "\"A\""),
        ("[]", "{}"),
        ("[1]", "[1,2]"),
        ("[1,2]", "[2,1]"),
        ("[[1],2]", "[[1,2]]"),
        ("[[],[]]", "[[[]]]"),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"a":1}"#, r#"{"a":2}"#),
        // The order of members matters.
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
        (r#"{"a":"b"}"#, r#"["a","b"]"#),
    ] {
        equal(a, b, false);
    }
}

#[test]
fn values_have_kind_content_and_source() {
    let document = document(r#" {"a": [1, {"b": null}, []], "t": true, "f": false, "s": "x\ny", "n": -2.5e1, "": 0} "#);
    let root = document.root();
    let keys: Vec<_> = root.members().map(|(key, _)| key.as_text()).collect();
    assert_eq!(keys, ["a", "t", "f", "s", "n", ""]);
    let kinds: Vec<_> = root.members().map(|(_, value)| value.kind()).collect();
    assert_eq!(kinds, [Kind::Array, Kind::True, Kind::False, Kind::String, Kind::Number, Kind::Number]);
    let sources: Vec<_> = root.member_named("a").items().map(Json::source).collect();
    assert_eq!(sources, ["1", r#"{"b": null}"#, "[]"]);
    assert_eq!(
        (root.member_named("t").as_bool(), root.member_named("f").as_bool(), root.member_named("n").as_bool()),
        (Some(true), Some(false), None)
    );
    assert_eq!((root.member_named("s").as_str(), root.member_named("s").source()), (Some("x\ny"), r#""x\ny""#));
    assert_eq!(
        (root.member_named("n").as_number(), root.member_named("s").as_number(), root.member_named("t").as_number()),
        (Some(-25.0), None, None)
    );
    assert_eq!(root.member_named("").as_integer(), Some(0));
    let null = root.member_named("a").items().nth(1).unwrap().member_named("b");
    assert!(null.exists() && null.kind() == Kind::Null);
    assert_eq!(
        (root.items().count(), root.member_named("a").members().count(), root.member_named("s").items().count()),
        (0, 0, 0)
    );
    assert_eq!((root.span(), document.source().len()), (1..84, 85));
    assert_eq!(format!("{:?}", root.member_named("a")), r#"[1, {"b": null}, []]"#);
}

#[test]
fn an_absent_member_is_null() {
    let document = document(r#"{"a": null}"#);
    let null = document.root().member_named("b");
    assert!(!null.exists() && null.kind() == Kind::Null && null == document.root().member_named("a"));
    assert_eq!((null.source(), null.as_text(), null.as_str(), null.as_number()), ("", "", None, None));
    assert_eq!((null.member_named("c").exists(), null.items().count(), null.members().count()), (false, 0, 0));
    assert_eq!((null.member(Keyword::If).exists(), null.keyword()), (false, Keyword::Other));
    let empty = Document::default();
    assert!(empty.root().kind() == Kind::Null && empty.source().is_empty());
}

#[test]
fn keywords_are_recognized_after_unescaping() {
    let document = document(r#"{"\u0069f": 1, "xif": 2, "s": "canary", "n": "Canary"}"#);
    let root = document.root();
    assert_eq!(root.member(Keyword::If).as_integer(), Some(1));
    assert!(!root.member(Keyword::Serve).exists());
    assert_eq!(
        (root.member_named("s").keyword(), root.member_named("n").keyword(), root.keyword()),
        (Keyword::Canary, Keyword::Other, Keyword::Other)
    );
}

#[test]
fn integers_are_exact() {
    for (text, integer) in [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("7.0", Some(7)),
        ("1e3", Some(1_000)),
        ("9007199254740991", Some(9_007_199_254_740_991)),
        ("9007199254740992", None),
        ("1e300", None),
        ("-1", None),
        ("0.5", None),
        ("\"1\"", None),
        ("true", None),
    ] {
        assert_eq!(document(text).root().as_integer(), integer, "{text}");
    }
}

#[track_caller]
fn duplicate(text: &str, message: &str) {
    assert_eq!(Diagnostic::from(Document::parse(text).unwrap_err()).to_string(), message, "{text}");
}

#[test]
fn duplicate_keys_are_rejected() {
    duplicate(r#"{"a":1,"a":2}"#, "E108 a (line 1, column 8): expected each key only once");
    duplicate(r#"{"b":1,"a":{"c":1,"\u0063":2}}"#, "E108 a.c (line 1, column 19): expected each key only once");
    duplicate("[0,{\"\":1,\n \"\":2}]", "E108 [1]. (line 2, column 2): expected each key only once");
    duplicate(r#"{"z":1,"b":1,"y":1,"b":2,"a":1}"#, "E108 b (line 1, column 20): expected each key only once");
    // A syntax error comes first.
    duplicate(r#"{"a":1,"a":2"#, "E105 line 1, column 13: expected JSON");
    for text in [r#"{"a":{"a":1}}"#, r#"[{"a":1},{"a":1}]"#, r#"{"a":"a","b":"a"}"#] {
        assert!(Document::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn keys_are_sorted_by_bytes() {
    for count in 0..20 {
        // Each step visits every number once, in an order of its own.
        for step in [1, 3, 7] {
            let mut keys: Vec<_> = (0..count).map(|index| format!("n{:02}", index * step % 20)).collect();
            let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":0")).collect();
            let document = document(&format!("{{{}}}", members.join(",")));
            keys.sort();
            assert_eq!(document.root().sorted_keys().into_iter().map(|(text, _)| text).collect::<Vec<_>>(), keys);
        }
    }
    let document = document(r#"{"é":0,"a":0,"Z":0,"":0,"aa":0,"👩":0}"#);
    let sorted: Vec<_> = document.root().sorted_keys().into_iter().map(|(text, _)| text).collect();
    assert_eq!(sorted, ["", "Z", "a", "aa", "é", "👩"]);
}

#[test]
fn a_number_is_a_document() {
    for number in [0.0, -0.0, 7.5, 123_456.0, 1e300] {
        assert_eq!(Document::from_number(number).root().as_number().map(f64::to_bits), Some(number.to_bits()));
    }
}

#[test]
fn a_hundred_thousand_keys_are_compared_in_little_time() {
    let names: Vec<_> = (0..100_000).rev().map(|index| format!("\"{index}\":0")).collect();
    assert!(Document::parse(&format!("{{{}}}", names.join(","))).is_ok());
}
