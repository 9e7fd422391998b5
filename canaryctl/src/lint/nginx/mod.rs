//! Checks of nginx configurations.

pub(crate) mod fallback;
pub(crate) mod include;
pub(crate) mod locations;
pub(crate) mod parser;
pub(crate) mod server;
