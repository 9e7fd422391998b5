//! Conditions on attributes, segments, and the rules of the canary.

pub mod canary_rule;
pub(crate) mod coercion;
pub mod condition;
pub mod portable_regex;
pub mod segment;
pub mod version;
