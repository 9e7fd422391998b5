//! Faults of every kind in Chromium, Firefox and `WebKitGTK`.

mod bundle;
mod chaos;
mod config;
mod lifecycle;
mod page;
mod reports;
mod soak;
mod storage;
mod wasm;

use canary_e2e::faults::{FaultTest, problems, with_matrix};
use canary_e2e::files::{read, repo, write};

/// All fault tests.
fn tests() -> Vec<FaultTest> {
    [
        bundle::TESTS,
        chaos::TESTS,
        config::TESTS,
        lifecycle::TESTS,
        page::TESTS,
        reports::TESTS,
        soak::TESTS,
        storage::TESTS,
        wasm::TESTS,
    ]
    .concat()
}

#[test]
fn the_matrix_in_the_documentation_is_that_of_the_tests() {
    let path = repo("docs/faults.md");
    let docs = read(&path);
    let current = with_matrix(&docs, &tests());
    if std::env::var_os("CANARY_UPDATE_DOCS").is_some() {
        write(&path, &current);
    }
    assert_eq!(problems(&tests(), &docs), [""; 0]);
    assert!(read(&path) == current, "docs/faults.md is not current; CANARY_UPDATE_DOCS=1 updates it");
}
