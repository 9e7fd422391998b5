//! What is found while a config is read. Codes at once; keys, places and words on demand.

use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::json::document::{Document, Json};
use crate::json::keyword::Keyword;

/// More than these nobody reads; finding the places of all would take too long.
const MOST: usize = 100;

/// Faults by the place of what is wrong, which is looked up at the end.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    entries: Vec<Entry>,
    /// How often something was beyond this reader, though it may be right.
    pub(crate) gaps: usize,
}

/// One thing that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) code: Code,
    /// The offset of what is wrong, if it is anywhere.
    pub(crate) at: Option<usize>,
    /// What is missing there, if that is what is wrong.
    pub(crate) missing: Keyword,
    pub(crate) expected: Expected,
}

/// Why a document was refused, and as much of it as was read.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) entry: Entry,
    pub(crate) document: Document,
}

impl Diagnostics {
    /// Notes that `json` is not what was expected, and is false, for whoever answers with that.
    pub(crate) fn refuse(&mut self, json: Json, expected: Expected) -> bool {
        self.refuse_missing(json, Keyword::Other, expected)
    }

    /// The same of a member, which may be missing.
    pub(crate) fn refuse_member(&mut self, object: Json, word: Keyword, expected: Expected) -> bool {
        let member = object.member(word);
        if member.exists() { self.refuse(member, expected) } else { self.refuse_missing(object, word, expected) }
    }

    /// The same of a member that is missing.
    #[inline(never)]
    pub(crate) fn refuse_missing(&mut self, object: Json, missing: Keyword, expected: Expected) -> bool {
        self.entries.push(Entry { code: Code::Key, at: Some(object.span().start), missing, expected });
        false
    }

    /// Notes what costs nothing more than a word, and is true.
    pub(crate) fn notice(&mut self, json: Json, expected: Expected) -> bool {
        self.refuse(json, expected);
        self.as_notice()
    }

    /// Notes a name that nobody knows, and is true.
    pub(crate) fn ignore(&mut self, name: Json) -> bool {
        self.notice(name, Expected::Known)
    }

    /// Gives what was noted last another code, and is false.
    pub(crate) fn as_code(&mut self, code: Code) -> bool {
        if let Some(last) = self.entries.last_mut() {
            last.code = code;
        }
        false
    }

    /// Makes a notice of what was noted last, and is true.
    pub(crate) fn as_notice(&mut self) -> bool {
        !self.as_code(Code::Notice)
    }

    /// What was noted last.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.entries.pop()
    }

    /// All that was noted, as far as anybody would read it.
    pub(crate) fn finish(self, document: &Document) -> Vec<Diagnostic> {
        let more = (self.entries.len() > MOST).then(|| Entry::new(Code::Notice, Expected::Fewer));
        self.entries.iter().take(MOST).chain(&more).map(|entry| entry.locate(document)).collect()
    }
}

impl Entry {
    /// Something of no place in particular.
    pub(crate) fn new(code: Code, expected: Expected) -> Self {
        Self { code, at: None, missing: Keyword::Other, expected }
    }

    /// In words, with key and place.
    pub(crate) fn locate(self, document: &Document) -> Diagnostic {
        let mut key = self.at.map_or_else(String::new, |at| document.path_to(at));
        let missing = self.missing.text();
        if !key.is_empty() && !missing.is_empty() {
            key.push('.');
        }
        key.push_str(missing);
        Diagnostic::found(self.code, &key, self.at.map(|at| document.place(at)), self.expected.text())
    }
}

impl Rejection {
    /// Refuses what is no document at all.
    pub(crate) fn new(code: Code, expected: Expected) -> Self {
        Self { entry: Entry::new(code, expected), document: Document::default() }
    }

    /// In words, with key and place.
    pub(crate) fn locate(self) -> Diagnostic {
        let Self { mut entry, document } = self;
        if entry.code == Code::Duplicate {
            entry.at = document.find_twice();
        }
        entry.locate(&document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[track_caller]
    fn check(note: impl FnOnce(&mut Diagnostics, Json), expected: &[&str]) {
        let document = Document::parse("{\n \"if\": [5],\n \"other\": 6}").unwrap();
        let mut log = Diagnostics::default();
        note(&mut log, document.root());

        assert_eq!(log.finish(&document).iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn faults_have_keys_and_places() {
        check(|_, _| {}, &[]);
        check(
            |log, root| {
                let item = root.find("if").items().next().unwrap();
                assert!(!log.refuse(item, Expected::Bool));
                assert!(!log.refuse_member(root, Keyword::If, Expected::Bool));
                assert!(!log.refuse_member(root, Keyword::Serve, Expected::Bool));
                assert!(!log.refuse_missing(item, Keyword::Serve, Expected::Bool));
                assert!(log.ignore(root.members().nth(1).unwrap().0));
                assert!(log.notice(root, Expected::Old));
            },
            &[
                "E117 if[0] (line 2, column 9): expected true or false",
                "E117 if (line 2, column 8): expected true or false",
                "E117 serve (line 1, column 1): expected true or false",
                "E117 if[0].serve (line 2, column 9): expected true or false",
                "I118 other (line 3, column 2): expected a known key; it is ignored",
                "I118 line 1, column 1: expected 1, the newest that this reader knows",
            ],
        );
    }

    #[test]
    fn the_last_one_gets_the_code() {
        check(
            |log, root| {
                log.refuse(root, Expected::Bool);
                log.refuse(root, Expected::Bool);
                assert!(!log.as_code(Code::Flag));
                log.refuse(root, Expected::Bool);
                assert!(log.as_notice());
            },
            &[
                "E117 line 1, column 1: expected true or false",
                "E112 line 1, column 1: expected true or false",
                "I118 line 1, column 1: expected true or false",
            ],
        );
        check(|log, _| assert!(!log.as_code(Code::Flag)), &[]);
    }

    #[test]
    fn nobody_reads_more_than_a_hundred() {
        let document = Document::parse("[]").unwrap();
        for (noted, shown, last) in [
            (99, 99, "E117 line 1, column 1: expected an array"),
            (100, 100, "E117 line 1, column 1: expected an array"),
            (101, 101, "I118 expected fewer faults; the rest is not shown"),
            (5_000, 101, "I118 expected fewer faults; the rest is not shown"),
        ] {
            let mut log = Diagnostics::default();
            for _ in 0..noted {
                log.refuse(document.root(), Expected::Array);
            }
            let faults = log.finish(&document);
            assert_eq!(
                (faults.len(), faults.last().map(ToString::to_string).as_deref()),
                (shown, Some(last)),
                "{noted}"
            );
        }
    }

    #[test]
    fn a_refusal_without_a_document_has_no_place() {
        assert_eq!(Rejection::new(Code::Size, Expected::Small).locate().to_string(), "E106 expected at most 1 MiB");
    }
}
