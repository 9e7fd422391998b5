//! The development server: serves site, runtime and live config as nginx does.

pub(crate) mod config_status;
pub(crate) mod content_encoding;
pub(crate) mod headers;
pub(crate) mod horizon;
pub(crate) mod path;
pub(crate) mod route;
pub(crate) mod security_headers;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod static_file;
pub(crate) mod upstream;
pub(crate) mod watch;
