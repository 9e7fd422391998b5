//! A JSON text as a tree of places.

use anyhow::anyhow;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// JSON as in RFC 8259: none of the freedoms that the parser has to offer.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads a text that is known to be JSON.
pub(crate) fn parse(text: &str) -> anyhow::Result<Value<'_>> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT)?;
    parsed.value.ok_or_else(|| anyhow!("expected JSON"))
}

/// A part of a text. The ranges of its own tree never miss it.
pub(crate) fn part(text: &str, range: Range) -> &str {
    text.get(range.start..range.end).unwrap_or_default()
}

/// The blanks that lead up to a place.
pub(crate) fn blanks_before(text: &str, end: usize) -> &str {
    let before = text.get(..end).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t', '\n', '\r']).len();
    before.get(start..).unwrap_or_default()
}

/// The blanks with which the line of a place begins.
pub(crate) fn line_indent(text: &str, place: usize) -> &str {
    let before = text.get(..place).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let blanks = line.len().saturating_sub(line.trim_start_matches([' ', '\t']).len());
    line.get(..blanks).unwrap_or_default()
}

/// Whether a value takes more than one line.
pub(crate) fn is_tall(text: &str, value: &impl Ranged) -> bool {
    part(text, value.range()).contains('\n')
}

/// A member, whichever way its key is escaped.
pub(crate) fn member<'a, 'b>(object: &'b Object<'a>, key: &str) -> Option<&'b ObjectProp<'a>> {
    object.properties.iter().find(|member| member.name.as_str() == key)
}

/// Whether it is an object or an array with something in it.
pub(crate) fn is_filled(value: &Value<'_>) -> bool {
    match value {
        Value::Object(object) => !object.properties.is_empty(),
        Value::Array(array) => !array.elements.is_empty(),
        _ => false,
    }
}

/// A canonical text of a value: two values are the same to a config if theirs are, the order of members included.
pub(crate) fn canonical(value: &Value<'_>) -> String {
    let list = |parts: Vec<String>| parts.join(",");
    match value {
        Value::NumberLit(number) => number.value.parse::<f64>().map(|it| it.to_string()).unwrap_or_default(),
        Value::StringLit(string) => format!("{:?}", string.value),
        Value::BooleanLit(boolean) => boolean.value.to_string(),
        Value::NullKeyword(_) => "null".to_owned(),
        Value::Array(array) => format!("[{}]", list(array.elements.iter().map(canonical).collect())),
        Value::Object(object) => {
            let members = object.properties.iter();
            let members = members.map(|member| format!("{:?}:{}", member.name.as_str(), canonical(&member.value)));
            format!("{{{}}}", list(members.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_json_alone() {
        for bad in ["", "{a: 1}", "{'a': 1}", "[1,]", "[1 2]", "// c\n1", "0x1", "+1", ".5", "NaN", "\"\\x41\"", "1 2"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn same_values_have_one_canonical_text() {
        for (a, b, same) in [
            ("5", "5.0", true),
            ("5", "5e0", true),
            ("-0", "0", false),
            ("5", "\"5\"", false),
            ("{ \"a\" : [ ] }", r#"{"\u0061":[]}"#, true),
            (r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#, false),
            ("[1, 23]", "[12, 3]", false),
            ("null", "false", false),
        ] {
            assert_eq!(canonical(&parse(a).unwrap()) == canonical(&parse(b).unwrap()), same, "{a} {b}");
        }
    }

    #[test]
    fn knows_the_blanks_around() {
        let text = "{\n \t \"a\": {  \"b\": 1}}";
        let b = text.find("\"b\"").unwrap();
        assert_eq!((blanks_before(text, b), line_indent(text, b)), ("  ", " \t "));
        assert_eq!((blanks_before(text, 5), line_indent(text, 0)), ("\n \t ", ""));
    }
}
