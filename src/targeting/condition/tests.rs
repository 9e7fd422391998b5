use super::*;
use std::format;

/// Asserts whether a condition matches; the segment `g` is `[1, "x"]`.
#[track_caller]
fn check(condition: &str, attributes: &str, expected: bool) {
    let (condition, attributes) = (Document::parse(condition).unwrap(), Document::parse(attributes).unwrap());
    let segments = Document::parse(r#"{"g": [1, "x"]}"#).unwrap();
    let context = TargetingContext { attributes: &attributes, segments: Segments::new(segments.root()) };
    assert_eq!(matches(condition.root(), &context), expected, "{condition:?} {attributes:?}");
}

#[test]
fn paths_walk_objects_and_arrays() {
    let attributes = r#"{"a": {"b": [10, {"c": "x"}], "": {"": 1}}, "d.e": 2, "0": 3, "": 4}"#;
    for (path, value) in [
        ("a.b.0", "10"),
        ("a.b.1.c", "\"x\""),
        ("a..", "1"),
        ("0", "3"),
        ("", "4"),
        ("d.e", "null"),
        ("a.b.2", "null"),
        ("a.b.-0", "null"),
        ("a.b.00", "null"),
        ("a.b.0.0", "null"),
        ("a.b.1e0", "null"),
        ("a.b.0 ", "null"),
        ("a.b.", "null"),
        ("a.b.99999999999999999999", "null"),
        ("a.b.18446744073709551616", "null"),
        ("a.b.1.c.0", "null"),
        ("none.a", "null"),
    ] {
        check(&format!(r#"{{"{path}": {{"$eq": {value}}}}}"#), attributes, true);
    }
}

#[test]
fn only_own_properties_are_found() {
    for path in ["length", "a.length", "s.length", "__proto__", "constructor", "a.constructor", "toString", "a.map"] {
        check(&format!(r#"{{"{path}": null}}"#), r#"{"a": [1], "s": "x"}"#, true);
    }
    check(r#"{"none": "null"}"#, "{}", true);
    check(r#"{"__proto__": 1}"#, r#"{"__proto__": 1}"#, true);
    check(r#"{"o.length": 5}"#, r#"{"o": {"length": 5}}"#, true);
}

#[test]
fn keywords_are_ordinary_attribute_names() {
    for name in ["if", "canary", "value", "$eq", "$in", "null", "$x", "FEATURE_FLAGS"] {
        check(&format!(r#"{{"{name}": 1}}"#), &format!(r#"{{"{name}": 1}}"#), true);
        check(&format!(r#"{{"{name}": 1}}"#), &format!(r#"{{"{name}": 2}}"#), false);
    }
}

#[test]
fn conditions_combine() {
    for (condition, expected) in [
        ("{}", true),
        (r#"{"a": 1, "b": 2}"#, true),
        (r#"{"a": 1, "b": 3}"#, false),
        (r#"{"$and": []}"#, true),
        (r#"{"$and": [{"a": 1}, {"b": 2}]}"#, true),
        (r#"{"$and": [{"a": 1}, {"b": 3}]}"#, false),
        (r#"{"$or": []}"#, true),
        (r#"{"$or": [{"a": 3}, {"b": 2}]}"#, true),
        (r#"{"$or": [{"a": 3}, {"b": 3}]}"#, false),
        (r#"{"$nor": []}"#, false),
        (r#"{"$nor": [{"a": 3}, {"b": 3}]}"#, true),
        (r#"{"$nor": [{"a": 3}, {"b": 2}]}"#, false),
        (r#"{"$not": {}}"#, false),
        (r#"{"$not": {"a": 3}}"#, true),
        (r#"{"$not": {"a": 3}, "b": 3}"#, false),
    ] {
        check(condition, r#"{"a": 1, "b": 2}"#, expected);
    }
}

/// Asserts the result of an operator on the attribute `a`.
#[track_caller]
fn operator(value: &str, operator: &str, operand: &str, expected: bool) {
    check(&format!(r#"{{"a": {{"{operator}": {operand}}}}}"#), &format!(r#"{{"a": {value}}}"#), expected);
}

#[test]
fn comparisons_include_or_exclude_equality() {
    for (value, lt, lte, gt, gte) in [
        ("1", true, true, false, false),
        ("2", false, true, false, true),
        ("3", false, false, true, true),
        ("\"x\"", false, false, false, false),
    ] {
        for (name, expected) in [("$lt", lt), ("$lte", lte), ("$gt", gt), ("$gte", gte)] {
            operator(value, name, "2", expected);
        }
    }
    for (value, lt, lte, gt, gte) in [
        ("\"1.9.0\"", true, true, false, false),
        ("\"v1.10.0+b\"", false, true, false, true),
        ("\"1.10.1\"", false, false, true, true),
        ("\"1.10.0-rc.1\"", true, true, false, false),
        ("2", false, false, true, true),
        ("null", true, true, false, false),
        ("[9]", true, true, false, false),
    ] {
        for (name, expected) in
            [("$vlt", lt), ("$vlte", lte), ("$vgt", gt), ("$vgte", gte), ("$veq", lte && gte), ("$vne", lt || gt)]
        {
            operator(value, name, "\"1.10.0\"", expected);
        }
    }
}

#[test]
fn lists_match_a_value_or_any_item() {
    for (value, list, expected) in [
        ("1", "[1, 2]", true),
        ("\"1\"", "[1, 2]", false),
        ("[3, 2]", "[1, 2]", true),
        ("[3]", "[1, 2]", false),
        ("[]", "[1]", false),
        ("null", "[null]", true),
        ("[[1]]", "[[1]]", false),
    ] {
        operator(value, "$in", list, expected);
        operator(value, "$nin", list, !expected);
        operator(value, "$ini", list, expected);
        operator(value, "$nini", list, !expected);
    }
    operator("\"A\"", "$in", "[\"a\"]", false);
    operator("\"A\"", "$ini", "[\"a\"]", true);
    operator("\"A\"", "$nini", "[\"a\"]", false);
    operator("1", "$ini", "[\"1\"]", false);
    for name in ["$in", "$nin", "$ini", "$nini", "$all", "$alli"] {
        operator("[1]", name, "1", false);
    }
    operator("[1, \"b\"]", "$all", "[\"1\", {\"$gt\": 0}]", true);
    operator("[1, \"b\"]", "$all", "[\"B\"]", false);
    operator("[1, \"b\"]", "$alli", "[\"B\", 1]", true);
    operator("[1]", "$all", "[1, 2]", false);
    operator("\"b\"", "$all", "[\"b\"]", false);
    operator("[]", "$all", "[]", true);
}

#[test]
fn groups_are_segments() {
    for (value, group, expected) in [
        ("\"x\"", "\"g\"", true),
        ("1", "\"g\"", true),
        ("\"1\"", "\"g\"", false),
        ("[0, \"x\"]", "\"g\"", true),
        ("\"x\"", "\"h\"", false),
        ("\"x\"", "5", false),
    ] {
        operator(value, "$inGroup", group, expected);
        operator(value, "$notInGroup", group, !expected);
    }
}

#[test]
fn the_other_operators() {
    for (value, name, operand, expected) in [
        ("null", "$exists", "true", false),
        ("null", "$exists", "0", true),
        ("false", "$exists", "1", true),
        ("false", "$exists", "false", false),
        ("1", "$ne", "\"1\"", true),
        ("1", "$ne", "1", false),
        ("[1]", "$eq", "[1]", false),
        ("[1, 2]", "$size", "2", true),
        ("[1, 2]", "$size", "{\"$gt\": 2}", false),
        ("[]", "$size", "{\"$lt\": 1}", true),
        ("\"ab\"", "$size", "2", false),
        ("[1, 5]", "$elemMatch", "{\"$gt\": 4}", true),
        ("[1, 5]", "$elemMatch", "{\"$gt\": 5}", false),
        ("[{\"b\": 1}, {\"b\": 2}]", "$elemMatch", "{\"b\": 2}", true),
        ("[{\"b\": 1}]", "$elemMatch", "{\"b\": 2}", false),
        ("[null, 0, \"\", false]", "$elemMatch", "{}", false),
        ("{\"b\": 1}", "$elemMatch", "{\"b\": 1}", false),
        ("\"abc\"", "$regex", "\"^a.c$\"", true),
        ("\"ABC\"", "$regex", "\"^a.c$\"", false),
        ("\"ABC\"", "$regexi", "\"^a.c$\"", true),
        ("null", "$regex", "\"^null$\"", true),
        ("[1, 2]", "$regex", "\"^1,2$\"", true),
        ("5", "$not", "{\"$gt\": 5}", true),
        ("5", "$not", "5", false),
        ("5", "$x", "5", false),
        ("5", "$not", "{\"$x\": 5}", true),
        ("5", "$and", "[]", false),
    ] {
        operator(value, name, operand, expected);
    }
    for (value, name) in [
        ("null", "null"),
        ("true", "boolean"),
        ("false", "boolean"),
        ("1", "number"),
        ("\"\"", "string"),
        ("[]", "array"),
        ("{}", "object"),
    ] {
        for other in ["null", "boolean", "number", "string", "array", "object", "undefined", "Null"] {
            operator(value, "$type", &format!("\"{other}\""), name == other);
        }
    }
    operator("null", "$type", "null", false);
}

#[test]
fn values_without_operators_are_compared_loosely() {
    for (value, literal, expected) in [
        ("1", "\"1\"", true),
        ("\"1\"", "1", true),
        ("\" 1 \"", "1", true),
        ("[1]", "1", true),
        ("null", "\"null\"", true),
        ("null", "0", true),
        ("true", "1", true),
        ("1", "true", true),
        ("0", "true", false),
        ("\"\"", "false", true),
        ("null", "false", false),
        ("[]", "true", true),
        ("false", "null", false),
        ("null", "null", true),
        ("\"A\"", "\"a\"", false),
        ("[1, 2]", "[1, 2.0]", true),
        ("[1, 2]", "[\"1\", 2]", false),
        ("{\"b\": 1}", "{\"b\": 1}", true),
        ("{\"b\": 1}", "{}", false),
        ("{}", "{}", true),
        ("{\"$eq\": 1, \"b\": 2}", "{\"$eq\": 1, \"b\": 2}", true),
        ("5", "{\"$eq\": 5, \"$gt\": 4}", true),
        ("5", "{\"$eq\": 5, \"$gt\": 5}", false),
    ] {
        check(&format!(r#"{{"a": {literal}}}"#), &format!(r#"{{"a": {value}}}"#), expected);
    }
}
