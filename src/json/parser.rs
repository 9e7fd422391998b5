//! Reading JSON. By hand, because `serde_json` keeps neither places nor both of two equal names, and is four times the
//! code; it is held against this in the tests.
#![expect(clippy::cast_possible_truncation, reason = "texts are a mebibyte at most")]

use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnostics::diagnostic::Code;
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::Entry;
use crate::json::document::{Kind, MAX_DEPTH, Node};
use crate::json::keyword::Keyword;
use crate::json::number;

/// What of the text is still to be read, and what has been.
pub(crate) struct Parser {
    /// The text, and behind it the contents of strings with escapes.
    pub(crate) text: String,
    pub(crate) nodes: Vec<Node>,
    at: usize,
    length: usize,
    /// What ends the reading, unless it is a plain error of syntax.
    too_deep: bool,
}

impl Parser {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: String::from(text), nodes: Vec::new(), at: 0, length: text.len(), too_deep: false }
    }

    /// Reads all of it, or tells what is wrong, where, and what was expected.
    pub(crate) fn read(&mut self) -> Option<Entry> {
        if self.value(0).is_some() {
            self.skip_space();
            if self.at == self.length {
                return None;
            }
        }
        let (code, expected) =
            if self.too_deep { (Code::Depth, Expected::Shallow) } else { (Code::Syntax, Expected::Json) };
        Some(Entry { at: Some(self.at), ..Entry::new(code, expected) })
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        self.skip_space();
        let (node, start) = (self.nodes.len(), self.at);
        let kind = match self.peek() {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => return self.string(),
            b't' => Kind::True,
            b'f' => Kind::False,
            b'n' => Kind::Null,
            _ => Kind::Number,
        };
        self.push(kind, start);
        match kind {
            Kind::Object | Kind::Array => self.children(kind, depth)?,
            Kind::True => self.word(b"true")?,
            Kind::False => self.word(b"false")?,
            Kind::Null => self.word(b"null")?,
            _ => self.at = self.at.saturating_add(number::read(self.rest())?.1),
        }
        let (end, behind) = (self.at as u32, self.nodes.len() as u32);
        let node = self.nodes.get_mut(node)?;
        (node.end, node.from) = (end, behind);
        Some(())
    }

    fn children(&mut self, kind: Kind, depth: u32) -> Option<()> {
        self.too_deep = depth >= MAX_DEPTH;
        if self.too_deep {
            return None;
        }
        let end = if kind == Kind::Object { b'}' } else { b']' };
        self.at = self.at.saturating_add(1);
        self.skip_space();
        if self.peek() == end {
            return self.word(&[end]);
        }
        loop {
            if kind == Kind::Object {
                self.skip_space();
                self.string()?;
                self.skip_space();
                self.word(b":")?;
            }
            self.value(depth.saturating_add(1))?;
            self.skip_space();
            if self.peek() == end {
                return self.word(&[end]);
            }
            self.word(b",")?;
        }
    }

    fn string(&mut self) -> Option<()> {
        let start = self.at;
        self.word(b"\"")?;
        // Contents without escapes stay where they are, others go to the end.
        let (mut from, mut to) = (self.at, 0);
        loop {
            let plain = self.rest().bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' ')).count();
            let begin = self.at;
            self.at = self.at.saturating_add(plain);
            if to == 0 && self.peek() == b'"' {
                to = self.at;
                break;
            }
            if to == 0 {
                (from, to) = (self.text.len(), from);
                self.copy(to..self.at);
            } else {
                self.copy(begin..self.at);
            }
            if self.peek() == b'"' {
                to = self.text.len();
                break;
            }
            self.word(b"\\")?;
            let character = self.escaped()?;
            self.text.push(character);
        }
        self.at = self.at.saturating_add(1);
        self.push(Kind::String, start);
        let node = self.nodes.last_mut()?;
        (node.from, node.to) = (from as u32, to as u32);
        node.word = Keyword::of(self.text.get(from..to)?);
        Some(())
    }

    fn copy(&mut self, range: core::ops::Range<usize>) {
        // `extend_from_within`, but for the check that a range of whole characters is one.
        let part = String::from(self.text.get(range).unwrap_or_default());
        self.text.push_str(&part);
    }

    fn escaped(&mut self) -> Option<char> {
        let character = match self.peek() {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            _ => return None,
        };
        self.at = self.at.saturating_add(1);
        Some(character)
    }

    fn unicode(&mut self) -> Option<char> {
        let mut code = self.unit()?;
        if code & 0xFC00 == 0xD800 && self.rest().as_bytes().starts_with(b"\\u") {
            let back = self.at;
            self.at = self.at.saturating_add(1);
            let low = self.unit()?;
            if low & 0xFC00 == 0xDC00 {
                code = ((code & 0x3FF) << 10 | low & 0x3FF).wrapping_add(0x1_0000);
            } else {
                self.at = back;
            }
        }
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Option<u32> {
        self.word(b"u")?;
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.peek()).to_digit(16)?;
            self.at = self.at.saturating_add(1);
        }
        Some(unit)
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.nodes.push(Node { kind, word: Keyword::Other, start: start as u32, end: self.at as u32, from: 0, to: 0 });
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        for byte in word {
            if self.peek() != *byte {
                return None;
            }
            self.at = self.at.saturating_add(1);
        }
        Some(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at = self.at.saturating_add(1);
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..self.length).unwrap_or_default()
    }

    /// The next byte; 0, which is no JSON, at the end.
    fn peek(&self) -> u8 {
        if self.at < self.length { self.text.as_bytes().get(self.at).copied().unwrap_or(0) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::document::Document;
    use std::format;
    use std::string::{String, ToString};

    #[track_caller]
    fn string(text: &str, expected: &str) {
        let document = Document::parse(text).unwrap();
        assert_eq!(document.root().as_str(), Some(expected), "{text}");
        assert_eq!(document.source(), text);
    }

    #[test]
    fn strings_lose_their_escapes() {
        string(r#""""#, "");
        string(r#""a é 👩 ~""#, "a é 👩 ~");
        string(r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t");
        string(r#""\u0041\u00e9\u20AC\u20ac""#, "Aé€€");
        string(r#""a\nb""#, "a\nb");
        string(r#""\u0000""#, "\0");
        string("\"\u{7f}\u{80}\u{2028}\"", "\u{7f}\u{80}\u{2028}");
        let document = Document::parse(r#"["\n", "plain", "\t"]"#).unwrap();
        assert!(document.root().items().map(crate::Json::text).eq(["\n", "plain", "\t"]));
    }

    #[test]
    fn surrogates_become_a_character_or_a_mark() {
        string(r#""\ud83d\ude00""#, "😀");
        string(r#""\uDBFF\uDFFF\uD800\uDC00""#, "\u{10ffff}\u{10000}");
        string(r#""\ud83d""#, "\u{fffd}");
        string(r#""\ude00x""#, "\u{fffd}x");
        string(r#""\ud83d\n""#, "\u{fffd}\n");
        string(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀");
        string(r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}");
        string(r#""\ud83d\u0041""#, "\u{fffd}A");
    }

    #[track_caller]
    fn refused(text: &str, column: usize) {
        let message = format!("E105 line 1, column {column}: expected JSON");
        assert_eq!(Document::parse(text).unwrap_err().to_string(), message, "{text}");
    }

    #[test]
    fn errors_of_syntax_have_their_place() {
        for (text, column) in [
            ("", 1),
            ("  ", 3),
            ("nul", 4),
            ("nulll", 5),
            ("True", 1),
            ("tru e", 4),
            ("'a'", 1),
            ("{", 2),
            ("[", 2),
            ("[1", 3),
            ("[1,", 4),
            ("[1,]", 4),
            ("[,1]", 2),
            ("[1 2]", 4),
            ("[1}", 3),
            ("{\"a\"}", 5),
            ("{\"a\":}", 6),
            ("{\"a\":1,}", 8),
            ("{a:1}", 2),
            ("{1:1}", 2),
            ("{\"a\" 1}", 6),
            ("{\"a\":1 \"b\":2}", 8),
            ("1 2", 3),
            ("[] []", 4),
            ("]", 1),
            ("01", 2),
            ("-", 1),
            ("+1", 1),
            ("1.", 1),
            ("[.5]", 2),
            ("1e999", 1),
            ("NaN", 1),
            ("Infinity", 1),
            ("\"a", 3),
            ("\"\\x\"", 3),
            ("\"\\u12g4\"", 6),
            ("\"\\u123", 7),
            ("\"\\U0041\"", 3),
            ("\"\\ud83d\\u12\"", 12),
            ("\"\n\"", 2),
            ("\"a\tb\"", 3),
            ("\"a\\nb\u{1f}\"", 6),
            ("\"a\\", 4),
            ("/**/1", 1),
            ("[1,//\n2]", 4),
            ("\u{feff}1", 1),
            ("\u{a0}1", 1),
            ("\"\0\"", 2),
            ("\0", 1),
            ("1\0", 2),
            ("é", 1),
            ("[é]", 2),
        ] {
            refused(text, column);
        }
        assert_eq!(
            Document::parse("{\r\n\t\"a\": é}").unwrap_err().to_string(),
            "E105 line 2, column 7: expected JSON"
        );
    }

    #[test]
    fn depth_has_an_end() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth| [open.repeat(depth), String::from("0"), close.repeat(depth)].concat();
            assert!(Document::parse(&nested(64)).is_ok());
            let message = format!("E107 line 1, column {}: expected at most 64 levels of nesting", open.len() * 64 + 1);
            assert_eq!(Document::parse(&nested(65)).unwrap_err().to_string(), message);
            assert_eq!(Document::parse(&open.repeat(100_000)).unwrap_err().to_string(), message);
        }
        let wide = format!("[{}0]", "[],".repeat(1_000));
        assert!(Document::parse(&wide).is_ok());
        // What comes after the last level is judged as ever.
        refused(&["[".repeat(64), String::from("x")].concat(), 65);
    }
}
