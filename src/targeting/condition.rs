//! Conditions on attributes, in the syntax of MongoDB queries and with the semantics of JavaScript.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::Report;
use crate::encoding::utf8;
use crate::host;
#[cfg(feature = "lazy-patterns")]
use crate::host::is_portable;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::coercion::{compare, is_truthy, strict_equals, to_number, to_string};
use crate::targeting::portable_regex::MAX_SUBJECT;
#[cfg(not(feature = "lazy-patterns"))]
use crate::targeting::portable_regex::is_portable;
use crate::targeting::segment::Segments;
use crate::targeting::version::padded;

/// The values that conditions are matched against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetingContext<'a> {
    /// The attributes of the user and the page.
    pub(crate) attributes: &'a Document,
    /// The segments that `$inGroup` refers to.
    pub(crate) segments: Segments<'a>,
}

/// The consequence of a regular expression that is not portable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// The condition is malformed.
    Strict,
    /// The condition is accepted, but counts as unsupported.
    Lenient,
}

/// Validates a condition.
pub(crate) fn validate(json: Json, list: &mut impl Report, strictness: Strictness) -> bool {
    if json.kind() != Kind::Object {
        return list.reject(json, Expected::Condition);
    }
    json.members().all(|(key, value)| match key.keyword() {
        Keyword::And | Keyword::Or | Keyword::Nor => {
            if value.kind() == Kind::Array {
                value.items().all(|item| validate(item, list, strictness))
            } else {
                list.reject(value, Expected::Conditions)
            }
        }
        Keyword::Not => validate(value, list, strictness),
        _ => validate_value(value, list, strictness),
    })
}

fn validate_value(expected: Json, list: &mut impl Report, strictness: Strictness) -> bool {
    !has_operators(expected)
        || expected.members().all(|(key, value)| match key.keyword() {
            Keyword::ElemMatch if !has_operators(value) => validate(value, list, strictness),
            Keyword::Not | Keyword::Size | Keyword::ElemMatch => validate_value(value, list, strictness),
            Keyword::AllOf | Keyword::Alli => value.items().all(|item| validate_value(item, list, strictness)),
            Keyword::Regex | Keyword::Regexi => {
                let portable = value.as_str().is_some_and(is_portable);
                portable || {
                    list.add_unsupported();
                    list.reject(value, Expected::PortableRegex);
                    strictness == Strictness::Lenient && list.downgrade_last()
                }
            }
            operator => {
                is_operator(operator) || {
                    list.add_unsupported();
                    list.warn(key, Expected::KnownOperator)
                }
            }
        })
}

/// Returns whether a keyword is an operator on a value. These keywords are declared together.
fn is_operator(keyword: Keyword) -> bool {
    (Keyword::Eq as u8..=Keyword::NotInGroup as u8).contains(&(keyword as u8))
}

/// Returns whether a value is an object whose keys are all operators.
fn has_operators(expected: Json) -> bool {
    let mut operators = expected.members().map(|(key, _)| key.as_text().starts_with('$'));
    operators.next() == Some(true) && operators.all(|is_operator| is_operator)
}

/// Returns whether a validated condition matches.
pub(crate) fn matches(condition: Json, context: &TargetingContext) -> bool {
    matches_object(condition, context.attributes.root(), context)
}

fn matches_object(condition: Json, object: Json, context: &TargetingContext) -> bool {
    condition.members().all(|(key, value)| match key.keyword() {
        Keyword::And => value.items().all(|item| matches_object(item, object, context)),
        Keyword::Or => {
            value.items().next().is_none() || value.items().any(|item| matches_object(item, object, context))
        }
        Keyword::Nor => {
            value.items().next().is_some() && !value.items().any(|item| matches_object(item, object, context))
        }
        Keyword::Not => !matches_object(value, object, context),
        _ => matches_value(resolve_path(object, key.as_text()), value, false, context),
    })
}

/// Returns the value at a dotted path, or null.
fn resolve_path<'a>(object: Json<'a>, path: &str) -> Json<'a> {
    path.as_bytes().split(|byte| *byte == b'.').fold(object, |value, part| {
        let part = utf8(part).unwrap_or_default();
        match value.kind() {
            Kind::Object => value.member_named(part),
            _ => parse_index(part).and_then(|index| value.items().nth(index)).unwrap_or(value.null()),
        }
    })
}

/// Parses an array index, as JavaScript writes it.
pub(crate) fn parse_index(part: &str) -> Option<usize> {
    let is_plain = part == "0" || !part.is_empty() && !part.starts_with('0');
    let mut digits = part.bytes().map(|byte| byte.is_ascii_digit().then_some(usize::from(byte & 15)));
    let index = digits.try_fold(0_usize, |index, digit| Some(index.saturating_mul(10).saturating_add(digit?)));
    index.filter(|_| is_plain)
}

