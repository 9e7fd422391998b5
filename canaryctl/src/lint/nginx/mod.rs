//! Checks of nginx configurations.

pub(crate) mod fallback;
pub(crate) mod include;
pub(crate) mod locations;
pub(crate) mod parser;
pub(crate) mod rewrite;
pub(crate) mod server;
pub(crate) mod variable;
