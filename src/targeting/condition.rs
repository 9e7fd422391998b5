//! Conditions: who is meant, in the syntax of MongoDB's queries and with the semantics of JavaScript.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::config::validator::Validator;
use crate::diagnostics::expected::Expected;
use crate::encoding::utf8;
use crate::host;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::json::number;
use crate::targeting::coercion::{self, compare, is_identical, is_truthy, text};
use crate::targeting::portable_regex::is_portable;
use crate::targeting::segment::Segments;
use crate::targeting::version::sortable;

/// What a condition is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What is known of the user.
    pub attributes: &'a Document,
    /// The groups that `$inGroup` names.
    pub segments: Segments<'a>,
}

/// Checks that `json` is a condition. In a flag, a regular expression that would not mean the same everywhere is a
/// fault; elsewhere it is a gap, as is an operator that this reader does not know.
pub(crate) fn check<'a>(json: Json<'a>, validator: &mut Validator<'a>) -> bool {
    if json.kind() != Kind::Object {
        return validator.log.reject(json, Expected::Condition);
    }
    json.members().all(|(name, value)| match name.keyword() {
        Keyword::And | Keyword::Or | Keyword::Nor => {
            if value.kind() == Kind::Array {
                value.items().all(|item| check(item, validator))
            } else {
                validator.log.reject(value, Expected::Conditions)
            }
        }
        Keyword::Not => check(value, validator),
        _ => check_value(value, validator),
    })
}

fn check_value<'a>(wanted: Json<'a>, validator: &mut Validator<'a>) -> bool {
    !has_operators(wanted)
        || wanted.members().all(|(name, value)| match name.keyword() {
            Keyword::ElemMatch if !has_operators(value) => check(value, validator),
            Keyword::Not | Keyword::Size | Keyword::ElemMatch => check_value(value, validator),
            Keyword::AllOf | Keyword::Alli => value.items().all(|item| check_value(item, validator)),
            Keyword::Regex | Keyword::Regexi => {
                let portable = value.as_str().is_some_and(is_portable);
                portable || {
                    validator.log.unsupported = validator.log.unsupported.saturating_add(1);
                    validator.log.reject(value, Expected::Pattern);
                    !validator.in_flag() && validator.log.downgrade_last()
                }
            }
            operator => {
                is_operator(operator) || {
                    validator.log.unsupported = validator.log.unsupported.saturating_add(1);
                    validator.log.warn(name, Expected::Operator)
                }
            }
        })
}

/// Whether a word is an operator: they stand together.
fn is_operator(word: Keyword) -> bool {
    (Keyword::Eq as u8..=Keyword::NotInGroup as u8).contains(&(word as u8))
}

/// Whether it is an object of nothing but operators.
fn has_operators(wanted: Json) -> bool {
    let mut names = wanted.members().map(|(name, _)| name.as_text().starts_with('$'));
    names.next() == Some(true) && names.all(|is| is)
}

/// Whether a condition holds for what is asked about.
#[must_use]
pub fn holds(condition: Json, subject: &Subject) -> bool {
    holds_for(condition, subject.attributes.root(), subject)
}

fn holds_for(condition: Json, root: Json, subject: &Subject) -> bool {
    condition.members().all(|(name, value)| match name.keyword() {
        Keyword::And => value.items().all(|item| holds_for(item, root, subject)),
        Keyword::Or => value.items().next().is_none() || value.items().any(|item| holds_for(item, root, subject)),
        Keyword::Nor => value.items().next().is_some() && !value.items().any(|item| holds_for(item, root, subject)),
        Keyword::Not => !holds_for(value, root, subject),
        _ => is(find(root, name.as_text()), value, false, subject),
    })
}

/// What a dotted path leads to; what is missing is null.
fn find<'a>(root: Json<'a>, path: &str) -> Json<'a> {
    path.as_bytes().split(|byte| *byte == b'.').fold(root, |found, part| {
        let part = utf8(part).unwrap_or_default();
        match found.kind() {
            Kind::Object => found.member_named(part),
            _ => index(part).and_then(|index| found.items().nth(index)).unwrap_or(found.null()),
        }
    })
}

