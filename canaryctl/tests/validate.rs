//! `canaryctl validate` on files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{repo, run, text};
use tempfile::TempDir;

const CONFIG: &str = "{\n  \"CANARY_PERCENTAGE\": 5,\n  \"FEATURE_FLAGS\": {}\n}\n";

/// A folder with files to check.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (name, text) in files {
            fs::write(folder.0.path().join(name), text).unwrap();
        }
        folder
    }

    /// Runs the program. Returns the exit code and both streams, without the folder's name.
    fn run(&self, args: &[&str], files: &[&str]) -> (Option<i32>, String, String) {
        let folder = format!("{}/", self.0.path().display());
        let files: Vec<_> = files.iter().map(|file| format!("{folder}{file}")).collect();
        let args = ["validate"].into_iter().chain(args.iter().copied()).chain(files.iter().map(String::as_str));
        let output = run(&args.collect::<Vec<_>>(), "");
        let [out, error] = [&output.stdout, &output.stderr].map(|bytes| text(bytes).replace(&folder, ""));
        (output.status.code(), out, error)
    }
}

/// A manifest with a config.
fn manifest(config: &str) -> String {
    let config = config.replace('\n', "\n    ");
    format!("kind: ConfigMap\nmetadata:\n  name: canary-settings\ndata:\n  config.json: |\n    {config}")
}

#[test]
fn shows_what_is_wrong_and_where() {
    let wrong = CONFIG.replace('5', "\"5\"");
    let noticed = CONFIG.replace("{}", "{\n    \"a\": {\"requires\": {\"b\": 1}},\n    \"c\": 101\n  }");
    let folder = Folder::new(&[("a.yaml", &manifest(&wrong)), ("b.json", &noticed), ("c.json", "<p>")]);
    let expected = "\
a.yaml:7:28: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals
  |
7 |       \"CANARY_PERCENTAGE\": \"5\",
  |                            ^^^ found a string
a.yaml: invalid: 1 error
b.json:5:10: error E112 FEATURE_FLAGS.c: expected a number from 0 to 100 with at most 3 decimals
  |
5 |     \"c\": 101
  |          ^^^ found 101
b.json:4:24: warning I118 FEATURE_FLAGS.a.requires.b: expected a flag that the config has; it is never met
  |
4 |     \"a\": {\"requires\": {\"b\": 1}},
  |                        ^^^
b.json: invalid: 1 error, 1 warning
c.json: error E104: expected JSON, not a web page
c.json: invalid: 1 error
3 files: 3 invalid
";
    assert_eq!(folder.run(&[], &["a.yaml", "b.json", "c.json"]), (Some(1), expected.to_owned(), String::new()));
}

