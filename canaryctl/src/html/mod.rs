//! HTML pages: elements, the entry, the guard, the snippet that includes the runtime, and hashes for the CSP.

pub(crate) mod app_root;
pub(crate) mod base;
pub(crate) mod csp;
pub(crate) mod elements;
pub(crate) mod entry;
pub(crate) mod guard;
pub(crate) mod minify;
pub(crate) mod preload;
pub(crate) mod rewrite;
pub(crate) mod snippet;
