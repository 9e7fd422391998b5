//! A map from the bytes of a text to the bytes of the file that they are written as.

use std::ops::Range;

/// Pieces of a text, in order, and the bytes of the file for each.
#[derive(Debug, Default)]
pub(crate) struct SourceMap(Vec<Piece>);

#[derive(Debug)]
struct Piece {
    text: Range<usize>,
    file: Range<usize>,
}

impl SourceMap {
    /// Adds the next piece. A piece of the same length in both is verbatim. Any other is an escape or folded blanks,
    /// which are only ever replaced as a whole.
    pub(crate) fn push(&mut self, text: Range<usize>, file: Range<usize>) {
        match self.0.last_mut() {
            Some(last) if last.is_verbatim() && text.len() == file.len() && last.file.end == file.start => {
                last.text.end = text.end;
                last.file.end = file.end;
            }
            _ => self.0.push(Piece { text, file }),
        }
    }

    /// The bytes of the file for a piece of the text, and nothing else: neither the indentation before it nor a line
    /// break after it.
    pub(crate) fn locate(&self, range: &Range<usize>) -> Range<usize> {
        let end = self.piece(range.end.saturating_sub(1)).map_or(0, |piece| piece.end(range.end));
        let start =
            if range.is_empty() { end } else { self.piece(range.start).map_or(end, |it| it.start(range.start)) };
        start..end
    }

    /// The piece with a byte of the text.
    fn piece(&self, offset: usize) -> Option<&Piece> {
        let after = self.0.partition_point(|piece| piece.text.start <= offset);
        self.0.get(after.saturating_sub(1))
    }
}

impl Piece {
    fn is_verbatim(&self) -> bool {
        self.text.len() == self.file.len()
    }

    fn start(&self, offset: usize) -> usize {
        let inside = if self.is_verbatim() { offset.saturating_sub(self.text.start) } else { 0 };
        self.file.start.saturating_add(inside)
    }

    fn end(&self, offset: usize) -> usize {
        let inside = if self.is_verbatim() { offset.saturating_sub(self.text.start) } else { self.file.len() };
        self.file.start.saturating_add(inside)
    }
}
