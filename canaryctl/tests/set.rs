//! `canaryctl set` and `canaryctl segment` on files and in repositories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{canaryctl, repo, text};
use tempfile::TempDir;

/// A folder with the manifest of the repository in it.
struct Folder {
    dir: TempDir,
    /// Whether the program finds git.
    has_git: bool,
}

const FILE: &str = "k8s/base/canary-config-cm.yaml";

impl Folder {
    fn new() -> Self {
        let folder = Self { dir: TempDir::new().unwrap(), has_git: true };
        fs::create_dir_all(folder.path("k8s/base")).unwrap();
        fs::copy(repo(FILE), folder.path(FILE)).unwrap();
        folder
    }

    /// A repository in which the manifest is committed, with a bare one where it pushes to.
    fn with_git() -> Self {
        let folder = Self::new();
        folder.git(&["init", "--quiet", "--initial-branch", "main"]);
        folder.git(&["init", "--quiet", "--bare", "--initial-branch", "main", "remote.git"]);
        folder.write(".git/info/exclude", "remote.git\nother\n");
        folder.git(&["add", "."]);
        folder.git(&["commit", "--quiet", "--message", "start"]);
        folder.git(&["remote", "add", "origin", "./remote.git"]);
        folder.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self) -> String {
        fs::read_to_string(self.path(FILE)).unwrap()
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let mut command = isolated(Command::new("git"), self.dir.path());
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout).trim_end().to_owned()
    }

    /// Runs the program here: exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = isolated(canaryctl(args), self.dir.path());
        if !self.has_git {
            command.env("PATH", self.dir.path());
        }
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    #[track_caller]
    fn says(&self, args: &[&str], expected: &str) {
        assert_eq!(self.run(args), (Some(0), format!("{FILE}: {expected}\n"), String::new()));
    }

    /// Runs the program, which has to refuse, and to leave file and history as they are.
    #[track_caller]
    fn refuses(&self, args: &[&str], message: &str) {
        let before = (self.read(), self.has_git.then(|| self.history()));
        assert_eq!(self.run(args), (Some(2), String::new(), format!("canaryctl: {message}\n")));
        assert_eq!((self.read(), self.has_git.then(|| self.history())), before);
    }

    /// What is committed, if anything can be.
    fn history(&self) -> String {
        if self.path(".git").exists() { self.git(&["log", "--format=%H %s", "--all"]) } else { String::new() }
    }
}

/// Away from the configuration of whoever runs the tests.
fn isolated(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap());
    for (name, value) in [("NAME", "operator"), ("EMAIL", "operator@example.com")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command
}

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
        "commit": folder.git(&["rev-parse", "HEAD"]),
    });
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()), (Some(0), expected));
    let (_, out, _) = folder.run(&["--output", "json", "set", "10"]);
    assert_eq!(out, format!("{}\n", json!({"file": FILE, "changes": [], "commit": null})));
    let (_, out, _) = folder.run(&["--output", "json", "set", "9", "--dry-run"]);
    let diff = serde_json::from_str::<Value>(&out).unwrap()["diff"].as_str().unwrap().to_owned();
    assert!(diff.contains("\n-      \"CANARY_PERCENTAGE\": 10,\n"), "{diff}");
}

