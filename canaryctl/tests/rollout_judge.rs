//! `canaryctl rollout judge` as a whole. That its figures are right is shown by the judge's own vectors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{canaryctl, fails, repo, run, text};

/// A history of the vectors: policy, rows as lines, expected verdict.
fn history(name: &str) -> (Value, String, Value) {
    let text = fs::read_to_string(repo("tests/vectors/judge/histories.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let case = cases.into_iter().find(|case| case["name"] == name).expect("a history of that name");
    let rows: Vec<_> = case["rows"].as_array().unwrap().iter().map(Value::to_string).collect();
    (case["policy"].clone(), rows.join("\n"), case["expected"].clone())
}

/// A file in a folder of its own.
fn file(name: &str, content: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    let path = path.display().to_string();
    (dir, path)
}

#[track_caller]
fn json(policy: &str, rows: &str) -> Value {
    let (_dir, path) = file("policy", policy);
    let output = run(&["rollout", "judge", "-", "--policy", &path, "--output", "json"], rows);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The same up to the last digits of a float.
#[track_caller]
fn same(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{place}: {a} {b}");
        }
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>(), "{place}");
            a.iter().for_each(|(key, value)| same(value, &b[key], &format!("{place}.{key}")));
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

#[test]
fn json_has_what_was_computed_independently() {
    for name in ["nothing", "clean", "late breakage", "slow, rolled back", "beyond a float", "silent", "nothing acts"] {
        let (policy, rows, expected) = history(name);
        let mut found = json(&policy.to_string(), &rows);
        let found = found.as_object_mut().unwrap();
        let reason = found.remove("reason").unwrap();
        assert!(!reason.as_str().unwrap().is_empty(), "{name}");
        let effects = found.remove("smallestEffect").unwrap();
        assert_eq!(effects.as_object().unwrap().len(), expected["metrics"].as_object().unwrap().len(), "{name}");
        same(&Value::Object(found.clone()), &expected, name);
    }
}

#[test]
fn no_rows_are_no_data() {
    let found = json("{}", "");
    assert_eq!((&found["verdict"], &found["minute"]), (&json!("no-data"), &Value::Null));
    assert_eq!(
        found["metrics"]["error"],
        json!({"e": 1.0, "logE": 0.0, "logNoWorse": 0.0, "ratio": {"low": 0.0, "high": null}})
    );
    assert_eq!((&found["sampleRatio"], &found["stratum"]), (&json!(1.0), &Value::Null));
    assert_eq!(found["smallestEffect"]["error"], Value::Null);
}

#[test]
fn a_policy_is_yaml_or_json() {
    let (_, rows, _) = history("clean");
    let yaml = "# strict\nalpha: 0.01\nminViews: 10\nmetrics:\n  - { name: error, rho: 2 }\n  - name: left\n    action: warn\n";
    let json_text =
        r#"{"alpha":0.01,"minViews":10,"metrics":[{"name":"error","rho":2},{"name":"left","action":"warn"}]}"#;
    let found = json(yaml, &rows);
    assert_eq!(found, json(json_text, &rows));
    assert_eq!(found["verdict"], "advance");
    assert_eq!(found["metrics"].as_object().unwrap().len(), 2);
    assert_eq!(json("# nothing\n", &rows), json("{}", &rows));
}

#[test]
fn people_read_a_table() {
    let (policy, rows, _) = history("errors in one engine");
    let (_dir, path) = file("judge.yaml", &policy.to_string());
    let args = ["rollout", "judge", "-", "--policy", &path];
    let expected = include_str!("fixtures/rollout/judge.txt");
    for (locale, expected) in [("C.UTF-8", expected.to_owned()), ("C", expected.replace('✓', "+").replace('✗', "x"))]
    {
        let (_rows, file) = file("rows.jsonl", &rows);
        let args = args.map(|arg| if arg == "-" { file.as_str() } else { arg });
        let output = canaryctl(args).env("LC_ALL", locale).output().unwrap();
        assert_eq!(text(&output.stderr), "");
        let found = text(&output.stdout).replace(&file, "rows.jsonl");
        assert_eq!(found, expected);
    }
}

#[test]
fn lines_fit_a_terminal() {
    for name in ["beyond a float", "large counts", "nothing", "clean", "slow, rolled back", "too few, rolled back"] {
        let (policy, rows, _) = history(name);
        let (_dir, path) = file("judge.yaml", &policy.to_string());
        let output = text(&run(&["rollout", "judge", "-", "--policy", &path], rows).stdout);
        let longest = output.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= 80, "{name}: {longest}");
    }
}

#[test]
fn a_row_that_is_none_is_named() {
    let (_, rows, _) = history("clean");
    let rows: Vec<_> = rows.lines().collect();
    let check = |line: &str, message: &str| {
        let input = format!("{}\n\n{line}\n", rows[0]);
        let args = ["rollout", "judge", "-", "--output", "json"];
        fails(&args, input.as_bytes(), &format!("canaryctl: standard input:3{message}\n"));
    };
    check("{}", ":2: missing field `minute`");
    check("minute", ":1: found no JSON, expected one row a line: expected value");
    check(&rows[0].replace("0.05", "1.5"), ":396: found share 1.5, expected a number from 0 to 1");
    check(
        &rows[0].replace("\"left\"", "\"lft\""),
        ":149: unknown field `lft`, expected one of `exposed`, `not-ready`, `error`, `left`, `lcp`, `inp`, `cls`",
    );
    check(
        &rows[0].replace("29712345", "29712344"),
        ": found minute 29712344 after 29712345, expected rows in order of minute",
    );
    check(&rows[0].replace("\"run\"", "\"all\""), ":353: unknown variant `all`, expected `run` or `cohort`");
    check(
        &rows[0].replace("\"measured\":", "\"measured\":1,\"x\":"),
        ":50: unknown field `x`, expected `measured` or `above`",
    );
}

#[test]
fn a_policy_that_is_none_is_named() {
    let check = |policy: &str, message: &str| {
        let (_dir, path) = file("judge.yaml", policy);
        let args = ["rollout", "judge", "-", "--policy", &path];
        fails(&args, b"", &format!("canaryctl: {path}:{message}\n"));
    };
    check("alpha: 2\n", "1:8: found alpha 2, expected a number between 0 and 1");
    check("a: 1\n", "1:1: unknown field `a`, expected one of alpha, minViews, metrics, onSampleRatio, onNoData");
    let names = "expected one of not-ready, error, left, poor-lcp, poor-inp, poor-cls";
    check("alpha: 0.01\nmetrics:\n  - name: errors\n", &format!("3:11: unknown metric \"errors\", {names}"));
    check(r#"{"metrics":[{"name":"errors"}]}"#, &format!("1:29: unknown metric \"errors\", {names}"));
    check(
        "metrics: [ { name: error, action: stop } ]",
        "1:35: unknown variant `stop`, expected one of rollback, hold, warn, dryRun",
    );
    check("onNoData: advance\n", "1:11: unknown variant `advance`, expected one of hold");
    check("metrics: [ { name: error }, { name: error } ]\n", "1:1: found the metric error twice");
}

#[test]
fn one_standard_input_is_for_one_thing() {
    fails(
        &["rollout", "judge", "-", "--policy", "-"],
        b"",
        "canaryctl: FILE and --policy cannot both be standard input\n",
    );
}
