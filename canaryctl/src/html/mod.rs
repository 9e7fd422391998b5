//! HTML pages: their elements, the entry script, the snippet that includes the runtime, and the policy's hashes.

pub(crate) mod base;
pub(crate) mod csp;
pub(crate) mod elements;
pub(crate) mod entry;
pub(crate) mod minify;
pub(crate) mod rewrite;
pub(crate) mod snippet;
