//! The wire model: JSON as it was typed, in the order it was typed, within limits, with the place of everything.
//!
//! A [`Document`] is its text and a flat list of nodes; a [`Json`] is a place in it, as cheap to copy as a pointer. What a
//! config means is read from there, so nothing is moved, copied or freed piece by piece.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::{Entry, Rejection};
use crate::encoding::{push_decimal, utf8};
use crate::json::keyword::Keyword;
use crate::json::number;
use crate::json::parser::Parser;

/// How deep arrays and objects may nest, long before a stack is in danger.
pub const MAX_DEPTH: u32 = 64;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// Any number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A value: where it stands, and where its content is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// What a string says.
    pub(crate) word: Keyword,
    /// The first byte of what was typed.
    pub(crate) start: u32,
    /// The byte behind it.
    pub(crate) end: u32,
    /// A string's content, without escapes, within the document's text; else the node behind all that is in this one.
    pub(crate) from: u32,
    /// The end of a string's content.
    pub(crate) to: u32,
}

/// One JSON text that was read, with its nodes in the order of the text: an object is followed by name, value, name
/// and so on.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What was typed, and behind it the contents of those strings that had escapes.
    text: String,
    length: usize,
    nodes: Vec<Node>,
}

/// A value in a document. Two are equal if they mean the same, wherever they stand.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    document: &'a Document,
    index: usize,
}

impl Document {
    /// Reads one JSON document. An escaped surrogate without its other half becomes U+FFFD, as in `TextEncoder`.
    ///
    /// # Errors
    ///
    /// [`Code::Syntax`], [`Code::Depth`] and [`Code::Duplicate`], with the place.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        Self::read(text).map_err(Rejection::locate)
    }

    pub(crate) fn read(text: &str) -> Result<Self, Rejection> {
        let mut reader = Parser::new(text);
        let wrong = reader.read();
        let document = Self { text: reader.text, length: text.len(), nodes: reader.nodes };
        // Where it is takes more code than that it is, and is asked for later if at all.
        let twice = || document.objects().any(has_twice).then(|| Entry::new(Code::Duplicate, Expected::Once));
        match wrong.or_else(twice) {
            // What was read up to an error of syntax is no tree, and has no paths.
            Some(entry) if entry.code != Code::Duplicate => {
                Err(Rejection { entry, document: Self { nodes: Vec::new(), ..document } })
            }
            Some(entry) => Err(Rejection { entry, document }),
            None => Ok(document),
        }
    }

    /// A number, as a document of its own.
    pub(crate) fn number(number: usize) -> Option<Self> {
        let mut digits = Vec::new();
        push_decimal(&mut digits, number as u64);
        Self::read(utf8(&digits)?).ok()
    }

    /// The whole of it.
    #[must_use]
    pub fn root(&self) -> Json<'_> {
        self.at(0)
    }

    /// What was typed.
    #[must_use]
    pub fn source(&self) -> &str {
        self.text.get(..self.length).unwrap_or_default()
    }

    /// The value with a number; `null` where there is none.
    pub(crate) fn at(&self, index: usize) -> Json<'_> {
        Json { document: self, index }
    }

    /// The offset of the first name that its object has already.
    pub(crate) fn find_twice(&self) -> Option<usize> {
        let again = |object: Json<'_>| {
            let names = object.sorted_names();
            let twice = names.array_windows().filter(|[a, b]| a.0 == b.0).map(|[a, _]| a.0);
            let second = |text| object.members().filter(|(name, _)| name.text() == text).nth(1);
            twice.filter_map(second).map(|(name, _)| name.span().start).min()
        };
        self.objects().filter_map(again).min()
    }

    fn objects(&self) -> impl Iterator<Item = Json<'_>> {
        (0..self.nodes.len()).map(|index| self.at(index)).filter(|json| json.kind() == Kind::Object)
    }

    fn slice(&self, from: u32, to: u32) -> &str {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }
}

