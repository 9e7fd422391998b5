//! Builds a document from the events of the parser.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, Span, Tag};

use super::{EXPANDED, Entry, Kind};

/// A document that is still being read.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) nodes: Vec<Entry>,
    pub(super) root: Option<usize>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    /// Whether the aliases make it too large.
    pub(super) is_large: bool,
}

/// A collection that is still being read.
#[derive(Debug)]
struct Open {
    index: usize,
    anchor: usize,
    key: Option<usize>,
}

impl Builder {
    pub(super) fn take(&mut self, event: Event<'_>, span: &Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let index = self.add(span, Kind::Scalar(text.into_owned(), style), anchor, tag.as_deref());
                self.anchors.insert(anchor, index);
                self.put(index);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(span, Kind::Sequence(Vec::new()), anchor, tag.as_deref());
            }
            Event::MappingStart(_, anchor, tag) => self.open(span, Kind::Mapping(Vec::new()), anchor, tag.as_deref()),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { index, anchor, .. }) = self.open.pop() {
                    // Known from here on only, so that nothing contains itself.
                    self.anchors.insert(anchor, index);
                    self.put(index);
                }
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).copied();
                let missing = || Kind::Scalar(String::new(), ScalarStyle::Plain);
                let index = known.unwrap_or_else(|| self.add(span, missing(), 0, None));
                self.put(index);
            }
            _ => {}
        }
    }

    fn add(&mut self, span: &Span, kind: Kind, anchor: usize, tag: Option<&Tag>) -> usize {
        let at = |offset: Option<usize>| offset.unwrap_or_default();
        let range = at(span.start.byte_offset())..at(span.end.byte_offset());
        let size = if let Kind::Scalar(text, _) = &kind { text.len().saturating_add(1) } else { 1 };
        self.nodes.push(Entry { kind, range, anchor, tag: tag.cloned().map(Box::new), size });
        self.nodes.len().saturating_sub(1)
    }

    fn open(&mut self, span: &Span, kind: Kind, anchor: usize, tag: Option<&Tag>) {
        let index = self.add(span, kind, anchor, tag);
        self.open.push(Open { index, anchor, key: None });
    }

    fn put(&mut self, child: usize) {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(child);
            return;
        };
        let size = self.nodes.get(child).map_or(0, |entry| entry.size);
        if let Some(entry) = self.nodes.get_mut(parent.index) {
            entry.size = entry.size.saturating_add(size);
            self.is_large |= entry.size > EXPANDED;
        }
        match self.nodes.get_mut(parent.index).map(|entry| &mut entry.kind) {
            Some(Kind::Sequence(items)) => items.push(child),
            Some(Kind::Mapping(entries)) => match parent.key.take() {
                Some(key) => entries.push((key, child)),
                None => parent.key = Some(child),
            },
            _ => {}
        }
    }
}
