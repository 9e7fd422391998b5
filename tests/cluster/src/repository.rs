//! A Git repository over HTTP, and somebody's clone of it.

use crate::node;
use crate::shell;
use crate::signing_keys::Signers;
use canary_e2e::files::{self, temp_dir};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Who may read and write them.
pub const USER: &str = "flux";

/// Where the config is in a clone.
pub const CONFIG: &str = "k8s/overlays/production/config/canary-config-cm.yaml";

/// A clone, whose commits are signed by `ann` unless somebody else is named.
#[derive(Debug)]
pub struct Repository {
    clone: TempDir,
    bare: PathBuf,
    gnupg: String,
}

impl Repository {
    /// Makes the repository with `files` below `k8s/` and clones it.
    #[track_caller]
    #[must_use]
    pub fn new(signers: &Signers) -> Self {
        let bare = Path::new(&node::setting("CANARY_GIT")).join("shop/frontend.git");
        let repository = Self { clone: temp_dir(), bare, gnupg: signers.home().display().to_string() };
        let bare = repository.bare.display();
        repository.run(&format!(
            "rm -rf {bare}; git init -q --bare -b main {bare}; git -C {bare} config http.receivepack true
            git clone -q {} . 2>/dev/null; git checkout -q -B main
            git config user.name ann; git config user.email ann@example.com
            git config user.signingkey ann@example.com; git config commit.gpgsign true",
            Self::url().replace("://", &format!("://{USER}:{USER}@"))
        ));
        files::copy_tree(&files::repo("k8s"), &repository.path("k8s"));
        repository
    }

    /// Its address, without the password.
    #[must_use]
    pub fn url() -> String {
        format!("http://{}:3000/shop/frontend.git", node::host())
    }

    /// A path in the clone.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.clone.path().join(relative)
    }

    /// Runs a script in the clone, whose `$F` is the config's file.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        self.run_with(script, "")
    }

    /// The same, where a failure is an answer too, and with `$BEFORE`.
    ///
    /// # Errors
    ///
    /// What a script printed that failed.
    pub fn attempt(&self, script: &str, before: &str) -> Result<String, String> {
        shell::attempt(self.clone.path(), script, &[("GNUPGHOME", &self.gnupg), ("BEFORE", before)])
    }

    #[track_caller]
    fn run_with(&self, script: &str, message: &str) -> String {
        shell::run(self.clone.path(), script, &[("GNUPGHOME", &self.gnupg), ("F", CONFIG), ("M", message)])
    }

    /// Replaces text in a file of the clone.
    ///
    /// # Panics
    ///
    /// When the text is not in it.
    #[track_caller]
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = files::read(&self.path(file));
        assert!(text.contains(from), "{file} has no {from:?}");
        files::write(&self.path(file), text.replace(from, to));
    }

    /// Commits everything and pushes it; returns the commit.
    #[track_caller]
    pub fn push(&self, message: &str) -> String {
        self.push_by("ann", message)
    }

    /// The same, signed by somebody else.
    #[track_caller]
    pub fn push_by(&self, signer: &str, message: &str) -> String {
        self.commit(&format!("-c user.signingkey={signer}@example.com"), message)
    }

    /// The same, signed by nobody.
    #[track_caller]
    pub fn push_unsigned(&self, message: &str) -> String {
        self.commit("-c commit.gpgsign=false", message)
    }

    #[track_caller]
    fn commit(&self, options: &str, message: &str) -> String {
        self.run_with(&format!("git add -A; git {options} commit -q -m \"$M\"; git push -q -u origin main"), message);
        self.head()
    }

    /// Makes everything as it was at `commit`, by a commit where it is not, whatever happened in between.
    #[track_caller]
    pub fn reset(&self, commit: &str) {
        self.run(&format!(
            "git fetch -q; git reset -q --hard origin/main; git clean -fdq; git checkout -q {commit} -- .
            git diff --cached --quiet || {{ git commit -q -m 'as it was'; git push -q; }}"
        ));
    }

    /// The last commit.
    #[track_caller]
    pub fn head(&self) -> String {
        self.run("git rev-parse HEAD").trim().to_owned()
    }

    /// Has a script run by the server after each push.
    #[track_caller]
    pub fn on_push(&self, script: &str) {
        let hook = self.bare.join("hooks/post-receive");
        files::write(&hook, format!("#!/bin/sh\n{script}\n"));
        self.run(&format!("chmod +x {}", hook.display()));
    }

    /// Has nobody told of a push.
    #[track_caller]
    pub fn on_push_nothing(&self) {
        self.run(&format!("rm -f {}", self.bare.join("hooks/post-receive").display()));
    }
}
