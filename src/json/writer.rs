//! A JSON writer without the formatting machinery, which would double the browser module.

use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::{hex_digit, push_decimal};

/// A JSON text that is being written. It adds commas; the caller closes each bracket. An empty name stands for none, as in
/// an array.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Opens an object or an array, as a member if there is a name.
    pub(crate) fn open(&mut self, name: &str, bracket: u8) -> &mut Self {
        self.name(name);
        self.0.push(bracket);
        self
    }

    /// Closes an object or an array.
    pub(crate) fn close(&mut self, bracket: u8) -> &mut Self {
        self.0.push(bracket);
        self
    }

    /// Writes a string, as a member if there is a name.
    pub(crate) fn string(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name);
        self.quote(text);
        self
    }

    /// Writes a string member, or none.
    pub(crate) fn optional_string(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.string(name, text);
        }
        self
    }

    /// Writes a number or `null`.
    pub(crate) fn number(&mut self, name: &str, number: Option<u64>) -> &mut Self {
        self.name(name);
        match number {
            Some(number) => push_decimal(&mut self.0, number),
            None => self.0.extend_from_slice(b"null"),
        }
        self
    }

    /// Writes `true` or `false`.
    pub(crate) fn bool(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// Writes a JSON text unchanged, as a member if there is a name.
    pub(crate) fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// Returns the text.
    #[must_use]
    pub(crate) fn into_string(self) -> String {
        String::from_utf8(self.into_bytes()).unwrap_or_default()
    }

    /// Returns the text as UTF-8.
    #[must_use]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn name(&mut self, name: &str) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[')) {
            self.0.push(b',');
        }
        if !name.is_empty() {
            self.quote(name);
            self.0.push(b':');
        }
    }

    fn quote(&mut self, text: &str) {
        self.0.push(b'"');
        for byte in text.bytes() {
            if byte < b' ' {
                self.0.extend_from_slice(b"\\u00");
                self.0.extend([hex_digit(byte >> 4), hex_digit(byte & 15)]);
            } else {
                if matches!(byte, b'"' | b'\\') {
                    self.0.push(b'\\');
                }
                self.0.push(byte);
            }
        }
        self.0.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_json_parses_the_text() {
        let nasty = "a\"b\\c\n\u{1}\u{1f}é\u{2028}👩‍👧";
        let mut out = Writer::default();
        out.open("", b'{')
            .string("s", nasty)
            .optional_string("absent", None)
            .number("n", Some(u64::MAX))
            .number("none", None);
        out.bool("b", true)
            .open("a", b'[')
            .number("", Some(10))
            .string("", "x")
            .close(b']')
            .raw("raw", "[1.50]")
            .close(b'}');
        let value: serde_json::Value = serde_json::from_str(&out.into_string()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"s": nasty, "n": u64::MAX, "none": null, "b": true, "a": [10, "x"], "raw": [1.5]})
        );
    }

    #[test]
    fn escapes_quotes_backslashes_and_control_characters_only() {
        let mut out = Writer::default();
        out.string("", " \u{1f}~\"\\");
        assert_eq!(out.into_string(), r#"" \u001f~\"\\""#);
    }
}
