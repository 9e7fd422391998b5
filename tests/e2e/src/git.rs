//! A bare Git repository with a clone for operators and one for the cluster.
//!
//! It replaces a forge, Flux and the API server. kubelet's part is [`atomic`](crate::atomic).

use crate::atomic::Files;
use crate::base::{self, CONFIG_MOUNT};
use crate::files::{self, copy_tree, repo};
use crate::kustomize::Manifests;
use crate::process::find_program;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The folder of the config, which Flux applies on its own.
const CONFIG: &str = "k8s/overlays/production/config";

/// The folder of the pods that mount it.
const PODS: &str = "k8s/overlays/production/frontend";

/// A bare repository, an operator's clone and the cluster's.
#[derive(Debug)]
pub struct Git {
    dir: TempDir,
    /// The revision that the cluster has.
    applied: String,
}

impl Git {
    /// A repository with the manifests of this one.
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
        base::write_demo_config(&operator.join(CONFIG).join("canary-config-cm.yaml"));
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

    /// Fetches and checks out a new commit, as source-controller does after a push.
    /// Returns whether there was one.
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

    /// The files of the config in the pods of the stable Deployment, by the last fetch: a real build of the overlay of the
    /// config, mounted as the overlay of the pods says.
    #[track_caller]
    #[must_use]
    pub fn build(&self, pods: &Manifests) -> Files {
        let config = Manifests::build(&self.cluster().join(CONFIG));
        pods.clone().and(config).mounted("frontend-stable", CONFIG_MOUNT)
    }

    /// The workloads, by the last fetch. They do not change with the config.
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

/// Without configuration files, and with a name for commits.
fn identified(command: &mut Command) -> &mut Command {
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "operator").env(format!("GIT_{who}_EMAIL"), "operator@shop.example");
    }
    command
}

/// Runs a command and returns its output.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {report}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
