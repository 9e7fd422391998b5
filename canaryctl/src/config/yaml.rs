//! The texts in a YAML stream, each under the keys that lead to it.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};

/// What a stream says, without comments: whether the parser tells of them must not depend on who else uses it.
pub(crate) fn events(source: &str) -> impl Iterator<Item = Result<(Event<'_>, Span), ScanError>> {
    let mut options = Options::default();
    options.emit_comments = false;
    Parser::new_from_str_with_options(source, options)
}

/// One document of a stream. What lies in a sequence is left out: nothing that is looked for here does.
#[derive(Debug, Default)]
pub(crate) struct Document {
    texts: Vec<(Vec<String>, Scalar)>,
}

/// A text, and how it stands in its source.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// What it means.
    pub(crate) text: String,
    /// How it is written.
    pub(crate) style: ScalarStyle,
    /// The bytes that it takes, quotes included; a block begins with the first line that is not blank.
    pub(crate) range: Range<usize>,
    /// The line on which it begins, counted from 1.
    pub(crate) line: usize,
    /// Whether it has an anchor or stands for one, so that other places may share it.
    pub(crate) shared: bool,
}

impl Document {
    /// Reads all documents of a stream.
    pub(crate) fn parse_all(source: &str) -> Result<Vec<Self>, ScanError> {
        let mut documents = Vec::new();
        let mut walk = Walk::default();
        for event in events(source) {
            let (event, span) = event?;
            match event {
                Event::Scalar(text, style, anchor, _) => {
                    walk.scalar(Scalar::new(text.into_owned(), style, &span, anchor), anchor);
                }
                Event::Alias(anchor) => walk.alias(anchor),
                Event::MappingStart(..) => walk.levels.push(Level::Key),
                Event::SequenceStart(..) => walk.levels.push(Level::Item),
                Event::MappingEnd | Event::SequenceEnd => walk.close(),
                Event::DocumentEnd => documents.push(std::mem::take(&mut walk).document),
                _ => {}
            }
        }
        Ok(documents)
    }

    /// The text under a path of keys.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        self.scalars(path).next().map(|scalar| scalar.text.as_str())
    }

    /// All texts under a path of keys: more than one where a key is repeated.
    pub(crate) fn scalars(&self, path: &[&str]) -> impl Iterator<Item = &Scalar> {
        self.texts.iter().filter(move |(keys, _)| keys == path).map(|(_, scalar)| scalar)
    }
}

impl Scalar {
    fn new(text: String, style: ScalarStyle, span: &Span, anchor: usize) -> Self {
        let at = |offset: Option<usize>| offset.unwrap_or_default();
        let range = at(span.start.byte_offset())..at(span.end.byte_offset());
        Self { text, style, range, line: span.start.line(), shared: anchor != 0 }
    }
}

/// Whether two streams say the same but for one text, which is written in the same style.
pub(crate) fn differ_in_one_text(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (events(a), events(b));
    let mut differences = 0_u8;
    loop {
        match (a.next(), b.next()) {
            (None, None) => return differences <= 1,
            (Some(Ok((a, _))), Some(Ok((b, _)))) if a == b => {}
            (Some(Ok((Event::Scalar(_, style, 0, tag), _))), Some(Ok((Event::Scalar(_, other, 0, name), _))))
                if (style, &tag) == (other, &name) =>
            {
                differences = differences.saturating_add(1);
            }
            _ => return false,
        }
    }
}

/// What comes next in a collection that is still open.
#[derive(Debug)]
enum Level {
    Key,
    Value(String),
    Item,
}

#[derive(Debug, Default)]
struct Walk {
    levels: Vec<Level>,
    anchors: HashMap<usize, Scalar>,
    document: Document,
}

