//! A controller that annotates pods when their ConfigMap changes.

pub(crate) mod api_error;
pub(crate) mod cluster;
pub(crate) mod controller;
pub(crate) mod health;
pub(crate) mod pod;
pub(crate) mod probes;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod revision;
pub(crate) mod watch;
