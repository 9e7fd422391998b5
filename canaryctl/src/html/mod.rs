//! HTML pages: elements, the entry, the guard, the snippet that includes the runtime, and hashes for the CSP.

pub(crate) mod app_root;
pub(crate) mod base;
pub(crate) mod built_page;
pub(crate) mod csp;
pub(crate) mod elements;
pub(crate) mod entry;
pub(crate) mod guard;
pub(crate) mod import_map;
pub(crate) mod inline_style;
pub(crate) mod integrity;
pub(crate) mod minify;
pub(crate) mod no_entry;
pub(crate) mod page;
pub(crate) mod preload;
pub(crate) mod rewrite;
pub(crate) mod site;
pub(crate) mod snippet;
pub(crate) mod warnings;
