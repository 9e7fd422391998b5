//! The types of a schema, which describes what a config may contain as data.

use crate::diagnostics::expected::Expected;
use crate::json::document::Json;
use crate::json::keyword::Keyword;

/// The set of values that are valid in one place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
    Any,
    Bool,
    NonEmptyString,
    Identifier,
    Percentage,
    Timestamp,
    /// An integer from the first number to the second; `u32::MAX` stands for no limit.
    Integer(u32, u32, Expected),
    /// A number from 0 to 1.
    Fraction,
    OneOf(&'static [Keyword], Expected),
    Integrity,
    /// `sha256:` and 64 hexadecimal digits in lower case.
    TokenHash,
    Condition,
    List(&'static Schema),
    /// An object with any keys.
    Map(&'static Schema),
    /// An object whose keys are identifiers.
    Named(&'static Schema),
    /// An object with known keys.
    Object(&'static [Member]),
    /// An object with known keys, and others that a newer version may know.
    Open(&'static [Member]),
    /// An object whose member is the URL of an asset. It may have another origin if there is an integrity hash.
    Asset(Keyword, &'static [Member]),
    /// The scripts of a bundle, at least one.
    Scripts,
    /// The flags, which are validated one by one because a malformed one does not affect the others.
    Flags,
    /// The rules of the canary. One that is not supported never matches.
    CanaryRules,
    /// A value of another schema that satisfies a predicate on the flag and the value. Only flags have such members.
    Refined(&'static Schema, for<'a> fn(Json<'a>, Json<'a>) -> bool, Expected),
}

/// A known member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member(pub(crate) Keyword, pub(crate) Presence, pub(crate) Schema);

/// The consequence of a member that is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The object is malformed in both cases.
    Required,
    /// The object is malformed if the member is.
    Optional,
    /// A malformed member counts as missing.
    Lenient,
}

impl Schema {
    /// Returns the expectation that another value does not meet.
    pub(crate) fn expected(self) -> Expected {
        match self {
            Self::Any => Expected::Value,
            Self::Bool => Expected::Bool,
            Self::NonEmptyString => Expected::NonEmptyString,
            Self::Identifier => Expected::Identifier,
            Self::Percentage => Expected::Percentage,
            Self::Timestamp => Expected::Timestamp,
            Self::Integer(_, _, expected) | Self::OneOf(_, expected) | Self::Refined(_, _, expected) => expected,
            Self::Fraction => Expected::Fraction,
            Self::Integrity => Expected::Integrity,
            Self::TokenHash => Expected::TokenHash,
            Self::Condition => Expected::Condition,
            Self::List(_) | Self::CanaryRules => Expected::Array,
            Self::Map(_) | Self::Named(_) | Self::Object(_) | Self::Open(_) | Self::Asset(..) | Self::Flags => {
                Expected::Object
            }
            Self::Scripts => Expected::Scripts,
        }
    }
}
