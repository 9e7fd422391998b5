//! The console: a page that shows a rollout and what browsers report, at `/runtime/console/`.
//!
//! Its files are in `canaryctl/console`. It polls one address, `data`, which has the controller's state and what this
//! collector counted; each may be missing.

pub(crate) mod console;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod known_config;
pub(crate) mod site;
