//! The development server: site, runtime and live config without Nginx.

pub(crate) mod config_status;
pub(crate) mod content_encoding;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod path;
pub(crate) mod route;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod static_file;
pub(crate) mod upstream;
pub(crate) mod watch;
