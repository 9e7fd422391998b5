//! A YAML stream as trees of nodes that know their position.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use canary_runtime::Position;
use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::config::merge_conflict::MergeConflict;
use crate::config::position::position;

/// One document of a stream. Its nodes are in a list, so nothing recurses, whatever is read.
#[derive(Debug)]
pub(crate) struct Tree {
    source: Rc<str>,
    nodes: Vec<Entry>,
    root: usize,
    /// The position of the source's first byte in a file, where the source is itself a text in a document. All its
    /// lines are indented alike.
    inside: Option<Position>,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    /// The bytes of a scalar, quotes included; a block begins with its first line that is not blank.
    range: Range<usize>,
    /// 0 without an anchor.
    anchor: usize,
    tag: Option<Tag>,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Scalar(String, ScalarStyle),
    Sequence(Vec<usize>),
    Mapping(Vec<(usize, usize)>),
}

/// A node of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    tree: &'a Tree,
    index: usize,
}

/// A scalar and the way it is written.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// Its value.
    pub(crate) text: String,
    /// The way it is written.
    pub(crate) style: ScalarStyle,
    /// The bytes that it takes in the file, quotes included; a block begins with its first line that is not blank.
    pub(crate) range: Range<usize>,
    /// Whether it has an anchor, so that aliases may share it.
    pub(crate) is_shared: bool,
}

/// A text that is not YAML: the position and the reason.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) position: Position,
    pub(crate) reason: String,
}

impl SyntaxError {
    fn new(source: &str, error: &ScanError) -> Self {
        match MergeConflict::find(source) {
            Some(conflict) => Self { position: conflict.position(), reason: conflict.to_string() },
            None => Self {
                position: position(source, error.marker().byte_offset().unwrap_or_default()),
                reason: error.info().clone(),
            },
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How many streams this thread has parsed.
    pub(crate) static PARSED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Tree {
    /// Parses all documents of a stream.
    pub(crate) fn parse_all(source: &str) -> Result<Vec<Self>, SyntaxError> {
        #[cfg(test)]
        PARSED.set(PARSED.get().saturating_add(1));
        let source: Rc<str> = source.into();
        let mut options = Options::default();
        // Whether the parser emits comments must not depend on the features that another crate switches on.
        options.emit_comments = false;
        let mut documents = Vec::new();
        let mut builder = Builder::default();
        for event in Parser::new_from_str_with_options(&source, options) {
            let (event, span) = event.map_err(|error| SyntaxError::new(&source, &error))?;
            if matches!(event, Event::DocumentEnd) {
                let Builder { nodes, root, .. } = std::mem::take(&mut builder);
                documents.extend(root.map(|root| Self { source: Rc::clone(&source), nodes, root, inside: None }));
            } else {
                builder.take(event, &span);
            }
        }
        Ok(documents)
    }

    /// Parses the text of a node as documents of their own, with positions in the node's file.
    pub(crate) fn parse_inside(node: Node<'_>) -> Vec<Self> {
        let mut trees = Self::parse_all(node.text().unwrap_or_default()).unwrap_or_default();
        let inside = node.block().unwrap_or_else(|| node.position());
        for tree in &mut trees {
            tree.inside = Some(inside);
        }
        trees
    }

    /// The outermost node.
    pub(crate) fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// A node by its index.
    pub(crate) fn node(&self, index: usize) -> Node<'_> {
        Node { tree: self, index }
    }
}

/// Whether two streams are the same but for one scalar at most, which has the same style, no anchor and no other tag.
pub(crate) fn differ_in_one_scalar(a: &[Tree], b: &[Tree]) -> bool {
    let nodes = |trees: &[Tree]| trees.iter().map(|tree| tree.nodes.len()).collect::<Vec<_>>();
    if nodes(a) != nodes(b) {
        return false;
    }
    let mut differences = 0_usize;
    for (a, b) in a.iter().zip(b).flat_map(|(a, b)| a.nodes.iter().zip(&b.nodes)) {
        if (&a.tag, a.anchor) != (&b.tag, b.anchor) {
            return false;
        }
        match (&a.kind, &b.kind) {
            (one, other) if one == other => {}
            (Kind::Scalar(_, one), Kind::Scalar(_, other)) if one == other && a.anchor == 0 => {
                differences = differences.saturating_add(1);
            }
            _ => return false,
        }
    }
    differences <= 1
}

impl<'a> Node<'a> {
    fn entry(self) -> Option<&'a Entry> {
        self.tree.nodes.get(self.index)
    }

    fn kind(self) -> Option<&'a Kind> {
        self.entry().map(|entry| &entry.kind)
    }

