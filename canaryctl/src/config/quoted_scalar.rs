//! Quoted scalars, in which characters are escaped and lines folded.

use std::ops::Range;

use crate::config::source_map::SourceMap;

/// The letters after a backslash and the characters that they stand for.
const ESCAPES: [(char, char); 18] = [
    ('"', '"'),
    ('\\', '\\'),
    ('/', '/'),
    ('n', '\n'),
    ('t', '\t'),
    ('\t', '\t'),
    (' ', ' '),
    ('r', '\r'),
    ('b', '\u{8}'),
    ('f', '\u{c}'),
    ('0', '\0'),
    ('a', '\u{7}'),
    ('v', '\u{b}'),
    ('e', '\u{1b}'),
    ('N', '\u{85}'),
    ('_', '\u{a0}'),
    ('L', '\u{2028}'),
    ('P', '\u{2029}'),
];

/// Maps the text of a double-quoted scalar to the file. `range` includes the quotes.
pub(crate) fn double(text: &str, file: &str, range: Range<usize>) -> Option<SourceMap> {
    Reader::new(file, range).read(text, double_escape)
}

/// Maps the text of a single-quoted scalar to the file. `range` includes the quotes.
pub(crate) fn single(text: &str, file: &str, range: Range<usize>) -> Option<SourceMap> {
    Reader::new(file, range).read(text, |rest| rest.starts_with("''").then(|| ("'".to_owned(), 2)))
}

/// Escapes a JSON text for double quotes. JSON has no other characters that need it.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(char),
        }
    }
    out
}

struct Reader<'a> {
    rest: &'a str,
    offset: usize,
    text: String,
    map: SourceMap,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, range: Range<usize>) -> Self {
        let inside = range.start.saturating_add(1)..range.end.saturating_sub(1);
        Self {
            rest: file.get(inside.clone()).unwrap_or_default(),
            offset: inside.start,
            text: String::new(),
            map: SourceMap::default(),
        }
    }

    /// Reads to the end. The YAML parser has read the scalar before: what both agree on is safe to edit.
    fn read(mut self, expected: &str, escape: impl Fn(&str) -> Option<(String, usize)>) -> Option<SourceMap> {
        while let Some(char) = self.rest.chars().next() {
            let (text, length) =
                escape(self.rest).or_else(|| folded(self.rest)).unwrap_or_else(|| (char.to_string(), char.len_utf8()));
            self.take(&text, length);
        }
        (self.text == expected).then_some(self.map)
    }

    fn take(&mut self, text: &str, length: usize) {
        let (start, offset) = (self.text.len(), self.offset);
        self.text.push_str(text);
        self.offset = offset.saturating_add(length);
        self.rest = self.rest.get(length..).unwrap_or_default();
        if !text.is_empty() {
            self.map.push(start..self.text.len(), offset..self.offset);
        }
    }
}

/// The line breaks at the start, with the blanks around them: the first is a space, each further one a line break.
fn folded(rest: &str) -> Option<(String, usize)> {
    let after = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    let length = rest.len().saturating_sub(after.len());
    let breaks = rest.get(..length)?.replace("\r\n", "\n").matches(['\n', '\r']).count();
    match breaks {
        0 => None,
        1 => Some((" ".to_owned(), length)),
        _ => Some(("\n".repeat(breaks.saturating_sub(1)), length)),
    }
}

fn double_escape(rest: &str) -> Option<(String, usize)> {
    let escaped = rest.strip_prefix('\\')?;
    let kind = escaped.chars().next()?;
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        '\n' | '\r' => {
            let (breaks, length) = folded(escaped)?;
            return Some((breaks.trim_start_matches(' ').to_owned(), length.saturating_add(1)));
        }
        _ => {
            let (_, char) = ESCAPES.into_iter().find(|(letter, _)| *letter == kind)?;
            return Some((char.to_string(), 2));
        }
    };
    let code = hexadecimal(escaped, digits)?;
    let length = digits.saturating_add(2);
    if let Some(char) = char::from_u32(code) {
        return Some((char.to_string(), length));
    }
    // JSON, which is YAML too, writes a character beyond the first 65,536 as two halves.
    let low = hexadecimal(rest.get(length..)?.strip_prefix('\\')?, 4)?;
    let pair = [u16::try_from(code).ok()?, u16::try_from(low).ok()?];
    let char = char::decode_utf16(pair).next()?.ok()?;
    Some((char.to_string(), length.saturating_mul(2)))
}

/// The number after the letter of an escape.
fn hexadecimal(escaped: &str, digits: usize) -> Option<u32> {
    u32::from_str_radix(escaped.get(1..)?.get(..digits)?, 16).ok()
}
