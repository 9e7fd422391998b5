//! The corpus of configs: code, key and position of every diagnostic.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]

#[path = "corpus/mod.rs"]
mod corpus;

use std::collections::BTreeSet;

use canary_runtime::Config;
use corpus::{Case, Schema, read, show};

#[test]
fn every_diagnostic_has_its_key_and_position() {
    let mut differences = Vec::new();
    let cases = read("bad");
    for case in &cases {
        let found = match Config::parse(&case.bytes) {
            Ok((_, warnings)) => warnings.iter().map(show).collect(),
            Err(error) => vec![show(&error)],
        };
        if found != case.diagnostics {
            differences.push(format!("{}: expected {:?}, found {found:?}", case.name, case.diagnostics));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(cases.len(), 570);
}

#[test]
fn good_configs_have_no_diagnostics() {
    let cases = read("good");
    for case in &cases {
        let found = Config::parse(&case.bytes).map(|(_, warnings)| warnings);
        assert_eq!(
            found.map(|warnings| warnings.iter().map(show).collect()),
            Ok(Vec::<String>::new()),
            "{}",
            case.name
        );
    }
    assert_eq!(cases.len(), 196);
}

#[test]
fn expiry_depends_on_the_time() {
    let cases = read("bad");
    let mut count = 0;
    for Case { name, bytes, expired, .. } in &cases {
        let Some((now, expected)) = expired else { continue };
        let (config, _) = Config::parse(bytes).expect("a config");
        let error = config.check_expiry(*now).expect_err(name);
        assert_eq!(format!("{} {}", error.code().as_str(), error.key()), *expected, "{name}");
        if let Some(now) = now {
            assert_eq!(config.check_expiry(Some(config.expires_at().expect("an end") - 1)), Ok(()), "{name} at {now}");
        }
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn the_corpus_has_every_code_and_every_name_once() {
    let cases: Vec<_> = [read("bad"), read("good")].concat();
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len());
    let shown =
        cases.iter().flat_map(|case| case.diagnostics.iter().chain(case.expired.as_ref().map(|expired| &expired.1)));
    let codes: BTreeSet<_> = shown.filter_map(|diagnostic| diagnostic.split(' ').next()).collect();
    let all = ["E104", "E105", "E106", "E107", "E108", "E109", "E110", "E111", "E112", "E113", "E115", "E117", "I118"];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn a_schema_may_accept_configs_that_only_have_notices() {
    for case in read("bad") {
        let only_notices = case.diagnostics.iter().all(|diagnostic| diagnostic.starts_with("I118"));
        assert_eq!(only_notices, case.schema == Schema::Accepts, "{}", case.name);
    }
}
