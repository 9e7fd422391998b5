//! The Git repository that Flux syncs, and a clone to commit from.

use crate::node;
use crate::shell;
use crate::signing_keys::SigningKeys;
use canary_e2e::base;
use canary_e2e::files::{self, temp_dir};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// User name and password of the Git server.
pub const USER: &str = "flux";

/// The path of production's config in the repository.
pub const CONFIG: &str = "k8s/overlays/production/config/canary-config-cm.yaml";

/// A clone of the repository; commits are signed with ann's key unless another one is named.
#[derive(Debug)]
pub struct Repository {
    clone: TempDir,
    bare: PathBuf,
    gnupg: String,
}

impl Repository {
    /// Creates the repository, clones it and copies this repository's `k8s/` into the clone.
    #[track_caller]
    #[must_use]
    pub fn new(keys: &SigningKeys) -> Self {
        let bare = Path::new(&node::variable("CANARY_GIT")).join("shop/frontend.git");
        let repository = Self { clone: temp_dir(), bare, gnupg: keys.home().display().to_string() };
        let bare = repository.bare.display();
        repository.run(&format!(
            "rm -rf {bare}; git init -q --bare -b main {bare}; git -C {bare} config http.receivepack true
            git clone -q {} . 2>/dev/null; git checkout -q -B main
            git config user.name ann; git config user.email ann@example.com
            git config user.signingkey ann@example.com; git config commit.gpgsign true",
            Self::url().replace("://", &format!("://{USER}:{USER}@"))
        ));
        files::copy_tree(&files::repo("k8s"), &repository.path("k8s"));
        base::write_demo_config(&repository.path(CONFIG));
        repository
    }

    /// The repository's URL, without user name and password.
    #[must_use]
    pub fn url() -> String {
        format!("http://{}:3000/shop/frontend.git", node::host_address())
    }

    /// A path in the clone.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.clone.path().join(relative)
    }

    /// Runs a script in the clone, with `$F` set to the path of the config; returns what it prints.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        self.run_with(script, "")
    }

    /// Runs a script in the clone, with `$BEFORE` set to a commit; a failure is a result to check.
    ///
    /// # Errors
    ///
    /// The output of a script that failed.
    pub fn try_run(&self, script: &str, before: &str) -> Result<String, String> {
        shell::try_run(self.clone.path(), script, &[("GNUPGHOME", &self.gnupg), ("BEFORE", before)])
    }

    #[track_caller]
    fn run_with(&self, script: &str, message: &str) -> String {
        shell::run(self.clone.path(), script, &[("GNUPGHOME", &self.gnupg), ("F", CONFIG), ("M", message)])
    }

    /// Replaces text in a file of the clone.
    ///
    /// # Panics
    ///
    /// When the file does not contain `from`.
    #[track_caller]
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = files::read(&self.path(file));
        assert!(text.contains(from), "{file} has no {from:?}");
        files::write(&self.path(file), text.replace(from, to));
    }

    /// Commits and pushes every change of the clone; returns the commit.
    #[track_caller]
    pub fn push(&self, message: &str) -> String {
        self.push_signed_by("ann", message)
    }

    /// Commits and pushes every change, signed with the key of that name; returns the commit.
    #[track_caller]
    pub fn push_signed_by(&self, signer: &str, message: &str) -> String {
        self.commit(&format!("-c user.signingkey={signer}@example.com"), message)
    }

    /// Commits and pushes every change without a signature; returns the commit.
    #[track_caller]
    pub fn push_unsigned(&self, message: &str) -> String {
        self.commit("-c commit.gpgsign=false", message)
    }

    #[track_caller]
    fn commit(&self, options: &str, message: &str) -> String {
        self.run_with(&format!("git add -A; git {options} commit -q -m \"$M\"; git push -q -u origin main"), message);
        self.head()
    }

    /// Restores the files of `commit` on top of the branch and pushes that, if anything differs.
    #[track_caller]
    pub fn reset(&self, commit: &str) {
        self.run(&format!(
            "git fetch -q; git reset -q --hard origin/main; git clean -fdq; git checkout -q {commit} -- .
            git diff --cached --quiet || {{ git commit -q -m 'restore the manifests'; git push -q; }}"
        ));
    }

    /// The clone's latest commit.
    #[track_caller]
    pub fn head(&self) -> String {
        self.run("git rev-parse HEAD").trim().to_owned()
    }

    /// Installs a script that the Git server runs after each push.
    #[track_caller]
    pub fn set_push_hook(&self, script: &str) {
        let hook = self.bare.join("hooks/post-receive");
        files::write(&hook, format!("#!/bin/sh\n{script}\n"));
        self.run(&format!("chmod +x {}", hook.display()));
    }

    /// Removes the script that the Git server runs after each push.
    #[track_caller]
    pub fn remove_push_hook(&self) {
        self.run(&format!("rm -f {}", self.bare.join("hooks/post-receive").display()));
    }
}
