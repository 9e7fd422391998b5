//! Reading JSON. By hand, because `serde_json` keeps neither places nor both of two equal names, and is four times the
//! code; it is held against this in the tests.

use alloc::string::String;
use alloc::vec::Vec;

use crate::expected::Expected;
use crate::fault::Code;
use crate::json::{Kind, MAX_DEPTH, Node};
use crate::log::Entry;
use crate::number;
use crate::word::Word;

/// What of the text is still to be read, and what has been.
pub(crate) struct Reader {
    /// The text, and behind it the contents of strings with escapes.
    pub(crate) text: String,
    pub(crate) nodes: Vec<Node>,
    at: usize,
    length: usize,
    /// What ends the reading, unless it is a plain error of syntax.
    too_deep: bool,
}

impl Reader {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: String::from(text), nodes: Vec::new(), at: 0, length: text.len(), too_deep: false }
    }

    /// Reads all of it, or tells what is wrong, where, and what was expected.
    pub(crate) fn read(&mut self) -> Option<Entry> {
        let read = self.value(0).is_some();
        self.skip_space();
        if read && self.at == self.length {
            None
        } else if self.too_deep {
            Some(self.entry(Code::Depth, Expected::Shallow))
        } else {
            Some(self.entry(Code::Syntax, Expected::Json))
        }
    }

    fn entry(&self, code: Code, expected: Expected) -> Entry {
        Entry { at: Some(self.at), ..Entry::new(code, expected) }
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
        node.word = Word::of(self.text.get(from..to)?);
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
        self.nodes.push(Node { kind, word: Word::Other, start: start as u32, end: self.at as u32, from: 0, to: 0 });
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
