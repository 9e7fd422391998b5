//! A YAML stream as trees of nodes that know their position.

mod builder;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::iter;
use std::ops::Range;
use std::rc::Rc;

use canary_runtime::Position;
use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag};

use crate::config::merge_conflict::MergeConflict;
use crate::config::position::{mark_len, position};
use builder::Builder;

/// The most bytes of a document with all aliases written out.
const EXPANDED: usize = 16 * 1024 * 1024;

/// The most events of a stream: a little more than its nodes.
const EVENTS: usize = 400_000;

/// One document of a stream. Its nodes are in a list, so nothing recurses, whatever is read.
#[derive(Debug)]
pub(crate) struct Tree {
    source: Rc<str>,
    /// Where the lines of the source begin.
    lines: Rc<[usize]>,
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
    tag: Option<Box<Tag>>,
    /// How many bytes it would take with all aliases written out.
    size: usize,
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
        if let Some(at) = template(source) {
            let reason = "found a template of Helm, expected YAML: edit the value in values.yaml, and check what helm template prints";
            return Self { position: position(source, at), reason: reason.to_owned() };
        }
        match MergeConflict::find(source) {
            Some(conflict) => Self { position: conflict.position(), reason: conflict.to_string() },
            None => Self {
                position: position(source, error.marker().byte_offset().unwrap_or_default()),
                reason: error.info().clone(),
            },
        }
    }
}

/// The first line of a template of Helm that is not YAML.
pub(crate) fn template(source: &str) -> Option<usize> {
    let mut at = 0_usize;
    for line in source.split_inclusive('\n') {
        let indent = line.len().saturating_sub(line.trim_start().len());
        if line.trim_start().starts_with("{{") {
            return Some(at.saturating_add(indent));
        }
        at = at.saturating_add(line.len());
    }
    None
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
        let lines: Rc<[usize]> =
            iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at.saturating_add(1))).collect();
        let mut options = Options::default();
        // Whether the parser emits comments must not depend on the features that another crate switches on.
        options.emit_comments = false;
        let mut documents = Vec::new();
        let (mut builder, mut count) = (Builder::default(), 0_usize);
        for event in Parser::new_from_str_with_options(&source, options) {
            let (event, span) = event.map_err(|error| SyntaxError::new(&source, &error))?;
            if matches!(event, Event::DocumentEnd) {
                let Builder { nodes, root, .. } = std::mem::take(&mut builder);
                documents.extend(root.map(|root| Self {
                    source: Rc::clone(&source),
                    lines: Rc::clone(&lines),
                    nodes,
                    root,
                    inside: None,
                }));
            } else {
                builder.take(event, &span);
            }
            count = count.saturating_add(1);
            let reason = if builder.is_large {
                format!("its aliases make it larger than {} MiB", EXPANDED / 1024 / 1024)
            } else if count > EVENTS {
                "it has more than 400,000 nodes".to_owned()
            } else {
                continue;
            };
            let at = span.start.byte_offset().unwrap_or_default();
            return Err(SyntaxError { position: position(&source, at), reason });
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

    /// A key that a mapping has twice: its first and its second place.
    pub(crate) fn repeated_key(&self) -> Option<(Node<'_>, Node<'_>)> {
        let mut seen = HashMap::new();
        (0..self.nodes.len()).find_map(|index| {
            seen.clear();
            self.node(index).entries().find_map(|(key, _)| Some((seen.insert(key.scalar_text()?, key)?, key)))
        })
    }

    /// The scalars that begin at some bytes of the file.
    pub(crate) fn scalars_at(&self, starts: &BTreeSet<usize>) -> impl Iterator<Item = Scalar> {
        let nodes = (0..self.nodes.len()).map(|index| self.node(index));
        nodes.filter(|node| node.start().is_some_and(|start| starts.contains(&start))).filter_map(Node::scalar)
    }

    /// Whether a scalar has a text in it.
    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.nodes.iter().any(|node| matches!(&node.kind, Kind::Scalar(own, _) if own.contains(text)))
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

    fn scalar_text(self) -> Option<&'a str> {
        match self.kind()? {
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
        self.own(key).or_else(|| self.merged().into_iter().skip(1).find_map(|map| map.own(key)))
    }

    /// The mapping and those that are merged into it, each once, in the order in which they count.
    fn merged(self) -> Vec<Node<'a>> {
        let (mut open, mut found, mut seen) = (vec![self], Vec::new(), HashSet::new());
        while let Some(map) = open.pop() {
            if !seen.insert(map.index) {
                continue;
            }
            found.push(map);
            if let Some(merged) = map.own("<<") {
                let mut more: Vec<_> = merged.items().chain(merged.is_mapping().then_some(merged)).collect();
                more.reverse();
                open.append(&mut more);
            }
        }
        found
    }

    /// The keys and values of a mapping, merged ones (`<<`) included.
    pub(crate) fn fields(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let mut seen = HashSet::new();
        let all = self.merged().into_iter().flat_map(Node::entries);
        let is_own = |key: &Node<'_>| key.text() != Some("<<");
        all.filter(move |(key, _)| is_own(key) && seen.insert(key.text()))
    }

    pub(crate) fn is_mapping(self) -> bool {
        matches!(self.kind(), Some(Kind::Mapping(_)))
    }

    pub(crate) fn is_sequence(self) -> bool {
        matches!(self.kind(), Some(Kind::Sequence(_)))
    }

    /// The text of a scalar without quotes and without a tag, whose type YAML derives from its form.
    pub(crate) fn plain(self) -> Option<&'a str> {
        let entry = self.entry()?;
        match &entry.kind {
            Kind::Scalar(text, ScalarStyle::Plain) if entry.tag.is_none() => Some(text),
            _ => None,
        }
    }

    /// The first byte of a scalar in its file; nothing in a text that is itself a node.
    pub(crate) fn start(self) -> Option<usize> {
        self.entry()
            .filter(|entry| self.tree.inside.is_none() && matches!(entry.kind, Kind::Scalar(..)))
            .map(|it| it.range.start)
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
        let at = self.entry().map_or(0, |entry| entry.range.start);
        let line = self.tree.lines.partition_point(|start| *start <= at);
        let start = self.tree.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let start = start.max(mark_len(&self.tree.source));
        let own = Position { line, column: at.saturating_sub(start).saturating_add(1) };
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
    pub(crate) fn block(self) -> Option<Position> {
        let Kind::Scalar(_, ScalarStyle::Literal) = self.kind()? else { return None };
        let own = self.position();
        let line = self.tree.source.lines().nth(own.line.saturating_sub(1))?;
        let indent = line.len().saturating_sub(line.trim_start_matches(' ').len());
        Some(Position { line: own.line, column: indent.saturating_add(1) })
    }
}

#[cfg(test)]
mod tests;
