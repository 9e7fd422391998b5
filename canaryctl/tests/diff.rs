//! `canaryctl diff` as a process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::process::Command;

use serde_json::Value;
use support::{repo, run, text};
use tempfile::TempDir;

/// A folder with `old.yaml`, and `new.yaml` that differs in one place.
struct Pair(TempDir);

impl Pair {
    fn of(from: &str, to: &str) -> Self {
        let pair = Self(tempfile::tempdir().unwrap());
        let old = fs::read_to_string(repo("k8s/base/canary-config-cm.yaml")).unwrap();
        assert!(old.contains(from), "no {from} in {old}");
        fs::write(pair.0.path().join("new.yaml"), old.replace(from, to)).unwrap();
        fs::write(pair.0.path().join("old.yaml"), old).unwrap();
        pair
    }

    /// Runs the verb on both.
    fn diff(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let [old, new] = ["old.yaml", "new.yaml"].map(|name| self.0.path().join(name).display().to_string());
        let args: Vec<_> = ["diff", &old, &new, "--users", "2000"].iter().chain(args).copied().collect();
        let output = run(&args, "");
        let folder = format!("{}/", self.0.path().display());
        let [out, error] = [&output.stdout, &output.stderr].map(|bytes| text(bytes).replace(&folder, ""));
        (output.status.code(), out, error)
    }
}

const RAISED: (&str, &str) = ("\"CANARY_PERCENTAGE\": 5,", "\"CANARY_PERCENTAGE\": 10,");

#[test]
fn a_raise_moves_users_in_and_nobody_out() {
    let expected = "\
old.yaml -> new.yaml: 2,000 synthetic users (user-0 to user-1999)

changed
  CANARY_PERCENTAGE 5 -> 10

bundle
  stable -> canary     90    4.500 %  user-13, user-48
  canary -> stable      0    0.000 %
  stays canary         99    4.950 %
  stays stable      1,811   90.550 %

90 of 2,000 users move, 4.500 %; no user leaves the canary
";
    let pair = Pair::of(RAISED.0, RAISED.1);
    assert_eq!(pair.diff(&[]), (Some(0), expected.to_owned(), String::new()));
}

#[test]
fn the_exit_code_reports_moves_only_on_request() {
    let code = |pair: &Pair, args| pair.diff(args).0;
    let (raised, same, added) = (
        Pair::of(RAISED.0, RAISED.1),
        Pair::of("\"REVISION\": 1", "\"REVISION\": 2"),
        Pair::of("\"new-checkout\": 25", "\"new-checkout\": 25, \"more\": false"),
    );
    assert_eq!((code(&raised, &[]), code(&raised, &["--exit-code"])), (Some(0), Some(1)));
    assert_eq!((code(&same, &[]), code(&same, &["--exit-code"])), (Some(0), Some(0)));
    assert_eq!((code(&added, &[]), code(&added, &["--exit-code"])), (Some(0), Some(1)));
}

#[test]
fn another_salt_is_noted() {
    let (_, out, _) = Pair::of("release-1.5.0", "release-1.6.0").diff(&[]);
    let line = "  SALT \"release-1.5.0\" -> \"release-1.6.0\": reassigns the bundle of every user\n";
    assert!(out.contains(line), "{out}");
    assert!(!out.contains("no user leaves the canary"), "{out}");
}

#[test]
fn a_rejected_new_config_exits_with_1() {
    let pair = Pair::of(RAISED.0, "\"CANARY_PERCENTAGE\": \"10\",");
    let message = "\
canaryctl: the config is rejected: new.yaml:19:28: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most \
                   3 decimals
   |
19 |       \"CANARY_PERCENTAGE\": \"10\",
   |                            ^^^^ found a string
";
    assert_eq!(pair.diff(&[]), (Some(1), String::new(), message.to_owned()));
}

#[test]
fn a_rejected_old_config_means_stable() {
    let pair = Pair::of(RAISED.0, "\"CANARY_PERCENTAGE\": 100,");
    fs::write(pair.0.path().join("old.yaml"), "{}").unwrap();
    let (code, out, error) = pair.diff(&["--output", "json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["arms"]["stable -> canary"]), (Some(0), &Value::from(2_000)));
    let message = "canaryctl: old.yaml: everyone gets stable: E109 CANARY_PERCENTAGE (line 1, column 1): \
                   expected a number from 0 to 100 with at most 3 decimals\n";
    assert_eq!(error, message);
}

#[test]
fn a_pipe_can_be_read() {
    let pair = Pair::of(RAISED.0, RAISED.1);
    let script = format!("{} diff <(cat old.yaml) new.yaml --users 10 --output json", env!("CARGO_BIN_EXE_canaryctl"));
    let output = Command::new("bash").args(["-c", &script]).current_dir(pair.0.path()).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["changes"].to_string(), r#"[{"from":5,"key":"CANARY_PERCENTAGE","to":10}]"#);
}

#[test]
fn unreadable_input_is_named() {
    let same = "canaryctl: only one of OLD, NEW and --keys can be standard input\n";
    support::fails(&["diff", "-", "-"], b"", same);
    let missing = "canaryctl: cannot read no/such: No such file or directory (os error 2)\n";
    support::fails(&["diff", "no/such", "-"], b"{}", missing);
}