    /// The index by which its document finds it again.
    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// The text of a scalar; nothing for null.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self.kind()? {
            Kind::Scalar(text, ScalarStyle::Plain) if matches!(text.as_str(), "" | "~" | "null") => None,
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The scalar and the way it is written.
    pub(crate) fn scalar(self) -> Option<Scalar> {
        let Entry { kind: Kind::Scalar(text, style), range, anchor, .. } = self.entry()? else { return None };
        Some(Scalar { text: text.clone(), style: *style, range: range.clone(), is_shared: *anchor != 0 })
    }

    /// Whether it is `true`.
    pub(crate) fn is_true(self) -> bool {
        self.text() == Some("true")
    }

    /// The value of a key, merged keys (`<<`) included.
    pub(crate) fn get(self, key: &str) -> Option<Node<'a>> {
        self.own(key).or_else(|| {
            let merged = self.own("<<")?;
            merged.own(key).or_else(|| merged.items().find_map(|map| map.own(key)))
        })
    }

    /// The value at a path of keys.
    pub(crate) fn at(self, path: &[&str]) -> Option<Node<'a>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    fn own(self, key: &str) -> Option<Node<'a>> {
        self.all(key).next()
    }

    /// All values of a key: more than one where the key is repeated.
    pub(crate) fn all(self, key: &str) -> impl Iterator<Item = Node<'a>> {
        self.entries().filter(move |(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The keys and values of a mapping.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let entries = if let Some(Kind::Mapping(entries)) = self.kind() { entries.as_slice() } else { &[] };
        entries.iter().map(move |(key, value)| (Node { index: *key, ..self }, Node { index: *value, ..self }))
    }

    /// The items of a sequence.
    pub(crate) fn items(self) -> impl Iterator<Item = Node<'a>> {
        let items = if let Some(Kind::Sequence(items)) = self.kind() { items.as_slice() } else { &[] };
        items.iter().map(move |index| Node { index: *index, ..self })
    }

    /// The items of the sequence at a key, with their indices.
    pub(crate) fn list(self, key: &str) -> impl Iterator<Item = (Node<'a>, usize)> + use<'a> {
        self.get(key).into_iter().flat_map(Node::items).zip(0_usize..)
    }

    /// The position in the file where it begins.
    pub(crate) fn position(self) -> Position {
        let own = position(&self.tree.source, self.entry().map_or(0, |entry| entry.range.start));
        let Some(inside) = self.tree.inside else { return own };
        Position {
            line: inside.line.saturating_add(own.line).saturating_sub(1),
            column: inside.column.saturating_add(own.column).saturating_sub(1),
        }
    }

    /// How many bytes a scalar takes, quotes included; nothing for a collection.
    pub(crate) fn len(self) -> usize {
        self.entry().filter(|entry| matches!(entry.kind, Kind::Scalar(..))).map_or(0, |entry| entry.range.len())
    }

    /// The position where the text of a literal block begins.
    fn block(self) -> Option<Position> {
        let Kind::Scalar(_, ScalarStyle::Literal) = self.kind()? else { return None };
        let own = self.position();
        let line = self.tree.source.lines().nth(own.line.saturating_sub(1))?;
        let indent = line.len().saturating_sub(line.trim_start_matches(' ').len());
        Some(Position { line: own.line, column: indent.saturating_add(1) })
    }
}

/// A document that is still being read.
#[derive(Debug, Default)]
struct Builder {
    nodes: Vec<Entry>,
    root: Option<usize>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
}

/// A collection that is still being read.
#[derive(Debug)]
struct Open {
    index: usize,
    anchor: usize,
    key: Option<usize>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) {
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
        self.nodes.push(Entry { kind, range, anchor, tag: tag.cloned() });
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

#[cfg(test)]
mod tests;
