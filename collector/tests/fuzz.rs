//! The fuzz target of reports for its seeds and mutations of them. `scripts/fuzz SECONDS report` runs the fuzzer.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    unreachable_pub,
    reason = "a panic is a finding"
)]

#[path = "../../fuzz/src/mutation.rs"]
mod mutation;
#[path = "../../fuzz/src/report.rs"]
mod target;

use std::path::Path;

#[test]
fn reports() {
    mutation::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/report"), target::report);
}
