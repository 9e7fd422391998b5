//! Values as JavaScript's operators see them, which is how conditions compare.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;

use crate::host;
use crate::json::{Json, Kind};

/// `value + ""`
pub(crate) fn text(value: Json<'_>) -> Cow<'_, str> {
    match value.kind() {
        Kind::Null => Cow::Borrowed("null"),
        Kind::Object => Cow::Borrowed("[object Object]"),
        Kind::String => Cow::Borrowed(value.text()),
        Kind::Array => {
            let mut joined = String::new();
            for (item, index) in value.items().zip(0..) {
                if index > 0 {
                    joined.push(',');
                }
                if item.kind() != Kind::Null {
                    joined.push_str(&text(item));
                }
            }
            Cow::Owned(joined)
        }
        _ => value.as_number().map_or(Cow::Borrowed(value.source()), |number| Cow::Owned(host::text(number))),
    }
}

/// `value * 1`
pub(crate) fn number(value: Json) -> f64 {
    match value.kind() {
        Kind::Null | Kind::False => 0.0,
        Kind::True => 1.0,
        _ => value.as_number().unwrap_or_else(|| host::number(&text(value))),
    }
}

/// `!!value`
pub(crate) fn is_truthy(value: Json) -> bool {
    match value.kind() {
        Kind::Null | Kind::False => false,
        Kind::Number => value.as_number() != Some(0.0),
        Kind::String => !value.text().is_empty(),
        _ => true,
    }
}

/// `a === b`
pub(crate) fn is_identical(a: Json, b: Json) -> bool {
    !matches!(a.kind(), Kind::Array | Kind::Object) && a == b
}

/// How `a` compares to `b`: two that are no numbers by their texts' code units, others as numbers.
pub(crate) fn compare(a: Json, b: Json) -> Option<Ordering> {
    let is_text = |value: Json| matches!(value.kind(), Kind::String | Kind::Array | Kind::Object);
    if is_text(a) && is_text(b) {
        Some(text(a).encode_utf16().cmp(text(b).encode_utf16()))
    } else {
        number(a).partial_cmp(&number(b))
    }
}
