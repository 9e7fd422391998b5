//! The context of an evaluation: a targeting key and attributes.

use alloc::string::String;

use crate::json::document::Document;

/// The user and page that a config is evaluated for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvaluationContext {
    /// The key that is hashed into a bucket; empty if the user is not known.
    pub targeting_key: String,
    /// The attributes that conditions refer to, a JSON object.
    pub attributes: Document,
}
