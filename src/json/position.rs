//! Line, column and path of a byte in a document, for messages.

use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::push_decimal;
use crate::json::document::{Document, Kind};

/// A position in a text. Line and column are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The number of the line.
    pub line: usize,
    /// The number of the byte in the line.
    pub column: usize,
}

impl Document {
    /// Returns the position of the byte at an offset.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let before = self.source().as_bytes().get(..offset).unwrap_or_default();
        let lines = before.split(|byte| *byte == b'\n');
        let (line, column) = lines.fold((0_usize, 0), |(line, _), last| (line.saturating_add(1), last.len()));
        Position { line, column: column.saturating_add(1) }
    }

    /// Returns the path to the value that begins at an offset: keys after dots, indices in brackets.
    #[must_use]
    pub fn path_to(&self, offset: usize) -> String {
        let (mut path, mut value) = (Vec::new(), self.root());
        while value.span().start < offset {
            if value.kind() == Kind::Object {
                let Some((key, child)) = value.members().take_while(|(key, _)| key.span().start <= offset).last()
                else {
                    break;
                };
                if !path.is_empty() {
                    path.push(b'.');
                }
                path.extend_from_slice(key.as_text().as_bytes());
                value = child;
            } else {
                let Some((item, index)) =
                    value.items().zip(0..).take_while(|(item, _)| item.span().start <= offset).last()
                else {
                    break;
                };
                path.push(b'[');
                push_decimal(&mut path, index);
                path.push(b']');
                value = item;
            }
        }
        String::from_utf8(path).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn positions_count_lines_and_bytes() {
        let document = Document::parse("{\n\n  \"é\": [1,\r\n 2]}").unwrap();
        for (at, line, column) in
            [(0, 1, 1), (1, 1, 2), (2, 2, 1), (3, 3, 1), (5, 3, 3), (13, 3, 11), (15, 3, 13), (16, 4, 1), (20, 4, 5)]
        {
            assert_eq!(document.position(at), Position { line, column }, "{at}");
        }
        assert_eq!(Document::default().position(0), Position { line: 1, column: 1 });
    }

    #[test]
    fn paths_lead_to_keys_and_values() {
        let text = r#" {"a": {"b.c": [1, [true, {"d": null}], "x"]}, "\u0065": 2, "": {"f": {}}} "#;
        let document = Document::parse(text).unwrap();
        for (part, path) in [
            ("{\"a\"", ""),
            ("\"a\"", "a"),
            ("{\"b.c\"", "a"),
            ("\"b.c\"", "a.b.c"),
            ("[1", "a.b.c"),
            ("1,", "a.b.c[0]"),
            ("true", "a.b.c[1][0]"),
            ("null", "a.b.c[1][1].d"),
            ("\"x\"", "a.b.c[2]"),
            ("\"\\u0065", "e"),
            ("2,", "e"),
            ("{\"f\"", ""),
            ("{}", "f"),
        ] {
            assert_eq!(document.path_to(text.find(part).unwrap()), path, "{part}");
        }
        let long = Document::parse(&format!("[{}7]", "0,".repeat(1_234))).unwrap();
        assert_eq!(long.path_to(1 + 2 * 1_234), "[1234]");
    }

    #[test]
    fn every_byte_has_a_position_and_a_path() {
        let text = "{\"a\": [1, {\"b\": \"é\\n\"}],\n \"c\": {}}\n";
        let document = Document::parse(text).unwrap();
        let (mut line, mut column) = (1, 1);
        for (at, byte) in text.bytes().enumerate() {
            assert_eq!(document.position(at), Position { line, column }, "{at}");
            (line, column) = if byte == b'\n' { (line + 1, 1) } else { (line, column + 1) };
            assert!(["", "a", "a[0]", "a[1]", "a[1].b", "c"].contains(&document.path_to(at).as_str()), "{at}");
        }
        assert_eq!(document.path_to(usize::MAX), "c");
    }
}
