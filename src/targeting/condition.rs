//! Conditions: who is meant, in the syntax of MongoDB's queries and with the semantics of JavaScript.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::config::validator::Checker;
use crate::diagnostics::expected::Expected;
use crate::host;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Word;
use crate::json::number;
use crate::json::writer::utf8;
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
pub(crate) fn check<'a>(json: Json<'a>, checker: &mut Checker<'a>) -> bool {
    if json.kind() != Kind::Object {
        return checker.log.refuse(json, Expected::Condition);
    }
    json.members().all(|(name, value)| match name.word() {
        Word::And | Word::Or | Word::Nor => {
            if value.kind() == Kind::Array {
                value.items().all(|item| check(item, checker))
            } else {
                checker.log.refuse(value, Expected::Conditions)
            }
        }
        Word::Not => check(value, checker),
        _ => check_value(value, checker),
    })
}

fn check_value<'a>(wanted: Json<'a>, checker: &mut Checker<'a>) -> bool {
    !has_operators(wanted)
        || wanted.members().all(|(name, value)| match name.word() {
            Word::ElemMatch if !has_operators(value) => check(value, checker),
            Word::Not | Word::Size | Word::ElemMatch => check_value(value, checker),
            Word::AllOf | Word::Alli => value.items().all(|item| check_value(item, checker)),
            Word::Regex | Word::Regexi => {
                let portable = value.as_str().is_some_and(is_portable);
                portable || {
                    checker.log.gaps = checker.log.gaps.saturating_add(1);
                    checker.log.refuse(value, Expected::Pattern);
                    !checker.in_flag() && checker.log.as_notice()
                }
            }
            operator => {
                is_operator(operator) || {
                    checker.log.gaps = checker.log.gaps.saturating_add(1);
                    checker.log.notice(name, Expected::Operator)
                }
            }
        })
}

/// Whether a word is an operator: they stand together.
fn is_operator(word: Word) -> bool {
    (Word::Eq as u8..=Word::NotInGroup as u8).contains(&(word as u8))
}

/// Whether it is an object of nothing but operators.
fn has_operators(wanted: Json) -> bool {
    let mut names = wanted.members().map(|(name, _)| name.text().starts_with('$'));
    names.next() == Some(true) && names.all(|is| is)
}

/// Whether a condition holds for what is asked about.
#[must_use]
pub fn holds(condition: Json, subject: &Subject) -> bool {
    holds_for(condition, subject.attributes.root(), subject)
}

fn holds_for(condition: Json, root: Json, subject: &Subject) -> bool {
    condition.members().all(|(name, value)| match name.word() {
        Word::And => value.items().all(|item| holds_for(item, root, subject)),
        Word::Or => value.items().next().is_none() || value.items().any(|item| holds_for(item, root, subject)),
        Word::Nor => value.items().next().is_some() && !value.items().any(|item| holds_for(item, root, subject)),
        Word::Not => !holds_for(value, root, subject),
        _ => is(find(root, name.text()), value, false, subject),
    })
}

/// What a dotted path leads to; what is missing is null.
fn find<'a>(root: Json<'a>, path: &str) -> Json<'a> {
    path.as_bytes().split(|byte| *byte == b'.').fold(root, |found, part| {
        let part = utf8(part).unwrap_or_default();
        match found.kind() {
            Kind::Object => found.find(part),
            _ => index(part).and_then(|index| found.items().nth(index)).unwrap_or(found.nothing()),
        }
    })
}

/// An array's index, as JavaScript writes it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits alone, and casts saturate")]
fn index(part: &str) -> Option<usize> {
    let (index, length) = number::read(part)?;
    let plain = length == part.len() && part.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(index as usize)
}