#[test]
fn a_misspelt_key_is_named() {
    let percentage = CONFIG.replace("PERCENTAGE", "PERCENTGE");
    let block = manifest(&CONFIG.replace("FEATURE_FLAGS", "feature_flag")).replace("config.json: |", "config.json: >");
    let optional = CONFIG.replace("{}", "{},\n  \"SALTS\": 1,\n  \"TEAM\": 2");
    let taken = CONFIG.replace("{}", "{},\n  \"SALT\": \"a\",\n  \"SALTS\": \"b\"");
    let folder = Folder::new(&[
        ("a.yaml", &manifest(&percentage)),
        ("b.yaml", &block),
        ("c.json", &optional),
        ("d.json", &taken),
        ("e.json", &CONFIG.replace("CANARY_PERCENTAGE", "PERCENTAGE")),
    ]);
    let (_, out, _) = folder.run(&[], &["a.yaml", "b.yaml", "c.json", "d.json", "e.json"]);
    let snippet = "
  |
6 |     {
  |     ^ CANARY_PERCENTAGE is missing
7 |       \"CANARY_PERCENTGE\": 5,
  |       ------------------ did you mean this?
";
    assert!(out.contains(snippet), "{out}");
    let found: Vec<_> = out.lines().filter(|line| line.contains(": error ") || line.contains(": warning ")).collect();
    let expected = [
        "a.yaml:6:5: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals; did \
         you mean CANARY_PERCENTGE at 7:7?",
        "b.yaml:6:5: error E117 FEATURE_FLAGS: expected an object; did you mean feature_flag?",
        "c.json:4:3: warning I118 SALTS: expected a known key; it is ignored; did you mean SALT?",
        "c.json:5:3: warning I118 TEAM: expected a known key; it is ignored",
        "d.json:5:3: warning I118 SALTS: expected a known key; it is ignored",
        "e.json:1:1: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_worst_file_counts() {
    let warned = CONFIG.replace("{}", "{},\n  \"X\": 1");
    let pattern = CONFIG.replace("{}", "{\"a\": {\"rules\": [{\"if\": {\"b\": {\"$regex\": \"(?=c)\"}}}]}}");
    let rule = CONFIG.replace(
        "{\n",
        "{\"CANARY_RULES\": [{\"if\": {\"b\": {\"$regexi\": \"\\\\\\\\p{L}\"}}, \"serve\": \"canary\"}],\n",
    );
    let folder = Folder::new(&[
        ("good", CONFIG),
        ("warned", &warned),
        ("bad", "{"),
        ("pattern", &pattern),
        ("rule", &rule),
        ("flag", &CONFIG.replace("{}", "{\"a\": 101}")),
        ("none.yaml", "kind: Service"),
    ]);
    for (args, files, code) in [
        ([].as_slice(), ["good"].as_slice(), 0),
        (&[], &["warned"], 0),
        (&["--strict"], &["warned"], 1),
        (&["--strict"], &["good"], 0),
        (&[], &["bad"], 1),
        (&[], &["flag"], 1),
        (&[], &["pattern"], 1),
        (&[], &["rule"], 1),
        (&[], &["none.yaml"], 2),
        (&[], &["absent"], 2),
        (&[], &["."], 2),
        (&[], &["bad", "good"], 1),
        (&[], &["none.yaml", "bad", "good"], 2),
    ] {
        let (found, _, error) = folder.run(args, files);
        assert_eq!((found, error.is_empty()), (Some(code), code < 2), "{args:?} {files:?}: {error}");
    }
    let (_, out, error) = folder.run(&[], &["none.yaml", "good", "absent"]);
    assert_eq!(out, "good: valid\n3 files: 1 valid, 2 unreadable\n");
    let expected = "canaryctl: none.yaml: expected a ConfigMap canary-settings with the key config.json\n\
                    canaryctl: cannot read absent: No such file or directory (os error 2)\n";
    assert_eq!(error, expected);
}

#[test]
fn machines_read_the_same() {
    let folder =
        Folder::new(&[("a.yaml", &manifest("{\n  \"X\": 1,\n  \"CANARY_PERCENTAGE\": 5,\n  \"FEATURE_FLAGS\": {}}"))]);
    let (code, out, _) = folder.run(&["--output", "json"], &["a.yaml", "absent"]);
    let warning = json!({
        "code": "I118", "key": "X", "line": 7, "column": 7, "message": "expected a known key; it is ignored",
    });
    let message = "cannot read absent: No such file or directory (os error 2)";
    let error = json!({"code": null, "key": null, "line": null, "column": null, "message": message});
    let expected = json!({"files": [
        {"file": "a.yaml", "valid": true, "errors": [], "warnings": [warning]},
        {"file": "absent", "valid": false, "errors": [error], "warnings": []},
    ]});
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()), (Some(2), expected));
    assert_eq!(out.lines().count(), 1);
}

#[test]
fn reads_standard_input() {
    let output = run(&["validate", "-"], manifest(CONFIG));
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "-: valid\n"));
    let output = run(&["validate", "-"], "\u{feff}{\"CANARY_PERCENTAGE\": 5}");
    let expected = "-:1:1: error E117 FEATURE_FLAGS: expected an object\n  |\n1 | {\"CANARY_PERCENTAGE\": 5}\n  | ^ FEATURE_FLAGS is \
                    missing\n\
                    -: invalid: 1 error\n";
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), expected));
    let output = run(&["validate", "-"], b"{\"\xff\": 5}".as_slice());
    let expected = "-: error E105: expected UTF-8\n-: invalid: 1 error\n";
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), expected));
}

