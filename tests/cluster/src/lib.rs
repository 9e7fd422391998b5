//! Support for the tests of the whole path, on the cluster that `make cluster` brings up.
//!
//! The tests run in the node's network (`tests/cluster/run`), so that addresses of pods and Services are theirs. What they
//! share is a [`environment::Shop`]: the manifests of this repository in a Git repository of its own, synced by Flux.
//!
//! Every function here fails its test by a panic that names what went wrong.

pub mod alerts;
pub mod api;
pub mod container;
pub mod environment;
pub mod guide;
pub mod image;
pub mod kubectl;
pub mod load;
pub mod node;
pub mod repository;
pub mod shell;
pub mod signing_keys;
pub mod timings;
