//! The list of what is found in a config: codes at once, keys, positions and messages on demand.

use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::json::document::{Document, Json};
use crate::json::keyword::Keyword;

/// The limit on described entries: nobody reads more, and finding the positions of all would take too long.
const MAX_DESCRIBED: usize = 100;

/// The receiver of what a validator finds.
///
/// Its methods return the result of the check that calls them: rejecting is false, warning is true.
pub(crate) trait Report {
    /// Adds an entry.
    fn add(&mut self, entry: Entry);

    /// Replaces the code of the last entry.
    fn replace_last_code(&mut self, code: Code);

    /// The number of operators and regular expressions that this runtime does not support.
    fn unsupported(&mut self) -> &mut usize;

    /// Counts an operator or a regular expression that this runtime does not support.
    fn add_unsupported(&mut self) {
        let unsupported = self.unsupported();
        *unsupported = unsupported.saturating_add(1);
    }

    /// Rejects a value.
    fn reject(&mut self, json: Json, expected: Expected) -> bool {
        self.reject_missing(json, Keyword::Other, expected)
    }

    /// Rejects a member of an object, which may be missing.
    fn reject_member(&mut self, object: Json, key: Keyword, expected: Expected) -> bool {
        let member = object.member(key);
        if member.exists() { self.reject(member, expected) } else { self.reject_missing(object, key, expected) }
    }

    /// Rejects an object without a required member.
    #[inline(never)]
    fn reject_missing(&mut self, object: Json, missing: Keyword, expected: Expected) -> bool {
        self.add(Entry { code: Code::Key, offset: Some(object.span().start), missing, expected });
        false
    }

    /// Warns about a value that is accepted.
    fn warn(&mut self, json: Json, expected: Expected) -> bool {
        self.reject(json, expected);
        self.downgrade_last()
    }

    /// Warns about an unknown key.
    fn warn_unknown_key(&mut self, key: Json) -> bool {
        self.warn(key, Expected::KnownKey)
    }

    /// Replaces the code of the last rejection.
    fn set_last_code(&mut self, code: Code) -> bool {
        self.replace_last_code(code);
        false
    }

    /// Turns the last rejection into a warning.
    fn downgrade_last(&mut self) -> bool {
        !self.set_last_code(Code::Notice)
    }
}

/// The code of the last entry, for a reader that describes nothing.
#[derive(Debug, Default)]
pub(crate) struct LastCode {
    pub(crate) code: Option<Code>,
    unsupported: usize,
}

impl Report for LastCode {
    fn add(&mut self, entry: Entry) {
        self.code = Some(entry.code);
    }

    fn replace_last_code(&mut self, code: Code) {
        self.code = Some(code);
    }

    fn unsupported(&mut self) -> &mut usize {
        &mut self.unsupported
    }
}

/// A list of diagnostics that still lack keys, positions and messages.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    entries: Vec<Entry>,
    unsupported: usize,
}

impl Report for Diagnostics {
    fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    fn replace_last_code(&mut self, code: Code) {
        if let Some(last) = self.entries.last_mut() {
            last.code = code;
        }
    }

    fn unsupported(&mut self) -> &mut usize {
        &mut self.unsupported
    }
}

/// A diagnostic that still lacks its key, position and message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) code: Code,
    /// The offset of the value that is wrong, or of the object without the missing key.
    pub(crate) offset: Option<usize>,
    /// The missing key, or [`Keyword::Other`] if no key is missing.
    pub(crate) missing: Keyword,
    pub(crate) expected: Expected,
}

impl Diagnostics {
    /// Removes the last entry.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.entries.pop()
    }

    /// Describes the first hundred entries.
    pub(crate) fn describe(self, document: &Document) -> Vec<Diagnostic> {
        let rest = (self.entries.len() > MAX_DESCRIBED).then(|| Entry::new(Code::Notice, Expected::FewerProblems));
        self.entries.iter().take(MAX_DESCRIBED).chain(&rest).map(|entry| entry.describe(document)).collect()
    }
}

impl Entry {
    /// Creates an entry that concerns the whole document.
    pub(crate) fn new(code: Code, expected: Expected) -> Self {
        Self { code, offset: None, missing: Keyword::Other, expected }
    }

    /// Adds key, position and message.
    pub(crate) fn describe(self, document: &Document) -> Diagnostic {
        let mut key = self.offset.map_or_else(String::new, |offset| document.path_to(offset));
        let missing = self.missing.as_str();
        if !key.is_empty() && !missing.is_empty() {
            key.push('.');
        }
        key.push_str(missing);
        let position = self.offset.map(|offset| document.position(offset));
        Diagnostic::new(self.code, &key, self.expected.text()).with_position(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[track_caller]
    fn check(fill: impl FnOnce(&mut Diagnostics, Json), expected: &[&str]) {
        let document = Document::parse("{\n \"if\": [5],\n \"other\": 6}").unwrap();
        let mut list = Diagnostics::default();
        fill(&mut list, document.root());
        assert_eq!(list.describe(&document).iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn entries_get_keys_and_positions() {
        check(|_, _| {}, &[]);
        check(
            |list, root| {
                let item = root.member_named("if").items().next().unwrap();
                assert!(!list.reject(item, Expected::Bool));
                assert!(!list.reject_member(root, Keyword::If, Expected::Bool));
                assert!(!list.reject_member(root, Keyword::Serve, Expected::Bool));
                assert!(!list.reject_missing(item, Keyword::Serve, Expected::Bool));
                assert!(list.warn_unknown_key(root.members().nth(1).unwrap().0));
                assert!(list.warn(root, Expected::SupportedVersion));
            },
            &[
                "E117 if[0] (line 2, column 9): expected true or false",
                "E117 if (line 2, column 8): expected true or false",
                "E117 serve (line 1, column 1): expected true or false",
                "E117 if[0].serve (line 2, column 9): expected true or false",
                "I118 other (line 3, column 2): expected a known key; it is ignored",
                "I118 line 1, column 1: expected 1, the newest supported version",
            ],
        );
    }

    #[test]
    fn the_last_entry_gets_the_code() {
        check(
            |list, root| {
                list.reject(root, Expected::Bool);
                list.reject(root, Expected::Bool);
                assert!(!list.set_last_code(Code::Flag));
                list.reject(root, Expected::Bool);
                assert!(list.downgrade_last());
            },
            &[
                "E117 line 1, column 1: expected true or false",
                "E112 line 1, column 1: expected true or false",
                "I118 line 1, column 1: expected true or false",
            ],
        );
        check(|list, _| assert!(!list.set_last_code(Code::Flag)), &[]);
    }

    #[test]
    fn at_most_a_hundred_entries_are_described() {
        let document = Document::parse("[]").unwrap();
        for (found, described, last) in [
            (99, 99, "E117 line 1, column 1: expected an array"),
            (100, 100, "E117 line 1, column 1: expected an array"),
            (101, 101, "I118 expected at most 100 problems; the rest are not shown"),
            (5_000, 101, "I118 expected at most 100 problems; the rest are not shown"),
        ] {
            let mut list = Diagnostics::default();
            for _ in 0..found {
                list.reject(document.root(), Expected::Array);
            }
            let diagnostics = list.describe(&document);
            assert_eq!(
                (diagnostics.len(), diagnostics.last().map(ToString::to_string).as_deref()),
                (described, Some(last)),
                "{found}"
            );
        }
    }
}