#[test]
fn what_is_shipped_is_valid() {
    let file = repo("k8s/base/canary-config-cm.yaml");
    let output = run(&["validate", "--strict", file.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_misspelt_word_of_a_flag_is_named() {
    let config = r#"{"CANARY_PERCENTAGE": 5,
"CANARY_RULES": [{"if": {"plan": {"$eqq": 1}}, "serve": "canary"}],
"FEATURE_FLAGS": {
"a": {"percentge": 5},
"b": {"defaultValue": false},
"c": {"rules": [{"if": {}, "serv": true}]},
"d": {"variants": {"blue": {"weight": 1, "value": 1}}, "rules": [{"if": {}, "serve": "bleu"}]},
"e": {"variants": {"blue": {"weight": 1, "value": 1, "wieght": 1}}},
"f": {"other": 1}
}}"#;
    let folder = Folder::new(&[("a.json", config)]);
    let (code, out, _) = folder.run(&[], &["a.json"]);
    let hint = |line: usize| {
        let found = out.lines().find(|found| found.starts_with(&format!("a.json:{line}:"))).unwrap_or_default();
        found.split_once("did you mean ").map_or("", |(_, word)| word).to_owned()
    };
    let hints: Vec<_> = [2, 4, 5, 6, 7, 8, 9].into_iter().map(hint).collect();
    assert_eq!(hints, ["$eq?", "percentage?", "default?", "serve?", "blue?", "weight?", ""], "{out}");
    assert_eq!(code, Some(1));
    assert!(out.ends_with("a.json: invalid: 6 errors, 1 warning\n"), "{out}");
}

#[test]
fn attributes_of_rules_are_listed() {
    let config = r#"{"CANARY_PERCENTAGE": 5,
"CANARY_RULES": [{"if": {"plan": "pro", "$not": {"url.path": "/a"}}, "serve": "canary"}],
"FEATURE_FLAGS": {"a": {"rules": [{"if": {"$or": [{"contry": {"$in": ["de"]}}, {"plan": "x"}]}, "serve": true}]}}}"#;
    let folder = Folder::new(&[("a.json", config), ("b.json", CONFIG)]);
    let (code, out, _) = folder.run(&[], &["a.json"]);
    let expected = "a.json: attributes in rules: contry, plan, url.path\na.json: valid\n";
    assert_eq!((code, out.as_str()), (Some(0), expected));
    let (_, out, _) = folder.run(&["--output", "json"], &["a.json", "b.json"]);
    let files = serde_json::from_str::<Value>(&out).unwrap()["files"].clone();
    assert_eq!(files[0]["attributes"], json!(["contry", "plan", "url.path"]));
    assert_eq!(files[1].get("attributes"), None);
}

#[test]
fn rules_of_the_pages_for_assets_are_known() {
    let config = |script: &str| {
        format!(
            r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}, "ASSETS": {{"canary": {{"version": "1", "scripts": [{script}]}}}}}}"#
        )
    };
    let (plain, checked) =
        (config(r#"{"src": "/a.js"}"#), config(r#"{"src": "/assets/a.js", "integrity": "sha256-A"}"#));
    // The rules hold for every entry.
    let entries = checked.replace(
        r#""ASSETS": {"#,
        r#""ASSETS": {"entries": {"admin": {"version": "1", "scripts": [{"src": "/b.js"}]}}, "#,
    );
    let both = ["--require-integrity", "--canary-base", "/assets/"];
    for (options, text, message) in [
        (&[][..], &plain, None),
        (&both[..1], &plain, Some("/a.js: expected integrity, which data-integrity requires")),
        (&both[1..], &plain, Some("/a.js: expected a path below data-canary-base")),
        (&both[..], &checked, None),
        (&both[..1], &entries, Some("/b.js: expected integrity, which data-integrity requires")),
        (&both[1..], &entries, Some("/b.js: expected a path below data-canary-base")),
        (&[][..], &entries, None),
    ] {
        let output = run(&[&["validate"], options, &["-"]].concat(), text.as_str());
        let (code, out) = (output.status.code(), support::text(&output.stdout));
        assert_eq!(code, Some(i32::from(message.is_some())), "{options:?}: {out}");
        assert!(message.is_none_or(|message| out.contains("E113") && out.contains(message)), "{options:?}: {out}");
    }
}

#[test]
fn a_rollout_is_checked_as_well() {
    let file = "apiVersion: canary.rollout/v1alpha1
kind: ClientCanary
metadata: { name: frontend }
spec:
  configRef: { path: cm.yaml }
  analysis:
    stepWeights: [1, 5]
    iterations: 3
";
    let good = file.replace("    iterations: 3\n", "    alerts: [ { name: slack } ]\n");
    let folder = Folder::new(&[("bad.yaml", file), ("good.yaml", &good)]);
    let (code, out, _) = folder.run(&[], &["bad.yaml", "good.yaml"]);
    assert_eq!(code, Some(1));
    for line in [
        "bad.yaml:8:17: error E940 spec.analysis.iterations: found beside stepWeights, expected one of the two\n",
        "warning W941 spec.analysis.alerts[0]: no provider of spec.notifications is named slack: it is not sent\n",
        "good.yaml: valid: 1 warning\n",
    ] {
        assert!(out.contains(line), "{out}");
    }
}
