//! A YAML document with the place of every node.

use std::collections::HashMap;
use std::rc::Rc;

use canary_runtime::Position;
use granit_parser::{Event, ScalarStyle, ScanError, Span};

use crate::config::merge_conflict::Conflict;
use crate::config::yaml::events;

use crate::lint::diagnostic::place;

/// One document. Nodes are in a list, so that nothing is recursive, whatever is read.
#[derive(Debug)]
pub(crate) struct Tree {
    source: Rc<str>,
    nodes: Vec<(usize, Kind)>,
    root: usize,
    /// Where the source itself stands in a file: the place of its first byte, its other lines indented alike.
    inside: Option<Position>,
}

#[derive(Debug)]
enum Kind {
    Text(String, ScalarStyle),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
}

/// A node of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    tree: &'a Tree,
    at: usize,
}

/// Why a text is no YAML, and where.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) place: Position,
    pub(crate) reason: String,
}

impl Broken {
    fn of(source: &str, error: &ScanError) -> Self {
        match Conflict::find(source.as_bytes()) {
            Some(conflict) => Self { place: Position { line: conflict.line, column: 1 }, reason: conflict.to_string() },
            None => Self {
                place: place(source, error.marker().byte_offset().unwrap_or_default()),
                reason: error.info().clone(),
            },
        }
    }
}

impl Tree {
    /// Reads all documents of a stream.
    pub(crate) fn parse_all(source: &str) -> Result<Vec<Self>, Broken> {
        let source: Rc<str> = source.into();
        let mut documents = Vec::new();
        let mut build = Build::default();
        for event in events(&source) {
            let (event, span) = event.map_err(|error| Broken::of(&source, &error))?;
            if matches!(event, Event::DocumentEnd) {
                let Build { nodes, root, .. } = std::mem::take(&mut build);
                documents.extend(root.map(|root| Self { source: Rc::clone(&source), nodes, root, inside: None }));
            } else {
                build.take(event, &span);
            }
        }
        Ok(documents)
    }

    /// The same of a text that stands in another document, as a block: its findings get places in that file.
    pub(crate) fn parse_inside(node: Node<'_>) -> Vec<Self> {
        let mut trees = Self::parse_all(node.text().unwrap_or_default()).unwrap_or_default();
        let inside = node.block().unwrap_or_else(|| node.place());
        for tree in &mut trees {
            tree.inside = Some(inside);
        }
        trees
    }

    /// Its outermost node.
    pub(crate) fn root(&self) -> Node<'_> {
        Node { tree: self, at: self.root }
    }

    /// A node by its number.
    pub(crate) fn node(&self, at: usize) -> Node<'_> {
        Node { tree: self, at }
    }
}

impl<'a> Node<'a> {
    fn kind(self) -> Option<&'a Kind> {
        self.tree.nodes.get(self.at).map(|(_, kind)| kind)
    }

    /// By which its document finds it again.
    pub(crate) fn number(self) -> usize {
        self.at
    }

    /// The text of a scalar; nothing for null.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self.kind()? {
            Kind::Text(text, ScalarStyle::Plain) if matches!(text.as_str(), "" | "~" | "null") => None,
            Kind::Text(text, _) => Some(text),
            _ => None,
        }
    }

    /// Whether it says true.
    pub(crate) fn is_true(self) -> bool {
        self.text() == Some("true")
    }

    /// What is under a key, merged keys (`<<`) included.
    pub(crate) fn get(self, key: &str) -> Option<Node<'a>> {
        self.own(key).or_else(|| {
            let merged = self.own("<<")?;
            merged.own(key).or_else(|| merged.items().find_map(|map| map.own(key)))
        })
    }

    /// What is under keys, one after the other.
    pub(crate) fn at(self, path: &[&str]) -> Option<Node<'a>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    fn own(self, key: &str) -> Option<Node<'a>> {
        self.entries().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// Keys and values of a map.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let entries = if let Some(Kind::Map(entries)) = self.kind() { entries.as_slice() } else { &[] };
        entries.iter().map(move |(key, value)| (Node { at: *key, ..self }, Node { at: *value, ..self }))
    }

    /// The items of a list.
    pub(crate) fn items(self) -> impl Iterator<Item = Node<'a>> {
        let items = if let Some(Kind::List(items)) = self.kind() { items.as_slice() } else { &[] };
        items.iter().map(move |at| Node { at: *at, ..self })
    }

    /// Where it begins in the file.
    pub(crate) fn place(self) -> Position {
        let start = self.tree.nodes.get(self.at).map_or(0, |(start, _)| *start);
        let own = place(&self.tree.source, start);
        let Some(inside) = self.tree.inside else { return own };
        Position {
            line: inside.line.saturating_add(own.line).saturating_sub(1),
            column: inside.column.saturating_add(own.column).saturating_sub(1),
        }
    }

    /// Where the text of a literal block begins.
    fn block(self) -> Option<Position> {
        let Kind::Text(_, ScalarStyle::Literal) = self.kind()? else { return None };
        let own = self.place();
        let line = self.tree.source.lines().nth(own.line.saturating_sub(1))?;
        let indent = line.len().saturating_sub(line.trim_start_matches(' ').len());
        Some(Position { line: own.line, column: indent.saturating_add(1) })
    }
}

