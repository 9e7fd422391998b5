//! What can be wrong, each with a stable code that people can search for.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::text::push_number;

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
    Address,
    /// Past its `EXPIRES_AT`, or with one where the time is not known.
    Expired,
    /// Another top-level key that is malformed.
    Key,
    /// Read, but worth a word.
    Notice,
    /// Neither a cookie nor storage keeps the user's id.
    Storage,
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
            Self::Address => "E113",
            Self::Expired => "E115",
            Self::Key => "E117",
            Self::Notice => "I118",
            Self::Storage => "E301",
        }
    }
}

/// A position in a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in bytes.
    pub column: usize,
}

/// One thing that is wrong: its code, the key, the place where known, and what was expected instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    code: Code,
    parent: &'static str,
    name: String,
    place: Option<Place>,
    expected: &'static str,
}

impl Fault {
    /// A fault of the document, or of one of the runtime's own keys, whose path is `key`.
    #[must_use]
    pub fn new(code: Code, key: &'static str, expected: &'static str) -> Self {
        Self::under(code, key, "", expected)
    }

    /// A fault of the key `name` that an operator chose, after `parent`, as in `FEATURE_FLAGS.`.
    #[must_use]
    pub fn under(code: Code, parent: &'static str, name: &str, expected: &'static str) -> Self {
        Self { code, parent, name: String::from(name), place: None, expected }
    }

    /// The same fault, with its place.
    #[must_use]
    pub fn at_place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The path of the key, as in `FEATURE_FLAGS.new-checkout`; empty for the whole document.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::from(self.parent);
        key.push_str(&self.name);
        key
    }

    /// One line: code, key, place, what was expected. Put together by hand: formatting machinery would double the
    /// browser module.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Vec::from(self.code.as_str());
        line.push(b' ');
        for part in [self.parent, &self.name] {
            // A name from outside keeps to its line, and sends nothing to a terminal.
            line.extend(part.bytes().map(|byte| if byte < b' ' { b'?' } else { byte }));
        }
        if let Some(Place { line: row, column }) = self.place {
            line.extend_from_slice(b"line ");
            push_number(&mut line, row as u64);
            line.extend_from_slice(b", column ");
            push_number(&mut line, column as u64);
        }
        if line.last() != Some(&b' ') {
            line.extend_from_slice(b": ");
        }
        line.extend_from_slice(b"expected ");
        line.extend_from_slice(self.expected.as_bytes());
        String::from_utf8(line).unwrap_or_default()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.line())
    }
}

impl core::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn says_code_key_place_and_what_was_expected() {
        let fault = Fault::new(Code::Percentage, "CANARY_PERCENTAGE", "a number");
        assert_eq!(fault.to_string(), "E109 CANARY_PERCENTAGE: expected a number");
        let placed = Fault::new(Code::Syntax, "", "JSON").at_place(Place { line: 12, column: 3 });
        assert_eq!(placed.to_string(), "E105 line 12, column 3: expected JSON");
        assert_eq!(Fault::under(Code::Notice, "", "a \n\u{1b}[31m", "b").to_string(), "I118 a ??[31m: expected b");
        assert_eq!(Fault::new(Code::Size, "", "less").to_string(), "E106 expected less");
        assert_eq!(
            Fault::under(Code::Flag, "FEATURE_FLAGS.", "a", "b").to_string(),
            "E112 FEATURE_FLAGS.a: expected b"
        );
    }
}
