use super::*;

#[track_caller]
fn edited(text: &str, splice: anyhow::Result<Option<Splice>>) -> Result<String, String> {
    match splice {
        Ok(Some(Splice { range, text: new })) => {
            let mut edited = text.to_owned();
            edited.replace_range(range, &new);
            Ok(edited)
        }
        Ok(None) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error:#}")),
    }
}

#[track_caller]
fn sets(text: &str, path: &[&str], value: &str, expected: &str) {
    assert_eq!(edited(text, set(text, path, value)), Ok(expected.to_owned()), "{text}");
}

#[track_caller]
fn appends(text: &str, path: &[&str], items: &[&str], expected: &str) {
    let items: Vec<_> = items.iter().map(|item| (*item).to_owned()).collect();
    assert_eq!(edited(text, append(text, path, &items)), Ok(expected.to_owned()), "{text}");
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
fn leaves_the_same_value_alone() {
    for (text, value) in [(r#"{"A": 5.0}"#, "5"), (r#"{"A": {"b":1,"c": [ ]}}"#, "{\"b\": 1.0, \"c\": []}")] {
        sets(text, &["A"], value, text);
    }
    sets(r#"{"A": {"b": 1, "c": 2}}"#, &["A"], r#"{"c": 2, "b": 1}"#, r#"{"A": {"c": 2, "b": 1}}"#);
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
    appends("{}", &["S", "a"], &[], "{}");
}

#[test]
fn errors_name_the_key() {
    for (text, path, message) in [
        ("[]", &["A"][..], "expected an object"),
        ("{\"A\": 1}", &["A", "b"], "A: expected an object"),
        ("{\"A\": {\"b\": []}}", &["A", "b", "c", "d"], "A.b: expected an object"),
        ("{}", &[], "expected a key to be set"),
    ] {
        assert_eq!(edited(text, set(text, path, "1")), Err(message.to_owned()));
    }
    for (text, message) in [
        ("{\"S\": {\"a\": {}}}", "S.a: expected an array"),
        ("{\"S\": {\"a\": null}}", "S.a: expected an array"),
        ("{\"S\": []}", "S: expected an object"),
    ] {
        assert_eq!(edited(text, append(text, &["S", "a"], &["1".to_owned()])), Err(message.to_owned()));
    }
}