/// A document that is still being read.
#[derive(Debug, Default)]
struct Build {
    nodes: Vec<(usize, Kind)>,
    root: Option<usize>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
}

#[derive(Debug)]
struct Open {
    at: usize,
    anchor: usize,
    key: Option<usize>,
}

impl Build {
    fn take(&mut self, event: Event<'_>, span: &Span) {
        let start = span.start.byte_offset().unwrap_or_default();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let at = self.add(start, Kind::Text(text.into_owned(), style));
                self.anchors.insert(anchor, at);
                self.put(at);
            }
            Event::SequenceStart(_, anchor, _) => self.open(start, Kind::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.open(start, Kind::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { at, anchor, .. }) = self.open.pop() {
                    // Known from here on only, so that nothing contains itself.
                    self.anchors.insert(anchor, at);
                    self.put(at);
                }
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).copied();
                let at = known.unwrap_or_else(|| self.add(start, Kind::Text(String::new(), ScalarStyle::Plain)));
                self.put(at);
            }
            _ => {}
        }
    }

    fn add(&mut self, start: usize, kind: Kind) -> usize {
        self.nodes.push((start, kind));
        self.nodes.len().saturating_sub(1)
    }

    fn open(&mut self, start: usize, kind: Kind, anchor: usize) {
        let at = self.add(start, kind);
        self.open.push(Open { at, anchor, key: None });
    }

    fn put(&mut self, child: usize) {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(child);
            return;
        };
        match self.nodes.get_mut(parent.at) {
            Some((_, Kind::List(items))) => items.push(child),
            Some((_, Kind::Map(entries))) => match parent.key.take() {
                Some(key) => entries.push((key, child)),
                None => parent.key = Some(child),
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, path: &[&str], expected: Option<(&str, usize, usize)>) {
        let trees = Tree::parse_all(source).unwrap();
        let found = trees[0].root().at(path).map(|node| (node.text().unwrap_or_default(), node.place()));
        assert_eq!(found.map(|(text, place)| (text, place.line, place.column)), expected, "{source}");
    }

    #[test]
    fn knows_every_place() {
        check("a:\n  é: x", &["a", "é"], Some(("x", 2, 7)));
        check("\u{feff}a: x", &["a"], Some(("x", 1, 4)));
        check("a: {b: [1]}", &["a", "b"], Some(("", 1, 8)));
        check("a: &x {b: 1}\nc: *x", &["c", "b"], Some(("1", 1, 11)));
        check("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2", &["c", "b"], Some(("1", 1, 11)));
        check("a: null", &["a", "b"], None);
    }

    #[test]
    fn nothing_contains_itself() {
        if let Ok(trees) = Tree::parse_all("&a [*a]") {
            assert_eq!(trees[0].root().items().next().unwrap().items().count(), 0);
        }
    }

    #[test]
    fn texts_inside_have_places_of_the_file() {
        let trees = Tree::parse_all("patch: |\n    a:\n      b: x\n").unwrap();
        let inner = Tree::parse_inside(trees[0].root().get("patch").unwrap());
        let place = inner[0].root().at(&["a", "b"]).unwrap().place();
        assert_eq!((place.line, place.column), (3, 10));
    }
}
