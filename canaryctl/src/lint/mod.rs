//! Checks of configs, manifests and nginx configurations before they reach a cluster.

pub(crate) mod discover;
pub(crate) mod kustomize;
pub(crate) mod nginx;
pub(crate) mod object;
pub(crate) mod object_set;
pub(crate) mod plugin;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod sources;
pub(crate) mod suggest;
pub(crate) mod volume;
