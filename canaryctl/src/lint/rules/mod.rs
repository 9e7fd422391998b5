//! The rules, one module for each kind of object.

pub(crate) mod config;
pub(crate) mod configmap;
pub(crate) mod field;
pub(crate) mod flux;
pub(crate) mod kind;
pub(crate) mod namespace;
pub(crate) mod workload;
