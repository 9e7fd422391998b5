//! What is found while a config is checked.

use alloc::vec::Vec;

use crate::fault::{Code, Fault};
use crate::json::{Document, Json};
use crate::word::Word;

/// More than these nobody reads; finding the places of all would take too long.
const MOST: usize = 100;

/// Faults by the place of what is wrong, which is looked up at the end.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Entry>,
    /// How often something was beyond this reader, though it may be right.
    pub(crate) gaps: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    code: Code,
    at: usize,
    /// What is missing there, if that is what is wrong.
    missing: Word,
    expected: &'static str,
}

impl Log {
    /// Notes that `json` is not what was expected, and is false, for whoever answers with that.
    pub(crate) fn refuse(&mut self, json: Json, expected: &'static str) -> bool {
        self.refuse_missing(json, Word::Other, expected)
    }

    /// The same of a member, which may be missing.
    pub(crate) fn refuse_member(&mut self, object: Json, word: Word, expected: &'static str) -> bool {
        let member = object.member(word);
        if member.exists() { self.refuse(member, expected) } else { self.refuse_missing(object, word, expected) }
    }

    /// The same of a member that is missing.
    #[inline(never)]
    pub(crate) fn refuse_missing(&mut self, object: Json, missing: Word, expected: &'static str) -> bool {
        self.entries.push(Entry { code: Code::Key, at: object.span().start, missing, expected });
        false
    }

    /// Notes what costs nothing more than a word, and is true.
    pub(crate) fn notice(&mut self, json: Json, expected: &'static str) -> bool {
        self.refuse(json, expected);
        self.as_notice()
    }

    /// Notes a name that nobody knows, and is true.
    pub(crate) fn ignore(&mut self, name: Json) -> bool {
        self.notice(name, "a known key; it is ignored")
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

    /// What was noted last, as a fault in its document.
    pub(crate) fn pop(&mut self, document: &Document) -> Fault {
        let entry = self.entries.pop().unwrap_or(Entry { code: Code::Key, at: 0, missing: Word::Other, expected: "" });
        entry.locate(document)
    }

    /// All that was noted, as far as anybody would read it.
    pub(crate) fn finish(self, document: &Document) -> Vec<Fault> {
        let more = self.entries.len() > MOST;
        let mut faults: Vec<_> = self.entries.iter().take(MOST).map(|entry| entry.locate(document)).collect();
        if more {
            faults.push(Fault::new(Code::Notice, "", "fewer faults; the rest is not shown"));
        }
        faults
    }
}

impl Entry {
    fn locate(self, document: &Document) -> Fault {
        let mut key = document.path_to(self.at);
        let missing = self.missing.text();
        if !key.is_empty() && !missing.is_empty() {
            key.push('.');
        }
        key.push_str(missing);
        Fault::found(self.code, &key, Some(document.place(self.at)), self.expected)
    }
}
