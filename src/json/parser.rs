//! A JSON parser, and the errors that it finds.
//!
//! `serde_json` keeps neither positions nor duplicate keys, and is four times the code. The tests compare the two.
#![expect(clippy::cast_possible_truncation, reason = "a config is a mebibyte at most")]

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::json::document::{Document, Kind, Node};
use crate::json::keyword::Keyword;
use crate::json::number;

/// The deepest nesting of arrays and objects, long before the stack overflows.
const MAX_DEPTH: u32 = 64;

/// The kind of a [`ParseError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// The text is not JSON.
    Syntax,
    /// Arrays and objects are nested deeper than 64 levels.
    TooDeep,
    /// An object has a key twice.
    DuplicateKey,
}

/// The first error in a JSON text.
#[derive(Clone, Debug)]
pub struct ParseError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ParseErrorKind,
    /// Where parsing stopped.
    offset: usize,
    document: Document,
}

impl Document {
    /// Parses a JSON text. An escaped surrogate without its other half becomes U+FFFD, as in `TextEncoder`.
    ///
    /// # Errors
    ///
    /// The first error. A syntax error anywhere comes before a duplicate key.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser::new(text);
        let syntax_error = parser.parse();
        let Parser { text: contents, offset, nodes, .. } = parser;
        let document = Self::new(contents, text.len(), nodes);
        let kind = syntax_error.or_else(|| document.has_duplicate_key().then_some(ParseErrorKind::DuplicateKey));
        match kind {
            Some(kind) => Err(ParseError(Box::new(Inner { kind, offset, document }))),
            None => Ok(document),
        }
    }
}

impl ParseError {
    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ParseErrorKind {
        self.0.kind
    }

    /// Returns the offset of the error in bytes: where the syntax breaks, or of the key that repeats another.
    #[must_use]
    pub fn offset(&self) -> usize {
        // Finding the key takes more code than noticing that there is one, so the module that decides leaves it out.
        let duplicate = (self.0.kind == ParseErrorKind::DuplicateKey).then(|| self.0.document.duplicate_key_offset());
        duplicate.flatten().unwrap_or(self.0.offset)
    }

    /// Returns the offset of the error, and the document, which has no nodes if the syntax is broken.
    pub(crate) fn into_parts(self) -> (usize, Document) {
        (self.offset(), self.0.document)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0.kind {
            ParseErrorKind::Syntax => "invalid JSON",
            ParseErrorKind::TooDeep => "JSON nested deeper than 64 levels",
            ParseErrorKind::DuplicateKey => "duplicate key in JSON",
        };
        write!(out, "{text} at byte {}", self.offset())
    }
}

impl core::error::Error for ParseError {}

struct Parser {
    /// The source, followed by the contents of strings with escapes.
    text: String,
    nodes: Vec<Node>,
    /// The offset of the next byte.
    offset: usize,
    source_length: usize,
    too_deep: bool,
}

impl Parser {
    fn new(text: &str) -> Self {
        Self { text: String::from(text), nodes: Vec::new(), offset: 0, source_length: text.len(), too_deep: false }
    }

    /// Parses the whole text. After an error, the offset is that of the error.
    fn parse(&mut self) -> Option<ParseErrorKind> {
        if self.value(0).is_some() {
            self.skip_whitespace();
            if self.offset == self.source_length {
                return None;
            }
        }
        // The nodes before a syntax error are not a tree, so no path leads to them.
        self.nodes.clear();
        Some(if self.too_deep { ParseErrorKind::TooDeep } else { ParseErrorKind::Syntax })
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        self.skip_whitespace();
        let (index, start) = (self.nodes.len(), self.offset);
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
        let mut number = 0.0;
        match kind {
            Kind::Object | Kind::Array => self.children(kind, depth)?,
            Kind::True => self.expect(b"true")?,
            Kind::False => self.expect(b"false")?,
            Kind::Null => self.expect(b"null")?,
            _ => {
                let (value, length) = number::parse_prefix(self.rest())?;
                number = value;
                self.offset = self.offset.saturating_add(length);
            }
        }
        let (end, next) = (self.offset as u32, self.nodes.len() as u32);
        let node = self.nodes.get_mut(index)?;
        (node.end, node.next) = (end, next);
        node.set_number(number);
        Some(())
    }

