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

    /// Returns whether the flag declares a value: that of one of its variants, or without variants its `default`, what a
    /// rule serves, and `true` and `false` if one of these is a boolean.
    #[must_use]
    pub fn declares(self, value: Json) -> bool {
        let definition = self.definition;
        let variants = definition.member(Keyword::Variants);
        if variants.exists() {
            return variants.members().any(|(_, variant)| variant.member(Keyword::Value) == value);
        }
        let default = definition.member(Keyword::Default);
        let served = || definition.member(Keyword::Rules).items().map(|rule| rule.member(Keyword::Serve));
        let mut declared = served().chain([default]).filter(|one| one.exists());
        match value.as_bool() {
            Some(_) => !default.exists() || declared.any(|one| one.as_bool().is_some()),
            None => declared.any(|one| one == value),
        }
    }

    pub(crate) fn definition(self) -> Json<'a> {
        self.definition
    }
}
