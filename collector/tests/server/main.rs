//! The server as a process: its two ports, and what outlives a kill.
//!
//! One target, so that tests that wait for a minute to become final wait side by side.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a panic is how a test fails"
)]

mod http;
mod process;
mod support;

#[test]
fn serve_in_this_process() {
    support::serve_if_asked();
}
