use super::*;

/// The text after edits, each of which has a path and an action.
#[track_caller]
fn edited(text: &str, edits: &[(&[&str], Action)]) -> Result<String, String> {
    let path = |path: &[&str]| path.iter().map(|key| (*key).to_owned()).collect();
    let edits: Vec<_> = edits.iter().map(|(keys, action)| Edit { path: path(keys), action: action.clone() }).collect();
    let document = Document::parse(text).unwrap();
    let mut splices = splices(&document, &edits).map_err(|error| format!("{error:#}"))?;
    splices.sort_by_key(|splice| splice.range.start);
    let mut edited = text.to_owned();
    for Splice { range, text } in splices.iter().rev() {
        edited.replace_range(range.clone(), text);
    }
    Ok(edited)
}

fn set(path: &'static [&'static str], value: &str) -> (&'static [&'static str], Action) {
    (path, Action::Set(value.to_owned()))
}

fn append(path: &'static [&'static str], items: &[&str]) -> (&'static [&'static str], Action) {
    (path, Action::Append(items.iter().map(|item| (*item).to_owned()).collect()))
}

#[track_caller]
fn sets(text: &str, path: &'static [&'static str], value: &str, expected: &str) {
    assert_eq!(edited(text, &[set(path, value)]), Ok(expected.to_owned()), "{text}");
}

#[track_caller]
fn appends(text: &str, path: &'static [&'static str], items: &[&str], expected: &str) {
    assert_eq!(edited(text, &[append(path, items)]), Ok(expected.to_owned()), "{text}");
}

