//! A diagnostic: a stable code to search for, the key, its position and what was expected.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::encoding::push_decimal;
use crate::json::position::Position;

/// The stable code of a diagnostic. `E` codes reject something, `I` codes only inform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The document begins with `<`, most likely an HTML page that was served with status 200.
    Html = 104,
    /// The document is not JSON, not UTF-8, or truncated.
    Syntax = 105,
    /// The document is larger than 1 MiB.
    Size = 106,
    /// The document is nested deeper than 64 levels.
    Depth = 107,
    /// An object has a key twice.
    Duplicate = 108,
    /// `CANARY_PERCENTAGE` is missing or not a percentage.
    Percentage = 109,
    /// The config needs a newer runtime.
    Schema = 110,
    /// The config has more than 10,000 flags.
    Flags = 111,
    /// A flag is malformed; the others are not affected.
    Flag = 112,
    /// The page may not load an asset's URL.
    AssetUrl = 113,
    /// The config is past its `EXPIRES_AT`, or has one while the time is not known.
    Expired = 115,
    /// Another key is missing or malformed.
    Key = 117,
    /// A part of the config has no effect, or may not have the intended one.
    Notice = 118,
    /// An override in the page's URL is malformed or not allowed.
    Override = 701,
}

impl Code {
    /// Returns the number of the code.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }

    /// Returns the code as it is printed.
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

/// A problem in a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    key: String,
    position: Option<Position>,
    expected: &'static str,
}

impl Diagnostic {
    /// Creates a diagnostic without a position. An empty key stands for the whole document.
    #[must_use]
    pub fn new(code: Code, key: &str, expected: &'static str) -> Self {
        Self { code, key: String::from(key), position: None, expected }
    }

    /// Sets the position.
    #[must_use]
    pub fn with_position(self, position: Option<Position>) -> Self {
        Self { position, ..self }
    }

    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the path of the key, as in `FEATURE_FLAGS.search.rules[0].if`; empty for the whole document.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the position, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Returns what was expected.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// Returns one line with code, key, position and what was expected. It is not formatted by `write!`, which would double
    /// the browser module.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Vec::from(self.code.as_str());
        line.push(b' ');
        // A key may hold control characters, which must not reach a terminal or break the line.
        line.extend(self.key.bytes().map(|byte| if byte < b' ' { b'?' } else { byte }));
        if let Some(Position { line: row, column }) = self.position {
            let has_key = !self.key.is_empty();
            line.extend_from_slice(if has_key { b" (line " } else { b"line " });
            push_decimal(&mut line, row as u64);
            line.extend_from_slice(b", column ");
            push_decimal(&mut line, column as u64);
            if has_key {
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
    fn line_has_code_key_position_and_expectation() {
        let position = Some(Position { line: 12, column: 3 });
        for (diagnostic, line) in [
            (
                Diagnostic::new(Code::Percentage, "CANARY_PERCENTAGE", "a number"),
                "E109 CANARY_PERCENTAGE: expected a number",
            ),
            (
                Diagnostic::new(Code::Flag, "a.b[1]", "x").with_position(position),
                "E112 a.b[1] (line 12, column 3): expected x",
            ),
            (
                Diagnostic::new(Code::Syntax, "", "JSON").with_position(position),
                "E105 line 12, column 3: expected JSON",
            ),
            (Diagnostic::new(Code::Size, "", "less"), "E106 expected less"),
            (Diagnostic::new(Code::Notice, "a \n\u{1b}[31m", "b"), "I118 a ??[31m: expected b"),
        ] {
            assert_eq!(diagnostic.to_string(), line);
        }
    }
}