/// An array's index, as JavaScript writes it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits alone, and casts saturate")]
fn index(part: &str) -> Option<usize> {
    let (index, length) = number::parse_prefix(part)?;
    let plain = length == part.len() && part.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(index as usize)
}

/// Whether a value is as wanted: equal, or as all operators say.
fn is(value: Json, wanted: Json, fold: bool, subject: &Subject) -> bool {
    if has_operators(wanted) {
        return wanted.members().all(|(operator, wanted)| apply(operator.keyword(), value, wanted, subject));
    }
    match wanted.kind() {
        Kind::String if fold => host::eq_ignore_case(&text(value), wanted.as_text()),
        Kind::String => text(value) == wanted.as_text(),
        Kind::Number => Some(coercion::number(value)) == wanted.as_number(),
        Kind::True => is_truthy(value),
        Kind::False => value.kind() != Kind::Null && !is_truthy(value),
        _ => value == wanted,
    }
}

fn apply(operator: Keyword, value: Json, wanted: Json, subject: &Subject) -> bool {
    match operator {
        Keyword::Eq => is_identical(value, wanted),
        Keyword::Ne => !is_identical(value, wanted),
        Keyword::Gt | Keyword::Gte | Keyword::Lt | Keyword::Lte => {
            compare(value, wanted).is_some_and(|order| is_so(operator, order))
        }
        Keyword::Veq | Keyword::Vne | Keyword::Vgt | Keyword::Vgte | Keyword::Vlt | Keyword::Vlte => {
            is_so(operator, version(value).cmp(&version(wanted)))
        }
        Keyword::Exists => is_truthy(wanted) == (value.kind() != Kind::Null),
        Keyword::In | Keyword::Nin | Keyword::Ini | Keyword::Nini => {
            let fold = matches!(operator, Keyword::Ini | Keyword::Nini);
            wanted.kind() == Kind::Array
                && any(value, |item| wanted.items().any(|wanted| same(item, wanted, fold)))
                    != matches!(operator, Keyword::Nin | Keyword::Nini)
        }
        Keyword::InGroup | Keyword::NotInGroup => {
            any(value, |item| subject.segments.contains(wanted.as_text(), item)) == (operator == Keyword::InGroup)
        }
        Keyword::AllOf | Keyword::Alli => {
            let fold = operator == Keyword::Alli;
            value.kind() == Kind::Array
                && wanted.kind() == Kind::Array
                && wanted.items().all(|wanted| value.items().any(|item| is(item, wanted, fold, subject)))
        }
        Keyword::Not => !is(value, wanted, false, subject),
        Keyword::Size => {
            value.kind() == Kind::Array
                && is(Document::from_integer(value.items().count() as u64).root(), wanted, false, subject)
        }
        Keyword::ElemMatch => value.items().filter(|item| is_truthy(*item)).any(|item| {
            if has_operators(wanted) { is(item, wanted, false, subject) } else { holds_for(wanted, item, subject) }
        }),
        Keyword::Regex | Keyword::Regexi => {
            host::regex_matches(wanted.as_text(), &text(value), operator == Keyword::Regexi)
        }
        Keyword::TypeOf => wanted.keyword() == type_of(value),
        _ => false,
    }
}

/// Whether two values in that order are as an operator says.
fn is_so(operator: Keyword, order: Ordering) -> bool {
    match operator {
        Keyword::Veq => order.is_eq(),
        Keyword::Vne => order.is_ne(),
        Keyword::Gt | Keyword::Vgt => order.is_gt(),
        Keyword::Gte | Keyword::Vgte => order.is_ge(),
        Keyword::Lt | Keyword::Vlt => order.is_lt(),
        _ => order.is_le(),
    }
}

/// Whether a value, or any item of an array, is what is asked for.
fn any(value: Json, mut asked: impl FnMut(Json) -> bool) -> bool {
    if value.kind() == Kind::Array { value.items().any(asked) } else { asked(value) }
}

fn same(a: Json, b: Json, fold: bool) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) if fold => host::eq_ignore_case(a, b),
        _ => is_identical(a, b),
    }
}

fn version(value: Json) -> Vec<u8> {
    sortable(&if matches!(value.kind(), Kind::String | Kind::Number) { text(value) } else { Cow::Borrowed("") })
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
