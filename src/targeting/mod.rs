//! Targeting: conditions on attributes, segments, and the rules of the canary.

pub(crate) mod arm;
pub(crate) mod canary_rule;
pub(crate) mod char_set;
pub(crate) mod coercion;
pub(crate) mod condition;
pub(crate) mod portable_regex;
pub(crate) mod regex_ways;
pub(crate) mod segment;
pub(crate) mod version;

pub use arm::Arm;
pub use portable_regex::is_portable;
pub use segment::segment_hash;
