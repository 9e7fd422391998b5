//! `canaryctl set` and `canaryctl segment` on files and in repositories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::folder::{FILE, Folder};

#[test]
fn edits_the_manifest_in_place() {
    let folder = Folder::new();
    let old = folder.read();
    let expected =
        old.replace("_PERCENTAGE\": 5", "_PERCENTAGE\": 12.50").replace("\"REVISION\": 1", "\"REVISION\": 2");
    folder.says(&["set", "12.50"], "CANARY_PERCENTAGE 5 -> 12.50, REVISION 1 -> 2");
    assert_eq!(folder.read(), expected);
    folder.says(&["set", "12.5"], "nothing to change");
    assert_eq!(folder.read(), expected);
    folder.says(&["set", "--flag", "new-checkout=true"], "FEATURE_FLAGS.new-checkout 25 -> true, REVISION 2 -> 3");
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = Folder::new();
    let old = folder.read();
    let (code, out, errors) = folder.run(&["set", "0", "--dry-run"]);
    assert_eq!((code, errors.as_str(), folder.read()), (Some(0), "", old));
    let expected = "@@ -17,6 +17,6 @@
     {
       \"SCHEMA_VERSION\": 1,
-      \"CANARY_PERCENTAGE\": 5,
-      \"REVISION\": 1,
+      \"CANARY_PERCENTAGE\": 0,
+      \"REVISION\": 2,
       \"SALT\": \"release-1.5.0\",
       \"FEATURE_FLAGS\": {
";
    let line = "CANARY_PERCENTAGE 5 -> 0, REVISION 1 -> 2, not written";
    assert_eq!(out, format!("--- {FILE}\n+++ {FILE}\n{expected}{FILE}: {line}\n"));
}

#[test]
fn machines_read_json() {
    let folder = Folder::with_git();
    let (_, out, _) = folder.run(&["--output", "json", "set", "10", "--flag", "added={\"rules\": 1}", "--dry-run"]);
    assert_eq!(out, "", "a flag that the runtime cannot read is refused");
    let (code, out, _) = folder.run(&["--output", "json", "set", "10", "--flag", "added=true", "--commit"]);
    let expected = json!({
        "file": FILE,
        "changes": [
            {"key": "CANARY_PERCENTAGE", "from": 5, "to": 10},
            {"key": "FEATURE_FLAGS.added", "from": null, "to": true},
            {"key": "REVISION", "from": 1, "to": 2},
        ],
        "commit": folder.head(),
        "pushed": null,
    });
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()), (Some(0), expected));
    let (_, out, _) = folder.run(&["--output", "json", "set", "10"]);
    assert_eq!(out, format!("{}\n", json!({"file": FILE, "changes": [], "commit": null, "pushed": null})));
    let (_, out, _) = folder.run(&["--output", "json", "set", "9", "--dry-run"]);
    let diff = serde_json::from_str::<Value>(&out).unwrap()["diff"].as_str().unwrap().to_owned();
    assert!(diff.contains("\n-      \"CANARY_PERCENTAGE\": 10,\n"), "{diff}");
}

#[test]
fn wrong_usage_is_refused() {
    let folder = Folder::new();
    folder.refuses(&["set", "5", "--flag", "a=1", "--flag", "a=2"], "--flag a is given twice");
    folder.refuses(&["set", "5", "--config", "none"], "cannot read none: No such file or directory (os error 2)");
    folder.refuses(&["set", "5", "--config", "k8s"], "cannot read k8s: Is a directory (os error 21)");
    for args in [&["set"][..], &["set", "101"], &["set", "-1"], &["set", "--flag", "a=on"], &["segment", "add"]] {
        assert_eq!(folder.run(args).0, Some(2), "{args:?}");
    }
    let (_, _, errors) = folder.run(&["set", "5%"]);
    let message = "expected a number from 0 to 100 with at most 3 decimals, such as 12.5\n";
    assert!(errors.starts_with(&format!("error: invalid value '5%' for '[PERCENT]': {message}")), "{errors}");
}

