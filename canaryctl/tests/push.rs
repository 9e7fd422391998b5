//! `canaryctl set --push` while others push.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::folder::{FILE, Folder};

/// A repository, and in its folder `other` the clone of somebody else.
struct Others(Folder);

impl Others {
    fn new() -> Self {
        let folder = Folder::with_git();
        folder.write("k8s/other.yaml", "a: 1\n");
        folder.git(&["add", "k8s"]);
        folder.git(&["commit", "--quiet", "--message", "other"]);
        folder.git(&["push", "--quiet"]);
        folder.git(&["clone", "--quiet", "remote.git", "other"]);
        Self(folder)
    }

    /// Changes a file in the other clone and pushes it.
    #[track_caller]
    fn push(&self, file: &str, from: &str, to: &str) {
        let path = format!("other/{file}");
        let old = fs::read_to_string(self.0.path(&path)).unwrap_or_default();
        self.0.write(&path, &old.replace(from, to));
        for args in [&["add", "."][..], &["commit", "--quiet", "--message", "theirs"], &["push", "--quiet"]] {
            self.0.git(&[&["-C", "other"], args].concat());
        }
    }

    /// Sets the percentage in the other clone.
    #[track_caller]
    fn set(&self, percentage: &str) {
        self.push(FILE, "_PERCENTAGE\": 5", &format!("_PERCENTAGE\": {percentage}"));
        self.push(FILE, "\"REVISION\": 1", "\"REVISION\": 2");
    }

    fn theirs(&self) -> String {
        self.0.git(&["-C", "other", "rev-parse", "HEAD"])
    }

    /// Runs the program, which has to follow the remote first.
    #[track_caller]
    fn follows(&self, args: &[&str], expected: &str) {
        let theirs = self.theirs();
        let (code, out, errors) = self.0.run(args);
        let moved = format!("the remote had moved, the branch is at {} now", short(&theirs));
        assert_eq!((code, errors), (Some(0), format!("canaryctl: {FILE}: {moved}\n")));
        assert_eq!(out, format!("{FILE}: {}\n", expected.replace("HEAD", short(&self.0.head()))));
        assert_eq!(remote(&self.0), self.0.head());
    }

    /// Runs the program, which commits and cannot push. Returns the commands that it advises.
    #[track_caller]
    fn advises(&self, args: &[&str], reason: &str) -> String {
        let (code, out, errors) = self.0.run(args);
        assert_eq!(code, Some(2), "{out}");
        assert!(out.ends_with(&format!("commit {}\n", short(&self.0.head()))), "{out}");
        let start = format!("canaryctl: {FILE} is committed, but not pushed: the remote has moved: {reason}: ");
        let advice = errors.strip_prefix(&start).expect(&errors);
        advice.split_once(", then this again").unwrap().0.to_owned()
    }
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap()
}

fn remote(folder: &Folder) -> String {
    folder.git(&["--git-dir", "remote.git", "rev-parse", "main"])
}

#[test]
fn pushes_the_commit() {
    let folder = Folder::with_git();
    assert_eq!(folder.run(&["set", "10", "--push"]).0, Some(0));
    assert_eq!(remote(&folder), folder.head());
}

#[test]
fn nothing_to_change_says_whether_it_was_pushed() {
    let folder = Folder::with_git();
    assert_eq!(folder.run(&["set", "0", "--commit"]).0, Some(0));
    let commit = folder.head();
    folder.says(&["set", "0", "--commit"], "nothing to change");
    folder.says(&["set", "0", "--push", "--dry-run"], "nothing to change");
    folder.says(&["set", "0", "--push"], &format!("nothing to change, pushed {}", short(&commit)));
    assert_eq!(remote(&folder), commit);
    folder.says(&["set", "0", "--push"], "nothing to change");

    let json = |percent| serde_json::from_str::<Value>(&folder.run(&["--output", "json", "set", percent, "--push"]).1);
    let nothing = json!({"file": FILE, "changes": [], "commit": null, "pushed": null});
    assert_eq!(json("0").unwrap(), nothing);
    let line = json("1").unwrap();
    assert_eq!((&line["commit"], &line["pushed"]), (&json!(folder.head()), &json!(folder.head())));
}

#[test]
fn a_push_that_fails_arrives_later() {
    let folder = Folder::with_git();
    folder.git(&["remote", "set-url", "origin", "./gone.git"]);
    let reason = "'./gone.git' does not appear to be a git repository";
    let (code, out, errors) = folder.run(&["set", "10", "--push"]);
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {FILE} is committed, but not pushed: {reason}\n")));
    assert!(out.starts_with(&format!("{FILE}: CANARY_PERCENTAGE 5 -> 10, REVISION 1 -> 2, commit ")), "{out}");
    let (code, _, errors) = folder.run(&["set", "10", "--push"]);
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {FILE} is not pushed: {reason}\n")));
    folder.git(&["remote", "set-url", "origin", "./remote.git"]);
    folder.says(&["set", "10", "--push"], &format!("nothing to change, pushed {}", short(&folder.head())));
}

#[test]
fn the_refusal_of_a_remote_is_reported() {
    let folder = Folder::with_git();
    fs::create_dir_all(folder.path("remote.git/hooks")).unwrap();
    folder.hook("../../remote.git/hooks/pre-receive", "exit 1");
    let (code, _, errors) = folder.run(&["set", "10", "--push"]);
    let reason = "[remote rejected] (pre-receive hook declined)";
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {FILE} is committed, but not pushed: {reason}\n")));
}

