//! Flags as a config defines them.

use crate::json::document::{Json, Members};
use crate::json::keyword::Keyword;

/// A validated flag: a boolean, a percentage, or an object.
#[derive(Clone, Copy, Debug)]
pub struct Flag<'a> {
    key: &'a str,
    definition: Json<'a>,
}

impl<'a> Flag<'a> {
    /// Creates the view of a member of `FEATURE_FLAGS`.
    pub(crate) fn new(key: &'a str, definition: Json<'a>) -> Self {
        Self { key, definition }
    }

    /// Returns the key.
    #[must_use]
    pub fn key(self) -> &'a str {
        self.key
    }

    /// Returns the definition as it is written in the config.
    #[must_use]
    pub fn source(self) -> &'a str {
        self.definition.source()
    }

    /// Returns the keys of the flags that this one requires, each with the value that it must have.
    #[must_use]
    pub fn requires(self) -> Members<'a> {
        self.definition.member(Keyword::Requires).members()
    }

    pub(crate) fn definition(self) -> Json<'a> {
        self.definition
    }
}
