//! A folder with the manifest, with or without a git repository.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{canaryctl, repo, text};

/// A folder with a copy of the repository's manifest.
pub(crate) struct Folder {
    dir: TempDir,
    /// Whether git is on the `PATH` of the program.
    pub(crate) has_git: bool,
}

/// The path of the manifest.
pub(crate) const FILE: &str = "k8s/base/canary-config-cm.yaml";

impl Folder {
    /// A folder without a repository.
    pub(crate) fn new() -> Self {
        let folder = Self { dir: TempDir::new().unwrap(), has_git: true };
        fs::create_dir_all(folder.path("k8s/base")).unwrap();
        fs::copy(repo(FILE), folder.path(FILE)).unwrap();
        folder
    }

    /// A repository with the manifest committed, and a bare repository as its remote.
    pub(crate) fn with_git() -> Self {
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

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Reads the manifest.
    pub(crate) fn read(&self) -> String {
        fs::read_to_string(self.path(FILE)).unwrap()
    }

    /// Runs git, which has to succeed.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut command = isolated(Command::new("git"), self.dir.path());
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout).trim_end().to_owned()
    }

    /// Runs a shell script, which has to succeed.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) {
        let output = isolated(Command::new("sh"), self.dir.path()).args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
    }

    /// The commit that is checked out.
    #[track_caller]
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Installs a git hook.
    pub(crate) fn hook(&self, name: &str, script: &str) {
        let name = format!(".git/hooks/{name}");
        self.write(&name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.path(&name), PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Runs the program in the folder. Returns exit code, standard output and standard error.
    pub(crate) fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = isolated(canaryctl(args), self.dir.path());
        if !self.has_git {
            command.env("PATH", self.dir.path());
        }
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// Runs the program, which has to print only this about the manifest.
    #[track_caller]
    pub(crate) fn says(&self, args: &[&str], expected: &str) {
        assert_eq!(self.run(args), (Some(0), format!("{FILE}: {expected}\n"), String::new()));
    }

    /// Runs the program, which has to exit with 2 and leave the file and the history unchanged.
    #[track_caller]
    pub(crate) fn refuses(&self, args: &[&str], message: &str) {
        let before = (self.read(), self.has_git.then(|| self.history()));
        assert_eq!(self.run(args), (Some(2), String::new(), format!("canaryctl: {message}\n")));
        assert_eq!((self.read(), self.has_git.then(|| self.history())), before);
    }

    /// The commits of the repository; empty without one.
    pub(crate) fn history(&self) -> String {
        if self.path(".git").exists() { self.git(&["log", "--format=%H %s", "--all"]) } else { String::new() }
    }
}

/// A command isolated from the git configuration of the user.
fn isolated(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap());
    for (name, value) in [("NAME", "operator"), ("EMAIL", "operator@example.com")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command
}
