//! `canaryctl explain` for a manifest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::path::PathBuf;

use support::{run, text};
use tempfile::TempDir;

const MANIFEST: &str = r#"kind: ConfigMap
metadata:
  name: canary-settings
data:
  config.json: |
    {
      "CANARY_PERCENTAGE": 5.0, "REVISION": 7,
      "EXPIRES_AT": "2027-01-01T00:00:00Z",
      "OVERRIDES": {"query": true},
      "CANARY_RULES": [
        {"if": {"team": "qa"}, "serve": "canary", "always": true},
        {"if": {"url.path": {"$unknown": 1}}, "serve": "canary"},
        {"if": {"url.path": "/pay"}, "serve": "stable"}
      ],
      "FEATURE_FLAGS": {
        "banner": true,
        "color": {
          "percentage": 90,
          "variants": {"blue": {"weight": 1, "value": "\u0023f"}, "red": {"weight": 3, "value": [1.50, 2]}}
        },
        "late": {"from": "2026-12-01T00:00:00Z", "requires": {"banner": true}},
        "pro": {"rules": [{"if": {"plan": "pro"}, "percentage": 10}, {"if": {"plan": "pro"}, "serve": "x"}]}
      }
    }
"#;

fn folder(manifest: &str) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("cm.yaml");
    fs::write(&path, manifest).unwrap();
    (dir, path)
}

/// Runs `explain` for a manifest and returns the exit code and both streams, without the name of the folder.
fn explain(manifest: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let (dir, path) = folder(manifest);
    let all = ["explain", "--config", path.to_str().unwrap(), "--now", "2026-11-30T23:59:59Z"];
    let output = run(&[all.as_slice(), args].concat(), "");
    let folder = format!("{}/", dir.path().display());
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| text(bytes).replace(&folder, ""));
    (output.status.code(), out, error)
}

#[track_caller]
fn prints(args: &[&str], expected: &str) {
    assert_eq!(explain(MANIFEST, args), (Some(0), expected.to_owned(), String::new()));
}

const WARNING: &str =
    "I118 CANARY_RULES[1].if.url.path.$unknown (line 12, column 30): expected a known operator; this one never matches";

