//! The input of a call to the engine.

use alloc::vec::Vec;

use crate::encoding::utf8;
use crate::json::document::Document;

/// The values that a call takes, in the form of [`Document::append`].
#[derive(Debug)]
pub(super) struct Input {
    pub(super) nodes: Vec<u32>,
    pub(super) text: Vec<u8>,
}

impl Input {
    /// Creates an input without values.
    pub(super) const fn new() -> Self {
        Self { nodes: Vec::new(), text: Vec::new() }
    }

    /// Makes room for values.
    pub(super) fn resize(&mut self, numbers: usize, bytes: usize) {
        self.nodes.resize(numbers, 0);
        self.text.resize(bytes, 0);
    }

    /// Appends the values to a document, without the last numbers and the first bytes. Returns the index of the first value.
    pub(super) fn append_to(&self, document: &mut Document, skipped_numbers: usize, skipped_bytes: usize) -> u32 {
        let length = self.nodes.len().saturating_sub(skipped_numbers);
        let nodes = self.nodes.get(..length).unwrap_or_default().as_chunks().0;
        let text = utf8(self.text.get(skipped_bytes..).unwrap_or_default());
        document.append(nodes, text.unwrap_or_default())
    }

    /// Returns the first bytes of the text.
    pub(super) fn prefix(&self, length: usize) -> &[u8] {
        self.text.get(..length).unwrap_or_default()
    }
}