#[test]
fn commits_exactly_the_file() {
    let folder = Folder::with_git();
    folder.write("k8s/other.yaml", "changed: true\n");
    folder.git(&["add", "."]);
    folder.git(&["commit", "--quiet", "--message", "other"]);
    folder.write("k8s/other.yaml", "changed: again\n");
    let (code, out, errors) = folder.run(&["set", "10", "--commit"]);
    let commit = folder.git(&["rev-parse", "HEAD"]);
    let line = format!("{FILE}: CANARY_PERCENTAGE 5 -> 10, REVISION 1 -> 2, commit {}\n", commit.get(..12).unwrap());
    assert_eq!((code, out, errors), (Some(0), line, String::new()));
    assert_eq!(folder.git(&["show", "--format=%s", "--name-only"]), format!("canary: 5 % -> 10 %\n\n{FILE}"));
    assert_eq!(folder.git(&["status", "--porcelain"]), " M k8s/other.yaml");
    folder.says(&["set", "10", "--commit"], "nothing to change");
    assert_eq!(folder.git(&["rev-parse", "HEAD"]), commit);
}

#[test]
fn a_commit_has_the_message_that_is_given() {
    let folder = Folder::with_git();
    let message = || folder.git(&["log", "-1", "--format=%B"]);
    folder.write("list", "ann\nbob\n");
    folder.git(&["add", "list"]);
    folder.git(&["commit", "--quiet", "--message", "list"]);
    folder.run(&["set", "10", "--commit", "--message", "canary: raise\n\nAs planned.", "--signoff"]);
    assert_eq!(message(), "canary: raise\n\nAs planned.\n\nSigned-off-by: operator <operator@example.com>");
    folder.run(&["set", "11", "--commit", "--signoff"]);
    assert_eq!(message(), "canary: 10 % -> 11 %\n\nSigned-off-by: operator <operator@example.com>");
    let (_, out, errors) = folder.run(&["segment", "add", "--name", "testers", "--values", "list", "--commit"]);
    assert_eq!((errors.as_str(), message().as_str()), ("", "canary: add 2 to segment testers"));
    assert!(
        out.starts_with(&format!("{FILE}: SEGMENTS.testers 2 added, 0 skipped, REVISION 3 -> 4, commit ")),
        "{out}"
    );
    for option in [&["--message", "x"][..], &["--signoff"]] {
        let (code, _, errors) = folder.run(&[&["set", "12"], option].concat());
        assert!(code == Some(2) && errors.contains("required arguments were not provided"), "{errors}");
    }
}

#[test]
fn a_segment_can_be_previewed_and_pushed() {
    let folder = Folder::with_git();
    folder.write("list", "ann\n");
    let old = folder.read();
    let args = ["segment", "add", "--name", "testers", "--values", "list", "--plain"];
    let (code, out, errors) = folder.run(&[&args[..], &["--dry-run"]].concat());
    assert_eq!((code, errors.as_str(), folder.read()), (Some(0), "", old));
    assert!(out.contains("\n+          \"ann\"\n") && out.ends_with(", not written\n"), "{out}");
    let (code, _, errors) = folder.run(&[&args[..], &["--push"]].concat());
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(folder.git(&["--git-dir", "remote.git", "rev-parse", "main"]), folder.head());
}

#[test]
fn a_segment_follows_the_runtime() {
    let folder = Folder::new();
    folder.write(
        FILE,
        r#"{"CANARY_PERCENTAGE": 5, "SEGMENTS": {"a": [5]}, "FEATURE_FLAGS": {"f": {"rules":
        [{"if": {"id": {"$inGroup": "a"}}}]}}}"#,
    );
    folder.write("list", "5\n");
    let value = || {
        let args = ["--output", "json", "explain", "--config", FILE, "--key", "u", "--attributes", r#"{"id": "5"}"#];
        serde_json::from_str::<Value>(&folder.run(&args).1).unwrap()["flags"]["f"]["value"].clone()
    };
    assert_eq!(value(), json!(false), "the number is not the string");
    folder.says(&["segment", "add", "--name", "a", "--values", "list"], "SEGMENTS.a 1 added, 0 skipped");
    assert_eq!(value(), json!(true));
}