#[test]
fn replaces_a_value_and_nothing_else() {
    for (text, expected) in [
        (r#"{"A": 5}"#, r#"{"A": 7.50}"#),
        ("{\"A\":5}", "{\"A\":7.50}"),
        ("\t{ \"A\"\t:\r\n 5 ,\"B\":1}\n\n", "\t{ \"A\"\t:\r\n 7.50 ,\"B\":1}\n\n"),
        (r#"{"B": {"A": 1}, "A": 5, "C": [{"A": 2}]}"#, r#"{"B": {"A": 1}, "A": 7.50, "C": [{"A": 2}]}"#),
        (r#"{"\u0041": "x\"}"}"#, r#"{"\u0041": 7.50}"#),
        (r#"{"B": "\"A\": 1", "A": null}"#, r#"{"B": "\"A\": 1", "A": 7.50}"#),
        ("{\"A\": [1,\n2]}", "{\"A\": 7.50}"),
    ] {
        sets(text, &["A"], "7.50", expected);
    }
    sets(
        r#"{"A": 1, "B": {"A": 2, "C": {"A": 3}}}"#,
        &["B", "C", "A"],
        "4",
        r#"{"A": 1, "B": {"A": 2, "C": {"A": 4}}}"#,
    );
}

#[test]
fn a_new_member_looks_like_its_siblings() {
    for (text, expected) in [
        ("{}", "{\"N\": 1}"),
        ("{ }", "{\"N\": 1}"),
        ("{\"A\": 5}", "{\"A\": 5, \"N\": 1}"),
        ("{\"A\":5}", "{\"A\":5,\"N\":1}"),
        ("{ \"A\": 5 }", "{ \"A\": 5, \"N\": 1 }"),
        ("{\"A\": 5,  \"B\": 6}", "{\"A\": 5,  \"B\": 6,  \"N\": 1}"),
        ("{\n  \"A\": 5\n}\n", "{\n  \"A\": 5,\n  \"N\": 1\n}\n"),
        ("{\n\t\"A\": 5  \n}", "{\n\t\"A\": 5,\n\t\"N\": 1  \n}"),
        ("{\r\n  \"A\": 5\r\n}", "{\r\n  \"A\": 5,\r\n  \"N\": 1\r\n}"),
        ("{\n  \"A\": 5, \n\n  \"B\": 6 }", "{\n  \"A\": 5, \n\n  \"B\": 6,\n  \"N\": 1 }"),
        ("{\n  \"A\": 5,\n \n  \"B\": 6 }", "{\n  \"A\": 5,\n \n  \"B\": 6,\n  \"N\": 1 }"),
        ("{\n}", "{\n  \"N\": 1\n}"),
        ("{\n  \"A\": 5\n, \"B\": 6\n}", "{\n  \"A\": 5\n, \"B\": 6, \"N\": 1\n}"),
    ] {
        sets(text, &["N"], "1", expected);
    }
}

#[test]
fn new_objects_look_like_their_siblings() {
    let value = r#"{"p":[1,2]}"#;
    for (text, expected) in [
        ("{\"F\": {}}", "{\"F\": {\"n\": {\"p\": [1, 2]}}}"),
        (
            "{\n  \"F\": {}\n}",
            "{\n  \"F\": {\n    \"n\": {\n      \"p\": [\n        1,\n        2\n      ]\n    }\n  }\n}",
        ),
        (
            "{\n  \"F\": {\n    \"a\": {\"p\": 1}\n  }\n}",
            "{\n  \"F\": {\n    \"a\": {\"p\": 1},\n    \"n\": {\"p\": [1, 2]}\n  }\n}",
        ),
        (
            "{\n  \"F\": {\n    \"a\": { \"p\": 1 },\n    \"n\": 5\n  }\n}",
            "{\n  \"F\": {\n    \"a\": { \"p\": 1 },\n    \"n\": { \"p\": [1, 2] }\n  }\n}",
        ),
        (
            "{\n \"F\": {\n  \"a\": {\n   \"p\": 1\n  }\n }\n}",
            "{\n \"F\": {\n  \"a\": {\n   \"p\": 1\n  },\n  \"n\": {\n   \"p\": [\n    1,\n    2\n   ]\n  }\n }\n}",
        ),
        (
            "{\n  \"F\": {\"n\": {\"a\": 1}},\n  \"G\": {\n  }\n}",
            "{\n  \"F\": {\"n\": {\"p\": [1, 2]}},\n  \"G\": {\n  }\n}",
        ),
    ] {
        sets(text, &["F", "n"], value, expected);
    }
}

#[test]
fn makes_what_is_absent_on_the_way() {
    sets("{\"A\": 1}", &["B", "c", "d"], "2", "{\"A\": 1, \"B\": {\"c\": {\"d\": 2}}}");
    sets("{\n  \"A\": 1\n}", &["B", "c"], "2", "{\n  \"A\": 1,\n  \"B\": {\n    \"c\": 2\n  }\n}");
    sets("{}", &["a\"\n\u{7f}"], "\"\u{85}\"", r#"{"a\"\n\u007f": "\u0085"}"#);
}

#[test]
fn appends_as_the_items_are() {
    for (text, expected) in [
        (r#"{"S": {"a": []}}"#, r#"{"S": {"a": ["x", "y"]}}"#),
        (r#"{"S": {"a": [1]}}"#, r#"{"S": {"a": [1, "x", "y"]}}"#),
        (r#"{"S":{"a":[1]}}"#, r#"{"S":{"a":[1,"x","y"]}}"#),
        ("{\"S\": {\"a\": [\n 1 ,\n 2\n]}}", "{\"S\": {\"a\": [\n 1 ,\n 2,\n \"x\",\n \"y\"\n]}}"),
        ("{\n \"S\": {\"a\": []}}", "{\n \"S\": {\"a\": [\n  \"x\",\n  \"y\"\n ]}}"),
        ("{\"S\": {}}", r#"{"S": {"a": ["x", "y"]}}"#),
        ("{}", r#"{"S": {"a": ["x", "y"]}}"#),
        ("{\n  \"A\": 1\n}", "{\n  \"A\": 1,\n  \"S\": {\n    \"a\": [\n      \"x\",\n      \"y\"\n    ]\n  }\n}"),
    ] {
        appends(text, &["S", "a"], &["\"x\"", "\"y\""], expected);
    }
}

#[test]
fn edits_are_made_together() {
    let edits = [
        set(&["F", "a"], "1"),
        set(&["P"], "10"),
        set(&["F", "b"], "{\"p\":2}"),
        append(&["S", "x"], &["\"u\""]),
        append(&["S", "y"], &["\"v\""]),
        set(&["R"], "8"),
    ];
    for (text, expected) in [
        (
            r#"{"P": 5, "F": {}, "R": 7}"#,
            r#"{"P": 10, "F": {"a": 1, "b": {"p": 2}}, "R": 8, "S": {"x": ["u"], "y": ["v"]}}"#,
        ),
        (
            "{\n \"P\": 5,\n \"F\": {\n  \"b\": {\n   \"q\": 1\n  }\n }\n}",
            "{\n \"P\": 10,\n \"F\": {\n  \"b\": {\n   \"p\": 2\n  },\n  \"a\": 1\n },\n \"S\": {\n  \"x\": [\n   \"u\"\n  ],\n  \
             \"y\": [\n   \"v\"\n  ]\n },\n \"R\": 8\n}",
        ),
    ] {
        assert_eq!(edited(text, &edits), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn errors_name_the_key() {
    for (text, path, message) in [
        ("[]", &["A"][..], "expected an object"),
        ("{\"A\": 1}", &["A", "b"], "A: expected an object"),
        ("{\"A\": {\"b\": []}}", &["A", "b", "c", "d"], "A.b: expected an object"),
        ("{}", &[], "expected a key to be set"),
    ] {
        assert_eq!(edited(text, &[set(path, "1")]), Err(message.to_owned()));
    }
    for (text, message) in [
        ("{\"S\": {\"a\": {}}}", "S.a: expected an array"),
        ("{\"S\": {\"a\": null}}", "S.a: expected an array"),
        ("{\"S\": []}", "S: expected an object"),
    ] {
        assert_eq!(edited(text, &[append(&["S", "a"], &["1"])]), Err(message.to_owned()));
    }
}
