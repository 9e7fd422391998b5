//! Edits that are committed, and edits at the same time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::thread;

use support::folder::{FILE, Folder};

/// How many edits are made at the same time.
const EDITS: usize = 24;

#[test]
fn no_edit_is_lost_among_many() {
    let folder = Folder::with_git();
    thread::scope(|scope| {
        for number in 0..EDITS {
            let (folder, flag) = (&folder, format!("flag-{number}=true"));
            scope.spawn(move || {
                let commit: &[&str] = if number % 4 == 0 { &["--push"] } else { &[] };
                let (code, _, errors) = folder.run(&[&["set", "--new", "--flag", &flag], commit].concat());
                // A commit is refused where the file has changes that were not committed.
                let is_refused = code == Some(2) && errors.contains("the file has other changes");
                assert!(code == Some(0) || !commit.is_empty() && is_refused, "{errors}");
                if code != Some(0) {
                    assert_eq!(folder.run(&["set", "--new", "--flag", &flag]).0, Some(0));
                }
            });
        }
    });
    let file = folder.read();
    let lost: Vec<_> = (0..EDITS).filter(|number| !file.contains(&format!("\"flag-{number}\": true"))).collect();
    assert!(lost.is_empty(), "{lost:?} of\n{file}");
    assert!(file.contains(&format!("\"REVISION\": {}", EDITS + 1)), "{file}");
}

#[test]
fn a_hook_that_formats_does_not_block_the_next_edit() {
    let format = format!("sed -i 's/: 1\\([0-9]\\),/: 1\\1.0,/' {FILE}");
    for (name, hook) in [
        ("stages it", format!("{format}\ngit add {FILE}")),
        ("stages all", format!("{format}\necho x >>note\ngit add .")),
        ("leaves it", format.clone()),
        ("fails", format!("cp {FILE} was\n{format}\ncmp -s was {FILE}")),
    ] {
        let folder = Folder::with_git();
        folder.write(".git/info/exclude", "remote.git\nother\nwas\n");
        folder.hook("pre-commit", &hook);
        for percent in ["10", "11", "0"] {
            let (code, _, errors) = folder.run(&["set", percent, "--push"]);
            assert_eq!((code, errors.as_str()), (Some(0), ""), "{name} {percent}");
            assert_eq!(folder.git(&["status", "--porcelain"]), "", "{name} {percent}");
        }
        assert_eq!(folder.git(&["--git-dir", "remote.git", "rev-parse", "main"]), folder.head());
    }
}

#[test]
fn what_a_hook_breaks_is_named() {
    let folder = Folder::with_git();
    folder.hook("pre-commit", &format!("echo broken >>{FILE}\necho 'lint: no' >&2\nexit 1"));
    let (code, _, errors) = folder.run(&["set", "10", "--commit"]);
    let message = format!(
        "a hook has changed {FILE} otherwise, which stays: git checkout -- {FILE} drops it: git commit failed: lint: no"
    );
    assert_eq!((code, errors), (Some(2), format!("canaryctl: {message}\n")));
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

/// Each refusal says what to do, and nothing is written.
#[test]
fn a_repository_in_another_state_says_what_to_do() {
    let check = |folder: &Folder, message: &str| {
        let before = folder.read();
        let (code, out, errors) = folder.run(&["set", "10", "--commit"]);
        let root = std::fs::canonicalize(folder.path(".")).unwrap().display().to_string();
        let errors = errors.replace(&root, "@");
        assert_eq!((code, out.as_str(), errors), (Some(2), "", format!("canaryctl: {message}\n")));
        assert_eq!(folder.read(), before);
    };
    let folder = Folder::with_git();
    folder.git(&["update-index", "--skip-worktree", FILE]);
    let skipped =
        format!("cannot commit {FILE}: the file is marked skip-worktree: git update-index --no-skip-worktree @/{FILE}");
    check(&folder, &skipped);

    let folder = Folder::with_git();
    folder.git(&["config", "core.bare", "true"]);
    let bare = "this is a bare repository, or git's own folder: expected a file in a work tree";
    check(&folder, &format!("cannot commit {FILE}: {bare}"));

    let folder = Folder::with_git();
    folder.shell("mkdir .git/rebase-merge");
    check(
        &folder,
        &format!("cannot commit {FILE}: a rebase is in progress: git rebase --continue, or git rebase --abort"),
    );

    let folder = Folder::with_git();
    folder.hook("pre-commit", "exit 1");
    let hook = "git gives no reason; a hook may have refused it: @/.git/hooks/pre-commit";
    check(&folder, &format!("{FILE} is as it was: git commit failed: {hook}"));
}