#[test]
fn wrong_usage_is_refused() {
    let folder = Folder::new();
    folder.refuses(&["set", "5", "--flag", "a=1", "--flag", "a=2"], "--flag a is given twice");
    folder.refuses(&["set", "5", "--file", "none"], "cannot read none: No such file or directory (os error 2)");
    folder.refuses(&["set", "5", "--file", "k8s"], "cannot read k8s: Is a directory (os error 21)");
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
fn commits_what_a_link_points_to() {
    let folder = Folder::with_git();
    std::os::unix::fs::symlink(folder.path(FILE), folder.path("other")).unwrap();
    let (code, _, errors) = folder.run(&["set", "10", "--commit", "--file", "other"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(folder.git(&["show", "--format=", "--name-only"]), FILE);
}

#[test]
fn commits_nothing_else_that_is_in_the_way() {
    let folder = Folder::with_git();
    let set = ["set", "10", "--commit"];
    let refused = |reason: &str| folder.refuses(&set, &format!("cannot commit {FILE}: {reason}"));

    folder.write("k8s/other.yaml", "a: 1\n");
    folder.git(&["add", "k8s/other.yaml"]);
    refused("other changes are staged (k8s/other.yaml): commit or unstage them first");
    folder.git(&["reset", "--quiet"]);

    let clean = folder.read();
    folder.write(FILE, &clean.replace("# The", "# A"));
    refused("it has other changes: commit or drop them first");
    folder.write(FILE, &clean);

    folder.git(&["checkout", "--quiet", "--detach"]);
    refused("HEAD is detached: switch to a branch first");
    folder.git(&["checkout", "--quiet", "main"]);

    folder.git(&["rm", "--quiet", "--cached", FILE]);
    refused("git does not know it yet: add and commit it first");
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
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with_git();
    folder.write(".git/hooks/pre-commit", "#!/bin/sh\necho 'lint: not today' >&2\nexit 1\n");
    fs::set_permissions(folder.path(".git/hooks/pre-commit"), PermissionsExt::from_mode(0o755)).unwrap();
    folder.refuses(&["set", "10", "--push"], &format!("{FILE} is as it was: git commit failed: lint: not today"));
    assert_eq!(folder.git(&["status", "--porcelain"]), "");
}

#[test]
fn pushes_the_commit() {
    let folder = Folder::with_git();
    assert_eq!(folder.run(&["set", "10", "--push"]).0, Some(0));
    let commit = folder.git(&["rev-parse", "HEAD"]);
    assert_eq!(folder.git(&["--git-dir", "remote.git", "rev-parse", "main"]), commit);
}

#[test]
fn a_push_that_is_rejected_says_what_to_do() {
    let folder = Folder::with_git();
    folder.git(&["clone", "--quiet", "remote.git", "other"]);
    folder.git(&["-C", "other", "commit", "--quiet", "--allow-empty", "--message", "theirs"]);
    folder.git(&["-C", "other", "push", "--quiet"]);
    let (code, out, errors) = folder.run(&["set", "10", "--push"]);
    assert_eq!(code, Some(2));
    assert!(out.starts_with(&format!("{FILE}: CANARY_PERCENTAGE 5 -> 10, REVISION 1 -> 2, commit ")), "{out}");
    let reason = "the remote has commits that this branch lacks: git pull --rebase, then git push";
    assert_eq!(errors, format!("canaryctl: {FILE} is committed, but not pushed: {reason}\n"));
    assert_eq!(folder.git(&["log", "-1", "--format=%s"]), "canary: 5 % -> 10 %");

    folder.git(&["pull", "--quiet", "--rebase"]);
    folder.says(&["set", "10", "--push"], "nothing to change");
    let commit = folder.git(&["rev-parse", "HEAD"]);
    assert_eq!(folder.git(&["--git-dir", "remote.git", "rev-parse", "main"]), commit);

    folder.git(&["remote", "set-url", "origin", "./gone.git"]);
    let (code, _, errors) = folder.run(&["set", "10", "--push"]);
    let reason = "'./gone.git' does not appear to be a git repository";
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {FILE} is not pushed: {reason}\n")));
    let (code, _, errors) = folder.run(&["set", "11", "--push"]);
    let reason = "'./gone.git' does not appear to be a git repository";
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {FILE} is committed, but not pushed: {reason}\n")));
}

#[test]
fn segments_grow() {
    let folder = Folder::new();
    let old = folder.read();
    folder.write("list", "ann\r\nbob\nann\n");
    let args = ["segment", "add", "--name", "testers", "--file", "list"];
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
    let line = json!({"file": FILE, "segment": "testers", "added": 1, "skipped": 1, "changes": changes});
    assert_eq!(out, format!("{line}\n"));
    assert!(folder.read().contains("b688\",\n          \"carl\"\n        ]\n"));
}

#[test]
fn a_segment_that_is_too_large_is_refused() {
    let folder = Folder::new();
    folder.write("list", &(0..14_000).map(|number| format!("user-{number}\n")).collect::<Vec<_>>().concat());
    let message = "nothing is written, the config would be rejected: E106 expected at most 1 MiB";
    folder.refuses(&["segment", "add", "--name", "all", "--file", "list"], &format!("{FILE}: {message}"));
    folder.write("list", "a\n\n");
    folder.refuses(&["segment", "add", "--name", "all", "--file", "list"], "list: line 2: an empty value");
    folder.refuses(
        &["segment", "add", "--name", "all", "--file", "none"],
        "cannot read none: No such file or directory (os error 2)",
    );
}
