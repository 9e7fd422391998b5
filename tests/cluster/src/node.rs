//! Where the cluster runs, and what an outage of it is made of.

use crate::kubectl::{self, kubectl};
use crate::shell;
use canary_e2e::files::repo;

/// Whether the node is one of `make cluster`, so that its processes can be stopped, and images pushed to its registry.
#[must_use]
pub fn is_ours() -> bool {
    setting("CANARY_GUEST").is_empty()
}

/// The address at which the cluster reaches the tests.
#[track_caller]
#[must_use]
pub fn host() -> String {
    setting("CANARY_HOST")
}

/// What `tests/cluster/run` says.
#[track_caller]
pub(crate) fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: tests/cluster/run sets it"))
}

/// Stops some of what a cluster is made of; started again on drop.
#[derive(Debug)]
pub struct Outage(Vec<&'static str>);

impl Outage {
    /// Stops what has these names: processes of our node, as in `tests/cluster/services/`; elsewhere Flux' Deployments.
    #[track_caller]
    #[must_use]
    pub fn of(names: &[&'static str]) -> Self {
        let outage = Self(names.to_vec());
        outage.bring("stop", 0);
        outage
    }

    /// Starts them again and waits until they are ready.
    pub fn end(self) {
        drop(self);
    }

    fn bring(&self, verb: &str, replicas: u8) {
        let names = self.0.join(" ");
        if is_ours() {
            shell::run(&repo(""), &format!("tests/cluster/service {verb} {names}"), &[]);
            return;
        }
        kubectl(&format!("-n flux-system scale deployment {names} --replicas={replicas}"));
        for name in &self.0 {
            kubectl::wait_for(name, &format!("-n flux-system get deployment {name}"), |deployment| {
                (deployment["status"]["readyReplicas"].as_u64().unwrap_or(0) == u64::from(replicas)).then_some(())
            });
        }
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        self.bring("start", 1);
    }
}
