//! `canaryctl bucket` with the shared vectors, and with malformed input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Stdio};

use serde_json::Value;
use support::{DEADLINE, canaryctl, fails, lines, repo, run, text};

/// The vectors' keys and buckets, by domain and salt.
fn vectors() -> BTreeMap<(String, String), Vec<(String, u64)>> {
    let bytes = fs::read(repo("tests/vectors/bucketing.json")).unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for case in document["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let group = groups.entry((text("domain"), text("salt"))).or_default();
        group.push((text("key"), case["bucket"].as_u64().unwrap()));
    }
    groups
}

#[test]
fn every_vector_holds_on_standard_input() {
    let mut count = 0;
    for ((domain, salt), mut cases) in vectors() {
        cases.retain(|(key, _)| !key.contains('\n'));
        let input = cases.iter().map(|(key, _)| format!("{key}\r\n")).collect::<Vec<_>>().concat();
        let output = run(&["bucket", "--domain", &domain, "--salt", &salt], input);
        assert_eq!(text(&output.stdout), answers(&cases), "{domain} {salt}");
        count += cases.len();
    }
    assert_eq!(count, 2_027);
}

#[test]
fn every_vector_holds_as_an_argument() {
    let mut count = 0;
    for ((domain, salt), cases) in vectors() {
        let mut args = vec!["bucket", "--domain", &domain, "--salt", &salt, "--"];
        args.extend(cases.iter().map(|(key, _)| key.as_str()));
        assert_eq!(text(&run(&args, "").stdout), answers(&cases), "{domain} {salt}");
        count += cases.len();
    }
    assert_eq!(count, 2_042);
}

fn answers(cases: &[(String, u64)]) -> String {
    cases.iter().map(|(key, bucket)| format!("{bucket}\t{key}\n")).collect::<Vec<_>>().concat()
}

#[test]
fn the_last_line_needs_no_newline() {
    let output = run(&["bucket", "--salt", "canary"], "user-1\nuser-2");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "38594\tuser-1\n44029\tuser-2\n"));
}

#[test]
fn json_has_bucket_and_key() {
    for args in [["--output", "json", "bucket", "--salt", "canary"], ["bucket", "--salt", "canary", "--output", "json"]]
    {
        let output = run(&args, "a\"b\t\n");
        assert_eq!(text(&output.stdout), "{\"bucket\":17849,\"key\":\"a\\\"b\\t\"}\n");
    }
}

#[test]
fn bad_keys_are_named() {
    let args = ["bucket", "--salt", "canary"];
    fails(&args, b"a\n\nb\n", "canaryctl: line 2: an empty key, which has no bucket\n");
    fails(&args, b"a\nb\n\xff\n", "canaryctl: line 3: not UTF-8: invalid utf-8 sequence of 1 bytes from index 0\n");
    fails(&["bucket", "--salt", "canary", "a", ""], b"", "canaryctl: key 2: an empty key, which has no bucket\n");
}

#[test]
fn bad_salts_are_refused() {
    for salt in ["", "a:b", "é", &"x".repeat(65)] {
        let output = run(&["bucket", "--salt", salt, "key"], "");
        let message = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{salt}");
        assert!(message.contains("'--salt <S>'") && message.contains("1 to 64 of A-Z a-z 0-9 _ . -"), "{message}");
    }
}

/// Starts the program with three pipes.
fn start() -> Child {
    let mut command = canaryctl(["bucket", "--salt", "canary"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn each_key_is_answered_at_once() {
    let mut child = start();
    let (mut stdin, answers) = (child.stdin.take().unwrap(), lines(child.stdout.take().unwrap()));
    for (key, answer) in [("user-1", "38594\tuser-1"), ("user-2", "44029\tuser-2")] {
        writeln!(stdin, "{key}").unwrap();
        assert_eq!(answers.recv_timeout(DEADLINE).as_deref(), Ok(answer));
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = start();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    while stdin.write_all(b"key\n").is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
