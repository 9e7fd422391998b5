//! JavaScript's coercions and comparisons, by which conditions compare values.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;

use crate::host;
use crate::json::document::{Json, Kind};

/// Returns `value + ""`.
pub(crate) fn to_string(value: Json<'_>) -> Cow<'_, str> {
    match value.kind() {
        Kind::Null => Cow::Borrowed("null"),
        Kind::Object => Cow::Borrowed("[object Object]"),
        Kind::String => Cow::Borrowed(value.as_text()),
        Kind::Array => {
            let mut joined = String::new();
            for (item, index) in value.items().zip(0..) {
                if index > 0 {
                    joined.push(',');
                }
                if item.kind() != Kind::Null {
                    joined.push_str(&to_string(item));
                }
            }
            Cow::Owned(joined)
        }
        Kind::True => Cow::Borrowed("true"),
        Kind::False => Cow::Borrowed("false"),
        Kind::Number => Cow::Owned(host::number_to_string(value.as_number().unwrap_or_default())),
    }
}

/// Returns `value * 1`.
pub(crate) fn to_number(value: Json) -> f64 {
    match value.kind() {
        Kind::Null | Kind::False => 0.0,
        Kind::True => 1.0,
        _ => value.as_number().unwrap_or_else(|| host::string_to_number(&to_string(value))),
    }
}

/// Returns `!!value`.
pub(crate) fn is_truthy(value: Json) -> bool {
    match value.kind() {
        Kind::Null | Kind::False => false,
        Kind::Number => value.as_number() != Some(0.0),
        Kind::String => !value.as_text().is_empty(),
        _ => true,
    }
}

/// Returns `a === b`.
pub(crate) fn strict_equals(a: Json, b: Json) -> bool {
    !matches!(a.kind(), Kind::Array | Kind::Object) && a == b
}

/// Compares as `<` and `>` do: strings, arrays and objects by the UTF-16 code units of their strings, others as numbers.
pub(crate) fn compare(a: Json, b: Json) -> Option<Ordering> {
    let is_string = |value: Json| matches!(value.kind(), Kind::String | Kind::Array | Kind::Object);
    if is_string(a) && is_string(b) {
        Some(to_string(a).encode_utf16().cmp(to_string(b).encode_utf16()))
    } else {
        to_number(a).partial_cmp(&to_number(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document::Document;

    #[track_caller]
    fn check(json: &str, expected: (&str, f64, bool)) {
        let document = Document::parse(json).unwrap();
        let value = document.root();
        let number = to_number(value);
        assert_eq!((&*to_string(value), is_truthy(value)), (expected.0, expected.2), "{json}");
        assert!(number.to_bits() == expected.1.to_bits() || number.is_nan() && expected.1.is_nan(), "{json} {number}");
    }

    #[test]
    fn coerces_to_string_number_and_boolean() {
        for (json, expected) in [
            ("null", ("null", 0.0, false)),
            ("true", ("true", 1.0, true)),
            ("false", ("false", 0.0, false)),
            ("0", ("0", 0.0, false)),
            ("-0", ("0", -0.0, false)),
            ("1e0", ("1", 1.0, true)),
            ("1.50", ("1.5", 1.5, true)),
            ("-1e21", ("-1e+21", -1e21, true)),
            ("\"\"", ("", 0.0, false)),
            ("\"0\"", ("0", 0.0, true)),
            ("\" 12 \"", (" 12 ", 12.0, true)),
            ("\"x\"", ("x", f64::NAN, true)),
            ("[]", ("", 0.0, true)),
            ("[7]", ("7", 7.0, true)),
            ("[[[\"8\"]]]", ("8", 8.0, true)),
            ("[null]", ("", 0.0, true)),
            ("[1, null, [2, [true]], {}, \"a\"]", ("1,,2,true,[object Object],a", f64::NAN, true)),
            ("[null, null]", (",", f64::NAN, true)),
            ("{}", ("[object Object]", f64::NAN, true)),
        ] {
            check(json, expected);
        }
    }

    #[test]
    fn strict_equality_is_for_primitives() {
        for (a, b, expected) in [
            ("1", "1.0", true),
            ("0", "-0", true),
            ("1", "\"1\"", false),
            ("\"a\"", "\"\\u0061\"", true),
            ("null", "null", true),
            ("null", "false", false),
            ("true", "true", true),
            ("true", "1", false),
            ("[]", "[]", false),
            ("{}", "{}", false),
        ] {
            let (a, b) = (Document::parse(a).unwrap(), Document::parse(b).unwrap());
            assert_eq!(strict_equals(a.root(), b.root()), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn order_is_by_string_or_by_number() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            ("\"10\"", "\"9\"", Some(Less)),
            ("\"10\"", "9", Some(Greater)),
            ("10", "9", Some(Greater)),
            ("\"a\"", "\"a\"", Some(Equal)),
            ("\"a\"", "1", None),
            ("\"x\"", "null", None),
            ("null", "0", Some(Equal)),
            ("true", "1", Some(Equal)),
            ("false", "\"\"", Some(Equal)),
            ("[10]", "\"9\"", Some(Less)),
            ("[10]", "9", Some(Greater)),
            ("{}", "[]", Some(Greater)),
            // U+FF01 is one code unit, greater than the first of the two of U+1F600.
            ("\"\u{ff01}\"", "\"😀\"", Some(Greater)),
        ] {
            let (a, b) = (Document::parse(a).unwrap(), Document::parse(b).unwrap());
            assert_eq!(compare(a.root(), b.root()), expected, "{a:?} {b:?}");
        }
    }
}
