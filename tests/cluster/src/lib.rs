//! Support for the `GitOps` tests: from a `git push` to the next page view, on the cluster that `make cluster` starts.
//!
//! The tests run in the node's network namespace (`tests/cluster/run`), so they can reach the addresses of pods and Services.
//! They share one [`environment::Environment`]: the manifests of this repository, in a Git repository of their own that Flux
//! syncs.
//!
//! Every function here fails the test that calls it with a panic that names what went wrong.

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
