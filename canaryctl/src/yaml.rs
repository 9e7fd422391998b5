//! The texts in a YAML stream, each under the keys that lead to it.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScanError};

/// One document of a stream. What lies in a sequence is left out: nothing that is looked for here does.
#[derive(Debug, Default)]
pub(crate) struct Document {
    texts: Vec<(Vec<String>, String)>,
}

impl Document {
    /// Reads all documents of a stream.
    pub(crate) fn parse_all(source: &str) -> Result<Vec<Self>, ScanError> {
        let mut documents = Vec::new();
        let mut walk = Walk::default();
        for event in Parser::new_from_str(source) {
            match event?.0 {
                Event::Scalar(text, _, anchor, _) => walk.scalar(text.into_owned(), anchor),
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
        self.texts.iter().find(|(keys, _)| keys == path).map(|(_, text)| text.as_str())
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
    anchors: HashMap<usize, String>,
    document: Document,
}

impl Walk {
    fn scalar(&mut self, text: String, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, text.clone());
        }
        if let Some(level @ Level::Key) = self.levels.last_mut() {
            *level = Level::Value(text);
            return;
        }
        if let Some(path) = self.path() {
            self.document.texts.push((path, text));
        }
        self.end_node();
    }

    fn alias(&mut self, anchor: usize) {
        match self.anchors.get(&anchor).cloned() {
            Some(text) => self.scalar(text, 0),
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
    fn errors_have_a_place() {
        let error = Document::parse_all("a: b\nc: [").unwrap_err();
        assert_eq!(error.marker().line(), 2);
    }
}