impl<'a> Json<'a> {
    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Where it stands in its text.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// As it was typed.
    #[must_use]
    pub fn source(self) -> &'a str {
        let node = self.node();
        self.document.slice(node.start, node.end)
    }

    /// `null`, which stands nowhere.
    #[must_use]
    pub fn nothing(self) -> Self {
        self.document.at(usize::MAX)
    }

    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// The string, if it is one.
    #[must_use]
    #[inline(never)]
    pub fn as_str(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind == Kind::String).then(|| self.document.slice(node.from, node.to))
    }

    /// The string, or an empty one.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.as_str().unwrap_or_default()
    }

    /// What a string says, if it is a word that a config knows.
    pub(crate) fn word(self) -> Keyword {
        self.node().word
    }

    /// The member of an object whose name is a word, or nothing.
    #[inline(never)]
    pub(crate) fn member(self, word: Keyword) -> Self {
        self.members().find(|(name, _)| name.word() == word).map_or(self.nothing(), |(_, value)| value)
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The number, if it is one, as the double that JavaScript would read.
    #[must_use]
    #[inline(never)]
    pub fn as_number(self) -> Option<f64> {
        let number = (self.kind() == Kind::Number).then(|| number::read(self.source()))?;
        number.map(|(number, _)| number)
    }

    /// The number, if it is an integer from 0 to 2^53 - 1, which doubles hold exactly.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "casts saturate, and what comes back the same is exact"
    )]
    #[inline(never)]
    pub fn as_integer(self) -> Option<u64> {
        let number = self.as_number()?;
        let integer = number as u64;
        (integer as f64 == number && integer < 1 << 53).then_some(integer)
    }

    /// The items of an array; others have none.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        self.children(Kind::Array)
    }

    /// The names and values of an object; others have none.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        Members(self.children(Kind::Object))
    }

    /// A member of an object.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Self> {
        Some(self.find(name)).filter(|found| found.exists())
    }

    /// A member of an object, or nothing.
    #[inline(never)]
    pub(crate) fn find(self, name: &str) -> Self {
        self.members().find(|(found, _)| found.text() == name).map_or(self.nothing(), |(_, value)| value)
    }

    /// Whether it stands anywhere, which [`Json::nothing`] does not.
    #[must_use]
    pub fn exists(self) -> bool {
        self.index != usize::MAX
    }

    #[inline(never)]
    fn children(self, kind: Kind) -> Items<'a> {
        let next = self.document.at(self.index.saturating_add(1));
        let end = if self.kind() == kind { self.behind() } else { 0 };
        Items { next, end }
    }

    /// All that is directly inside, names and values alike.
    fn inside(self) -> Items<'a> {
        self.children(self.kind())
    }

    #[inline(never)]
    fn node(self) -> &'a Node {
        const NOTHING: &Node = &Node { kind: Kind::Null, word: Keyword::Other, start: 0, end: 0, from: 0, to: 0 };
        self.document.nodes.get(self.index).unwrap_or(NOTHING)
    }

    /// The node behind this one and all that is in it.
    fn behind(self) -> usize {
        let node = self.node();
        match node.kind {
            Kind::Array | Kind::Object => node.from as usize,
            _ => self.index.saturating_add(1),
        }
    }

    /// An object's names in alphabetical order. Their texts are there as well, because they are compared often.
    pub(crate) fn sorted_names(self) -> Vec<(&'a str, Self)> {
        let mut names: Vec<_> = self.members().map(|(name, _)| (name.text(), name)).collect();
        sort(&mut names);
        names
    }
}

/// Whether an object has a name twice.
fn has_twice(object: Json) -> bool {
    object.sorted_names().array_windows().any(|[a, b]| a.0 == b.0)
}

/// Sorts names in place: a heap sort, because it is a twentieth of the library's code and never quadratic.
fn sort(names: &mut [(&str, Json)]) {
    for top in (0..names.len() / 2).rev() {
        sift(names, top);
    }
    for last in (1..names.len()).rev() {
        names.swap(0, last);
        sift(names.get_mut(..last).unwrap_or_default(), 0);
    }
}

/// Lets the name at `top` sink below those which come later.
fn sift(heap: &mut [(&str, Json)], mut top: usize) {
    loop {
        let mut last = top;
        for child in [top.saturating_mul(2).saturating_add(1), top.saturating_mul(2).saturating_add(2)] {
            if let (Some(a), Some(b)) = (heap.get(last), heap.get(child))
                && a.0 < b.0
            {
                last = child;
            }
        }
        if last == top {
            return;
        }
        heap.swap(top, last);
        top = last;
    }
}

/// See [`Json::items`].
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
        self.next.index = item.behind();
        (item.index < self.end).then_some(item)
    }
}

/// See [`Json::members`].
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
        self.kind() == other.kind()
            && self.as_number() == other.as_number()
            && self.as_str() == other.as_str()
            && Iterator::eq(self.inside(), other.inside())
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
