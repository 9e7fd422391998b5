//! The frozen vectors in a native build. `tests/web.rs` checks them in a browser, and the end-to-end tests with an independent
//! implementation in JavaScript.
#![cfg(not(target_arch = "wasm32"))]

#[path = "mod.rs"]
mod vectors;

#[test]
fn buckets_are_frozen() {
    assert_eq!(vectors::check_buckets(), 2_042);
}

#[test]
fn percentages_are_exact() {
    assert_eq!(vectors::check_percentages(), 323);
}

#[test]
fn conditions_are_frozen() {
    assert_eq!(vectors::check_conditions(), 131 + 399);
}

#[test]
fn patterns_are_portable() {
    assert_eq!(vectors::check_patterns(), 206 + 151 + 7);
}

#[test]
fn flags_are_frozen() {
    assert_eq!(vectors::check_flags(), 714);
}

#[test]
fn decisions_are_frozen() {
    assert_eq!(vectors::check_decisions(), 260);
}