/// Whether a value is as wanted: equal, or as all operators say.
fn is(value: Json, wanted: Json, fold: bool, subject: &Subject) -> bool {
    if has_operators(wanted) {
        return wanted.members().all(|(operator, wanted)| apply(operator.word(), value, wanted, subject));
    }
    match wanted.kind() {
        Kind::String if fold => host::equals_folded(&text(value), wanted.text()),
        Kind::String => text(value) == wanted.text(),
        Kind::Number => Some(coercion::number(value)) == wanted.as_number(),
        Kind::True => is_truthy(value),
        Kind::False => value.kind() != Kind::Null && !is_truthy(value),
        _ => value == wanted,
    }
}

fn apply(operator: Word, value: Json, wanted: Json, subject: &Subject) -> bool {
    match operator {
        Word::Eq => is_identical(value, wanted),
        Word::Ne => !is_identical(value, wanted),
        Word::Gt | Word::Gte | Word::Lt | Word::Lte => {
            compare(value, wanted).is_some_and(|order| is_so(operator, order))
        }
        Word::Veq | Word::Vne | Word::Vgt | Word::Vgte | Word::Vlt | Word::Vlte => {
            is_so(operator, version(value).cmp(&version(wanted)))
        }
        Word::Exists => is_truthy(wanted) == (value.kind() != Kind::Null),
        Word::In | Word::Nin | Word::Ini | Word::Nini => {
            let fold = matches!(operator, Word::Ini | Word::Nini);
            wanted.kind() == Kind::Array
                && any(value, |item| wanted.items().any(|wanted| same(item, wanted, fold)))
                    != matches!(operator, Word::Nin | Word::Nini)
        }
        Word::InGroup | Word::NotInGroup => {
            any(value, |item| subject.segments.contains(wanted.text(), item)) == (operator == Word::InGroup)
        }
        Word::AllOf | Word::Alli => {
            let fold = operator == Word::Alli;
            value.kind() == Kind::Array
                && wanted.kind() == Kind::Array
                && wanted.items().all(|wanted| value.items().any(|item| is(item, wanted, fold, subject)))
        }
        Word::Not => !is(value, wanted, false, subject),
        Word::Size => {
            value.kind() == Kind::Array
                && Document::number(value.items().count()).is_some_and(|size| is(size.root(), wanted, false, subject))
        }
        Word::ElemMatch => value.items().filter(|item| is_truthy(*item)).any(|item| {
            if has_operators(wanted) { is(item, wanted, false, subject) } else { holds_for(wanted, item, subject) }
        }),
        Word::Regex | Word::Regexi => host::matches(wanted.text(), &text(value), operator == Word::Regexi),
        Word::TypeOf => wanted.word() == type_of(value),
        _ => false,
    }
}

/// Whether two values in that order are as an operator says.
fn is_so(operator: Word, order: Ordering) -> bool {
    match operator {
        Word::Veq => order.is_eq(),
        Word::Vne => order.is_ne(),
        Word::Gt | Word::Vgt => order.is_gt(),
        Word::Gte | Word::Vgte => order.is_ge(),
        Word::Lt | Word::Vlt => order.is_lt(),
        _ => order.is_le(),
    }
}

/// Whether a value, or any item of an array, is what is asked for.
fn any(value: Json, mut asked: impl FnMut(Json) -> bool) -> bool {
    if value.kind() == Kind::Array { value.items().any(asked) } else { asked(value) }
}

fn same(a: Json, b: Json, fold: bool) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) if fold => host::equals_folded(a, b),
        _ => is_identical(a, b),
    }
}

fn version(value: Json) -> Vec<u8> {
    sortable(&if matches!(value.kind(), Kind::String | Kind::Number) { text(value) } else { Cow::Borrowed("") })
}

fn type_of(value: Json) -> Word {
    match value.kind() {
        Kind::Null => Word::Null,
        Kind::True | Kind::False => Word::Boolean,
        Kind::Number => Word::Number,
        Kind::String => Word::String,
        Kind::Array => Word::Array,
        Kind::Object => Word::Object,
    }
}

#[cfg(test)]
mod tests;