    fn children(&mut self, kind: Kind, depth: u32) -> Option<()> {
        self.too_deep = depth >= MAX_DEPTH;
        if self.too_deep {
            return None;
        }
        let end = if kind == Kind::Object { b'}' } else { b']' };
        self.offset = self.offset.saturating_add(1);
        self.skip_whitespace();
        if self.peek() == end {
            return self.expect(&[end]);
        }
        loop {
            if kind == Kind::Object {
                self.skip_whitespace();
                self.string()?;
                self.skip_whitespace();
                self.expect(b":")?;
            }
            self.value(depth.saturating_add(1))?;
            self.skip_whitespace();
            if self.peek() == end {
                return self.expect(&[end]);
            }
            self.expect(b",")?;
        }
    }

    fn string(&mut self) -> Option<()> {
        let start = self.offset;
        self.expect(b"\"")?;
        // A string without escapes refers to the source, any other to a copy after it.
        let (mut content_start, mut content_end) = (self.offset, 0);
        loop {
            let plain = self.rest().bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' ')).count();
            let begin = self.offset;
            self.offset = self.offset.saturating_add(plain);
            if content_end == 0 && self.peek() == b'"' {
                content_end = self.offset;
                break;
            }
            if content_end == 0 {
                (content_start, content_end) = (self.text.len(), content_start);
                self.copy(content_end..self.offset);
            } else {
                self.copy(begin..self.offset);
            }
            if self.peek() == b'"' {
                content_end = self.text.len();
                break;
            }
            self.expect(b"\\")?;
            let character = self.escape()?;
            self.text.push(character);
        }
        self.offset = self.offset.saturating_add(1);
        self.push(Kind::String, start);
        let next = self.nodes.len() as u32;
        let node = self.nodes.last_mut()?;
        (node.next, node.content) = (next, (content_start as u32, content_end as u32));
        node.keyword = Keyword::parse(self.text.get(content_start..content_end)?);
        Some(())
    }

    fn copy(&mut self, range: core::ops::Range<usize>) {
        // `extend_from_within` without its check for character boundaries.
        let part = String::from(self.text.get(range).unwrap_or_default());
        self.text.push_str(&part);
    }

    fn escape(&mut self) -> Option<char> {
        let character = match self.peek() {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            _ => return None,
        };
        self.offset = self.offset.saturating_add(1);
        Some(character)
    }

    fn unicode_escape(&mut self) -> Option<char> {
        let mut code = self.code_unit()?;
        if code & 0xFC00 == 0xD800 && self.rest().as_bytes().starts_with(b"\\u") {
            let before = self.offset;
            self.offset = self.offset.saturating_add(1);
            let low = self.code_unit()?;
            if low & 0xFC00 == 0xDC00 {
                code = ((code & 0x3FF) << 10 | low & 0x3FF).wrapping_add(0x1_0000);
            } else {
                self.offset = before;
            }
        }
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn code_unit(&mut self) -> Option<u32> {
        self.expect(b"u")?;
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.peek()).to_digit(16)?;
            self.offset = self.offset.saturating_add(1);
        }
        Some(unit)
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let (start, end) = (start as u32, self.offset as u32);
        self.nodes.push(Node { kind, start, end, ..Node::NULL });
    }

    fn expect(&mut self, token: &[u8]) -> Option<()> {
        for byte in token {
            if self.peek() != *byte {
                return None;
            }
            self.offset = self.offset.saturating_add(1);
        }
        Some(())
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.offset = self.offset.saturating_add(1);
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.offset..self.source_length).unwrap_or_default()
    }

    /// Returns the next byte, or 0 at the end, which no JSON text contains.
    fn peek(&self) -> u8 {
        if self.offset < self.source_length { self.text.as_bytes().get(self.offset).copied().unwrap_or(0) } else { 0 }
    }
}

#[cfg(test)]
mod tests;
