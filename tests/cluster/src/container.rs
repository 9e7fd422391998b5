//! Kills a container by the process id that its first process has on this machine.

use crate::api::Container;
use crate::shell;
use canary_e2e::files::repo;
use std::fs;
use std::path::Path;

/// Sends SIGKILL to a container's first process, as the kernel does when memory runs out; the container ends.
///
/// # Panics
///
/// When no process of the container is found.
#[track_caller]
pub fn kill(container: &Container) {
    let process = first_process(&container.id).unwrap_or_else(|| panic!("no process of {container:?}"));
    shell::run(&repo(""), &format!("kill -KILL {process}"), &[]);
}

/// Finds the process whose id is 1 in the container; returns its id on this machine.
fn first_process(id: &str) -> Option<String> {
    let matches = |folder: &Path| {
        let text = |file| fs::read_to_string(folder.join(file)).unwrap_or_default();
        let is_first = |line: &str| line.starts_with("NSpid:") && line.ends_with("\t1");
        text("cgroup").contains(id) && text("status").lines().any(is_first)
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let found = processes.map(|entry| entry.path()).find(|folder| matches(folder))?;
    Some(found.file_name()?.to_string_lossy().into_owned())
}