#[test]
fn a_branch_without_upstream_gets_one_by_the_advice() {
    let folder = Folder::with_git();
    folder.git(&["checkout", "--quiet", "-b", "canary"]);
    let (code, _, errors) = folder.run(&["set", "10", "--push"]);
    let remedy = "git push --set-upstream origin canary";
    let reason = format!("is committed, but not pushed: the branch has no upstream: {remedy}, then this again");
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {FILE} {reason}\n")));
    folder.shell(remedy);
    folder.says(&["set", "10", "--push"], "nothing to change");
}

#[test]
fn the_edit_is_repeated_where_the_remote_has_moved() {
    let others = Others::new();
    others.set("20");
    others.0.write("k8s/other.yaml", "a: 2\n");
    others.follows(&["set", "5.5", "--push"], "CANARY_PERCENTAGE 20 -> 5.5, REVISION 2 -> 3, commit HEAD");
    assert_eq!(others.0.git(&["log", "-1", "--format=%s"]), "canary: 20 % -> 5.5 %");
    assert_eq!(others.0.git(&["rev-parse", "HEAD~1"]), others.theirs());
    assert_eq!(others.0.git(&["status", "--porcelain"]), " M k8s/other.yaml");
}

#[test]
fn the_edit_applies_to_the_value_of_the_remote() {
    let others = Others::new();
    others.set("20");
    others.follows(&["set", "5", "--push"], "CANARY_PERCENTAGE 20 -> 5, REVISION 2 -> 3, commit HEAD");
}

#[test]
fn others_may_have_set_the_same() {
    let others = Others::new();
    others.set("0");
    others.follows(&["set", "0", "--push"], "nothing to change");
    assert_eq!(others.0.head(), others.theirs());
}

#[test]
fn others_may_push_at_the_same_moment() {
    let others = Others::new();
    let once = "test -e once || { touch once && git -C other push --quiet; }";
    others.0.hook("pre-push", &format!("unset $(git rev-parse --local-env-vars)\n{once}"));
    others.0.git(&["-C", "other", "commit", "--quiet", "--allow-empty", "--message", "theirs"]);
    others.follows(&["set", "10", "--push"], "CANARY_PERCENTAGE 5 -> 10, REVISION 1 -> 2, commit HEAD");
}

#[test]
fn other_commits_stay() {
    let others = Others::new();
    others.0.write("k8s/other.yaml", "a: 2\n");
    others.0.git(&["commit", "--quiet", "--all", "--message", "mine"]);
    assert_eq!(others.0.run(&["set", "10", "--commit"]).0, Some(0));
    let mine = others.0.head();
    others.set("20");
    let advice = others.advises(&["set", "0", "--push"], "the branch has other commits that are not pushed");
    assert_eq!(advice, format!("git branch aside {} && git reset --keep origin/main", short(&mine)));
    assert_eq!(others.0.git(&["rev-parse", "HEAD~1"]), mine);

    others.0.shell(&advice);
    let (code, out, errors) = others.0.run(&["set", "0", "--push"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(out.starts_with(&format!("{FILE}: CANARY_PERCENTAGE 20 -> 0, REVISION 2 -> 3, ")), "{out}");
    assert_eq!(remote(&others.0), others.0.head());
    others.0.shell("git cherry-pick aside~1");
}

#[test]
fn other_changes_stay() {
    let others = Others::new();
    others.set("20");
    others.push("k8s/other.yaml", "a: 1", "a: 3");
    others.push("k8s/new.yaml", "", "theirs: true");
    let committed =
        |file| format!("local changes are in the way ({file}; Could not reset index file to revision 'origin/main'.)");
    others.0.write("k8s/other.yaml", "a: 2\n");
    let reason = committed("Entry 'k8s/other.yaml' not uptodate. Cannot merge.");
    let advice = others.advises(&["set", "0", "--push"], &reason);
    assert_eq!(advice, "git stash --include-untracked && git reset --keep origin/main");
    assert_eq!(fs::read_to_string(others.0.path("k8s/other.yaml")).unwrap(), "a: 2\n");

    others.0.git(&["reset", "--quiet", "--keep", "HEAD~1"]);
    others.0.git(&["checkout", "--quiet", "k8s/other.yaml"]);
    others.0.write("k8s/new.yaml", "mine: true\n");
    let reason = committed("Untracked working tree file 'k8s/new.yaml' would be overwritten by merge.");
    let advice = others.advises(&["set", "0", "--push"], &reason);
    assert_eq!(fs::read_to_string(others.0.path("k8s/new.yaml")).unwrap(), "mine: true\n");
    others.0.shell(&advice);
    let (code, out, _) = others.0.run(&["set", "0", "--push"]);
    assert!(code == Some(0) && out.contains("CANARY_PERCENTAGE 20 -> 0, REVISION 2 -> 3, "), "{out}");
    assert_eq!(others.0.git(&["show", "stash@{0}^3:k8s/new.yaml"]), "mine: true");
}

#[test]
fn a_remote_that_keeps_moving_ends_it() {
    let others = Others::new();
    let theirs = "git -C other commit --quiet --allow-empty --message theirs && git -C other push --quiet";
    others.0.hook("post-commit", &format!("unset $(git rev-parse --local-env-vars)\n{theirs}"));
    let (code, out, errors) = others.0.run(&["set", "10", "--push"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let lines: Vec<_> = errors.lines().collect();
    assert!(lines.len() == 4 && lines[0].contains("the remote had moved, the branch is at "), "{errors}");
    let last = "nothing is committed, the remote has moved 3 times: try this again";
    assert_eq!(lines[3], format!("canaryctl: {FILE}: {last}"));
    assert_eq!((others.0.head(), others.0.git(&["status", "--porcelain"])), (others.theirs(), String::new()));
}
