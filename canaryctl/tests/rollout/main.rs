//! `canaryctl rollout` on real repositories, with stand-ins for collector, Service and webhook receivers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    clippy::disallowed_methods,
    reason = "a panic is how a test fails"
)]

mod alerts;
mod ci;
mod collectors;
mod faults;
mod forge;
mod killed;
mod ladder;
mod people;
mod plan;
mod pull_requests;
mod remotes;
mod service;
mod shop;
mod signatures;
mod size;
mod ssh;
mod status;
#[path = "../support/mod.rs"]
mod support;
mod webhooks;
