//! The wire model: JSON as it was typed, in the order it was typed, within limits.
//!
//! `serde_json` reads; the tree is our own because its `Value` silently keeps the last of duplicate keys.

use alloc::borrow::ToOwned;
use alloc::collections::BinaryHeap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::fault::{Code, Fault, Place};
use crate::text::Writer;

/// How deep arrays and objects may nest, long before a stack is in danger.
pub const MAX_DEPTH: u32 = 64;

/// A JSON value; the members of an object keep their order and have different names.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number, as the double that JavaScript would read.
    Number(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one JSON document.
    ///
    /// # Errors
    ///
    /// [`Code::Syntax`] and [`Code::Depth`] with the place, [`Code::Duplicate`] with the key.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        check_depth(text)?;
        let duplicate = Cell::new(None);
        let mut reader = serde_json::Deserializer::from_str(text);
        let json = Node(&duplicate).deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
        match (json, duplicate.take()) {
            (_, Some(name)) => Err(Fault::under(Code::Duplicate, "", &name, "every key once")),
            (Ok(json), None) => Ok(json),
            (Err(error), None) => {
                let place = Place { line: error.line(), column: error.column() };
                Err(Fault::new(Code::Syntax, "", "JSON").at_place(place))
            }
        }
    }

    /// Takes a member out of an object, where `null` stays behind.
    pub fn take(&mut self, name: &str) -> Option<Self> {
        let Self::Object(members) = self else { return None };
        members.iter_mut().find(|(key, _)| key == name).map(|(_, value)| core::mem::replace(value, Self::Null))
    }

    /// A member of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Writes what was typed as the member `name`, but for numbers, `true`, `false` and `null`, which are left out.
    pub fn write(&self, out: &mut Writer, name: &str) {
        match self {
            Self::String(text) => {
                out.string(name, text);
            }
            Self::Array(items) => {
                out.open(name, b'[');
                for item in items {
                    item.write(out, "");
                }
                out.close(b']');
            }
            Self::Object(members) => {
                out.open(name, b'{');
                for (name, value) in members {
                    value.write(out, name);
                }
                out.close(b'}');
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if it is an integer from 0 to 2^53 - 1, which doubles hold exactly.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, clippy::float_cmp)]
    pub fn as_integer(&self) -> Option<u64> {
        let Self::Number(number) = *self else { return None };
        let integer = number as u64;
        (integer as f64 == number && integer < 1 << 53).then_some(integer)
    }
}

/// Finds the first bracket that is nested too deep, ahead of the reader, which would call it a syntax error.
fn check_depth(text: &str) -> Result<(), Fault> {
    let (mut depth, mut place) = (0_u32, Place { line: 1, column: 0 });
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        place.column = place.column.saturating_add(1);
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'\n' => place = Place { line: place.line.saturating_add(1), column: 0 },
            b'[' | b'{' if !quoted => depth = depth.saturating_add(1),
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Fault::new(Code::Depth, "", "at most 64 levels of nesting").at_place(place));
        }
    }
    Ok(())
}

/// The names of an object in alphabetical order, with their indices. A heap, because sorting by it is a tenth of the
/// code of a sort, and never quadratic.
pub(crate) fn sorted_names(object: &[(String, Json)]) -> Vec<(&str, usize)> {
    let names: BinaryHeap<_> = object.iter().enumerate().map(|(index, (name, _))| (name.as_str(), index)).collect();
    names.into_sorted_vec()
}

/// One value to be read. A name that occurs twice goes to the cell: an error of serde's would need its formatting.
#[derive(Clone, Copy)]
struct Node<'a>(&'a Cell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles, as in JavaScript")]
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles, as in JavaScript")]
    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            object.push((name, members.next_value_seed(self)?));
        }
        let twice = sorted_names(&object).array_windows().find_map(|[a, b]| (a.0 == b.0).then(|| a.0.to_owned()));
        if twice.is_some() {
            self.0.set(twice);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[track_caller]
    fn code(text: &str) -> Code {
        Json::parse(text).unwrap_err().code()
    }

    #[test]
    fn keeps_order() {
        let Json::Object(members) = Json::parse(r#"{"b": 1, "a": [null, true, "x", -2.5]}"#).unwrap() else { panic!() };
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn finds_duplicates_at_any_depth() {
        let fault = Json::parse("{\"a\": [{\"b\": 1,\n \"b\": 2}]}").unwrap_err();
        assert_eq!(fault.line(), "E108 b: expected every key once");
        assert_eq!(code(r#"{"a": 1, "\u0061": 2}"#), Code::Duplicate);
    }

    #[test]
    fn stops_at_64_levels() {
        assert!(Json::parse(&format!("{}{}", "[".repeat(64), "]".repeat(64))).is_ok());
        assert_eq!(code(&format!("{}{}", "[".repeat(65), "]".repeat(65))), Code::Depth);
        assert_eq!(code(&"{\"a\":".repeat(100_000)), Code::Depth);
    }

    #[test]
    fn brackets_in_strings_are_no_levels() {
        let brackets = "[{".repeat(65);
        for text in [format!("\"{brackets}\""), format!("\"\\\"{brackets}\""), format!("[\"\\\\\", \"{brackets}\"]")] {
            assert!(Json::parse(&text).is_ok(), "{text}");
        }
        // The brackets of strings close nothing either, and what follows a string counts again.
        let closing = "]".repeat(65);
        assert_eq!(code(&format!("[\"{closing}\", {}", "[".repeat(64))), Code::Depth);
    }

    #[test]
    fn names_the_place_of_the_level_too_deep() {
        let fault = Json::parse(&format!("{}\n {}", "[".repeat(60), "[".repeat(5))).unwrap_err();
        assert_eq!(fault.line(), "E107 line 2, column 6: expected at most 64 levels of nesting");
        let siblings = format!("[{}[]]", "[[]],".repeat(100));
        assert!(Json::parse(&siblings).is_ok());
    }

    #[test]
    fn names_the_place_of_a_syntax_error() {
        let fault = Json::parse("{\n  \"a\": }").unwrap_err();
        assert_eq!(fault.line(), "E105 line 2, column 8: expected JSON");
        assert_eq!(code("{} x"), Code::Syntax);
        assert_eq!(code(""), Code::Syntax);
        assert_eq!(code("[1e999]"), Code::Syntax);
    }

    #[test]
    fn integers_are_exact() {
        assert_eq!(Json::Number(3.0).as_integer(), Some(3));
        for number in [-1.0, 0.5, 9_007_199_254_740_992.0, f64::NAN] {
            assert_eq!(Json::Number(number).as_integer(), None);
        }
    }
}
