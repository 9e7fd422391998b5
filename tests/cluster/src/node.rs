//! The cluster's node, and outages of the processes on it.

use crate::kubectl::{self, kubectl};
use crate::shell;
use canary_e2e::files::repo;

/// Whether `make cluster` has started the node, so that tests may stop its processes and push to its registry.
#[must_use]
pub fn is_local() -> bool {
    variable("CANARY_EXTERNAL").is_empty()
}

/// The address at which the cluster reaches this machine.
#[track_caller]
#[must_use]
pub fn host_address() -> String {
    variable("CANARY_HOST")
}

/// Reads an environment variable that `tests/cluster/run` sets.
#[track_caller]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; start the tests with scripts/test-cluster"))
}

/// Components of the cluster that are stopped; dropping it starts them again.
#[derive(Debug)]
pub struct Outage(Vec<&'static str>);

impl Outage {
    /// Stops components by name: on the local node processes, as in `tests/cluster/services/`, else Deployments of Flux.
    #[track_caller]
    #[must_use]
    pub fn start(names: &[&'static str]) -> Self {
        let outage = Self(names.to_vec());
        outage.scale("stop", 0);
        outage
    }

    /// Starts the components again and waits until they are ready.
    pub fn end(self) {
        drop(self);
    }

    fn scale(&self, verb: &str, replicas: u8) {
        let names = self.0.join(" ");
        if is_local() {
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
        self.scale("start", 1);
    }
}
