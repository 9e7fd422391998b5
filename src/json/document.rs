//! An immutable JSON document: its text and a flat list of nodes.
//!
//! A [`Json`] is a reference to one node, as cheap to copy as a pointer. Everything that a config means is read from its
//! document, so no value is moved, copied or freed one by one. The node list does not depend on how it was made.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::json::keyword::Keyword;

/// The kind of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// Returns the kind with a number, in the order of the declaration.
    fn from_number(number: u32) -> Self {
        [Self::Null, Self::False, Self::True, Self::Number, Self::String, Self::Array, Self::Object]
            .get(number as usize)
            .copied()
            .unwrap_or(Self::Null)
    }
}

/// A value of a document. Offsets are in bytes of the document's text, indices are into its node list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The keyword that a string spells.
    pub(crate) keyword: Keyword,
    /// The offset of the value's first byte.
    pub(crate) start: u32,
    /// The offset after the value's last byte.
    pub(crate) end: u32,
    /// The index of the next node that is not inside this one.
    pub(crate) next: u32,
    /// The range of a string's content without escapes, which may lie after the source; the halves of a number's bits.
    pub(crate) content: (u32, u32),
}

impl Node {
    /// The node of an absent value. No iterator goes on after it.
    pub(crate) const NULL: Self =
        Self { kind: Kind::Null, keyword: Keyword::Other, start: 0, end: 0, next: u32::MAX, content: (0, 0) };

    /// Stores a number.
    #[expect(clippy::cast_possible_truncation, reason = "the halves are stored")]
    pub(crate) fn set_number(&mut self, number: f64) {
        let bits = number.to_bits();
        self.content = (bits as u32, (bits >> 32) as u32);
    }
}

/// A JSON document. Its nodes are in the order of the text: an object is followed by key, value, key and so on.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The source, followed by the contents of the strings that have escapes.
    text: String,
    source_length: usize,
    nodes: Vec<Node>,
}

/// A value in a document. Two values are equal if they mean the same, wherever they are.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    document: &'a Document,
    index: usize,
}

impl Document {
    /// A document without a value.
    pub(crate) const EMPTY: Self = Self { text: String::new(), source_length: 0, nodes: Vec::new() };

    /// Creates a document of a source with `source_length` bytes, which string contents without escapes may follow.
    pub(crate) fn new(text: String, source_length: usize, nodes: Vec<Node>) -> Self {
        Self { text, source_length, nodes }
    }

    /// Creates a document without a source that is one number.
    pub(crate) fn from_number(number: f64) -> Self {
        let mut node = Node { kind: Kind::Number, next: 1, ..Node::NULL };
        node.set_number(number);
        Self { nodes: Vec::from([node]), ..Self::default() }
    }

    /// Appends values that another parser has read, and returns the index of the first one.
    ///
    /// A node is four numbers: kind, distance to the next node that is not inside this one, and the range of a string in
    /// `text` or the halves of a number's bits. What is out of range has no effect on other values. The values have no
    /// source.
    #[expect(clippy::cast_possible_truncation, reason = "addresses have 32 bits where this is called")]
    pub(crate) fn append(&mut self, nodes: &[[u32; 4]], text: &str) -> u32 {
        let (first, offset) = (self.nodes.len() as u32, self.text.len() as u32);
        self.text.push_str(text);
        self.nodes.reserve(nodes.len());
        for [kind, distance, from, to] in nodes {
            let kind = Kind::from_number(*kind);
            let mut node =
                Node { kind, next: (self.nodes.len() as u32).saturating_add((*distance).max(1)), ..Node::NULL };
            node.content = (*from, *to);
            if kind == Kind::String {
                node.content = (from.saturating_add(offset), to.saturating_add(offset));
                node.keyword = Keyword::parse(self.slice(node.content));
            }
            self.nodes.push(node);
        }
        first
    }

