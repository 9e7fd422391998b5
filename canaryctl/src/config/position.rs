//! Positions in a text, and the byte order mark that a text may begin with.

use canary_runtime::Position;

/// The byte order mark. No editor shows it, so it takes no column.
const MARK: char = '\u{feff}';

/// The text without a byte order mark.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// How many bytes a byte order mark takes at the start of the text.
pub(crate) fn mark_len(text: &str) -> usize {
    text.len().saturating_sub(without_mark(text).len())
}

/// The position of the byte at an offset: line and column from 1, columns in bytes.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(mark_len(text), |end| end.saturating_add(1));
    Position { line, column: before.len().saturating_sub(start).saturating_add(1) }
}

/// The offset of a position; the end of the text where the text ends before it.
pub(crate) fn offset(text: &str, position: Position) -> usize {
    let lines = text.split_inclusive('\n').take(position.line.saturating_sub(1));
    let start = lines.map(str::len).sum::<usize>().max(if position.line > 1 { 0 } else { mark_len(text) });
    start.saturating_add(position.column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, at: usize, line: usize, column: usize) {
        let found = position(text, at);
        assert_eq!(found, Position { line, column }, "{text:?} {at}");
        assert_eq!(offset(text, found), at, "{text:?} {at}");
    }

    #[test]
    fn positions_count_lines_and_bytes() {
        for (at, line, column) in [(0, 1, 1), (1, 1, 2), (2, 2, 1), (4, 2, 3), (5, 3, 1)] {
            check("a\né\n", at, line, column);
        }
        assert_eq!(position("a", 9), Position { line: 1, column: 2 });
        assert_eq!(offset("a\n", Position { line: 9, column: 1 }), 2);
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        check("\u{feff}{", 3, 1, 1);
        check("\u{feff}{\n}", 5, 2, 1);
        assert_eq!((without_mark("\u{feff}a"), without_mark("a"), mark_len("a")), ("a", "a", 0));
    }
}