impl Walk {
    fn scalar(&mut self, scalar: Scalar, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, scalar.clone());
        }
        if let Some(level @ Level::Key) = self.levels.last_mut() {
            *level = Level::Value(scalar.text);
            return;
        }
        if let Some(path) = self.path() {
            self.document.texts.push((path, scalar));
        }
        self.end_node();
    }

    fn alias(&mut self, anchor: usize) {
        match self.anchors.get(&anchor).cloned() {
            Some(scalar) => self.scalar(scalar, 0),
            None => self.end_node(),
        }
    }

    fn close(&mut self) {
        self.levels.pop();
        self.end_node();
    }

    fn end_node(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            match level {
                // A collection as a key: no text that is looked for lies under it.
                Level::Key => *level = Level::Value(String::new()),
                Level::Value(_) => *level = Level::Key,
                Level::Item => {}
            }
        }
    }

    /// The keys down to here, unless a sequence is in between.
    fn path(&self) -> Option<Vec<String>> {
        self.levels.iter().map(|level| if let Level::Value(key) = level { Some(key.clone()) } else { None }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, path: &[&str], expected: &[Option<&str>]) {
        let documents = Document::parse_all(source).unwrap();
        let texts: Vec<_> = documents.iter().map(|document| document.text(path)).collect();
        assert_eq!(texts, expected, "{source}");
    }

    #[test]
    fn finds_texts_by_their_keys() {
        check("a: {b.c: d}", &["a", "b.c"], &[Some("d")]);
        check("b: x\na:\n  b: |\n    1\n     2\n\n", &["a", "b"], &[Some("1\n 2\n")]);
        check("a: |-\n  x", &["a"], &[Some("x")]);
        check("a: \"\\u00e9\\n\"", &["a"], &[Some("é\n")]);
    }

    #[test]
    fn tells_documents_apart() {
        check("a: 1\n---\nb: 2\n---\n# nothing\n---\na: 3\n", &["a"], &[Some("1"), None, None, Some("3")]);
    }

    #[test]
    fn collections_in_between_do_not_confuse_it() {
        check("? {x: y}\n: z\na: [1, {a: 2}, [3]]\nb: {c: {}}\nd: 4", &["d"], &[Some("4")]);
        check("a: [1, {a: 2}]", &["a"], &[None]);
        check("- a: 1", &["a"], &[None]);
    }

    #[test]
    fn follows_aliases_of_texts() {
        check("x: &t text\na: *t\nb: 1", &["a"], &[Some("text")]);
        check("x: &t {y: z}\na: *t\nb: 1", &["b"], &[Some("1")]);
    }

    #[test]
    fn tells_where_a_text_stands() {
        let source = "\u{feff}a: |2 # b\r\n\r\n   é\r\nb: \"\\\"é\"\nc: &x 1\nd: *x\na: 2";
        let documents = Document::parse_all(source).unwrap();
        let scalar = |key| documents[0].scalars(&[key]).next().unwrap();
        for (key, text, line, shared) in
            [("a", " é\r\n", 3, false), ("b", "\"\\\"é\"", 4, false), ("c", "1", 5, true), ("d", "1", 5, true)]
        {
            let scalar = scalar(key);
            assert_eq!(
                (source.get(scalar.range.clone()).unwrap(), scalar.line, scalar.shared),
                (text, line, shared),
                "{key}"
            );
        }
        assert_eq!((scalar("a").style, scalar("b").style), (ScalarStyle::Literal, ScalarStyle::DoubleQuoted));
        assert_eq!(documents[0].scalars(&["a"]).count(), 2);
    }

    #[test]
    fn compares_streams() {
        let stream = "a:\n- 1\n- b: |\n    x\n---\nc: 2";
        for (other, expected) in [
            (stream.to_owned(), true),
            (stream.replace('1', "7"), true),
            (stream.replace("c: 2", "# no\nc: 3"), true),
            (stream.replace('1', "7").replace('2', "3"), false),
            (stream.replace('2', "'2'"), false),
            (stream.replace('2', "&x 3"), false),
            (stream.replace('2', "!!str 3"), false),
            (stream.replace('2', "[2]"), false),
            (stream.replace("---\n", ""), false),
            (format!("{stream}\nd: 1"), false),
        ] {
            assert_eq!(differ_in_one_text(stream, &other), expected, "{other}");
        }
    }

    #[test]
    fn errors_have_a_place() {
        let error = Document::parse_all("a: b\nc: [").unwrap_err();
        assert_eq!(error.marker().line(), 2);
    }
}
