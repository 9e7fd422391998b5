use super::*;
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
fn what_means_the_same_is_equal() {
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
fn what_means_something_else_is_not() {
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
        // Written order counts.
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
        (r#"{"a":"b"}"#, r#"["a","b"]"#),
    ] {
        equal(a, b, false);
    }
}

#[test]
fn values_are_what_they_are() {
    let document = document(r#" {"a": [1, {"b": null}, []], "t": true, "f": false, "s": "x\ny", "n": -2.5e1, "": 0} "#);
    let root = document.root();
    let names: Vec<_> = root.members().map(|(name, _)| name.text()).collect();
    assert_eq!(names, ["a", "t", "f", "s", "n", ""]);
    let kinds: Vec<_> = root.members().map(|(_, value)| value.kind()).collect();
    assert_eq!(kinds, [Kind::Array, Kind::True, Kind::False, Kind::String, Kind::Number, Kind::Number]);
    let sources: Vec<_> = root.find("a").items().map(Json::source).collect();
    assert_eq!(sources, ["1", r#"{"b": null}"#, "[]"]);
    assert_eq!(
        (root.find("t").as_bool(), root.find("f").as_bool(), root.find("n").as_bool()),
        (Some(true), Some(false), None)
    );
    assert_eq!((root.find("s").as_str(), root.find("s").source()), (Some("x\ny"), r#""x\ny""#));
    assert_eq!(
        (root.find("n").as_number(), root.find("s").as_number(), root.find("t").as_number()),
        (Some(-25.0), None, None)
    );
    assert_eq!(root.find("").as_integer(), Some(0));
    let null = root.find("a").items().nth(1).unwrap().find("b");
    assert!(null.exists() && null.kind() == Kind::Null);
    assert_eq!((root.items().count(), root.find("a").members().count(), root.find("s").items().count()), (0, 0, 0));
    assert_eq!((root.span(), document.source().len()), (1..84, 85));
    assert_eq!(format!("{:?}", root.find("a")), r#"[1, {"b": null}, []]"#);
}

#[test]
fn nothing_is_null_and_stands_nowhere() {
    let document = document(r#"{"a": null}"#);
    let nothing = document.root().find("b");
    assert!(!nothing.exists() && nothing.kind() == Kind::Null && nothing == document.root().find("a"));
    assert_eq!((nothing.source(), nothing.text(), nothing.as_str(), nothing.as_number()), ("", "", None, None));
    assert_eq!((nothing.find("c").exists(), nothing.items().count(), nothing.members().count()), (false, 0, 0));
    assert_eq!((nothing.member(Keyword::If).exists(), nothing.word()), (false, Keyword::Other));
    let empty = Document::default();
    assert!(empty.root().kind() == Kind::Null && empty.source().is_empty());
}

#[test]
fn words_are_known_by_what_they_say() {
    let document = document(r#"{"\u0069f": 1, "xif": 2, "s": "canary", "n": "Canary"}"#);
    let root = document.root();
    assert_eq!(root.member(Keyword::If).as_integer(), Some(1));
    assert!(!root.member(Keyword::Serve).exists());
    assert_eq!(
        (root.find("s").word(), root.find("n").word(), root.word()),
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
fn twice(text: &str, message: &str) {
    assert_eq!(Document::parse(text).unwrap_err().to_string(), message, "{text}");
}

#[test]
fn every_name_stands_once() {
    twice(r#"{"a":1,"a":2}"#, "E108 a (line 1, column 8): expected every key once");
    twice(r#"{"b":1,"a":{"c":1,"\u0063":2}}"#, "E108 a.c (line 1, column 19): expected every key once");
    twice("[0,{\"\":1,\n \"\":2}]", "E108 [1]. (line 2, column 2): expected every key once");
    twice(r#"{"z":1,"b":1,"y":1,"b":2,"a":1}"#, "E108 b (line 1, column 20): expected every key once");
    // Syntax comes first.
    twice(r#"{"a":1,"a":2"#, "E105 line 1, column 13: expected JSON");
    for text in [r#"{"a":{"a":1}}"#, r#"[{"a":1},{"a":1}]"#, r#"{"a":"a","b":"a"}"#] {
        assert!(Document::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn names_are_sorted_by_bytes() {
    for count in 0..20 {
        // Steps that meet every number once, so that all sorts of orders come up.
        for step in [1, 3, 7] {
            let mut names: Vec<_> = (0..count).map(|index| format!("n{:02}", index * step % 20)).collect();
            let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":0")).collect();
            let document = document(&format!("{{{}}}", members.join(",")));
            names.sort();
            assert_eq!(document.root().sorted_names().into_iter().map(|(text, _)| text).collect::<Vec<_>>(), names);
        }
    }
    let document = document(r#"{"é":0,"a":0,"Z":0,"":0,"aa":0,"👩":0}"#);
    let sorted: Vec<_> = document.root().sorted_names().into_iter().map(|(text, _)| text).collect();
    assert_eq!(sorted, ["", "Z", "a", "aa", "é", "👩"]);
}

#[test]
fn numbers_become_documents() {
    for number in [0, 7, 10, 123_456] {
        assert_eq!(Document::number(number).unwrap().root().as_integer(), Some(number as u64));
    }
}

#[test]
fn a_hundred_thousand_names_are_soon_told_apart() {
    let names: Vec<_> = (0..100_000).rev().map(|index| format!("\"{index}\":0")).collect();
    assert!(Document::parse(&format!("{{{}}}", names.join(","))).is_ok());
}
