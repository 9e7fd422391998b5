//! The frozen vectors, natively. `tests/web.rs` runs the same in a browser, and the end-to-end tests hold them against
//! an independent implementation in JavaScript.
#![cfg(not(target_arch = "wasm32"))]

mod vectors;

#[test]
fn buckets_are_frozen() {
    assert_eq!(vectors::check_buckets(), 2_042);
}

#[test]
fn percentages_are_exact() {
    assert_eq!(vectors::check_percentages(), 323);
}
