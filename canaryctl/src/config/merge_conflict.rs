//! What git leaves in a file that it could not merge.

use std::fmt;

/// The first line that git has put in.
#[derive(Debug, PartialEq)]
pub(crate) struct Conflict {
    /// Counted from 1.
    pub(crate) line: usize,
}

impl Conflict {
    /// Looks for it in a text that does not parse: no JSON has such a line, and no YAML around a config.
    pub(crate) fn find(text: &[u8]) -> Option<Self> {
        let is_mark = |line: &[u8]| {
            line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> ") || line.trim_ascii_end() == b"======="
        };
        let index = text.split(|byte| *byte == b'\n').position(is_mark)?;
        Some(Self { line: index.saturating_add(1) })
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an unresolved merge conflict, expected one of its sides without git's marks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_mark() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> d\n", Some(2)),
            ("a\r\n=======\r\n", Some(2)),
            (">>>>>>> d", Some(1)),
            (" <<<<<<< HEAD\n========\n=======a\n<<<<<<<\n", None),
            ("", None),
        ] {
            assert_eq!(Conflict::find(text.as_bytes()), line.map(|line| Conflict { line }), "{text}");
        }
    }
}