#[test]
fn text_has_the_steps() {
    prints(
        &["--key", "user-1", "--attributes", r#"{"plan": "pro"}"#],
        &format!(
            "\
user-1 gets stable: SPLIT, cohort rest
  config        cm.yaml, revision 7
  bucket        38594 of 0 to 99999, by the salt canary
  always rules  the only one does not match
  override      none
  rules         none of 3 matches; rule 2 is not supported
  percentage    5.0 %: canary 0 to 4999, control 50000 to 54999; 38594 is in neither -> SPLIT
flags
  banner  true            STATIC           the same for everyone
  color   [1.50,2] (red)  SPLIT            bucket 68536 is inside 90 %, 0 to 89999, variant bucket 84304 is in red's range, 25000 to 99999
  late    false           DISABLED         begins at \"2026-12-01T00:00:00Z\"
  pro     \"x\"             TARGETING_MATCH  rule 1 matches, bucket 22714 is outside 10 %, 0 to 9999, rule 2 matches
warnings
  {WARNING}
"
        ),
    );
    prints(
        &["--key", "user-1", "--attributes", r#"{"url": {"path": "/pay"}}"#, "--flag", "none"],
        &format!(
            "\
user-1 gets stable: TARGETING_MATCH, cohort rest
  config        cm.yaml, revision 7
  bucket        38594 of 0 to 99999, by the salt canary
  always rules  the only one does not match
  override      none
  rules         rule 3 matches: stable is served -> TARGETING_MATCH
flags
  none  caller's default  ERROR FLAG_NOT_FOUND  the config has no such flag
warnings
  {WARNING}
"
        ),
    );
}

#[test]
fn json_has_all_values_as_written() {
    let args = ["--key", "user-1", "--output", "json", "--query", "?canary=canary", "--override", "late={\"a\": 1e0}"];
    prints(
        &args,
        &[
            r#"{"variant":"canary","cohort":"canary","bucket":38594,"reason":"TARGETING_MATCH","errorCode":null,"#,
            r#""revision":7,"flags":{"banner":{"value":true,"variant":null,"reason":"STATIC","errorCode":null},"#,
            r#""color":{"value":[1.50,2],"variant":"red","reason":"SPLIT","errorCode":null},"#,
            r#""late":{"value":{"a":1e0},"variant":null,"reason":"TARGETING_MATCH","errorCode":null},"#,
            r#""pro":{"value":false,"variant":null,"reason":"DEFAULT","errorCode":null}},"#,
            &format!("\"warnings\":[\"{WARNING}\"]}}\n"),
        ]
        .concat(),
    );
}

#[test]
fn a_config_that_cannot_be_used_is_an_answer() {
    let expired = MANIFEST.replace("2027", "2025");
    let rejected = MANIFEST.replace("5.0", "\"5\"");
    for (manifest, error, code) in [(expired, "GENERAL", "E115"), (rejected, "PARSE_ERROR", "E109")] {
        let (status, out, _) = explain(&manifest, &["--key", "user-1", "--output", "json"]);
        let head = format!(
            r#"{{"variant":"stable","cohort":"rest","bucket":null,"reason":"ERROR","errorCode":"{error}","revision":null,"flags":{{}},"warnings":["#
        );
        assert!(status == Some(0) && out.starts_with(&head) && out.contains(code), "{out}");
        let (_, out, _) = explain(&manifest, &["--key", "user-1"]);
        let head = format!(
            "user-1 gets stable: ERROR {error}, cohort rest\n  config  cm.yaml cannot be used, so there are no flags either: {code}\n"
        );
        assert!(out.starts_with(&head), "{out}");
    }
}

#[test]
fn an_override_of_an_unknown_flag_is_noticed() {
    for (flag, hint) in [("banners", "; did you mean banner?"), ("zzz", "")] {
        let (status, out, error) = explain(MANIFEST, &["--key", "u", "--override", &format!("{flag}=true")]);
        let message = format!("canaryctl: cm.yaml: --override {flag}: the config has no such flag{hint}\n");
        assert_eq!((status, error), (Some(0), message), "{out}");
    }
    let (_, _, error) = explain(MANIFEST, &["--key", "u", "--override", "banner=true"]);
    assert_eq!(error, "");
}

#[test]
fn positions_are_those_of_the_file() {
    let marked = format!("\u{feff}{}", MANIFEST.replace("5.0,", "\"5\","));
    let (_, out, _) = explain(&marked, &["--key", "u", "--output", "json"]);
    assert!(out.contains("\"E109 CANARY_PERCENTAGE (line 7, column 28): expected "), "{out}");
    let (_, out, _) = explain("\u{feff}{\"CANARY_PERCENTAGE\": }", &["--key", "u", "--output", "json"]);
    assert!(out.contains("\"E105 line 1, column 23: expected a value\""), "{out}");
}

#[test]
fn wrong_usage_is_rejected() {
    for (args, message) in [
        (["--attributes", "[1]"], "invalid value '[1]' for '--attributes <JSON>': expected a JSON object"),
        (["--attributes", "{"], "invalid value '{' for '--attributes <JSON>': E105 line 1, column 2: expected JSON"),
        (["--now", "today"], "invalid value 'today' for '--now <T>': expected a time such as 2026-12-01T00:00:00Z"),
        (["--override", "a"], "invalid value 'a' for '--override <FLAG=JSON>': expected FLAG=JSON"),
        (
            ["--override", "a=x"],
            "invalid value 'a=x' for '--override <FLAG=JSON>': E105 line 1, column 1: expected JSON",
        ),
    ] {
        let (_dir, path) = folder(MANIFEST);
        let all = ["explain", "--config", path.to_str().unwrap(), "--key", "user-1"];
        let output = run(&[all.as_slice(), &args].concat(), "");
        let error = text(&output.stderr);
        assert_eq!((output.status.code(), error.lines().next()), (Some(2), Some(format!("error: {message}").as_str())));
    }
    let (status, _, error) = explain("kind: Service", &["--key", "user-1"]);
    let expected = "canaryctl: cm.yaml: expected a ConfigMap canary-settings with the key config.json\n";
    assert_eq!((status, error.as_str()), (Some(2), expected));
}

#[test]
fn device_ids_may_begin_with_a_hyphen() {
    let (status, out, error) = explain(MANIFEST, &["--key", "-Ab_9", "--flag", "banner"]);
    assert!(status == Some(0) && out.starts_with("-Ab_9 gets "), "{out}{error}");
}

/// A page with `data-entry` has the bundle of that name alone.
#[test]
fn an_entry_has_a_bundle_of_its_own() {
    let bundle = |version: &str| format!(r#"{{"version": "{version}", "scripts": [{{"src": "/a.js"}}]}}"#);
    let assets = format!(r#"{{"canary": {}, "entries": {{"admin": {}}}}}"#, bundle("1"), bundle("2"));
    let config = format!(r#"{{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {{}}, "ASSETS": {assets}}}"#);
    let explain = |args: &[&str]| explain(&config, &[&["--key", "user-1"], args].concat());
    let (code, out, _) = explain(&["--entry", "admin"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("user-1 gets canary") && out.contains("\n  entry         admin: version 2\n"), "{out}");
    let (code, out, _) = explain(&["--entry", "admim"]);
    assert_eq!(code, Some(0));
    let row = "\n  entry         admim: ASSETS.entries has no such bundle, so stable loads; did you mean admin?\n";
    assert!(out.starts_with("user-1 gets stable: ERROR GENERAL, cohort rest\n") && out.contains(row), "{out}");
    let (_, out, _) = explain(&["--entry", "shop", "--output", "json"]);
    let line = r#""warnings":["E119 ASSETS.entries has no bundle for the data-entry of this page"]"#;
    assert!(out.starts_with(r#"{"variant":"stable","cohort":"rest","bucket":null,"#) && out.contains(line), "{out}");
    let (_, out, _) = explain(&[]);
    assert!(out.starts_with("user-1 gets canary") && !out.contains("entry"), "{out}");
}
