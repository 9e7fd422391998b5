//! Conflict markers that git leaves in a file that it cannot merge.

use std::fmt;

use canary_runtime::Position;

/// An unresolved merge conflict.
#[derive(Debug, PartialEq)]
pub(crate) struct MergeConflict {
    /// The line of the first marker, from 1.
    line: usize,
}

impl MergeConflict {
    /// Looks for conflict markers in a text that does not parse. Neither JSON nor the YAML around a config has such
    /// lines.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let is_marker = |line: &str| {
            line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line.trim_ascii_end() == "======="
        };
        let index = text.split('\n').position(is_marker)?;
        Some(Self { line: index.saturating_add(1) })
    }

    /// The position of the first marker.
    pub(crate) fn position(&self) -> Position {
        Position { line: self.line, column: 1 }
    }
}

impl fmt::Display for MergeConflict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("found an unresolved merge conflict, expected one of its sides without git's markers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_marker() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> d\n", Some(2)),
            ("a\r\n=======\r\n", Some(2)),
            (">>>>>>> d", Some(1)),
            (" <<<<<<< HEAD\n========\n=======a\n<<<<<<<\n", None),
            ("", None),
        ] {
            assert_eq!(MergeConflict::find(text), line.map(|line| MergeConflict { line }), "{text}");
        }
    }
}
