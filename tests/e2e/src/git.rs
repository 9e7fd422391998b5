//! A repository as operators and a cluster see it: a bare one that both know, a clone of each.
//!
//! It stands in for a forge, Flux and the API server. What follows, kubelet's part, is [`atomic`](crate::atomic).

use crate::atomic::Files;
use crate::base::CONFIG_MOUNT;
use crate::files::{self, copy_tree, repo};
use crate::kustomize::Manifests;
use crate::process::find_program;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What Flux applies apart from everything else, and the file in it that operators edit.
const CONFIG: &str = "k8s/overlays/production/config";

/// The pods that mount it.
const PODS: &str = "k8s/overlays/production/frontend";

/// A bare repository, an operator's clone and the cluster's.
#[derive(Debug)]
pub struct Git {
    dir: TempDir,
    /// The revision that the cluster has.
    applied: String,
}

impl Git {
    /// With the manifests as they are in this repository, pushed.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let made = Self { dir: files::temp_dir(), applied: String::new() };
        git(made.dir.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "origin.git"]);
        for clone in ["operator", "cluster"] {
            git(made.dir.path(), &["clone", "--quiet", "origin.git", clone]);
        }
        let operator = made.operator();
        git(&operator, &["checkout", "--quiet", "-B", "main"]);
        copy_tree(&repo("k8s"), &operator.join("k8s"));
        git(&operator, &["add", "."]);
        git(&operator, &["commit", "--quiet", "--message", "The manifests"]);
        git(&operator, &["push", "--quiet", "--set-upstream", "origin", "main"]);
        made
    }

    /// Runs `canaryctl set` with these arguments on the file of production's config.
    ///
    /// # Panics
    ///
    /// When it fails, or there is no `canaryctl`.
    #[track_caller]
    pub fn set(&self, arguments: &[&str]) {
        let program = std::env::var_os("CANARYCTL").map_or_else(|| repo("target/release/canaryctl"), PathBuf::from);
        assert!(program.is_file(), "{} is not there: build canaryctl first, or set CANARYCTL", program.display());
        let file = format!("{CONFIG}/canary-config-cm.yaml");
        let mut command = Command::new(program);
        run(identified(command.arg("set").args(arguments).args(["--config", &file]).current_dir(self.operator())));
    }

    /// Runs Git in the operator's clone.
    #[track_caller]
    pub fn operate(&self, arguments: &[&str]) -> String {
        git(&self.operator(), arguments)
    }

    /// What source-controller does when it is told of a push: fetches, and checks out what it has not seen yet.
    /// Returns whether there was anything.
    #[track_caller]
    pub fn fetch(&mut self) -> bool {
        let cluster = self.cluster();
        git(&cluster, &["fetch", "--quiet", "origin", "main"]);
        let fetched = git(&cluster, &["rev-parse", "FETCH_HEAD"]);
        if fetched == self.applied {
            return false;
        }
        git(&cluster, &["checkout", "--quiet", "--detach", &fetched]);
        self.applied = fetched;
        true
    }

    /// What the pods of the stable Deployment see in the folder of the config, by what was fetched last: a real build
    /// of the config's overlay, projected as the pods of the other one mount it.
    #[track_caller]
    #[must_use]
    pub fn build(&self, pods: &Manifests) -> Files {
        let config = Manifests::build(&self.cluster().join(CONFIG));
        pods.clone().and(config).mounted("frontend-stable", CONFIG_MOUNT)
    }

    /// The workloads, by what was fetched last. They do not change with the config.
    #[track_caller]
    #[must_use]
    pub fn pods(&self) -> Manifests {
        Manifests::build(&self.cluster().join(PODS))
    }

    fn operator(&self) -> PathBuf {
        self.dir.path().join("operator")
    }

    fn cluster(&self) -> PathBuf {
        self.dir.path().join("cluster")
    }
}

impl Default for Git {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs Git in a directory.
#[track_caller]
fn git(dir: &Path, arguments: &[&str]) -> String {
    run(identified(Command::new(find_program("git")).args(arguments).current_dir(dir)))
}

/// Nobody's configuration, and a name: a commit needs one.
fn identified(command: &mut Command) -> &mut Command {
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "operator").env(format!("GIT_{who}_EMAIL"), "operator@shop.example");
    }
    command
}

/// What it printed.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {report}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
