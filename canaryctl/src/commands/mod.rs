//! The verbs, one module each: its arguments and a `run`.

pub(crate) mod assets;
pub(crate) mod bucket;
pub(crate) mod collect;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod edit;
pub(crate) mod explain;
pub(crate) mod guard;
pub(crate) mod init;
pub(crate) mod inject;
pub(crate) mod nudge;
pub(crate) mod qa_link;
pub(crate) mod rollout;
pub(crate) mod schema;
pub(crate) mod segment;
pub(crate) mod serve;
pub(crate) mod set;
pub(crate) mod simulate;
pub(crate) mod stale;
pub(crate) mod traffic;
pub(crate) mod types;
pub(crate) mod validate;
