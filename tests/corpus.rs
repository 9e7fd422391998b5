//! The corpus of configs, held against the parser: code, key and place of every fault.
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
fn every_fault_is_named_with_its_key_and_place() {
    let mut wrong = Vec::new();
    let cases = read("bad");
    for case in &cases {
        let found = match Config::parse(&case.bytes) {
            Ok((_, warnings)) => warnings.iter().map(show).collect(),
            Err(fault) => vec![show(&fault)],
        };
        if found != case.faults {
            wrong.push(format!("{}: expected {:?}, found {found:?}", case.name, case.faults));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cases.len(), 557);
}

#[test]
fn good_configs_raise_no_word() {
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
    assert_eq!(cases.len(), 193);
}

#[test]
fn an_end_is_judged_by_the_time() {
    let cases = read("bad");
    let mut asked = 0;
    for Case { name, bytes, expired, .. } in &cases {
        let Some((now, expected)) = expired else { continue };
        let (config, _) = Config::parse(bytes).expect("a config");
        let fault = config.check_expiry(*now).expect_err(name);
        assert_eq!(format!("{} {}", fault.code().as_str(), fault.key()), *expected, "{name}");
        if let Some(now) = now {
            assert_eq!(config.check_expiry(Some(config.expires_at().expect("an end") - 1)), Ok(()), "{name} at {now}");
        }
        asked += 1;
    }
    assert_eq!(asked, 5);
}

#[test]
fn the_corpus_has_every_code_and_every_name_once() {
    let cases: Vec<_> = [read("bad"), read("good")].concat();
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len());
    let said = cases.iter().flat_map(|case| case.faults.iter().chain(case.expired.as_ref().map(|said| &said.1)));
    let codes: BTreeSet<_> = said.filter_map(|fault| fault.split(' ').next()).collect();
    let all = ["E104", "E105", "E106", "E107", "E108", "E109", "E110", "E111", "E112", "E113", "E115", "E117", "I118"];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn a_schema_need_not_reject_what_is_only_noticed() {
    for case in read("bad") {
        let noticed = case.faults.iter().all(|fault| fault.starts_with("I118"));
        assert_eq!(noticed, case.schema == Schema::Accepts, "{}", case.name);
    }
}
