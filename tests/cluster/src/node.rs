//! The node's processes: what an outage is made of.

use crate::shell;
use canary_e2e::files::repo;

/// Stops some of the node's processes; started again on drop.
#[derive(Debug)]
pub struct Outage(Vec<&'static str>);

impl Outage {
    /// Stops the processes of these names, as in `tests/cluster/services/`.
    #[track_caller]
    #[must_use]
    pub fn of(names: &[&'static str]) -> Self {
        service("stop", names);
        Self(names.to_vec())
    }

    /// Starts them again and waits until they are ready.
    pub fn end(self) {
        drop(self);
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        service("start", &self.0);
    }
}

#[track_caller]
fn service(verb: &str, names: &[&str]) {
    shell::run(&repo(""), &format!("tests/cluster/service {verb} {}", names.join(" ")), &[]);
}