    /// Removes all values, and keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.nodes.clear();
    }

    /// Returns the outermost value.
    #[must_use]
    pub fn root(&self) -> Json<'_> {
        self.value_at(0)
    }

    /// Returns the text that was parsed.
    #[must_use]
    pub fn source(&self) -> &str {
        self.text.get(..self.source_length).unwrap_or_default()
    }

    /// Returns the value at an index of the node list, or null.
    pub(crate) fn value_at(&self, index: usize) -> Json<'_> {
        Json { document: self, index }
    }

    /// Returns whether an object has two members with the same key.
    pub(crate) fn has_duplicate_key(&self) -> bool {
        self.objects().any(|object| object.sorted_keys().array_windows().any(|[a, b]| a.0 == b.0))
    }

    /// Returns the offset of the first key that repeats one before it in the same object.
    pub(crate) fn duplicate_key_offset(&self) -> Option<usize> {
        let first_duplicate = |object: Json<'_>| {
            let keys = object.sorted_keys();
            let duplicates = keys.array_windows().filter(|[a, b]| a.0 == b.0).map(|[a, _]| a.0);
            let second = |text| object.members().filter(|(key, _)| key.as_text() == text).nth(1);
            duplicates.filter_map(second).map(|(key, _)| key.span().start).min()
        };
        self.objects().filter_map(first_duplicate).min()
    }

    fn objects(&self) -> impl Iterator<Item = Json<'_>> {
        (0..self.nodes.len()).map(|index| self.value_at(index)).filter(|json| json.kind() == Kind::Object)
    }

    fn slice(&self, (start, end): (u32, u32)) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl<'a> Json<'a> {
    /// Returns the kind of the value.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Returns the range of the value in the source, in bytes.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// Returns the value as it is written in the source.
    #[must_use]
    pub fn source(self) -> &'a str {
        let node = self.node();
        self.document.slice((node.start, node.end))
    }

    /// Returns the null that stands for an absent value.
    #[must_use]
    pub fn null(self) -> Self {
        self.document.value_at(usize::MAX)
    }

    /// Returns whether the value is in the document, which [`Json::null`] is not.
    #[must_use]
    pub fn exists(self) -> bool {
        self.index != usize::MAX
    }

    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// Returns the string, if the value is one.
    #[must_use]
    #[inline(never)]
    pub fn as_str(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind == Kind::String).then(|| self.document.slice(node.content))
    }

    /// Returns the string, or an empty one if the value is not a string.
    #[must_use]
    pub fn as_text(self) -> &'a str {
        self.as_str().unwrap_or_default()
    }

    /// Returns the keyword that a string spells.
    pub(crate) fn keyword(self) -> Keyword {
        self.node().keyword
    }

    /// Returns the boolean, if the value is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// Returns the number, if the value is one, as the double that JavaScript reads.
    #[must_use]
    #[inline(never)]
    pub fn as_number(self) -> Option<f64> {
        let Node { kind, content: (low, high), .. } = *self.node();
        (kind == Kind::Number).then(|| f64::from_bits(u64::from(high) << 32 | u64::from(low)))
    }

    /// Returns the number, if it is an integer from 0 to 2^53 - 1, which doubles represent exactly.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "casts saturate, and a cast that round-trips is exact"
    )]
    #[inline(never)]
    pub fn as_integer(self) -> Option<u64> {
        let number = self.as_number()?;
        let integer = number as u64;
        (integer as f64 == number && integer < 1 << 53).then_some(integer)
    }

    /// Returns the items of an array; other values have none.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        self.children_of(Kind::Array)
    }

    /// Returns the keys and values of an object; other values have none.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        Members(self.children_of(Kind::Object))
    }

    /// Returns the member of an object with the given key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        Some(self.member_named(key)).filter(|found| found.exists())
    }

    /// Returns the member of an object with the given key, or null.
    #[inline(never)]
    pub(crate) fn member_named(self, key: &str) -> Self {
        self.members().find(|(found, _)| found.as_text() == key).map_or(self.null(), |(_, value)| value)
    }

    /// Returns the member of an object whose key is a keyword, or null.
    #[inline(never)]
    pub(crate) fn member(self, keyword: Keyword) -> Self {
        self.members().find(|(key, _)| key.keyword() == keyword).map_or(self.null(), |(_, value)| value)
    }

    /// Returns the number of values and keys in the value, and itself.
    pub(crate) fn size(self) -> usize {
        self.next_index().saturating_sub(self.index)
    }

    /// Returns the values and keys in the value, in their order.
    pub(crate) fn within(self) -> impl Iterator<Item = Self> {
        (self.index.saturating_add(1)..self.next_index()).map(move |index| self.document.value_at(index))
    }

    /// Returns the value that comes after a key.
    pub(crate) fn following(self) -> Self {
        self.document.value_at(self.index.saturating_add(1))
    }

    /// Returns the keys of an object in the order of their bytes, each with its text because sorting compares it often.
    pub(crate) fn sorted_keys(self) -> Vec<(&'a str, Self)> {
        let mut keys: Vec<_> = self.members().map(|(key, _)| (key.as_text(), key)).collect();
        keys.sort_unstable_by_key(|(text, _)| *text);
        keys
    }

    #[inline(never)]
    fn children_of(self, kind: Kind) -> Items<'a> {
        let next = self.document.value_at(self.index.saturating_add(1));
        let end = if self.kind() == kind { self.next_index() } else { 0 };
        Items { next, end }
    }

    #[inline(never)]
    fn node(self) -> &'a Node {
        self.document.nodes.get(self.index).unwrap_or(&Node::NULL)
    }

    /// Returns the index of the next node that is not inside this one.
    fn next_index(self) -> usize {
        self.node().next as usize
    }
}

/// An iterator over the items of an array, made by [`Json::items`].
#[derive(Clone, Debug)]
pub struct Items<'a> {
    next: Json<'a>,
    end: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Json<'a>> {
        let item = self.next;
        self.next.index = item.next_index();
        (item.index < self.end).then_some(item)
    }
}

/// An iterator over the keys and values of an object, made by [`Json::members`].
#[derive(Clone, Debug)]
pub struct Members<'a>(Items<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Json<'a>, Json<'a>);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Values of the same sizes and kinds in the same order have the same structure.
        let node = |value: Self, offset: usize| value.document.value_at(value.index.saturating_add(offset));
        (0..self.size().max(1)).all(|offset| {
            let (a, b) = (node(*self, offset), node(*other, offset));
            a.kind() == b.kind()
                && a.size().max(1) == b.size().max(1)
                && a.as_number() == b.as_number()
                && a.as_str() == b.as_str()
        })
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.source())
    }
}

#[cfg(test)]
mod tests;