/// Returns whether a value equals the expected one loosely, or satisfies all operators.
fn matches_value(value: Json, expected: Json, ignore_case: bool, context: &TargetingContext) -> bool {
    if has_operators(expected) {
        return expected.members().all(|(operator, operand)| apply(operator.keyword(), value, operand, context));
    }
    match expected.kind() {
        Kind::String if ignore_case => host::eq_ignore_case(&to_string(value), expected.as_text()),
        Kind::String => to_string(value) == expected.as_text(),
        Kind::Number => Some(to_number(value)) == expected.as_number(),
        Kind::True => is_truthy(value),
        Kind::False => value.kind() != Kind::Null && !is_truthy(value),
        _ => value == expected,
    }
}

fn apply(operator: Keyword, value: Json, operand: Json, context: &TargetingContext) -> bool {
    match operator {
        Keyword::Eq => strict_equals(value, operand),
        Keyword::Ne => !strict_equals(value, operand),
        Keyword::Gt | Keyword::Gte | Keyword::Lt | Keyword::Lte => {
            compare(value, operand).is_some_and(|order| satisfies(operator, order))
        }
        Keyword::Veq | Keyword::Vne | Keyword::Vgt | Keyword::Vgte | Keyword::Vlt | Keyword::Vlte => {
            satisfies(operator, version(value).cmp(&version(operand)))
        }
        Keyword::Exists => is_truthy(operand) == (value.kind() != Kind::Null),
        Keyword::In | Keyword::Nin | Keyword::Ini | Keyword::Nini => {
            let ignore_case = matches!(operator, Keyword::Ini | Keyword::Nini);
            operand.kind() == Kind::Array
                && any_item(value, |item| operand.items().any(|listed| is_listed(item, listed, ignore_case)))
                    != matches!(operator, Keyword::Nin | Keyword::Nini)
        }
        Keyword::InGroup | Keyword::NotInGroup => {
            any_item(value, |item| context.segments.contains(operand.as_text(), item)) == (operator == Keyword::InGroup)
        }
        Keyword::AllOf | Keyword::Alli => {
            let ignore_case = operator == Keyword::Alli;
            let has = |expected| value.items().any(|item| matches_value(item, expected, ignore_case, context));
            value.kind() == Kind::Array && operand.kind() == Kind::Array && operand.items().all(has)
        }
        Keyword::Not => !matches_value(value, operand, false, context),
        Keyword::Size => {
            #[expect(clippy::cast_precision_loss, reason = "a document has fewer values")]
            let size = Document::from_number(value.items().count() as f64);
            value.kind() == Kind::Array && matches_value(size.root(), operand, false, context)
        }
        Keyword::ElemMatch => value.items().filter(|item| is_truthy(*item)).any(|item| {
            if has_operators(operand) {
                matches_value(item, operand, false, context)
            } else {
                matches_object(operand, item, context)
            }
        }),
        Keyword::Regex | Keyword::Regexi => {
            let subject = to_string(value);
            host::regex_matches(operand.as_text(), beginning(&subject), operator == Keyword::Regexi)
        }
        Keyword::TypeOf => operand.keyword() == type_of(value),
        _ => false,
    }
}

/// Returns the part of a text that patterns are matched against: whole characters in at most [`MAX_SUBJECT`] bytes.
fn beginning(text: &str) -> &str {
    let end = (0..=MAX_SUBJECT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// Returns whether an order of two values satisfies a comparison operator.
fn satisfies(operator: Keyword, order: Ordering) -> bool {
    match operator {
        Keyword::Veq => order.is_eq(),
        Keyword::Vne => order.is_ne(),
        Keyword::Gt | Keyword::Vgt => order.is_gt(),
        Keyword::Gte | Keyword::Vgte => order.is_ge(),
        Keyword::Lt | Keyword::Vlt => order.is_lt(),
        _ => order.is_le(),
    }
}

/// Returns whether a value, or any item of an array, satisfies a predicate.
fn any_item(value: Json, mut predicate: impl FnMut(Json) -> bool) -> bool {
    if value.kind() == Kind::Array { value.items().any(predicate) } else { predicate(value) }
}

fn is_listed(item: Json, listed: Json, ignore_case: bool) -> bool {
    match (item.as_str(), listed.as_str()) {
        (Some(item), Some(listed)) if ignore_case => host::eq_ignore_case(item, listed),
        _ => strict_equals(item, listed),
    }
}

fn version(value: Json) -> Vec<u8> {
    padded(&if matches!(value.kind(), Kind::String | Kind::Number) { to_string(value) } else { Cow::Borrowed("") })
}

fn type_of(value: Json) -> Keyword {
    match value.kind() {
        Kind::Null => Keyword::Null,
        Kind::True | Kind::False => Keyword::Boolean,
        Kind::Number => Keyword::Number,
        Kind::String => Keyword::String,
        Kind::Array => Keyword::Array,
        Kind::Object => Keyword::Object,
    }
}

#[cfg(test)]
mod tests;
