//! The fuzz targets for the seeds and a few thousand mutations of them, which takes seconds and no tools. `scripts/fuzz` runs
//! the fuzzer.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic fails the test")]

#[path = "../fuzz/src/mutation.rs"]
mod mutation;
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

fn check(name: &str, target: fn(&[u8])) {
    mutation::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name), target);
}

#[test]
fn asset_urls() {
    check("asset_url", targets::asset_url);
}

#[test]
fn conditions() {
    check("condition", targets::condition);
}

#[test]
fn configs() {
    check("config", targets::config);
}

#[test]
fn json() {
    check("json", targets::json);
}

#[test]
fn overrides() {
    check("overrides", targets::overrides);
}
