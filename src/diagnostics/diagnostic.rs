//! What can be wrong, each with a stable code that people can search for.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::encoding::push_decimal;
use crate::json::position::Position;

/// The stable code of a fault. `E` means that something was refused, `I` that something was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The document begins with `<`: most likely a web page that came with status 200.
    Html,
    /// Not JSON, not UTF-8, or cut off.
    Syntax,
    /// Larger than 1 MiB.
    Size,
    /// Nested deeper than 64 levels.
    Depth,
    /// A key that occurs twice in one object.
    Duplicate,
    /// `CANARY_PERCENTAGE` is missing or no percentage.
    Percentage,
    /// Written for a newer reader.
    Schema,
    /// More than 10,000 flags.
    Flags,
    /// A flag that cannot be read; the others hold.
    Flag,
    /// An asset's address that the page may not load.
    AssetUrl,
    /// Past its `EXPIRES_AT`, or with one where the time is not known.
    Expired,
    /// Another top-level key that is malformed.
    Key,
    /// Read, but worth a word.
    Notice,
    /// An override in the page's address that is none, or is not allowed.
    Override,
}

impl Code {
    /// The code as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "E104",
            Self::Syntax => "E105",
            Self::Size => "E106",
            Self::Depth => "E107",
            Self::Duplicate => "E108",
            Self::Percentage => "E109",
            Self::Schema => "E110",
            Self::Flags => "E111",
            Self::Flag => "E112",
            Self::AssetUrl => "E113",
            Self::Expired => "E115",
            Self::Key => "E117",
            Self::Notice => "I118",
            Self::Override => "E701",
        }
    }
}

/// One thing that is wrong: its code, the key, the place where known, and what was expected instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    key: String,
    place: Option<Position>,
    expected: &'static str,
}

impl Diagnostic {
    /// A fault of no place in particular: of a key, or of everything where that is empty.
    #[must_use]
    pub fn new(code: Code, key: &str, expected: &'static str) -> Self {
        Self::found(code, key, None, expected)
    }

    /// A fault that was found somewhere.
    #[must_use]
    pub fn found(code: Code, key: &str, place: Option<Position>, expected: &'static str) -> Self {
        Self { code, key: String::from(key), place, expected }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The path of the key, as in `FEATURE_FLAGS.search.rules[0].if`; empty for the whole document.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The place, where there is one.
    #[must_use]
    pub fn place(&self) -> Option<Position> {
        self.place
    }

    /// What was expected.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// One line: code, key, place, what was expected. Put together by hand: formatting machinery would double the
    /// browser module.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Vec::from(self.code.as_str());
        line.push(b' ');
        // A name from outside keeps to its line, and sends nothing to a terminal.
        line.extend(self.key.bytes().map(|byte| if byte < b' ' { b'?' } else { byte }));
        if let Some(Position { line: row, column }) = self.place {
            let named = !self.key.is_empty();
            line.extend_from_slice(if named { b" (line " } else { b"line " });
            push_decimal(&mut line, row as u64);
            line.extend_from_slice(b", column ");
            push_decimal(&mut line, column as u64);
            if named {
                line.push(b')');
            }
        }
        if line.last() != Some(&b' ') {
            line.extend_from_slice(b": ");
        }
        line.extend_from_slice(b"expected ");
        line.extend_from_slice(self.expected.as_bytes());
        String::from_utf8(line).unwrap_or_default()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.line())
    }
}

impl core::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn says_code_key_place_and_what_was_expected() {
        let place = Some(Position { line: 12, column: 3 });
        for (fault, line) in [
            (
                Diagnostic::new(Code::Percentage, "CANARY_PERCENTAGE", "a number"),
                "E109 CANARY_PERCENTAGE: expected a number",
            ),
            (Diagnostic::found(Code::Flag, "a.b[1]", place, "x"), "E112 a.b[1] (line 12, column 3): expected x"),
            (Diagnostic::found(Code::Syntax, "", place, "JSON"), "E105 line 12, column 3: expected JSON"),
            (Diagnostic::new(Code::Size, "", "less"), "E106 expected less"),
            (Diagnostic::new(Code::Notice, "a \n\u{1b}[31m", "b"), "I118 a ??[31m: expected b"),
        ] {
            assert_eq!(fault.to_string(), line);
        }
    }
}