#[test]
fn a_config_that_would_be_rejected_is_shown() {
    let folder = Folder::new();
    folder.write(FILE, &folder.read().replace("\"REVISION\": 1", "\"SALT\": 7"));
    let message = format!(
        "nothing is written, the config would be rejected: {FILE}:20:15: error E117 SALT: expected 1 to 64 of A-Z a-z 0-9 _ . \
         -\n   |\n20 |       \"SALT\": 7,\n   |               ^ found 7"
    );
    let twice = folder.read().replace("      \"SALT\": \"release-1.5.0\",\n", "");
    folder.write(FILE, &twice);
    folder.refuses(&["set", "10"], &message);
}

#[test]
fn commits_what_a_link_points_to() {
    let folder = Folder::with_git();
    std::os::unix::fs::symlink(folder.path(FILE), folder.path("other")).unwrap();
    let (code, _, errors) = folder.run(&["set", "10", "--commit", "--config", "other"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(folder.git(&["show", "--format=", "--name-only"]), FILE);
}

#[test]
fn a_commit_holds_no_other_changes() {
    let folder = Folder::with_git();
    let set = ["set", "10", "--commit"];
    let refused = |reason: &str| folder.refuses(&set, &format!("cannot commit {FILE}: {reason}"));

    folder.write("k8s/other.yaml", "a: 1\n");
    folder.git(&["add", "k8s/other.yaml"]);
    refused("other changes are staged (k8s/other.yaml): commit or unstage them first");
    folder.git(&["reset", "--quiet"]);

    let clean = folder.read();
    folder.write(FILE, &clean.replace("# The", "# A"));
    refused("the file has other changes: commit or drop them first");
    folder.write(FILE, &clean);

    folder.git(&["checkout", "--quiet", "--detach"]);
    refused("HEAD is detached: switch to a branch first");
    folder.git(&["checkout", "--quiet", "main"]);

    folder.git(&["rm", "--quiet", "--cached", FILE]);
    refused("the file is untracked: add and commit it first");
}

#[test]
fn without_git_nothing_is_written() {
    let mut folder = Folder::new();
    let reason = "not a git repository (or any of the parent directories): .git";
    folder.refuses(&["set", "10", "--commit"], &format!("cannot commit {FILE}: {reason}"));
    folder.has_git = false;
    folder.refuses(&["set", "10", "--push"], &format!("cannot commit {FILE}: git is not installed"));
    folder.says(&["set", "10"], "CANARY_PERCENTAGE 5 -> 10, REVISION 1 -> 2");
}

#[test]
fn a_commit_that_fails_leaves_the_file_as_it_was() {
    let folder = Folder::with_git();
    folder.hook("pre-commit", "echo 'lint: not today' >&2\nexit 1");
    folder.refuses(&["set", "10", "--push"], &format!("{FILE} is as it was: git commit failed: lint: not today"));
    assert_eq!(folder.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_commit_that_cannot_be_signed_says_so() {
    let folder = Folder::with_git();
    folder.git(&["config", "commit.gpgsign", "true"]);
    folder.git(&["config", "gpg.program", "false"]);
    let reason = "gpg failed to sign the data; failed to write commit object";
    folder.refuses(&["set", "10", "--commit"], &format!("{FILE} is as it was: git commit failed: {reason}"));
}

#[test]
fn a_merge_that_is_unresolved_is_named() {
    let folder = Folder::new();
    let sides = "<<<<<<< HEAD\n      \"REVISION\": 1,\n=======\n      \"REVISION\": 2,\n>>>>>>> theirs\n";
    folder.write(FILE, &folder.read().replace("      \"REVISION\": 1,\n", sides));
    let message = "found an unresolved merge conflict, expected one of its sides without git's markers";
    let error = format!("{FILE}:20:1: error: {message}\n   |\n20 | <<<<<<< HEAD\n   | ^");
    for verb in [
        &["set", "0"][..],
        &["validate", FILE],
        &["explain", "--key", "a", "--config", FILE],
        &["simulate", "--config", FILE],
        &["diff", FILE, FILE],
    ] {
        folder.refuses(verb, &error);
    }
    folder.write("k8s/base/kustomization.yaml", "resources: [canary-config-cm.yaml]\n");
    let (code, out, _) = folder.run(&["validate", "k8s"]);
    let line = format!("{FILE}:20:1: error E901: kustomize cannot read this: {message}\n");
    assert!(code == Some(1) && out.starts_with(&line), "{out}");
}

#[test]
fn an_edit_of_the_base_is_refused_where_environments_have_their_own() {
    let folder = Folder::new();
    folder.write("list", "ann\n");
    fs::create_dir_all(folder.path("k8s/overlays/plain")).unwrap();
    folder.says(&["set", "10"], "CANARY_PERCENTAGE 5 -> 10, REVISION 1 -> 2");
    let files = ["b/config", "a"].map(|name| format!("k8s/overlays/{name}/canary-config-cm.yaml"));
    for file in &files {
        fs::create_dir_all(folder.path(file).parent().unwrap()).unwrap();
        folder.write(file, &folder.read());
    }
    let [b, a] = &files;
    let message = format!("each environment has a config of its own, name one with --config: {a}, {b}");
    folder.refuses(&["set", "11"], &message);
    folder.refuses(&["segment", "add", "--name", "testers", "--values", "list"], &message);
    folder.says(&["set", "11", "--config", FILE], "CANARY_PERCENTAGE 10 -> 11, REVISION 2 -> 3");
}

#[test]
fn segments_grow() {
    let folder = Folder::new();
    let old = folder.read();
    folder.write("list", "ann\r\nbob\nann\n");
    let args = ["segment", "add", "--name", "testers", "--values", "list"];
    let (code, out, _) = folder.run(&args);
    let line = "SEGMENTS.testers 2 added, 1 skipped, REVISION 1 -> 2";
    assert_eq!((code, out), (Some(0), format!("{FILE}: {line}\n")));
    let segment = r#"        }
      },
      "SEGMENTS": {
        "testers": [
          "sha256:d89e23299c6b58150f6562c1b3201c51208f054e313a9f3f858a38c7f24b6236",
          "sha256:942d98e2578124d2175a291f422b373089a7476d77bf0a77133d2045a9e9b688"
        ]
      }
    }
"#;
    let expected = old.replace("        }\n      }\n    }\n", segment).replace("\"REVISION\": 1", "\"REVISION\": 2");
    assert_eq!(folder.read(), expected);
    folder.says(&args, "SEGMENTS.testers 0 added, 3 skipped");
    assert_eq!(folder.read(), expected);

    folder.write("list", "carl\nann\n");
    let (_, out, _) = folder.run(&[&args[..], &["--plain", "--output", "json"]].concat());
    let changes = json!([{"key": "REVISION", "from": 2, "to": 3}]);
    let line = json!({
        "file": FILE, "segment": "testers", "added": 1, "skipped": 1, "changes": changes, "commit": null, "pushed": null,
    });
    assert_eq!(out, format!("{line}\n"));
    assert!(folder.read().contains("b688\",\n          \"carl\"\n        ]\n"));
}

#[test]
fn a_segment_that_is_too_large_is_refused() {
    let folder = Folder::new();
    folder.write("list", &(0..14_000).map(|number| format!("user-{number}\n")).collect::<Vec<_>>().concat());
    let message =
        format!("nothing is written, the config would be rejected: {FILE}: error E106: expected at most 1 MiB");
    folder.refuses(&["segment", "add", "--name", "all", "--values", "list"], &message);
    folder.write("list", "a\n\n");
    folder.refuses(&["segment", "add", "--name", "all", "--values", "list"], "list: line 2: an empty value");
    folder.refuses(
        &["segment", "add", "--name", "all", "--values", "none"],
        "cannot read none: No such file or directory (os error 2)",
    );
}
