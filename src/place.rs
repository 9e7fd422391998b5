//! Where in a document something is, for people.

use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Document, Kind};
use crate::number;

/// A position in a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in bytes.
    pub column: usize,
}

impl Document {
    /// The place of a byte.
    #[must_use]
    pub fn place(&self, at: usize) -> Place {
        let before = self.source().as_bytes().get(..at).unwrap_or_default();
        let lines = before.split(|byte| *byte == b'\n');
        let (line, column) = lines.fold((0_usize, 0), |(line, _), last| (line.saturating_add(1), last.len()));
        Place { line, column: column.saturating_add(1) }
    }

    /// The path to what begins at a byte: names after dots, indices in brackets.
    #[must_use]
    pub fn path_to(&self, at: usize) -> String {
        let (mut path, mut node) = (Vec::new(), self.root());
        while node.span().start < at {
            if node.kind() == Kind::Object {
                let Some((name, value)) = node.members().take_while(|(name, _)| name.span().start <= at).last() else { break };
                if !path.is_empty() {
                    path.push(b'.');
                }
                path.extend_from_slice(name.text().as_bytes());
                node = value;
            } else {
                let Some((item, index)) = node.items().zip(0..).take_while(|(item, _)| item.span().start <= at).last() else { break };
                path.push(b'[');
                number::push(&mut path, index);
                path.push(b']');
                node = item;
            }
        }
        String::from_utf8(path).unwrap_or_default()
    }
}
